//! A field's value, read from its JSON and the field's metadata.

use std::sync::Arc;

use askama::Template;
use kontor_core::{
    actor::Actor,
    environment::Environment,
    locale::TimeZone,
    metadata::{Field, FieldKind, Schema, SelectOption, TextFormat},
    text::excerpt,
    time::Date,
    value::{Money, parse_scaled},
};
use serde_json::Value as Json;

use super::time;
use crate::{link, markdown};

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
}

impl Viewer {
    /// The moment that instants are told from, as the reader's clocks show it.
    pub(crate) fn clock(&self) -> time::Clock {
        time::Clock { now: self.environment.now(), zone: self.zone }
    }

    /// A field's value from its JSON form, as REST and operations give it.
    pub(crate) fn value(&self, field: &Field, json: &Json, place: Place) -> Shown {
        if json.is_null() {
            return Shown::Empty;
        }
        self.typed(&field.kind, json, place).unwrap_or_else(|| untyped(json, place))
    }

    /// `None` where the JSON is not what the kind would be written as.
    fn typed(&self, kind: &FieldKind, json: &Json, place: Place) -> Option<Shown> {
        Some(match kind {
            FieldKind::Text { format: TextFormat::Markdown } if place == Place::Page => prose(json.as_str()?),
            FieldKind::Text { format: TextFormat::Domain } => web(json.as_str()?),
            FieldKind::Text { .. } => line(json.as_str()?, place),
            FieldKind::Number { .. } | FieldKind::Position => Shown::Number(grouped(json)?),
            FieldKind::Boolean => Shown::Text(if json.as_bool()? { "Yes" } else { "No" }.to_owned()),
            FieldKind::Date => time::date(json.as_str()?.parse::<Date>().ok()?, self.clock().today()),
            FieldKind::DateTime if place == Place::Page => {
                time::exact(json.as_str()?.parse().ok()?, self.clock())
            }
            FieldKind::DateTime => time::instant(json.as_str()?.parse().ok()?, self.clock()),
            FieldKind::Select { options } => badge(options, json.as_str()?),
            FieldKind::Currency => Shown::Number(money(json)?),
            FieldKind::FullName => joined(json, &["first", "last"], " ", place)?,
            FieldKind::Address => {
                joined(json, &["street", "city", "state", "postal_code", "country"], ", ", place)?
            }
            FieldKind::Emails => contact_points(json, |address| Some(link::mailbox(address)), place)?,
            FieldKind::Phones => contact_points(json, link::telephone, place)?,
            FieldKind::SocialLinks => social(json)?,
            FieldKind::Actor => Shown::Text(serde_json::from_value::<Actor>(json.clone()).ok()?.to_string()),
            FieldKind::Relation { object } => self.record(object, json)?,
            FieldKind::Target { .. } => {
                let object = json.get("object")?.as_str()?;
                self.record(object, json)?
            }
            FieldKind::Id | FieldKind::Json => return None,
        })
    }

    /// A record as a link: its id, and its name where that may be read.
    fn record(&self, object: &str, json: &Json) -> Option<Shown> {
        let label = ["label", "name"].iter().find_map(|key| json.get(key)?.as_str());
        let id = json.as_str().or_else(|| json.get("id")?.as_str());
        let object = self.schema.object(object)?;
        let href = id.and_then(|id| link::record(&object.plural, id));
        let label = label.filter(|label| !label.is_empty());
        Some(match (href, label) {
            (Some(href), label) => Shown::Link { href, label: label.unwrap_or(&object.label).to_owned() },
            (None, Some(label)) => Shown::Text(label.to_owned()),
            (None, None) => return None,
        })
    }
}

/// A value of no known field.
pub(crate) fn untyped(json: &Json, place: Place) -> Shown {
    match json {
        Json::Null => Shown::Empty,
        Json::String(text) => line(text, place),
        Json::Bool(value) => Shown::Text(if *value { "Yes" } else { "No" }.to_owned()),
        Json::Number(_) => grouped(json).map_or(Shown::Empty, Shown::Number),
        _ => match money(json) {
            Some(text) => Shown::Number(text),
            None => Shown::Text(excerpt(&json.to_string(), 400)),
        },
    }
}

fn line(text: &str, place: Place) -> Shown {
    match (text.is_empty(), place) {
        (true, _) => Shown::Empty,
        (_, Place::Cell) => Shown::Text(excerpt(text.lines().next().unwrap_or_default(), CELL_CHARACTERS)),
        (_, Place::Page) => Shown::Text(text.to_owned()),
    }
}

fn prose(text: &str) -> Shown {
    let blocks = markdown::blocks(text);
    if blocks.is_empty() { Shown::Empty } else { Shown::Prose(blocks) }
}

fn grouped(json: &Json) -> Option<String> {
    let text = json.as_number()?.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(a, b)| (a, Some(b)));
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction.filter(|fraction| *fraction != "0") {
        out.push('.');
        out.push_str(fraction);
    }
    Some(out)
}

