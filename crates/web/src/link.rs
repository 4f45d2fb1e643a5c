//! Addresses within this site, and where a text that is not trusted may lead.

use std::{borrow::Cow, str::FromStr};

use kontor_core::{
    ids::{RecordId, SessionId},
    metadata::Name,
};
use url::{
    Url,
    form_urlencoded::{Serializer, byte_serialize},
};

use crate::error::{PageError, Result};

/// Pages of this site that stand where an object's list could.
const RESERVED: [&str; 1] = ["choices"];

/// What a part of an address stands for; where it can stand for nothing, there is nothing at the address.
pub(crate) fn parsed<T: FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| PageError::not_found())
}

/// A text as part of a query.
pub(crate) fn encode(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// A text as a part of a path.
pub(crate) fn segment(text: &str) -> String {
    encode(text).replace('+', "%20")
}

/// `path?a=b&c=d`.
pub(crate) fn with_query<'a>(path: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// An address elsewhere with more in its query.
pub(crate) fn with_more<'a>(uri: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
    let joint = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{joint}{query}")
}

/// What people read of where an address leads: its host, or the scheme of a program.
pub(crate) fn host(uri: &str) -> &str {
    match uri.split_once("://") {
        Some(("http" | "https", rest)) => rest.split(['/', '?']).next().unwrap_or_default(),
        _ => uri.split(':').next().unwrap_or(uri),
    }
}

/// The path to go to after signing in, if it leads to this site and nowhere else.
pub(crate) fn local(next: &str) -> &str {
    let is_local = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(|character: char| character == '\\' || character.is_control())
        && next.len() <= 2_000;
    if is_local { next } else { "/" }
}

/// The page of a record; `None` where the id is none, since what stands in its place could lead anywhere.
pub(crate) fn record(plural: &str, id: &str) -> Option<String> {
    let id: RecordId = id.parse().ok()?;
    Some(format!("/records/{plural}/{id}"))
}

/// The link that a text of a record or of a model may be: to the web, to mail or to a telephone by an absolute
/// address without credentials, or to a page of this site of a known shape (a list, a record, a chat). Anything
/// else is no link, relative addresses above all: where they lead depends on the page that shows them.
pub(crate) fn from_text(href: &str) -> Option<Cow<'_, str>> {
    if href.starts_with('/') {
        return is_page(href).then_some(Cow::Borrowed(href));
    }
    if href.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
        return None;
    }
    let (scheme, rest) = href.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" if rest.starts_with("//") && !rest.starts_with("///") => {
            let url = Url::parse(href).ok()?;
            let is_plain = url.has_host() && url.username().is_empty() && url.password().is_none();
            is_plain.then(|| Cow::Owned(url.into()))
        }
        "mailto" if rest.contains('@') => Some(Cow::Owned(Url::parse(href).ok()?.into())),
        "tel" => {
            let is_number = rest.chars().any(|c| c.is_ascii_digit())
                && rest.chars().all(|c| c.is_ascii_digit() || "+-.()*#;=".contains(c));
            is_number.then_some(Cow::Borrowed(href))
        }
        _ => None,
    }
}

/// Whether a path is that of a list, a record or a chat, and nothing but that.
fn is_page(path: &str) -> bool {
    let parts: Vec<_> = path.split('/').skip(1).collect();
    let is_list = |plural: &str| plural.parse::<Name>().is_ok() && !RESERVED.contains(&plural);
    match parts.as_slice() {
        ["chat"] => true,
        ["chat", session] => session.parse::<SessionId>().is_ok_and(|id| id.to_string() == *session),
        ["records", plural] => is_list(plural),
        ["records", plural, id] => {
            is_list(plural) && id.parse::<RecordId>().is_ok_and(|parsed| parsed.to_string() == *id)
        }
        _ => false,
    }
}

/// The address of a mailbox, its special characters written so that they cannot add a header.
pub(crate) fn mailbox(address: &str) -> String {
    format!("mailto:{}", encode(address).replace("%40", "@"))
}

