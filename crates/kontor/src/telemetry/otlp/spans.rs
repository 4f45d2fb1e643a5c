//! The spans of a turn: `invoke_agent` for it, `chat` for each question to a model, `execute_tool` for each call. A call
//! that asks another agent holds an `invoke_agent` of that one, with its own spans within.

use std::time::Duration;

use kontor_agents::{TraceAsked, TraceCall, TraceStep, TurnStatus, TurnTrace};
use kontor_core::{ids::WorkspaceId, time::Timestamp};
use opentelemetry_proto::tonic::{
    common::v1::InstrumentationScope,
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, SpanKind},
        status::StatusCode,
    },
};
use sha2::{Digest as _, Sha256};

use super::{
    attributes::{
        AGENT_NAME, AGENT_VERSION, Attributes, CACHE_CREATION, CACHE_READ, CONVERSATION, ERROR_TYPE,
        FINISH_REASONS, INPUT_MESSAGES, INPUT_TOKENS, OPERATION, OUTPUT_MESSAGES, OUTPUT_TOKENS, PROVIDER,
        REASONING_TOKENS, REQUEST_MODEL, RESPONSE_MODEL, SYSTEM_INSTRUCTIONS, TOOL_ARGUMENTS, TOOL_CALL,
        TOOL_DEFINITIONS, TOOL_NAME, TOOL_RESULT, TOOL_TYPE,
    },
    content,
};

/// The schema whose names are used.
const SCHEMA: &str = "https://opentelemetry.io/schemas/1.45.0";

/// Spans with who sends them.
pub(super) fn resource(service_name: &str, spans: Vec<Span>) -> ResourceSpans {
    let attributes = Attributes::default()
        .text("service.name", service_name)
        .text("service.version", env!("CARGO_PKG_VERSION"));
    let scope = InstrumentationScope {
        name: "kontor".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    ResourceSpans {
        resource: Some(Resource { attributes: attributes.into_vec(), ..Resource::default() }),
        scope_spans: vec![ScopeSpans { scope: Some(scope), spans, schema_url: SCHEMA.to_owned() }],
        schema_url: SCHEMA.to_owned(),
    }
}

/// The spans of a turn that has ended.
pub(super) fn of_turn(workspace: WorkspaceId, trace: &TurnTrace, with_content: bool) -> Vec<Span> {
    let turn = Turn { trace, with_content };
    let mut spans = vec![turn.span(workspace)];
    let own = Part {
        of: "turn".to_owned(),
        agent: trace.agent.as_ref().map(|agent| agent.name.as_str()),
        question: &trace.turn.message,
    };
    turn.steps(&own, &trace.steps, &mut spans);
    spans
}

/// What one agent did in a turn.
struct Part<'t> {
    /// What the id of its span is made of.
    of: String,
    agent: Option<&'t str>,
    /// What it was asked.
    question: &'t str,
}

struct Turn<'t> {
    trace: &'t TurnTrace,
    with_content: bool,
}

