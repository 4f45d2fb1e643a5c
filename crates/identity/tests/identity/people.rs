//! What admins change of members, invitations, sign-ins as they are seen and ended, and other passwords.

use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Fault as _},
    grants::{Action, Grants, Permission},
    ids::{MemberId, WorkspaceId},
};
use kontor_identity::{
    Acceptance, Credential, Identity, MemberPatch, MemberStatus, NewInvitation, PasswordChange, Tokens,
};
use kontor_store::{both_engines, testing::TestStore};

use crate::house::{House, OPERATOR, PASSWORD, acme, acting, code, failure, member, settings, sign_in};

const OTHER: &str = "another password entirely";

fn invitation(email: &str, role: &str) -> NewInvitation {
    NewInvitation { email: email.to_owned(), role: role.to_owned(), name: None }
}

fn acceptance(name: &str, password: &str) -> Acceptance {
    Acceptance {
        name: name.to_owned(),
        password: password.to_owned(),
        remote: None,
        user_agent: None,
        known_browser: String::new(),
    }
}

fn role(role: &str) -> MemberPatch {
    MemberPatch { role: Some(role.to_owned()), ..MemberPatch::default() }
}

fn inactive() -> MemberPatch {
    MemberPatch { status: Some(MemberStatus::Inactive), ..MemberPatch::default() }
}

/// Who may look after members and does nothing else that Members do not.
fn lesser(caller: &Caller) -> Caller {
    let grants = Grants::clone(&caller.grants).with_platform([Permission::Members]);
    Caller { grants: Arc::new(grants), ..caller.clone() }
}

fn credential(tokens: &Tokens) -> Credential {
    Credential::AccessToken(tokens.access_token.clone())
}

impl House {
    async fn add(&self, workspace: WorkspaceId, email: &str, role: &str) -> (MemberId, Caller) {
        let id = self.identity.add_member(&Caller::system(workspace), member(email, role)).await.unwrap();
        (id, self.identity.caller_of_member(workspace, id).await.unwrap())
    }

    async fn enter(&self, email: &str, password: &str) -> Tokens {
        self.identity.sign_in(sign_in(email, password)).await.unwrap()
    }

    async fn is_in(&self, identity: &Identity, tokens: &Tokens) -> bool {
        identity.authenticate(&tokens.access_token).await.is_ok()
    }
}

