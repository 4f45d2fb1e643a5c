//! A turn ends where nothing is left of a budget, and says so.

use std::{sync::Arc, time::Duration};

use kontor_agents::{BudgetScope, NewBudget, UsageBy, UsageQuery};
use kontor_core::{
    caller::Caller,
    environment::ManualClock,
    error::{Fault as _, Problem},
    ids::SessionId,
    turn::TurnEvent,
};
use kontor_store::{both_engines, testing::TestStore};
use kontor_testkit::scripted::{Script, ScriptedModel};
use sea_query::{Expr, Query};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::house::{House, names, plan, texts};

fn tokens(limit: u64) -> NewBudget {
    NewBudget { tokens: Some(limit), cost_micros: None }
}

fn dollars(micros: u64) -> NewBudget {
    NewBudget { tokens: None, cost_micros: Some(micros) }
}

async fn set(house: &House, scope: BudgetScope, subject: Option<&str>, new: NewBudget) {
    house.first.agents.set_budget(&house.ada, scope, subject, new).await.unwrap();
}

/// An answer of 55 tokens, which costs 225 millionths of a dollar.
fn hello() -> Value {
    plan(&[], "Hello.")
}

/// How a message of a member's own new session ends.
async fn ends(house: &House, caller: &Caller, agent: &str) -> Result<(), Problem> {
    let session = house.first.session(caller, agent).await;
    ended(&house.first.ask(caller, session, hello()).await)
}

fn ended(events: &[TurnEvent]) -> Result<(), Problem> {
    match events.last() {
        Some(TurnEvent::TurnCompleted { .. }) => Ok(()),
        Some(TurnEvent::TurnFailed { problem, .. }) => Err(problem.clone()),
        other => panic!("{other:?}"),
    }
}

async fn agent_id(house: &House, name: &str) -> String {
    let agents = house.first.agents.agents(&house.ada).await.unwrap();
    agents.iter().find(|agent| agent.name == name).unwrap().id.to_string()
}

