//! Throw-away workspaces.

use kontor_agents::{Agents, NewTryout};
use kontor_core::{caller::Caller, environment::Environment, time::Timestamp, turn::TurnEvent};
use kontor_crm::{CopyBounds, records::ListQuery};
use kontor_evals::sandbox::{CopyOf, Sandbox, Sandboxes, Settled, Template};
use kontor_identity::NewRole;
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;
use tempfile::TempDir;

use crate::house::{House, PATIENCE, models, sandboxes};

const BOUNDS: CopyBounds = CopyBounds { of_each_object: 100, records: 1_000, bytes: 1 << 20 };

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn made() -> (TempDir, Sandboxes) {
    let folder = TempDir::new().unwrap();
    let models = models(None, &Environment::system());
    let made = sandboxes(folder.path(), models);
    (folder, made)
}

async fn opened(template: &Template, seed: u64) -> Sandbox {
    template.open(Environment::reproducible(now(), seed)).await.unwrap()
}

async fn asked(sandbox: &Sandbox, caller: &Caller, message: &str) -> Settled {
    let session = sandbox.session(caller, "sales-assistant", None).await.unwrap();
    let turn = sandbox.say(caller, session, message).await.unwrap();
    sandbox.settle(caller, session, turn, PATIENCE).await.unwrap()
}

