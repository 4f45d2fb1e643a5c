//! The growing text of a step and its rendered blocks.

use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::markdown::{self, Under};

/// From this length on, in bytes, a text is rendered where nobody else waits for the thread.
const LONG: usize = 16 * 1024;
/// A text that grows is rendered again after so many times the time that it took the last time, so that its
/// rendering as a whole takes a bounded part of a processor however long it becomes.
const REST: u32 = 10;

/// A Markdown text with its blocks as HTML, rendered again only where they changed.
#[derive(Default)]
pub(crate) struct Prose {
    text: String,
    /// Whether more of the text is to come.
    is_growing: bool,
    blocks: Vec<Block>,
}

struct Block {
    /// As the Markdown renderer gave it: the key to whether it changed.
    source: String,
    html: String,
}

/// The blocks that differ from those rendered before, and how many there are now.
pub(crate) struct Rendered<'a> {
    pub changed: Vec<(usize, &'a str)>,
    pub count: usize,
    /// How long to gather more text before it is rendered again.
    pub rest: Duration,
}

impl Prose {
    /// Adds to the text; [`Self::render`] makes it visible.
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.is_growing = true;
    }

    /// Replaces the whole text; [`Self::render`] makes it visible.
    pub(crate) fn replace(&mut self, text: &str) {
        if self.text != text {
            text.clone_into(&mut self.text);
        }
        self.is_growing = false;
    }

    /// Renders what was added. Only blocks whose HTML changed are sanitised again.
    pub(crate) fn render(&mut self) -> Rendered<'_> {
        let started = Instant::now();
        let changed = if self.text.len() < LONG { self.render_now() } else { apart(|| self.render_now()) };
        let rest = started.elapsed() * REST;
        let changed = changed.into_iter().map(|index| (index, self.blocks[index].html.as_str())).collect();
        Rendered { changed, count: self.blocks.len(), rest }
    }

    /// Which blocks have changed.
    fn render_now(&mut self) -> Vec<usize> {
        let text = if self.is_growing { settled(&self.text) } else { &self.text };
        let sources = markdown::unsafe_blocks(text, Under::Title);
        let count = sources.len();
        self.blocks.truncate(count);
        let mut changed = Vec::new();
        for (index, source) in sources.into_iter().enumerate() {
            if self.blocks.get(index).is_some_and(|block| block.source == source) {
                continue;
            }
            let block = Block { html: markdown::sanitise(&source), source };
            match self.blocks.get_mut(index) {
                Some(old) => *old = block,
                None => self.blocks.push(block),
            }
            changed.push(index);
        }
        changed
    }

    /// All blocks of the text as it was last rendered.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().map(|block| block.html.as_str())
    }
}

/// What of a growing text reads as it will when more of it has come: without a row of a table that is not whole, and
/// without a table's heading before the line below it says that there is a table.
fn settled(text: &str) -> &str {
    let is_row = |line: &str| line.trim_start().starts_with('|');
    let mut begin = text.len();
    let mut whole = 0;
    let mut second = "";
    for line in text.split_inclusive('\n').rev() {
        if !is_row(line) {
            break;
        }
        begin -= line.len();
        if line.ends_with('\n') {
            whole += 1;
        }
    }
    let table = &text[begin..];
    if table.is_empty() {
        return text;
    }
    if let Some(line) = table.split_inclusive('\n').nth(1) {
        second = line.trim();
    }
    if !second.chars().all(|character| matches!(character, '|' | '-' | ':' | ' ')) {
        return text;
    }
    match whole {
        0 | 1 => &text[..begin],
        _ => &text[..text.rfind('\n').map_or(begin, |end| end + 1)],
    }
}

/// Does what takes long while the other tasks of this thread go on elsewhere.
pub(crate) fn apart<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Title\n\nFirst *paragraph*, with [a link][1].\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n\
                        - one\n- two\n\n  still two\n\n```\ncode\n\nmore\n```\n\nA heading\n===\n\n[1]: https://example.com\n";

    #[test]
    fn blocks_sent_piece_by_piece_are_those_of_the_whole_text_at_every_moment() {
        let mut prose = Prose::default();
        let mut page: Vec<String> = Vec::new();
        for (at, character) in TEXT.char_indices() {
            prose.push(&character.to_string());
            let rendered = prose.render();
            for (index, html) in rendered.changed {
                page.resize(page.len().max(index + 1), String::new());
                html.clone_into(&mut page[index]);
            }
            page.truncate(rendered.count);
            let text = settled(&TEXT[..at + character.len_utf8()]);
            assert_eq!(page, markdown::blocks(text, Under::Title));
        }
    }

    #[test]
    fn of_a_growing_table_only_whole_rows_are_shown_and_no_heading_before_it_is_one() {
        let begun = "Deals:\n\n| Stage | Deals |\n|---|---:|\n| Lead | 3 |\n| Won | [4";
        for (shown, until) in [
            ("Deals:\n\n", "| Stage | Deals |"),
            ("Deals:\n\n", "| Deals |\n"),
            ("Deals:\n\n", "|---|---:|"),
            ("Deals:\n\n| Stage | Deals |\n|---|---:|\n", "|---|---:|\n"),
            ("Deals:\n\n| Stage | Deals |\n|---|---:|\n", "| Lead | 3 |"),
            ("Deals:\n\n| Stage | Deals |\n|---|---:|\n| Lead | 3 |\n", "[4"),
        ] {
            let end = begun.find(until).unwrap() + until.len();
            assert_eq!(settled(&begun[..end]), shown, "{until:?}");
        }
        assert_eq!(settled("|x| is a norm\n| y"), "|x| is a norm\n| y", "no table");
        let mut prose = Prose::default();
        prose.push("| a | b");
        assert_eq!(prose.render().count, 0);
        prose.replace("| a | b");
        assert_eq!(prose.render().count, 1, "what is whole is shown as it is");
    }

    #[test]
    fn the_longer_a_text_takes_to_render_the_longer_it_rests() {
        let mut prose = Prose::default();
        prose.push("Short.");
        assert!(prose.render().rest < Duration::from_secs(1));
        prose.push(&"word *emphasis* [link](https://example.com) ".repeat(4_000));
        let started = Instant::now();
        let rest = prose.render().rest;
        let took = started.elapsed();
        assert!(rest >= took * REST / 2, "{took:?} and then {rest:?}");
    }

    #[test]
    fn a_finished_block_is_not_sent_again_while_the_next_one_grows() {
        let mut prose = Prose::default();
        prose.push("One.\n\n");
        assert_eq!(prose.render().changed.len(), 1);
        for word in ["Two ", "and ", "more."] {
            prose.push(word);
            let changed: Vec<_> = prose.render().changed.into_iter().map(|(index, _)| index).collect();
            assert_eq!(changed, [1]);
        }
    }
}