/// The address of a telephone, of which only what is dialled is left; `None` where that is nothing.
pub(crate) fn telephone(number: &str) -> Option<String> {
    let dialled: String = number.chars().filter(|c| c.is_ascii_digit() || "+*#".contains(*c)).collect();
    dialled.contains(|c: char| c.is_ascii_digit()).then(|| format!("tel:{}", dialled.replace('#', "%23")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "018f2b6e-7c1a-7000-8000-000000000001";

    #[test]
    fn a_text_leads_to_the_web_to_mail_to_a_telephone_and_to_pages_of_known_shape() {
        let unchanged = [
            "https://example.com/a?b=c&d=e#f",
            "http://example.com/",
            "mailto:jane@example.com",
            "tel:+1-212-555-0161",
            "/chat",
            "/records/deals",
        ];
        for href in unchanged {
            assert_eq!(from_text(href).as_deref(), Some(href));
        }
        for href in [format!("/records/deals/{ID}"), format!("/chat/{ID}")] {
            assert_eq!(from_text(&href).as_deref(), Some(href.as_str()));
        }
        assert_eq!(from_text("HTTPS://Example.COM/A").as_deref(), Some("https://example.com/A"));
        assert_eq!(from_text("https://example.com/a/../b").as_deref(), Some("https://example.com/b"));
    }

    #[test]
    fn a_text_leads_nowhere_else() {
        for href in [
            "",
            "relative",
            "./x",
            "../../x",
            "#top",
            "?done=saved",
            "//evil.test",
            "///evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "https:evil.test",
            "https:/evil.test",
            "https:///evil.test",
            "https:\\\\evil.test",
            "https://",
            "https://user@evil.test/",
            "https://kontor.test:pass@evil.test/",
            "https://evil.test/a b",
            "ht\ntps://evil.test",
            "javascript:alert(1)",
            "JavaScript://example.com/%0aalert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://example.com/x",
            "mailto:",
            "tel:",
            "tel:javascript",
            "/",
            "/sign-out",
            "/api/records/deals",
            "/assets/0/app.js",
            "/chat/nonsense",
            "/chat/../sign-out",
            "/chat/turns",
            "/chat?message=delete+everything",
            "/records",
            "/records/",
            "/records/choices",
            "/records/../sign-out",
            "/records/deals/",
            "/records/deals/new",
            "/records/deals/../../sign-out",
            "/records/deals/%2e%2e/%2e%2e/sign-out",
            "/records/deals?f=name",
            "/records/deals#x",
            "/records//evil.test",
            "/records/Deals",
            &format!("/records/deals/{ID}/"),
            &format!("/records/deals/{ID}/delete"),
            &format!("/records/deals/{ID}/../../../sign-out"),
            &format!("/records/deals/{ID}?done=saved"),
            &format!("/chat/{ID}/resume"),
        ] {
            assert_eq!(from_text(href), None, "{href}");
        }
    }

    #[test]
    fn a_records_page_is_named_by_an_id_alone() {
        assert_eq!(record("deals", ID), Some(format!("/records/deals/{ID}")));
        for wrong in ["", "..", "../../sign-out", "x", &format!("{ID}/delete"), &format!("{ID}?a")] {
            assert_eq!(record("deals", wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_or_a_number_adds_nothing_to_its_link() {
        assert_eq!(mailbox("jane@example.com"), "mailto:jane@example.com");
        assert_eq!(mailbox("a?bcc=b&c%40@example.com"), "mailto:a%3Fbcc%3Db%26c%2540@example.com");
        assert_eq!(telephone("+1 (212) 555-0161").as_deref(), Some("tel:+12125550161"));
        assert_eq!(telephone("*31#"), Some("tel:*31%23".to_owned()));
        assert_eq!(telephone("java\"script:"), None);
    }

    #[test]
    fn only_a_path_of_this_site_is_gone_to_after_signing_in() {
        assert_eq!(local("/records/deals?sort=-amount"), "/records/deals?sort=-amount");
        for elsewhere in [
            "https://evil.test",
            "//evil.test",
            "/\\evil.test",
            "/\t/evil.test",
            "/\u{1}",
            "/\u{7f}",
            "javascript:x",
            "",
        ] {
            assert_eq!(local(elsewhere), "/", "{elsewhere}");
        }
    }

    #[test]
    fn a_query_survives_every_character() {
        assert_eq!(with_query("/a", [("q", "a b&c=é")]), "/a?q=a+b%26c%3D%C3%A9");
    }
}
