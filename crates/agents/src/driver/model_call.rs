use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::StreamExt;
use kontor_core::{
    error::{ErrorKind, Issue, Problem},
    operation::Effect,
    text,
    turn::{AnsweredBy, WrittenCall},
};
use kontor_models::{
    Assembler, ChatModel, ChatRequest, CompletedStep, Delta, FinishReason, Message, ModelError, Scene, Taken,
    ToolCall, Usage,
    surface::{ASK_AGENT, HAND_OVER, Reading, check_handover, check_question},
    tokens::estimate,
    with_retries,
};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::{
    Run, failed,
    prepare::{Prepared, Setting},
    route::Chosen,
    window::{Fitted, Window},
};
use crate::{
    error::Error,
    machine::{self, Answer, Input, Partial, Proposed},
};

/// Deltas that are given out in one piece when they are there at once.
const AT_ONCE: usize = 256;

/// Bytes of a call's arguments.
const LONGEST_ARGUMENTS: usize = 128 * 1024;

/// Characters of an operation's name that are kept as the model wrote it.
const LONGEST_NAME: usize = 100;

/// The longest id of a call that is kept as the model wrote it.
const LONGEST_ID: usize = 100;

impl Run<'_> {
    /// Asks the model for the step's answer and gives out what it says as it says it.
    pub(super) async fn call_model(&mut self) -> Result<Input, Error> {
        let question = match self.request().await {
            Ok(Ready::Asked(question)) => *question,
            Ok(Ready::Leaving(prepared, model, turns)) => return self.sum_up(&prepared, model, turns).await,
            Ok(Ready::LeavingOut) => return Ok(self.left_out_again()),
            Err(error) => return Ok(failed(&error)),
        };
        let Question { prepared, request, mut chosen, tool_tokens } = question;
        let metered = self.meter(Some(&prepared.agent), &chosen.model, &request, tool_tokens).await;
        let meter = match metered {
            Ok(meter) => meter,
            Err(error) => return Ok(failed(&error)),
        };
        let scene = request.scene.clone();
        let sent = self.sent(&prepared, &chosen, &request)?;
        let step = self.state.step_number();
        let agents = self.agents;
        let settings = &agents.0.settings;
        let environment = agents.0.environment.clone();
        let (model, tries) = (chosen.model.clone(), chosen.tries.clone());
        let deltas = with_retries(model, request, chosen.retries, environment, tries);
        let mut deltas = deltas.ready_chunks(AT_ONCE);
        // Ids made for calls that come without one differ from step to step of the conversation.
        let prefix = format!("call_{}_{step}", self.turn.as_uuid().simple());
        let mut assembler = Assembler::new(prefix, settings.limits.answer_bytes);
        let mut reasoning = String::new();
        // What is said to another agent is not the answer to the member.
        match self.state.part() {
            None => self.handle.begin(self.last_seq, self.turn, step),
            Some(_) => self.handle.discard_partial(),
        }
        // What there is of an answer that comes to no end.
        let partial = |assembler: &Assembler, reasoning: &str| Partial {
            text: assembler.text().to_owned(),
            reasoning: reasoning.to_owned(),
            usage: meter.read(assembler, agents.0.environment.now()),
        };

        let (stopping, cancel) = (self.stopping, self.cancel.clone());
        let deadline = self.deadline_of_part().unwrap_or(self.deadline).min(self.deadline);
        let remaining = deadline.since(agents.0.environment.now());
        tokio::pin! {
            let stopped = stopping.cancelled();
            let cancelled = cancel.token().cancelled();
            let deadline = sleep_until(Instant::now() + remaining);
            let renewal = sleep_until(Instant::now() + settings.renew_every);
        }
        loop {
            let chunk = tokio::select! {
                biased;
                chunk = deltas.next() => chunk,
                () = &mut stopped => return Err(Error::Stopping),
                () = &mut cancelled => Some(Vec::new()),
                () = &mut deadline => {
                    // The runtime's clock and ours may differ by a moment.
                    deadline.as_mut().reset(Instant::now() + Duration::from_millis(10));
                    Some(Vec::new())
                }
                () = &mut renewal => {
                    self.renew().await?;
                    renewal.as_mut().reset(Instant::now() + settings.renew_every);
                    Some(Vec::new())
                }
            };
            let Some(chunk) = chunk else { break };
            let is_said = !chunk.is_empty();
            if chunk.iter().any(Result::is_ok) {
                chosen.begins();
            }
            if let Some(error) = take(chunk, &mut assembler, &mut reasoning, self) {
                return self.no_answer(chosen, &error, partial(&assembler, &reasoning)).await;
            }
            if assembler.is_full() {
                tracing::warn!(
                    bytes = settings.limits.answer_bytes,
                    "the model's answer has no end and is cut"
                );
                assembler.push(Delta::Finish(FinishReason::Length));
                break;
            }
            // What comes without a pause must not keep a cancellation waiting.
            if !is_said || cancel.token().is_cancelled() || stopping.is_cancelled() {
                if stopping.is_cancelled() {
                    return Err(Error::Stopping);
                }
                if let Some(end) = self.ends_with(|| partial(&assembler, &reasoning)) {
                    return Ok(end);
                }
            }
        }
        let partial = partial(&assembler, &reasoning);
        match assembler.complete() {
            Ok(step) => {
                let is_last = !chosen.tries.are_left(chosen.retries);
                count(chosen.model.name(), step.usage.as_ref(), meter.took());
                let answer = answer(step, reasoning, &prepared, scene.as_deref(), is_last);
                let answered_by = Some(AnsweredBy { sent, ..chosen.answered() });
                Ok(Input::Answered(Answer { usage: partial.usage, answered_by, ..answer }))
            }
            Err(error) => self.no_answer(chosen, &error, partial).await,
        }
    }

    async fn request(&mut self) -> Result<Ready, Error> {
        let prepared = self.prepare().await?;
        // What the meter looks at is read beside them.
        let (models, _) =
            tokio::try_join!(self.agents.models_of(self.workspace), self.agents.budgets_of(self.workspace))?;
        let Setting { scene, prompt, tools, tool_tokens, .. } = prepared.setting(self).await?;
        let limits = self.limits.clone();
        let definition = &prepared.agent.definition;
        // An agent that was asked is shown nothing but what it was asked.
        let is_asked = self.state.part().is_some();
        let history = if is_asked { Arc::default() } else { self.history.clone() };
        let may_sum_up = !is_asked && !self.state.has_dropped && self.state.summaries < limits.summaries;
        let (chosen, fitted) = loop {
            let chosen = self.choose(&models, definition).await?;
            let fixed = || tool_tokens + estimate(&prompt);
            let mut capabilities = chosen.model.capabilities();
            capabilities.max_output_tokens = definition.settings.output_limit(capabilities.max_output_tokens);
            let window = Window::new(chosen.model.name(), &capabilities, fixed, &limits);
            self.page = window.page();
            let current = machine::messages(&self.state, self.page);
            // What stands in for a moment shows what it has room for, and makes nothing shorter for good.
            let may_sum_up = may_sum_up && !chosen.is_stand_in();
            match window.fit(&history, current, may_sum_up) {
                Ok(Fitted::Messages(_, 1..))
                    if !self.state.has_told_dropped && !history.may_be_summed_up() =>
                {
                    return Ok(Ready::LeavingOut);
                }
                Ok(Fitted::Messages(messages, _)) => break (chosen, messages),
                Ok(Fitted::Leaving(turns)) => return Ok(Ready::Leaving(prepared, chosen.model, turns)),
                // There may be one whose window is larger.
                Err(error @ Error::WindowTooSmall { .. }) => self.pass_over(&chosen, &error),
                Err(error) => return Err(error),
            }
        };
        let mut messages = vec![Message::System(prompt)];
        messages.extend(fitted);
        distinguish_calls(&mut messages);
        let request = ChatRequest::new(messages, tools).with_settings(definition.settings).in_scene(scene);
        Ok(Ready::Asked(Box::new(Question { prepared, request, chosen, tool_tokens })))
    }
}