fn said(settled: &Settled) -> String {
    let texts = settled.events.iter().filter_map(|logged| match &*logged.event {
        TurnEvent::MessageCompleted { text, .. } => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_begins_as_the_template_and_knows_nothing_of_the_others() {
    let (folder, sandboxes) = made();
    let standard = sandboxes.standard().await.unwrap();
    let (one, other) = (opened(&standard, 1).await, opened(&standard, 2).await);
    let ada = one.caller().await.unwrap();
    let settled = asked(&one, &ada, "create contact Jane Doe").await;
    assert!(settled.has_ended(), "{:?}", settled.status);
    let changes = one.changes(10).await.unwrap();
    assert_eq!(
        changes.iter().map(|change| change.action.as_str()).collect::<Vec<_>>(),
        ["create"],
        "{}",
        said(&settled)
    );
    assert!(other.changes(10).await.unwrap().is_empty());
    one.close().await;
    drop(other);
    drop((standard, sandboxes));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_seed_gives_the_same_log_and_another_gives_other_ids() {
    let (_folder, sandboxes) = made();
    let standard = sandboxes.standard().await.unwrap();
    let mut logs = Vec::new();
    for seed in [7, 7, 8] {
        let sandbox = opened(&standard, seed).await;
        let ada = sandbox.caller().await.unwrap();
        let settled = asked(&sandbox, &ada, "create contact Jane Doe").await;
        let log: Vec<_> = settled
            .events
            .iter()
            .map(|logged| format!("{} {} {}", logged.seq, logged.at, logged.data()))
            .collect();
        logs.push(log.join("\n"));
        sandbox.close().await;
    }
    assert_eq!(logs[0], logs[1]);
    assert_ne!(logs[0], logs[2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filled_workspace_is_frozen_and_opened_again_and_again() {
    let (_folder, sandboxes) = made();
    let standard = sandboxes.standard().await.unwrap();
    let filled = standard.open(Environment::reproducible(now(), 1)).await.unwrap();
    let ada = filled.caller().await.unwrap();
    asked(&filled, &ada, "create contact Jane Doe").await;
    let template = filled.freeze().await.unwrap();
    for _ in 0..3 {
        let sandbox = template.open(Environment::reproducible(now(), 2)).await.unwrap();
        let ada = sandbox.caller().await.unwrap();
        let page = sandbox.crm().list(&ada, "contacts", ListQuery::default()).await.unwrap();
        assert_eq!(page.records.len(), 1);
        assert!(sandbox.changes(10).await.unwrap().is_empty());
        sandbox.close().await;
    }
}

both_engines! {
    async fn a_copy_has_what_the_workspace_has_and_gives_nothing_back(store: TestStore) {
        let (_folder, sandboxes) = made();
        let house = House::new(&store, models(None, &Environment::system())).await;
        let account = house.make("account", json!({"name": "Initech"})).await;
        let deal = house.make("deal", json!({
            "name": "Renewal", "amount": {"amount": 90_000, "currency": "USD"}, "account": account,
        })).await;
        let before = house.crm.get(&house.ada, "deal", deal, None, vec![]).await.unwrap().to_json();
        let (sandbox, copied) = copy(&house, &sandboxes, &house.ada, NewTryout::default()).await;
        assert!(copied.is_whole && copied.records == 2, "{copied:?}");
        let ada = sandbox.caller().await.unwrap();
        assert_ne!(ada.workspace, house.workspace);
        let there = sandbox.crm().get(&ada, "deal", deal, None, vec![]).await.unwrap().to_json();
        assert_eq!(there, before);
        let found = sandbox.crm().search(&ada, "renew", None, 10).await.unwrap();
        assert_eq!(found.len(), 1);
        let told = sandbox.crm().timeline(&ada, "deal", deal, 10, None).await.unwrap();
        assert_eq!(told.entries.len(), 1);

        asked(&sandbox, &ada, "move Renewal to negotiation").await;
        let changed = sandbox.changes(10).await.unwrap();
        assert_eq!((changed.len(), changed[0].record), (1, deal));
        let moved = sandbox.crm().get(&ada, "deal", deal, None, vec![]).await.unwrap().to_json();
        assert_eq!(moved["stage"], "NEGOTIATION");
        let after = house.crm.get(&house.ada, "deal", deal, None, vec![]).await.unwrap().to_json();
        assert_eq!(after, before);
        sandbox.close().await;
    }

    async fn a_bounded_copy_has_the_newest_and_what_they_point_to(store: TestStore) {
        let (_folder, sandboxes) = made();
        let house = House::new(&store, models(None, &Environment::system())).await;
        let mut deals = Vec::new();
        for number in 0..4 {
            let account = house.make("account", json!({"name": format!("Account {number}")})).await;
            let deal = json!({"name": format!("Deal {number}"), "account": account});
            deals.push(house.make("deal", deal).await);
        }
        // An account that is older than the newest one, which alone is within the bound.
        let bounds = CopyBounds { of_each_object: 1, ..BOUNDS };
        let subject = house.source.agents.tryout_subject(&house.ada, "sales-assistant", NewTryout::default()).await.unwrap();
        let what = of(&house, subject, bounds);
        let (sandbox, copied) = sandboxes.copy(&house.source, what, Environment::system()).await.unwrap();
        assert!(!copied.is_whole);
        let ada = sandbox.caller().await.unwrap();
        let there = sandbox.crm().list(&ada, "deals", ListQuery::default()).await.unwrap();
        assert_eq!(there.records.iter().map(|deal| deal.id).collect::<Vec<_>>(), [deals[3]]);
        let account = sandbox.crm().get(&ada, "deal", deals[3], None, vec![]).await.unwrap().to_json();
        assert_eq!(account["account"]["label"], "Account 3");
    }

    async fn what_the_caller_may_not_read_is_not_read_through_another_member(store: TestStore) {
        let (_folder, sandboxes) = made();
        let house = House::new(&store, models(None, &Environment::system())).await;
        house.make("deal", json!({"name": "Renewal", "amount": {"amount": 90_000, "currency": "USD"}})).await;
        let grants = json!({
            "default": {"actions": ["read", "create", "update"]},
            "objects": {"deal": {"actions": ["read"], "read_fields": {"except": ["amount"]}}},
            "platform": ["prompts"],
        });
        let role = NewRole { name: "Writer".to_owned(), grants: Some(grants), ..NewRole::default() };
        house.source.identity.create_role(&house.ada, role).await.unwrap();
        let max = house.member("Max Okafor", "Writer").await;
        // As themselves, and as the admin, who may read it.
        for member in [None, Some(house.ada.member().unwrap().to_string())] {
            let asked_for = NewTryout { member, ..NewTryout::default() };
            let (sandbox, _) = copy(&house, &sandboxes, &max, asked_for).await;
            let acting = sandbox.caller().await.unwrap();
            let settled = asked(&sandbox, &acting, "show open deals").await;
            let log = settled.events.iter().map(|logged| logged.data().to_owned()).collect::<String>();
            assert!(log.contains("Renewal") && !log.contains("90,000") && !log.contains("amount"), "{log}");
            sandbox.close().await;
        }
    }
}

fn of(house: &House, subject: kontor_agents::TryoutSubject, bounds: CopyBounds) -> CopyOf {
    let account = house.source.agents.account_of(house.workspace, house.ada.member().unwrap());
    CopyOf {
        reader: Caller::system(house.workspace),
        member: subject.member,
        grants: subject.grants,
        agent: (subject.agent.name, subject.agent.id),
        prompt: subject.body,
        record: subject.record,
        bounds,
        account: Some(account),
    }
}

async fn copy(
    house: &House,
    sandboxes: &Sandboxes,
    caller: &Caller,
    asked: NewTryout,
) -> (Sandbox, kontor_crm::Copied) {
    let agents: &Agents = &house.source.agents;
    let subject = agents.tryout_subject(caller, "sales-assistant", asked).await.unwrap();
    let mut what = of(house, subject, BOUNDS);
    if what.member.member() != caller.member() {
        what.reader = caller.clone();
    }
    sandboxes.copy(&house.source, what, Environment::system()).await.unwrap()
}
