//! What a model thought before it answered: plain text that grows, of which a page is sent what it lacks.

/// A text, and how much of it was sent.
#[derive(Debug, Default)]
pub(crate) struct Thought {
    text: String,
    /// Bytes.
    sent: usize,
    /// Whether what was sent is not its beginning any more.
    is_new: bool,
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
        if !text.starts_with(self.text.get(..self.sent).unwrap_or_default()) {
            self.sent = 0;
            self.is_new = true;
        }
        text.clone_into(&mut self.text);
    }

    /// What the page lacks.
    pub(crate) fn piece(&mut self) -> Option<Piece<'_>> {
        if self.sent == self.text.len() && !self.is_new {
            return None;
        }
        let (before, text) = self.text.split_at(self.sent);
        self.sent = self.text.len();
        self.is_new = false;
        Some(Piece { from: before.encode_utf16().count(), text })
    }

    /// Takes all of it as shown, as on a page that is loaded.
    pub(crate) fn shown(&mut self) {
        self.sent = self.text.len();
        self.is_new = false;
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
}
