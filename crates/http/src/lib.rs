//! What the faces of HTTP have in common: what surrounds every request, and what a failure is in HTTP's words.
//!
//! How a failure is written (problem details, a page) each face decides; this crate knows no face, no caller and
//! no use case.
//!
//! | module | holds |
//! |---|---|
//! | `surround` | the id and span of a request, its deadline, the answer to a panic |
//! | `failure` | the status of a problem, when to come back, and the log of what went wrong |

mod failure;
mod surround;

pub use failure::{retry_after, status, told};
pub use surround::{Deadline, REQUEST_ID, Refuse, identify, in_time, panicked};