impl Turn<'_> {
    /// The spans of an agent's steps, with those of the agents that it asked.
    fn steps(&self, part: &Part<'_>, steps: &[TraceStep], spans: &mut Vec<Span>) {
        for (place, step) in steps.iter().enumerate() {
            spans.push(self.chat(part, step, steps.get(..place).unwrap_or_default()));
            for call in &step.calls {
                spans.push(self.tool(part, step, call));
                let Some(asked) = &call.asked else { continue };
                let of = format!("asked {}", content::call_id(step.number, call));
                let question = call.arguments["question"].as_str().unwrap_or_default();
                spans.push(self.asked(&of, step, call, asked));
                self.steps(&Part { of, agent: Some(&asked.name), question }, &asked.steps, spans);
            }
        }
    }

    /// All that an agent did that was asked by another.
    fn asked(&self, of: &str, step: &TraceStep, call: &TraceCall, asked: &TraceAsked) -> Span {
        let id = content::call_id(step.number, call);
        let from = asked.steps.first().map_or(call.called_at, |step| step.started_at);
        let to = call.ended_at.or(asked.steps.last().map(|step| step.ended_at)).unwrap_or(from);
        let sum = |of: fn(&kontor_agents::TraceUsage) -> u64| {
            asked.steps.iter().flat_map(|step| &step.usage).map(of).sum::<u64>()
        };
        let mut attributes = Attributes::default()
            .text(OPERATION, "invoke_agent")
            .text(AGENT_NAME, asked.name.as_str())
            .text(AGENT_VERSION, asked.version.to_string())
            .text(CONVERSATION, self.trace.turn.session.to_string())
            .number(INPUT_TOKENS, sum(|usage| usage.input_tokens))
            .number(OUTPUT_TOKENS, sum(|usage| usage.output_tokens));
        if self.with_content {
            let question = call.arguments["question"].as_str().unwrap_or_default();
            attributes = attributes.text(INPUT_MESSAGES, content::input(question, &[]));
            if let Some(last) = asked.steps.last() {
                attributes = attributes.text(OUTPUT_MESSAGES, content::output(last));
            }
        }
        let name = format!("invoke_agent {}", asked.name);
        let parent = format!("call {id}");
        let mut span = self.begun(of, Some(&parent), name, SpanKind::Internal, [from, to]);
        if call.outcome == Some("failed") {
            let code = call.problem.as_ref().and_then(|problem| problem["code"].as_str()).unwrap_or("_OTHER");
            attributes = attributes.text(ERROR_TYPE, code);
            span.status = Some(failed(code));
        }
        span.attributes = attributes.into_vec();
        span
    }

    /// A span's id follows from what it is of, so that a turn that is sent twice is the same trace.
    fn id(&self, of: &str) -> Vec<u8> {
        let mut digest = Sha256::new();
        digest.update(self.trace.turn.id.as_uuid().as_bytes());
        digest.update(of.as_bytes());
        digest.finalize()[..8].to_vec()
    }

    fn begun(
        &self,
        of: &str,
        parent: Option<&str>,
        name: String,
        kind: SpanKind,
        times: [Timestamp; 2],
    ) -> Span {
        let [from, to] = times;
        Span {
            trace_id: self.trace.turn.id.as_uuid().as_bytes().to_vec(),
            span_id: self.id(of),
            parent_span_id: parent.map(|parent| self.id(parent)).unwrap_or_default(),
            name,
            kind: kind.into(),
            start_time_unix_nano: nanos(from),
            end_time_unix_nano: nanos(to.max(from)),
            ..Span::default()
        }
    }

    /// All that the agent did in answer to the message.
    fn span(&self, workspace: WorkspaceId) -> Span {
        let TurnTrace { turn, agent, member, usage, timing, lease, .. } = self.trace;
        let from = turn.started_at.unwrap_or(turn.created_at);
        let to = turn.ended_at.unwrap_or(from);
        let model = self.trace.steps.iter().rev().find_map(|step| step.model.as_deref());
        let mut attributes = Attributes::default()
            .text(OPERATION, "invoke_agent")
            .text_if(AGENT_NAME, agent.as_ref().map(|agent| agent.name.as_str()))
            .text_if(AGENT_VERSION, self.trace.agent_version.map(|version| version.to_string()))
            .text(CONVERSATION, turn.session.to_string())
            .text_if(PROVIDER, model.map(provider))
            .text_if(REQUEST_MODEL, model.map(bare))
            .number(INPUT_TOKENS, usage.input_tokens)
            .number(OUTPUT_TOKENS, usage.output_tokens)
            .text("kontor.workspace.id", workspace.to_string())
            .text("kontor.member.id", member.id.to_string())
            .text("kontor.turn.id", turn.id.to_string())
            .text("kontor.turn.status", turn.status.word())
            .number("kontor.lease.epoch", u64::try_from(lease.epoch).unwrap_or_default())
            .count("kontor.cost_micros", usage.cost_micros)
            .count("kontor.queued_ms", timing.queued_ms)
            .count("kontor.waiting_ms", timing.waiting_ms);
        if self.with_content {
            attributes = attributes.text(INPUT_MESSAGES, content::input(&self.trace.turn.message, &[]));
            if let Some(last) = self.trace.steps.last() {
                attributes = attributes.text(OUTPUT_MESSAGES, content::output(last));
            }
        }
        let name = match agent {
            Some(agent) => format!("invoke_agent {}", agent.name),
            None => "invoke_agent".to_owned(),
        };
        let mut span = self.begun("turn", None, name, SpanKind::Internal, [from, to]);
        if turn.status == TurnStatus::Failed {
            let code = turn.problem.as_ref().map_or("_OTHER", |problem| &*problem.code);
            attributes = attributes.text(ERROR_TYPE, code);
            // A message may name records.
            let message = turn.problem.as_ref().filter(|_| self.with_content);
            span.status = Some(failed(message.map(|problem| problem.message.as_str()).unwrap_or(code)));
        }
        span.attributes = attributes.into_vec();
        span
    }

    /// A question to a model, from its first request to its answer.
    fn chat(&self, part: &Part<'_>, step: &TraceStep, before: &[TraceStep]) -> Span {
        let model = step.model.as_deref();
        let latency: u64 = step.usage.iter().map(|usage| usage.latency_ms).sum();
        let asked = step.started_at.plus(Duration::from_millis(latency));
        // Where nothing tells how long the model took, its answer was there when the first call was.
        let answered = step.calls.iter().map(begun).min().unwrap_or(step.ended_at);
        let to = if latency > 0 { asked.min(step.ended_at) } else { answered };
        let sum = |of: fn(&kontor_agents::TraceUsage) -> u64| step.usage.iter().map(of).sum::<u64>();
        let reason = if step.calls.is_empty() { "stop" } else { "tool_call" };
        let mut attributes = Attributes::default()
            .text(OPERATION, "chat")
            .text_if(PROVIDER, model.map(provider))
            .text_if(REQUEST_MODEL, model.map(bare))
            .text_if(RESPONSE_MODEL, model.map(bare))
            .text(CONVERSATION, self.trace.turn.session.to_string())
            .text_if(AGENT_NAME, part.agent)
            .number(INPUT_TOKENS, sum(|usage| usage.input_tokens))
            .number(OUTPUT_TOKENS, sum(|usage| usage.output_tokens))
            .count(CACHE_READ, sum(|usage| usage.cached_input_tokens))
            .count(CACHE_CREATION, sum(|usage| usage.cache_write_tokens))
            .count(REASONING_TOKENS, sum(|usage| usage.reasoning_tokens))
            .text_if("kontor.fallback.instead_of", step.instead_of.as_ref().map(|of| of.model.as_str()))
            .text_if("kontor.fallback.because", step.instead_of.as_ref().map(|of| of.because.as_str()))
            .count("kontor.restarts", step.restarts.len() as u64);
        if model.is_some() {
            attributes = attributes.texts(FINISH_REASONS, [reason]);
        }
        if self.with_content {
            let sent = step.sent.as_ref();
            let tools = sent.and_then(|sent| sent.tools.as_ref()).map(ToString::to_string);
            attributes = attributes
                .text(INPUT_MESSAGES, content::input(part.question, before))
                .text(OUTPUT_MESSAGES, content::output(step))
                .text_if(
                    SYSTEM_INSTRUCTIONS,
                    sent.and_then(|sent| sent.prompt.as_deref()).map(content::instructions),
                )
                .text_if(TOOL_DEFINITIONS, tools);
        }
        let name = format!("chat {}", model.map_or("unknown", bare));
        let of = format!("step {}", step.number);
        let mut span = self.begun(&of, Some(&part.of), name, SpanKind::Client, [step.started_at, to]);
        if model.is_none() && self.trace.turn.status == TurnStatus::Failed {
            let code = self.trace.turn.problem.as_ref().map_or("_OTHER", |problem| &*problem.code);
            attributes = attributes.text(ERROR_TYPE, code);
            span.status = Some(failed(code));
        }
        span.events = step
            .restarts
            .iter()
            .map(|restart| {
                let how = if restart.taken_over { "taken_over" } else { "restarted" };
                let attributes = Attributes::default().text("kontor.restart", how);
                let epoch = restart.epoch.and_then(|epoch| u64::try_from(epoch).ok());
                let attributes = attributes.count("kontor.lease.epoch", epoch.unwrap_or_default());
                event("step.restarted", restart.at, attributes)
            })
            .collect();
        span.attributes = attributes.into_vec();
        span
    }

    /// A call of a tool.
    fn tool(&self, part: &Part<'_>, step: &TraceStep, call: &TraceCall) -> Span {
        // What an agent that was asked took is known of its steps, waiting for people left out.
        let from = if call.asked.is_some() { call.called_at } else { begun(call) };
        let to = call.ended_at.unwrap_or(call.called_at);
        let id = content::call_id(step.number, call);
        let mut attributes = Attributes::default()
            .text(OPERATION, "execute_tool")
            .text(TOOL_NAME, call.operation.as_str())
            .text(TOOL_TYPE, "function")
            .text(TOOL_CALL, id.as_str())
            .text(CONVERSATION, self.trace.turn.session.to_string())
            .text("kontor.tool.outcome", call.outcome.unwrap_or("not_run"));
        if self.with_content {
            let result = call.result.as_ref().or(call.problem.as_ref()).map(ToString::to_string);
            attributes =
                attributes.text(TOOL_ARGUMENTS, call.arguments.to_string()).text_if(TOOL_RESULT, result);
        }
        let name = format!("execute_tool {}", call.operation);
        let mut span =
            self.begun(&format!("call {id}"), Some(&part.of), name, SpanKind::Internal, [from, to]);
        if matches!(call.outcome, Some("failed" | "unknown")) {
            let code = call.problem.as_ref().and_then(|problem| problem["code"].as_str());
            let code = code.unwrap_or("unknown_outcome");
            attributes = attributes.text(ERROR_TYPE, code);
            span.status = Some(failed(code));
        }
        if let Some(approval) = &call.approval {
            let asked = event("approval.requested", approval.requested_at, Attributes::default());
            let answered = approval.resolved_at.map(|at| {
                let answer = if approval.approved == Some(true) { "approved" } else { "denied" };
                event("approval.resolved", at, Attributes::default().text("kontor.approval", answer))
            });
            span.events = std::iter::once(asked).chain(answered).collect();
        }
        span.attributes = attributes.into_vec();
        span
    }
}

