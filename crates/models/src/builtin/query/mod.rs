//! What follows "show", "how many" or "total" as a filter, an order and a limit.

mod conditions;
mod order;
mod relations;

use kontor_core::time::Date;
use serde_json::{Value, json};

use super::{
    catalogue::{Field, Object},
    schema::{Choice, Kind},
    turn::{Interpreter, Stop},
    words::Phrase,
};
use conditions::bound;

/// A question about one object's records.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) filters: Vec<Value>,
    /// The filters in words, for the reply.
    pub(super) said: Vec<String>,
    /// As `find` takes it, and in words.
    pub(super) sort: Option<(String, String)>,
    pub(super) group: Vec<String>,
    pub(super) limit: Option<u64>,
    /// Asks for the first of an order: "the largest".
    pub(super) is_extreme: bool,
    pub(super) search: Vec<String>,
    /// Asks for deleted records.
    pub(super) deleted: bool,
    /// The fields it speaks of, worth a column.
    pub(super) touched: Vec<String>,
}

impl Query {
    pub(super) fn filter(&self) -> Option<Value> {
        match self.filters.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            many => Some(json!({"and": many})),
        }
    }

    /// The same, with a field among what it speaks of.
    pub(super) fn touching(mut self, field: &str) -> Self {
        self.touched.push(field.to_owned());
        self
    }

    /// Whether it says nothing but a name.
    pub(super) fn is_name(&self) -> bool {
        let narrowed = !self.filters.is_empty() || self.deleted;
        !self.search.is_empty() && !narrowed && self.sort.is_none() && self.limit.is_none()
    }

    pub(super) fn in_words(&self) -> String {
        let mut said = self.said.clone();
        if self.deleted {
            said.insert(0, "deleted".to_owned());
        }
        if !self.search.is_empty() {
            said.push(format!("matching “{}”", self.search.join(" ")));
        }
        if let Some((_, order)) = &self.sort {
            said.push(order.clone());
        }
        said.join(", ")
    }
}

/// What ends a value or a name.
const BOUNDARIES: [&str; 32] = [
    ",", ";", "and", "or", "by", "per", "sorted", "ordered", "with", "without", "over", "above", "below",
    "under", "closing", "owned", "created", "updated", "this", "last", "next", "since", "before", "after",
    "more", "less", "between", "that", "which", "where", "assigned", "who",
];

/// What can follow "with" and a field, where nothing is said of its value.
const ENDS: [&str; 8] = [",", "and", "by", "sorted", "at", "for", "from", "in"];

const FILLERS: [&str; 34] = [
    "did",
    "the",
    "a",
    "an",
    "all",
    "any",
    "me",
    "that",
    "which",
    "are",
    "is",
    "was",
    "were",
    "and",
    "or",
    "have",
    "has",
    "there",
    "currently",
    "records",
    "record",
    ",",
    ";",
    "whose",
    "who",
    "where",
    "every",
    "do",
    "we",
    "i",
    "does",
    "their",
    "our",
    "please",
];

pub(super) struct Parser<'p> {
    interpreter: &'p Interpreter,
    object: &'p Object,
    today: Option<Date>,
    /// Whether "by" groups instead of sorting.
    grouping: bool,
    query: Query,
    negated: bool,
    /// "new": what is meant is when it was created.
    by_age: bool,
    options: Vec<(&'p Field, Vec<&'p Choice>, bool)>,
}

impl<'p> Parser<'p> {
    pub(super) fn new(interpreter: &'p Interpreter, object: &'p Object, grouping: bool) -> Self {
        Self {
            interpreter,
            object,
            today: interpreter.conversation.today,
            grouping,
            query: Query::default(),
            negated: false,
            by_age: false,
            options: Vec::new(),
        }
    }