/// A request that a model is to answer.
struct Question {
    prepared: Arc<Prepared>,
    request: ChatRequest,
    chosen: Chosen,
    /// Tokens of its tools.
    tool_tokens: usize,
}

/// What is to be asked next.
enum Ready {
    Asked(Box<Question>),
    /// So many of the oldest turns have no room, and are to be summed up first by this model.
    Leaving(Arc<Prepared>, Arc<dyn ChatModel>, usize),
    /// Some of the oldest turns are left out, which the member is told first.
    LeavingOut,
}

/// Counts a step that a model answered.
pub(super) fn count(model: &str, usage: Option<&Usage>, took: Duration) {
    let model = || model.to_owned();
    metrics::histogram!("model_answer_duration_seconds", "model" => model()).record(took.as_secs_f64());
    metrics::counter!("model_answers_total", "model" => model()).increment(1);
    if let Some(usage) = usage {
        for (kind, tokens) in [("input", usage.input_tokens), ("output", usage.output_tokens)] {
            metrics::counter!("model_tokens_total", "model" => model(), "kind" => kind).increment(tokens);
        }
    }
}

/// Takes up deltas that came together; the error that ended them, if one did.
fn take(
    chunk: Vec<Result<Delta, ModelError>>,
    assembler: &mut Assembler,
    reasoning: &mut String,
    run: &Run<'_>,
) -> Option<ModelError> {
    let mut said = String::new();
    let mut thought = String::new();
    let mut broken = None;
    for delta in chunk {
        match delta {
            Ok(delta) => match assembler.push(delta) {
                Taken::Text(piece) => said.push_str(piece),
                Taken::Reasoning(piece) => thought.push_str(piece),
                Taken::Other => {}
            },
            Err(error) => {
                broken = Some(error);
                break;
            }
        }
    }
    if !said.is_empty() || !thought.is_empty() {
        reasoning.push_str(&thought);
        run.handle.push_delta(&said, &thought);
    }
    broken
}

