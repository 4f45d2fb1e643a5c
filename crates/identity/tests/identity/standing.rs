use std::{sync::Arc, time::Duration};

use kontor_core::{caller::Caller, grants::Grants};
use kontor_identity::{Credential, Identity, IdentitySettings, MemberStatus};
use kontor_store::{both_engines, testing::TestStore};

use crate::house::{House, PASSWORD, acting, member, settings, sign_in};

/// Whether they are sent away within so long.
async fn is_dismissed(identity: &Identity, credential: Credential, caller: Caller, within: u64) -> bool {
    let within = Duration::from_millis(within);
    tokio::time::timeout(within, identity.until_revoked(credential, caller)).await.is_ok()
}

async fn enter(identity: &Identity) -> (String, Caller) {
    let token = identity.sign_in(sign_in("max@acme.test", PASSWORD)).await.unwrap().access_token;
    let caller = identity.authenticate(&token).await.unwrap();
    (token, caller)
}

both_engines! {
    async fn whoever_may_not_stay_is_dismissed(store: TestStore) {
        const LONG: u64 = 10_000;
        let (house, workspace, _) = House::with_acme(&store).await;
        let quick = IdentitySettings { caller_cache_for: Duration::from_millis(20), ..settings() };
        let identity = house.reopened(quick).await;
        let max = identity.add_member(&Caller::system(workspace), member("max@acme.test", "Member")).await.unwrap();

        let (token, caller) = enter(&identity).await;
        let credential = Credential::AccessToken(token.clone());
        assert!(!is_dismissed(&identity, credential.clone(), caller.clone(), 300).await);
        let before = Caller { grants: Arc::new(Grants::everything()), ..caller.clone() };
        assert!(is_dismissed(&identity, credential.clone(), before, LONG).await, "they had another role");
        identity.sign_out(&token).await.unwrap();
        assert!(is_dismissed(&identity, credential, caller, LONG).await, "they signed out");

        let session = identity.start_browser_session(sign_in("max@acme.test", PASSWORD)).await.unwrap();
        let (caller, _) = identity.authenticate_cookie(&session.cookie).await.unwrap();
        let credential = Credential::Cookie(session.cookie.clone());
        assert!(!is_dismissed(&identity, credential.clone(), caller.clone(), 300).await);
        let zone = serde_json::json!({ "time_zone": "Asia/Tokyo" }).as_object().unwrap().clone();
        identity.change_member_settings(&caller, &zone).await.unwrap();
        let stays = !is_dismissed(&identity, credential.clone(), caller.clone(), 300).await;
        assert!(stays, "another time zone ends nothing");
        identity.sign_out(&session.cookie).await.unwrap();
        assert!(is_dismissed(&identity, credential, caller, LONG).await, "they signed out");

        let (token, caller) = enter(&identity).await;
        house.advance(900);
        assert!(is_dismissed(&identity, Credential::AccessToken(token), caller, LONG).await, "it expired");

        let (token, caller) = enter(&identity).await;
        identity.change_member(&Caller::system(workspace), max, acting(MemberStatus::Inactive), None).await.unwrap();
        assert!(is_dismissed(&identity, Credential::AccessToken(token), caller, LONG).await, "they are out");
    }
}
