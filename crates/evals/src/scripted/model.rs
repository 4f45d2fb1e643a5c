//! The rules behind the trait of a chat model. The same request has the same answer.

use std::sync::{Arc, LazyLock};

use futures::{StreamExt as _, stream};
use kontor_models::{
    Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, FinishReason, Message, ModelError, Usage,
    tokens,
};
use minijinja::{Environment, UndefinedBehavior, value::Serde};
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value as Json, json};

use super::{
    PromptRule, Rule, ScriptedCall, Step,
    conduct::says,
    conversation::{CONFIRMATION, Task},
};

/// The id of the model.
pub const NAME: &str = "scripted";

/// Verbs of operations that only read.
const READING: [&str; 9] =
    ["find", "get", "group", "timeline", "search", "describe", "read_more", "list", "duplicates"];

/// The model that answers by rules.
pub struct Scripted {
    rules: Arc<[Compiled]>,
}

struct Compiled {
    rule: Rule,
    user: Option<Regex>,
    read: Option<Regex>,
    prompt: Option<Regex>,
}

impl Scripted {
    /// The model with these rules, of which local ids have been put in.
    ///
    /// # Errors
    /// An expression that is none.
    pub fn new(rules: Vec<Rule>) -> Result<Self, regex::Error> {
        let compile = |pattern: &Option<String>| {
            let build = |pattern: &String| RegexBuilder::new(pattern).case_insensitive(true).build();
            pattern.as_ref().map(build).transpose()
        };
        let compiled = rules.into_iter().map(|rule| {
            let (user, read) = (compile(&rule.user)?, compile(&rule.read)?);
            Ok(Compiled { user, read, prompt: compile(&rule.prompt_matches)?, rule })
        });
        Ok(Self { rules: compiled.collect::<Result<Vec<_>, _>>()?.into() })
    }
}

impl ChatModel for Scripted {
    fn name(&self) -> &str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::LANGUAGE
    }

    fn stream(&self, request: ChatRequest) -> DeltaStream {
        let rules = self.rules.clone();
        let answer = async move {
            let deltas = match answer(&rules, &request) {
                Ok(deltas) => deltas.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            stream::iter(deltas)
        };
        stream::once(answer).flatten().boxed()
    }
}

/// What is answered: a text and calls.
#[derive(Default)]
struct Answer {
    text: String,
    calls: Vec<ScriptedCall>,
}

fn answer(rules: &[Compiled], request: &ChatRequest) -> Result<Vec<Delta>, ModelError> {
    let answer = match Task::of(&request.messages) {
        Some(task) => of_task(rules, &task)?,
        None => Answer { text: "Nobody has said anything.".to_owned(), calls: Vec::new() },
    };
    let spent: usize = request.messages.iter().map(tokens_of).sum();
    let written: usize = answer
        .calls
        .iter()
        .map(|call| tokens::estimate(&Json::Object(call.arguments.clone()).to_string()))
        .sum();
    let usage = Usage {
        input_tokens: spent as u64,
        output_tokens: (tokens::estimate(&answer.text) + written) as u64,
        ..Usage::default()
    };
    let mut deltas = Vec::new();
    if !answer.text.is_empty() {
        deltas.push(Delta::Text(answer.text));
    }
    let finish = if answer.calls.is_empty() { FinishReason::Stop } else { FinishReason::ToolCalls };
    for (index, call) in (0..).zip(answer.calls) {
        deltas.push(Delta::ToolCall {
            index,
            // The number of messages grows with every step, so no two calls of a conversation share an id.
            id: Some(format!("scripted_{}_{index}", request.messages.len())),
            name: Some(call.operation),
            arguments: Json::Object(call.arguments).to_string(),
            extra: None,
        });
    }
    deltas.extend([Delta::Usage(usage), Delta::Finish(finish)]);
    Ok(deltas)
}

fn tokens_of(message: &Message) -> usize {
    match message {
        Message::System(text) | Message::User(text) => tokens::estimate(text),
        Message::Assistant { text, tool_calls, .. } => {
            tokens::estimate(text)
                + tool_calls.iter().map(|call| tokens::estimate(&call.arguments)).sum::<usize>()
        }
        Message::Tool { content, .. } => tokens::estimate(content),
    }
}

