//! Cassettes: traffic with models, recorded once and answered from afterwards, with no network and the same bit by bit.
//!
//! A cassette is a file of JSON Lines: what is known of each model, and each answer under the hash of the request that
//! it answers. Whatever is sent to a model is in the hash (messages, tools, settings), so a prompt that changed has no
//! recording, and is told what differs from the nearest request that has one. Requests belong to a *take*, a trial of a
//! case: the second trial has an answer of its own to the same request. What failed is not recorded.
//!
//! | module | holds |
//! |---|---|
//! | `request` | a request as it is compared: its key and its parts |
//! | [`file`] | what stands in a file |
//! | [`record`] | a model whose answers are recorded |
//! | [`replay`] | a model that answers from a cassette |

pub mod file;
pub mod record;
pub mod replay;
mod request;
#[cfg(test)]
mod tests;

pub use self::{
    file::{Cassette, CassetteError},
    record::{Recorder, Recording},
    replay::Replay,
};
