use kontor_core::{environment::Environment, ids::WorkspaceId};
use kontor_store::{Depth, Error, Store, StoreConfig, both_engines, testing::TestStore};
use sea_query::{Expr, ExprTrait, Query};

use crate::notes::new_id;

/// Makes a workspace, changes what it says of its migrations, and opens the store anew.
async fn reopened(store: &TestStore, version: Option<i64>) -> (Store, WorkspaceId) {
    let id = WorkspaceId(new_id());
    let workspace = store.create_workspace(id).await.unwrap();
    workspace
        .write(version, |tx, &version| {
            Box::pin(async move {
                let table = tx.table("schema_migrations");
                match version {
                    None => {
                        let update = Query::update().table(table).value("checksum", "other").to_owned();
                        tx.execute(&update).await
                    }
                    Some(version) => {
                        let insert = Query::insert()
                            .into_table(table)
                            .columns(["version", "name", "checksum", "applied_at"])
                            .values_panic([version.into(), "later".into(), "sum".into(), 0_i64.into()])
                            .to_owned();
                        tx.execute(&insert).await
                    }
                }
            })
        })
        .await
        .map_err(|error: Error| error)
        .unwrap();
    (Store::open(store.config(), Environment::system()).await.unwrap(), id)
}

both_engines! {
    async fn a_workspace_with_changed_migrations_stays_closed_and_others_go_on(store: TestStore) {
        let config = store.config();
        let (store, id) = reopened(&store, None).await;
        let error = store.workspace(id).await.err().unwrap();
        assert!(error.to_string().contains("differs from the one it got"), "{error}");
        store.create_workspace(WorkspaceId(new_id())).await.unwrap();
        let checks = Store::inspect(&config, Depth::Files, None).await.unwrap();
        assert_eq!(checks.len(), 3);
        assert_eq!(checks.iter().filter(|check| check.outcome.is_err()).count(), 1);
        store.close().await;
    }

    async fn a_workspace_of_a_newer_program_stays_closed(store: TestStore) {
        let (store, id) = reopened(&store, Some(9_999)).await;
        let error = store.workspace(id).await.err().unwrap();
        assert!(error.to_string().contains("9999 is not known to this program"), "{error}");
        store.close().await;
    }

    async fn looking_at_the_data_tells_its_version_and_changes_nothing(store: TestStore) {
        let id = WorkspaceId(new_id());
        let workspace = store.create_workspace(id).await.unwrap();
        let found = async || {
            let checks = Store::inspect(&store.config(), Depth::Schema, None).await.unwrap();
            let named = checks.into_iter().find(|check| check.name == format!("workspace {id}"));
            named.unwrap().outcome
        };
        found().await.unwrap();
        let forgotten = workspace.write((), |tx, ()| {
            let newest = Query::delete()
                .from_table(tx.table("schema_migrations"))
                .and_where(Expr::col("version").gt(0_i64))
                .take();
            Box::pin(async move { tx.execute(&newest).await })
        });
        assert!(forgotten.await.map_err(|error: Error| error).unwrap() > 0);
        for _ in 0..2 {
            let older = found().await.unwrap_err();
            assert!(older.contains("version 0000 is older"), "{older}");
        }
    }

    async fn a_store_opened_again_applies_nothing_twice(store: TestStore) {
        let id = WorkspaceId(new_id());
        store.create_workspace(id).await.unwrap();
        let again = Store::open(store.config(), Environment::system()).await.unwrap();
        again.workspace(id).await.unwrap();
        assert!(Store::inspect(&store.config(), Depth::Files, None).await.unwrap().iter().all(|check| check.outcome.is_ok()));
        again.close().await;
    }
}

#[test]
fn looking_where_no_data_is_makes_none() {
    kontor_store::testing::run(kontor_store::Dialect::Sqlite, |_: TestStore| async move {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        let checks = Store::inspect(&StoreConfig::new(&missing), Depth::Files, None).await.unwrap();
        let [check] = &checks[..] else { panic!("{checks:?}") };
        assert!(check.outcome.as_ref().unwrap_err().contains("holds no data"), "{check:?}");
        assert!(!missing.exists());
    });
}
