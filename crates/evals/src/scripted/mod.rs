//! The model `scripted`: it answers by rules that are published, and by what the prompt that it was sent says. It is
//! proof of the machinery, never of quality.
//!
//! | module | holds |
//! |---|---|
//! | [`rule`] | what its rules look like |

pub mod rule;

pub use self::rule::{PromptRule, Rule, Step};
