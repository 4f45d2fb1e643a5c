//! What the messages say: what was shown last, what was asked, and how far this turn is.

use kontor_core::text::fold;
use kontor_models::{Message, RecordInView, ToolCall};
use serde_json::Value;

use super::{
    ask::{self, Question},
    words::{Sentence, ordinal},
};

/// A record that some result named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) object: String,
    pub(super) id: String,
    pub(super) label: String,
    /// The folder of its pages: `/records/deals`; empty where no result told it.
    pub(super) path: String,
}

impl Record {
    /// `path` is that of the folder or of the record's own page: results give either.
    fn new(object: &str, id: &str, label: &str, path: &str) -> Self {
        Self {
            object: object.to_owned(),
            id: id.to_owned(),
            label: if label.is_empty() { "(no name)" } else { label }.to_owned(),
            path: path.strip_suffix(id).unwrap_or(path).trim_end_matches('/').to_owned(),
        }
    }
}

impl From<&RecordInView> for Record {
    fn from(seen: &RecordInView) -> Self {
        Self::new(&seen.object, &seen.id.to_string(), &seen.label, &seen.path)
    }
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
    /// The record on the page the member is looking at.
    pub(super) looking: Option<Record>,
    /// What was shown as a list last, with the pages before it.
    pub(super) list: Vec<Record>,
    /// The records spoken of one by one since then, the last one at the end.
    pub(super) spoken: Vec<Record>,
    /// Whether the last of them was written down beside the one before: a note on it, a task about it.
    pub(super) is_aside: bool,
    /// The last list's call, with the cursor of its next page.
    pub(super) last_find: Option<(Done, Option<String>)>,
    /// What is to be done now: the last message, or an earlier one completed by the answer to a question.
    pub(super) command: String,
    /// What was chosen where we asked which one.
    pub(super) choices: Vec<Record>,
    /// Whether a second record of the same name is wanted.
    pub(super) wants_another: bool,
    /// What was asked about and is given up, by a refusal or by another command.
    pub(super) dropped: Option<String>,
    pub(super) is_refused: bool,
    /// Whether it was said before that this is no language model.
    pub(super) is_introduced: bool,
    /// The calls of this turn that have results.
    pub(super) done: Vec<Done>,
}

struct Exchange<'m> {
    said: &'m str,
    done: Vec<Done>,
    answer: &'m str,
}

impl Conversation {
    /// `is_command` tells a new command from an answer to a question.
    pub(super) fn new(
        messages: &[Message],
        looking: Option<&RecordInView>,
        is_command: impl Fn(&str) -> bool,
    ) -> Self {
        let mut this = Self { looking: looking.map(Record::from), ..Self::default() };
        let mut exchanges = exchanges(messages);
        let Some(current) = exchanges.pop() else { return this };
        let mut question = None;
        for exchange in exchanges {
            this.hear(exchange.said, question, &is_command);
            this.learn(&exchange.done, exchange.answer);
            question = ask::question_in(exchange.answer);
            this.is_introduced |= exchange.answer.contains(super::help::INTRODUCTION);
        }
        this.hear(current.said, question, &is_command);
        this.done = current.done;
        this
    }

    /// Takes a message as an answer to what was asked, or as a new command.
    fn hear(&mut self, said: &str, question: Option<Question>, is_command: &impl Fn(&str) -> bool) {
        let sentence = Sentence::new(said);
        // Quotes say that it is an answer and no command.
        let answer = said.trim().trim_matches(['"', '“', '”']);
        (self.dropped, self.is_refused) = (None, false);
        if question.is_some() && ask::is_refusal(sentence.phrase()) {
            self.dropped = Some(std::mem::take(&mut self.command));
            self.is_refused = true;
            self.choices.clear();
            return;
        }
        match question {
            Some(Question::Which) => {
                if let Some(chosen) = self.chosen(said) {
                    self.choices.push(chosen);
                    return;
                }
            }
            Some(Question::What) if !is_command(said) => {
                self.command = format!("{}: {answer}", self.command.trim_end_matches([':', '.', ' ']));
                return;
            }
            Some(Question::Value) if !is_command(said) => {
                self.command = format!("{} to {answer}", self.command.trim_end_matches(['.', ' ']));
                return;
            }
            Some(Question::Rather(sentence_meant)) if ask::is_consent(sentence.phrase()) => {
                self.command = sentence_meant;
                return;
            }
            Some(Question::Another) if ask::is_consent(sentence.phrase()) => {
                self.wants_another = true;
                return;
            }
            Some(_) => self.dropped = Some(self.command.clone()).filter(|command| !command.is_empty()),
            None => {}
        }
        said.trim().clone_into(&mut self.command);
        self.wants_another = false;
        self.choices.clear();
    }

