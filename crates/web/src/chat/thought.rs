//! What a model thought before it answered: plain text that grows, of which a page is sent what it lacks.

/// A text, and how much of it was sent.
#[derive(Debug, Default)]
pub(crate) struct Thought {
    text: String,
    /// Bytes; nothing where it is not known what the page has, which may have come back to this stream.
    sent: Option<usize>,
    /// Whether the log has told what it is, be it nothing.
    is_settled: bool,
}

/// A piece to be put in the place of everything from an offset on.
#[derive(Debug, PartialEq)]
pub(crate) struct Piece<'a> {
    /// In UTF-16 units, as scripts count.
    pub from: usize,
    pub text: &'a str,
}

impl Thought {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub(crate) fn replace(&mut self, text: &str) {
        self.sent = self.sent.filter(|sent| text.starts_with(&self.text[..*sent]));
        text.clone_into(&mut self.text);
        self.is_settled = true;
    }

    /// What the page lacks.
    pub(crate) fn piece(&mut self) -> Option<Piece<'_>> {
        let has_none = self.text.is_empty() && !self.is_settled;
        if has_none || self.sent == Some(self.text.len()) {
            return None;
        }
        let (before, text) = self.text.split_at(self.sent.unwrap_or_default());
        self.sent = Some(self.text.len());
        Some(Piece { from: before.encode_utf16().count(), text })
    }

    /// Takes all of it as shown, as on a page that is loaded.
    pub(crate) fn shown(&mut self) {
        self.sent = Some(self.text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_sent_what_it_lacks_and_all_of_it_where_the_beginning_is_another() {
        let mut thought = Thought::default();
        assert_eq!(thought.piece(), None);
        thought.push("Größe 🦀");
        assert_eq!(thought.piece(), Some(Piece { from: 0, text: "Größe 🦀" }));
        thought.push(" now");
        assert_eq!(thought.piece(), Some(Piece { from: 8, text: " now" }));
        thought.replace("Größe 🦀 now");
        assert_eq!(thought.piece(), None);
        thought.replace("");
        assert_eq!(thought.piece(), Some(Piece { from: 0, text: "" }));
        thought.replace("Anew");
        assert_eq!(thought.piece(), Some(Piece { from: 0, text: "Anew" }));
    }

    #[test]
    fn a_page_that_came_back_loses_what_is_void() {
        let mut thought = Thought::default();
        thought.replace("");
        assert_eq!(thought.piece(), Some(Piece { from: 0, text: "" }));
        assert_eq!(thought.piece(), None);
    }
}
