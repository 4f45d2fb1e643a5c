//! The server killed in the middle of turns that write, again and again, and what is left examined.
//!
//! Each round starts turns whose model asks for three writes in two steps, kills the server with signal 9
//! after a random moment, starts it again on the same data, sends the messages again under the same
//! idempotency keys, and waits for the turns to end. Then every effect must be there exactly once, every
//! tool call must have exactly one result, and the log must read the same twice.

use std::{io, time::Duration};

use kontor_core::environment::{Random as _, SeededRandom};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    client::ApiClient,
    scripted::{Script, ScriptedModel},
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
    /// What must never be: each a sentence.
    pub violations: Vec<String>,
}

/// One turn of a round.
struct Attempt {
    session: String,
    marker: String,
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

/// The model of the loop: two writes side by side, then one that uses nothing of theirs, then a sentence.
pub async fn model() -> io::Result<ScriptedModel> {
    ScriptedModel::with_rule(|request| {
        let messages = request["messages"].as_array().cloned().unwrap_or_default();
        let asked = messages.iter().rposition(|message| message["role"] == "user").unwrap_or(0);
        let marker = messages
            .get(asked)
            .and_then(|message| message["content"].as_str())
            .unwrap_or_default()
            .to_owned();
        let results = messages[asked..].iter().filter(|message| message["role"] == "tool").count();
        let title = json!({ "title": marker }).to_string();
        match results {
            0 => Script::new().text("I make two things. ").calls(&[
                ("a", "account.create", &json!({ "name": marker }).to_string()),
                ("b", "note.create", &title),
            ]),
            2 => Script::new().call("c", "task.create", &title),
            _ => Script::new().text(&format!("All of {marker} is done now, as you asked.")),
        }
    })
    .await
}

/// Runs the loop. The options' server must use the model of [`model`].
pub async fn run(options: &KillOptions, model: &ScriptedModel) -> io::Result<Report> {
    let random = SeededRandom::new(options.seed);
    let mut report = Report::default();
    let mut server = Server::start(&options.server)?;
    for round in 0..options.rounds {
        let client = ApiClient::sign_in(&server.url, "ada@demo.test").await.map_err(io::Error::other)?;
        let mut attempts = Vec::new();
        for lane in 0..options.concurrent {
            let session = client.session("sales-assistant").await.map_err(io::Error::other)?;
            attempts.push(Attempt { session, marker: format!("K{}R{round}L{lane}", options.seed) });
        }
        let sending = futures::future::join_all(attempts.iter().map(|attempt| send(&client, attempt)));
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        let latest = u64::try_from(options.latest.as_micros()).unwrap_or(u64::MAX).max(1);
        let moment = Duration::from_micros(u64::from_le_bytes(bytes) % latest);
        // The answers do not matter: whoever got none asks again.
        let (_, ()) = tokio::join!(tokio::time::timeout(moment, sending), tokio::time::sleep(moment));
        server.kill()?;
        server = Server::start(&options.server)?;
        let client = client.at(&server.url);
        for attempt in &attempts {
            if let Err(why) = examine(&client, attempt, &mut report).await {
                report.violations.push(format!("round {round}, {}: {why}", attempt.marker));
            }
        }
        report.rounds += 1;
        report.turns += attempts.len();
    }
    report.violations.extend(model.violations());
    Ok(report)
}

/// Sends an attempt's message under its key; the turn's id.
async fn send(client: &ApiClient, attempt: &Attempt) -> Result<String, String> {
    let path = format!("/api/sessions/{}/turns", attempt.session);
    let body = json!({ "message": attempt.marker });
    let answer = client
        .send(Method::POST, &path, Some(body), &[("idempotency-key", &attempt.marker)])
        .await
        .map_err(|error| error.to_string())?;
    match answer.body["id"].as_str() {
        Some(id) if answer.status.is_success() => Ok(id.to_owned()),
        _ => Err(format!("the message was refused: {} {}", answer.status, answer.body)),
    }
}

/// Waits for an attempt's turn to end and looks at what is there.
async fn examine(client: &ApiClient, attempt: &Attempt, report: &mut Report) -> Result<(), String> {
    let failed = |error: reqwest::Error| error.to_string();
    let turn = send(client, attempt).await?;
    let events = tokio::time::timeout(END, client.turn_events(&attempt.session, &turn))
        .await
        .map_err(|_| "the turn did not end".to_owned())?
        .map_err(failed)?;
    match events.last() {
        Some(last) if last.name == "turn.completed" => {}
        last => return Err(format!("the turn ended with {last:?}")),
    }
    let restarts = events.iter().filter(|event| event.name == "step.restarted").count();
    report.restarted_steps += restarts;
    report.interrupted += usize::from(restarts > 0);
    each_call_has_one_result(&events)?;
    let text = text_of(&events);
    let expected = format!("I make two things. All of {} is done now, as you asked.", attempt.marker);
    if text != expected {
        return Err(format!("the text is {text:?}"));
    }
    let again = client.turn_events(&attempt.session, &turn).await.map_err(failed)?;
    if logged(&again) != logged(&events) || text_of(&again) != text {
        return Err("the log reads differently the second time".to_owned());
    }
    for (plural, field) in [("accounts", "name"), ("notes", "title"), ("tasks", "title")] {
        let mut filter = json!({});
        filter[field] = json!({ "eq": attempt.marker });
        let query = [("filter", filter.to_string()), ("total", "true".to_owned())];
        let path = format!("/api/records/{plural}");
        let response = client.request(Method::GET, &path).query(&query).send().await.map_err(failed)?;
        let found: Value = response.json().await.map_err(failed)?;
        if found["page"]["total"] != 1 {
            return Err(format!("there are {} {plural} instead of one: {found}", found["page"]["total"]));
        }
        let id = found["data"][0]["id"].as_str().unwrap_or_default();
        let path = format!("/api/records/{plural}/{id}/timeline");
        let timeline = client.get(&path).await.map_err(failed)?.body;
        let entries = timeline["data"].as_array().map_or(0, Vec::len);
        if entries != 1 {
            return Err(format!("the timeline of {plural} {id} has {entries} entries instead of one"));
        }
    }
    Ok(())
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
    if calls.len() != 3 || calls != results {
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
