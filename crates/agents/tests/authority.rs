//! What an agent may do is what its member and its role both allow.

use std::sync::Arc;

use kontor_agents::{NewSession, SessionQuery};
use kontor_core::{
    caller::Caller,
    error::Fault as _,
    grants::{Grants, ObjectGrant},
    metadata::Name,
};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::house::{House, outcome, plan};

both_engines! {
    async fn neither_a_viewer_s_agent_nor_a_reading_one_can_write(store: TestStore) {
        let house = House::new(store).await;
        let deal = house.deal("Acme renewal").await;
        let vera = house.member("Vera Nowak", "Viewer").await;
        for (caller, agent) in [(&vera, "sales-assistant"), (&house.ada, "analyst")] {
            let session = house.first.session(caller, agent).await;
            let message = plan(
                &[&[
                    ("deal.find", json!({})),
                    ("deal.update", json!({"id": deal, "stage": "NEGOTIATION"})),
                    ("deal.delete", json!({"id": deal})),
                    ("deal.create", json!({"name": "New"})),
                ]],
                "I cannot.",
            );
            let events = house.first.ask(caller, session, &message).await;
            assert_eq!(outcome(&events, 1, 0)["status"], "succeeded");
            for index in 1..4 {
                assert_eq!(outcome(&events, 1, index)["problem"]["code"], "unknown_operation");
            }
        }
        for request in house.server.requests() {
            let tools = request["tools"].to_string();
            let offers = |name: &str| tools.contains(&format!("\"name\":\"{name}\""));
            assert!(offers("find") && !["create", "update", "delete", "restore"].into_iter().any(offers), "{tools}");
        }
        assert_eq!(house.stage(deal).await, "LEAD");
        house.check();
    }

    async fn an_object_that_may_not_be_read_is_not_suggested_as_context(store: TestStore) {
        let house = House::new(store).await;
        let everything_but_leads =
            Grants::everything().with_object(Name::literal("lead"), ObjectGrant::nothing());
        let caller = Caller { grants: Arc::new(everything_but_leads), ..house.ada.clone() };
        let told = async |object: &str| {
            let context = json!({"agent": "analyst", "context": {"object": object, "id": house.workspace}});
            let new: NewSession = serde_json::from_value(context).unwrap();
            house.first.agents.create_session(&caller, new).await.unwrap_err().problem().message
        };
        for hidden in ["lead", "leads", "leed"] {
            let message = told(hidden).await;
            assert!(message.contains("There is no object") && !message.contains("mean lead"), "{message}");
        }
        assert!(told("deel").await.contains("Did you mean deal?"));
    }

    async fn a_session_is_its_member_s_alone(store: TestStore) {
        let house = House::new(store).await;
        let max = house.member("Max Okafor", "Viewer").await;
        let agents = &house.first.agents;
        let session = house.first.session(&house.ada, "analyst").await;
        let turn = house.first.say(&house.ada, session, plan(&[], "Secret.")).await;
        house.first.until_ended(&house.ada, session, turn).await;
        let codes = [
            agents.session(&max, session).await.err().map(|e| e.problem().code),
            agents.start_turn(&max, session, "hi".into(), None).await.err().map(|e| e.problem().code),
            agents.update_session(&max, session, serde_json::from_value(json!({"title": "x"})).unwrap())
                .await.err().map(|e| e.problem().code),
            agents.log(&max, session, 0, 10).await.err().map(|e| e.problem().code),
            agents.subscribe(&max, session, None).await.err().map(|e| e.problem().code),
            agents.turn(&max, turn).await.err().map(|e| e.problem().code),
            agents.cancel_turn(&max, turn).await.err().map(|e| e.problem().code),
        ];
        let expected: Vec<_> = ["session_not_found"; 5].into_iter().chain(["turn_not_found"; 2]).collect();
        assert_eq!(codes.map(Option::unwrap).to_vec(), expected);
        assert!(agents.sessions(&max, SessionQuery::first(10)).await.unwrap().sessions.is_empty());
    }

    async fn wrong_input_is_told_with_its_place(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let new = |agent: &str, object: &str| NewSession {
            agent: Some(agent.to_owned()),
            title: None,
            context: serde_json::from_value(json!({"object": object, "id": "018f2b6e-7c1a-7000-8000-000000000009"})).ok(),
        };
        let unknown = agents.create_session(&house.ada, new("analist", "deal")).await.unwrap_err().problem();
        assert!(unknown.message.contains("Did you mean analyst?"), "{unknown}");
        let object = agents.create_session(&house.ada, new("analyst", "deel")).await.unwrap_err().problem();
        assert_eq!(object.issues[0].path, "context.object");
        let session = house.first.session(&house.ada, "analyst").await;
        for message in ["", "  \n", "a\0b", &"x".repeat(40_000)] {
            let refused = agents.start_turn(&house.ada, session, message.to_owned(), None).await;
            assert_eq!(refused.unwrap_err().problem().issues[0].path, "message");
        }
        let cursor = agents.sessions(&house.ada, SessionQuery { after: Some("nonsense".to_owned()), ..SessionQuery::first(10) }).await.unwrap_err().problem();
        assert_eq!(cursor.issues[0].code, "invalid_cursor");
    }
}