    /// Reads all the parts of a question, from which the object's name has been taken out.
    pub(super) fn parse(mut self, parts: &[Phrase<'p>]) -> Result<Query, Stop> {
        for (place, part) in parts.iter().enumerate() {
            let mut rest = *part;
            if place == 0 && parts.len() == 2 {
                rest = rest.from(self.possessor(rest)?);
            }
            while !rest.is_empty() {
                let words = self.take(rest)?;
                rest = rest.from(words.max(1));
            }
        }
        if self.negated {
            return Err(Stop::Say("I do not understand what “not” belongs to here.".to_owned()));
        }
        if self.by_age
            && self.query.sort.is_none()
            && let Some(field) = self.object.field("created_at")
        {
            self.sort(field, true)?;
        }
        for (field, choices, negated) in std::mem::take(&mut self.options) {
            let values: Vec<&str> = choices.iter().map(|choice| choice.value.as_str()).collect();
            let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
            let condition = match (values.as_slice(), negated) {
                ([value], false) => json!({"eq": value}),
                ([value], true) => json!({"neq": value}),
                (values, false) => json!({"in": values}),
                (values, true) => json!({"not_in": values}),
            };
            let is = if negated { "is not" } else { "is" };
            self.add(&field.name, condition, format!("{} {is} {}", field.label, labels.join(" or ")));
        }
        Ok(self.query)
    }

    /// Reads what stands at the head and says how many words it took.
    fn take(&mut self, phrase: Phrase<'p>) -> Result<usize, Stop> {
        if phrase.is_quoted(0) {
            self.query.search.push(phrase.upto(1).raw().to_owned());
            return Ok(1);
        }
        let word = phrase.at(0);
        match word {
            "by" | "per" | "sorted" | "ordered" | "sort" | "order" | "grouped" | "group" => {
                if let Some(words) = self.by(phrase)? {
                    return Ok(words);
                }
            }
            "for" | "in" if phrase.at(1) == "each" && self.grouping => {
                return Ok(self.by(phrase.from(1))?.map_or(2, |words| words + 1));
            }
            "my" | "mine" => {
                self.owned(json!({"eq": "$me"}), "yours")?;
                return Ok(1);
            }
            "i" if matches!(phrase.at(1), "have" | "own") => {
                self.owned(json!({"eq": "$me"}), "yours")?;
                return Ok(2);
            }
            "with" | "having" => {
                if let Some((field, words)) = self.object.field_at(phrase.from(1))
                    && (phrase.len() == 1 + words || ENDS.contains(&phrase.at(1 + words)))
                    && !matches!(field.kind, Kind::Boolean)
                {
                    self.add(
                        &field.name,
                        json!({"is_empty": false}),
                        format!("with {}", lower(&field.label)),
                    );
                    return Ok(1 + words);
                }
            }
            "deleted" if self.object.finds_deleted && !self.grouping => {
                self.query.deleted = true;
                return Ok(1);
            }
            "do" | "does" | "did" => {
                if let Some(words) = self.had(phrase)? {
                    return Ok(words);
                }
            }
            "new" => {
                self.by_age = true;
                return Ok(1);
            }
            "owned" | "assigned" | "belonging" => return self.owner(phrase),
            "not" | "except" | "excluding" => {
                self.negated = true;
                return Ok(1);
            }
            "without" | "no" | "missing" => {
                let rest = phrase.from(1).skip(&["a", "an", "any", "the"]);
                if let Some((field, words)) = self.object.field_at(rest) {
                    self.add(
                        &field.name,
                        json!({"is_empty": true}),
                        format!("without {}", lower(&field.label)),
                    );
                    return Ok(phrase.len() - rest.len() + words);
                }
                if let Some((lacked, _)) = self.interpreter.catalogue.named(rest) {
                    return Err(Stop::Say(format!(
                        "I cannot find {} by the {} they lack.",
                        self.object.plural, lacked.plural
                    )));
                }
            }
            "pipeline" => {
                let negated = std::mem::take(&mut self.negated);
                if self.outcome("open", negated) {
                    return Ok(1);
                }
                self.negated = negated;
            }
            "named" | "called" | "containing" | "matching" | "like" => {
                let name = until_boundary(phrase.from(1));
                self.query.search.push(name.raw().to_owned());
                return Ok(1 + name.len());
            }
            "overdue" => {
                if let (Some(today), Some(field)) = (self.today, self.object.date_field()) {
                    self.add(&field.name, bound(field, "lt", today), "overdue".to_owned());
                    self.outcome("open", false);
                    return Ok(1);
                }
            }
            _ => {}
        }
        if let Some(words) = self.extreme(phrase) {
            return Ok(words);
        }
        if let Some(words) = self.comparison(phrase, None)? {
            return Ok(words);
        }
        if let Some(words) = self.dated(phrase) {
            return Ok(words);
        }
        let option = self.object.option_at(phrase);
        let field = self.object.field_at(phrase);
        if let Some((field, words)) =
            field.filter(|(_, words)| option.as_ref().is_none_or(|(_, _, o)| words >= o))
        {
            return self.field(field, phrase, words);
        }
        if let Some((field, choice, words)) = option {
            self.option(field, choice);
            return Ok(words);
        }
        if let Some(words) = self.outcome_at(phrase) {
            return Ok(words);
        }
        if let Some(words) = self.related(phrase)? {
            return Ok(words);
        }
        if let Some((named, words)) = self.interpreter.catalogue.named(phrase)
            && named.name == self.object.name
        {
            return Ok(words);
        }
        if self.grouping && matches!(word, "size" | "value" | "worth") {
            return Ok(1);
        }
        let preposition = ["in", "at", "of", "for", "from", "with", "on", "about", "to"].contains(&word);
        if !preposition && !FILLERS.contains(&word) {
            self.query.search.push(phrase.upto(1).raw().to_owned());
        }
        Ok(1)
    }

    fn add(&mut self, name: &str, condition: Value, said: String) {
        self.query.filters.push(json!({name: condition}));
        self.query.said.push(said);
        self.touch(name);
    }

    fn touch(&mut self, name: &str) {
        if !self.query.touched.iter().any(|known| known == name) {
            self.query.touched.push(name.to_owned());
        }
    }
}

/// The words up to what begins another part of the question.
fn until_boundary(phrase: Phrase<'_>) -> Phrase<'_> {
    phrase.position(&BOUNDARIES).map_or(phrase, |end| phrase.upto(end))
}

pub(super) fn lower(label: &str) -> String {
    let is_name = label.chars().nth(1).is_some_and(char::is_uppercase);
    if is_name { label.to_owned() } else { label.to_lowercase() }
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
