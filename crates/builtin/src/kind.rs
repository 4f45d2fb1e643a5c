//! What a field holds, as sentences speak of it: its kind, its options, its parts.

#![warn(clippy::wildcard_enum_match_arm)]

use kontor_core::metadata::{FieldKind, Outcome, SelectOption};

use super::words::parts;

pub(super) struct Part {
    pub(super) name: String,
    pub(super) phrases: Vec<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Text,
    Number,
    Boolean,
    Date,
    DateTime,
    Select(Vec<Choice>),
    Currency,
    FullName,
    /// Addresses of one sort with a primary one: emails, phones.
    Contacts,
    /// To a record of this object.
    Relation(String),
    /// To a record of one of several objects.
    Target(Vec<String>),
    /// Several parts, each written by its own name.
    Composite,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    /// `open`, `won`, `lost` or `done`, where options have outcomes.
    pub(super) outcome: Option<&'static str>,
    pub(super) names: Vec<Vec<String>>,
}

impl Choice {
    fn new(option: &SelectOption) -> Self {
        Self {
            value: option.value.clone(),
            names: vec![parts(&option.label), parts(&option.value)],
            label: option.label.clone(),
            outcome: option.outcome.map(|outcome| match outcome {
                Outcome::Open => "open",
                Outcome::Won => "won",
                Outcome::Lost => "lost",
            }),
        }
    }
}

impl Kind {
    /// `None` for what no sentence speaks of. Of the objects a target may point to, those that are seen count.
    pub(super) fn new(kind: &FieldKind, sees: impl Fn(&str) -> bool) -> Option<Self> {
        Some(match kind {
            FieldKind::Id | FieldKind::Position => return None,
            // An actor is found by name.
            FieldKind::Text { .. } | FieldKind::Actor => Self::Text,
            FieldKind::Number { .. } => Self::Number,
            FieldKind::Boolean => Self::Boolean,
            FieldKind::Date => Self::Date,
            FieldKind::DateTime => Self::DateTime,
            FieldKind::Select { options } => Self::Select(choices(options)),
            FieldKind::Currency => Self::Currency,
            FieldKind::FullName => Self::FullName,
            FieldKind::Emails | FieldKind::Phones => Self::Contacts,
            FieldKind::SocialLinks | FieldKind::Address | FieldKind::Json => Self::Composite,
            FieldKind::Relation { object } => Self::Relation(object.to_string()),
            FieldKind::Target { objects } => {
                let seen = objects.iter().filter(|object| sees(object));
                Self::Target(seen.map(ToString::to_string).collect())
            }
        })
    }

    /// The parts that can be written by themselves, and what people call them.
    pub(super) fn parts(&self, kind: &FieldKind) -> Vec<Part> {
        if !matches!(self, Self::Composite | Self::FullName) {
            return Vec::new();
        }
        // A whole name is no part of itself.
        let written = kind.parts().iter().filter(|part| **part != "full");
        written
            .map(|name| {
                let spoken = parts(name);
                let other: &[&str] = match *name {
                    "postal_code" => &["zip", "zip code", "postcode", "post code"],
                    "last" => &["surname", "family name"],
                    "first" => &["given name"],
                    _ => &[],
                };
                let mut phrases: Vec<Vec<String>> = other.iter().map(|words| parts(words)).collect();
                match self {
                    // "first" alone is the first of a list.
                    Self::FullName => phrases.push([spoken, parts("name")].concat()),
                    Self::Text
                    | Self::Number
                    | Self::Boolean
                    | Self::Date
                    | Self::DateTime
                    | Self::Select(_)
                    | Self::Currency
                    | Self::Contacts
                    | Self::Relation(_)
                    | Self::Target(_)
                    | Self::Composite => phrases.push(spoken),
                }
                Part { name: (*name).to_owned(), phrases }
            })
            .collect()
    }
}

/// The options of a select field, with outcomes by the words of their labels where they have none of their own.
pub(super) fn choices(options: &[SelectOption]) -> Vec<Choice> {
    let mut choices: Vec<Choice> = options.iter().map(Choice::new).collect();
    if choices.iter().any(|choice| choice.outcome.is_some()) {
        return choices;
    }
    let of = |choice: &Choice| {
        let any = |list: &[&str]| choice.names.iter().flatten().any(|word| list.contains(&word.as_str()));
        if any(&["won"]) {
            Some("won")
        } else if any(&["lost"]) {
            Some("lost")
        } else if any(&["done", "closed", "completed", "cancelled", "canceled"]) {
            Some("done")
        } else {
            None
        }
    };
    if choices.iter().any(|choice| of(choice).is_some()) {
        for choice in &mut choices {
            choice.outcome = Some(of(choice).unwrap_or("open"));
        }
    }
    choices
}

/// `close_date` and `CLOSED_WON` as `Close date` and `Closed won`.
pub(super) fn readable(name: &str) -> String {
    let text = parts(name).join(" ");
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
