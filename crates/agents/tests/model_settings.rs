//! What a workspace sets of its models.

use kontor_core::error::Fault as _;
use kontor_models::{ModelOverride, ModelSettings};
use kontor_store::{AuditQuery, AuditRecord, both_engines, testing::TestStore};
use serde_json::{Value, json};

use crate::house::House;

fn settings(value: Value) -> ModelSettings {
    serde_json::from_value(value).unwrap()
}

/// What was done to models, the latest first.
async fn audited(house: &House) -> Vec<(String, String)> {
    let namespace = house.store.workspace(house.workspace).await.unwrap();
    let query = AuditQuery { action: Some("model_*".to_owned()), limit: 10, ..AuditQuery::default() };
    let acts: Result<Vec<AuditRecord>, kontor_store::Error> =
        namespace.read(query, |tx, query| Box::pin(tx.audit_log(query))).await;
    acts.unwrap().into_iter().map(|act| (act.action, act.target)).collect()
}

both_engines! {
    async fn fast_smart_and_fallbacks_are_set_and_used(store: TestStore) {
        let house = House::scripted(store).await;
        let agents = &house.first.agents;
        assert_eq!(agents.model_settings(&house.ada).await.unwrap(), ModelSettings::default());
        let wanted = settings(json!({"fast": " scripted/small ", "smart": "", "fallbacks": ["builtin"]}));
        let set = agents.set_model_settings(&house.ada, wanted).await.unwrap();
        assert_eq!(set, settings(json!({"fast": "scripted/small", "fallbacks": ["builtin"]})));
        assert_eq!(agents.model_settings(&house.ada).await.unwrap(), set);
        let done = audited(&house).await;
        assert_eq!(done, [("model_settings.set".to_owned(), "model_settings".to_owned())]);
    }

    async fn what_is_wrong_with_settings_of_models_is_told_at_its_place(store: TestStore) {
        let house = House::scripted(store).await;
        let wrong = settings(json!({
            "fast": "scripted/smal", "smart": "fast",
            "fallbacks": ["builtin", "builtin", "nobody/nothing", "default", "scripted/speechless", "scripted/small"],
        }));
        let refused = house.first.agents.set_model_settings(&house.ada, wrong).await.unwrap_err();
        let issues: Vec<_> = refused.problem().issues.into_iter().map(|i| (i.path, i.code.into_owned())).collect();
        let expected = [
            ("fast", "model_not_found"),
            ("smart", "not_a_model"),
            ("fallbacks", "too_many"),
            ("fallbacks[1]", "repeated"),
            ("fallbacks[2]", "model_not_found"),
            ("fallbacks[3]", "not_a_model"),
            ("fallbacks[4]", "calls_no_tools"),
        ];
        assert_eq!(issues, expected.map(|(path, code)| (path.to_owned(), code.to_owned())));
        let message = &refused.problem().issues[0].message;
        assert!(message.contains("Did you mean scripted/small?"), "{message}");
    }

    async fn what_a_workspace_knows_of_a_model_holds_until_it_is_forgotten(store: TestStore) {
        let house = House::scripted(store).await;
        let agents = &house.first.agents;
        let known: ModelOverride =
            serde_json::from_value(json!({"context_window": 4096, "price": {"input": 1, "output": 2.5}})).unwrap();
        let info = agents.override_model(&house.ada, "scripted/small", known).await.unwrap();
        assert_eq!((info.capabilities.context_window, info.is_overridden), (Some(4_096), true));
        assert_eq!(info.capabilities.max_output_tokens, Some(100), "what is not set stays as it is known");
        let told = serde_json::to_value(info.pricing).unwrap();
        assert_eq!(told, json!({"price": {"input": 1.0, "output": 2.5}}));
        let listed = serde_json::to_value(agents.model_overrides(&house.ada).await.unwrap()).unwrap();
        assert_eq!((&listed[0]["model"], &listed[0]["context_window"]), (&json!("scripted/small"), &json!(4096)));

        agents.forget_model_override(&house.ada, "scripted/small").await.unwrap();
        let models = agents.models(&house.ada).await.unwrap();
        assert!(models.iter().all(|model| !model.is_overridden), "{models:?}");
        let small = models.iter().find(|model| model.id == "scripted/small").unwrap();
        assert_eq!(small.pricing, None);
        for unset in ["scripted/small", "settings"] {
            let refused = agents.forget_model_override(&house.ada, unset).await.unwrap_err();
            assert_eq!(refused.problem().code, "model_override_not_found");
        }
        let done = ["model_override.removed", "model_override.set"];
        assert_eq!(audited(&house).await, done.map(|action| (action.to_owned(), "model:scripted/small".to_owned())));
    }

    async fn what_cannot_be_known_of_a_model_is_told_at_its_place(store: TestStore) {
        let house = House::scripted(store).await;
        for (model, known, paths) in [
            ("scripted/small", json!({}), vec![""]),
            ("scripted/smal", json!({"context_window": 3}), vec!["model", "context_window"]),
            ("builtin", json!({"max_output_tokens": 0}), vec!["model", "max_output_tokens"]),
            ("fast", json!({"context_window": 8192, "max_output_tokens": 9000}), vec!["model", "max_output_tokens"]),
            (
                "scripted/small",
                json!({"max_output_tokens": 5, "long_prompt": {"over": 9, "input": 1, "output": 2}}),
                vec!["price"],
            ),
        ] {
            let known: ModelOverride = serde_json::from_value(known).unwrap();
            let refused = house.first.agents.override_model(&house.ada, model, known).await.unwrap_err();
            let told: Vec<_> = refused.problem().issues.into_iter().map(|issue| issue.path).collect();
            assert_eq!(told, paths, "{model}");
        }
    }

    async fn settings_of_models_are_for_whoever_may_change_settings(store: TestStore) {
        let house = House::scripted(store).await;
        let agents = &house.first.agents;
        let ben = house.member("Ben", "member").await;
        let refusals = [
            agents.model_settings(&ben).await.err(),
            agents.set_model_settings(&ben, ModelSettings::default()).await.err(),
            agents.model_overrides(&ben).await.err(),
            agents.override_model(&ben, "scripted/small", ModelOverride::default()).await.err(),
            agents.forget_model_override(&ben, "scripted/small").await.err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.unwrap().problem().code, "not_permitted");
        }
    }
}
