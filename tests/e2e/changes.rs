//! A role, a member or an agent that is changed in the middle of a turn: from the turn's next operation on, and on a
//! second server on the same PostgreSQL within five seconds.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kontor_testkit::{
    client::ApiClient,
    scripted::{Script, ScriptedModel},
    server::Server,
};
use serde_json::{Value, json};

use crate::fixture::{Engine, Fixture, PATIENCE, engines, eventually, kontor, said};

/// Within which a change holds everywhere.
const EVERYWHERE: Duration = Duration::from_secs(5);
/// How long the model thinks before each call, so that a turn outlasts [`EVERYWHERE`].
const PACE: Duration = Duration::from_millis(400);
const DEAL: &str = "Gravel for a year";

/// When the model was asked, and whether the operation that it called before had read the deal.
type Asked = Arc<Mutex<Vec<(Instant, Option<bool>)>>>;

/// How many times the model reads, which is longer than [`EVERYWHERE`] and within the steps of a turn.
const READS: usize = 17;

/// A model that reads deals again and again, until it may not.
async fn reader() -> (ScriptedModel, Asked) {
    let asked = Asked::default();
    let noted = asked.clone();
    let model = ScriptedModel::with_rule(move |request| {
        let messages = request["messages"].as_array().cloned().unwrap_or_default();
        let last = messages.last().cloned().unwrap_or_default();
        let read = (last["role"] == "tool").then(|| last.to_string().contains(DEAL));
        noted.lock().unwrap().push((Instant::now(), read));
        if read == Some(false) {
            return Script::new().text("I could not.");
        }
        let is_of_turn = |message: &Value| message["role"] == "assistant";
        let turn = messages.iter().rposition(|message| message["role"] == "user").unwrap_or_default();
        if messages[turn..].iter().filter(|message| is_of_turn(message)).count() == READS {
            return Script::new().text("I have read enough.");
        }
        let id = format!("call-{}", messages.len());
        Script::new().pause(PACE).call(&id, "deal_find", r#"{"search": "gravel", "limit": 1}"#)
    })
    .await
    .unwrap();
    (model, asked)
}

/// An installation with a member and an agent whose roles nobody else has, and the server that runs the turns: a second
/// one where there can be one.
struct Scene {
    fixture: Fixture,
    second: Option<Server>,
    ada: ApiClient,
    pia: ApiClient,
    member: String,
    model: ScriptedModel,
    asked: Asked,
}

impl Scene {
    async fn new(engine: Engine) -> Self {
        let (model, asked) = reader().await;
        let fixture = Fixture::start(engine, Some(&model.base_url())).await;
        let second = (engine == Engine::Postgres).then(|| fixture.second_server());
        let ada = fixture.sign_in("ada").await;
        ada.post("/api/records/deals", json!({ "name": DEAL })).await.unwrap().ok();
        for role in ["Person", "Helper"] {
            ada.post("/api/roles", json!({"name": role, "copy_of": "Member"})).await.unwrap().ok();
        }
        let agent = json!({
            "name": "reader", "label": "Reader", "role": "Helper", "model": "default", "operations": ["deal.*"],
            "prompt": "You read.",
        });
        ada.post("/api/agents", agent).await.unwrap().ok();
        let add = ["user", "add", "pia@demo.test", "--name", "Pia Person", "--role", "Person"];
        let added = kontor(&fixture, &add);
        assert!(added.status.success(), "{}", said(&added));
        let there = second.as_ref().map_or(fixture.url(), |second| second.url.as_str());
        let pia = ApiClient::sign_in(there, "pia@demo.test").await.unwrap();
        let member = pia.get("/api/me").await.unwrap().ok()["member"]["id"].as_str().unwrap().to_owned();
        Self { fixture, second, ada, pia, member, model, asked }
    }

    /// Sends a message there and waits until two operations of its turn have succeeded; the session and the turn.
    async fn under_way(&self) -> (String, String) {
        let session = self.pia.session("reader").await.unwrap();
        let turn = self.pia.turn(&session, "Read the deal again and again.").await.unwrap();
        let has_read =
            || self.asked.lock().unwrap().iter().filter(|(_, read)| *read == Some(true)).count() >= 2;
        eventually(PATIENCE, || std::future::ready(has_read().then_some(())))
            .await
            .expect("the turn reads nothing");
        (session, turn)
    }

    /// How the turn ended.
    async fn ended(&self, session: &str, turn: &str) -> String {
        let status = eventually(PATIENCE, || async {
            let turns = self.ada.get(&format!("/api/turns/{turn}/trace")).await.unwrap().ok();
            let status = turns["turn"]["status"].as_str().unwrap_or_default().to_owned();
            (!matches!(status.as_str(), "queued" | "running")).then_some(status)
        });
        status.await.unwrap_or_else(|| panic!("the turn of {session} does not end"))
    }

    /// How long after a change the last operation succeeded, which may not be for longer than a change takes.
    fn last_success_after(&self, changed: Instant, what: &str) -> Duration {
        let asked = self.asked.lock().unwrap();
        let last = asked.iter().filter(|(_, read)| *read == Some(true)).map(|(at, _)| *at).max().unwrap();
        let after = last.saturating_duration_since(changed);
        // On the server that made the change one operation may have been under way.
        let bound = if self.second.is_some() { EVERYWHERE } else { 2 * PACE };
        assert!(after < bound, "{what}: an operation succeeded {after:?} after the change");
        after
    }

    async fn end(mut self) {
        assert_eq!(self.model.violations(), Vec::<String>::new());
        drop(self.second.take());
        self.fixture.end().await;
    }
}

/// A role that reads contacts alone.
fn no_deals() -> Value {
    json!({"grants": {"objects": {"contact": {"actions": ["read"]}}, "agents": ["*"]}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_of_the_member_or_the_agent_changed_in_the_middle_of_a_turn_holds_from_its_next_operation() {
    for engine in engines() {
        for role in ["Person", "Helper"] {
            let scene = Scene::new(engine).await;
            let (session, turn) = scene.under_way().await;
            scene.ada.patch(&format!("/api/roles/{role}"), no_deals()).await.unwrap().ok();
            let changed = Instant::now();
            assert_eq!(scene.ended(&session, &turn).await, "completed", "{engine:?} {role}");
            scene.last_success_after(changed, role);
            let refused = scene.asked.lock().unwrap().last().copied();
            assert!(matches!(refused, Some((_, Some(false)))), "{engine:?} {role}: no operation was refused");
            scene.end().await;
        }
    }
}

#[tokio::test]
async fn a_changed_role_holds_for_requests_to_another_server_within_five_seconds() {
    for engine in engines().into_iter().filter(|engine| *engine == Engine::Postgres) {
        let fixture = Fixture::start(engine, None).await;
        let second = fixture.second_server();
        let ada = fixture.sign_in("ada").await;
        ada.post("/api/roles", json!({"name": "Probe", "copy_of": "Member"})).await.unwrap().ok();
        let add = ["user", "add", "probe@demo.test", "--name", "Pia Probe", "--role", "Probe"];
        assert!(kontor(&fixture, &add).status.success());
        let there = ApiClient::sign_in(&second.url, "probe@demo.test").await.unwrap();
        there.post("/api/records/deals", json!({"name": "Before"})).await.unwrap().ok();
        let grants = json!({"default": {"actions": ["read"]}});
        ada.patch("/api/roles/Probe", json!({ "grants": grants })).await.unwrap().ok();
        let refused = eventually(EVERYWHERE, || async {
            let answer = there.post("/api/records/deals", json!({"name": "After"})).await.unwrap();
            (answer.status == 403).then_some(())
        });
        refused.await.expect("the other server still goes by the role as it was");
        drop(second);
        fixture.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_given_another_role_in_the_middle_of_a_turn_acts_by_it_from_the_next_operation() {
    for engine in engines() {
        let scene = Scene::new(engine).await;
        let mut role = no_deals();
        role["name"] = json!("Contacts");
        scene.ada.post("/api/roles", role).await.unwrap().ok();
        let (session, turn) = scene.under_way().await;
        let member = format!("/api/members/{}", scene.member);
        scene.ada.patch(&member, json!({"role": "Contacts"})).await.unwrap().ok();
        let changed = Instant::now();
        assert_eq!(scene.ended(&session, &turn).await, "completed", "{engine:?}");
        scene.last_success_after(changed, "the member's other role");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_deactivated_in_the_middle_of_a_turn_has_nothing_more_done_for_them() {
    for engine in engines() {
        let scene = Scene::new(engine).await;
        let (session, turn) = scene.under_way().await;
        let member = format!("/api/members/{}", scene.member);
        scene.ada.patch(&member, json!({"status": "inactive"})).await.unwrap().ok();
        let changed = Instant::now();
        let status = scene.ended(&session, &turn).await;
        assert!(matches!(status.as_str(), "failed" | "cancelled"), "{engine:?}: {status}");
        scene.last_success_after(changed, "the member");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_changed_in_the_middle_of_a_turn_is_another_from_the_next_message() {
    for engine in engines() {
        let scene = Scene::new(engine).await;
        let (session, turn) = scene.under_way().await;
        scene.ada.patch("/api/agents/reader", json!({"operations": ["contact.*"]})).await.unwrap().ok();
        // The turn ends under the version it began with.
        assert_eq!(scene.ended(&session, &turn).await, "completed", "{engine:?}");
        let last = scene.asked.lock().unwrap().last().copied();
        assert!(matches!(last, Some((_, Some(true)))), "{engine:?}: the turn did not end as it began");
        // By then five seconds are over: the next message is answered by what the agent is now.
        let next = scene.pia.turn(&session, "And again.").await.unwrap();
        assert_eq!(scene.ended(&session, &next).await, "completed", "{engine:?}");
        let last = scene.asked.lock().unwrap().last().copied();
        assert!(matches!(last, Some((_, Some(false)))), "{engine:?}: deals are still read");
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_deactivated_takes_no_message_and_ends_the_reply_that_it_had_begun() {
    for engine in engines() {
        let scene = Scene::new(engine).await;
        let (session, turn) = scene.under_way().await;
        scene.ada.patch("/api/agents/reader", json!({"active": false})).await.unwrap().ok();
        let path = format!("/api/sessions/{session}/turns");
        let refused = eventually(EVERYWHERE, || async {
            let answer = scene.pia.post(&path, json!({"message": "And again."})).await.unwrap();
            (answer.status == 409).then_some(answer)
        });
        let refused = refused.await.unwrap_or_else(|| panic!("{engine:?}: it is still used"));
        assert_eq!(refused.body["code"], "agent_inactive", "{engine:?}");
        assert_eq!(scene.ended(&session, &turn).await, "completed", "{engine:?}");
        scene.end().await;
    }
}
