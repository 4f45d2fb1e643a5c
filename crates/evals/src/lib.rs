//! Evaluations: what proves an agent before it is published.
//!
//! | module | holds |
//! |---|---|
//! | [`cassettes`] | traffic with models, recorded and answered from |
//! | [`dataset`] | datasets as they are written: types, reading, errors by line, the JSON Schema |
//! | [`grade`] | whether a run of a case left and did what the case expects |
//! | [`import`] | datasets of promptfoo and Inspect, as far as they can be taken over |
//! | [`sandbox`] | throw-away workspaces, new ones and copies |
//! | [`scripted`] | the model that answers by published rules |
//! | [`stats`] | what many runs come to |
//! | [`trials`] | chats on a prompt that is being written, each in a copy of the workspace |

pub mod cassettes;
pub mod dataset;
pub mod grade;
pub mod import;
pub mod sandbox;
pub mod scripted;
pub mod stats;
pub mod trials;