fn of_task(rules: &[Compiled], task: &Task<'_>) -> Result<Answer, ModelError> {
    let mut done = task.steps();
    // What is read is obeyed before what was asked goes on.
    for compiled in rules.iter().filter(|compiled| compiled.fits_prompt(&task.prompt)) {
        let Some((before, since)) = compiled.read.as_ref().and_then(|read| task.around(read)) else {
            continue;
        };
        if let Some(step) = compiled.step(since) {
            return perform(step, task);
        }
        done = before + since.saturating_sub(compiled.rule.steps.len());
        break;
    }
    let asked = rules.iter().find(|compiled| {
        compiled.user.as_ref().is_some_and(|user| user.is_match(task.message))
            && compiled.fits_prompt(&task.prompt)
    });
    match asked {
        None => Ok(Answer { text: "No rule of the script fits this message.".to_owned(), calls: Vec::new() }),
        Some(compiled) => match compiled.step(done) {
            Some(step) => perform(step, task),
            None => Ok(Answer { text: "Done.".to_owned(), calls: Vec::new() }),
        },
    }
}

impl Compiled {
    fn fits_prompt(&self, prompt: &str) -> bool {
        self.rule.prompt_says.iter().all(|rule| says(prompt, *rule))
            && !self.rule.prompt_lacks.iter().any(|rule| says(prompt, *rule))
            && self.prompt.as_ref().is_none_or(|pattern| pattern.is_match(prompt))
    }

    /// The step after so many; one that goes on forever is never behind.
    fn step(&self, done: usize) -> Option<&Step> {
        let steps = &self.rule.steps;
        steps.iter().take(done).find(|step| step.forever).or(steps.get(done))
    }
}

fn perform(step: &Step, task: &Task<'_>) -> Result<Answer, ModelError> {
    let first =
        step.call.clone().map(|operation| ScriptedCall { operation, arguments: step.arguments.clone() });
    let calls: Vec<_> = first.into_iter().chain(step.calls.iter().cloned()).collect();
    if let Some(write) = calls.iter().find(|call| !is_reading(&call.operation)) {
        if says(&task.prompt, PromptRule::ReadOnly) {
            let text = format!("I only read and cannot do that ({}).", write.operation);
            return Ok(Answer { text, calls: Vec::new() });
        }
        if says(&task.prompt, PromptRule::ConfirmWrites) && !task.is_confirmed {
            let arguments = Json::Object(write.arguments.clone());
            let text = format!("I am about to call {} with {arguments}. {CONFIRMATION}", write.operation);
            return Ok(Answer { text, calls: Vec::new() });
        }
    }
    let results: Vec<Json> = task
        .results()
        .map(|result| serde_json::from_str(result).unwrap_or_else(|_| Json::String(result.to_owned())))
        .collect();
    let text = match &step.say {
        Some(say) => linked(&filled(say, &results, task)?, says(&task.prompt, PromptRule::LinkRecords)),
        None => String::new(),
    };
    let calls = calls.into_iter().map(|call| {
        let mut arguments = Json::Object(call.arguments);
        fill(&mut arguments, &results, task)?;
        let arguments = if let Json::Object(arguments) = arguments { arguments } else { Map::new() };
        Ok(ScriptedCall { operation: call.operation, arguments })
    });
    Ok(Answer { text, calls: calls.collect::<Result<_, ModelError>>()? })
}

fn is_reading(operation: &str) -> bool {
    operation.rsplit('.').next().is_some_and(|verb| READING.contains(&verb))
}

/// A text with what stands in double braces filled in.
fn filled(text: &str, results: &[Json], task: &Task<'_>) -> Result<String, ModelError> {
    if !text.contains("{{") && !text.contains("{%") {
        return Ok(text.to_owned());
    }
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(100_000));
    let values = Serde(json!({ "results": results, "message": task.message }));
    environment.render_str(text, values).map_err(|error| {
        let message = format!("the script's text {text:?} cannot be filled in: {error:#}");
        ModelError::Rejected { status: 422, message }
    })
}

fn fill(json: &mut Json, results: &[Json], task: &Task<'_>) -> Result<(), ModelError> {
    match json {
        Json::String(text) => {
            *text = filled(text, results, task)?;
            Ok(())
        }
        Json::Array(items) => items.iter_mut().try_for_each(|item| fill(item, results, task)),
        Json::Object(members) => members.values_mut().try_for_each(|member| fill(member, results, task)),
        _ => Ok(()),
    }
}

/// `[[/records/accounts/1|Acme]]` as a link, or as the name alone.
fn linked(text: &str, with_links: bool) -> String {
    #[expect(clippy::unwrap_used, reason = "the expression is a literal, which tests compile")]
    static RECORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\[\[([^|\]]*)\|([^\]]*)\]\]").unwrap());
    let as_written = if with_links { "[$2]($1)" } else { "$2" };
    RECORD.replace_all(text, as_written).into_owned()
}
