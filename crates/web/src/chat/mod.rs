//! A session's transcript as a page shows it, and the stream that keeps it current.

mod answer;
mod asked;
mod encoder;
mod fragments;
mod prose;
mod room;
#[cfg(test)]
mod tests;
mod thought;
mod transcript;

pub(crate) use self::{
    answer::Around,
    asked::Asked,
    encoder::{Encoder, Message},
    fragments::{Fragments, duration, rendered},
    room::Room,
    transcript::{Transcript, Turn},
};
