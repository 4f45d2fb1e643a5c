//! Where a chat is: in the workspace itself, or in the copy of it that a tryout has. Its page and what its forms send
//! have other addresses there, and no page shows the records that are made there.

use std::borrow::Cow;

use kontor_core::{
    ids::{RecordId, SessionId},
    time::Timestamp,
};
use serde_json::Value as Json;

/// What the link to a record begins with, as our templates and the sanitiser of Markdown write it.
const LINK: &str = "<a href=\"/records/";

/// Where a chat is.
#[derive(Debug, Clone, Default)]
pub(crate) enum Room {
    #[default]
    Workspace,
    Tryout {
        /// The address of its page.
        page: String,
        /// What records are made from then on are of the copy alone.
        begun: Timestamp,
    },
}

impl Room {
    /// The address of a chat's page.
    pub(crate) fn page_of(&self, session: SessionId) -> String {
        match self {
            Self::Workspace => format!("/chat/{session}"),
            Self::Tryout { page, .. } => page.clone(),
        }
    }

    /// What the addresses of turns and approvals begin with.
    pub(crate) fn acts(&self) -> &str {
        match self {
            Self::Workspace => "/chat",
            Self::Tryout { page, .. } => page,
        }
    }

    pub(crate) fn is_tryout(&self) -> bool {
        matches!(self, Self::Tryout { .. })
    }

    /// A part of a page, in which nothing leads to a record that is not there.
    pub(crate) fn shown<'h>(&self, html: &'h str) -> Cow<'h, str> {
        let begun = match self {
            Self::Tryout { begun, .. } if html.contains(LINK) => *begun,
            _ => return Cow::Borrowed(html),
        };
        let mut parts = html.split(LINK);
        let mut shown = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            match part.split_once('"') {
                Some((path, rest)) if is_made_since(path, begun) => {
                    shown.push_str("<a");
                    shown.push_str(rest);
                }
                _ => {
                    shown.push_str(LINK);
                    shown.push_str(part);
                }
            }
        }
        Cow::Owned(shown)
    }

    /// The same of all that a message to a page says.
    pub(crate) fn shown_in(&self, data: &mut Json) {
        match data {
            Json::String(html) => {
                if let Cow::Owned(shown) = self.shown(html) {
                    *html = shown;
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.shown_in(item)),
            Json::Object(fields) => fields.values_mut().for_each(|field| self.shown_in(field)),
            _ => {}
        }
    }
}

/// Whether the id at the end of a path tells that its record was made from an instant on.
fn is_made_since(path: &str, instant: Timestamp) -> bool {
    let id = path.rsplit('/').next().and_then(|id| id.parse::<RecordId>().ok());
    let Some((seconds, nanos)) = id.and_then(|id| id.as_uuid().get_timestamp()).map(|at| at.to_unix()) else {
        return false;
    };
    // Ids tell milliseconds.
    let millis = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000);
    millis.saturating_add(i64::from(nanos / 1_000_000)) >= instant.micros() / 1_000
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Made in the first millisecond of 2026, and one later.
    const OLD: &str = "019b76da-a800-7000-8000-000000000001";
    const NEW: &str = "019b76da-a801-7000-8000-000000000001";

    #[test]
    fn what_was_made_in_a_tryout_is_named_and_led_to_nowhere() {
        let begun = Timestamp::from_micros(i64::from_str_radix("019b76daa801", 16).unwrap() * 1_000 + 500);
        let room = Room::Tryout { page: String::new(), begun };
        let link = |id: &str| format!("<p><a href=\"/records/deals/{id}\" class=\"x\">Crane</a></p>");
        let both = format!("{}{}", link(OLD), link(NEW));
        let shown = format!("{}<p><a class=\"x\">Crane</a></p>", link(OLD));
        assert_eq!(room.shown(&both), shown);
        assert_eq!(Room::Workspace.shown(&both), both);
        let mut data = json!({"turn": 1, "blocks": [[0, link(NEW)]]});
        room.shown_in(&mut data);
        assert_eq!(data, json!({"turn": 1, "blocks": [[0, "<p><a class=\"x\">Crane</a></p>"]]}));
    }
}
