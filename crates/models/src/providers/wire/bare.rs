//! JSON texts that stand in a body one after another, told apart without being parsed twice.

use serde_json::Value;

/// Takes lines in and gives whole JSON texts. Each byte is looked at once.
#[derive(Default)]
pub(super) struct Bare {
    text: Vec<u8>,
    /// Where the text begins that is not whole yet; those before it were given.
    start: usize,
    /// How far it was looked at.
    seen: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Bare {
    /// Whether a line begins a JSON text, which no line of an event does.
    pub(super) fn begins(line: &[u8]) -> bool {
        matches!(line.trim_ascii_start().first(), Some(b'{' | b'['))
    }

    pub(super) fn is_open(&self) -> bool {
        self.len() > 0
    }

    pub(super) fn len(&self) -> usize {
        self.text.len().saturating_sub(self.start)
    }

    pub(super) fn push(&mut self, line: &[u8]) {
        self.text.drain(..self.start);
        self.seen -= self.start;
        self.start = 0;
        self.text.extend_from_slice(line);
        self.text.push(b' ');
    }

    /// The next text that is whole.
    pub(super) fn pop(&mut self) -> Option<Value> {
        while let Some(byte) = self.text.get(self.seen) {
            self.seen += 1;
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        let whole = self.text.get(self.start..self.seen).unwrap_or_default();
                        let value = serde_json::from_slice(whole)
                            .unwrap_or_else(|_| String::from_utf8_lossy(whole).into());
                        // A blank, or the comma of a list, before the next one.
                        let rest = self.text.get(self.seen..).unwrap_or_default();
                        let next = rest.iter().position(|byte| matches!(byte, b'{' | b'['));
                        self.start = next.map_or(self.text.len(), |next| self.seen + next);
                        self.seen = self.start;
                        return Some(value);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// What was begun and is not whole.
    pub(super) fn take_rest(&mut self) -> Option<Vec<u8>> {
        let Self { mut text, start, .. } = std::mem::take(self);
        let rest = text.split_off(start);
        (!rest.is_empty()).then_some(rest)
    }
}
