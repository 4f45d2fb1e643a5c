//! The statements, as one would write them by hand for one kind of record. SQLite numbers `$1`, `$2`, … in the
//! order in which they first appear, so that the same text serves both engines.

use std::sync::Arc;

use super::contact::{WRITTEN, columns};
use crate::records::{Listing, PAGE};

/// The slots of the fields whose words the search looks at: name, emails, phones, job title, address.
const SEARCHED: [u8; 5] = [0, 1, 2, 3, 4];

pub(super) struct Statements {
    pub get: Arc<str>,
    pub update: Arc<str>,
    lists: Vec<(Listing, Arc<str>)>,
    /// The start of an insertion, up to its rows.
    pub insert: String,
}

impl Statements {
    /// The statements on the tables that stand behind `prefix`; `found` selects the ids that a search finds.
    pub(super) fn new(prefix: &str, found: &str) -> Self {
        let joined = columns("c.", "a.name");
        let accounts = format!("LEFT JOIN {prefix}record_account a ON a.id = c.account_id");
        let list = |listing| {
            let (condition, order): (String, [&str; 2]) = match listing {
                Listing::Lifecycle => ("lifecycle = $1".to_owned(), ["id DESC", ""]),
                Listing::LeadScore => ("lead_score >= $1".to_owned(), ["lead_score DESC", "id DESC"]),
                Listing::Engagement => {
                    ("engagement_score >= $1".to_owned(), ["job_title_folded NULLS LAST", "id"])
                }
                Listing::Search => (format!("id IN ({found})"), ["id DESC", ""]),
            };
            let sorted = |alias: &str| {
                let keys = order.iter().filter(|key| !key.is_empty());
                keys.map(|key| format!("{alias}{key}")).collect::<Vec<_>>().join(", ")
            };
            // The page is found first, and only its rows are joined.
            format!(
                "SELECT {joined} FROM (SELECT {}, job_title_folded FROM {prefix}record_contact \
                 WHERE deleted_at IS NULL AND {condition} ORDER BY {} LIMIT {}) c {accounts} ORDER BY {}",
                columns("", "NULL AS none"),
                sorted(""),
                PAGE + 1,
                sorted("c."),
            )
        };
        Self {
            get: format!(
                "SELECT {joined} FROM {prefix}record_contact c {accounts} WHERE c.id = $1 AND c.deleted_at IS NULL"
            )
            .into(),
            update: format!(
                "UPDATE {prefix}record_contact SET lead_score = $1, lifecycle = $2, updated_at = $3, \
                 version = version + 1 WHERE id = $4 AND deleted_at IS NULL RETURNING {}",
                columns("", "NULL")
            )
            .into(),
            lists: Listing::ALL.into_iter().map(|listing| (listing, list(listing).into())).collect(),
            insert: format!("INSERT INTO {prefix}record_contact ({}) ", WRITTEN.join(", ")),
        }
    }

    pub(super) fn list(&self, wanted: Listing) -> Option<Arc<str>> {
        self.lists.iter().find(|(listing, _)| *listing == wanted).map(|(_, statement)| statement.clone())
    }
}

/// The tokens that a word may be the beginning of, each written as `token` does and joined by `or`.
pub(super) fn alternatives(word: &str, or: &str, token: impl Fn(&str) -> String) -> String {
    SEARCHED.map(|slot| token(&format!("{slot}{word}"))).join(or)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_finds_its_page_before_it_joins_the_accounts() {
        let statements = Statements::new("ws.", "SELECT 1");
        let list = statements.list(Listing::LeadScore).unwrap();
        assert!(
            list.contains("ORDER BY lead_score DESC, id DESC LIMIT 61) c LEFT JOIN ws.record_account"),
            "{list}"
        );
        assert!(list.ends_with("ORDER BY c.lead_score DESC, c.id DESC"), "{list}");
    }

    #[test]
    fn a_word_is_looked_for_in_every_searchable_field() {
        let text = alternatives("meyer", " | ", |token| format!("'{token}':*"));
        assert!(text.starts_with("'0meyer':* | '1meyer':*"), "{text}");
    }
}
