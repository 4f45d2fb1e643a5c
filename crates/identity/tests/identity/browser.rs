use kontor_store::{both_engines, testing::TestStore};

use crate::house::{House, PASSWORD, code, sign_in};

const DAY: u64 = 24 * 60 * 60;

both_engines! {
    async fn a_cookie_stands_for_its_member_until_they_sign_out(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let session = house.identity.start_browser_session(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        assert!(session.cookie.starts_with("kontor_cs_"));
        let (caller, _) = house.identity.authenticate_cookie(&session.cookie).await.unwrap();
        assert_eq!((caller.workspace, caller.member()), (workspace, Some(ada)));
        assert_eq!(code(house.identity.authenticate(&session.cookie).await), "invalid_token");
        house.identity.sign_out(&session.cookie).await.unwrap();
        assert_eq!(code(house.identity.authenticate_cookie(&session.cookie).await), "invalid_token");
        assert_eq!(code(house.identity.authenticate_cookie("kontor_cs_AAAA").await), "invalid_token");
    }

    async fn a_csrf_token_belongs_to_its_session(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let one = house.identity.start_browser_session(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        let two = house.identity.start_browser_session(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        let (_, csrf) = house.identity.authenticate_cookie(&one.cookie).await.unwrap();
        csrf.verify(one.csrf.token()).unwrap();
        for wrong in ["", two.csrf.token(), &one.cookie, &one.csrf.token()[1..]] {
            assert_eq!(code(csrf.verify(wrong)), "csrf_token_invalid");
        }
    }

    async fn a_session_lasts_while_it_is_used_and_ends_when_it_is_not(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let session = house.identity.start_browser_session(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        for _ in 0..4 {
            house.advance(10 * DAY);
            house.identity.authenticate_cookie(&session.cookie).await.unwrap();
        }
        house.advance(14 * DAY);
        assert_eq!(code(house.identity.authenticate_cookie(&session.cookie).await), "invalid_token");
    }
}
