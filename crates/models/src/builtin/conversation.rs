//! What the messages say: who speaks and when, what was shown last, what was asked, and how far this turn is.

use kontor_core::{text::fold, time::Date};
use serde_json::Value;

use super::{
    ask,
    words::{Sentence, ordinal},
};
use crate::chat::{Message, ToolCall};

/// A record that some result named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) object: String,
    pub(super) id: String,
    pub(super) label: String,
    /// The folder of its pages: `/records/deals`; empty where no result told it.
    pub(super) path: String,
}

/// A call of this turn with its result.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) name: String,
    pub(super) arguments: Value,
    pub(super) result: Value,
}

#[derive(Debug, Default)]
pub(super) struct Conversation {
    pub(super) today: Option<Date>,
    /// The member's name and id.
    pub(super) member: Option<(String, String)>,
    /// The record on the page the member is looking at.
    pub(super) looking: Option<Record>,
    /// What was shown as a list last.
    pub(super) list: Vec<Record>,
    /// The one record spoken of last.
    pub(super) focus: Option<Record>,
    /// The last list's call, with the cursor of its next page.
    pub(super) last_find: Option<(Done, Option<String>)>,
    /// What is to be done now: the last message, or an earlier one completed by the answer to a question.
    pub(super) command: String,
    /// What was chosen where we asked which one.
    pub(super) choices: Vec<Record>,
    /// The calls of this turn that have results.
    pub(super) done: Vec<Done>,
}

struct Exchange<'m> {
    said: &'m str,
    done: Vec<Done>,
    answer: &'m str,
}

impl Conversation {
    pub(super) fn new(messages: &[Message], is_command: impl Fn(&str) -> bool) -> Self {
        let mut this = Self::default();
        for message in messages {
            if let Message::System(text) = message {
                this.learn_setting(text);
            }
        }
        let mut exchanges = exchanges(messages);
        let Some(current) = exchanges.pop() else { return this };
        let mut question = None;
        for exchange in exchanges {
            this.hear(exchange.said, question, &is_command);
            this.learn(&exchange.done);
            question = ask::question_in(exchange.answer);
        }
        this.hear(current.said, question, &is_command);
        this.done = current.done;
        this
    }

    /// Takes a message as an answer to what was asked, or as a new command.
    fn hear(&mut self, said: &str, question: Option<ask::Question>, is_command: &impl Fn(&str) -> bool) {
        match question {
            Some(ask::Question::Which) => {
                if let Some(chosen) = self.chosen(said) {
                    self.choices.push(chosen);
                    return;
                }
            }
            Some(ask::Question::What) if !is_command(said) => {
                self.command = format!("{}: {}", self.command.trim_end_matches([':', '.', ' ']), said.trim());
                return;
            }
            Some(ask::Question::Value) if !is_command(said) => {
                self.command = format!("{} to {}", self.command.trim_end_matches(['.', ' ']), said.trim());
                return;
            }
            _ => {}
        }
        said.trim().clone_into(&mut self.command);
        self.choices.clear();
    }

    /// The record of the last list that an answer to "which one" names.
    fn chosen(&self, said: &str) -> Option<Record> {
        let sentence = Sentence::new(said);
        let words = sentence.phrase().skip(&["the", "number", "no", "option", "take", "i", "mean"]);
        let words = words.trim_end(&["one", "please"]);
        if words.len() == 1
            && let Some(place) = ordinal(words.at(0))
        {
            return match place {
                Some(place) => self.list.get(place).cloned(),
                None => self.list.last().cloned(),
            };
        }
        let wanted = fold(words.raw());
        if wanted.is_empty() {
            return None;
        }
        let exact = self.list.iter().find(|record| fold(&record.label) == wanted);
        let mut containing = self.list.iter().filter(|record| fold(&record.label).contains(&wanted));
        let only = match (containing.next(), containing.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        };
        exact.or(only).cloned()
    }

