//! What a new version makes of the roles of older ones.

use kontor_core::{
    environment::Environment,
    grants::{Grants, Permission},
    ids::{MemberId, WorkspaceId},
};
use kontor_store::{Store, StoreConfig, both_engines, testing::TestStore};
use sea_query::{Expr, ExprTrait as _, Query};
use serde_json::json;

use crate::house::{House, open, settings};

/// Gives a workspace's admins these permissions alone, and takes away that the step was done.
async fn as_an_older_version_left_it(store: &Store, workspace: WorkspaceId, permissions: Vec<&'static str>) {
    let mut grants = json!(Grants::everything());
    grants["platform"] = json!(permissions);
    let grants = grants.to_string();
    let namespace = store.workspace(workspace).await.unwrap();
    let changed = namespace.write(grants, |tx, grants| {
        Box::pin(async move {
            let role = Query::update()
                .table(tx.table("roles"))
                .value("grants", grants)
                .and_where(Expr::col("name").eq("Admin"))
                .to_owned();
            tx.execute(&role).await?;
            let steps = Query::delete().from_table(tx.table("data_steps")).to_owned();
            tx.execute(&steps).await
        })
    });
    changed.await.map_err(|error: kontor_store::Error| error).unwrap();
}

/// What the admin may do after an upgrade.
async fn after_an_upgrade(
    store: &TestStore,
    house: &House,
    workspace: WorkspaceId,
    admin: MemberId,
    permissions: Vec<&'static str>,
) -> Vec<Permission> {
    as_an_older_version_left_it(&house.store, workspace, permissions).await;
    let config = StoreConfig { data_steps: kontor_identity::data_steps(), ..store.config() };
    let again = Store::open(config, Environment::system()).await.unwrap();
    let identity =
        open(&again, &house.environment, &house.furnisher, crate::house::SECRET, settings()).await.unwrap();
    let caller = identity.caller_of_member(workspace, admin).await.unwrap();
    let permitted = caller.grants.permissions().iter().collect();
    again.close().await;
    permitted
}

/// The permissions of the version before the one with jobs.
const FORMER: [&str; 13] = [
    "members",
    "roles",
    "data_model",
    "agents",
    "prompts",
    "evaluations",
    "api_keys",
    "webhooks",
    "workflows",
    "import",
    "export",
    "audit",
    "models",
];

both_engines! {
    async fn admins_of_older_versions_may_see_the_jobs_and_what_was_taken_from_them_stays_away(store: TestStore) {
        let (house, workspace, admin) = House::with_acme(&store).await;
        let upgraded = after_an_upgrade(&store, &house, workspace, admin, FORMER.to_vec()).await;
        assert_eq!(upgraded, Permission::ALL);
        let fewer = FORMER.into_iter().filter(|word| *word != "export").collect();
        let upgraded = after_an_upgrade(&store, &house, workspace, admin, fewer).await;
        let kept = [Permission::Members, Permission::Roles, Permission::DataModel, Permission::Audit, Permission::Agents, Permission::Prompts, Permission::Evaluations, Permission::ApiKeys];
        assert_eq!(upgraded, kept);
        // What a later version had, and what was taken from it.
        let settings = ["members", "data_model", "audit", "jobs", "settings"];
        let upgraded = after_an_upgrade(&store, &house, workspace, admin, settings.to_vec()).await;
        assert!(upgraded.contains(&Permission::Conversations));
        let fewer = settings.into_iter().filter(|word| *word != "audit").collect();
        let upgraded = after_an_upgrade(&store, &house, workspace, admin, fewer).await;
        assert!(!upgraded.contains(&Permission::Conversations));
    }
}
