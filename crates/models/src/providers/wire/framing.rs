//! A body taken apart into its events.
//!
//! Each byte is looked at once, however the bytes arrive, and neither a line nor an event grows without bound.
//! What is handed on are whole `data` events of valid text.
//! The format: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::collections::VecDeque;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{bare::Bare, encoding::Encoded, failure::Failure};
use crate::error::ModelError;

/// The longest event, in bytes. An answer's text is bounded to a quarter of it, and JSON may write a character in
/// six.
const LONGEST_EVENT: usize = 2 << 20;
/// Bytes that a whole answer may take on the wire, with all that stands around each of its pieces.
pub(super) const LONGEST_STREAM: usize = 128 << 20;
/// Events that one piece of the body may have.
const MOST_AT_ONCE: usize = 100_000;
/// How much is kept of what is no event, to be told where nothing else comes.
const LONGEST_OTHER: usize = 8 * 1024;

/// What a body has in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Bytes that make no event yet: the other side is at work.
    Life,
    /// The data of one event, a JSON object.
    Event(Bytes),
    /// The provider said that its answer is whole.
    Done,
}

/// Why a body is not read any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Framing {
    #[error("an event of the answer is longer than {LONGEST_EVENT} bytes")]
    EventTooLong,
    #[error("the answer is longer than {LONGEST_STREAM} bytes")]
    StreamTooLong,
    #[error("the answer has more than {MOST_AT_ONCE} events at once")]
    TooManyEvents,
    #[error("the answer is compressed in a way that was not asked for and cannot be read")]
    Compressed,
}

/// What the data of an event says.
pub(crate) fn read_event<E: DeserializeOwned>(data: &[u8]) -> Result<E, ModelError> {
    serde_json::from_slice(data)
        .map_err(|error| ModelError::Protocol(format!("an event cannot be read: {error}")))
}

/// Takes the pieces of a body in as they come and gives what is in it, whatever its form: events, one or more JSON
/// texts, a page. Where too much comes, or what cannot be read, an error says so and is the last.
pub(super) struct Frames {
    encoded: Encoded,
    framer: Framer,
    /// Nothing more is read.
    is_over: bool,
}

impl Frames {
    /// `encoding` is what the header `Content-Encoding` says.
    pub(super) fn new(encoding: Option<&str>) -> Self {
        Self { encoded: Encoded::new(encoding), framer: Framer::default(), is_over: false }
    }

    pub(super) fn next(&mut self) -> Option<Result<Frame, ModelError>> {
        self.framer.ready.pop_front()
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    pub(super) fn push(&mut self, piece: Bytes) {
        match self.encoded.decode(piece).and_then(|piece| self.framer.push(&piece)) {
            Ok(()) if self.framer.done => self.is_over = true,
            Ok(()) if self.framer.ready.is_empty() => self.framer.ready.push_back(Ok(Frame::Life)),
            Ok(()) => {}
            Err(error) => self.give_up(&error),
        }
    }

    /// The body ended: what it left open is taken as it stands.
    pub(super) fn end(&mut self) {
        self.is_over = true;
        if let Err(error) = self.framer.end() {
            self.give_up(&error);
        }
    }

    fn give_up(&mut self, error: &Framing) {
        let words = error.to_string();
        self.is_over = true;
        self.framer.ready.push_back(Err(match error {
            Framing::Compressed => ModelError::Protocol(words),
            Framing::EventTooLong | Framing::StreamTooLong | Framing::TooManyEvents => {
                ModelError::TooLong(words)
            }
        }));
    }
}

/// Takes bytes in as they come and gives events.
#[derive(Default)]
struct Framer {
    /// The beginning of a line that has not ended.
    line: Vec<u8>,
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
    ready: VecDeque<Result<Frame, ModelError>>,
}

impl Framer {
    fn push(&mut self, mut bytes: &[u8]) -> Result<(), Framing> {
        self.taken = self.taken.saturating_add(bytes.len());
        if self.taken > LONGEST_STREAM {
            return Err(Framing::StreamTooLong);
        }
        while let Some(first) = bytes.first() {
            if std::mem::take(&mut self.after_return) && *first == b'\n' {
                bytes = bytes.get(1..).unwrap_or_default();
                continue;
            }
            let Some(at) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.line.extend_from_slice(bytes);
                break;
            };
            let (line, rest) = bytes.split_at(at);
            self.after_return = rest.first() == Some(&b'\r');
            bytes = rest.get(1..).unwrap_or_default();
            if self.line.is_empty() {
                self.take_line(line)?;
            } else {
                self.line.extend_from_slice(line);
                let mut whole = std::mem::take(&mut self.line);
                self.take_line(&whole)?;
                whole.clear();
                self.line = whole;
            }
        }
        self.check(0)
    }

