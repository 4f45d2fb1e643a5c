use std::sync::atomic::Ordering;

use kontor_store::{both_engines, testing::TestStore};

use crate::house::{House, OPERATOR, PASSWORD, acme, code, sign_in};

both_engines! {
    async fn a_setup_token_makes_one_workspace(store: TestStore) {
        let house = House::empty(&store).await;
        assert!(!house.identity.has_workspace().await.unwrap());
        let token = house.identity.setup_token().await.unwrap();
        assert!(token.starts_with("kontor_setup_"));
        house.identity.check_setup_token(&token).await.unwrap();
        let (workspace, member) = house.identity.set_up(&token, acme()).await.unwrap();
        assert!(house.identity.has_workspace().await.unwrap());
        assert_eq!(code(house.identity.set_up(&token, acme()).await), "setup_token_invalid");
        assert_eq!(code(house.identity.setup_token().await), "already_set_up");
        let tokens = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        let caller = house.identity.authenticate(&tokens.access_token).await.unwrap();
        assert_eq!((caller.workspace, caller.member()), (workspace, Some(member)));
    }

    async fn a_setup_token_that_was_renewed_or_is_a_day_old_is_refused(store: TestStore) {
        let house = House::empty(&store).await;
        let former = house.identity.setup_token().await.unwrap();
        let token = house.identity.setup_token().await.unwrap();
        assert_eq!(code(house.identity.set_up(&former, acme()).await), "setup_token_invalid");
        assert_eq!(code(house.identity.set_up("kontor_setup_AAAA", acme()).await), "setup_token_invalid");
        house.advance(24 * 60 * 60);
        assert_eq!(code(house.identity.set_up(&token, acme()).await), "setup_token_invalid");
    }

    async fn a_setup_that_fails_can_be_tried_again_with_the_same_link(store: TestStore) {
        let house = House::empty(&store).await;
        let token = house.identity.setup_token().await.unwrap();
        let mut weak = acme();
        weak.password = "short".to_owned();
        assert_eq!(code(house.identity.set_up(&token, weak).await), "invalid_input");
        house.furnisher.fails.store(true, Ordering::SeqCst);
        assert_eq!(code(house.identity.set_up(&token, acme()).await), "internal");
        assert!(!house.identity.has_workspace().await.unwrap());
        house.furnisher.fails.store(false, Ordering::SeqCst);
        let mut again = acme();
        again.password = "another good password".to_owned();
        house.identity.set_up(&token, again).await.unwrap();
        house.identity.sign_in(sign_in("ada@acme.test", "another good password")).await.unwrap();
    }

    async fn two_uses_of_a_setup_token_at_once_make_one_workspace(store: TestStore) {
        let house = House::empty(&store).await;
        let token = house.identity.setup_token().await.unwrap();
        let mut other = acme();
        other.name = "Other".to_owned();
        let (a, b) = tokio::join!(
            house.identity.set_up(&token, acme()),
            house.identity.set_up(&token, other),
        );
        assert_ne!(a.is_ok(), b.is_ok(), "{a:?} {b:?}");
        assert_eq!(house.identity.workspaces(OPERATOR).await.unwrap().len(), 1);
    }
}
