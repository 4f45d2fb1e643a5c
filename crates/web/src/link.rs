//! Addresses within this site.

use url::form_urlencoded::{Serializer, byte_serialize};

/// A text as part of a query.
pub(crate) fn encode(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// `path?a=b&c=d`.
pub(crate) fn with_query<'a>(path: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The path to go to after signing in, if it leads to this site and nowhere else.
pub(crate) fn local(next: &str) -> &str {
    let is_local = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(|character: char| character == '\\' || character.is_control())
        && next.len() <= 2_000;
    if is_local { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

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
