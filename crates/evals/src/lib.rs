//! Evaluations: what proves an agent before it is published.
//!
//! | module | holds |
//! |---|---|
//! | [`dataset`] | datasets as they are written: types, reading, errors by line, the JSON Schema |
//! | [`scripted`] | the model that answers by published rules |

pub mod dataset;
pub mod scripted;
