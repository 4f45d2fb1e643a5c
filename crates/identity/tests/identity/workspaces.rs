use std::sync::{Arc, atomic::Ordering};

use kontor_core::ids::WorkspaceId;
use kontor_store::{both_engines, testing::TestStore};
use sea_query::{Expr, ExprTrait as _, Query};

use crate::house::{
    Furnisher, House, OPERATOR, PASSWORD, SECRET, acme, clock, code, open, settings, sign_in,
};

/// Puts the directory into the state a crash leaves before the workspace is said to be active.
async fn as_if_crashed(house: &House, workspace: WorkspaceId) {
    let changed: Result<u64, kontor_store::Error> = house
        .store
        .directory()
        .write(workspace, |tx, &workspace| {
            let statement = Query::update()
                .table(tx.table("workspaces"))
                .value("status", "creating")
                .and_where(Expr::col("id").eq(workspace.as_uuid()))
                .to_owned();
            Box::pin(async move { tx.execute(&statement).await })
        })
        .await;
    assert_eq!(changed.unwrap(), 1);
}

/// Moves everything the directory knows of a workspace to one that has no namespace yet.
async fn as_if_crashed_before_the_namespace(house: &House, workspace: WorkspaceId) {
    let fresh: WorkspaceId = house.environment.new_id();
    let done: Result<(), kontor_store::Error> = house
        .store
        .directory()
        .write((fresh, workspace), |tx, &(fresh, workspace)| {
            Box::pin(async move {
                let insert = Query::insert()
                    .into_table(tx.table("workspaces"))
                    .columns(["id", "name", "name_folded", "status", "created_at"])
                    .values_panic([
                        fresh.as_uuid().into(),
                        "Fresh".into(),
                        "fresh".into(),
                        "creating".into(),
                        0_i64.into(),
                    ])
                    .to_owned();
                tx.execute(&insert).await?;
                let update = Query::update()
                    .table(tx.table("memberships"))
                    .value("workspace_id", fresh.as_uuid())
                    .and_where(Expr::col("workspace_id").eq(workspace.as_uuid()))
                    .to_owned();
                tx.execute(&update).await?;
                let delete = Query::delete()
                    .from_table(tx.table("workspaces"))
                    .and_where(Expr::col("id").eq(workspace.as_uuid()))
                    .to_owned();
                tx.execute(&delete).await.map(drop)
            })
        })
        .await;
    done.unwrap();
}

both_engines! {
    async fn a_workspace_that_a_crash_left_half_made_is_completed_at_the_next_start(store: TestStore) {
        let (house, workspace, _) = House::with_acme(&store).await;
        as_if_crashed(&house, workspace).await;
        let refused = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await;
        assert_eq!(code(refused), "no_membership");
        let restarted = house.reopened(settings()).await;
        restarted.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        assert_eq!(house.furnisher.installed.load(Ordering::SeqCst), 1, "what is there is not installed again");
        as_if_crashed_before_the_namespace(&house, workspace).await;
        let restarted = house.reopened(settings()).await;
        restarted.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        assert_eq!(house.furnisher.installed.load(Ordering::SeqCst), 2);
        assert_eq!(restarted.workspaces(OPERATOR).await.unwrap()[0].name, "Fresh");
    }

    async fn a_name_belongs_to_one_workspace(store: TestStore) {
        let (house, workspace, _) = House::with_acme(&store).await;
        let mut again = acme();
        again.name = " ACME ".to_owned();
        assert_eq!(code(house.identity.create_workspace(OPERATOR, again).await), "workspace_name_taken");
        let known = house.identity.workspaces(OPERATOR).await.unwrap();
        assert_eq!((known.len(), known[0].id, known[0].name.as_str()), (1, workspace, "Acme"));
    }

    async fn a_failed_creation_leaves_nothing_that_keeps_it_from_succeeding_later(store: TestStore) {
        let house = House::empty(&store).await;
        house.furnisher.fails.store(true, Ordering::SeqCst);
        assert_eq!(code(house.identity.create_workspace(OPERATOR, acme()).await), "internal");
        assert!(house.identity.workspaces(OPERATOR).await.unwrap().is_empty());
        house.furnisher.fails.store(false, Ordering::SeqCst);
        house.identity.create_workspace(OPERATOR, acme()).await.unwrap();
        house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
    }

    async fn a_creation_that_came_to_no_end_is_removed_after_an_hour(store: TestStore) {
        let (house, workspace, _) = House::with_acme(&store).await;
        as_if_crashed(&house, workspace).await;
        house.advance(60 * 60 - 1);
        house.identity.remove_abandoned(OPERATOR).await.unwrap();
        assert_eq!(code(house.identity.create_workspace(OPERATOR, acme()).await), "workspace_name_taken");
        house.advance(1);
        house.identity.remove_abandoned(OPERATOR).await.unwrap();
        assert!(!store.workspace_ids().await.unwrap().contains(&workspace));
        assert!(matches!(store.workspace(workspace).await, Err(kontor_store::Error::Missing { .. })));
        let token = house.identity.setup_token().await.unwrap();
        let mut again = acme();
        again.password = "another good password".to_owned();
        let (made, _) = house.identity.set_up(&token, again).await.unwrap();
        house.identity.sign_in(sign_in("ada@acme.test", "another good password")).await.unwrap();
        house.advance(60 * 60);
        house.identity.remove_abandoned(OPERATOR).await.unwrap();
        assert!(store.workspace_ids().await.unwrap().contains(&made), "what was completed stays");
    }

    async fn two_servers_that_start_together_share_one_key(store: TestStore) {
        let ((_, environment), furnisher) = (clock(), Arc::new(Furnisher::default()));
        let (a, b) = tokio::join!(
            open(&store, &environment, &furnisher, SECRET, settings()),
            open(&store, &environment, &furnisher, SECRET, settings()),
        );
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_eq!(a.jwks(), b.jwks());
        assert_eq!(a.jwks()["keys"].as_array().unwrap().len(), 1);
    }

    async fn a_short_master_secret_is_refused(store: TestStore) {
        let house = House::empty(&store).await;
        let opened = house.open("short", settings()).await;
        assert!(matches!(opened.err(), Some(kontor_identity::Error::SecretTooShort { .. })));
    }
}
