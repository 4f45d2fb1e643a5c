//! Prompts: the standard agents that ship as Markdown files, and how a prompt is rendered.

mod front_matter;
mod install;
mod render;
#[cfg(test)]
mod tests;

pub(crate) use install::{install, standard};
pub(crate) use render::{Prompt, Values};
