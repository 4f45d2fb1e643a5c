use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_core::{actor::Principal, caller::Caller, grants::Action, ids::WorkspaceId};
use kontor_identity::{IdentitySettings, MemberStatus};
use kontor_store::{Store, both_engines, testing::TestStore};
use sea_query::Query;
use serde_json::{Value, json};

use crate::house::{House, OPERATOR, PASSWORD, SECRET, acting, code, member, open, settings, sign_in};

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn assembled(header: &Value, claims: &Value, signature: &str) -> String {
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.{signature}", encode(header), encode(claims))
}

/// The signing keys as the database has them.
async fn sealed_keys(store: &Store) -> Vec<String> {
    let read: Result<Vec<String>, kontor_store::Error> = store
        .directory()
        .read((), |tx, ()| {
            Box::pin(async move {
                let keys = Query::select().column("sealed_key").from(tx.table("signing_keys")).take();
                tx.fetch_all(&keys).await?.iter().map(|row| row.get(0)).collect()
            })
        })
        .await;
    read.unwrap()
}

both_engines! {
    async fn an_access_token_says_who_it_is_for_and_opens_what_their_role_allows(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let tokens = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        assert_eq!((tokens.token_type, tokens.expires_in), ("Bearer", 900));
        assert!(tokens.refresh_token.starts_with("kontor_rt_"));
        let caller = house.identity.authenticate(&tokens.access_token).await.unwrap();
        assert_eq!(caller.principal, Principal::Member { id: ada, name: "Ada Brandt".to_owned() });
        assert!(caller.grants.allows("deal", Action::Destroy));
        let (header, claims) = (part(&tokens.access_token, 0), part(&tokens.access_token, 1));
        assert_eq!(header["alg"], "EdDSA");
        assert_eq!(header["kid"], house.identity.jwks()["keys"][0]["kid"]);
        assert_eq!(claims["sub"], json!(house.identity.me(&caller).await.unwrap().user.id));
        assert_eq!(claims["workspace_id"], json!(workspace));
        assert_eq!(claims["workspace_member_id"], json!(ada));
        assert_eq!(claims["type"], "access");
        assert_eq!(claims["aud"], "kontor");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    }

    async fn an_access_token_expires(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let tokens = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        house.advance(899);
        house.identity.authenticate(&tokens.access_token).await.unwrap();
        house.advance(1);
        assert_eq!(code(house.identity.authenticate(&tokens.access_token).await), "token_expired");
        let tokens = house.identity.refresh(&tokens.refresh_token).await.unwrap();
        house.identity.authenticate(&tokens.access_token).await.unwrap();
    }

    async fn a_forged_token_is_refused(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let mut other = crate::house::acme();
        other.name = "Other".to_owned();
        other.email = "eve@other.test".to_owned();
        let (foreign, _) = house.identity.create_workspace(OPERATOR, other).await.unwrap();
        let token = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap().access_token;
        let (header, claims) = (part(&token, 0), part(&token, 1));
        let signature = token.rsplit('.').next().unwrap();
        let with = |json: &Value, key: &str, value: Value| {
            let mut changed = json.clone();
            changed[key] = value;
            changed
        };
        let hmac = {
            let header = with(&header, "alg", json!("HS256"));
            let public = house.identity.jwks()["keys"][0]["x"].as_str().unwrap().to_owned();
            // Signed by the public key as a shared secret.
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &URL_SAFE_NO_PAD.decode(public).unwrap());
            let unsigned = assembled(&header, &claims, "");
            let signed = ring::hmac::sign(&key, unsigned.trim_end_matches('.').as_bytes());
            assembled(&header, &claims, &URL_SAFE_NO_PAD.encode(signed))
        };
        let forged = [
            String::new(),
            "a.b.c".to_owned(),
            "x".repeat(100_000),
            token.to_uppercase(),
            format!("{token}A"),
            assembled(&with(&header, "alg", json!("none")), &claims, ""),
            assembled(&with(&header, "alg", json!("none")), &claims, signature),
            assembled(&with(&header, "kid", json!("another")), &claims, signature),
            assembled(&json!({ "alg": "EdDSA" }), &claims, signature),
            assembled(&header, &with(&claims, "workspace_id", json!(foreign)), signature),
            assembled(&header, &with(&claims, "exp", json!(i64::MAX)), signature),
            hmac,
        ];
        for (index, forged) in forged.iter().enumerate() {
            assert_eq!(code(house.identity.authenticate(forged).await), "invalid_token", "{index}");
        }
        house.identity.authenticate(&token).await.unwrap();
    }

    async fn a_token_of_another_issuer_is_refused(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let elsewhere = IdentitySettings { issuer: "https://elsewhere.test".to_owned(), ..settings() };
        let elsewhere = house.reopened(elsewhere).await;
        let tokens = elsewhere.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        assert_eq!(code(house.identity.authenticate(&tokens.access_token).await), "invalid_token");
    }

    async fn a_token_holds_after_a_restart_and_not_with_another_secret(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let tokens = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        let restarted = house.reopened(settings()).await;
        assert_eq!(restarted.jwks(), house.identity.jwks());
        restarted.authenticate(&tokens.access_token).await.unwrap();
        let other = house.open("another master secret, as long as it", settings()).await;
        assert!(matches!(other.err(), Some(kontor_identity::Error::OtherSecret)));
    }

    async fn secrets_are_sealed_anew_by_a_rotation_and_open_as_before(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let tokens = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        let before = sealed_keys(&house.store).await;
        for version in 1..=2 {
            let rotated = house.identity.rotate_sealing_key(OPERATOR).await.unwrap();
            assert_eq!((rotated.version, rotated.resealed), (version, 1));
            let sealed = sealed_keys(&house.store).await;
            assert!(sealed.iter().all(|sealed| sealed.starts_with(&format!("{version}."))), "{sealed:?}");
            assert_ne!(sealed, before);
            // The server that runs goes on, and one that starts finds the same keys.
            house.identity.authenticate(&tokens.access_token).await.unwrap();
            let restarted = house.reopened(settings()).await;
            assert_eq!(restarted.jwks(), house.identity.jwks());
        }
        let other = house.open("another master secret, as long as it", settings()).await;
        assert!(matches!(other.err(), Some(kontor_identity::Error::OtherSecret)));
    }

    async fn a_refresh_token_works_once_and_its_reuse_ends_the_family(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let first = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        let bystander = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        let second = house.identity.refresh(&first.refresh_token).await.unwrap();
        let third = house.identity.refresh(&second.refresh_token).await.unwrap();
        house.identity.authenticate(&third.access_token).await.unwrap();
        assert_eq!(code(house.identity.refresh(&first.refresh_token).await), "invalid_token");
        assert_eq!(code(house.identity.refresh(&third.refresh_token).await), "invalid_token");
        assert_eq!(code(house.identity.authenticate(&third.access_token).await), "invalid_token");
        house.identity.refresh(&bystander.refresh_token).await.unwrap();
    }

    async fn a_refresh_that_fails_in_passing_does_not_use_the_token_up(store: TestStore) {
        let (house, workspace, _) = House::with_acme(&store).await;
        let tokens = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        let namespace = store.workspace(workspace).await.unwrap();
        namespace
            .write((), |tx, ()| {
                Box::pin(async move {
                    let insert = Query::insert()
                        .into_table(tx.table("schema_migrations"))
                        .columns(["version", "name", "checksum", "applied_at"])
                        .values_panic([9_999_i64.into(), "later".into(), "sum".into(), 0_i64.into()])
                        .to_owned();
                    tx.execute(&insert).await
                })
            })
            .await
            .unwrap();
        let reopened = Store::open(store.config(), house.environment.clone()).await.unwrap();
        let elsewhere = open(&reopened, &house.environment, &house.furnisher, SECRET, settings()).await.unwrap();
        assert_eq!(code(elsewhere.refresh(&tokens.refresh_token).await), "workspace_closed");
        house.identity.refresh(&tokens.refresh_token).await.unwrap();
        reopened.close().await;
    }

    async fn of_two_refreshes_at_once_at_most_one_succeeds(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let tokens = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        let (a, b) = tokio::join!(
            house.identity.refresh(&tokens.refresh_token),
            house.identity.refresh(&tokens.refresh_token),
        );
        assert!(a.is_err() || b.is_err());
    }

    async fn a_refresh_token_that_lies_unused_for_long_is_refused(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let tokens = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        house.advance(30 * 24 * 60 * 60);
        assert_eq!(code(house.identity.refresh(&tokens.refresh_token).await), "invalid_token");
    }

    async fn signing_out_ends_the_sign_in_at_once(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        for by_access_token in [false, true] {
            let tokens = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
            house.identity.authenticate(&tokens.access_token).await.unwrap();
            let credential = if by_access_token { &tokens.access_token } else { &tokens.refresh_token };
            house.identity.sign_out(credential).await.unwrap();
            house.identity.sign_out(credential).await.unwrap();
            assert_eq!(code(house.identity.authenticate(&tokens.access_token).await), "invalid_token");
            assert_eq!(code(house.identity.refresh(&tokens.refresh_token).await), "invalid_token");
        }
    }

    async fn a_changed_password_ends_every_sign_in(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let tokens = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        let session = house.identity.start_browser_session(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        house.identity.authenticate_cookie(&session.cookie).await.unwrap();
        house.identity.set_password(OPERATOR, "ada@acme.test", "a new good password").await.unwrap();
        assert_eq!(code(house.identity.authenticate(&tokens.access_token).await), "invalid_token");
        assert_eq!(code(house.identity.refresh(&tokens.refresh_token).await), "invalid_token");
        assert_eq!(code(house.identity.authenticate_cookie(&session.cookie).await), "invalid_token");
        let old = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await;
        assert_eq!(code(old), "invalid_credentials");
        house.identity.sign_in(sign_in("ada@acme.test", "a new good password")).await.unwrap();
    }

    async fn a_member_who_is_made_inactive_is_out_at_once_here_and_in_seconds_elsewhere(store: TestStore) {
        let (house, workspace, _) = House::with_acme(&store).await;
        let max = house.identity.add_member(&Caller::system(workspace), member("max@acme.test", "Member")).await.unwrap();
        let elsewhere = house.reopened(settings()).await;
        let tokens = house.identity.sign_in(sign_in("max@acme.test", PASSWORD)).await.unwrap();
        elsewhere.authenticate(&tokens.access_token).await.unwrap();
        house.identity.authenticate(&tokens.access_token).await.unwrap();
        house.identity.change_member(&Caller::system(workspace), max, acting(MemberStatus::Inactive), None).await.unwrap();
        assert_eq!(code(house.identity.authenticate(&tokens.access_token).await), "invalid_token");
        assert_eq!(code(house.identity.caller_of_member(workspace, max).await), "member_inactive");
        house.advance(5);
        assert_eq!(code(elsewhere.authenticate(&tokens.access_token).await), "invalid_token");
        assert_eq!(code(elsewhere.refresh(&tokens.refresh_token).await), "invalid_token");
        let refused = house.identity.sign_in(sign_in("max@acme.test", PASSWORD)).await;
        assert_eq!(code(refused), "member_inactive");
        // Who may act again signs in again.
        house.identity.change_member(&Caller::system(workspace), max, acting(MemberStatus::Active), None).await.unwrap();
        assert_eq!(code(house.identity.refresh(&tokens.refresh_token).await), "invalid_token");
        assert_eq!(code(house.identity.authenticate(&tokens.access_token).await), "invalid_token");
        house.identity.sign_in(sign_in("max@acme.test", PASSWORD)).await.unwrap();
    }

    async fn a_member_of_one_workspace_is_nobody_in_another(store: TestStore) {
        let (house, acme, ada) = House::with_acme(&store).await;
        let mut other = crate::house::acme();
        other.name = "Other".to_owned();
        other.email = "eve@other.test".to_owned();
        let (foreign, eve) = house.identity.create_workspace(OPERATOR, other).await.unwrap();
        assert_eq!(code(house.identity.caller_of_member(foreign, ada).await), "member_not_found");
        assert_eq!(code(house.identity.caller_of_member(acme, eve).await), "member_not_found");
        let nowhere: WorkspaceId = house.environment.new_id();
        assert_eq!(code(house.identity.caller_of_member(nowhere, ada).await), "workspace_not_found");
    }
}
