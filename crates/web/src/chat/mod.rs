//! A session's transcript as a page shows it, and the stream that keeps it current.

mod encoder;
mod fragments;
mod prose;
#[cfg(test)]
mod tests;
mod thought;
mod transcript;

pub(crate) use self::{
    encoder::{Encoder, Message},
    fragments::Fragments,
    transcript::Transcript,
};
