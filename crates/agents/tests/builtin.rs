//! The command interpreter as the model of a whole turn: no key, no network.

use kontor_store::{both_engines, testing::TestStore};
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
}
