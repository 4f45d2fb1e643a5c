//! The server killed in the middle of turns that write, again and again, and what is left examined.
//!
//! Each round starts turns whose model asks for six writes in three steps, the last of which a person approves,
//! kills the server with signal 9 after a random moment, starts it again on the same data, sends the messages
//! again under the same idempotency keys, answers what is asked, and waits for the turns to end. Then every
//! effect must be there exactly once, with one entry in a timeline, every tool call must have exactly one
//! result, the log must read the same twice, and what the model was sent of a conversation, thoughts and signatures
//! included, must be the same bytes in each later request.

mod model;
mod replay;

use std::{io, time::Duration};

use futures::StreamExt as _;
use kontor_core::environment::{Random as _, SeededRandom};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

pub use self::model::{Wire, model};
use crate::{
    client::ApiClient,
    scripted::ScriptedModel,
    server::{Server, ServerOptions},
    sse::{Event, text_of},
};

/// How long a turn may take to end after the restart: more than a lease that nobody renews.
const END: Duration = Duration::from_secs(60);

/// What the loop found.
#[derive(Debug, Default)]
pub struct Report {
    pub rounds: usize,
    pub turns: usize,
    /// Turns that had not ended when the server was killed.
    pub interrupted: usize,
    /// Steps that were begun again after a restart.
    pub restarted_steps: usize,
    /// Requests that the model was sent.
    pub requests: usize,
    /// What happened, each once: of each there is one event in the outbox.
    pub effects: Vec<Effect>,
    /// What must never be: each a sentence.
    pub violations: Vec<String>,
}

/// Something that was done to a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    /// The record's id.
    pub record: String,
    /// As in `deal.updated`.
    pub name: String,
}

/// One turn of a round.
struct Attempt {
    session: String,
    marker: String,
    /// The deal that is changed, spoken of and deleted.
    deal: String,
}

/// How the loop is run.
#[derive(Debug, Clone)]
pub struct KillOptions {
    pub server: ServerOptions,
    pub rounds: usize,
    /// Turns that run at the same time in each round.
    pub concurrent: usize,
    pub seed: u64,
    /// The longest time from the first message to the kill.
    pub latest: Duration,
}

/// Runs the loop. The options' server must use the model of [`model`].
pub async fn run(options: &KillOptions, model: &ScriptedModel) -> io::Result<Report> {
    let random = SeededRandom::new(options.seed);
    let mut report = Report::default();
    let mut server = Server::start(&options.server)?;
    // The same address each time: it is the issuer of the tokens.
    let again = ServerOptions { listen: server.address().to_owned(), ..options.server.clone() };
    let mut markers = Vec::new();
    for round in 0..options.rounds {
        let client = ApiClient::sign_in(&server.url, "ada@demo.test").await.map_err(io::Error::other)?;
        let mut attempts = Vec::new();
        for lane in 0..options.concurrent {
            let marker = format!("K{}R{round}L{lane}", options.seed);
            markers.push(marker.clone());
            attempts.push(Attempt::prepare(&client, marker).await.map_err(io::Error::other)?);
        }
        let running = futures::future::join_all(attempts.iter().map(|attempt| attempt.see_through(&client)));
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        let latest = u64::try_from(options.latest.as_micros()).unwrap_or(u64::MAX).max(1);
        let moment = Duration::from_micros(u64::from_le_bytes(bytes) % latest);
        // The answers do not matter: whoever got none asks again.
        let (_, ()) = tokio::join!(tokio::time::timeout(moment, running), tokio::time::sleep(moment));
        server.kill()?;
        server = Server::start(&again)?;
        for attempt in &attempts {
            if let Err(why) = attempt.examine(&client, &mut report).await {
                report.violations.push(format!("round {round}, {}: {why}", attempt.marker));
            }
        }
        report.rounds += 1;
        report.turns += attempts.len();
    }
    let bodies = model.bodies();
    report.requests = bodies.len();
    report.violations.extend(replay::differences(&bodies, &markers));
    report.violations.extend(model.violations());
    Ok(report)
}

impl Attempt {
    async fn prepare(client: &ApiClient, marker: String) -> reqwest::Result<Self> {
        let session = client.session("sales-assistant").await?;
        let deal = client.post("/api/records/deals", json!({ "name": marker })).await?.ok();
        Ok(Self { session, marker, deal: deal["id"].as_str().unwrap_or_default().to_owned() })
    }

    /// Sends the message under its key; the turn's id.
    async fn send(&self, client: &ApiClient) -> Result<String, String> {
        let path = format!("/api/sessions/{}/turns", self.session);
        let body = json!({ "message": format!("{} {}", self.marker, self.deal) });
        let answer = client
            .send(Method::POST, &path, Some(body), &[("idempotency-key", &self.marker)])
            .await
            .map_err(describe)?;
        match answer.body["id"].as_str() {
            Some(id) if answer.status.is_success() => Ok(id.to_owned()),
            _ => Err(format!("the message was refused: {} {}", answer.status, answer.body)),
        }
    }

