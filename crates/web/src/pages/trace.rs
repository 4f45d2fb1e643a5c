//! What happened in a turn.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{Html, Redirect},
};
use kontor_agents::{TraceCall, TraceStep, TurnStatus, TurnTrace};
use kontor_core::{ids::TurnId, reading::readable, usage::dollars};
use kontor_evals::evaluations::NewCase;
use kontor_http::Services;
use serde_json::Value as Json;

use super::evaluations;
use crate::{
    assets,
    chat::duration,
    error::{Result, page},
    link::parsed,
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, Shown, exact},
};

#[derive(Template)]
#[template(path = "trace.html")]
struct TracePage {
    assets: &'static str,
    shell: Shell,
    trace: TurnTrace,
    status: String,
    colour: &'static str,
    begun: Shown,
    /// Whether the reader may open the chat.
    may_open: bool,
    tokens: String,
    cost: String,
    total: String,
    queued: String,
    waiting: String,
    model_time: String,
    tools_time: String,
    steps: Vec<StepView>,
    /// The datasets that the turn may become a case of.
    datasets: Vec<String>,
}

struct StepView {
    number: u32,
    /// The agent that was asked whose step it is, where it is not the turn's own.
    agent: Option<String>,
    model: Option<String>,
    summary: String,
    /// Restarts, fallbacks and what became of earlier messages.
    remarks: Vec<String>,
    prompt: Option<String>,
    tools: Option<String>,
    reasoning: String,
    text: String,
    calls: Vec<CallView>,
}

struct CallView {
    operation: String,
    outcome: &'static str,
    colour: &'static str,
    took: String,
    approval: Option<String>,
    arguments: String,
    result: String,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path(turn): Path<String>,
) -> Result<Html<String>> {
    let turn: TurnId = parsed(&turn)?;
    let trace = state.agents.trace(&caller, turn).await?;
    let may_open = state.agents.session(&caller, trace.turn.session).await.is_ok();
    let schema = state.crm.schema(caller.workspace).await?;
    let shell = Shell::new(&state, &caller, &csrf, &schema, "Turn", "chat").await?;
    let clock = Clock::of(&state.environment, &caller);
    let (usage, timing) = (trace.usage, trace.timing);
    page(&TracePage {
        assets: &assets::BASE,
        shell,
        status: trace.turn.status.word().replace('_', " "),
        colour: match trace.turn.status {
            TurnStatus::Completed => "green",
            TurnStatus::Failed => "red",
            TurnStatus::Running => "blue",
            TurnStatus::Queued | TurnStatus::WaitingForApproval | TurnStatus::Cancelled => "gray",
        },
        begun: exact(trace.turn.started_at.unwrap_or(trace.turn.created_at), clock),
        may_open,
        tokens: readable(&usage.tokens.to_string()),
        cost: if usage.cost_micros == 0 { "—".to_owned() } else { dollars(usage.cost_micros) },
        total: duration(timing.total_ms),
        queued: duration(timing.queued_ms),
        waiting: duration(timing.waiting_ms),
        model_time: duration(timing.model_ms),
        tools_time: duration(timing.tools_ms),
        steps: step_views(&trace.steps, None),
        datasets: evaluations::list::datasets_of(&state, &caller).await?,
        trace,
    })
}

/// Makes the turn a case of a dataset, which is shown then.
pub(crate) async fn make_case(
    State(state): State<Services>,
    Path(turn): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let note = sent.fields.get("note").to_owned();
    let new = NewCase {
        turn: parsed(&turn)?,
        name: None,
        description: Some(note).filter(|note| !note.is_empty()),
        tags: Vec::new(),
    };
    let dataset = sent.fields.get("dataset");
    state.evaluations.add_case(&sent.caller, dataset, new).await?;
    Ok(Redirect::to(&evaluations::of_dataset(dataset)))
}

/// The steps of an agent, each followed by those of the agents that were asked in it.
fn step_views(steps: &[TraceStep], agent: Option<&str>) -> Vec<StepView> {
    let mut views = Vec::new();
    for step in steps {
        views.push(step_view(step, agent));
        for asked in step.calls.iter().filter_map(|call| call.asked.as_ref()) {
            let agent = format!("{}, version {}", asked.label, asked.version);
            views.extend(step_views(&asked.steps, Some(&agent)));
        }
    }
    views
}

fn step_view(step: &TraceStep, agent: Option<&str>) -> StepView {
    let took = u64::try_from(step.ended_at.since(step.started_at).as_millis()).unwrap_or(u64::MAX);
    let tokens: u64 = step.usage.iter().map(|usage| usage.input_tokens + usage.output_tokens).sum();
    let mut summary = duration(took);
    if tokens > 0 {
        summary = format!("{summary}, {} tokens", readable(&tokens.to_string()));
    }
    let mut remarks = Vec::new();
    for restart in &step.restarts {
        let lease = restart.epoch.map(|epoch| format!(" (lease {epoch})")).unwrap_or_default();
        let how = if restart.taken_over { "Taken over by another process" } else { "Begun again" };
        remarks.push(format!("{how}{lease}: {}", restart.reason));
    }
    if let Some(fallback) = &step.instead_of {
        remarks.push(format!("Answered in the place of {}, which {}.", fallback.model, fallback.because));
    }
    for history in &step.history {
        remarks.push(match history.what {
            "refused" => format!("The answer was not of the form that is asked for: {}", history.text),
            what => format!("Earlier messages were {what}: {}", history.text),
        });
    }
    let sent = step.sent.as_ref();
    StepView {
        number: step.number,
        agent: agent.map(str::to_owned),
        model: step.model.clone(),
        summary,
        remarks,
        prompt: sent.and_then(|sent| sent.prompt.clone()),
        tools: sent.and_then(|sent| sent.tools.as_ref()).map(pretty),
        reasoning: step.reasoning.clone(),
        text: step.text.clone(),
        calls: step.calls.iter().map(call_view).collect(),
    }
}

fn call_view(call: &TraceCall) -> CallView {
    let outcome = call.outcome.unwrap_or("not run");
    let result = call.result.as_ref().or(call.problem.as_ref()).map(pretty);
    let approval = call.approval.as_ref().map(|approval| {
        let answer = match (approval.approved, &approval.by_name) {
            (Some(true), Some(name)) => format!("Approved by {name}."),
            (Some(false), Some(name)) => format!("Denied by {name}."),
            _ => "Not answered yet.".to_owned(),
        };
        format!("{} {answer}", approval.why)
    });
    CallView {
        operation: call.operation.clone(),
        outcome,
        colour: match outcome {
            "succeeded" => "green",
            "failed" | "unknown" => "red",
            _ => "gray",
        },
        took: call.duration_ms.map(duration).unwrap_or_default(),
        approval,
        arguments: pretty(&call.arguments),
        result: result.or_else(|| call.comment.clone()).unwrap_or_default(),
    }
}

fn pretty(json: &Json) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}
