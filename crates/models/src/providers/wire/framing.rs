//! The events of a stream, taken apart here and handed on one by one.
//!
//! Each line is looked at once, however the bytes arrive, and neither a line nor an event grows without bound.
//! What is handed on are whole `data` events of valid text, one to a piece, so that what parses them after us
//! never sees half of one. The format: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{bare::Bare, encoding::Encoded};

/// The longest event, in bytes. An answer's text is bounded to a quarter of it, and JSON may write a character in
/// six.
const LONGEST_EVENT: usize = 2 << 20;
/// Bytes that a whole answer may take on the wire, with all that stands around each of its pieces.
pub(super) const LONGEST_STREAM: usize = 128 << 20;
/// How much is kept of what is no event, to be told where nothing else comes.
const LONGEST_OTHER: usize = 8 * 1024;

/// What the framing tells beside the provider's own events, as the field `kontor` of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Told {
    /// The provider said that its answer is whole.
    Done,
    /// The body was no answer, but what stands in `error`.
    NoAnswer,
    /// More came than an answer may have, as `error` says.
    TooLong,
    /// The body cannot be read, as `error` says.
    Unreadable,
}

/// Why a stream of events is not read any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Framing {
    #[error("an event of the answer is longer than {LONGEST_EVENT} bytes")]
    EventTooLong,
    #[error("the answer is longer than {LONGEST_STREAM} bytes")]
    StreamTooLong,
    #[error("the answer is compressed in a way that was not asked for and cannot be read")]
    Compressed,
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
    /// That event calls itself an error.
    is_error: bool,
    /// A JSON text that stands in the body without the form of an event.
    bare: Bare,
    /// What was neither: a page, or words.
    other: Vec<u8>,
    /// The last line ended with a carriage return, to which a line feed may belong.
    after_return: bool,
    /// A byte order mark may stand before the first line.
    begun: bool,
    /// An event was given.
    gave: bool,
    /// The provider said that nothing follows.
    done: bool,
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

    /// The body ended: what it left open is taken as it stands.
    fn end(&mut self) -> Result<(), Framing> {
        let line = self.line.split();
        self.seen = 0;
        if !line.is_empty() {
            self.take_line(&line)?;
        }
        self.end_event();
        if let Some(text) = self.bare.take_rest() {
            self.keep_other(&text);
        }
        if !self.gave && !self.other.is_empty() {
            let other = String::from_utf8_lossy(&self.other).into_owned();
            self.give(&json!({"kontor": "no_answer", "error": other}).to_string());
        }
        Ok(())
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), Framing> {
        let line = if self.begun { line } else { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) };
        self.begun = true;
        if self.bare.is_open() || (self.data.is_empty() && Bare::begins(line)) {
            self.check(self.bare.len() + line.len())?;
            self.bare.push(line);
            while let Some(value) = self.bare.pop() {
                self.give_bare(value);
            }
            return Ok(());
        }
        if line.is_empty() {
            self.end_event();
            return Ok(());
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(at) => (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default()),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                self.check(value.len())?;
                if !self.data.is_empty() {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            b"event" => self.is_error = value.trim_ascii() == b"error",
            // A comment, and fields of which nothing is needed.
            b"" | b"id" | b"retry" => {}
            _ => self.keep_other(line),
        }
        Ok(())
    }

    fn keep_other(&mut self, line: &[u8]) {
        let room = LONGEST_OTHER.saturating_sub(self.other.len());
        self.other.extend_from_slice(line.get(..room.min(line.len())).unwrap_or_default());
        if room > line.len() {
            self.other.push(b'\n');
        }
    }

    /// An answer's events are JSON, in which a line break between two parts is as good as none.
    fn end_event(&mut self) {
        let is_error = std::mem::take(&mut self.is_error);
        let mut data = std::mem::take(&mut self.data);
        self.take_event(&data, is_error);
        data.clear();
        self.data = data;
    }

    fn take_event(&mut self, data: &[u8], is_error: bool) {
        let text = String::from_utf8_lossy(data);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        if text == "[DONE]" {
            self.done = true;
            return self.give(r#"{"kontor":"done"}"#);
        }
        if is_error {
            let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
            let value = if value.get("error").is_some() { value } else { json!({"error": value}) };
            return self.give(&value.to_string());
        }
        if text.starts_with('{') {
            return self.give(&text.replace('\n', " "));
        }
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Array(values)) => values.into_iter().for_each(|value| self.give_bare(value)),
            _ => self.keep_other(data),
        }
    }

    /// A JSON text without the form of an event: a whole answer, a chunk of one, or, where it is neither, what the
    /// provider has to say instead.
    fn give_bare(&mut self, value: Value) {
        match value {
            Value::Array(values) => values.into_iter().for_each(|value| self.give_bare(value)),
            value if value.get("choices").is_some_and(Value::is_array) || value.get("usage").is_some() => {
                self.give(&value.to_string());
            }
            value if self.gave => {
                let value = if value.get("error").is_some() { value } else { json!({"error": value}) };
                self.give(&value.to_string());
            }
            value => self.give(&json!({"kontor": "no_answer", "error": value}).to_string()),
        }
    }

    fn give(&mut self, text: &str) {
        self.gave = true;
        self.ready.push_back(format!("data: {text}\n\n").into());
    }

    fn check(&self, more: usize) -> Result<(), Framing> {
        let is_long = self.line.len() + self.data.len() + more > LONGEST_EVENT;
        if is_long { Err(Framing::EventTooLong) } else { Ok(()) }
    }
}

