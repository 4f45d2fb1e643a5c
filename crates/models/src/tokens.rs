//! How many tokens a text is, about.
//!
//! Providers count with tokenizers of their own, of which many are not public. This is a bound that holds for the
//! usual ones: not less than what OpenAI's `o200k_base` counts of prose, JSON and code, and seldom a quarter more.

/// Tokens of a text, rather too many than too few.
pub fn estimate(text: &str) -> usize {
    let mut tokens = 0;
    let mut run = Run::Nothing;
    let mut length = 0;
    for c in text.chars() {
        let kind = Run::of(c);
        if kind == run {
            length += 1;
        } else {
            tokens += run.tokens(length);
            (run, length) = (kind, 1);
        }
    }
    tokens + run.tokens(length)
}

/// Characters that tokenizers keep together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    Nothing,
    /// Latin letters without accents.
    Letters,
    Digits,
    Blanks,
    Signs,
    /// All else, which may be a token or more each.
    Others,
}

impl Run {
    fn of(c: char) -> Self {
        match c {
            'a'..='z' | 'A'..='Z' => Self::Letters,
            '0'..='9' => Self::Digits,
            c if c.is_whitespace() => Self::Blanks,
            c if c.is_ascii() => Self::Signs,
            _ => Self::Others,
        }
    }

    /// Tokens of so many characters in a row.
    fn tokens(self, length: usize) -> usize {
        match self {
            Self::Nothing => 0,
            // A word of up to eight letters is mostly one token with the blank before it.
            Self::Letters => length.div_ceil(8),
            Self::Digits => length.div_ceil(3),
            // One blank belongs to what follows it.
            Self::Blanks => usize::from(length > 1),
            Self::Signs => length.div_ceil(3),
            Self::Others => length,
        }
    }
}
