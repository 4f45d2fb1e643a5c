//! A turn that fails after it has changed something says so, and is gone on with without doing it again.

use kontor_agents::Error;
use kontor_core::{ids::TurnId, turn::TurnEvent};
use kontor_store::{both_engines, testing::TestStore};
use kontor_testkit::scripted::Script;
use serde_json::{Value, json};

use crate::house::{House, texts};

async fn tasks(house: &House) -> usize {
    let query = kontor_crm::records::ListQuery::default();
    house.first.crm.list(&house.ada, "task", query).await.unwrap().records.len()
}

/// A turn that creates a task, whose provider then refuses what comes back.
async fn failed(house: &House, session: kontor_core::ids::SessionId) -> (TurnId, Value) {
    house.server.push(Script::new().call("a", "task_create", "{\"title\": \"Ring Bob\"}"));
    house.server.push(Script::status(400, "Function call is missing something"));
    let events = house.first.ask(&house.ada, session, "Remind me to ring Bob").await;
    let last = events.last().unwrap();
    (last.turn(), serde_json::to_value(last).unwrap())
}

both_engines! {
    async fn a_failed_turn_tells_what_it_had_done_and_goes_on_without_doing_it_again(store: TestStore) {
        let mut house = House::scripted(store).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let (turn, end) = failed(&house, session).await;
        let done = &end["data"]["done"][0];
        assert_eq!((&done["operation"], &done["name"]), (&json!("task.create"), &json!("Ring Bob")), "{end}");
        let told = end["data"]["problem"]["message"].as_str().unwrap();
        assert!(told.ends_with("Done before it failed: created task “Ring Bob”."), "{told}");
        let shown = house.first.agents.turn(&house.ada, turn).await.unwrap();
        assert_eq!(shown.problem.unwrap().message, told);

        // Another process goes on as well as the one that failed.
        house.kill().await;
        house.server.push(Script::new().text("You will be reminded."));
        let started = house.first.agents.go_on(&house.ada, turn).await.unwrap();
        let again = house.first.agents.go_on(&house.ada, turn).await.unwrap();
        assert_eq!(started.id, again.id, "asked for twice, it is the same turn");
        let events = house.first.until_ended(&house.ada, session, started.id).await;
        assert_eq!(texts(&events), ["You will be reminded."]);
        assert_eq!(tasks(&house).await, 1);

        let request = house.server.requests().pop().unwrap();
        let messages = request["messages"].as_array().unwrap();
        let roles: Vec<_> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["system", "user", "assistant", "tool", "user"]);
        assert!(messages[3]["content"].as_str().unwrap().contains("Ring Bob"), "its result is there");
        house.check();
    }

    async fn what_went_on_and_ended_early_as_well_is_gone_on_from(store: TestStore) {
        let house = House::scripted(store).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let (turn, _) = failed(&house, session).await;
        house.server.push(Script::status(400, "Still missing something"));
        let second = house.first.agents.go_on(&house.ada, turn).await.unwrap();
        let events = house.first.until_ended(&house.ada, session, second.id).await;
        assert!(matches!(events.last(), Some(TurnEvent::TurnFailed { .. })), "{events:?}");
        house.server.push(Script::new().text("You will be reminded."));
        let third = house.first.agents.go_on(&house.ada, turn).await.unwrap();
        assert_ne!(third.id, second.id);
        house.first.until_ended(&house.ada, session, third.id).await;
        assert_eq!(tasks(&house).await, 1);
        let request = house.server.requests().pop().unwrap();
        assert!(request["messages"].to_string().contains("Ring Bob"), "what was done is there: {request}");
    }

    async fn only_the_last_turn_of_a_session_is_gone_on_with_and_only_where_it_ended_early(store: TestStore) {
        let house = House::scripted(store).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let (turn, _) = failed(&house, session).await;
        house.server.push(Script::new().text("Hello."));
        let events = house.first.ask(&house.ada, session, "hello").await;
        let TurnEvent::TurnCompleted { turn: completed } = events.last().unwrap() else { panic!("{events:?}") };
        for turn in [turn, *completed] {
            let refused = house.first.agents.go_on(&house.ada, turn).await;
            assert!(matches!(refused, Err(Error::NothingToGoOn(_))), "{refused:?}");
        }
        let bob = house.member("Bob", "Admin").await;
        let refused = house.first.agents.go_on(&bob, turn).await;
        assert!(matches!(refused, Err(Error::TurnNotFound(_))), "{refused:?}");
    }
}