both_engines! {
    async fn an_invitation_is_taken_once_by_its_link_and_ends_signed_in(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let invited = house.identity.invite(&admin, invitation(" Max@Acme.test ", "viewer")).await.unwrap();
        let token = invited.token.as_str().to_owned();
        assert!(!format!("{invited:?}").contains(&token), "a secret does not print itself");
        let listed = house.identity.invitations(&admin).await.unwrap();
        assert_eq!(listed, [invited.invitation]);
        assert_eq!((listed[0].email.as_str(), listed[0].role.as_str()), ("max@acme.test", "Viewer"));
        assert_eq!(listed[0].invited_by.as_deref(), Some("Ada Brandt"));

        let seen = house.identity.look_at_invitation(&token).await.unwrap();
        assert_eq!((seen.workspace.as_str(), seen.role.as_str(), seen.has_account), ("Acme", "Viewer", false));
        let wrong = house.identity.accept_invitation(&token, acceptance(" ", "short")).await.unwrap_err();
        let paths: Vec<_> = wrong.problem().issues.into_iter().map(|issue| issue.path).collect();
        assert_eq!(paths, ["name", "password"]);
        let tokens = house.identity.accept_invitation(&token, acceptance("Max Okafor", PASSWORD)).await.unwrap();
        let caller = house.identity.authenticate(&tokens.access_token).await.unwrap();
        assert_eq!((caller.workspace, caller.principal.name()), (workspace, "Max Okafor"));
        assert!(caller.grants.allows("deal", Action::Read) && !caller.grants.allows("deal", Action::Update));
        house.enter("max@acme.test", PASSWORD).await;

        let again = house.identity.accept_invitation(&token, acceptance("Eve", PASSWORD)).await;
        assert_eq!(failure(again), (ErrorKind::NotFound, "invitation_invalid".to_owned()));
        assert_eq!(code(house.identity.look_at_invitation(&token).await), "invitation_invalid");
        assert_eq!(house.identity.invitations(&admin).await.unwrap(), []);
        let member = house.identity.invite(&admin, invitation("max@acme.test", "Viewer")).await;
        assert_eq!(code(member), "member_exists");
    }

    async fn links_that_are_old_replaced_revoked_or_made_up_lead_nowhere(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let invite = async |email: &str| {
            let invited = house.identity.invite(&admin, invitation(email, "Member")).await.unwrap();
            (invited.invitation.id, invited.token.as_str().to_owned())
        };
        let dead = async |token: &str| {
            let taken = house.identity.accept_invitation(token, acceptance("Eve", PASSWORD)).await;
            assert_eq!(code(taken), "invitation_invalid");
        };
        let (_, first) = invite("max@acme.test").await;
        let (second, replaced) = invite("max@acme.test").await;
        dead(&first).await;
        house.identity.revoke_invitation(&admin, second).await.unwrap();
        dead(&replaced).await;
        let missing = house.identity.revoke_invitation(&admin, second).await;
        assert_eq!(code(missing), "invitation_not_found");
        let (_, old) = invite("max@acme.test").await;
        house.advance(7 * 24 * 60 * 60 + 1);
        dead(&old).await;
        assert!(house.identity.invitations(&admin).await.unwrap()[0].is_expired);
        for made_up in ["", "kontor_invite_", "kontor_invite_AAAA", &format!("kontor_invite_{}", "A".repeat(64))] {
            dead(made_up).await;
        }
        // Of another workspace, an id is none.
        let other = kontor_identity::NewWorkspace { name: "Other".into(), email: "eve@other.test".into(), ..acme() };
        let (second, eve) = house.identity.create_workspace(OPERATOR, other).await.unwrap();
        let eve = house.identity.caller_of_member(second, eve).await.unwrap();
        let (id, _) = invite("vera@acme.test").await;
        assert_eq!(code(house.identity.revoke_invitation(&eve, id).await), "invitation_not_found");
        assert_eq!(code(house.identity.member(&eve, ada).await), "member_not_found");
        assert_eq!(code(house.identity.change_member(&eve, ada, role("Viewer"), None).await), "member_not_found");
        assert_eq!(code(house.identity.make_reset_link(&eve, ada).await), "member_not_found");
        assert_eq!(code(house.identity.end_sign_ins_of(&eve, ada).await), "member_not_found");
    }

    async fn who_has_an_account_joins_with_their_own_password(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let other = kontor_identity::NewWorkspace { name: "Other".into(), email: "eve@other.test".into(), ..acme() };
        let (second, _) = house.identity.create_workspace(OPERATOR, other).await.unwrap();
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        // Nobody is added to a workspace without being asked.
        let added = house.identity.add_member(&admin, member("eve@other.test", "Member")).await;
        assert_eq!(code(added), "account_exists");
        let invited = house.identity.invite(&admin, invitation("eve@other.test", "Member")).await.unwrap();
        let token = invited.token.as_str();
        assert!(house.identity.look_at_invitation(token).await.unwrap().has_account);
        let wrong = house.identity.accept_invitation(token, acceptance("Eve", OTHER)).await;
        assert_eq!(code(wrong), "invalid_credentials");
        let tokens = house.identity.accept_invitation(token, acceptance("", PASSWORD)).await.unwrap();
        assert_eq!(house.identity.authenticate(&tokens.access_token).await.unwrap().workspace, workspace);
        let mut input = sign_in("eve@other.test", PASSWORD);
        input.workspace = Some(second.to_string());
        house.identity.sign_in(input).await.unwrap();
    }

    async fn guesses_at_the_password_of_an_invited_account_have_to_wait(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let other = kontor_identity::NewWorkspace { name: "Other".into(), email: "eve@other.test".into(), ..acme() };
        house.identity.create_workspace(OPERATOR, other).await.unwrap();
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let invited = house.identity.invite(&admin, invitation("eve@other.test", "Member")).await.unwrap();
        let mut codes = Vec::new();
        for _ in 0..7 {
            codes.push(code(house.identity.accept_invitation(invited.token.as_str(), acceptance("", OTHER)).await));
        }
        assert_eq!(codes.last().map(String::as_str), Some("too_many_attempts"), "{codes:?}");
    }

    async fn of_two_who_take_a_link_at_once_one_comes_in(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let invited = house.identity.invite(&admin, invitation("max@acme.test", "Member")).await.unwrap();
        let take = |password| house.identity.accept_invitation(invited.token.as_str(), acceptance("Max", password));
        let (one, other) = futures::join!(take(PASSWORD), take(OTHER));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let members = house.identity.members(&admin).await.unwrap();
        assert_eq!(members.iter().filter(|found| found.email == "max@acme.test").count(), 1);
        let (right, wrong) = if one.is_ok() { (PASSWORD, OTHER) } else { (OTHER, PASSWORD) };
        house.enter("max@acme.test", right).await;
        assert_eq!(code(house.identity.sign_in(sign_in("max@acme.test", wrong)).await), "invalid_credentials");
    }

    async fn nobody_invites_beyond_their_own_rights_or_after_they_have_gone(store: TestStore) {
        let (house, workspace, _) = House::with_acme(&store).await;
        let (max, caller) = house.add(workspace, "max@acme.test", "Member").await;
        assert_eq!(code(house.identity.invite(&caller, invitation("eve@acme.test", "Viewer")).await), "not_permitted");
        assert_eq!(code(house.identity.invitations(&caller).await), "not_permitted");
        let wider = house.identity.invite(&lesser(&caller), invitation("eve@acme.test", "Admin")).await;
        assert_eq!(code(wider), "role_beyond_caller");
        let unknown = house.identity.invite(&lesser(&caller), invitation("eve@acme.test", "Memeber")).await;
        assert_eq!(unknown.unwrap_err().problem().issues[0].path, "role");

        // Max is an admin who invites a friend and is turned out.
        let system = Caller::system(workspace);
        house.identity.change_member(&system, max, role("Admin"), None).await.unwrap();
        let max_as_admin = house.identity.caller_of_member(workspace, max).await.unwrap();
        let invited = house.identity.invite(&max_as_admin, invitation("eve@acme.test", "Admin")).await.unwrap();
        house.identity.change_member(&system, max, role("Member"), None).await.unwrap();
        let taken = house.identity.accept_invitation(invited.token.as_str(), acceptance("Eve", PASSWORD)).await;
        assert_eq!(code(taken), "invitation_invalid");
        house.identity.change_member(&system, max, role("Admin"), None).await.unwrap();
        house.identity.change_member(&system, max, inactive(), None).await.unwrap();
        assert_eq!(code(house.identity.look_at_invitation(invited.token.as_str()).await), "invitation_invalid");
    }

    async fn a_member_gets_another_role_and_name_and_whoever_is_slower_is_told_so(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let (max, _) = house.add(workspace, "max@acme.test", "Viewer").await;
        let patch = MemberPatch { version: Some(1), name: Some("Max O.".into()), ..role("member") };
        let changed = house.identity.change_member(&admin, max, patch, None).await.unwrap();
        assert_eq!((changed.role.as_str(), changed.name.as_str(), changed.version), ("Member", "Max O.", 2));
        assert_eq!(changed.changed_by.as_deref(), Some("Ada Brandt"));
        let now = house.identity.caller_of_member(workspace, max).await.unwrap();
        assert!(now.grants.allows("deal", Action::Update), "at once on this server");
        let late = MemberPatch { version: Some(1), ..role("Viewer") };
        let late = house.identity.change_member(&admin, max, late, None).await.unwrap_err().problem();
        assert_eq!((late.kind, &*late.code), (ErrorKind::Conflict, "changed_meanwhile"));
        assert!(late.message.contains("Ada Brandt"), "{}", late.message);
        // What changes nothing is no change.
        let same = house.identity.change_member(&admin, max, role("Member"), None).await.unwrap();
        assert_eq!(same.version, 2);
    }

    async fn the_last_admin_stays_one(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        for patch in [inactive(), role("Member")] {
            assert_eq!(code(house.identity.change_member(&admin, ada, patch.clone(), None).await), "last_admin");
            let operator = Caller::system(workspace);
            assert_eq!(code(house.identity.change_member(&operator, ada, patch, None).await), "last_admin");
        }
        assert_eq!(house.identity.member(&admin, ada).await.unwrap().version, 1);
        let (max, _) = house.add(workspace, "max@acme.test", "Admin").await;
        house.identity.change_member(&admin, max, inactive(), None).await.unwrap();
        assert_eq!(code(house.identity.change_member(&admin, ada, role("Viewer"), None).await), "last_admin");
        house.identity.change_member(&admin, max, acting(MemberStatus::Active), None).await.unwrap();
        // Of two who turn one another out at once, one stays.
        let max_as_admin = house.identity.caller_of_member(workspace, max).await.unwrap();
        let (one, other) = futures::join!(
            house.identity.change_member(&admin, max, role("Viewer"), None),
            house.identity.change_member(&max_as_admin, ada, role("Viewer"), None),
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    }

    async fn a_lesser_admin_changes_no_greater_one(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let (max, caller) = house.add(workspace, "max@acme.test", "Member").await;
        house.add(workspace, "eve@acme.test", "Admin").await;
        let caller = lesser(&caller);
        assert_eq!(code(house.identity.change_member(&caller, max, role("Admin"), None).await), "role_beyond_caller");
        for patch in [role("Viewer"), inactive()] {
            assert_eq!(code(house.identity.change_member(&caller, ada, patch, None).await), "member_beyond_caller");
        }
        assert_eq!(code(house.identity.make_reset_link(&caller, ada).await), "member_beyond_caller");
        assert_eq!(code(house.identity.sign_ins_of(&caller, ada, None).await), "member_beyond_caller");
        assert_eq!(code(house.identity.end_sign_ins_of(&caller, ada).await), "member_beyond_caller");
        let renamed = MemberPatch { name: Some("Nobody".into()), ..MemberPatch::default() };
        assert_eq!(code(house.identity.change_member(&caller, ada, renamed, None).await), "member_beyond_caller");
        // Nor is one who was turned out let in again.
        house.identity.change_member(&Caller::system(workspace), ada, inactive(), None).await.unwrap();
        let active = MemberPatch { status: Some(MemberStatus::Active), ..MemberPatch::default() };
        assert_eq!(code(house.identity.change_member(&caller, ada, active, None).await), "member_beyond_caller");
        let (vera, _) = house.add(workspace, "vera@acme.test", "Viewer").await;
        house.identity.change_member(&caller, vera, role("Member"), None).await.unwrap();
        house.identity.make_reset_link(&caller, vera).await.unwrap();
        house.identity.change_member(&caller, vera, inactive(), None).await.unwrap();
    }

    async fn sign_ins_are_seen_and_ended_by_their_owner(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let mut browser = sign_in("ada@acme.test", PASSWORD);
        browser.user_agent = Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into());
        browser.remote = Some("192.0.2.7".parse().unwrap());
        let session = house.identity.start_browser_session(browser).await.unwrap();
        house.advance(60);
        let (here, there) = (house.enter("ada@acme.test", PASSWORD).await, house.enter("ada@acme.test", PASSWORD).await);
        let caller = house.identity.authenticate(&here.access_token).await.unwrap();
        let seen = house.identity.own_sign_ins(&caller, &credential(&here)).await.unwrap();
        assert_eq!(seen.iter().filter(|seen| seen.is_current).count(), 1);
        let first = seen.last().unwrap();
        assert_eq!((first.browser.as_str(), first.address.as_deref()), ("Firefox on Linux", Some("192.0.2.7")));
        assert_eq!((first.workspace.as_str(), first.is_current), ("Acme", false));
        house.identity.end_own_sign_in(&caller, first.id).await.unwrap();
        assert_eq!(code(house.identity.authenticate_cookie(&session.cookie).await), "invalid_token");
        assert_eq!(code(house.identity.end_own_sign_in(&caller, first.id).await), "sign_in_not_found");
        assert_eq!(house.identity.end_other_sign_ins(&caller, &credential(&here)).await.unwrap(), 1);
        assert!(house.is_in(&house.identity, &here).await && !house.is_in(&house.identity, &there).await);

        // Another's are nobody's.
        let (max, max_caller) = house.add(workspace, "max@acme.test", "Member").await;
        let maxs = house.enter("max@acme.test", PASSWORD).await;
        let own = house.identity.own_sign_ins(&caller, &credential(&here)).await.unwrap()[0].id;
        assert_eq!(code(house.identity.end_own_sign_in(&max_caller, own).await), "sign_in_not_found");
        assert_eq!(code(house.identity.sign_ins_of(&max_caller, ada, None).await), "not_permitted");
        assert_eq!(code(house.identity.end_sign_ins_of(&max_caller, ada).await), "not_permitted");

        // An admin ends those of a member, also on another server, whose tokens end with them.
        let elsewhere = house.reopened(settings()).await;
        assert!(house.is_in(&elsewhere, &maxs).await);
        let listed = house.identity.sign_ins_of(&caller, max, Some(&credential(&here))).await.unwrap();
        assert_eq!((listed.len(), listed[0].is_current), (1, false));
        assert_eq!(code(house.identity.end_sign_in_of(&caller, ada, listed[0].id).await), "sign_in_not_found");
        house.identity.end_sign_in_of(&caller, max, listed[0].id).await.unwrap();
        assert!(!house.is_in(&house.identity, &maxs).await);
        house.advance(5);
        assert!(!house.is_in(&elsewhere, &maxs).await);
        assert_eq!(code(house.identity.refresh(&maxs.refresh_token).await), "invalid_token");
    }

    async fn when_a_member_was_last_seen_outlives_their_sign_ins(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        assert_eq!(house.identity.member(&admin, ada).await.unwrap().last_seen_at, None);
        let tokens = house.enter("ada@acme.test", PASSWORD).await;
        house.advance(600);
        let seen = house.environment.now();
        let tokens = house.identity.refresh(&tokens.refresh_token).await.unwrap();
        house.identity.sign_out(&tokens.refresh_token).await.unwrap();
        assert_eq!(house.identity.member(&admin, ada).await.unwrap().last_seen_at, Some(seen));
    }

    async fn a_password_is_set_once_by_a_link_which_ends_every_sign_in(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let (max, caller) = house.add(workspace, "max@acme.test", "Member").await;
        let before = house.enter("max@acme.test", PASSWORD).await;
        assert_eq!(code(house.identity.make_reset_link(&caller, max).await), "not_permitted");
        assert_eq!(code(house.identity.make_reset_link(&admin, ada).await), "own_account");
        let former = house.identity.make_reset_link(&admin, max).await.unwrap();
        let link = house.identity.make_reset_link(&admin, max).await.unwrap();
        assert!(!format!("{link:?}").contains(&link.token));
        assert_eq!(code(house.identity.look_at_reset_link(&former.token).await), "reset_link_invalid");
        assert_eq!(house.identity.look_at_reset_link(&link.token).await.unwrap().email, "max@acme.test");
        assert_eq!(code(house.identity.reset_password(&link.token, "short").await), "invalid_input");
        assert!(house.is_in(&house.identity, &before).await);
        house.identity.reset_password(&link.token, OTHER).await.unwrap();
        assert!(!house.is_in(&house.identity, &before).await);
        house.enter("max@acme.test", OTHER).await;
        assert_eq!(code(house.identity.reset_password(&link.token, PASSWORD).await), "reset_link_invalid");
        let link = house.identity.make_reset_link(&admin, max).await.unwrap();
        house.advance(24 * 60 * 60 + 1);
        assert_eq!(code(house.identity.reset_password(&link.token, PASSWORD).await), "reset_link_invalid");
        house.identity.change_member(&admin, max, inactive(), None).await.unwrap();
        assert_eq!(code(house.identity.make_reset_link(&admin, max).await), "member_inactive");
    }

    async fn a_link_to_a_password_dies_with_the_rights_of_its_maker(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let (_, eve) = house.add(workspace, "eve@acme.test", "Admin").await;
        let (max, _) = house.add(workspace, "max@acme.test", "Member").await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let link = house.identity.make_reset_link(&admin, max).await.unwrap();
        house.identity.look_at_reset_link(&link.token).await.unwrap();
        house.identity.change_member(&eve, ada, role("Viewer"), None).await.unwrap();
        assert_eq!(code(house.identity.reset_password(&link.token, OTHER).await), "reset_link_invalid");
        house.identity.change_member(&eve, ada, role("Admin"), None).await.unwrap();
        house.identity.look_at_reset_link(&link.token).await.unwrap();
        house.identity.change_member(&eve, ada, inactive(), None).await.unwrap();
        assert_eq!(code(house.identity.reset_password(&link.token, OTHER).await), "reset_link_invalid");
    }

    async fn no_admin_takes_over_an_account_that_belongs_to_others_too(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let other = kontor_identity::NewWorkspace { name: "Other".into(), email: "eve@other.test".into(), ..acme() };
        let (second, eve) = house.identity.create_workspace(OPERATOR, other).await.unwrap();
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let (max, _) = house.add(workspace, "max@acme.test", "Member").await;
        let link = house.identity.make_reset_link(&admin, max).await.unwrap();
        // Max comes to another workspace after the link was made.
        let there = house.identity.add_member(&Caller::system(second), member("max@acme.test", "Admin")).await.unwrap();
        assert_eq!(code(house.identity.look_at_reset_link(&link.token).await), "reset_link_invalid");
        assert_eq!(code(house.identity.reset_password(&link.token, OTHER).await), "reset_link_invalid");
        assert_eq!(code(house.identity.make_reset_link(&admin, max).await), "belongs_elsewhere");
        // Also where they may not act there any more: they may again tomorrow.
        let eve = house.identity.caller_of_member(second, eve).await.unwrap();
        house.identity.change_member(&eve, there, inactive(), None).await.unwrap();
        assert_eq!(code(house.identity.make_reset_link(&admin, max).await), "belongs_elsewhere");
        let link = house.identity.make_reset_link(&Caller::system(workspace), max).await.unwrap();
        house.identity.reset_password(&link.token, OTHER).await.unwrap();
        house.identity.sign_in(kontor_identity::SignIn { workspace: Some("Acme".into()), ..sign_in("max@acme.test", OTHER) }).await.unwrap();
    }

    async fn ones_own_password_is_changed_with_the_one_there_is(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let (here, there) = (house.enter("ada@acme.test", PASSWORD).await, house.enter("ada@acme.test", PASSWORD).await);
        let caller = house.identity.authenticate(&here.access_token).await.unwrap();
        let change = |current: &str, new: &str| PasswordChange { current: current.into(), new: new.into(), remote: None };
        let short = house.identity.change_own_password(&caller, &credential(&here), change(PASSWORD, "short")).await;
        assert_eq!(short.unwrap_err().problem().issues[0].path, "new_password");
        house.identity.change_own_password(&caller, &credential(&here), change(PASSWORD, OTHER)).await.unwrap();
        assert!(house.is_in(&house.identity, &here).await && !house.is_in(&house.identity, &there).await);
        house.enter("ada@acme.test", OTHER).await;
        let mut codes = Vec::new();
        for _ in 0..7 {
            let wrong = house.identity.change_own_password(&caller, &credential(&here), change(PASSWORD, PASSWORD)).await;
            let problem = wrong.unwrap_err().problem();
            codes.push(problem.issues.first().map_or(problem.code.to_string(), |issue| issue.path.clone()));
        }
        assert_eq!(codes[0], "current_password");
        assert_eq!(codes[6], "too_many_attempts", "{codes:?}");
        assert!(house.enter("ada@acme.test", OTHER).await.expires_in > 0, "signing in is not held back");
    }
}
