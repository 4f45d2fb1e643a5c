use kontor_core::{
    caller::Caller,
    error::Fault as _,
    filter::Readable as _,
    grants::{Action, Permission},
};
use kontor_identity::{MemberPatch, MemberStatus, NewInvitation, NewRole, RoleChanges};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value, json};

use crate::house::{House, acting, code, member};

fn new(name: &str, grants: Value) -> NewRole {
    NewRole { name: name.to_owned(), grants: Some(grants), ..NewRole::default() }
}

fn copy(name: &str, of: &str) -> NewRole {
    NewRole { name: name.to_owned(), copy_of: Some(of.to_owned()), ..NewRole::default() }
}

fn to(grants: Value, version: Option<i64>) -> RoleChanges {
    RoleChanges { grants: Some(grants), version, ..RoleChanges::default() }
}

/// Reads everything, makes contacts, and manages members and roles.
fn steward() -> Value {
    json!({"default": {"actions": ["read", "create"]}, "platform": ["members", "roles"]})
}

both_engines! {
    async fn a_role_is_made_given_changed_and_deleted(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let identity = &house.identity;
        let admin = identity.caller_of_member(workspace, ada).await.unwrap();
        let grants = json!({
            "objects": {"deal": {
                "actions": ["read", "create", "update"],
                "read_fields": {"except": ["amount"]},
                "update_fields": {"only": ["name"]},
                "rows": {"read": {"owner": {"eq": "$me"}}, "update": [{"region": {"eq": "$me.region"}}]},
            }},
            "agents": ["analyst", "sales-*"],
        });
        let made = identity.create_role(&admin, new("Rep", grants)).await.unwrap();
        assert_eq!((made.label.as_str(), made.version, made.is_standard), ("Rep", 1, false));
        assert_eq!(made.changed_by.unwrap().to_string(), "Ada Brandt");
        let max = identity.add_member(&admin, member("max@acme.test", "rep")).await.unwrap();
        let caller = identity.caller_of_member(workspace, max).await.unwrap();
        assert!(caller.grants.allows("deal", Action::Create) && !caller.grants.allows("deal", Action::Delete));
        assert!(!caller.grants.can_read_field("deal", "amount") && caller.grants.can_update_field("deal", "name"));
        assert!(!caller.grants.can_update_field("deal", "owner") && !caller.grants.allows("member", Action::Read));
        assert_eq!(caller.grants.row_rules("deal", Action::Update).count(), 2);
        assert!(caller.grants.agents().contains("sales-assistant") && !caller.grants.agents().contains("other"));

        assert_eq!(code(identity.delete_role(&admin, "Rep").await), "role_in_use");
        let invited = NewInvitation { email: "new@acme.test".into(), role: "Invited".into(), name: None };
        identity.create_role(&admin, copy("Invited", "Rep")).await.unwrap();
        identity.invite(&admin, invited).await.unwrap();
        assert_eq!(code(identity.delete_role(&admin, "Invited").await), "role_in_use");
        house.advance(8 * 24 * 60 * 60);
        identity.delete_role(&admin, "Invited").await.unwrap();
        let message = identity.delete_role(&admin, "Viewer").await.unwrap_err().problem().code;
        assert_eq!(message, "role_standard");
        let (_, holders) = identity.role(&admin, "REP").await.unwrap();
        assert_eq!((holders.member_count, holders.members[0].name.as_str()), (1, "Max Okafor"));

        let wider = identity.change_role(&admin, "Rep", to(json!({"default": {"actions": ["read"]}}), Some(1))).await;
        assert_eq!(wider.unwrap().version, 2);
        let caller = identity.caller_of_member(workspace, max).await.unwrap();
        assert!(caller.grants.can_read_field("deal", "amount") && !caller.grants.allows("deal", Action::Create));

        let copied = identity.create_role(&admin, copy("Spare", "Rep")).await.unwrap();
        assert_eq!(Some(copied.grants), identity.role(&admin, "Rep").await.unwrap().0.grants);
        assert_eq!(code(identity.create_role(&admin, copy("spare", "Rep")).await), "role_exists");
        identity.delete_role(&admin, "Spare").await.unwrap();
        assert_eq!(code(identity.role(&admin, "Spare").await), "role_not_found");
    }

    async fn everything_that_is_wrong_with_a_role_is_told_at_once_with_its_place(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let grants = json!({
            "objects": {
                "deal": {
                    "actions": ["read", "raed"],
                    "read_fields": {"only": ["amuont"]},
                    "rows": {"read": [{"stage": {"eq": "x"}}, {"region": {"eq": "$me.regoin"}}], "look": {}},
                    "columns": [],
                },
                "deals": {"actions": ["read"]},
                "member": {"actions": ["read", "update"]},
            },
            "default": {"actions": ["update"]},
            "platform": ["member"],
            "agents": ["a/b"],
            "role": 1,
        });
        let wrong = NewRole { name: " ".to_owned(), grants: Some(grants), ..NewRole::default() };
        let problem = house.identity.create_role(&admin, wrong).await.unwrap_err().problem();
        assert_eq!(problem.code, "invalid_role");
        let mut paths: Vec<_> = problem.issues.iter().map(|issue| issue.path.as_str()).collect();
        paths.sort_unstable();
        assert_eq!(paths, [
            "grants.agents[0]",
            "grants.default.actions[0]",
            "grants.objects.deal.actions[1]",
            "grants.objects.deal.columns",
            "grants.objects.deal.read_fields.only[0]",
            "grants.objects.deal.rows.look",
            "grants.objects.deal.rows.read[0].stage",
            "grants.objects.deal.rows.read[1].region.eq",
            "grants.objects.deals",
            "grants.objects.member.actions[1]",
            "grants.platform[0]",
            "grants.role",
            "name",
        ]);
        let messages: Vec<_> = problem.issues.iter().map(|issue| issue.message.as_str()).collect();
        assert!(messages.iter().any(|message| message.contains("Did you mean amount?")), "{messages:?}");
        assert!(messages.iter().any(|message| message.contains("Did you mean members?")), "{messages:?}");
        for neither in [NewRole { name: "Rep".into(), ..NewRole::default() }, copy("Rep", "Nobody")] {
            assert_eq!(code(house.identity.create_role(&admin, neither).await), "invalid_role");
        }
    }

    async fn nobody_makes_or_edits_a_role_that_allows_more_than_their_own(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let identity = &house.identity;
        let admin = identity.caller_of_member(workspace, ada).await.unwrap();
        identity.create_role(&admin, new("Steward", steward())).await.unwrap();
        let sam = identity.add_member(&admin, member("sam@acme.test", "Steward")).await.unwrap();
        let sam = identity.caller_of_member(workspace, sam).await.unwrap();
        let reading = json!({"default": {"actions": ["read"]}});
        identity.create_role(&sam, new("Reader", reading.clone())).await.unwrap();
        for wider in [
            json!({"default": {"actions": ["read", "update"]}}),
            json!({"default": {"actions": ["read"]}, "platform": ["audit"]}),
            json!({"objects": {"deal": {"actions": ["read", "destroy"]}}}),
        ] {
            assert_eq!(code(identity.create_role(&sam, new("Wide", wider.clone())).await), "role_beyond_caller");
            assert_eq!(code(identity.change_role(&sam, "Reader", to(wider.clone(), None)).await), "role_beyond_caller");
            assert_eq!(code(identity.change_role(&sam, "Steward", to(wider, None)).await), "role_beyond_caller");
        }
        assert_eq!(code(identity.create_role(&sam, copy("Boss", "Admin")).await), "role_beyond_caller");
        assert_eq!(code(identity.change_role(&sam, "Member", to(reading, None)).await), "role_beyond_caller");
        assert_eq!(code(identity.delete_role(&sam, "Member").await), "role_beyond_caller");
        assert_eq!(code(identity.change_role(&admin, "Admin", to(json!({}), None)).await), "role_fixed");

        let reader = identity.add_member(&admin, member("ria@acme.test", "Reader")).await.unwrap();
        let reader = identity.caller_of_member(workspace, reader).await.unwrap();
        for refused in [
            code(identity.roles(&reader).await),
            code(identity.role(&reader, "Reader").await),
            code(identity.create_role(&reader, copy("Mine", "Reader")).await),
            code(identity.change_role(&reader, "Reader", to(json!({}), None)).await),
            code(identity.reset_role(&reader, "Viewer").await),
            code(identity.delete_role(&reader, "Reader").await),
        ] {
            assert_eq!(refused, "not_permitted");
        }
    }

    async fn who_gives_roles_and_does_not_change_them_is_told_their_names_alone(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let identity = &house.identity;
        let admin = identity.caller_of_member(workspace, ada).await.unwrap();
        let hires = json!({"default": {"actions": ["read"]}, "platform": ["members"]});
        identity.create_role(&admin, new("Hires", hires)).await.unwrap();
        let sam = identity.add_member(&admin, member("sam@acme.test", "Hires")).await.unwrap();
        let sam = identity.caller_of_member(workspace, sam).await.unwrap();
        let told = identity.roles(&sam).await.unwrap();
        assert_eq!(told.len(), 4);
        assert!(told.iter().all(|role| role.grants.is_none() && !role.label.is_empty()));
        assert_eq!(identity.role(&sam, "Hires").await.unwrap().0.grants, None);
        assert!(identity.roles(&admin).await.unwrap().iter().all(|role| role.grants.is_some()));
    }

    async fn what_an_editor_may_not_read_is_not_suggested_to_them(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let identity = &house.identity;
        let admin = identity.caller_of_member(workspace, ada).await.unwrap();
        let fields = |names: Value| json!({"objects": {"deal": {"actions": ["read"], "read_fields": {"except": names}}}});
        let object = |name: &str| json!({"objects": {name: {"actions": ["read"]}}});
        for (number, (kept, hidden, wrong)) in [
            (json!({"actions": ["read"], "read_fields": {"except": ["amount"]}}), "amount", fields(json!(["amuont"]))),
            (json!({"actions": ["read"], "read_fields": {"except": ["amount"]}}), "amount", fields(json!(["zzz"]))),
            (json!({"actions": []}), "deal", object("deel")),
            (json!({"actions": []}), "deal", object("zzz")),
        ].into_iter().enumerate() {
            let role = format!("Editor {number}");
            let grants = json!({"default": {"actions": ["read"]}, "objects": {"deal": kept}, "platform": ["roles"]});
            identity.create_role(&admin, new(&role, grants)).await.unwrap();
            let sam = identity.add_member(&admin, member(&format!("sam{number}@acme.test"), &role)).await.unwrap();
            let sam = identity.caller_of_member(workspace, sam).await.unwrap();
            let by_admin = identity.create_role(&admin, new("X", wrong.clone())).await.unwrap_err().problem();
            assert!(by_admin.message.contains(hidden), "{by_admin}");
            let problem = identity.create_role(&sam, new("X", wrong)).await.unwrap_err().problem();
            assert_eq!(problem.issues.len(), 1, "{problem:?}");
            assert!(!problem.issues[0].message.contains(hidden), "{problem}");
        }
        // What they may not read they may name all the same, to keep it from others.
        let sam = identity.add_member(&admin, member("sam@acme.test", "Editor 0")).await.unwrap();
        let sam = identity.caller_of_member(workspace, sam).await.unwrap();
        identity.create_role(&sam, new("Narrow", fields(json!(["amount"])))).await.unwrap();
    }

    async fn a_version_that_never_was_is_not_said_to_have_been_changed(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let identity = &house.identity;
        let admin = identity.caller_of_member(workspace, ada).await.unwrap();
        for version in [0, 2, 99] {
            let refused = identity.change_role(&admin, "Viewer", to(json!({}), Some(version))).await.unwrap_err().problem();
            assert_eq!((&*refused.code, refused.issues[0].path.as_str()), ("unknown_version", "version"));
            assert!(refused.message.contains(&format!("no version {version}: the latest is 1")), "{refused}");
            let patch = MemberPatch { version: Some(version), name: Some("Ada".into()), ..MemberPatch::default() };
            let refused = identity.change_member(&admin, ada, patch, None).await;
            assert_eq!(code(refused), "unknown_version");
        }
    }

    async fn of_two_who_edit_a_role_the_second_is_told_who_was_faster(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let identity = &house.identity;
        let admin = identity.caller_of_member(workspace, ada).await.unwrap();
        identity.create_role(&admin, copy("Rep", "Viewer")).await.unwrap();
        let edits = (0..4).map(|index| {
            let label = RoleChanges { label: Some(format!("Rep {index}")), version: Some(1), ..RoleChanges::default() };
            identity.change_role(&admin, "Rep", label)
        });
        let done = futures::future::join_all(edits).await;
        let (won, lost): (Vec<_>, Vec<_>) = done.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 3));
        for refused in lost {
            let problem = refused.unwrap_err().problem();
            assert_eq!(problem.code, "role_changed");
            assert!(problem.message.starts_with("Ada Brandt changed the role \"Rep\" meanwhile"), "{}", problem.message);
        }
        let now = identity.role(&admin, "Rep").await.unwrap().0;
        assert_eq!((now.version, now.label), (2, won[0].as_ref().unwrap().label.clone()));
    }

    async fn a_standard_role_is_changed_and_reset(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let identity = &house.identity;
        let admin = identity.caller_of_member(workspace, ada).await.unwrap();
        let shipped = identity.role(&admin, "Viewer").await.unwrap().0;
        let less = identity.change_role(&admin, "Viewer", to(json!({}), None)).await.unwrap();
        assert!(!less.grants.allows("deal", Action::Read));
        let again = identity.reset_role(&admin, "Viewer").await.unwrap();
        assert_eq!((Some(again.grants), again.version), (shipped.grants, 3));
        identity.create_role(&admin, copy("Rep", "Viewer")).await.unwrap();
        assert_eq!(code(identity.reset_role(&admin, "Rep").await), "role_not_standard");
    }

    async fn the_last_who_may_manage_members_and_roles_cannot_lose_it(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let identity = &house.identity;
        let system = Caller::system(workspace);
        identity.create_role(&system, new("Steward", steward())).await.unwrap();
        let sam = identity.add_member(&system, member("sam@acme.test", "Steward")).await.unwrap();
        // Of two who take it from each other at the same time one keeps it.
        let (one, other) = futures::join!(
            identity.change_member(&system, ada, acting(MemberStatus::Inactive), None),
            identity.change_role(&system, "Steward", to(json!({"default": {"actions": ["read"]}}), None)),
        );
        let outcomes = [one.map(drop).map_err(|error| error.problem().code), other.map(drop).map_err(|error| error.problem().code)];
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert!(outcomes.contains(&Err("last_admin".into())), "{outcomes:?}");
        let last = if outcomes[0].is_ok() { sam } else { ada };
        assert_eq!(code(identity.change_member(&system, last, acting(MemberStatus::Inactive), None).await), "last_admin");
        let caller = identity.caller_of_member(workspace, last).await.unwrap();
        assert!(caller.grants.permits(Permission::Roles) && caller.grants.permits(Permission::Members));
    }

    async fn a_changed_role_holds_elsewhere_within_five_seconds(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let other = house.reopened(crate::house::settings()).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        house.identity.create_role(&admin, copy("Rep", "Member")).await.unwrap();
        let max = house.identity.add_member(&admin, member("max@acme.test", "Rep")).await.unwrap();
        let may_update = async || {
            let caller = other.caller_of_member(workspace, max).await.unwrap();
            let role = other.role_grants(workspace, "rep").await.unwrap();
            (caller.grants.allows("deal", Action::Update), role.allows("deal", Action::Update))
        };
        assert_eq!(may_update().await, (true, true));
        house.identity.change_role(&admin, "Rep", to(json!({"default": {"actions": ["read"]}}), None)).await.unwrap();
        let here = house.identity.caller_of_member(workspace, max).await.unwrap();
        assert!(!here.grants.allows("deal", Action::Update));
        house.advance(5);
        assert_eq!(may_update().await, (false, false));
    }

    async fn what_is_done_to_roles_is_in_the_audit(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let identity = &house.identity;
        let admin = identity.caller_of_member(workspace, ada).await.unwrap();
        identity.create_role(&admin, copy("Rep", "Viewer")).await.unwrap();
        identity.change_role(&admin, "Rep", to(json!({}), None)).await.unwrap();
        identity.change_role(&admin, "Rep", to(json!({}), None)).await.unwrap();
        identity.delete_role(&admin, "Rep").await.unwrap();
        let namespace = house.store.workspace(workspace).await.unwrap();
        let actions: Vec<String> = namespace
            .read((), |tx, ()| {
                Box::pin(async move {
                    let statement = sea_query::Query::select()
                        .columns(["action", "details"])
                        .from(tx.table("audit_entries"))
                        .order_by("id", sea_query::Order::Asc)
                        .take();
                    let rows = tx.fetch_all(&statement).await?;
                    let told = rows.iter().map(|row| row.get::<String>(0));
                    told.collect::<Result<Vec<_>, kontor_store::Error>>()
                })
            })
            .await
            .unwrap();
        let of_roles: Vec<_> = actions.iter().filter(|action| action.starts_with("role.")).collect();
        assert_eq!(of_roles, ["role.created", "role.changed", "role.deleted"]);
    }
}
