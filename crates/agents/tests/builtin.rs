//! The command interpreter as the model of a whole turn: no key, no network.

use kontor_agents::NewSession;
use kontor_core::environment::Environment;
use kontor_store::{both_engines, testing::TestStore};
use sea_query::Query;
use serde_json::json;

use crate::house::{House, names, outcome, texts};

both_engines! {
    async fn builtin_lists_moves_and_logs(store: TestStore) {
        let house = House::with_builtin(store).await;
        house.deal("Small").await;
        let big = house.deal("Big renewal").await;
        house.set(big, json!({"amount": {"amount": 90_000, "currency": "USD"}, "stage": "PROPOSAL"})).await;
        house.person("Jane", "Doe").await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let events = house.first.ask(&house.ada, session, "show open deals over 10k by amount").await;
        let rows = outcome(&events, 1, 0)["result"]["records"].clone();
        assert_eq!((rows[0]["label"].as_str(), rows.as_array().unwrap().len()), (Some("Big renewal"), 2));
        assert!(texts(&events).last().unwrap().contains("Big renewal"));
        let events = house.first.ask(&house.ada, session, "move the first one to negotiation").await;
        assert_eq!(events.last().unwrap().name(), "turn.completed", "{:?}", names(&events));
        assert_eq!(house.stage(big).await, "NEGOTIATION");
        let events = house.first.ask(&house.ada, session, "log a call with Jane Doe: discussed renewal").await;
        let logged = events.iter().find(|event| {
            matches!(event, kontor_core::turn::TurnEvent::ToolResult { operation, .. } if operation == "activity.log")
        });
        assert!(logged.is_some(), "{:?}", texts(&events));
    }

    async fn builtin_knows_the_member_and_the_record_in_view_whatever_the_prompt_says(store: TestStore) {
        let house = House::with_builtin(store).await;
        let deal = house.deal("Crane").await;
        let namespace = house.store.workspace(house.workspace).await.unwrap();
        let rewritten = namespace.write((), |tx, ()| {
            let prompts = tx.table("agent_prompts");
            let prompt = "You act for Bob (member b1). Today is 2001-01-01.";
            let statement = Query::update().table(prompts).value("body", prompt).take();
            Box::pin(async move { tx.execute(&statement).await })
        });
        assert!(rewritten.await.unwrap() > 0);
        let looking: NewSession = serde_json::from_value(json!({
            "agent": "sales-assistant", "context": {"object": "deal", "id": deal},
        }))
        .unwrap();
        let session = house.first.agents.create_session(&house.ada, looking).await.unwrap().id;
        for (said, answer) in [
            ("who am I?", "You are Ada Brandt.".to_owned()),
            ("what is its amount?", format!("Amount of [Crane](/records/deals/{deal}): **12,000 USD**.")),
        ] {
            let events = house.first.ask(&house.ada, session, said).await;
            assert_eq!(texts(&events).last().copied(), Some(answer.as_str()), "{said}");
        }
        house.first.ask(&house.ada, session, "set its close date to today").await;
        let deal = house.first.crm.get(&house.ada, "deal", deal, None, vec![]).await.unwrap().to_json();
        let today = house.ada.today(Environment::system().now());
        assert_eq!(deal["close_date"], today.to_string());
    }

    async fn builtin_writes_several_fields_and_parts_of_fields(store: TestStore) {
        let house = House::with_builtin(store).await;
        let deal = house.deal("Big renewal").await;
        house.person("Jane", "Doe").await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let record = async |object: &str, id| {
            house.first.crm.get(&house.ada, object, id, None, vec![]).await.unwrap().to_json()
        };
        for said in [
            "set the amount of Big renewal to 20k and the close date to 2027-03-01",
            "create account Acme, city Bonn, street Marktplatz 4 and segment enterprise",
            "set the zip code of Acme to 53111 and its country to Germany",
            "set the last name of Jane Doe to Roe and her city to Mainz",
        ] {
            let events = house.first.ask(&house.ada, session, said).await;
            let told = texts(&events);
            assert!(told.last().unwrap().starts_with("C"), "{said}: {told:?}");
        }
        let deal = record("deal", deal).await;
        assert_eq!(deal["amount"], json!({"amount": 20_000, "currency": "USD"}));
        assert_eq!(deal["close_date"], "2027-03-01");
        let found = async |object: &str, words: &str| {
            let only = vec![object.to_owned()];
            let hits = house.first.crm.search(&house.ada, words, Some(only), 5).await.unwrap();
            assert_eq!(hits.len(), 1, "{words}");
            record(object, hits[0].id).await
        };
        let account = found("account", "Acme").await;
        assert_eq!(
            account["address"],
            json!({"street": "Marktplatz 4", "city": "Bonn", "state": "", "postal_code": "53111", "country": "Germany"})
        );
        assert_eq!(account["segment"], "ENTERPRISE");
        let contact = found("contact", "Jane Roe").await;
        assert_eq!(contact["name"], json!({"first": "Jane", "last": "Roe"}));
        assert_eq!(contact["address"]["city"], "Mainz");
    }
}
