//! The models of the workspace, and the providers that it brings itself.

mod choices;
pub(crate) mod facts;
mod kinds;
mod page;
mod provider;

pub(crate) use self::{
    choices::choose,
    page::{remove, show, test},
    provider::{add, change, edit, new},
};

/// Where the page is.
const HREF: &str = "/settings/models";