    /// The record of the last list that an answer to "which one" names.
    fn chosen(&self, said: &str) -> Option<Record> {
        let sentence = Sentence::new(said);
        let words = sentence.phrase().skip(&["the", "number", "no", "option", "take", "i", "mean"]);
        let words = words.trim_end(&["one", "please"]);
        if let [only] = self.list.as_slice()
            && ask::is_consent(sentence.phrase())
        {
            return Some(only.clone());
        }
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

    fn learn(&mut self, done: &[Done], answer: &str) {
        let good: Vec<&Done> = done.iter().filter(|done| done.result.get("error").is_none()).collect();
        for done in &good {
            if let Some(record) = single(&done.result) {
                let is_beside = ["note", "task"].contains(&record.object.as_str());
                let is_new = done.name.ends_with(".create") || done.name.ends_with(".log");
                let has_one = !self.spoken.is_empty() || self.looking.is_some();
                self.is_aside = is_beside && is_new && has_one;
                self.spoken.retain(|known| known.id != record.id);
                self.spoken.push(record);
            }
        }
        let Some(last) = good.last().filter(|last| shows_list(&last.name)) else { return };
        let found: Vec<Record> = good.iter().flat_map(|done| records(&done.result)).collect();
        let (first, rows) = shown_in(answer, &found);
        if rows.is_empty() {
            // The list before it is still the last one that was shown.
            return;
        }
        self.is_aside = false;
        // A further page goes on with the numbers of the one before.
        if first == 1 || first != self.list.len() + 1 {
            self.list.clear();
        }
        self.spoken = if rows.len() == 1 && first == 1 { rows.clone() } else { Vec::new() };
        self.list.extend(rows);
        let next = last.result["next"].as_str().map(str::to_owned);
        self.last_find = Some(((*last).clone(), next));
    }
}

/// The rows of the tables of an answer that are among these records, and the number of the first.
fn shown_in(answer: &str, found: &[Record]) -> (usize, Vec<Record>) {
    let mut first = None;
    let mut rows = Vec::new();
    for line in answer.lines() {
        let Some((number, rest)) = line.strip_prefix("| ").and_then(|line| line.split_once(" | ")) else {
            continue;
        };
        let Ok(number) = number.parse::<usize>() else { continue };
        let place = |record: &&Record| rest.find(&format!("/{})", record.id));
        let shown = found.iter().filter(|record| place(record).is_some()).min_by_key(place);
        if let Some(record) = shown {
            first.get_or_insert(number);
            rows.push(record.clone());
        }
    }
    (first.unwrap_or(1), rows)
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
            Message::Assistant { text, tool_calls, .. } => {
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

/// The records of a list, or the results of a search.
pub(super) fn records(result: &Value) -> Vec<Record> {
    let list = result["records"].as_array().or_else(|| result["results"].as_array());
    list.into_iter().flatten().filter_map(|value| record(value, result)).collect()
}

/// The records that the result of a creation says are like the new one.
pub(super) fn similar(result: &Value) -> Vec<Record> {
    let list = result["similar"].as_array();
    let of_its_kind = |value: &Value| value["object"] == result["object"];
    let records = list.into_iter().flatten();
    // The folder of the pages is told for the new record's own kind alone.
    records.filter_map(|value| record(value, if of_its_kind(value) { result } else { value })).collect()
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
    let label = value["label"].as_str().unwrap_or_default();
    Some(Record::new(text("object")?, value["id"].as_str()?, label, text("path").unwrap_or_default()))
}
