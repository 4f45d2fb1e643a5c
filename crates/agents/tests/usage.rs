//! What models use up is written with the step that used it, once.

use std::time::Duration;

use futures::StreamExt as _;
use kontor_agents::{BudgetScope, NewBudget, UsageBy, UsageQuery, UsageReport};
use kontor_core::{
    caller::Caller,
    error::Fault as _,
    ids::SessionId,
    time::Timestamp,
    turn::TurnEvent,
    usage::{Spent, StepUsage},
};
use kontor_models::{ModelSettings, tokens::estimate};
use kontor_store::{both_engines, testing::TestStore};
use kontor_testkit::scripted::{Script, ScriptedModel};
use sea_query::{Expr, ExprTrait as _, Query};
use serde_json::{Value, json};

use crate::house::{House, patient, plan, settings};

const MODEL: &str = "scripted/scripted";

async fn report(house: &House, caller: &Caller, by: UsageBy) -> UsageReport {
    house.first.agents.usage(caller, UsageQuery::by(by)).await.unwrap()
}

/// What a log tells of usage.
fn told<'e>(events: impl IntoIterator<Item = &'e TurnEvent>) -> Vec<StepUsage> {
    let usage = events.into_iter().filter_map(|event| match event {
        TurnEvent::Usage { usage, .. } => Some(usage.clone()),
        _ => None,
    });
    usage.collect()
}

/// What the table holds of a session: the numbers of the events that told it, and all of it added up.
async fn stored(house: &House, session: SessionId) -> (Vec<i64>, Spent) {
    let namespace = house.store.workspace(house.workspace).await.unwrap();
    let read: Result<_, kontor_store::Error> = namespace
        .read(session, |tx, session| {
            Box::pin(async move {
                let select = Query::select()
                    .columns(["seq", "input_tokens", "output_tokens", "cost_micros"])
                    .from(tx.table("usage"))
                    .and_where(Expr::col("session_id").eq(session.as_uuid()))
                    .order_by("seq", sea_query::Order::Asc)
                    .take();
                let (mut numbers, mut spent) = (Vec::new(), Spent::default());
                for row in tx.fetch_all(&select).await? {
                    numbers.push(row.get::<i64>(0)?);
                    spent.add(&StepUsage {
                        input_tokens: row.get(1)?,
                        output_tokens: row.get(2)?,
                        cost_micros: row.get(3)?,
                        ..StepUsage::default()
                    });
                }
                Ok((numbers, spent))
            })
        })
        .await;
    read.unwrap()
}

/// Two steps with calls, the second of which writes, and an answer.
fn busy() -> Value {
    let mut message = plan(
        &[
            &[("deal.find", json!({}))],
            &[("task.create", json!({"title": "Ring Bob"})), ("deal.find", json!({}))],
        ],
        "All done, and a few words more.",
    );
    message["wait"] = json!(10);
    message
}

