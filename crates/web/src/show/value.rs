//! What values look like, and what shows them. How a value of each kind looks says [`crate::kinds::shown`].

use std::sync::Arc;

use askama::Template;
use kontor_core::{
    environment::Environment,
    ids::RecordId,
    locale::{DateLanguage, TimeZone},
    metadata::{Field, Schema, SelectOption},
    text::excerpt,
    value::Value,
};
use kontor_crm::records::Record;

use super::time;
use crate::{kinds, link, markdown};

/// What a value looks like.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "fragments/shown.html")]
pub(crate) enum Shown {
    Empty,
    Text(String),
    /// Digits, set flush right in tables.
    Number(String),
    /// Sanitised HTML blocks.
    Prose(Vec<String>),
    Badge {
        label: String,
        color: &'static str,
    },
    /// Within this site.
    Link {
        href: String,
        label: String,
    },
    Web {
        href: String,
        label: String,
    },
    When {
        machine: String,
        text: String,
        full: String,
        /// Shown to the minute rather than by how far it is from now.
        is_exact: bool,
    },
    List(Vec<Shown>),
}

// Its template escapes what it shows.
impl askama::filters::HtmlSafe for Shown {}

impl Shown {
    /// In one line without markup; `None` where there is nothing to read, or more than a line.
    pub(crate) fn plain(&self) -> Option<String> {
        match self {
            Self::Empty | Self::Prose(_) => None,
            Self::Text(text) | Self::Number(text) => Some(text.clone()),
            Self::Badge { label, .. } | Self::Link { label, .. } | Self::Web { label, .. } => {
                Some(label.clone())
            }
            Self::When { text, .. } => Some(text.clone()),
            Self::List(items) => items.first()?.plain(),
        }
    }

    /// Whether it is set flush right in a table.
    pub(crate) fn is_number(&self) -> bool {
        match self {
            Self::Number(_) => true,
            Self::List(items) => items.iter().all(Self::is_number),
            _ => false,
        }
    }
}

/// Where a value stands: a table's cell is one short line, a page has room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Cell,
    Page,
}

const CELL_CHARACTERS: usize = 80;

/// What is needed to show values: the objects and the time.
#[derive(Clone)]
pub(crate) struct Viewer {
    pub schema: Arc<Schema>,
    pub environment: Environment,
    /// Where the reader's days begin.
    pub zone: TimeZone,
    pub dates: DateLanguage,
}

impl Viewer {
    /// The moment that instants are told from, as the reader's clocks show it.
    pub(crate) fn clock(&self) -> time::Clock {
        time::Clock { now: self.environment.now(), zone: self.zone, dates: self.dates }
    }

    /// A value that a record holds; nothing where it holds none. A relation is named as far as the record's reader may
    /// read the name.
    pub(crate) fn of_record(&self, record: &Record, field: &Field, place: Place) -> Shown {
        let related = record.related.get(&field.name);
        let name = related.and_then(|related| related.label.as_deref());
        record.values.get(&field.name).map_or(Shown::Empty, |value| self.value(field, value, name, place))
    }

    /// A field's value; a relation with the name of its record, where that may be read.
    pub(crate) fn value(&self, field: &Field, value: &Value, name: Option<&str>, place: Place) -> Shown {
        if value.is_null() {
            return Shown::Empty;
        }
        kinds::shown::shown(self, field, value, name, place).unwrap_or(Shown::Empty)
    }

    /// A record as a link, by its name where that may be read; nothing where neither it nor its name is known.
    pub(crate) fn record(&self, object: &str, id: Option<RecordId>, name: Option<&str>) -> Shown {
        let name = name.filter(|name| !name.is_empty());
        let object = self.schema.object(object);
        match (object, id, name) {
            (Some(object), Some(id), name) => Shown::Link {
                href: format!("/records/{}/{id}", object.plural),
                label: name.unwrap_or(&object.label).to_owned(),
            },
            (_, _, Some(name)) => Shown::Text(name.to_owned()),
            // It points to what the reader may not know of.
            (None, Some(_), None) => Shown::Text("Hidden".to_owned()),
            (_, None, None) => Shown::Empty,
        }
    }
}

pub(crate) fn line(text: &str, place: Place) -> Shown {
    match (text.is_empty(), place) {
        (true, _) => Shown::Empty,
        (_, Place::Cell) => Shown::Text(excerpt(text.lines().next().unwrap_or_default(), CELL_CHARACTERS)),
        (_, Place::Page) => Shown::Text(text.to_owned()),
    }
}

pub(crate) fn prose(text: &str) -> Shown {
    let blocks = markdown::blocks(text, markdown::Under::Part);
    if blocks.is_empty() { Shown::Empty } else { Shown::Prose(blocks) }
}

pub(crate) fn badge(options: &[SelectOption], value: &str) -> Shown {
    match options.iter().find(|option| option.value == value) {
        Some(option) => Shown::Badge { label: option.label.clone(), color: color(&option.color) },
        None => Shown::Text(value.to_owned()),
    }
}

/// The style sheet's class of a colour's name.
pub(crate) fn color(name: &str) -> &'static str {
    const KNOWN: [&str; 10] =
        ["blue", "sky", "purple", "pink", "orange", "yellow", "green", "turquoise", "red", "gray"];
    KNOWN.iter().find(|known| **known == name).unwrap_or(&"gray")
}

/// A primary address and others, the primary one alone in a cell, each as a link where `address` makes one of it.
pub(crate) fn contact_points(
    primary: &str,
    additional: &[String],
    address: fn(&str) -> Option<String>,
    place: Place,
) -> Shown {
    let link = |text: &str| match address(text) {
        Some(href) => Shown::Link { href, label: text.to_owned() },
        None => Shown::Text(text.to_owned()),
    };
    let all = std::iter::once(primary).chain(additional.iter().map(String::as_str));
    let mut all: Vec<_> = all.filter(|text| !text.is_empty()).map(link).collect();
    if place == Place::Cell {
        all.truncate(1);
    }
    match all.len() {
        0 => Shown::Empty,
        1 => all.remove(0),
        _ => Shown::List(all),
    }
}

/// A text as a link to the web where it is an address of it, with or without its scheme.
pub(crate) fn web(text: &str) -> Shown {
    let address = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    match link::from_text(&address).filter(|href| href.starts_with("http")) {
        Some(href) => {
            let label = text.split_once("://").map_or(text, |(_, rest)| rest);
            Shown::Web { href: href.into_owned(), label: label.to_owned() }
        }
        None => Shown::Text(text.to_owned()),
    }
}