/// When a call began to run: one that only reads is logged when it has its result.
fn begun(call: &TraceCall) -> Timestamp {
    let took = Duration::from_millis(call.duration_ms.unwrap_or_default());
    call.ended_at.map_or(call.called_at, |ended| ended.minus(took))
}

fn event(name: &str, at: Timestamp, attributes: Attributes) -> Event {
    Event {
        time_unix_nano: nanos(at),
        name: name.to_owned(),
        attributes: attributes.into_vec(),
        dropped_attributes_count: 0,
    }
}

fn failed(message: &str) -> Status {
    Status { message: message.to_owned(), code: StatusCode::Error.into() }
}

fn nanos(at: Timestamp) -> u64 {
    u64::try_from(at.micros()).unwrap_or_default().saturating_mul(1_000)
}

/// The provider in a model's id, as the conventions name those that they know.
fn provider(model: &str) -> &str {
    match model.split_once('/').map_or(model, |(provider, _)| provider) {
        "azure" => "azure.ai.openai",
        "gemini" => "gcp.gemini",
        "mistral" => "mistral_ai",
        "xai" => "x_ai",
        other => other,
    }
}

/// A model's id as its provider knows it.
fn bare(model: &str) -> &str {
    model.split_once('/').map_or(model, |(_, bare)| bare)
}