both_engines! {
    async fn each_answer_is_written_with_its_step_and_told_in_the_log(store: TestStore) {
        let house = House::new(store).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let events = house.first.ask(&house.ada, session, busy()).await;
        let told = told(&events);
        let costs: Vec<_> = told.iter().map(|usage| usage.cost_micros).collect();
        assert_eq!(costs, [Some(450), Some(450), Some(225)]);
        assert!(told.iter().all(|usage| usage.model == MODEL && usage.day.is_some()), "{told:?}");
        assert_eq!(stored(&house, session).await.1, Spent { tokens: 110 + 110 + 55, cost_micros: 1_125 });

        for by in [UsageBy::Day, UsageBy::Agent, UsageBy::Member, UsageBy::Model] {
            let report = report(&house, &house.ada, by).await;
            let [group] = report.groups.as_slice() else { panic!("{report:?}") };
            assert_eq!(group.figures, report.total, "{by:?}");
            assert_eq!((report.total.steps, report.total.input_tokens), (3, 250), "{by:?}");
            assert_eq!((report.total.cost_micros, report.total.unpriced_steps), (1_125, 0), "{by:?}");
            let label = |named: &kontor_agents::Named| named.label.clone();
            match by {
                UsageBy::Day => assert_eq!(group.day, told[0].day),
                UsageBy::Agent => {
                    let label = group.agent.as_ref().and_then(label);
                    assert_eq!(label.as_deref(), Some("Sales assistant"));
                }
                UsageBy::Member => {
                    assert_eq!(group.member.as_ref().and_then(label).as_deref(), Some("Ada Brandt"));
                }
                UsageBy::Model => assert_eq!(group.model.as_deref(), Some(MODEL)),
            }
        }
    }

    async fn a_kill_after_any_event_doubles_and_loses_no_usage(store: TestStore) {
        let mut house = House::new(store).await;
        let mut steps = 0;
        for killed_after in 1..=14 {
            let session = house.first.session(&house.ada, "sales-assistant").await;
            let turn = house.first.say(&house.ada, session, busy()).await;
            house.kill_after(&house.ada.clone(), session, killed_after).await;
            house.first.until_ended(&house.ada, session, turn).await;
            let log = house.first.log(&house.ada, session).await;
            let numbers: Vec<i64> =
                log.iter().filter(|logged| logged.name() == "usage").map(|logged| logged.seq).collect();
            let (stored, _) = stored(&house, session).await;
            assert_eq!(stored, numbers, "killed after {killed_after} events");
            assert_eq!(stored.len(), 3, "killed after {killed_after} events");
            steps += 3;
        }
        assert_eq!(report(&house, &house.ada, UsageBy::Model).await.total.steps, steps);
    }

    async fn an_answer_that_broke_off_counts_what_its_provider_had_said(store: TestStore) {
        let house = House::scripted(store).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let usage = r#"{"prompt_tokens": 100, "completion_tokens": 3}"#;
        let broken = || {
            let chunk = format!("data: {{\"choices\": [], \"usage\": {usage}}}\n\n");
            Script::new().text("Half a").raw(&chunk).cut()
        };
        house.server.push(broken());
        house.server.push(Script::new().text("All of it.").usage(100, 10));
        let events = house.first.ask(&house.ada, session, "hello").await;
        let names: Vec<_> = events.iter().map(TurnEvent::name).collect();
        let place = names.iter().position(|name| *name == "step.restarted").unwrap();
        assert_eq!(names[place - 1], "usage", "{names:?}");
        let tokens: Vec<_> = told(&events).iter().map(|usage| usage.output_tokens).collect();
        assert_eq!(tokens, [3, 10]);
        assert_eq!(stored(&house, session).await.0.len(), 2);
    }

    async fn an_answer_cancelled_before_its_usage_is_told_counts_as_estimated(store: TestStore) {
        let house = House::scripted(store).await;
        let agents = &house.first.agents;
        house.server.push(Script::new().text("Half of what there is to say, and").stall());
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let turn = house.first.say(&house.ada, session, "hello").await;
        let mut stream = house.first.follow(&house.ada, session, None).await;
        while patient(stream.next()).await.unwrap().name() != "text.delta" {}
        agents.cancel_turn(&house.ada, turn).await.unwrap();
        let told = told(&house.first.until_ended(&house.ada, session, turn).await);
        let [usage] = told.as_slice() else { panic!("{told:?}") };
        let request = house.server.requests().pop().unwrap();
        let prompt = estimate(request["messages"][0]["content"].as_str().unwrap()) as u64;
        assert!(usage.estimated && usage.input_tokens > prompt && usage.output_tokens >= 8, "{usage:?}");
        assert!(usage.cost_micros.is_some_and(|cost| cost > 0), "{usage:?}");
        let spent = Spent {
            tokens: usage.input_tokens + usage.output_tokens, cost_micros: usage.cost_micros.unwrap()
        };
        let (rows, stored) = stored(&house, session).await;
        assert_eq!((rows.len(), stored), (1, spent));
    }

    async fn an_answer_without_end_counts_as_estimated(store: TestStore) {
        let mut settings = settings();
        settings.limits.answer_bytes = 1_000;
        let house = House::on(store, ScriptedModel::start().await.unwrap(), settings).await;
        house.server.push(Script::new().text(&"on and ".repeat(1_000)).stall());
        let session = house.first.session(&house.ada, "analyst").await;
        let told = told(&house.first.ask(&house.ada, session, "hello").await);
        let [usage] = told.as_slice() else { panic!("{told:?}") };
        assert!(usage.estimated && usage.output_tokens > 250 && usage.input_tokens > 100, "{usage:?}");
        assert_eq!(stored(&house, session).await.0.len(), 1);
    }

    async fn what_a_server_never_tells_counts_against_a_budget(store: TestStore) {
        let house = House::scripted(store).await;
        let budget = NewBudget { tokens: Some(100), cost_micros: None };
        house.first.agents.set_budget(&house.ada, BudgetScope::Workspace, None, budget).await.unwrap();
        let session = house.first.session(&house.ada, "sales-assistant").await;
        house.server.push(Script::new().text("Hello."));
        let told = told(&house.first.ask(&house.ada, session, "hello").await);
        assert!(matches!(told.as_slice(), [usage] if usage.estimated && usage.output_tokens > 0), "{told:?}");
        let events = house.first.ask(&house.ada, session, "again").await;
        let Some(TurnEvent::TurnFailed { problem, .. }) = events.last() else { panic!("{events:?}") };
        assert_eq!(problem.code, "budget_reached");
    }

    async fn a_request_of_which_nothing_came_uses_up_nothing(store: TestStore) {
        let house = House::scripted(store).await;
        house.server.push(Script::status(400, "no"));
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let events = house.first.ask(&house.ada, session, "hello").await;
        assert_eq!(events.last().unwrap().name(), "turn.failed");
        assert_eq!((told(&events), stored(&house, session).await.0), (Vec::new(), Vec::new()));
    }

    async fn what_a_fallback_answers_counts_as_its_own(store: TestStore) {
        let rule = |request: &Value| match request["model"].as_str() {
            Some("small") => Script::new().text("From the other.").usage(50, 5),
            _ => Script::status(404, "The model does not exist"),
        };
        let server = ScriptedModel::with_rule(rule).await.unwrap();
        let house = House::on(store, server, settings()).await;
        let fallbacks = ModelSettings { fallbacks: vec!["scripted/small".into()], ..ModelSettings::default() };
        house.first.agents.set_model_settings(&house.ada, fallbacks).await.unwrap();
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let told = told(&house.first.ask(&house.ada, session, "hello").await);
        let told: Vec<_> = told.iter().map(|usage| (usage.model.as_str(), usage.cost_micros)).collect();
        // Its price is not known.
        assert_eq!(told, [("scripted/small", None)]);
        assert_eq!(report(&house, &house.ada, UsageBy::Model).await.total.unpriced_steps, 1);
    }

    async fn commands_that_no_model_of_language_answers_use_up_nothing(store: TestStore) {
        let house = House::with_builtin(store).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let events = house.first.ask(&house.ada, session, "show my deals").await;
        assert_eq!(told(&events), []);
        assert_eq!(report(&house, &house.ada, UsageBy::Day).await.total.steps, 0);
    }

    async fn members_see_their_own_usage_and_admins_all(store: TestStore) {
        let house = House::new(store).await;
        let bob = house.member("Bob Marsh", "Member").await;
        for caller in [&house.ada, &bob] {
            let session = house.first.session(caller, "sales-assistant").await;
            house.first.ask(caller, session, plan(&[], "Hello.")).await;
        }
        let all = report(&house, &house.ada, UsageBy::Member).await;
        assert_eq!((all.groups.len(), all.total.steps), (2, 2));
        let own = report(&house, &bob, UsageBy::Member).await;
        assert_eq!((own.groups.len(), own.total.steps), (1, 1));
        assert_eq!(own.groups[0].member.as_ref().map(|named| named.id), bob.member().map(|id| id.as_uuid()));
        let of_ada = UsageQuery { member: house.ada.member(), ..UsageQuery::by(UsageBy::Day) };
        let refused = house.first.agents.usage(&bob, of_ada.clone()).await.unwrap_err().problem();
        assert_eq!(refused.code, "not_permitted");
        assert_eq!(house.first.agents.usage(&house.ada, of_ada).await.unwrap().total.steps, 1);
        let narrowed = UsageQuery { limit: 1, ..UsageQuery::by(UsageBy::Member) };
        let first = house.first.agents.usage(&house.ada, narrowed).await.unwrap();
        assert_eq!((first.groups.len(), first.has_more, first.total.steps), (1, true, 2));
        let of_other = UsageQuery { model: Some("other".into()), ..UsageQuery::by(UsageBy::Day) };
        assert_eq!(house.first.agents.usage(&house.ada, of_other).await.unwrap().total.steps, 0);
    }

    async fn days_that_are_no_range_are_refused_at_their_place(store: TestStore) {
        let house = House::new(store).await;
        let day = |text: &str| Some(text.parse().unwrap());
        for (from, to) in [("2026-03-02", "2026-03-01"), ("2025-01-01", "2026-01-02")] {
            let query = UsageQuery { from: day(from), to: day(to), ..UsageQuery::by(UsageBy::Day) };
            let refused = house.first.agents.usage(&house.ada, query).await.unwrap_err().problem();
            assert_eq!((refused.issues[0].path.as_str(), &*refused.issues[0].code), ("from", "out_of_range"));
        }
        let whole = UsageQuery { from: day("2025-01-01"), to: day("2026-01-01"), ..UsageQuery::by(UsageBy::Day) };
        house.first.agents.usage(&house.ada, whole).await.unwrap();
    }

    async fn usage_stays_when_the_chat_is_removed(store: TestStore) {
        let house = House::new(store).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        house.first.ask(&house.ada, session, plan(&[], "Hello.")).await;
        let namespace = house.store.workspace(house.workspace).await.unwrap();
        let long_after = Timestamp::from_micros(i64::MAX).minus(Duration::from_secs(1));
        let pruned = namespace.write(long_after, |tx, &before| kontor_agents::prune_chats(tx, before)).await;
        assert_eq!(pruned.map_err(|error: kontor_store::Error| error).unwrap(), 1);
        assert_eq!(report(&house, &house.ada, UsageBy::Agent).await.total.steps, 1);
    }
}
