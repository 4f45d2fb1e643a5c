//! The agents of the workspace: what they are, what they are told, and which version of that is used.

mod comparison;
pub(crate) mod drafts;
pub(crate) mod form;
mod labels;
pub(crate) mod list;
pub(crate) mod prompt;
pub(crate) mod reviews;

use kontor_core::{caller::Caller, grants::Permission};

use crate::form::Fields;

/// Where the list is.
const HREF: &str = "/settings/agents";

pub(crate) fn href(name: &str) -> String {
    format!("{HREF}/{name}")
}

fn may_change(caller: &Caller) -> bool {
    caller.grants.permits(Permission::Agents)
}

fn may_write(caller: &Caller) -> bool {
    caller.grants.permits(Permission::Prompts)
}

/// A number that a form carries.
fn number(fields: &Fields, name: &str) -> Option<i64> {
    fields.get(name).parse().ok()
}
