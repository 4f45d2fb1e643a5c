//! Domains and links.

use std::net::Ipv6Addr;

use super::{MAX_LINE, Parsed, bounded, line};
use crate::{error::Issue, text::excerpt};

/// The host of an address or URL, in lower case without `www.`.
pub(super) fn domain(text: &str) -> Parsed<String> {
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

/// A link to a page: `http` or `https` and a host. One that is written without a scheme gets `https`.
pub(super) fn link(text: &str) -> Parsed<String> {
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

fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    host.len() <= 253 && host.split('.').all(is_label)
}
