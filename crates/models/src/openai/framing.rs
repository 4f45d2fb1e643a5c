//! The events of a stream, taken apart here and handed on one by one.
//!
//! Each line is looked at once, however the bytes arrive, and neither a line nor an event grows without bound.
//! What is handed on are whole `data` events of valid text, one to a piece, so that what parses them after us
//! never sees half of one. The format: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _, stream};
use serde_json::json;

/// The longest event, in bytes. An answer's text is bounded to a quarter of it, and JSON may write a character in
/// six.
const LONGEST_EVENT: usize = 2 << 20;
/// Bytes that a whole answer may take on the wire, with all that stands around each of its pieces.
pub(super) const LONGEST_STREAM: usize = 128 << 20;

/// The type of the error that stands in a stream in place of what is too long.
pub(crate) const TOO_LONG: &str = "answer_too_long";

/// Why a stream of events is not read any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Framing {
    #[error("an event of the answer is longer than {LONGEST_EVENT} bytes")]
    EventTooLong,
    #[error("the answer is longer than {LONGEST_STREAM} bytes")]
    StreamTooLong,
}

/// Takes bytes in as they come and gives events.
#[derive(Default)]
struct Framer {
    /// The line that has not ended.
    line: BytesMut,
    /// How much of it is known to hold no line break.
    seen: usize,
    /// The lines of data of the event that has not ended.
    data: Vec<u8>,
    /// The last line ended with a carriage return, to which a line feed may belong.
    after_return: bool,
    /// A byte order mark may stand before the first line.
    begun: bool,
    taken: usize,
    ready: VecDeque<Bytes>,
}

impl Framer {
    fn push(&mut self, bytes: &[u8]) -> Result<(), Framing> {
        self.taken = self.taken.saturating_add(bytes.len());
        if self.taken > LONGEST_STREAM {
            return Err(Framing::StreamTooLong);
        }
        self.line.extend_from_slice(bytes);
        loop {
            if self.after_return && !self.line.is_empty() {
                self.after_return = false;
                if self.line.first() == Some(&b'\n') {
                    let _ = self.line.split_to(1);
                }
            }
            let rest = self.line.get(self.seen..).unwrap_or_default();
            let Some(at) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.seen = self.line.len();
                break;
            };
            let mut line = self.line.split_to(self.seen + at + 1);
            self.seen = 0;
            self.after_return = line.last() == Some(&b'\r');
            line.truncate(line.len().saturating_sub(1));
            self.take_line(&line)?;
        }
        self.check(0)
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), Framing> {
        let line = if self.begun { line } else { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) };
        self.begun = true;
        if line.is_empty() {
            self.end_event();
            return Ok(());
        }
        // Of the other fields and comments nothing is needed.
        let Some(value) = line.strip_prefix(b"data") else { return Ok(()) };
        let value = match value.strip_prefix(b":") {
            Some(value) => value.strip_prefix(b" ").unwrap_or(value),
            None if value.is_empty() => value,
            None => return Ok(()),
        };
        self.check(value.len())?;
        if !self.data.is_empty() {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(value);
        Ok(())
    }

    /// An answer's events are JSON, in which a line break between two parts is as good as none.
    fn end_event(&mut self) {
        if self.data.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(&self.data).replace('\n', " ");
        self.data.clear();
        self.ready.push_back(format!("data: {text}\n\n").into());
    }

    fn check(&self, more: usize) -> Result<(), Framing> {
        let is_long = self.line.len() + self.data.len() + more > LONGEST_EVENT;
        if is_long { Err(Framing::EventTooLong) } else { Ok(()) }
    }
}

/// A body's events, one to a piece. An event that was not ended when the body ended is none; where too much
/// comes, an event says so and is the last.
pub(crate) fn events<E: Send + 'static>(
    body: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
) -> impl Stream<Item = Result<Bytes, E>> + Send + 'static {
    let state = (Framer::default(), Some(Box::pin(body)), None);
    stream::unfold(state, |(mut framer, mut body, mut failed)| async move {
        loop {
            if let Some(event) = framer.ready.pop_front() {
                return Some((Ok(event), (framer, body, failed)));
            }
            if let Some(error) = failed.take() {
                return Some((Err(error), (framer, None, None)));
            }
            match body.as_mut()?.next().await? {
                Ok(piece) => {
                    if let Err(error) = framer.push(&piece) {
                        let told = json!({"error": {"type": TOO_LONG, "message": error.to_string()}});
                        framer.ready.push_back(format!("data: {told}\n\n").into());
                        body = None;
                    }
                }
                Err(error) => failed = Some(error),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// The events of a stream whose bytes come in pieces of this size, as their data.
    fn framed(stream: &[u8], piece: usize) -> Vec<String> {
        let pieces: Vec<_> = stream.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let framed: Vec<Result<Bytes, Infallible>> =
            futures::executor::block_on(events(stream::iter(pieces)).collect());
        framed
            .into_iter()
            .map(|event| {
                let event = String::from_utf8(event.unwrap().to_vec()).unwrap();
                let data = event.strip_prefix("data: ").unwrap().strip_suffix("\n\n").unwrap();
                assert!(!data.contains('\n'));
                data.to_owned()
            })
            .collect()
    }

    #[test]
    fn events_are_the_same_however_the_bytes_come() {
        let stream = "\u{feff}data: {\"a\":1}\r\n\r\n: a comment\nevent: x\nid: 7\ndata:{\"b\":\ndata: \"ü\"}\n\n\
                      retry: 1\rdata: c\r\rdata\n\n\n\ndatabase: no\n\ndata: [DONE]\n\ndata: never ended";
        let whole = framed(stream.as_bytes(), usize::MAX);
        assert_eq!(whole, ["{\"a\":1}", "{\"b\": \"ü\"}", "c", "[DONE]"]);
        for piece in 1..12 {
            assert_eq!(framed(stream.as_bytes(), piece), whole, "in pieces of {piece}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_break_nothing() {
        for stream in
            [&b"\xff\xfe\n\ndata: \xff\xc3\n\n"[..], b"\0\r\n\r\ndata:\xf0\x9f\n\n", b"\xef\xbb", b"\r\r\n\n"]
        {
            for piece in 1..5 {
                assert!(framed(stream, piece).len() <= 1);
            }
        }
    }

    #[test]
    fn what_has_no_end_is_ended_with_a_word() {
        let endless_line = [b"data: ".to_vec(), vec![b'x'; LONGEST_EVENT]].concat();
        let endless_event = b"data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n".repeat(LONGEST_EVENT / 30);
        for stream in [endless_line, endless_event] {
            let mut stream = [b"data: 1\n\n".to_vec(), stream].concat();
            stream.extend_from_slice(b"\n\ndata: 2\n\n");
            let events = framed(&stream, 16 * 1024);
            let [first, last] = &events[..] else { panic!("{} events", events.len()) };
            assert_eq!(first, "1");
            assert!(last.contains(TOO_LONG), "{last}");
        }
    }

    #[test]
    fn a_long_line_is_looked_at_once() {
        // Looked at from its beginning with each piece, this would take minutes.
        let mut framer = Framer::default();
        let started = std::time::Instant::now();
        for _ in 0..LONGEST_EVENT / 8 - 8 {
            framer.push(b"datadata").unwrap();
        }
        assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
        assert_eq!(framer.seen, framer.line.len());
    }
}
