//! Evaluations: what proves an agent before it is published.
//!
//! | module | holds |
//! |---|---|
//! | [`sandbox`] | throw-away workspaces, new ones and copies |

pub mod sandbox;
