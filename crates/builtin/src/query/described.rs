//! A question about one object's records, and how it is said back.

use serde_json::{Value, json};

/// A question about one object's records.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) filters: Vec<Value>,
    /// What a reply says of them before the noun: "open", "overdue".
    pub(super) before: Vec<String>,
    /// And behind it: "at Acme", "with amount over 10,000".
    pub(super) after: Vec<String>,
    /// As `find` takes it, and in words.
    pub(crate) sort: Option<(String, String)>,
    pub(crate) group: Vec<String>,
    pub(crate) limit: Option<u64>,
    /// Asks for the first of an order: "the largest".
    pub(crate) is_extreme: bool,
    /// Names or parts of names.
    pub(crate) search: Vec<String>,
    /// Asks for deleted records.
    pub(crate) deleted: bool,
    /// The fields it speaks of, worth a column.
    pub(crate) touched: Vec<String>,
}

impl Query {
    /// A question that is said to be about this.
    pub(crate) fn saying(after: &str) -> Self {
        Self { after: vec![after.to_owned()], limit: Some(0), ..Self::default() }
    }

    pub(crate) fn filter(&self) -> Option<Value> {
        match self.filters.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            many => Some(json!({"and": many})),
        }
    }

    /// The same, with a field among what it speaks of.
    pub(crate) fn touching(mut self, field: &str) -> Self {
        self.touched.push(field.to_owned());
        self
    }

    /// Whether it says nothing but a name.
    pub(crate) fn is_name(&self) -> bool {
        let narrowed = !self.filters.is_empty() || self.deleted;
        !self.search.is_empty() && !narrowed && self.sort.is_none() && self.limit.is_none()
    }

    /// What is asked for: "open deals at Acme, with amount over 10,000, by amount (largest first)"; `noun` is
    /// the object's name in the number that fits, and `mark` stands around the noun with what is before it.
    pub(crate) fn described(&self, noun: &str, mark: &str) -> String {
        let deleted = self.deleted.then(|| "deleted".to_owned());
        let words: Vec<&str> = deleted.iter().chain(&self.before).map(String::as_str).chain([noun]).collect();
        let mut after = self.after.clone();
        if !self.search.is_empty() {
            after.push(format!("matching “{}”", self.search.join(" ")));
        }
        if let Some((_, order)) = &self.sort {
            after.push(order.clone());
        }
        let mut text = format!("{}{mark}", words.join(" "));
        for (place, part) in after.iter().enumerate() {
            text.push_str(if place == 0 { " " } else { ", " });
            text.push_str(part);
        }
        text
    }
}

pub(crate) fn lower(label: &str) -> String {
    let is_name = label.chars().nth(1).is_some_and(char::is_uppercase);
    if is_name { label.to_owned() } else { label.to_lowercase() }
}

pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