fn answer(
    step: CompletedStep,
    reasoning: String,
    prepared: &Prepared,
    scene: Option<&Scene>,
    is_last: bool,
) -> Answer {
    let cut = matches!(step.finish, FinishReason::Length | FinishReason::ContentFilter);
    let calls = step.tool_calls.into_iter().map(|call| proposed(call, prepared, scene));
    let (text, mut calls, carried): (_, Vec<_>, _) = (step.text, calls.collect(), step.carried);
    let handovers = calls.iter_mut().filter(|call: &&mut Proposed| call.operation == HAND_OVER);
    for second in handovers.skip(1) {
        second.problem = Some(Problem::invalid(vec![Issue::new("", "twice", "It is handed over once.")]));
    }
    let refused = if calls.is_empty() { prepared.agent.form.refusal(&text) } else { None };
    Answer { text, reasoning, calls, carried, usage: None, refused, cut, is_last, answered_by: None }
}

/// What a call means, and whether it can run.
fn proposed(call: ToolCall, prepared: &Prepared, scene: Option<&Scene>) -> Proposed {
    let (arguments, malformed) = read_arguments(&call.arguments);
    // A call that is about another agent, and what is wrong with it.
    let about_another = match (scene, call.name.as_str()) {
        (Some(scene), ASK_AGENT) if !scene.colleagues.is_empty() => {
            Some(check_question(&scene.colleagues, &arguments).err())
        }
        (Some(scene), HAND_OVER) if !scene.successors.is_empty() => {
            Some(check_handover(&scene.successors, &arguments).err())
        }
        _ => None,
    };
    let reading = match about_another {
        Some(_) => Reading { operation: call.name.clone(), arguments: arguments.clone(), problem: None },
        None => prepared.surface.read(&call.name, arguments.clone()),
    };
    // What the other agent does by it is decided on when that does it.
    let effect = match about_another {
        Some(_) => Some(Effect::Read),
        None => prepared.surface.effect(&reading.operation),
    };
    let problem = match (malformed, reading.problem) {
        (Some(problem), _) if about_another.is_some() || prepared.surface.knows(&reading.operation) => {
            Some(problem)
        }
        (None, _) if let Some(problem) = about_another => problem,
        (_, Some(problem)) => Some(problem),
        _ => prepared.check(&reading.operation, &reading.arguments).err(),
    };
    let name = call.name.replace(|c: char| c.is_control(), "");
    let is_itself = reading.operation == name && reading.arguments == arguments;
    let written = (!is_itself).then(|| WrittenCall { name: text::excerpt(&name, LONGEST_NAME), arguments });
    let operation = reading.operation.replace(|c: char| c.is_control(), "");
    Proposed {
        id: call.id.chars().take(LONGEST_ID).filter(|c| !c.is_control()).collect(),
        operation: text::excerpt(&operation, LONGEST_NAME),
        records: prepared.records(&reading.operation, &reading.arguments),
        arguments: reading.arguments,
        effect,
        problem,
        written,
        extra: call.extra,
    }
}