    fn learn_setting(&mut self, text: &str) {
        for line in text.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix("Today is ") {
                self.today = rest.split([' ', ',']).find_map(|word| word.parse().ok());
            } else if let Some(rest) = line.strip_prefix("You act for ") {
                self.member = rest.split_once(" (member ").and_then(|(name, rest)| {
                    let id = rest.split([',', ')']).next()?.trim();
                    Some((unquoted(name), id.to_owned()))
                });
            } else if let Some(rest) = line.strip_prefix("The member is looking at the ") {
                self.looking = looked_at(rest);
            }
        }
    }

    fn learn(&mut self, done: &[Done]) {
        let good: Vec<&Done> = done.iter().filter(|done| done.result.get("error").is_none()).collect();
        for done in &good {
            if let Some(record) = single(&done.result) {
                self.focus = Some(record);
            }
        }
        let Some(last) = good.last() else { return };
        if !shows_list(&last.name) {
            return;
        }
        // A turn of nothing but lists shows them all; otherwise the earlier ones were looked up on the way.
        let shown = if good.iter().all(|done| shows_list(&done.name)) {
            good.as_slice()
        } else {
            &good[good.len() - 1..]
        };
        let found: Vec<Record> = shown.iter().flat_map(|done| records(&done.result)).collect();
        if found.is_empty() {
            // The list before it is still the last one that was shown.
            self.focus = None;
            return;
        }
        self.list = found;
        self.focus = match self.list.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        let next = last.result["next"].as_str().map(str::to_owned);
        self.last_find = Some(((*last).clone(), next));
    }
}

fn exchanges(messages: &[Message]) -> Vec<Exchange<'_>> {
    let mut found: Vec<Exchange<'_>> = Vec::new();
    let mut calls: Vec<&ToolCall> = Vec::new();
    for message in messages {
        match message {
            Message::System(_) => {}
            Message::User(said) => {
                // Messages that were sent while a turn ran stand together; the last one counts.
                found.push(Exchange { said, done: Vec::new(), answer: "" });
                calls.clear();
            }
            Message::Assistant { text, tool_calls } => {
                if let Some(exchange) = found.last_mut() {
                    exchange.answer = text;
                }
                calls.extend(tool_calls);
            }
            Message::Tool { call_id, name, content } => {
                let arguments =
                    calls.iter().rev().find(|call| call.id == *call_id).map(|call| &call.arguments);
                if let Some(exchange) = found.last_mut() {
                    exchange.done.push(Done {
                        name: name.clone(),
                        arguments: arguments
                            .and_then(|text| serde_json::from_str(text).ok())
                            .unwrap_or_default(),
                        result: serde_json::from_str(content).unwrap_or(Value::Null),
                    });
                }
            }
        }
    }
    found
}

fn shows_list(tool: &str) -> bool {
    tool == "search" || tool.ends_with(".find")
}

/// `deal "Acme renewal" (id 018f…, /records/deals/018f…).`
fn looked_at(text: &str) -> Option<Record> {
    let (object, rest) = text.split_once(" \"")?;
    let (label, rest) = rest.rsplit_once("\" (id ")?;
    let (id, rest) = rest.split_once(", ")?;
    let path = rest.split(')').next()?.rsplit_once('/')?.0;
    Some(Record {
        object: object.to_owned(),
        id: id.to_owned(),
        label: unescaped(label),
        path: path.to_owned(),
    })
}

/// A name as prompts write it, with quotation marks around it or without.
fn unquoted(name: &str) -> String {
    let inside = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    unescaped(inside.unwrap_or(name))
}

/// The inside of a JSON string; as it stands where it is none.
fn unescaped(inside: &str) -> String {
    serde_json::from_str(&format!("\"{inside}\"")).unwrap_or_else(|_| inside.to_owned())
}

/// The records of a list, or the results of a search.
pub(super) fn records(result: &Value) -> Vec<Record> {
    let list = result["records"].as_array().or_else(|| result["results"].as_array());
    list.into_iter().flatten().filter_map(|value| record(value, result)).collect()
}

/// The one record a result is about.
pub(super) fn single(result: &Value) -> Option<Record> {
    match result.get("record") {
        Some(value) => record(value, result),
        None if result.get("entries").is_some() => record(result, result),
        None => None,
    }
}

pub(super) fn record(value: &Value, result: &Value) -> Option<Record> {
    let text = |key: &str| value[key].as_str().or_else(|| result[key].as_str());
    let path = text("path").unwrap_or_default();
    let id = value["id"].as_str()?;
    Some(Record {
        object: text("object")?.to_owned(),
        id: id.to_owned(),
        label: value["label"].as_str().filter(|label| !label.is_empty()).unwrap_or("(no name)").to_owned(),
        // Some results give the folder, some the record's own page.
        path: path.strip_suffix(id).unwrap_or(path).trim_end_matches('/').to_owned(),
    })
}