both_engines! {
    async fn a_turn_ends_at_its_budget_says_what_it_had_done_and_is_gone_on_with(store: TestStore) {
        let house = House::new(store).await;
        set(&house, BudgetScope::Turn, None, tokens(150)).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let busy = plan(
            &[&[("task.create", json!({"title": "Ring Bob"}))], &[("deal.find", json!({}))]],
            "Never said.",
        );
        let events = house.first.ask(&house.ada, session, busy).await;
        let problem = ended(&events).unwrap_err();
        assert_eq!(problem.code, "budget_reached");
        let told = "This message has used up the budget of a message: 220 of 150 tokens. Go on, or ask for less at a \
                    time. An admin can raise the budget. Done before it failed: created task “Ring Bob”.";
        assert_eq!(problem.message, told);
        assert_eq!(house.server.requests().len(), 2, "the model is not asked a third time");

        // What goes on is a turn of its own, with a budget of its own.
        let turn = events.last().unwrap().turn();
        let started = house.first.agents.go_on(&house.ada, turn).await.unwrap();
        let events = house.first.until_ended(&house.ada, session, started.id).await;
        assert_eq!(texts(&events), ["Hm?"]);
        house.check();
    }

    async fn a_day_of_the_workspace_ends_for_all_of_it(store: TestStore) {
        let house = House::new(store).await;
        let bob = house.member("Bob Marsh", "Member").await;
        set(&house, BudgetScope::Workspace, None, dollars(300)).await;
        for caller in [&house.ada, &bob] {
            assert_eq!(ends(&house, caller, "sales-assistant").await, Ok(()));
        }
        let problem = ends(&house, &bob, "analyst").await.unwrap_err();
        assert_eq!(problem.code, "budget_reached");
        assert!(problem.message.starts_with("The workspace has used up the budget of this day: $0.0005 of $0.0003. It begins anew on "), "{}", problem.message);
        assert!(problem.message.contains(" at 00:00 (UTC)."), "{}", problem.message);
        assert!(problem.retry_after.unwrap() <= Duration::from_secs(24 * 60 * 60));
        // Raised, it takes up again at once.
        set(&house, BudgetScope::Workspace, None, dollars(1_000)).await;
        assert_eq!(ends(&house, &bob, "analyst").await, Ok(()));
        house.first.agents.remove_budget(&house.ada, BudgetScope::Workspace, None).await.unwrap();
        assert_eq!(ends(&house, &bob, "analyst").await, Ok(()));
    }

    async fn an_agent_and_a_member_have_budgets_of_their_own(store: TestStore) {
        let house = House::new(store).await;
        let bob = house.member("Bob Marsh", "Member").await;
        set(&house, BudgetScope::Agent, None, tokens(50)).await;
        assert_eq!(ends(&house, &house.ada, "analyst").await, Ok(()));
        let problem = ends(&house, &bob, "analyst").await.unwrap_err();
        assert!(problem.message.contains("55 of 50 tokens"), "{}", problem.message);
        assert!(problem.message.starts_with("The agent "), "{}", problem.message);
        assert_eq!(ends(&house, &bob, "sales-assistant").await, Ok(()), "another agent has its own day");
        // One of its own takes the place of the one for each.
        set(&house, BudgetScope::Agent, Some(&agent_id(&house, "analyst").await), tokens(1_000)).await;
        assert_eq!(ends(&house, &bob, "analyst").await, Ok(()));

        set(&house, BudgetScope::Agent, None, tokens(100_000)).await;
        set(&house, BudgetScope::Member, Some(&bob.member().unwrap().to_string()), tokens(0)).await;
        let problem = ends(&house, &bob, "analyst").await.unwrap_err();
        assert!(problem.message.starts_with("You have used up"), "{}", problem.message);
        assert_eq!(ends(&house, &house.ada, "analyst").await, Ok(()));
        let budgets = house.first.agents.budgets(&house.ada).await.unwrap();
        let shown: Vec<_> = budgets
            .iter()
            .map(|budget| {
                let label = budget.subject.as_ref().and_then(|named| named.label.as_deref());
                (budget.scope, label, budget.tokens, budget.used.map(|used| used.tokens))
            })
            .collect();
        let label = shown[1].1;
        assert_eq!(shown, [
            (BudgetScope::Agent, None, Some(100_000), None),
            (BudgetScope::Agent, label, Some(1_000), Some(165)),
            (BudgetScope::Member, Some("Bob Marsh"), Some(0), Some(110)),
        ]);
    }

    async fn what_is_used_of_a_budget_is_told_however_many_use_more(store: TestStore) {
        let house = House::new(store).await;
        assert_eq!(ends(&house, &house.ada, "analyst").await, Ok(()));
        let query = UsageQuery { limit: 5_000, ..UsageQuery::by(UsageBy::Member) };
        let day = house.first.agents.usage(&house.ada, query.clone()).await.unwrap().to;
        let namespace = house.store.workspace(house.workspace).await.unwrap();
        let written: Result<(), kontor_store::Error> = namespace
            .write(day, |tx, day| {
                Box::pin(async move {
                    let mut insert = Query::insert();
                    insert.into_table(tx.table("usage")).columns([
                        "session_id", "turn_id", "agent_id", "member_id", "model", "day", "seq", "step", "at",
                        "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens",
                        "reasoning_tokens", "latency_ms",
                    ]);
                    for number in 1..=1_100 {
                        let id = || Expr::val(Uuid::from_u128(number));
                        let texts = ["m".to_owned(), day.to_string()].map(Expr::val);
                        let numbers = [1, 1, 0, 1_000, 0, 0, 0, 0, 0].map(|number: i64| Expr::val(number));
                        let ids = [id(), id(), id(), id()];
                        insert.values(ids.into_iter().chain(texts).chain(numbers)).unwrap();
                    }
                    tx.execute(&insert).await?;
                    Ok(())
                })
            })
            .await;
        written.unwrap();
        set(&house, BudgetScope::Agent, Some(&agent_id(&house, "analyst").await), tokens(1_000)).await;
        set(&house, BudgetScope::Member, Some(&house.ada.member().unwrap().to_string()), tokens(1_000)).await;
        let budgets = house.first.agents.budgets(&house.ada).await.unwrap();
        let used: Vec<_> = budgets.iter().map(|budget| budget.used.map(|used| used.tokens)).collect();
        assert_eq!(used, [Some(55), Some(55)]);
        assert_eq!(house.first.agents.usage(&house.ada, query).await.unwrap().groups.len(), 1_101);
    }

    async fn a_budget_in_dollars_counts_nothing_of_a_model_without_a_price(store: TestStore) {
        let server = ScriptedModel::start().await.unwrap();
        // The model of this name has no price.
        let house = House::with_real_model(store, server.base_url()).await;
        set(&house, BudgetScope::Workspace, None, dollars(1)).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        for _ in 0..2 {
            server.push(Script::new().text("Hello.").usage(50, 5));
            assert_eq!(ended(&house.first.ask(&house.ada, session, "hi").await), Ok(()));
        }
        let total = house.first.agents.usage(&house.ada, UsageQuery::by(UsageBy::Model)).await.unwrap().total;
        assert_eq!((total.steps, total.unpriced_steps, total.cost_micros), (2, 2, 0));
        let both = NewBudget { cost_micros: Some(1), tokens: Some(100) };
        set(&house, BudgetScope::Workspace, None, both).await;
        let problem = ended(&house.first.ask(&house.ada, session, "hi").await).unwrap_err();
        assert!(problem.message.contains("110 of 100 tokens"), "{}", problem.message);
    }

    async fn turns_at_one_time_go_beyond_a_budget_by_no_more_than_an_answer_each(store: TestStore) {
        const AT_ONE_TIME: u64 = 6;
        let house = House::new(store).await;
        set(&house, BudgetScope::Workspace, None, tokens(400)).await;
        let mut sessions: Vec<SessionId> = Vec::new();
        for _ in 0..AT_ONE_TIME {
            sessions.push(house.first.session(&house.ada, "sales-assistant").await);
        }
        let reads: &[(&str, Value)] = &[("deal.find", json!({}))];
        // Each would use 110 tokens ten times.
        let long = plan(&[reads; 10], "Never said.");
        let turns = sessions.iter().map(|session| house.first.ask(&house.ada, *session, &long));
        let all = futures::future::join_all(turns).await;
        for events in &all {
            assert_eq!(ended(events).unwrap_err().code, "budget_reached", "{:?}", names(events));
        }
        let total = house.first.agents.usage(&house.ada, UsageQuery::by(UsageBy::Day)).await.unwrap().total;
        let used = total.input_tokens + total.output_tokens;
        assert!((400..400 + AT_ONE_TIME * 110).contains(&used), "{used}");
        assert_eq!(ends(&house, &house.ada, "sales-assistant").await.unwrap_err().code, "budget_reached");
    }

    async fn a_day_begins_anew_by_the_clocks_of_the_workspace(store: TestStore) {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        // Ten in the evening in Berlin.
        let clock = Arc::new(ManualClock::at("2026-03-01T21:00:00Z".parse().unwrap()));
        let house = House::with_clock(store, clock.clone()).await;
        let zone = serde_json::Map::from_iter([("time_zone".to_owned(), json!("Europe/Berlin"))]);
        house.first.identity.change_workspace_settings(&house.ada, &zone).await.unwrap();
        set(&house, BudgetScope::Member, None, tokens(50)).await;
        assert_eq!(ends(&house, &house.ada, "analyst").await, Ok(()));
        clock.advance(HOUR);
        let problem = ends(&house, &house.ada, "analyst").await.unwrap_err();
        let told = "You have used up the budget of this day: 55 of 50 tokens. It begins anew on 2026-03-02 at 00:00 \
                    (Europe/Berlin). An admin can raise it.";
        assert_eq!((problem.message.as_str(), problem.retry_after), (told, Some(HOUR)));
        clock.advance(HOUR);
        assert_eq!(ends(&house, &house.ada, "analyst").await, Ok(()));
        let days = house.first.agents.usage(&house.ada, UsageQuery::by(UsageBy::Day)).await.unwrap();
        let days: Vec<_> = days.groups.iter().filter_map(|group| Some(group.day?.to_string())).collect();
        assert_eq!(days, ["2026-03-01", "2026-03-02"]);
    }

    async fn commands_are_answered_whatever_the_budget(store: TestStore) {
        let house = House::with_builtin(store).await;
        set(&house, BudgetScope::Workspace, None, tokens(0)).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        assert_eq!(ended(&house.first.ask(&house.ada, session, "show my deals").await), Ok(()));
    }

    async fn budgets_are_set_by_those_who_may_and_written_down(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let bob = house.member("Bob Marsh", "Member").await;
        let refused = agents.set_budget(&bob, BudgetScope::Workspace, None, tokens(5)).await.unwrap_err();
        assert_eq!(refused.problem().code, "not_permitted");
        assert_eq!(agents.budgets(&bob).await.unwrap_err().problem().code, "not_permitted");
        let refused = agents.remove_budget(&bob, BudgetScope::Workspace, None).await.unwrap_err();
        assert_eq!(refused.problem().code, "not_permitted");

        let ada = &house.ada;
        let wrong = |scope, subject: Option<&'static str>, new| async move {
            let refused = agents.set_budget(ada, scope, subject, new).await.unwrap_err().problem();
            refused.issues.into_iter().map(|issue| format!("{} {}", issue.path, issue.code)).collect::<Vec<_>>()
        };
        let nothing = NewBudget { cost_micros: None, tokens: None };
        assert_eq!(wrong(BudgetScope::Turn, Some("me"), nothing).await, ["subject invalid_subject", "cost_micros required"]);
        assert_eq!(wrong(BudgetScope::Member, Some("me"), tokens(5)).await, ["subject invalid_subject"]);
        let nobody = Some("01a22767-0147-7024-bf9c-f88a2035eb2f");
        assert_eq!(wrong(BudgetScope::Agent, nobody, tokens(5)).await, ["subject not_found"]);
        assert_eq!(wrong(BudgetScope::Turn, None, tokens(u64::MAX)).await, ["tokens out_of_range"]);

        set(&house, BudgetScope::Turn, None, tokens(5)).await;
        set(&house, BudgetScope::Turn, None, dollars(7)).await;
        assert_eq!(agents.budgets(&house.ada).await.unwrap().len(), 1);
        agents.remove_budget(&house.ada, BudgetScope::Turn, None).await.unwrap();
        let gone = agents.remove_budget(&house.ada, BudgetScope::Turn, None).await.unwrap_err();
        assert_eq!(gone.problem().code, "budget_not_found");
        let namespace = house.store.workspace(house.workspace).await.unwrap();
        let query = kontor_store::AuditQuery {
            action: Some("budget.*".to_owned()), limit: 10, ..kontor_store::AuditQuery::default()
        };
        let acts = namespace.read(query, |tx, query| Box::pin(async move { tx.audit_log(query).await }));
        let acts = acts.await.unwrap();
        let told: Vec<_> = acts.iter().map(|act| (act.action.as_str(), act.target.as_str())).collect();
        assert_eq!(told, [("budget.removed", "budget:turn"), ("budget.set", "budget:turn"), ("budget.set", "budget:turn")]);
        assert_eq!(acts[1].details["before"]["tokens"], 5);
        assert_eq!(acts[1].details["after"]["cost_micros"], 7);
    }
}