    /// Sends the message, approves what is asked, and follows the turn to its end; its id and its events.
    async fn see_through(&self, client: &ApiClient) -> Result<(String, Vec<Event>), String> {
        let turn = self.send(client).await?;
        let mut stream = client.events(&self.session, None).await.map_err(describe)?;
        let mut events = Vec::new();
        while let Some(event) = stream.next().await {
            if event.data["turn"].as_str() != Some(&turn) {
                continue;
            }
            if event.name == "approval.requested" {
                approve(client, event.data["approval"].as_str().unwrap_or_default()).await?;
            }
            let ended = event.ends_turn();
            events.push(event);
            if ended {
                return Ok((turn, events));
            }
        }
        Err("the stream ended before the turn did".to_owned())
    }

    /// Waits for the turn to end and looks at what is there.
    async fn examine(&self, client: &ApiClient, report: &mut Report) -> Result<(), String> {
        let (turn, events) = tokio::time::timeout(END, self.see_through(client))
            .await
            .map_err(|_| "the turn did not end".to_owned())??;
        match events.last() {
            Some(last) if last.name == "turn.completed" => {}
            last => return Err(format!("the turn ended with {last:?}")),
        }
        let restarts = events.iter().filter(|event| event.name == "step.restarted").count();
        report.restarted_steps += restarts;
        report.interrupted += usize::from(restarts > 0);
        each_call_has_one_result(&events)?;
        let text = text_of(&events);
        let expected = format!("I make two things. All of {} is done now, as you asked.", self.marker);
        if text != expected {
            return Err(format!("the text is {text:?}"));
        }
        let again = client.turn_events(&self.session, &turn).await.map_err(describe)?;
        if logged(&again) != logged(&events) || text_of(&again) != text {
            return Err("the log reads differently the second time".to_owned());
        }
        for (object, plural, field) in [
            ("account", "accounts", "name"),
            ("note", "notes", "title"),
            ("activity", "activities", "subject"),
            ("task", "tasks", "title"),
        ] {
            let id = self.only(client, plural, field).await?;
            let created = format!("{object}.created");
            has_happened(client, plural, &id, &[&created]).await?;
            report.effects.push(Effect { record: id, name: created });
        }
        let found = client.get(&format!("/api/records/deals/{}", self.deal)).await.map_err(describe)?;
        if found.status != StatusCode::NOT_FOUND {
            return Err(format!("the deal is still there: {} {}", found.status, found.body));
        }
        let done = ["deal.created", "deal.updated", "deal.deleted"];
        let told_of = [&done[..], &["activity.created"]].concat();
        has_happened(client, "deals", &self.deal, &told_of).await?;
        let effects = done.map(|name| Effect { record: self.deal.clone(), name: name.to_owned() });
        report.effects.extend(effects);
        Ok(())
    }

    /// The id of the one record that has the marker.
    async fn only(&self, client: &ApiClient, plural: &str, field: &str) -> Result<String, String> {
        let mut filter = json!({});
        filter[field] = json!({ "eq": self.marker });
        let query = [("filter", filter.to_string()), ("total", "true".to_owned())];
        let path = format!("/api/records/{plural}");
        let response = client.request(Method::GET, &path).query(&query).send().await.map_err(describe)?;
        let found: Value = response.json().await.map_err(describe)?;
        if found["page"]["total"] != 1 {
            return Err(format!("there are {} {plural} instead of one: {found}", found["page"]["total"]));
        }
        Ok(found["data"][0]["id"].as_str().unwrap_or_default().to_owned())
    }
}

fn describe(error: reqwest::Error) -> String {
    error.to_string()
}

/// Approves what may have been approved before.
async fn approve(client: &ApiClient, approval: &str) -> Result<(), String> {
    let path = format!("/api/approvals/{approval}");
    let answer = client.post(&path, json!({ "decision": "approve" })).await.map_err(describe)?;
    match answer.status {
        StatusCode::CONFLICT => Ok(()),
        status if status.is_success() => Ok(()),
        status => Err(format!("the approval was refused: {status} {}", answer.body)),
    }
}

/// A record's timeline has one entry for each of these, and none besides.
async fn has_happened(client: &ApiClient, plural: &str, id: &str, names: &[&str]) -> Result<(), String> {
    let path = format!("/api/records/{plural}/{id}/timeline");
    let timeline = client.get(&path).await.map_err(describe)?.body;
    let entries = timeline["data"].as_array().cloned().unwrap_or_default();
    let mut found: Vec<_> = entries.iter().filter_map(|entry| entry["name"].as_str()).collect();
    let mut expected = names.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    if found == expected {
        Ok(())
    } else {
        Err(format!("the timeline of {plural} {id} tells {found:?} instead of {expected:?}"))
    }
}

fn each_call_has_one_result(events: &[Event]) -> Result<(), String> {
    let places = |name: &str| {
        let mut places: Vec<_> = events
            .iter()
            .filter(|event| event.name == name)
            .map(|event| (event.data["step"].as_u64(), event.data["index"].as_u64()))
            .collect();
        places.sort();
        places
    };
    let (calls, results) = (places("tool.called"), places("tool.result"));
    if calls.len() != 6 || calls != results {
        return Err(format!("calls {calls:?} have results {results:?}"));
    }
    let bad = events
        .iter()
        .find(|event| event.name == "tool.result" && event.data["outcome"]["status"] != "succeeded");
    bad.map_or(Ok(()), |event| Err(format!("a call did not succeed: {}", event.data)))
}

fn logged(events: &[Event]) -> Vec<(&str, &str)> {
    events
        .iter()
        .filter(|event| event.is_logged())
        .map(|event| (event.id.as_str(), event.name.as_str()))
        .collect()
}
