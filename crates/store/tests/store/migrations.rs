use kontor_core::{environment::Environment, ids::WorkspaceId};
use kontor_store::{Error, Store, both_engines, testing::TestStore};
use sea_query::Query;

use crate::notes::new_id;

/// Makes a workspace, changes what it says of its migrations, and opens the store anew.
async fn reopened(store: &TestStore, version: Option<i64>) -> (Store, WorkspaceId) {
    let id = WorkspaceId(new_id());
    let workspace = store.create_workspace(id).await.unwrap();
    workspace
        .write(move |tx| {
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
        let (store, id) = reopened(&store, None).await;
        let error = store.workspace(id).await.err().unwrap();
        assert!(error.to_string().contains("differs from the one it got"), "{error}");
        store.create_workspace(WorkspaceId(new_id())).await.unwrap();
        let checks = store.check().await.unwrap();
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

    async fn a_store_opened_again_applies_nothing_twice(store: TestStore) {
        let id = WorkspaceId(new_id());
        store.create_workspace(id).await.unwrap();
        let again = Store::open(store.config(), Environment::system()).await.unwrap();
        again.workspace(id).await.unwrap();
        assert!(again.check().await.unwrap().iter().all(|check| check.outcome.is_ok()));
        again.close().await;
    }
}
