//! Evaluations: what proves an agent before it is published.
//!
//! | module | holds |
//! |---|---|
//! | [`sandbox`] | throw-away workspaces, new ones and copies |
//! | [`trials`] | chats on a prompt that is being written, each in a copy of the workspace |

pub mod sandbox;
pub mod trials;
