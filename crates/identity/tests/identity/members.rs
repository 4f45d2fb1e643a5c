use std::sync::{Arc, atomic::Ordering};

use kontor_core::{
    caller::Caller,
    grants::{Action, Grants, Permission},
};
use kontor_identity::MemberStatus;
use kontor_store::{both_engines, testing::TestStore};
use sea_query::{Order, Query};

use crate::house::{House, OPERATOR, PASSWORD, acting, code, member, sign_in};

both_engines! {
    async fn a_member_is_added_once_with_a_role_that_exists(store: TestStore) {
        let (house, workspace, _) = House::with_acme(&store).await;
        let vera = house.identity.add_member(&Caller::system(workspace), member("vera@acme.test", "viewer")).await.unwrap();
        assert_eq!(house.furnisher.written.load(Ordering::SeqCst), 2);
        let again = house.identity.add_member(&Caller::system(workspace), member("Vera@acme.test", "Viewer")).await;
        assert_eq!(code(again), "member_exists");
        let unknown = house.identity.add_member(&Caller::system(workspace), member("max@acme.test", "Memeber")).await;
        let message = unknown.unwrap_err();
        let problem = kontor_core::error::Fault::problem(&message);
        assert_eq!(problem.issues[0].message, "There is no role \"Memeber\". Did you mean Member?");
        let caller = house.identity.caller_of_member(workspace, vera).await.unwrap();
        assert!(caller.grants.allows("deal", Action::Read));
        assert!(!caller.grants.allows("deal", Action::Update));
        let names: Vec<_> = house.identity.members(&Caller::system(workspace)).await.unwrap().into_iter()
            .map(|member| (member.email, member.role)).collect();
        assert_eq!(names, [("ada@acme.test".into(), "Admin".into()), ("vera@acme.test".into(), "Viewer".into())]);
    }

    async fn a_member_whose_addition_failed_half_way_is_completed_by_adding_them_again(store: TestStore) {
        let (house, workspace, _) = House::with_acme(&store).await;
        house.furnisher.fails.store(true, Ordering::SeqCst);
        assert_eq!(code(house.identity.add_member(&Caller::system(workspace), member("max@acme.test", "Member")).await), "internal");
        assert_eq!(house.identity.members(&Caller::system(workspace)).await.unwrap().len(), 1);
        house.furnisher.fails.store(false, Ordering::SeqCst);
        let max = house.identity.add_member(&Caller::system(workspace), member("max@acme.test", "Member")).await.unwrap();
        let tokens = house.identity.sign_in(sign_in("max@acme.test", PASSWORD)).await.unwrap();
        assert_eq!(house.identity.authenticate(&tokens.access_token).await.unwrap().member(), Some(max));
    }

    async fn someone_with_an_account_keeps_their_password_in_a_second_workspace(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let mut other = crate::house::acme();
        other.name = "Other".to_owned();
        other.email = "eve@other.test".to_owned();
        let (second, _) = house.identity.create_workspace(OPERATOR, other).await.unwrap();
        let mut ada = member("ada@acme.test", "Member");
        ada.password = "something else entirely".to_owned();
        house.identity.add_member(&Caller::system(second), ada).await.unwrap();
        let mut input = sign_in("ada@acme.test", PASSWORD);
        input.workspace = Some("other".to_owned());
        house.identity.sign_in(input).await.unwrap();
    }

    async fn me_tells_who_is_signed_in_and_what_they_may_do(store: TestStore) {
        let (house, workspace, _) = House::with_acme(&store).await;
        let max = house.identity.add_member(&Caller::system(workspace), member("max@acme.test", "Member")).await.unwrap();
        let caller = house.identity.caller_of_member(workspace, max).await.unwrap();
        let me = house.identity.me(&caller).await.unwrap();
        assert_eq!((me.user.email.as_str(), me.user.name.as_str()), ("max@acme.test", "Max Okafor"));
        assert_eq!((me.workspace.id, me.workspace.name.as_str()), (workspace, "Acme"));
        assert_eq!((me.member.id, me.member.role.as_str()), (max, "Member"));
        assert_eq!(me.permissions, []);
        assert_eq!(me.workspaces.len(), 1);
    }

    async fn members_are_managed_by_those_who_may_and_nobody_gives_more_than_they_have(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let max = house.identity.add_member(&admin, member("max@acme.test", "Member")).await.unwrap();
        let caller = house.identity.caller_of_member(workspace, max).await.unwrap();
        assert_eq!(code(house.identity.members(&caller).await), "not_permitted");
        assert_eq!(code(house.identity.add_member(&caller, member("eve@acme.test", "Viewer")).await), "not_permitted");
        let off = house.identity.change_member(&caller, ada, acting(MemberStatus::Inactive), None).await;
        assert_eq!(code(off), "not_permitted");

        let grants = Grants::clone(&caller.grants).with_platform([Permission::Members]);
        let caller = Caller { grants: Arc::new(grants), ..caller };
        let wider = house.identity.add_member(&caller, member("eve@acme.test", "Admin")).await;
        assert_eq!(code(wider), "role_beyond_caller");
        house.identity.add_member(&caller, member("eve@acme.test", "Viewer")).await.unwrap();
        assert_eq!(house.identity.members(&caller).await.unwrap().len(), 3);
    }

    async fn a_role_is_found_by_its_name(store: TestStore) {
        let (house, workspace, _) = House::with_acme(&store).await;
        let viewer = house.identity.role_grants(workspace, "viewer").await.unwrap();
        assert!(!viewer.allows("deal", Action::Create));
        assert_eq!(code(house.identity.role_grants(workspace, "nobody").await), "invalid_input");
    }

    async fn input_that_is_not_acceptable_names_its_place(store: TestStore) {
        let (house, workspace, _) = House::with_acme(&store).await;
        for (email, password, name, path) in [
            ("nonsense", PASSWORD, "Max", "email"),
            ("max@acme.test", "short", "Max", "password"),
            ("max@acme.test", "nul\0nul\0nul", "Max", "password"),
            ("max@acme.test", PASSWORD, "  ", "name"),
            ("max@acme.test", PASSWORD, "a\0b", "name"),
        ] {
            let mut new = member(email, "Member");
            (new.password, new.name) = (password.to_owned(), name.to_owned());
            let error = house.identity.add_member(&Caller::system(workspace), new).await.unwrap_err();
            assert_eq!(kontor_core::error::Fault::problem(&error).issues[0].path, path);
        }
    }
    async fn who_came_and_may_act_is_written_down(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let max = house.identity.add_member(&Caller::system(workspace), member("max@acme.test", "Viewer")).await.unwrap();
        house.identity.change_member(&Caller::system(workspace), max, acting(MemberStatus::Inactive), None).await.unwrap();
        let namespace = store.workspace(workspace).await.unwrap();
        let entries: Result<Vec<(String, String, String)>, kontor_store::Error> = namespace
            .read((), |tx, ()| {
                Box::pin(async move {
                    let select = Query::select()
                        .columns(["action", "target", "details"])
                        .from(tx.table("audit_entries"))
                        .order_by("id", Order::Asc)
                        .to_owned();
                    tx.fetch_all(&select).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
                })
            })
            .await;
        let entries = entries.unwrap();
        let acts: Vec<_> = entries.iter().map(|(action, target, _)| (action.as_str(), target.as_str())).collect();
        let (ada, max) = (format!("member:{ada}"), format!("member:{max}"));
        assert_eq!(acts, [("member.added", ada.as_str()), ("member.added", &max), ("member.status_set", &max)]);
        assert!(entries[1].2.contains("Viewer") && entries[2].2.contains("inactive"), "{entries:?}");
    }
}