/// The arguments as JSON; as the text they were where they are none, with what is wrong.
fn read_arguments(written: &str) -> (Value, Option<Problem>) {
    if written.trim().is_empty() {
        return (Value::Object(serde_json::Map::new()), None);
    }
    let wrong = |message: String| Some(Problem::invalid(vec![Issue::new("", "malformed_json", message)]));
    if written.len() > LONGEST_ARGUMENTS {
        let told = format!(
            "The arguments are longer than {LONGEST_ARGUMENTS} bytes. Call the tool again with less, in several calls where it must be."
        );
        return (Value::from(text_without_nul(written)), wrong(told));
    }
    match serde_json::from_str::<Value>(written) {
        Ok(Value::Object(arguments)) => (Value::Object(arguments), None),
        Ok(_) => {
            let told = "The arguments are not a JSON object. Call the tool again with one.";
            (Value::from(text_without_nul(written)), wrong(told.to_owned()))
        }
        Err(error) => {
            let told = format!("The arguments are not JSON ({error}). Call the tool again with valid JSON.");
            let problem = Problem { kind: ErrorKind::Invalid, ..Problem::internal() };
            let problem = wrong(told).unwrap_or(problem);
            (Value::from(text_without_nul(written)), Some(problem))
        }
    }
}

fn text_without_nul(text: &str) -> String {
    text::excerpt(text, 8_000).replace('\0', "")
}

/// Makes the ids of calls distinct, in a conversation of a provider that begins to count anew in each answer.
fn distinguish_calls(messages: &mut [Message]) {
    let mut seen: HashSet<String> = HashSet::new();
    let mut renamed: Vec<(String, String)> = Vec::new();
    for (position, message) in messages.iter_mut().enumerate() {
        match message {
            Message::Assistant { tool_calls, .. } => {
                renamed.clear();
                for call in tool_calls {
                    if !seen.insert(call.id.clone()) {
                        let id = format!("{}_{position}", call.id);
                        renamed.push((std::mem::replace(&mut call.id, id.clone()), id.clone()));
                        seen.insert(id);
                    }
                }
            }
            Message::Tool { call_id, .. } => {
                if let Some((_, id)) = renamed.iter().find(|(before, _)| before == call_id) {
                    call_id.clone_from(id);
                }
            }
            Message::System(_) | Message::User(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_are_no_object_are_told_as_what_they_are() {
        assert_eq!(read_arguments("").0, serde_json::json!({}));
        assert!(read_arguments(r#"{"a":1}"#).1.is_none());
        for wrong in ["[1]", "{\"a\":", "nonsense"] {
            let (arguments, problem) = read_arguments(wrong);
            assert_eq!(arguments, Value::from(wrong));
            assert_eq!(problem.unwrap().issues[0].code, "malformed_json");
        }
    }

    #[test]
    fn ids_used_again_in_a_later_step_become_distinct_with_their_results() {
        let call = |id: &str| Message::Assistant {
            text: "".into(),
            tool_calls: vec![ToolCall {
                id: id.into(),
                name: "a".into(),
                arguments: "{}".into(),
                extra: None,
            }],
            carried: None,
        };
        let result = |id: &str| Message::Tool { call_id: id.into(), name: "a".into(), content: "{}".into() };
        let mut messages = vec![call("x"), result("x"), call("x"), result("x")];
        distinguish_calls(&mut messages);
        assert_eq!(messages, [call("x"), result("x"), call("x_2"), result("x_2")]);
    }
}
