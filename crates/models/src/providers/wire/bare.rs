//! JSON texts that stand in a body one after another, told apart without being parsed twice.

use serde_json::Value;

/// Takes lines in and gives whole JSON texts. Each byte is looked at once.
#[derive(Default)]
pub(super) struct Bare {
    text: Vec<u8>,
    /// How much of it was looked at.
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
        !self.text.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn push(&mut self, line: &[u8]) {
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
                        let rest = self.text.split_off(self.seen);
                        let whole = std::mem::replace(&mut self.text, rest);
                        self.seen = 0;
                        // A blank, or the comma of a list, before the next one.
                        let next = self.text.iter().position(|byte| matches!(byte, b'{' | b'['));
                        self.text.drain(..next.unwrap_or(self.text.len()));
                        let value = serde_json::from_slice(&whole);
                        return Some(value.unwrap_or_else(|_| String::from_utf8_lossy(&whole).into()));
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// What was begun and is not whole.
    pub(super) fn take_rest(&mut self) -> Option<Vec<u8>> {
        let rest = std::mem::take(self).text;
        (!rest.is_empty()).then_some(rest)
    }
}