    fn end(&mut self) -> Result<(), Framing> {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.take_line(&line)?;
        }
        self.end_event();
        if let Some(text) = self.bare.take_rest() {
            self.keep_other(&text);
        }
        if !self.gave && !self.other.is_empty() {
            let other = String::from_utf8_lossy(&self.other).into_owned();
            self.give_failure(&Value::from(other));
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
                self.check_number()?;
            }
            return Ok(());
        }
        if line.is_empty() {
            self.end_event();
            return self.check_number();
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
            self.gave = true;
            self.ready.push_back(Ok(Frame::Done));
            return;
        }
        if is_error {
            let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
            let value = if value.get("error").is_some() { value } else { json!({"error": value}) };
            return self.give(value.to_string());
        }
        if text.starts_with('{') {
            // The line break may stand within a string of it, where it is none of JSON.
            return if text.contains('\n') {
                self.give(text.replace('\n', " "))
            } else {
                self.give(text.to_owned())
            };
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
                self.give(value.to_string());
            }
            value if self.gave => {
                let value = if value.get("error").is_some() { value } else { json!({"error": value}) };
                self.give(value.to_string());
            }
            value => self.give_failure(&value),
        }
    }

    fn give(&mut self, text: String) {
        self.gave = true;
        self.ready.push_back(Ok(Frame::Event(text.into())));
    }

    /// The body was no answer, but this.
    fn give_failure(&mut self, said: &Value) {
        self.gave = true;
        self.ready.push_back(Err(Failure::of_value(said).into_error(true)));
    }

    fn check_number(&self) -> Result<(), Framing> {
        if self.ready.len() > MOST_AT_ONCE { Err(Framing::TooManyEvents) } else { Ok(()) }
    }

    fn check(&self, more: usize) -> Result<(), Framing> {
        let is_long = self.line.len() + self.data.len() + more > LONGEST_EVENT;
        if is_long { Err(Framing::EventTooLong) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in a stream whose bytes come in pieces of this size.
    fn frames(stream: &[u8], piece: usize, encoding: Option<&str>) -> Vec<Result<Frame, ModelError>> {
        let mut frames = Frames::new(encoding);
        for piece in stream.chunks(piece) {
            if frames.is_over() {
                break;
            }
            frames.push(Bytes::copy_from_slice(piece));
        }
        if !frames.is_over() {
            frames.end();
        }
        std::iter::from_fn(|| frames.next()).filter(|frame| !matches!(frame, Ok(Frame::Life))).collect()
    }

    /// The same as text.
    fn framed(stream: &[u8], piece: usize) -> Vec<String> {
        let frames = frames(stream, piece, None).into_iter();
        frames
            .map(|frame| match frame {
                Ok(Frame::Event(data)) => {
                    assert!(!data.contains(&b'\n'));
                    String::from_utf8(data.to_vec()).unwrap()
                }
                Ok(Frame::Done) => "done".to_owned(),
                Ok(Frame::Life) => "life".to_owned(),
                Err(error) => format!("error: {error}"),
            })
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
        assert!(told("{\"detail\": \"no such model\"}")[0].starts_with("error: "));
        let page = told("<html><title>Bad Gateway</title>no\n");
        assert!(page.len() == 1 && page[0].contains("Bad Gateway"), "{page:?}");
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
        let last = frames(&body, usize::MAX, None).pop();
        assert!(matches!(last, Some(Err(ModelError::TooLong(_)))), "{last:?}");
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
                let frames = frames(&body, piece, encoding);
                let event = Frame::Event(Bytes::from_static(b"{\"a\":1}"));
                assert!(
                    matches!(&frames[..], [Ok(frame)] if *frame == event),
                    "{encoding:?} {piece}: {frames:?}"
                );
            }
        }
    }

    #[test]
    fn what_has_no_end_is_ended_with_a_word() {
        let endless_line = [b"data: ".to_vec(), vec![b'x'; LONGEST_EVENT + 1]].concat();
        let endless_event = b"data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n".repeat(LONGEST_EVENT / 30);
        for stream in [endless_line, endless_event] {
            let mut stream = [b"data: {\"a\":1}\n\n".to_vec(), stream].concat();
            stream.extend_from_slice(b"\n\ndata: 2\n\n");
            let frames = frames(&stream, 16 * 1024, None);
            let [first, last] = &frames[..] else {
                panic!("{} frames, at the end {:?}", frames.len(), frames.last())
            };
            assert!(matches!(first, Ok(Frame::Event(data)) if data == &b"{\"a\":1}"[..]), "{first:?}");
            assert!(matches!(last, Err(ModelError::TooLong(_))), "{last:?}");
        }
    }

    #[test]
    fn many_texts_in_one_line_are_looked_at_once() {
        // Copied anew for each text, this would take minutes.
        let (text, count) = ("{\"usage\":1}", 90_000);
        let started = std::time::Instant::now();
        assert_eq!(framed(text.repeat(count).as_bytes(), usize::MAX), vec![text; count]);
        assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
        for endless in ["{}".repeat(MOST_AT_ONCE + 2), "data: {}\n\n".repeat(MOST_AT_ONCE + 1)] {
            let endless = format!("data: {{}}\n\n{endless}");
            let last = frames(endless.as_bytes(), usize::MAX, None).pop();
            assert!(matches!(last, Some(Err(ModelError::TooLong(_)))), "{last:?}");
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
        assert_eq!(framer.line.len(), LONGEST_EVENT - 64);
    }
}
