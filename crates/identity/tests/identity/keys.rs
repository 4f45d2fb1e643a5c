//! API keys: made within one's own rights, bounded by role, scopes, networks and an end, revoked everywhere.

use kontor_core::{
    actor::Principal,
    caller::Caller,
    grants::{Action, Permission},
};
use kontor_identity::{ApiKey, Door, NewApiKey};
use kontor_store::{both_engines, testing::TestStore};

use crate::house::{House, OPERATOR, code, member, settings};

fn new(role: &str, scopes: &[&str]) -> NewApiKey {
    NewApiKey {
        name: "Website".to_owned(),
        role: role.to_owned(),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        expires_in_days: None,
        networks: None,
    }
}

async fn made(house: &House, caller: &Caller, new: NewApiKey) -> (ApiKey, String) {
    let (key, secret) = house.identity.create_api_key(caller, new).await.unwrap();
    (key, secret.as_str().to_owned())
}

both_engines! {
    async fn a_key_acts_by_its_role_within_its_scopes_and_is_known_by_its_name(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let (key, text) = made(&house, &admin, new("Member", &["deal.find", "deal.update"])).await;
        let caller = house.identity.authenticate(&text).await.unwrap();
        assert_eq!(caller.principal, Principal::ApiKey { id: key.id, name: "Website".to_owned() });
        assert_eq!((caller.workspace, caller.member(), caller.is_in_person()), (workspace, None, false));
        assert!(caller.grants.allows("deal", Action::Update) && !caller.grants.allows("deal", Action::Delete));
        assert!(caller.scope.allows("deal.find") && !caller.scope.allows("deal.get"));
        let me = house.identity.me_by_key(&caller).await.unwrap();
        assert_eq!((me.api_key.role.as_str(), me.workspace.name.as_str()), ("Member", "Acme"));
        let listed = house.identity.api_keys(&admin).await.unwrap();
        assert_eq!(listed[0].last_used_at, Some(house.environment.now()));
        assert!(text.ends_with(listed[0].hint.split('…').nth(1).unwrap()));
    }

    async fn nobody_makes_a_key_beyond_their_rights_and_no_key_makes_another(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let operator = OPERATOR.in_workspace(workspace);
        let max = house.identity.add_member(&operator, member("max@acme.test", "Member")).await.unwrap();
        let max = house.identity.caller_of_member(workspace, max).await.unwrap();
        assert_eq!(code(house.identity.create_api_key(&max, new("Viewer", &["*"])).await), "not_permitted");
        let permitted = max.grants.as_ref().clone().with_platform([Permission::ApiKeys]);
        let max = Caller { grants: permitted.into(), ..max };
        let beyond = house.identity.create_api_key(&max, new("Admin", &["deal.find"])).await;
        assert_eq!(code(beyond), "role_beyond_caller");
        made(&house, &max, new("Viewer", &["deal.find"])).await;
        let (_, text) = made(&house, &admin, new("Admin", &["*"])).await;
        let key = house.identity.authenticate(&text).await.unwrap();
        assert!(key.grants.permits(Permission::ApiKeys));
        let chained = house.identity.create_api_key(&key, new("Viewer", &["*"])).await;
        assert_eq!(code(chained), "in_person_only");
    }

    async fn all_that_is_wrong_with_a_key_is_told(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let wrong = NewApiKey {
            name: " ".to_owned(),
            expires_in_days: Some(0),
            networks: Some(vec!["10.0.0.0/8".to_owned(), "nowhere".to_owned()]),
            ..new("Member", &["deal.find", "deal"] .map(|one| if one == "deal" { "x!" } else { one }))
        };
        let Err(kontor_identity::Error::Input(issues)) = house.identity.create_api_key(&admin, wrong).await else {
            panic!("it is wrong");
        };
        let paths: Vec<_> = issues.iter().map(|issue| issue.path.as_str()).collect();
        assert_eq!(paths, ["name", "expires_in_days", "scopes[1]", "networks[1]"]);
        for (scopes, expected) in [(["deel.find"], "unknown_object"), (["deal.fnd"], "unknown_operation")] {
            let refused = house.identity.create_api_key(&admin, new("Member", &scopes)).await;
            let Err(kontor_identity::Error::Input(issues)) = refused else { panic!("{scopes:?}") };
            assert_eq!(issues[0].code, expected);
        }
        assert_eq!(code(house.identity.create_api_key(&admin, new("Nobody", &["*"])).await), "invalid_input");
    }

    async fn a_key_ends_when_it_is_revoked_or_its_time_is_over_on_every_server(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let elsewhere = house.reopened(settings()).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let dated = NewApiKey { expires_in_days: Some(1), ..new("Member", &["*"]) };
        let (_, text) = made(&house, &admin, dated).await;
        elsewhere.authenticate(&text).await.unwrap();
        house.advance(24 * 60 * 60);
        for identity in [&house.identity, &elsewhere] {
            assert_eq!(code(identity.authenticate(&text).await), "token_expired");
        }
        let (key, text) = made(&house, &admin, new("Member", &["*"])).await;
        for identity in [&house.identity, &elsewhere] {
            identity.authenticate(&text).await.unwrap();
        }
        house.identity.revoke_api_key(&admin, key.id).await.unwrap();
        assert_eq!(code(house.identity.authenticate(&text).await), "invalid_token");
        house.advance(5);
        assert_eq!(code(elsewhere.authenticate(&text).await), "invalid_token");
        assert_eq!(code(house.identity.revoke_api_key(&admin, key.id).await), "api_key_not_found");
    }

    async fn a_key_is_used_from_its_networks_alone(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let bounded = NewApiKey { networks: Some(vec!["192.0.2.0/24".to_owned()]), ..new("Member", &["*"]) };
        let (_, text) = made(&house, &admin, bounded).await;
        let at = |address: &str| Door { from: address.parse().ok(), path: None };
        house.identity.authenticate_at(&text, &at("192.0.2.7")).await.unwrap();
        let elsewhere = house.identity.authenticate_at(&text, &at("198.51.100.7")).await;
        assert_eq!(code(elsewhere), "api_key_not_from_here");
    }

    async fn a_role_that_a_key_has_is_not_deleted_and_its_changes_hold_for_the_key(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let role = kontor_identity::NewRole {
            name: "Sync".to_owned(),
            grants: Some(serde_json::json!({"default": {"actions": ["read", "create"]}})),
            ..Default::default()
        };
        house.identity.create_role(&admin, role).await.unwrap();
        let (_, text) = made(&house, &admin, new("Sync", &["*.create"])).await;
        let caller = house.identity.authenticate(&text).await.unwrap();
        assert!(caller.grants.allows("deal", Action::Create));
        assert_eq!(code(house.identity.delete_role(&admin, "Sync").await), "role_in_use");
        let changes = kontor_identity::RoleChanges {
            grants: Some(serde_json::json!({"default": {"actions": ["read"]}})),
            ..Default::default()
        };
        house.identity.change_role(&admin, "Sync", changes).await.unwrap();
        let caller = house.identity.authenticate(&text).await.unwrap();
        assert!(!caller.grants.allows("deal", Action::Create));
    }
}
