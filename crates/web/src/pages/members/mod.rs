//! The members of the workspace, for those who look after them.
//!
//! | module | holds |
//! |---|---|
//! | `list` | who belongs to the workspace, who is invited |
//! | `member` | one of them: name, role, whether they may act, sign-ins, password |

pub(crate) mod list;
pub(crate) mod member;

use kontor_identity::SeenSignIn;

use crate::show::{Clock, Shown, exact, instant};

/// The list itself.
const HREF: &str = "/settings/members";

/// A link that is shown once.
pub(crate) struct ShownLink {
    pub what: String,
    pub href: String,
    pub until: Shown,
}

/// A sign-in as it is listed.
pub(crate) struct SignInView {
    pub id: String,
    pub browser: String,
    pub user_agent: String,
    pub address: String,
    pub workspace: String,
    pub since: Shown,
    pub used: Shown,
    pub is_current: bool,
}

impl SignInView {
    pub(crate) fn of(seen: SeenSignIn, clock: Clock) -> Self {
        Self {
            id: seen.id.to_string(),
            browser: seen.browser,
            user_agent: seen.user_agent.unwrap_or_default(),
            address: seen.address.unwrap_or_default(),
            workspace: seen.workspace,
            since: exact(seen.since, clock),
            used: instant(seen.last_used_at, clock),
            is_current: seen.is_current,
        }
    }
}
