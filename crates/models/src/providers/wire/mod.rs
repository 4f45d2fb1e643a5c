//! What all wires share: bytes that become events, requests that are sent, failures that are read, an answer that is
//! timed.

pub(super) mod answer;
mod bare;
mod encoding;
pub(super) mod failure;
pub(super) mod framing;
pub(super) mod names;
pub(super) mod reply;
pub(super) mod secrets;
pub(super) mod transport;
