//! Prompts: the standard agents that ship as Markdown files, how a prompt is checked and rendered, and how agents are
//! written with theirs.

mod check;
mod form;
mod front_matter;
mod install;
mod publish;
mod render;
#[cfg(test)]
mod tests;
mod variables;

pub use self::{
    install::{STARTER, standard_names},
    variables::Variable,
};

pub(crate) use self::{
    check::issues,
    form::Form,
    install::{ICON, install, standard},
    publish::{FirstVersion, add_prompt, change, create, move_label},
    render::{Prompt, Values},
    variables::all as variables,
};
