//! Evaluations: what proves an agent before it is published.
//!
//! | module | holds |
//! |---|---|
//! | [`dataset`] | datasets as they are written: types, reading, errors by line, the JSON Schema |
//! | [`sandbox`] | throw-away workspaces, new ones and copies |
//! | [`tryouts`] | a prompt tried in a copy of the workspace |
//! | [`grade`] | whether a run of a case left and did what the case expects |
//! | [`stats`] | what many trials come to |
//! | [`scripted`] | the model that answers by published rules |
//! | [`cassettes`] | what models answered, recorded and replayed |
//! | [`import`] | datasets of promptfoo and Inspect, as far as they can be taken over |
//! | [`run`] | cases tried a number of times |
//! | [`report`] | what a run comes to, beside another one, and for other tools |
//! | [`evaluations`] | datasets and runs that a workspace keeps |

pub mod cassettes;
pub mod dataset;
pub mod evaluations;
pub mod grade;
pub mod import;
pub mod report;
pub mod run;
pub mod sandbox;
pub mod scripted;
#[cfg(test)]
mod shipped;
#[cfg(test)]
mod shipped_guards;
pub mod stats;
pub mod tryouts;
