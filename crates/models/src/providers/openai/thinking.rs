//! Thoughts that stand in tags at the beginning of a text, told apart from it.
//!
//! Servers without a parser for their model's thoughts send them so. A tag later in a text is part of it.

use crate::chat::Delta;

/// The tags, as models write them.
const TAGS: &[(&str, &str)] = &[
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("◁think▷", "◁/think▷"),
];

/// Takes a text's pieces and gives them as what they are.
#[derive(Default)]
pub(super) struct Thinking {
    place: Place,
    /// What may be the beginning of a tag.
    held: String,
}

#[derive(Default, Clone, Copy)]
enum Place {
    /// Nothing but blanks came.
    #[default]
    Beginning,
    /// Within thoughts that end with this tag.
    Within(&'static str),
    /// Thoughts ended: the blanks before the text are not part of it.
    After,
    Text,
}

impl Thinking {
    /// Takes a piece; true where text was given.
    pub(super) fn take(&mut self, piece: &str, mut give: impl FnMut(Delta)) -> bool {
        if let Place::Text = self.place {
            give(Delta::Text(piece.to_owned()));
            return true;
        }
        self.held.push_str(piece);
        loop {
            match self.place {
                Place::Beginning => {
                    let begun = self.held.trim_start();
                    if let Some((tag, end)) = TAGS.iter().find(|(tag, _)| begun.starts_with(tag)) {
                        self.held = begun.get(tag.len()..).unwrap_or_default().to_owned();
                        self.place = Place::Within(end);
                    } else if TAGS.iter().any(|(tag, _)| tag.starts_with(begun)) && !begun.is_empty() {
                        return false;
                    } else if begun.is_empty() {
                        // Blanks alone are as much of a text as can be said now.
                        return self.give_text(&mut give);
                    } else {
                        self.place = Place::Text;
                        return self.give_text(&mut give);
                    }
                }
                Place::Within(end) => {
                    let Some(at) = self.held.find(end) else {
                        let kept = beginning_of(&self.held, end);
                        let rest = self.held.split_off(self.held.len() - kept);
                        let thought = std::mem::replace(&mut self.held, rest);
                        if !thought.is_empty() {
                            give(Delta::Reasoning(thought));
                        }
                        return false;
                    };
                    let rest = self.held.split_off(at);
                    let thought = std::mem::replace(&mut self.held, rest);
                    self.held.drain(..end.len());
                    if !thought.is_empty() {
                        give(Delta::Reasoning(thought));
                    }
                    self.place = Place::After;
                }
                Place::After => {
                    self.held.drain(..self.held.len() - self.held.trim_start().len());
                    if self.held.is_empty() {
                        return false;
                    }
                    self.place = Place::Text;
                    return self.give_text(&mut give);
                }
                Place::Text => return self.give_text(&mut give),
            }
        }
    }

    /// The text is at its end; true where text was given.
    pub(super) fn end(&mut self, mut give: impl FnMut(Delta)) -> bool {
        match self.place {
            Place::Within(_) if !self.held.is_empty() => {
                give(Delta::Reasoning(std::mem::take(&mut self.held)));
                false
            }
            _ => self.give_text(&mut give),
        }
    }

    fn give_text(&mut self, give: &mut impl FnMut(Delta)) -> bool {
        let is_any = !self.held.is_empty();
        if is_any {
            give(Delta::Text(std::mem::take(&mut self.held)));
        }
        is_any
    }
}

/// How many bytes at the end of a text are the beginning of a tag.
fn beginning_of(text: &str, tag: &str) -> usize {
    let lengths = tag.char_indices().map(|(at, _)| at).rev();
    lengths.into_iter().find(|at| text.ends_with(tag.get(..*at).unwrap_or_default())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text and thoughts of a text that comes in pieces of so many characters.
    fn told(text: &str, piece: usize) -> (String, String) {
        let (mut said, mut thought) = (String::new(), String::new());
        let mut thinking = Thinking::default();
        let mut give = |delta| match delta {
            Delta::Text(text) => said.push_str(&text),
            Delta::Reasoning(text) => thought.push_str(&text),
            other => panic!("{other:?}"),
        };
        let letters: Vec<char> = text.chars().collect();
        for piece in letters.chunks(piece) {
            thinking.take(&piece.iter().collect::<String>(), &mut give);
        }
        thinking.end(&mut give);
        (said, thought)
    }

    #[test]
    fn thoughts_in_tags_at_the_beginning_are_no_text_however_they_come() {
        for piece in [1, 2, 5, 1_000] {
            let told = |text| told(text, piece);
            let pair = |text: &str, thought: &str| (text.to_owned(), thought.to_owned());
            assert_eq!(
                told("<think>\nhm < 3</thing>\n</think>\n\nYes. <think>no</think>"),
                pair("Yes. <think>no</think>", "\nhm < 3</thing>\n")
            );
            assert_eq!(told("<thinking>hm</thinking>Yes"), pair("Yes", "hm"));
            assert_eq!(told("◁think▷hm◁/think▷Yes"), pair("Yes", "hm"));
            assert_eq!(told("<think>hm</thi"), pair("", "hm</thi"));
            assert_eq!(told("<table> <think>"), pair("<table> <think>", ""));
            assert_eq!(told("<th"), pair("<th", ""));
            assert_eq!(told("Yes"), pair("Yes", ""));
            assert_eq!(told(" "), pair(" ", ""));
        }
    }
}
