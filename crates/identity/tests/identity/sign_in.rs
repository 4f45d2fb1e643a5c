use std::time::Duration;

use kontor_core::error::{ErrorKind, Fault as _};
use kontor_identity::{IdentitySettings, PasswordCost};
use kontor_store::{both_engines, testing::TestStore};
use sea_query::{Expr, ExprTrait as _, Query};

use crate::house::{
    House, PASSWORD, SECRET, clock_at, code, failure, member, open, settings, sign_in, wait_of,
};

async fn kept_hash(house: &House, email: &'static str) -> String {
    let hash: Result<String, kontor_store::Error> = house
        .store
        .directory()
        .read(move |tx| {
            let statement = Query::select()
                .column("password_hash")
                .from(tx.table("users"))
                .and_where(Expr::col("email").eq(email))
                .to_owned();
            Box::pin(async move { tx.fetch_one(&statement).await?.get(0) })
        })
        .await;
    hash.unwrap()
}

both_engines! {
    async fn an_unknown_account_and_a_wrong_password_get_the_same_answer(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let wrong = house.identity.sign_in(sign_in("ada@acme.test", "wrong password")).await;
        let unknown = house.identity.sign_in(sign_in("eve@acme.test", "wrong password")).await;
        assert_eq!(wrong.unwrap_err().problem(), unknown.unwrap_err().problem());
        let odd = house.identity.sign_in(sign_in("a\0b@acme.test", "wrong password")).await;
        assert_eq!(failure(odd), (ErrorKind::Unauthenticated, "invalid_credentials".to_owned()));
        let huge = house.identity.sign_in(sign_in("ada@acme.test", &"x".repeat(100_000))).await;
        assert_eq!(code(huge), "invalid_credentials");
    }

    async fn addresses_are_compared_without_case(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        house.identity.sign_in(sign_in(" ADA@acme.TEST ", PASSWORD)).await.unwrap();
    }

    async fn failures_cost_a_wait_that_doubles_and_survives_a_restart(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        for _ in 0..5 {
            let failed = house.identity.sign_in(sign_in("ada@acme.test", "wrong password")).await;
            assert_eq!(code(failed), "invalid_credentials");
        }
        let restarted = house.reopened(settings()).await;
        let refused = restarted.sign_in(sign_in("ada@acme.test", PASSWORD)).await;
        assert_eq!(wait_of(refused), Duration::from_secs(1));
        house.advance(1);
        let failed = restarted.sign_in(sign_in("ada@acme.test", "wrong password")).await;
        assert_eq!(code(failed), "invalid_credentials");
        let refused = restarted.sign_in(sign_in("ada@acme.test", PASSWORD)).await;
        assert_eq!(wait_of(refused), Duration::from_secs(2));
        house.advance(2);
        restarted.sign_in(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        for _ in 0..5 {
            let failed = restarted.sign_in(sign_in("ada@acme.test", "wrong password")).await;
            assert_eq!(code(failed), "invalid_credentials", "a success starts afresh");
        }
    }

    async fn an_account_that_does_not_exist_is_throttled_alike(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        for _ in 0..5 {
            let _ = house.identity.sign_in(sign_in("eve@acme.test", "wrong password")).await;
        }
        let refused = house.identity.sign_in(sign_in("eve@acme.test", "wrong password")).await;
        assert_eq!(wait_of(refused), Duration::from_secs(1));
    }

    async fn an_address_that_tries_many_accounts_has_to_wait_and_others_do_not(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let from = |email: &str, address: &str| {
            let mut input = sign_in(email, "wrong password");
            input.remote = Some(address.parse().unwrap());
            input
        };
        for n in 0..20 {
            let failed = house.identity.sign_in(from(&format!("user{n}@acme.test"), "192.0.2.1")).await;
            assert_eq!(code(failed), "invalid_credentials");
        }
        let refused = house.identity.sign_in(from("user99@acme.test", "192.0.2.1")).await;
        assert_eq!(failure(refused).0, ErrorKind::Limited);
        let elsewhere = house.identity.sign_in(from("user99@acme.test", "192.0.2.2")).await;
        assert_eq!(code(elsewhere), "invalid_credentials");
    }

    async fn a_clock_that_is_a_moment_behind_is_no_reason_to_wait(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let (_, environment) = clock_at("2026-03-01T09:29:59.999Z");
        let behind = open(&store, &environment, &house.furnisher, SECRET, settings()).await.unwrap();
        let attempt = |password: &str| {
            let mut input = sign_in("ada@acme.test", password);
            input.remote = Some("192.0.2.1".parse().unwrap());
            input
        };
        assert_eq!(code(house.identity.sign_in(attempt("wrong password")).await), "invalid_credentials");
        behind.sign_in(attempt(PASSWORD)).await.unwrap();
        for _ in 0..3 {
            house.identity.sign_in(attempt(PASSWORD)).await.unwrap();
            behind.sign_in(attempt(PASSWORD)).await.unwrap();
        }
    }

    async fn attempts_made_at_once_are_all_counted(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let attempts = (0..12).map(|_| house.identity.sign_in(sign_in("ada@acme.test", "wrong password")));
        let codes: Vec<_> = futures::future::join_all(attempts).await.into_iter().map(code).collect();
        let tried = codes.iter().filter(|code| *code == "invalid_credentials").count();
        assert_eq!(tried, 5, "{codes:?}");
    }

    async fn whoever_belongs_to_several_workspaces_names_one(store: TestStore) {
        let (house, acme, _) = House::with_acme(&store).await;
        let mut new = crate::house::acme();
        new.name = "Zürich Office".to_owned();
        let (zurich, _) = house.identity.create_workspace(new).await.unwrap();
        let refused = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await;
        let problem = refused.unwrap_err().problem();
        assert_eq!((problem.kind, problem.code.as_ref()), (ErrorKind::Conflict, "workspace_required"));
        let options: Vec<_> = problem.issues.iter().map(|issue| issue.message.clone()).collect();
        assert_eq!(options, [format!("Acme ({acme})"), format!("Zürich Office ({zurich})")]);
        let wrong = house.identity.sign_in(sign_in("ada@acme.test", "wrong password")).await;
        assert_eq!(code(wrong), "invalid_credentials");
        for (name, expected) in [("zurich office", zurich), (&acme.to_string(), acme)] {
            let mut input = sign_in("ada@acme.test", PASSWORD);
            input.workspace = Some(name.to_owned());
            let tokens = house.identity.sign_in(input).await.unwrap();
            let caller = house.identity.authenticate(&tokens.access_token).await.unwrap();
            assert_eq!(caller.workspace, expected);
        }
        let mut input = sign_in("ada@acme.test", PASSWORD);
        input.workspace = Some("Elsewhere".to_owned());
        assert_eq!(code(house.identity.sign_in(input).await), "no_membership");
    }

    async fn a_password_hash_made_at_another_cost_is_renewed_on_sign_in(store: TestStore) {
        let (house, workspace, _) = House::with_acme(&store).await;
        house.identity.add_member(workspace, member("max@acme.test", "Member")).await.unwrap();
        let password_cost = PasswordCost { memory_kib: 16, iterations: 1, lanes: 1 };
        let dearer = house.reopened(IdentitySettings { password_cost, ..settings() }).await;
        assert!(kept_hash(&house, "max@acme.test").await.contains("$m=8,"));
        dearer.sign_in(sign_in("max@acme.test", PASSWORD)).await.unwrap();
        assert!(kept_hash(&house, "max@acme.test").await.contains("$m=16,"));
        dearer.sign_in(sign_in("max@acme.test", PASSWORD)).await.unwrap();
    }
}
