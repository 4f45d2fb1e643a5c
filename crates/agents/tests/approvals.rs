//! Calls that wait for a person.

use std::time::Duration;

use kontor_agents::{ApprovalStatus, Decision, TurnStatus};
use kontor_core::{error::Fault as _, ids::RecordId, turn::TurnEvent};
use kontor_store::{both_engines, testing::TestStore};
use sea_query::{Order, Query};
use serde_json::{Value, json};

use crate::house::{House, names, outcome, plan, settings};

fn deletion(deals: &[RecordId]) -> Value {
    let calls: Vec<(&str, Value)> = deals.iter().map(|deal| ("deal.delete", json!({"id": deal}))).collect();
    plan(&[&calls], "As you wish.")
}

fn is_question(event: &TurnEvent) -> bool {
    matches!(event, TurnEvent::ApprovalRequested { .. })
}

fn yes() -> Decision {
    Decision { approved: true, comment: String::new() }
}

both_engines! {
    async fn an_approval_survives_a_restart(store: TestStore) {
        let house = House::new(store).await;
        let deal = house.deal("Acme renewal").await;
        let ada = &house.ada;
        let session = house.first.session(ada, "sales-assistant").await;
        let turn = house.first.say(ada, session, deletion(&[deal])).await;
        house.first.until(ada, session, is_question).await;
        let House { store, server, first, workspace, ada } = house;
        first.kill();
        let house = House { first: crate::house::Process::begin(&store, &server).await, store, server, workspace, ada };
        let ada = &house.ada;
        assert_eq!(house.first.agents.turn(ada, turn).await.unwrap().status, TurnStatus::WaitingForApproval);
        let pending = house.first.agents.approvals(ada, Some(session), None).await.unwrap();
        assert_eq!((pending.len(), pending[0].approval.operation.as_str()), (1, "deal.delete"));
        house.first.agents.resolve_approval(ada, pending[0].approval.id, yes()).await.unwrap();
        let events = house.first.until_ended(ada, session, turn).await;
        assert_eq!(
            names(&events)[2..],
            [
                "usage", "tool.called", "approval.requested", "approval.resolved", "tool.result",
                "step.started", "message.completed", "usage", "turn.completed",
            ]
        );
        assert_eq!(outcome(&events, 1, 0)["result"]["deleted"], true);
        let again = house.first.agents.resolve_approval(ada, pending[0].approval.id, yes()).await;
        assert_eq!(again.unwrap_err().problem().code, "approval_closed");
        house.check();
    }

    async fn what_waits_in_any_chat_is_counted_and_listed_with_the_chat_until_it_is_answered(store: TestStore) {
        let house = House::new(store).await;
        let (agents, ada) = (&house.first.agents, &house.ada);
        assert_eq!(agents.approvals_waiting(ada).await.unwrap(), 0);
        let mut sessions = Vec::new();
        for name in ["Crane", "Dredger"] {
            let deal = house.deal(name).await;
            let session = house.first.session(ada, "sales-assistant").await;
            house.first.say(ada, session, deletion(&[deal])).await;
            house.first.until(ada, session, is_question).await;
            sessions.push(session);
        }
        assert_eq!(agents.approvals_waiting(ada).await.unwrap(), 2);
        let waiting = agents.approvals(ada, None, Some(ApprovalStatus::Pending)).await.unwrap();
        let told: Vec<_> = waiting.iter().map(|listed| (listed.approval.session, &*listed.agent.name)).collect();
        assert_eq!(told, [(sessions[1], "sales-assistant"), (sessions[0], "sales-assistant")]);
        assert!(waiting.iter().all(|listed| listed.title.is_some()));

        agents.resolve_approval(ada, waiting[0].approval.id, yes()).await.unwrap();
        assert_eq!(agents.approvals_waiting(ada).await.unwrap(), 1);
        // What was asked in a chat that is deleted is not told any more.
        agents.delete_session(ada, sessions[0], false).await.unwrap();
        assert_eq!(agents.approvals_waiting(ada).await.unwrap(), 0);
        let listed = agents.approvals(ada, None, None).await.unwrap();
        assert_eq!(listed.iter().map(|listed| listed.approval.session).collect::<Vec<_>>(), [sessions[1]]);
    }

    async fn each_call_waits_for_its_own_answer(store: TestStore) {
        let house = House::new(store).await;
        let (kept, gone) = (house.deal("Kept").await, house.deal("Gone").await);
        let ada = &house.ada;
        let session = house.first.session(ada, "sales-assistant").await;
        let turn = house.first.say(ada, session, deletion(&[kept, gone])).await;
        let asked = house.first.until(ada, session, is_question).await;
        assert_eq!(asked.last().unwrap().name(), "approval.requested");
        let mut approvals = house.first.agents.approvals(ada, Some(session), None).await.unwrap();
        approvals.sort_by_key(|listed| listed.approval.index);
        let no = Decision { approved: false, comment: "AfterAppend that one.".to_owned() };
        house.first.agents.resolve_approval(ada, approvals[1].approval.id, yes()).await.unwrap();
        house.first.agents.resolve_approval(ada, approvals[0].approval.id, no).await.unwrap();
        let events = house.first.until_ended(ada, session, turn).await;
        assert_eq!(outcome(&events, 1, 0), json!({"status": "denied", "comment": "AfterAppend that one."}));
        assert_eq!(outcome(&events, 1, 1)["result"]["deleted"], true);
        assert_eq!(house.stage(kept).await, "LEAD");
        let told = house.server.requests().last().unwrap()["messages"].to_string();
        assert!(told.contains("AfterAppend that one."), "{told}");
        house.check();
    }

    async fn what_nobody_answers_is_denied_in_the_end(store: TestStore) {
        let house = House::with(
            store,
            kontor_agents::AgentSettings { approval_lifetime: Duration::from_millis(300), ..settings() },
        )
        .await;
        let deal = house.deal("Acme renewal").await;
        let ada = &house.ada;
        let session = house.first.session(ada, "sales-assistant").await;
        let events = house.first.ask(ada, session, deletion(&[deal])).await;
        assert_eq!(outcome(&events, 1, 0)["status"], "denied");
        let approvals = house.first.agents.approvals(ada, None, None).await.unwrap();
        assert_eq!(approvals[0].approval.status, ApprovalStatus::Expired);
        assert_eq!(house.stage(deal).await, "LEAD");
    }

    async fn a_waiting_turn_can_be_cancelled(store: TestStore) {
        let house = House::new(store).await;
        let deal = house.deal("Acme renewal").await;
        let ada = &house.ada;
        let session = house.first.session(ada, "sales-assistant").await;
        let turn = house.first.say(ada, session, deletion(&[deal])).await;
        house.first.until(ada, session, is_question).await;
        let cancelled = house.first.agents.cancel_turn(ada, turn).await.unwrap();
        assert_eq!(cancelled.status, TurnStatus::Cancelled);
        let events = house.first.until_ended(ada, session, turn).await;
        assert_eq!(events.last().unwrap().name(), "turn.cancelled");
        let approvals = house.first.agents.approvals(ada, None, None).await.unwrap();
        let late = house.first.agents.resolve_approval(ada, approvals[0].approval.id, yes()).await;
        assert_eq!(late.unwrap_err().problem().code, "approval_closed");
        house.first.ask(ada, session, plan(&[], "Fine.")).await;
        house.check();
    }
    async fn who_answered_and_what_the_agent_then_did_are_written_down(store: TestStore) {
        let house = House::new(store).await;
        let deal = house.deal("Acme renewal").await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let turn = house.first.say(&house.ada, session, deletion(&[deal])).await;
        house.first.until(&house.ada, session, is_question).await;
        let pending = house.first.agents.approvals(&house.ada, Some(session), None).await.unwrap();
        house.first.agents.resolve_approval(&house.ada, pending[0].approval.id, yes()).await.unwrap();
        house.first.until_ended(&house.ada, session, turn).await;
        let namespace = house.store.workspace(house.workspace).await.unwrap();
        let entries: Result<Vec<(String, String, String)>, kontor_store::Error> = namespace
            .read((), |tx, ()| {
                Box::pin(async move {
                    let select = Query::select()
                        .columns(["action", "target", "actor"])
                        .from(tx.table("audit_entries"))
                        .order_by("id", Order::Asc)
                        .to_owned();
                    let rows = tx.fetch_all(&select).await?;
                    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
                })
            })
            .await;
        let entries = entries.unwrap();
        let [.., approved, deleted] = entries.as_slice() else { panic!("{entries:?}") };
        let kind = |actor: &str| serde_json::from_str::<Value>(actor).unwrap()["kind"].clone();
        assert_eq!((approved.0.as_str(), kind(&approved.2)), ("approval.approved", json!("member")));
        assert_eq!(approved.1, format!("approval:{}", pending[0].approval.id));
        assert_eq!((deleted.0.as_str(), kind(&deleted.2)), ("deal.deleted", json!("agent")));
    }
}
