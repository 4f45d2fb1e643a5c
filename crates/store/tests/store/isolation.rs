use kontor_core::ids::WorkspaceId;
use kontor_store::{Dialect, Error, Store, both_engines, testing::TestStore};
use sea_query::{Alias, Asterisk, IntoTableRef, Query, TableRef};

use crate::notes::{add, new_id, notes, workspace};

/// How a statement would have to name a table of another namespace.
fn foreign(dialect: Dialect, schema: &str, table: &'static str) -> TableRef {
    match dialect {
        Dialect::Sqlite => (Alias::new("main"), Alias::new(format!("{schema}.{table}"))).into_table_ref(),
        Dialect::Postgres => (Alias::new(schema), Alias::new(table)).into_table_ref(),
    }
}

both_engines! {
    async fn workspaces_share_nothing(store: TestStore) {
        let (one, other) = (workspace(&store).await, workspace(&store).await);
        add(&one, "secret").await.unwrap();
        assert_eq!(notes(&one).await, 1);
        assert_eq!(notes(&other).await, 0);
    }

    async fn a_statement_that_names_another_namespaces_table_is_refused(store: TestStore) {
        let (one, other) = (workspace(&store).await, workspace(&store).await);
        add(&one, "secret").await.unwrap();
        let id = one.id().unwrap().as_uuid().simple();
        for schema in [format!("ws_{id}"), "kontor_directory".to_owned()] {
            let table = if schema.starts_with("ws_") { "note" } else { "schema_migrations" };
            let stolen: Result<_, Error> = other
                .read(schema, move |tx, schema| {
                    Box::pin(async move {
                        let from = foreign(tx.dialect(), schema, table);
                        tx.fetch_all(&Query::select().column(Asterisk).from(from).to_owned()).await
                    })
                })
                .await;
            let Err(Error::Statement { source }) = stolen else { panic!("{table} was read") };
            if store.engine() == Dialect::Postgres {
                assert!(source.to_string().contains("permission denied for schema"), "{source}");
            }
        }
    }

    async fn a_workspace_that_does_not_exist_is_not_made_by_asking(store: TestStore) {
        let id = WorkspaceId(new_id());
        for _ in 0..2 {
            let refused = store.workspace(id).await.err().unwrap();
            assert!(matches!(&refused, Error::Missing { what, .. } if *what == format!("workspace {id}")), "{refused}");
        }
        assert!(store.workspace_ids().await.unwrap().is_empty());
        store.create_workspace(id).await.unwrap();
        assert_eq!(store.workspace_ids().await.unwrap(), [id]);
    }

    async fn a_workspace_is_made_once_however_many_ask(store: TestStore) {
        let id = WorkspaceId(new_id());
        let made = futures::future::join_all((0..8).map(|_| store.create_workspace(id))).await;
        assert!(made.iter().all(Result::is_ok));
        let elsewhere = Store::open(store.config(), kontor_core::environment::Environment::system()).await.unwrap();
        elsewhere.create_workspace(id).await.unwrap();
        assert_eq!(store.workspace_ids().await.unwrap(), [id]);
        elsewhere.close().await;
    }

    async fn an_idle_workspace_is_closed_and_opens_again(store: TestStore) {
        let mut config = store.config();
        config.idle_after = std::time::Duration::ZERO;
        let forgetful = Store::open(config, kontor_core::environment::Environment::system()).await.unwrap();
        let held = workspace(&forgetful).await;
        let id = held.id().unwrap();
        add(&held, "kept").await.unwrap();
        forgetful.close_idle().await;
        assert_eq!(notes(&held).await, 1, "one that is held stays open");
        drop(held);
        forgetful.close_idle().await;
        assert_eq!(notes(&forgetful.workspace(id).await.unwrap()).await, 1);
        forgetful.close().await;
    }
}
