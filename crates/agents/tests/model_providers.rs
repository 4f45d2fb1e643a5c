//! Providers of models that a workspace brings itself.

use kontor_agents::NewModelProvider;
use kontor_core::{
    caller::Operator,
    error::{ErrorKind, Fault as _},
};
use kontor_models::{ModelSettings, ProviderKind};
use kontor_store::{both_engines, testing::TestStore};
use sea_query::{Expr, ExprTrait as _, Query};

use crate::house::House;

const KEY: &str = "sk-test-0123456789-abcd";

fn mistral(key: Option<&str>) -> NewModelProvider {
    NewModelProvider {
        kind: ProviderKind::Mistral,
        base_url: None,
        api_version: None,
        api_key: key.map(str::to_owned),
    }
}

both_engines! {
    async fn a_key_is_kept_sealed_shown_by_its_end_and_removed(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let set = agents.set_model_provider(&house.ada, "own", mistral(Some(KEY))).await.unwrap();
        assert_eq!(set.key_ending.as_deref(), Some("abcd"));
        let listed = agents.model_providers(&house.ada).await.unwrap();
        assert_eq!((listed.len(), listed[0].name.as_str()), (1, "own"));
        assert!(!serde_json::to_string(&listed).unwrap().contains("0123456789"));
        // Without a key the one that is kept stays, and goes to no other address.
        agents.set_model_provider(&house.ada, "own", mistral(None)).await.unwrap();
        let elsewhere = NewModelProvider {
            base_url: Some("https://collect.example.com/v1".to_owned()),
            ..mistral(None)
        };
        let refused = agents.set_model_provider(&house.ada, "own", elsewhere).await.unwrap_err();
        assert_eq!(refused.problem().issues[0].path, "api_key");
        let models = agents.models(&house.ada).await.unwrap();
        assert!(models.iter().any(|model| model.id == "own/mistral-large-4"), "{models:?}");

        let rotation =
            house.first.identity.rotate_sealing_key(Operator::of_this_installation()).await.unwrap();
        assert_eq!(rotation.resealed, 2, "a signing key and this one");
        let sealer = house.first.identity.sealer(house.workspace).await.unwrap();
        let namespace = house.store.workspace(house.workspace).await.unwrap();
        let opened: kontor_identity::Result<Option<String>> = namespace
            .read(sealer, |tx, sealer| Box::pin(async move { sealer.open(tx, "model provider own").await }))
            .await;
        assert_eq!(opened.unwrap().as_deref(), Some(KEY));

        agents.remove_model_provider(&house.ada, "own").await.unwrap();
        assert!(agents.model_providers(&house.ada).await.unwrap().is_empty());
        let gone = agents.test_model_provider(&house.ada, "own").await.unwrap_err();
        assert_eq!(gone.problem().code, "model_provider_not_found");
    }

    async fn a_key_that_does_not_open_takes_its_own_provider_away_alone(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        for name in ["broken", "sound"] {
            agents.set_model_provider(&house.ada, name, mistral(Some(KEY))).await.unwrap();
        }
        let namespace = house.store.workspace(house.workspace).await.unwrap();
        let spoilt: Result<u64, kontor_store::Error> = namespace
            .write((), |tx, ()| {
                Box::pin(async move {
                    let spoil = Query::update()
                        .table(tx.table("secrets"))
                        .value("sealed", "spoilt")
                        .and_where(Expr::col("name").eq("model provider broken"))
                        .take();
                    tx.execute(&spoil).await
                })
            })
            .await;
        assert_eq!(spoilt.unwrap(), 1);
        agents.test_model_provider(&house.ada, "broken").await.unwrap();
        let models = agents.models(&house.ada).await.unwrap();
        assert!(models.iter().any(|model| model.id == "sound/mistral-large-4"), "{models:?}");
        let operator = Operator::of_this_installation();
        house.first.identity.rotate_sealing_key(operator).await.unwrap_err();
    }

    async fn a_provider_that_the_settings_name_stays(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        agents.set_model_provider(&house.ada, "own", mistral(Some(KEY))).await.unwrap();
        let used = ModelSettings {
            smart: Some("own/large".to_owned()),
            fallbacks: vec!["builtin".to_owned(), "own/small".to_owned()],
            ..ModelSettings::default()
        };
        agents.set_model_settings(&house.ada, used).await.unwrap();
        let refused = agents.remove_model_provider(&house.ada, "own").await.unwrap_err().problem();
        assert_eq!((refused.kind, refused.code.as_ref()), (ErrorKind::Conflict, "in_use"));
        let uses = "smart (own/large), fallbacks[1] (own/small)";
        assert!(refused.message.contains(uses), "{}", refused.message);
        assert_eq!(agents.model_providers(&house.ada).await.unwrap().len(), 1);
        agents.set_model_settings(&house.ada, ModelSettings::default()).await.unwrap();
        agents.remove_model_provider(&house.ada, "own").await.unwrap();
    }

    async fn a_test_says_in_words_what_is_wrong(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        // The address of the server's own network, which no workspace reaches.
        let inside = NewModelProvider {
            kind: ProviderKind::OpenaiCompatible,
            base_url: Some(house.server.base_url()),
            api_version: None,
            api_key: Some(KEY.to_owned()),
        };
        agents.set_model_provider(&house.ada, "inside", inside).await.unwrap();
        let test = agents.test_model_provider(&house.ada, "inside").await.unwrap();
        assert!(!test.is_well && !test.message.contains(KEY), "{test:?}");
        assert!(house.server.requests().is_empty());
    }

    async fn what_is_wrong_with_a_provider_is_told_at_its_place(store: TestStore) {
        let house = House::new(store).await;
        let wrong = NewModelProvider {
            kind: ProviderKind::Azure,
            base_url: Some("ftp://me:secret@example.com".to_owned()),
            api_version: Some("a b".to_owned()),
            api_key: Some("with a blank".to_owned()),
        };
        let refused = house.first.agents.set_model_provider(&house.ada, "Not a name", wrong).await;
        let paths: Vec<_> = refused.unwrap_err().problem().issues.into_iter().map(|i| i.path).collect();
        assert_eq!(paths, ["name", "base_url", "api_key", "api_version"]);
        let keyless = house.first.agents.set_model_provider(&house.ada, "own", mistral(None)).await;
        assert_eq!(keyless.unwrap_err().problem().issues[0].code, "required");
    }
}
