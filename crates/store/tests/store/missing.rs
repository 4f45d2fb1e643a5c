//! Data that should be there and is not.

use kontor_core::{environment::Environment, error::Fault as _, ids::WorkspaceId};
use kontor_store::{BoxFuture, Check, Depth, Error, Registered, Store, Tx, both_engines, testing::TestStore};
use sea_query::Query;

use crate::notes::{new_id, register};

fn registered<'t>(tx: &'t mut Tx<'_>) -> BoxFuture<'t, Result<Vec<Registered>, Error>> {
    Box::pin(async move {
        let select = Query::select().columns(["id", "status"]).from(tx.table("workspaces")).take();
        let rows = tx.fetch_all(&select).await?;
        let read = |row: &kontor_store::Row| {
            let status: String = row.get(1)?;
            Ok(Registered { id: row.get(0)?, is_made: status == "active" })
        };
        rows.iter().map(read).collect()
    })
}

async fn look(store: &TestStore) -> Vec<Check> {
    Store::inspect(&store.config(), Depth::Files, Some(registered)).await.unwrap()
}

fn of(checks: &[Check], id: WorkspaceId) -> Option<&Check> {
    checks.iter().find(|check| check.name == format!("workspace {id}"))
}

both_engines! {
    async fn a_workspace_that_is_gone_is_missed_and_one_that_nobody_knows_is_told_of(store: TestStore) {
        let [whole, gone, unknown, beginning] = [(); 4].map(|()| WorkspaceId(new_id()));
        for id in [whole, gone, unknown] {
            store.create_workspace(id).await.unwrap();
        }
        for id in [whole, gone] {
            register(&store, id, true).await;
        }
        register(&store, beginning, false).await;
        store.remove_workspace(gone).await.unwrap();
        let checks = look(&store).await;
        assert!(of(&checks, whole).unwrap().outcome.is_ok(), "{checks:?}");
        assert!(of(&checks, beginning).is_none(), "one that is being made may lack its data: {checks:?}");
        let missed = of(&checks, gone).unwrap();
        assert!(missed.is_lost, "{missed:?}");
        assert!(missed.outcome.as_ref().unwrap_err().contains(&store.place_of(gone)), "{missed:?}");
        let surplus = of(&checks, unknown).unwrap();
        assert!(surplus.outcome.as_ref().unwrap_err().contains("does not know it"), "{surplus:?}");

        let refused = store.workspace(gone).await.err().unwrap();
        assert_eq!(refused.problem().code, "data_missing");
        assert!(refused.to_string().contains("restore it from a backup"), "{refused}");
        assert!(of(&look(&store).await, gone).unwrap().is_lost, "it was made anew");
    }

    async fn a_workspace_that_was_emptied_is_not_made_anew(store: TestStore) {
        let id = WorkspaceId(new_id());
        let workspace = store.create_workspace(id).await.unwrap();
        register(&store, id, true).await;
        let emptied: Result<(), Error> = workspace
            .alter((), |tx, ()| Box::pin(async move { tx.apply("DELETE FROM schema_migrations").await }))
            .await;
        emptied.unwrap();
        let again = Store::open(store.config(), Environment::system()).await.unwrap();
        let refused = again.workspace(id).await.err().unwrap();
        assert!(refused.to_string().contains("is empty"), "{refused}");
        again.close().await;
        let checks = look(&store).await;
        assert!(of(&checks, id).unwrap().outcome.as_ref().unwrap_err().contains("is empty"), "{checks:?}");
    }

    async fn another_workspaces_data_is_not_taken_for_ones_own(store: TestStore) {
        let (id, other) = (WorkspaceId(new_id()), WorkspaceId(new_id()));
        let workspace = store.create_workspace(id).await.unwrap();
        register(&store, id, true).await;
        let replaced: Result<u64, Error> = workspace
            .write(other, |tx, &other| {
                let update = Query::update().table(tx.table("namespace")).value("workspace_id", other.as_uuid()).take();
                Box::pin(async move { tx.execute(&update).await })
            })
            .await;
        replaced.unwrap();
        let again = Store::open(store.config(), Environment::system()).await.unwrap();
        let refused = again.workspace(id).await.err().unwrap();
        assert!(refused.to_string().contains(&format!("in its place lies workspace {other}")), "{refused}");
        again.close().await;
        assert!(of(&look(&store).await, id).unwrap().is_lost);
    }

    async fn a_store_does_not_begin_anew_where_workspaces_lie(store: TestStore) {
        let id = WorkspaceId(new_id());
        store.create_workspace(id).await.unwrap();
        let emptied: Result<(), Error> = store
            .directory()
            .alter((), |tx, ()| Box::pin(async move { tx.apply("DELETE FROM schema_migrations").await }))
            .await;
        emptied.unwrap();
        let refused = Store::open(store.config(), Environment::system()).await.err().unwrap();
        assert!(refused.to_string().contains("the directory is empty"), "{refused}");
    }
}
