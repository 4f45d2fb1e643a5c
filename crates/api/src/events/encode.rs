//! Turn events as server-sent events (WHATWG HTML, section 9.2).

use std::fmt::Write as _;

use bytes::{Bytes, BytesMut};
use kontor_agents::StreamEvent;

/// What a client that lost its connection waits, in milliseconds, before it comes back.
pub(super) const OPENING: Bytes = Bytes::from_static(b"retry: 1000\n\n");

/// Keeps proxies from taking a quiet connection for a dead one.
pub(super) const KEEP_ALIVE: Bytes = Bytes::from_static(b": keep-alive\n\n");

/// Adds an event to the body. Its data is one line, since JSON text holds no line break of its own.
pub(super) fn append(event: &StreamEvent, body: &mut BytesMut) {
    // Writing into memory that grows cannot fail.
    let _ = write!(body, "id: {}\nevent: {}\ndata: {}\n\n", event.id(), event.name(), event.data());
}
