//! Text: a line, Markdown or a domain.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::{
    Kind,
    cells::{self, Cells},
    host::is_host,
    input::{Given, Issues, MAX_LINE, MAX_MARKDOWN, Parsed, bounded, string},
};
use crate::{
    error::Issue,
    filter::{PartType, Scalar},
    metadata::{Column, ColumnType, Field},
    text::excerpt,
    value::Value,
};

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextFormat {
    /// One line; compared and sorted without regard to case and accents.
    #[default]
    Line,
    /// Several lines, in Markdown; found by search, not compared or sorted.
    Markdown,
    /// A domain name, kept in lower case without scheme, path or leading `www.`.
    Domain,
}

pub(super) struct TextKind {
    pub(super) format: TextFormat,
}

impl Kind for TextKind {
    type Held = str;

    fn name(&self) -> &'static str {
        "text"
    }

    fn settings(&self) -> Json {
        json!({ "format": self.format })
    }

    fn parts(&self) -> &'static [&'static str] {
        &[]
    }

    fn part_type(&self, _part: &str) -> PartType {
        match self.format {
            TextFormat::Line => PartType::FoldedText,
            TextFormat::Markdown => PartType::Opaque,
            TextFormat::Domain => PartType::LowerText,
        }
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        let written = field.column("", ColumnType::Text);
        match self.format {
            TextFormat::Line => vec![written, field.folded("")],
            TextFormat::Markdown | TextFormat::Domain => vec![written],
        }
    }

    fn is_shown_by_default(&self) -> bool {
        false
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v str> {
        if let Value::Text(text) = value { Some(text) } else { None }
    }

    fn to_cells(&self, text: &str) -> Vec<Option<Scalar>> {
        match self.format {
            TextFormat::Line => vec![cells::text(text), cells::folded(text)],
            TextFormat::Markdown | TextFormat::Domain => vec![cells::text(text)],
        }
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        cells.text().map(Value::Text)
    }

    fn parse(&self, given: &Given<'_, str>) -> Result<Value, Issues> {
        let text = string(given.json, "text")?;
        let text = match self.format {
            TextFormat::Line => one_line(text)?.to_owned(),
            TextFormat::Markdown => bounded(text, MAX_MARKDOWN)?.to_owned(),
            TextFormat::Domain => domain(text)?,
        };
        Ok(if text.is_empty() { Value::Null } else { Value::Text(text) })
    }

    fn serialize<S: Serializer>(&self, text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        json.as_str().map(|text| Value::Text(text.to_owned()))
    }

    fn display(&self, text: &str) -> String {
        text.to_owned()
    }

    fn search_text(&self, text: &str) -> String {
        text.to_owned()
    }
}

fn one_line(text: &str) -> Parsed<&str> {
    let line = bounded(text.trim(), MAX_LINE)?;
    if line.contains(['\n', '\r']) {
        return Err(Issue::new("", "not_one_line", "expected one line of text"));
    }
    Ok(line)
}

/// The host of an address or URL, in lower case without `www.`.
fn domain(text: &str) -> Parsed<String> {
    let lower = bounded(text.trim(), MAX_LINE)?.to_lowercase();
    let host = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
    let host = host.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host).trim_end_matches('.');
    match host {
        "" if lower.is_empty() => Ok(String::new()),
        host if host.contains('.') && is_host(host) => Ok(host.to_owned()),
        _ => {
            let message = format!("{:?} is not a domain such as example.com", excerpt(text.trim(), 100));
            Err(Issue::new("", "invalid_domain", message))
        }
    }
}