/// A body's events, one to a piece, whatever its form: events, one or more JSON texts, a page. Bytes that make no
/// event yet give an empty one, since they show that the other side is at work. Where too much comes, or what cannot
/// be read, an event says so and is the last.
pub(crate) fn events<E: Send + 'static>(
    body: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    encoding: Option<&str>,
) -> impl Stream<Item = Result<Bytes, E>> + Send + 'static {
    let state = (Framer::default(), Encoded::new(encoding), Some(Box::pin(body)), None);
    stream::unfold(state, |(mut framer, mut encoded, mut body, mut failed)| async move {
        loop {
            if let Some(event) = framer.ready.pop_front() {
                return Some((Ok(event), (framer, encoded, body, failed)));
            }
            if let Some(error) = failed.take() {
                return Some((Err(error), (framer, encoded, None, None)));
            }
            let taken = match body.as_mut()?.next().await {
                Some(Ok(piece)) => {
                    let taken = encoded.decode(piece).and_then(|piece| framer.push(&piece));
                    if framer.done {
                        body = None;
                    } else if framer.ready.is_empty() && taken.is_ok() {
                        framer.ready.push_back(Bytes::from_static(b"data: {}\n\n"));
                    }
                    taken
                }
                Some(Err(error)) => {
                    failed = Some(error);
                    Ok(())
                }
                None => {
                    body = None;
                    framer.end()
                }
            };
            if let Err(error) = taken {
                let kind = if error == Framing::Compressed { "unreadable" } else { "too_long" };
                framer.give(&json!({"kontor": kind, "error": error.to_string()}).to_string());
                body = None;
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
            futures::executor::block_on(events(stream::iter(pieces), None).collect());
        framed
            .into_iter()
            .map(|event| {
                let event = String::from_utf8(event.unwrap().to_vec()).unwrap();
                let data = event.strip_prefix("data: ").unwrap().strip_suffix("\n\n").unwrap();
                assert!(!data.contains('\n'));
                data.to_owned()
            })
            .filter(|data| data != "{}")
            .collect()
    }

    #[test]
    fn events_are_the_same_however_the_bytes_come() {
        let stream = "\u{feff}data: {\"a\":1}\r\n\r\n: a comment\nevent: x\nid: 7\ndata:{\"b\":\ndata: \"ü\"}\n\n\
                      retry: 1\rdata: {}}\r\rdata\n\n\n\ndatabase: no\n\ndata: {\"end\":1}";
        let whole = framed(stream.as_bytes(), usize::MAX);
        assert_eq!(whole, ["{\"a\":1}", "{\"b\": \"ü\"}", "{}}", "{\"end\":1}"]);
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
    fn a_body_of_json_gives_its_texts_and_anything_else_is_told() {
        let answer = "{\"choices\":[{\"text\":\"}\\\"\"}]}";
        let pretty = answer.replace(':', ":\n  ").replace("[{", "[\n{\n");
        for body in [
            answer.to_owned(),
            pretty,
            format!("{answer}\n\ndata: [DONE]\n\n"),
            format!("{answer}\n{answer}\n"),
            format!("{answer}{answer}"),
            format!("[{answer},\n{answer}]"),
        ] {
            for piece in [1, 7, usize::MAX] {
                let events = framed(body.as_bytes(), piece);
                assert_eq!(events[0], answer, "{body}");
                assert_eq!(events.len(), body.matches("choices").count() + body.matches("DONE").count());
            }
        }
        let told = |body: &str| framed(body.as_bytes(), 3);
        assert_eq!(told("{\"detail\": 1}"), ["{\"kontor\":\"no_answer\",\"error\":{\"detail\":1}}"]);
        assert_eq!(told("<html>no\n"), ["{\"kontor\":\"no_answer\",\"error\":\"<html>no\\n\"}"]);
        assert_eq!(told(&format!("data: {answer}\n\n{{\"error\":1}}"))[1], "{\"error\":1}");
        assert_eq!(told("event: error\ndata: {\"code\":1}\n\n"), ["{\"error\":{\"code\":1}}"]);
        assert!(told("").is_empty());
    }

    #[test]
    fn a_small_body_that_becomes_a_huge_one_is_given_up() {
        use std::io::Write as _;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&vec![b' '; 32 << 20]).unwrap();
        let body = gzip.finish().unwrap();
        assert!(body.len() < 64 << 10, "{}", body.len());
        let body: [Result<Bytes, Infallible>; 1] = [Ok(body.into())];
        let events: Vec<_> = futures::executor::block_on(events(stream::iter(body), None).collect());
        let last = String::from_utf8(events.last().unwrap().as_ref().unwrap().to_vec()).unwrap();
        assert!(last.contains("too_long"), "{last}");
    }

    #[test]
    fn a_compressed_body_is_read_as_it_comes_whether_or_not_it_says_so() {
        use std::io::Write as _;
        let text = b"data: {\"a\":1}\n\n";
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text).unwrap();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        zlib.write_all(text).unwrap();
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        raw.write_all(text).unwrap();
        let bodies = [
            (gzip.finish().unwrap(), None),
            (zlib.finish().unwrap(), Some("deflate")),
            (raw.finish().unwrap(), Some("deflate")),
            (text.to_vec(), Some("gzip")),
        ];
        for (body, encoding) in bodies {
            for piece in [1, 5, usize::MAX] {
                let pieces: Vec<_> =
                    body.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
                let events: Vec<Result<Bytes, Infallible>> =
                    futures::executor::block_on(events(stream::iter(pieces), encoding).collect());
                assert!(
                    events.iter().any(|event| event.as_ref().unwrap() == &text[..]),
                    "{encoding:?} {piece}"
                );
            }
        }
    }

    #[test]
    fn what_has_no_end_is_ended_with_a_word() {
        let endless_line = [b"data: ".to_vec(), vec![b'x'; LONGEST_EVENT]].concat();
        let endless_event = b"data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n".repeat(LONGEST_EVENT / 30);
        for stream in [endless_line, endless_event] {
            let mut stream = [b"data: {\"a\":1}\n\n".to_vec(), stream].concat();
            stream.extend_from_slice(b"\n\ndata: 2\n\n");
            let events = framed(&stream, 16 * 1024);
            let [first, last] = &events[..] else { panic!("{} events", events.len()) };
            assert_eq!(first, "{\"a\":1}");
            assert!(last.contains("too_long"), "{last}");
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
