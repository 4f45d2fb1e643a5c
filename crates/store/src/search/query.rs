use sea_query::{Alias, Expr, ExprTrait as _, Func, Query};

use super::{normal, object_mark};

/// What a document's tokens must fulfil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchQuery {
    /// One of its tokens is this.
    Token(String),
    /// One of its tokens begins so.
    Prefix(String),
    /// All of these; a document fulfils none of nothing.
    All(Vec<SearchQuery>),
    /// One of these.
    Any(Vec<SearchQuery>),
}

impl SearchQuery {
    /// Whether no document can fulfil it.
    pub fn is_never(&self) -> bool {
        match self {
            Self::Token(text) | Self::Prefix(text) => text.is_empty(),
            Self::All(parts) => parts.is_empty() || parts.iter().any(Self::is_never),
            Self::Any(parts) => parts.iter().all(Self::is_never),
        }
    }

    /// What a document has to fulfil, all of it.
    pub(super) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::All(parts) => parts.iter().flat_map(Self::parts).collect(),
            Self::Any(parts) => {
                let mut possible = parts.iter().filter(|part| !part.is_never());
                match (possible.next(), possible.next()) {
                    (Some(only), None) => only.parts(),
                    _ => vec![self],
                }
            }
            _ => vec![self],
        }
    }

    /// Whether a document with these tokens, which are sorted, fulfils it.
    pub fn matches(&self, sorted: &[String]) -> bool {
        match self {
            Self::Token(text) => sorted.binary_search(text).is_ok(),
            Self::Prefix(text) => {
                let at = sorted.partition_point(|token| token < text);
                sorted.get(at).is_some_and(|token| token.starts_with(text.as_str()))
            }
            Self::All(parts) => !parts.is_empty() && parts.iter().all(|part| part.matches(sorted)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(sorted)),
        }
    }

    /// The same with beginnings of at most `length` characters; whether that finds more.
    pub(super) fn shortened(&self, length: usize) -> (Self, bool) {
        let each = |parts: &[Self]| {
            let parts: Vec<_> = parts.iter().map(|part| part.shortened(length)).collect();
            let is_shorter = parts.iter().any(|(_, is_shorter)| *is_shorter);
            (parts.into_iter().map(|(part, _)| part).collect(), is_shorter)
        };
        match self {
            Self::Token(_) => (self.clone(), false),
            Self::Prefix(text) => match text.char_indices().nth(length) {
                Some((end, _)) => (Self::Prefix(text.get(..end).unwrap_or(text).to_owned()), true),
                None => (self.clone(), false),
            },
            Self::All(parts) => {
                let (parts, is_shorter) = each(parts);
                (Self::All(parts), is_shorter)
            }
            Self::Any(parts) => {
                let (parts, is_shorter) = each(parts);
                (Self::Any(parts), is_shorter)
            }
        }
    }

    /// The query in FTS5's language. It is not one that is never fulfilled.
    pub(super) fn fts5(&self) -> String {
        self.rendered(" AND ", " OR ", &|token, is_prefix| {
            let token = token.replace('"', "\"\"");
            if is_prefix { format!("\"{token}\" *") } else { format!("\"{token}\"") }
        })
    }

    /// The query among the documents of an object as `tsquery`. It is not one that is never fulfilled.
    pub(super) fn tsquery(&self, object: &str) -> Expr {
        let mark = object_mark(object).replace('\\', "\\\\").replace('\'', "''");
        let text = self.rendered(" & ", " | ", &|token, is_prefix| {
            let token = token.replace('\\', "\\\\").replace('\'', "''");
            if is_prefix { format!("'{mark}{token}':*") } else { format!("'{mark}{token}'") }
        });
        // Within a statement of its own it is read once, and not for every document.
        let query = Query::select().expr(Expr::val(text).cast_as(Alias::new("tsquery"))).take();
        Expr::SubQuery(None, Box::new(query.into()))
    }

    fn rendered(&self, and: &str, or: &str, token: &dyn Fn(&str, bool) -> String) -> String {
        let joined = |parts: &[Self], between: &str| {
            let parts = parts.iter().filter(|part| !part.is_never());
            let parts: Vec<_> = parts.map(|part| part.rendered(and, or, token)).collect();
            if let [part] = parts.as_slice() { part.clone() } else { format!("({})", parts.join(between)) }
        };
        match self {
            Self::Token(text) => token(&normal(text), false),
            Self::Prefix(text) => token(&normal(text), true),
            Self::All(parts) => joined(parts, and),
            Self::Any(parts) => joined(parts, or),
        }
    }

    /// The query as a condition on a text of tokens, each between blanks.
    pub(super) fn within(&self, text: &Expr) -> Expr {
        let holds = |part: String| -> Expr {
            Expr::from(Func::cust("instr").arg(text.clone()).arg(Expr::val(part))).gt(0)
        };
        let never = || Expr::cust("(1 = 0)");
        match self {
            Self::Token(token) => holds(format!(" {} ", normal(token))),
            Self::Prefix(token) => holds(format!(" {}", normal(token))),
            Self::All(parts) => parts
                .iter()
                .map(|part| part.within(text))
                .reduce(|all, part| all.and(part))
                .unwrap_or_else(never),
            Self::Any(parts) => {
                let parts = parts.iter().filter(|part| !part.is_never());
                parts.map(|part| part.within(text)).reduce(|any, part| any.or(part)).unwrap_or_else(never)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> SearchQuery {
        let token = |text: &str| SearchQuery::Token(text.to_owned());
        let prefix = |text: &str| SearchQuery::Prefix(text.to_owned());
        SearchQuery::All(vec![
            SearchQuery::Any(vec![token("0jane"), SearchQuery::Any(vec![]), prefix("1jane's")]),
            prefix("0do"),
        ])
    }

    #[test]
    fn a_query_is_written_in_either_language() {
        assert_eq!(query().fts5(), r#"(("0jane" OR "1jane's" *) AND "0do" *)"#);
        let text = query().rendered(" & ", " | ", &|token, is_prefix| format!("{token}{is_prefix}"));
        assert_eq!(text, "((0janefalse | 1jane'strue) & 0dotrue)");
    }

    #[test]
    fn tokens_are_compared_whole_and_prefixes_by_their_beginning() {
        let sorted = |tokens: &[&str]| {
            let mut tokens: Vec<_> = tokens.iter().map(|&token| token.to_owned()).collect();
            tokens.sort_unstable();
            tokens
        };
        assert!(query().matches(&sorted(&["0jane", "0doe"])));
        assert!(query().matches(&sorted(&["1jane's-own", "0do"])));
        assert!(!query().matches(&sorted(&["0janet", "0doe"])));
        assert!(!query().matches(&sorted(&["0jane"])));
        assert!(SearchQuery::All(vec![]).is_never() && !SearchQuery::All(vec![]).matches(&[]));
    }

    #[test]
    fn parts_are_what_has_to_be_fulfilled_together() {
        let token = |text: &str| SearchQuery::Token(text.to_owned());
        let never = SearchQuery::Any(vec![]);
        let either = SearchQuery::Any(vec![token("b"), token("c")]);
        let both = SearchQuery::All(vec![token("a"), SearchQuery::Any(vec![either.clone(), never])]);
        assert_eq!(both.parts(), [&token("a"), &either]);
        assert_eq!(SearchQuery::Any(vec![both.clone()]).parts(), both.parts());
        assert_eq!(SearchQuery::Any(vec![]).parts(), [&SearchQuery::Any(vec![])]);
    }

    #[test]
    fn long_beginnings_are_shortened() {
        let (shorter, is_shorter) = query().shortened(4);
        assert!(is_shorter);
        assert!(shorter.fts5().contains(r#""1jan" *"#), "{}", shorter.fts5());
        assert!(!query().shortened(7).1);
    }
}