fn money(json: &Json) -> Option<String> {
    let amount = json.get("amount")?;
    // What is asked for may leave the currency to the record.
    let Some(currency) = json.get("currency") else { return grouped(amount) };
    let micros = parse_scaled(amount, Money::DECIMALS).ok()?;
    let currency = currency.as_str()?.to_owned();
    Some(Money { micros, currency }.to_string())
}

fn badge(options: &[SelectOption], value: &str) -> Shown {
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

fn joined(json: &Json, parts: &[&str], separator: &str, place: Place) -> Option<Shown> {
    // A filter or a result may give a composite as its text.
    if let Some(text) = json.as_str() {
        return Some(line(text, place));
    }
    let object = json.as_object()?;
    let texts: Vec<_> =
        parts.iter().filter_map(|part| object.get(*part)?.as_str()).filter(|text| !text.is_empty()).collect();
    Some(line(&texts.join(separator), place))
}

fn contact_points(json: &Json, address: fn(&str) -> Option<String>, place: Place) -> Option<Shown> {
    let link = |text: &str| match address(text) {
        Some(href) => Shown::Link { href, label: text.to_owned() },
        None => Shown::Text(text.to_owned()),
    };
    if let Some(text) = json.as_str() {
        return Some(link(text));
    }
    let primary = json.get("primary")?.as_str()?;
    let additional =
        json.get("additional").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    let mut all: Vec<_> =
        std::iter::once(primary).chain(additional).filter(|text| !text.is_empty()).map(link).collect();
    if place == Place::Cell {
        all.truncate(1);
    }
    Some(match all.len() {
        0 => Shown::Empty,
        1 => all.remove(0),
        _ => Shown::List(all),
    })
}

fn social(json: &Json) -> Option<Shown> {
    let links: Vec<_> = json
        .as_object()?
        .values()
        .filter_map(Json::as_str)
        .filter(|text| !text.is_empty())
        .map(web)
        .collect();
    Some(if links.is_empty() { Shown::Empty } else { Shown::List(links) })
}

/// A text as a link to the web where it is an address of it, with or without its scheme.
fn web(text: &str) -> Shown {
    let address = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    match link::from_text(&address).filter(|href| href.starts_with("http")) {
        Some(href) => {
            let label = text.split_once("://").map_or(text, |(_, rest)| rest);
            Shown::Web { href: href.into_owned(), label: label.to_owned() }
        }
        None => Shown::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use kontor_core::{ids::FieldId, metadata::Name};
    use serde_json::json;

    use super::*;

    fn show(kind: FieldKind, json: &Json) -> String {
        let viewer = Viewer {
            schema: Arc::new(Schema::default()),
            environment: Environment::system(),
            zone: TimeZone::UTC,
        };
        let field = Field::new(FieldId(uuid::Uuid::nil()), Name::literal("field"), "Field", kind);
        viewer.value(&field, json, Place::Cell).render().unwrap()
    }

    #[test]
    fn values_are_escaped() {
        let shown = show(FieldKind::Text { format: TextFormat::Line }, &json!("<script>alert(1)</script>"));
        assert_eq!(shown, "&#60;script&#62;alert(1)&#60;/script&#62;");
    }

    #[test]
    fn money_is_grouped_and_names_its_currency() {
        let shown = show(FieldKind::Currency, &json!({"amount": 1_250_000, "currency": "EUR"}));
        assert_eq!(shown, "1,250,000 EUR");
        assert_eq!(show(FieldKind::Currency, &json!({"amount": 1_250_000})), "1,250,000");
    }

    #[test]
    fn a_value_of_another_shape_is_still_shown() {
        assert_eq!(show(FieldKind::Currency, &json!("soon")), "soon");
        assert_eq!(show(FieldKind::Date, &json!(12)), "12");
        assert_eq!(show(FieldKind::FullName, &Json::Null), "<span class=\"none\">—</span>");
    }

    #[test]
    fn no_value_is_a_link_that_its_kind_does_not_mean() {
        let phone = |text: &str| show(FieldKind::Phones, &json!({"primary": text, "additional": []}));
        assert_eq!(phone("+49 30 12"), "<a href=\"tel:+493012\">+49 30 12</a>");
        assert_eq!(phone("java\"script:1 2"), "<a href=\"tel:12\">java&#34;script:1 2</a>");
        assert_eq!(phone("javascript:"), "javascript:");
        let website = |text: &str| show(FieldKind::SocialLinks, &json!({"website": text}));
        assert!(website("example.com/a").contains("href=\"https://example.com/a\""));
        for text in ["javascript:alert(1)", "javascript://x", "https://a@evil.test", "not a url", "//x"] {
            assert!(!website(text).contains("href"), "{text}: {}", website(text));
        }
        let relation = FieldKind::Relation { object: Name::literal("account") };
        assert!(!show(relation, &json!({"id": "../../sign-out", "label": "Acme"})).contains("href"));
    }
}
