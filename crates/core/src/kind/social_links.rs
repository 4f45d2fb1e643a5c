//! Profiles elsewhere.

use std::{fmt, net::Ipv6Addr};

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value as Json;

use super::{
    Kind,
    cells::{self, Cells},
    host::is_host,
    input::{Given, Issues, MAX_LINE, Parsed, bounded, five_parts, line, shown_parts, write_joined},
};
use crate::{
    error::Issue,
    filter::{PartType, Scalar},
    metadata::{Column, Field},
    text::excerpt,
    value::Value,
};

const PARTS: [&str; 5] = ["linkedin", "x", "facebook", "instagram", "website"];

/// Profiles elsewhere; an empty text where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SocialLinks {
    pub linkedin: String,
    pub x: String,
    pub facebook: String,
    pub instagram: String,
    pub website: String,
}

impl SocialLinks {
    /// The links in the order of the kind's parts.
    pub fn parts(&self) -> [&str; 5] {
        [&self.linkedin, &self.x, &self.facebook, &self.instagram, &self.website]
    }

    pub fn from_parts([linkedin, x, facebook, instagram, website]: [String; 5]) -> Self {
        Self { linkedin, x, facebook, instagram, website }
    }
}

impl fmt::Display for SocialLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_joined(f, &self.parts())
    }
}

pub(super) struct SocialLinksKind;

impl Kind for SocialLinksKind {
    type Held = SocialLinks;

    fn name(&self) -> &'static str {
        "social_links"
    }

    fn parts(&self) -> &'static [&'static str] {
        &PARTS
    }

    fn part_type(&self, _part: &str) -> PartType {
        PartType::FoldedText
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        field.text_columns(&PARTS)
    }

    fn is_shown_by_default(&self) -> bool {
        false
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v SocialLinks> {
        if let Value::SocialLinks(links) = value { Some(links) } else { None }
    }

    fn to_cells(&self, links: &SocialLinks) -> Vec<Option<Scalar>> {
        cells::parts(links.parts())
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        cells.parts().map(|parts| Value::SocialLinks(Box::new(SocialLinks::from_parts(parts))))
    }

    fn parse(&self, given: &Given<'_, SocialLinks>) -> Result<Value, Issues> {
        let current = given.current.map(|links| links.parts().map(str::to_owned)).unwrap_or_default();
        let parts = five_parts(given.json, PARTS, current, link)?;
        let is_empty = parts.iter().all(String::is_empty);
        Ok(if is_empty { Value::Null } else { Value::SocialLinks(Box::new(SocialLinks::from_parts(parts))) })
    }

    fn serialize<S: Serializer>(&self, links: &SocialLinks, serializer: S) -> Result<S::Ok, S::Error> {
        links.serialize(serializer)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        Some(Value::SocialLinks(Box::new(SocialLinks::from_parts(shown_parts(json, PARTS)?))))
    }

    fn display(&self, links: &SocialLinks) -> String {
        links.to_string()
    }

    fn search_text(&self, _links: &SocialLinks) -> String {
        String::new()
    }
}

/// A link to a page: `http` or `https` and a host. One that is written without a scheme gets `https`.
fn link(text: &str) -> Parsed<String> {
    let written = line(text)?;
    if written.is_empty() {
        return Ok(String::new());
    }
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| written.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)));
    let rest = scheme.map_or(written, |scheme| &written[scheme.len()..]);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let holds = !written.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"\\^`{|}".contains(c))
        && is_authority(authority)
        // Without a scheme only what has a dot is told from a word.
        && (scheme.is_some() || authority.contains('.'));
    if !holds {
        let message = format!("{:?} is not a link such as https://example.com/about", excerpt(written, 100));
        return Err(Issue::new("", "invalid_link", message));
    }
    let whole = format!("{}{rest}", scheme.unwrap_or("https://"));
    bounded(&whole, MAX_LINE)?;
    Ok(whole)
}

/// A host and perhaps a port; nobody signs in by a link.
fn is_authority(authority: &str) -> bool {
    if let Some((address, port)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address.parse::<Ipv6Addr>().is_ok() && (port.is_empty() || is_port(port));
    }
    let (host, port) = match authority.find(':') {
        Some(colon) => authority.split_at(colon),
        None => (authority, ""),
    };
    is_host(host.trim_end_matches('.')) && (port.is_empty() || is_port(port))
}

fn is_port(port: &str) -> bool {
    port.strip_prefix(':').is_some_and(|digits| digits.parse::<u16>().is_ok())
}
