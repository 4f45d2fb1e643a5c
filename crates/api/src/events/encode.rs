//! Events of turns and of runs as server-sent events (WHATWG HTML, section 9.2).

use std::fmt::Write as _;

use bytes::{Bytes, BytesMut};
use kontor_agents::StreamEvent;
use kontor_evals::evaluations::RunEvent;

/// What a client that lost its connection waits, in milliseconds, before it comes back.
pub(super) const OPENING: Bytes = Bytes::from_static(b"retry: 1000\n\n");

/// Keeps proxies from taking a quiet connection for a dead one.
pub(super) const KEEP_ALIVE: Bytes = Bytes::from_static(b": keep-alive\n\n");

/// What is sent as an event.
pub(crate) trait Sent: Send + 'static {
    /// Adds it to the body. Its data is one line, since JSON text holds no line break of its own.
    fn append(&self, body: &mut BytesMut);
}

impl Sent for StreamEvent {
    fn append(&self, body: &mut BytesMut) {
        // Writing into memory that grows cannot fail.
        let _ = write!(body, "id: {}\nevent: {}\ndata: {}\n\n", self.id(), self.name(), self.data());
    }
}

impl Sent for RunEvent {
    fn append(&self, body: &mut BytesMut) {
        let _ = write!(body, "id: {}\nevent: {}\ndata: {}\n\n", self.id, self.name, self.data);
    }
}
