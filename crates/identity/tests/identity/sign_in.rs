use std::time::Duration;

use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Fault as _},
};
use kontor_identity::{Error, IdentitySettings, PasswordCost, SignIn};
use kontor_store::{both_engines, testing::TestStore};
use sea_query::{Expr, ExprTrait as _, Query};

use crate::house::{
    House, OPERATOR, PASSWORD, SECRET, clock_at, code, failure, member, open, settings, sign_in, wait_of,
};

async fn kept_hash(house: &House, email: &'static str) -> String {
    let hash: Result<String, kontor_store::Error> = house
        .store
        .directory()
        .read(email, |tx, &email| {
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

fn from(address: &str, email: &str, password: &str) -> SignIn {
    SignIn { remote: Some(address.parse().unwrap()), ..sign_in(email, password) }
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

    async fn the_right_password_passes_from_where_many_accounts_are_guessed_at(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        for n in 0..30 {
            let failed = house.identity.sign_in(from("192.0.2.1", &format!("user{n}@acme.test"), "wrong password")).await;
            assert_eq!(code(failed), "invalid_credentials");
            if n % 5 == 4 {
                house.identity.sign_in(from("192.0.2.1", "ada@acme.test", PASSWORD)).await.unwrap();
            }
        }
    }

    async fn guesses_at_an_account_have_the_guesser_wait_and_not_its_owner(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        for _ in 0..5 {
            let failed = house.identity.sign_in(from("192.0.2.1", "ada@acme.test", "wrong password")).await;
            assert_eq!(code(failed), "invalid_credentials");
        }
        for _ in 0..3 {
            let refused = house.identity.sign_in(from("192.0.2.1", "ada@acme.test", "wrong password")).await;
            assert_eq!(wait_of(refused), Duration::from_secs(1));
            house.identity.sign_in(from("192.0.2.2", "ada@acme.test", PASSWORD)).await.unwrap();
        }
    }

    async fn an_account_that_is_guessed_at_from_everywhere_lets_known_browsers_pass_alone(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let known = house.identity.start_browser_session(sign_in("ada@acme.test", PASSWORD)).await.unwrap().known_browser;
        let tried = async |number: usize| {
            let address = format!("198.51.100.{}", number % 250);
            house.identity.sign_in(from(&address, "ada@acme.test", "wrong password")).await
        };
        for number in 0..100 {
            assert_eq!(code(tried(number).await), "invalid_credentials");
        }
        let mut waits = Duration::ZERO;
        for number in 100..112 {
            let wait = wait_of(house.identity.sign_in(from("192.0.2.1", "ada@acme.test", PASSWORD)).await);
            waits += wait;
            house.advance(wait.as_secs());
            assert_eq!(code(tried(number).await), "invalid_credentials");
        }
        assert!(waits >= Duration::from_secs(300), "12 guesses took {waits:?}");
        let longest = wait_of(house.identity.sign_in(from("192.0.2.1", "ada@acme.test", PASSWORD)).await);
        assert_eq!(longest, Duration::from_secs(60));
        let mut owner = from("192.0.2.1", "ada@acme.test", PASSWORD);
        owner.known_browser = known;
        house.identity.sign_in(owner).await.unwrap();
    }

    async fn a_known_browser_answers_for_its_own_failures_alone(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let session = house.identity.start_browser_session(sign_in("ada@acme.test", PASSWORD)).await.unwrap();
        let attempt = |known: &str, email: &str, password: &str| {
            let mut input = from("192.0.2.1", email, password);
            input.known_browser = known.to_owned();
            house.identity.start_browser_session(input)
        };
        for _ in 0..5 {
            assert_eq!(code(attempt("", "ada@acme.test", "wrong password").await), "invalid_credentials");
        }
        wait_of(attempt("", "ada@acme.test", PASSWORD).await);
        let renewed = attempt(&session.known_browser, "ada@acme.test", PASSWORD).await.unwrap().known_browser;
        assert_ne!(renewed, session.known_browser);
        for _ in 0..5 {
            assert_eq!(code(attempt(&renewed, "ada@acme.test", "wrong password").await), "invalid_credentials");
        }
        wait_of(attempt(&renewed, "ada@acme.test", PASSWORD).await);
        let elsewhere = attempt(&renewed, "max@acme.test", "wrong password").await;
        assert_eq!(code(elsewhere), "invalid_credentials", "it is not known for another account");
    }

    async fn a_clock_that_was_ahead_makes_no_wait_longer(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        for ahead in ["2026-03-01T10:00:00Z", "2026-03-02T09:30:00Z", "2036-03-01T09:30:00Z"] {
            let (clock, environment) = clock_at(ahead);
            let ahead = open(&store, &environment, &house.furnisher, SECRET, settings()).await.unwrap();
            for _ in 0..20 {
                match ahead.sign_in(sign_in("ada@acme.test", "wrong password")).await {
                    Err(Error::Throttled { wait }) => clock.advance(wait),
                    other => assert_eq!(code(other), "invalid_credentials"),
                }
            }
            let mut waited = Duration::ZERO;
            while let Err(error) = house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)).await {
                let Error::Throttled { wait } = error else { panic!("{error}") };
                waited += wait;
                assert!(waited <= Duration::from_secs(300), "{waited:?}");
                house.advance(wait.as_secs());
            }
        }
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

    async fn right_passwords_given_at_once_all_pass(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let attempts = (0..12).map(|_| house.identity.sign_in(sign_in("ada@acme.test", PASSWORD)));
        for signed_in in futures::future::join_all(attempts).await {
            signed_in.unwrap();
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
        let (zurich, _) = house.identity.create_workspace(OPERATOR, new).await.unwrap();
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
        house.identity.add_member(&Caller::system(workspace), member("max@acme.test", "Member")).await.unwrap();
        let password_cost = PasswordCost { memory_kib: 16, iterations: 1, lanes: 1 };
        let dearer = house.reopened(IdentitySettings { password_cost, ..settings() }).await;
        assert!(kept_hash(&house, "max@acme.test").await.contains("$m=8,"));
        dearer.sign_in(sign_in("max@acme.test", PASSWORD)).await.unwrap();
        assert!(kept_hash(&house, "max@acme.test").await.contains("$m=16,"));
        dearer.sign_in(sign_in("max@acme.test", PASSWORD)).await.unwrap();
    }
}
