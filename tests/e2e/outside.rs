//! Turns, jobs and calls that reach outside: whatever moment the server is killed at, each thing happens at most once,
//! and what came of it is known or said to be unknown.

use std::{collections::BTreeMap, path::Path, time::Duration};

use futures::StreamExt as _;
use kontor_core::environment::{Random as _, SeededRandom};
use kontor_testkit::{
    client::ApiClient,
    scripted::{Script, ScriptedModel},
    server::Server,
    sse::Event,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::fixture::{Engine, Fixture, engines};

const OPERATIONS: [&str; 3] = ["effect.repeat", "effect.look_up", "effect.ask"];
/// The latest moment of a kill, in milliseconds.
const LATEST: u64 = 160;

/// How often the server is killed on each engine: `KONTOR_TEST_KILLS`, or a few times.
fn kills() -> usize {
    std::env::var("KONTOR_TEST_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(10)
}

/// A model that wants a record of the message's name and one call of each operation at once, and then says that it is
/// done.
async fn model() -> ScriptedModel {
    ScriptedModel::with_rule(|request| {
        let last =
            request["messages"].as_array().and_then(|messages| messages.last()).cloned().unwrap_or_default();
        if last["role"] != "user" {
            return Script::new().text("Done.");
        }
        let takes = json!({ "takes_ms": 15 }).to_string();
        let [a, b, c] = OPERATIONS;
        let made = json!({ "name": last["content"] }).to_string();
        Script::new().calls(&[
            ("a", a, &takes),
            ("b", b, &takes),
            ("c", c, &takes),
            ("d", "account.create", &made),
        ])
    })
    .await
    .unwrap()
}

async fn fixture(engine: Engine, model: &ScriptedModel) -> Fixture {
    let mut fixture = Fixture::start(engine, Some(&model.base_url())).await;
    drop(fixture.server.take());
    let file = fixture.folder().join("effects").display().to_string();
    fixture.options.environment.push(("KONTOR_TEST_EFFECTS".to_owned(), file));
    fixture
}

/// How often each key stands in the file of effects.
fn effects(folder: &Path) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in std::fs::read_to_string(folder.join("effects")).unwrap_or_default().lines() {
        *counts.entry(line.to_owned()).or_default() += 1;
    }
    counts
}

/// What is asked for in a round: a call of each operation by hand, and a turn that makes one of each.
struct Round {
    number: usize,
    session: String,
}

impl Round {
    fn name(&self) -> String {
        format!("Round {}", self.number)
    }

    async fn call(&self, client: &ApiClient, operation: &str) -> (StatusCode, Value) {
        let key = format!("{operation}-{}", self.number);
        let path = format!("/api/operations/{operation}");
        let body = Some(json!({ "takes_ms": 15 }));
        let answer = client.send(Method::POST, &path, body, &[("idempotency-key", &key)]).await;
        answer.map_or((StatusCode::BAD_GATEWAY, Value::Null), |answer| (answer.status, answer.body))
    }

    /// Has the turn begun, agrees to what it asks, and follows it to its end; its events.
    async fn turn(&self, client: &ApiClient) -> Option<Vec<Event>> {
        let path = format!("/api/sessions/{}/turns", self.session);
        let key = format!("turn-{}", self.number);
        let body = json!({ "message": self.name() });
        client.send(Method::POST, &path, Some(body), &[("idempotency-key", &key)]).await.ok()?;
        let mut stream = client.events(&self.session, None).await.ok()?;
        let mut events = Vec::new();
        while let Some(event) = stream.next().await {
            if event.name == "approval.requested" {
                // What denies it when nobody answers is run before its time, and finds nothing to do.
                for job in client.get("/api/jobs?state=waiting").await.ok()?.body["data"].as_array()? {
                    let path = format!("/api/jobs/{}/run", job["id"].as_str()?);
                    client.post(&path, json!({})).await.ok()?;
                }
                let path = format!("/api/approvals/{}", event.data["approval"].as_str()?);
                client.post(&path, json!({ "decision": "approve" })).await.ok()?;
            }
            let has_ended = event.ends_turn();
            events.push(event);
            if has_ended {
                return Some(events);
            }
        }
        None
    }

    async fn begin(&self, client: &ApiClient) {
        let calls = OPERATIONS.map(|operation| self.call(client, operation));
        tokio::join!(futures::future::join_all(calls), self.turn(client));
    }

    /// Asks for the same again after the kill: every outcome is there, and it is the true one.
    async fn examine(&self, client: &ApiClient, folder: &Path) {
        let mut outcomes = Vec::new();
        for operation in OPERATIONS {
            let (status, body) = self.call(client, operation).await;
            let key = |counts: &BTreeMap<String, usize>| {
                let end = format!("/{operation}-{}", self.number);
                counts.iter().find(|(key, _)| key.ends_with(&end)).map_or(0, |(_, count)| *count)
            };
            outcomes.push((operation, status == StatusCode::OK, key(&effects(folder)), body));
        }
        let events = tokio::time::timeout(Duration::from_secs(60), self.turn(client)).await.unwrap().unwrap();
        assert_eq!(events.last().unwrap().name, "turn.completed");
        let turn = events.last().unwrap().data["turn"].as_str().unwrap().to_owned();
        let results: Vec<_> = events.iter().filter(|event| event.name == "tool.result").collect();
        assert_eq!(results.len(), OPERATIONS.len() + 1);
        for result in results {
            if result.data["operation"] == "account.create" {
                assert_eq!(result.data["outcome"]["status"], "succeeded");
                continue;
            }
            let operation = result.data["operation"].as_str().unwrap().to_owned();
            let operation = OPERATIONS.into_iter().find(|known| *known == operation).unwrap();
            let key = format!("turn/{turn}/1/{}", result.data["index"]);
            let count = effects(folder).get(&key).copied().unwrap_or(0);
            let succeeded = result.data["outcome"]["status"] == "succeeded";
            assert!(succeeded || result.data["outcome"]["status"] == "unknown", "{:?}", result.data);
            outcomes.push((operation, succeeded, count, result.data.clone()));
        }
        let filter = json!({ "name": { "eq": self.name() } }).to_string();
        let query = [("filter", filter.as_str())];
        let made = client.request(Method::GET, "/api/records/accounts").query(&query).send().await.unwrap();
        let made: Value = made.json().await.unwrap();
        assert_eq!(made["data"].as_array().unwrap().len(), 1, "round {}: {made}", self.number);
        for (operation, succeeded, count, told) in outcomes {
            match (succeeded, count) {
                (true, 1) => {}
                // Nobody knows whether it happened, and it is not done again.
                (false, 0 | 1) if operation == "effect.ask" => {}
                _ => panic!("round {}: {operation} happened {count} times and says {told}", self.number),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_of_calls_outside_makes_none_twice() {
    for engine in engines() {
        let model = model().await;
        let mut fixture = fixture(engine, &model).await;
        let random = SeededRandom::new(7);
        fixture.launch();
        // The same address each time: it is the issuer of the tokens.
        fixture.options.listen = fixture.server().address().to_owned();
        for number in 0..kills() {
            let client = fixture.sign_in("ada").await;
            let round = Round { number, session: client.session("sales-assistant").await.unwrap() };
            let mut bytes = [0; 8];
            random.fill(&mut bytes);
            let moment = Duration::from_millis(u64::from_le_bytes(bytes) % LATEST);
            let _ = tokio::time::timeout(moment, round.begin(&client)).await;
            fixture.server.take().unwrap().kill().unwrap();
            fixture.server = Some(Server::start(&fixture.options).unwrap());
            round.examine(&client, fixture.folder()).await;
        }
        let twice: Vec<_> = effects(fixture.folder()).into_iter().filter(|(_, count)| *count != 1).collect();
        assert_eq!(twice, [], "{engine:?}");
        assert_eq!(model.violations(), Vec::<String>::new());
        fixture.end().await;
    }
}

/// The moments between two durable writes, as the program names them.
const POINTS: [&str; 11] = [
    "turn.taken",
    "step.committed",
    "operation.committed",
    "turn.put_down",
    "approval.resolved",
    "outside.begun",
    "outside.ran",
    "outside.ended",
    "job.claimed",
    "job.ran",
    "job.finished",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_between_two_durable_writes_loses_and_doubles_nothing() {
    for engine in engines() {
        let model = model().await;
        let mut fixture = fixture(engine, &model).await;
        fixture.launch();
        fixture.options.listen = fixture.server().address().to_owned();
        for (number, point) in POINTS.into_iter().enumerate() {
            let client = fixture.sign_in("ada").await;
            let round = Round { number, session: client.session("sales-assistant").await.unwrap() };
            fixture.server.take().unwrap().kill().unwrap();
            let armed = ("KONTOR_TEST_KILL_AT".to_owned(), point.to_owned());
            let mut options = fixture.options.clone();
            options.environment.push(armed);
            fixture.server = Some(Server::start(&options).unwrap());
            let _ = tokio::time::timeout(Duration::from_secs(10), round.begin(&client)).await;
            assert!(
                fixture.server.take().unwrap().ends_within(Duration::from_secs(10)),
                "{engine:?}: {point} was not reached"
            );
            fixture.server = Some(Server::start(&fixture.options).unwrap());
            round.examine(&client, fixture.folder()).await;
        }
        let twice: Vec<_> = effects(fixture.folder()).into_iter().filter(|(_, count)| *count != 1).collect();
        assert_eq!(twice, [], "{engine:?}");
        let client = fixture.sign_in("ada").await;
        for state in ["running", "failed"] {
            let jobs = client.get(&format!("/api/jobs?state={state}")).await.unwrap().ok();
            assert_eq!(jobs["data"], json!([]), "{engine:?}");
        }
        fixture.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_outside_is_made_once_under_its_key_and_its_failure_is_no_success() {
    for engine in engines() {
        let model = model().await;
        let mut fixture = fixture(engine, &model).await;
        fixture.launch();
        let client = fixture.sign_in("ada").await;
        let send = async |key: &str, body: Value| {
            client
                .send(Method::POST, "/api/operations/effect.ask", Some(body), &[("idempotency-key", key)])
                .await
                .unwrap()
        };
        let first = send("one", json!({ "takes_ms": 1_000 }));
        let second = async {
            tokio::time::sleep(Duration::from_millis(600)).await;
            send("one", json!({ "takes_ms": 1_000 })).await
        };
        let (first, second) = tokio::join!(first, second);
        assert_eq!((first.status, second.status), (StatusCode::OK, StatusCode::CONFLICT), "{engine:?}");
        assert_eq!(second.body["code"], "call_under_way");
        assert_eq!(send("one", json!({ "takes_ms": 1_000 })).await.body, first.body);
        assert_eq!(send("one", json!({})).await.body["code"], "idempotency_key_reused");
        assert_eq!(send("two", json!({ "refuse": true })).await.body["code"], "refused");
        assert_eq!(send("two", json!({ "refuse": true })).await.body["code"], "refused");
        let wrong = send("three", json!({ "takes": 1 })).await;
        assert_eq!((wrong.status, &wrong.body["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_input")));

        // Whoever leaves does not stop it.
        let body = json!({ "takes_ms": 300 });
        let left = client.send(
            Method::POST,
            "/api/operations/effect.ask",
            Some(body.clone()),
            &[("idempotency-key", "left")],
        );
        assert!(tokio::time::timeout(Duration::from_millis(100), left).await.is_err());
        tokio::time::sleep(Duration::from_millis(1_000)).await;
        assert_eq!(send("left", body).await.status, StatusCode::OK);
        let counts: Vec<usize> = effects(fixture.folder()).into_values().collect();
        assert_eq!(counts, [1, 1], "{engine:?}");

        // More at a time than a workspace may make are refused, and have no effect.
        let keys: Vec<String> = (0..65).map(|number| format!("many-{number}")).collect();
        let many = keys.iter().map(|key| send(key, json!({ "takes_ms": 2_000 })));
        let answers = futures::future::join_all(many).await;
        let refused: Vec<_> = answers.iter().filter(|answer| answer.status != StatusCode::OK).collect();
        assert_eq!(refused.len(), 1, "{engine:?}");
        assert_eq!(
            (refused[0].status.as_u16(), &refused[0].body["code"]),
            (429, &json!("too_many_calls_outside"))
        );
        assert_eq!(effects(fixture.folder()).len(), 2 + 64);
        fixture.end().await;
    }
}
