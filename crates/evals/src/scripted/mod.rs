//! The model `scripted`: it answers by rules that are published, and by what the prompt that it was sent says. It is
//! proof of the machinery, never of quality, and it is offered in evaluations alone.
//!
//! | module | holds |
//! |---|---|
//! | [`rule`] | what its rules look like |
//! | [`conduct`] | what it finds in a prompt, by which words |
//! | `conversation` | where in its task it is |
//! | `model` | the rules behind the trait of a chat model |

pub mod conduct;
mod conversation;
mod model;
pub mod rule;
#[cfg(test)]
mod tests;

pub use self::{
    conduct::says,
    model::{NAME, Scripted},
    rule::{PromptRule, Rule, ScriptedCall, Step},
};
