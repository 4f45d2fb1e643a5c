//! A model works with the verbs that it is shown, and what it writes becomes operations.

use kontor_core::turn::TurnEvent;
use kontor_store::{both_engines, testing::TestStore};
use kontor_testkit::scripted::Script;
use serde_json::{Value, json};

use crate::house::{House, outcome};

/// The operations that were called, with what the model wrote.
fn called(events: &[TurnEvent]) -> Vec<(String, Option<String>)> {
    let called = events.iter().filter_map(|event| match event {
        TurnEvent::ToolCalled { operation, written, .. } => {
            Some((operation.clone(), written.as_ref().map(|written| written.name.clone())))
        }
        _ => None,
    });
    called.collect()
}

both_engines! {
    async fn verbs_become_operations_and_the_model_sees_them_as_it_wrote_them(store: TestStore) {
        let house = House::scripted(store).await;
        let deal = house.deal("Acme renewal").await;
        let find = json!({"object": "deal", "where": [{"field": "name", "operator": "contains", "value": "acme"}]});
        let update = json!({"object": "deal", "id": deal, "values": [
            {"field": "stage", "value": "negotiation"}, {"field": "amount", "value": "12,500 EUR"},
        ]});
        let create = json!({"object": "task", "values": [
            {"field": "title", "value": "Call Acme"}, {"field": "target", "value": format!("deal {deal}")},
        ]});
        house.server.push(Script::new().call("a", "find", &find.to_string()));
        house.server.push(Script::new().calls(&[
            ("b", "update", &update.to_string()),
            ("c", "create", &create.to_string()),
        ]));
        house.server.push(Script::new().call("d", "describe", "{\"object\": \"deal\"}"));
        house.server.push(Script::new().text("Done."));
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let events = house.first.ask(&house.ada, session, "move it on").await;
        let as_written = |operation: &str, name: &str| (operation.to_owned(), Some(name.to_owned()));
        assert_eq!(
            called(&events),
            [
                as_written("deal.find", "find"),
                as_written("deal.update", "update"),
                as_written("task.create", "create"),
                ("describe".to_owned(), None),
            ]
        );
        for (step, index) in [(1, 0), (2, 0), (2, 1), (3, 0)] {
            assert_eq!(outcome(&events, step, index)["status"], "succeeded", "{}", outcome(&events, step, index));
        }
        assert_eq!(house.stage(deal).await, "NEGOTIATION");
        let last = house.server.requests().pop().unwrap();
        let calls: Vec<&Value> = last["messages"].as_array().unwrap().iter().flat_map(|message| {
            message["tool_calls"].as_array().into_iter().flatten().map(|call| &call["function"])
        }).collect();
        let names: Vec<_> = calls.iter().map(|call| call["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["find", "update", "create", "describe"]);
        let arguments: Value = serde_json::from_str(calls[1]["arguments"].as_str().unwrap()).unwrap();
        assert_eq!(arguments, update);
        house.check();
    }

    async fn a_wrong_call_is_corrected_with_its_place_and_the_nearest_name(store: TestStore) {
        let house = House::scripted(store).await;
        house.server.push(Script::new().calls(&[
            ("a", "find", "{\"object\": \"company\"}"),
            ("b", "find", "{\"object\": \"deal\", \"where\": [{\"field\": \"stagee\", \"operator\": \"eq\", \"value\": \"LEAD\"}]}"),
            ("c", "create", "{\"object\": \"task\", \"values\": [{\"field\": \"titel\", \"value\": \"x\"}]}"),
            ("e", "find", "{\"object\": \"deal\", \"where\": [{\"field\": \"account.employees\", \"operator\": \"gte\", \"value\": \"10\"}]}"),
            ("d", "create", "{\"object\": \"deal\", \"values\": [{\"field\": \"name\", \"value\": \"x\"}, {\"field\": \"stage\", \"value\": \"propsal\"}]}"),
        ]));
        house.server.push(Script::new().call("f", "find", "{\"object\": \"de"));
        house.server.push(Script::new().text("I see."));
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let events = house.first.ask(&house.ada, session, "hello").await;
        assert_eq!(outcome(&events, 2, 0)["problem"]["issues"][0]["code"], "malformed_json");
        let told = |index| outcome(&events, 1, index).to_string();
        assert!(told(0).contains("there is no object"), "{}", told(0));
        assert!(told(1).contains("Did you mean stage?"), "{}", told(1));
        assert!(told(2).contains("Did you mean title?"), "{}", told(2));
        assert!(told(4).contains("Did you mean PROPOSAL?"), "{}", told(4));
        assert_eq!(outcome(&events, 1, 3)["status"], "succeeded", "any field of a related record: {}", told(3));
        house.check();
    }
}
