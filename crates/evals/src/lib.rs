//! Evaluations: what proves an agent before it is published.
//!
//! | module | holds |
//! |---|---|
//! | [`dataset`] | datasets as they are written: types, reading, errors by line, the JSON Schema |
//! | [`grade`] | whether a run of a case left and did what the case expects |
//! | [`scripted`] | the model that answers by published rules |
//! | [`stats`] | what many runs come to |

pub mod dataset;
pub mod grade;
pub mod scripted;
pub mod stats;

#[cfg(test)]
mod shipped;
#[cfg(test)]
mod shipped_guards;
