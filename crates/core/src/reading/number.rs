//! Numbers and amounts of money. Nothing is rounded: a number is its digits.

use std::fmt;

use serde_json::{Value as Json, json};

use super::{Found, Read, Unread, at, from, whole};
use crate::currency::{Currency, SIGNS};

/// The most digits a number may have, zeros of a scale included.
const MAX_DIGITS: usize = 30;
const EXPECTED_NUMBER: &str = "a number such as 1250.50 or 10k";
const EXPECTED_AMOUNT: &str = "an amount such as 1250.50, 10k or 12,500 EUR";
const EXPECTED_PERCENT: &str = "a percentage such as 60 or 60%";

/// Codes of currencies that are English words: within a sentence they are not read as currencies.
const WORDS_OF_ENGLISH: [&str; 14] =
    ["all", "top", "try", "mad", "pen", "cup", "gel", "mop", "sos", "bam", "ang", "lak", "mur", "ron"];

/// An exact decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// The number without its decimal point.
    digits: i128,
    decimals: u8,
}

impl Number {
    /// A number from its digits and the power of ten it is divided by, without trailing zeros.
    fn new(mut digits: i128, mut decimals: u8) -> Self {
        while decimals > 0 && digits % 10 == 0 {
            digits /= 10;
            decimals -= 1;
        }
        Self { digits, decimals }
    }

    /// As JSON: a number where a double tells it exactly, else its decimal text, which fields take as well.
    pub fn to_json(self) -> Json {
        const EXACT: u128 = 1_000_000_000_000_000;
        match i64::try_from(self.digits) {
            Ok(whole) if self.decimals == 0 => json!(whole),
            _ if self.digits.unsigned_abs() < EXACT => {
                self.to_string().parse::<f64>().map_or_else(|_| json!(self.to_string()), |exact| json!(exact))
            }
            _ => json!(self.to_string()),
        }
    }

    /// As an integer, where it is one.
    pub fn as_integer(self) -> Option<i64> {
        if self.decimals == 0 { i64::try_from(self.digits).ok() } else { None }
    }

    /// How many millionths it is, where that is a whole number.
    pub fn millionths(self) -> Option<i64> {
        self.times(6)?.as_integer()
    }

    fn times(self, power: u8) -> Option<Self> {
        let taken = power.min(self.decimals);
        let factor = 10_i128.checked_pow(u32::from(power - taken))?;
        let digits = self.digits.checked_mul(factor)?;
        let fits = digits.unsigned_abs() < 10_u128.pow(MAX_DIGITS as u32);
        fits.then(|| Self::new(digits, self.decimals - taken))
    }
}

impl fmt::Display for Number {
    /// The plain decimal: `-1250.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = usize::from(self.decimals);
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let sign = if self.digits < 0 { "-" } else { "" };
        if fraction.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{fraction}") }
    }
}

/// A plain decimal with its thousands marked: `12500.5` as `12,500.5`.
pub fn readable(plain: &str) -> String {
    let (whole, fraction) = plain.split_once('.').map_or((plain, None), |(whole, rest)| (whole, Some(rest)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::with_capacity(plain.len() + 4);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction.filter(|fraction| fraction.contains(|digit| digit != '0')) {
        Some(fraction) => format!("{sign}{grouped}.{fraction}"),
        None => format!("{sign}{grouped}"),
    }
}

/// A number, and the currency where one was written with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    pub number: Number,
    pub currency: Option<Currency>,
}

/// `10k`, `$10,000`, `1.5 million`, `EUR 20k`, `20k eur`, `€5k`, `10.000,50`.
///
/// # Errors
/// Where the writing has two meanings (`12.500`) or its groups of digits are none (`1,23`, then `,4`).
pub fn amount(words: &[&str]) -> Found<Amount> {
    read_amount(words, |code| if WORDS_OF_ENGLISH.contains(&code) { None } else { Currency::of(code) })
}

/// A number without a currency: `10k`, `1.5 million`, `12,500`.
///
/// # Errors
/// As [`amount`].
pub fn number(words: &[&str]) -> Found<Number> {
    let Some(found) = amount(words)? else { return Ok(None) };
    Ok(found.value.currency.is_none().then(|| found.map(|amount| amount.number)))
}

/// `60%`, `60 %`, `60 percent`, `60`: the number alone.
///
/// # Errors
/// As [`amount`].
pub fn percent(words: &[&str]) -> Found<Number> {
    if let Some(bare) = at(words, 0).strip_suffix('%') {
        return Ok(plain(bare)?.map(|number| Read::new(number, 1)));
    }
    let Some(found) = number(words)? else { return Ok(None) };
    let rest = from(words, found.words);
    let more = match (at(rest, 0), at(rest, 1)) {
        ("%" | "percent" | "pct", _) => 1,
        ("per", "cent") => 2,
        _ => 0,
    };
    Ok(Some(Read::new(found.value, found.words + more)))
}

/// A text that is an amount from its beginning to its end; digits may be grouped by spaces.
///
/// # Errors
/// What it is not, or which two amounts it may be.
pub fn whole_amount(text: &str) -> Result<Amount, Unread> {
    whole(&close_groups(text), EXPECTED_AMOUNT, |words| read_amount(words, Currency::of))
        .map_err(|why| named(why, text))
}

/// A text that is a number from its beginning to its end.
///
/// # Errors
/// As [`whole_amount`].
pub fn whole_number(text: &str) -> Result<Number, Unread> {
    whole(&close_groups(text), EXPECTED_NUMBER, number).map_err(|why| named(why, text))
}

/// A text that is a percentage from its beginning to its end, with or without its sign.
///
/// # Errors
/// As [`whole_amount`].
pub fn whole_percent(text: &str) -> Result<Number, Unread> {
    whole(&close_groups(text), EXPECTED_PERCENT, percent).map_err(|why| named(why, text))
}

/// The same refusal with the text as it was typed.
fn named(why: Unread, typed: &str) -> Unread {
    match why {
        Unread::Wrong { expected, .. } => Unread::wrong(typed, expected),
        other => other,
    }
}

/// `12 500` as `12500`: spaces between a group of one to three digits and groups of exactly three.
fn close_groups(text: &str) -> String {
    let characters: Vec<char> = text.trim().chars().collect();
    let is_digit = |at: usize| characters.get(at).is_some_and(char::is_ascii_digit);
    let mut closed = String::with_capacity(text.len());
    for (position, character) in characters.iter().enumerate() {
        let before = (1..=3).take_while(|back| position >= *back && is_digit(position - back)).count();
        let begins = position <= before || !is_digit(position - before - 1);
        let three = is_digit(position + 1) && is_digit(position + 2) && is_digit(position + 3);
        let groups = character.is_whitespace() && before > 0 && begins && three && !is_digit(position + 4);
        if !groups {
            closed.push(*character);
        }
    }
    closed
}

fn read_amount(words: &[&str], of_code: impl Fn(&str) -> Option<Currency>) -> Found<Amount> {
    let (mut taken, mut currency) = (0, None);
    if let Some(code) = of_code(at(words, 0)).or_else(|| Currency::of_sign(at(words, 0))) {
        currency = Some(code);
        taken = 1;
    }
    let Some((mut number, sign)) = figure(at(words, taken), &of_code)? else { return Ok(None) };
    taken += 1;
    currency = currency.or(sign);
    if let Some(power) = scale(at(words, taken)) {
        let text = || words.iter().take(taken + 1).copied().collect::<Vec<_>>().join(" ");
        number = number.times(power).ok_or_else(|| Unread::wrong(&text(), EXPECTED_NUMBER))?;
        taken += 1;
    }
    let named =
        |word: &str| of_code(word).or_else(|| Currency::of_name(word)).or_else(|| Currency::of_sign(word));
    if currency.is_none()
        && let Some(code) = named(at(words, taken))
    {
        currency = Some(code);
        taken += 1;
    }
    Ok(Some(Read::new(Amount { number, currency }, taken)))
}

/// One word: a sign of a currency, digits, a scale and again a sign, each but the digits optional.
fn figure(
    word: &str,
    of_code: impl Fn(&str) -> Option<Currency>,
) -> Result<Option<(Number, Option<Currency>)>, Unread> {
    // A minus may stand before the sign of the currency.
    let (minus, unsigned) = match word.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest),
        None => ("", word),
    };
    let (rest, first) = strip_sign(unsigned, |text, sign| text.strip_prefix(sign));
    let end = rest.find(|c: char| !(c.is_ascii_digit() || ",.'’-−+".contains(c))).unwrap_or(rest.len());
    let (digits, tail) = rest.split_at(end);
    if !digits.contains(|c: char| c.is_ascii_digit()) {
        return Ok(None);
    }
    let (tail, last) = strip_sign(tail, |text, sign| text.strip_suffix(sign));
    let (power, code) = match scale(tail) {
        _ if tail.is_empty() => (0, None),
        Some(power) => (power, None),
        // `500eur`
        None => match of_code(tail) {
            Some(code) => (0, Some(code)),
            None => return Ok(None),
        },
    };
    let Some(number) = plain(&format!("{minus}{digits}"))? else { return Ok(None) };
    let number = number.times(power).ok_or_else(|| Unread::wrong(word, EXPECTED_NUMBER))?;
    Ok(Some((number, first.or(last).or(code))))
}

fn strip_sign<'t>(
    text: &'t str,
    strip: impl Fn(&'t str, &str) -> Option<&'t str>,
) -> (&'t str, Option<Currency>) {
    let stripped = SIGNS.iter().find_map(|(sign, code)| Some((strip(text, sign)?, Currency::of(code))));
    stripped.unwrap_or((text, None))
}

fn scale(word: &str) -> Option<u8> {
    match word {
        "k" | "thousand" | "grand" => Some(3),
        "m" | "mm" | "mio" | "mn" | "million" | "millions" => Some(6),
        "b" | "bn" | "billion" | "billions" => Some(9),
        "lakh" | "lakhs" | "lac" => Some(5),
        "crore" | "crores" => Some(7),
        _ => None,
    }
}

/// Digits with a sign, marks between groups and a decimal mark. `None` for what is no number at all.
///
/// The last mark is a decimal mark where both kinds stand; one comma before three digits groups them, unless a zero
/// stands before it; one point before three digits may do either, which is an error.
fn plain(text: &str) -> Result<Option<Number>, Unread> {
    let (minus, unsigned) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let unsigned = unsigned.trim_end_matches('.');
    let is_mark = |c: char| matches!(c, ',' | '.' | '\'' | '’');
    if unsigned.is_empty() || !unsigned.chars().all(|c| c.is_ascii_digit() || is_mark(c)) {
        return Ok(None);
    }
    let last = unsigned.rfind([',', '.']);
    let count = |mark: char| unsigned.matches(mark).count();
    let decimal_at = last.filter(|at| {
        let mark = if unsigned[*at..].starts_with(',') { ',' } else { '.' };
        let after = unsigned.len() - at - 1;
        let is_mixed = unsigned.contains(|c| is_mark(c) && c != mark);
        // No group of thousands begins with a zero.
        let is_fraction = unsigned.starts_with('0');
        count(mark) == 1 && (is_mixed || mark == '.' || after != 3 || is_fraction)
    });
    let (whole, fraction) = match decimal_at {
        Some(at) => (&unsigned[..at], &unsigned[at + 1..]),
        None => (unsigned, ""),
    };
    if !is_grouped(whole) {
        return Err(Unread::wrong(text, EXPECTED_NUMBER));
    }
    let digits: String = whole.chars().chain(fraction.chars()).filter(char::is_ascii_digit).collect();
    if digits.is_empty() || digits.len() > MAX_DIGITS {
        return Err(Unread::wrong(text, EXPECTED_NUMBER));
    }
    let value: i128 = digits.parse().map_err(|_| Unread::wrong(text, EXPECTED_NUMBER))?;
    let value = if minus { -value } else { value };
    let read = |decimals: usize| u8::try_from(decimals).map(|decimals| Number::new(value, decimals)).ok();

    let is_point = last.is_some_and(|at| unsigned[at..].starts_with('.'));
    let may_group = is_point
        && count('.') == 1
        && fraction.len() == 3
        && (1..=3).contains(&whole.len())
        && !whole.starts_with('0')
        && whole.bytes().all(|b| b.is_ascii_digit());
    match (read(0), read(fraction.len())) {
        (Some(grouped), Some(decimal)) if may_group => Err(Unread::Ambiguous {
            text: text.to_owned(),
            first: readable(&grouped.to_string()),
            second: readable(&decimal.to_string()),
        }),
        (_, read) => Ok(read),
    }
}

/// Whether marks stand where they group digits: by three, or by two before the last three as in India, where the
/// mark is a comma.
fn is_grouped(whole: &str) -> bool {
    let groups: Vec<&str> = whole.split([',', '.', '\'', '’']).collect();
    let [first, middle @ .., last] = groups.as_slice() else { return true };
    let one_mark = {
        let mut marks = whole.chars().filter(|c| !c.is_ascii_digit());
        let first = marks.next();
        marks.all(|mark| Some(mark) == first)
    };
    let by = |length: usize| middle.iter().all(|group| group.len() == length);
    let by_three = by(3) && (1..=3).contains(&first.len());
    let by_two = by(2) && (1..=2).contains(&first.len()) && whole.contains(',');
    one_mark && last.len() == 3 && !first.starts_with('0') && (by_three || by_two)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(text: &str) -> String {
        match whole_amount(text) {
            Ok(Amount { number, currency: Some(currency) }) => format!("{number} {}", currency.code()),
            Ok(Amount { number, currency: None }) => number.to_string(),
            Err(why) => why.code().to_owned(),
        }
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, expected) in [
            ("10k", "10000"),
            ("10 K", "10000"),
            ("$10,000", "10000 USD"),
            ("-$5", "-5 USD"),
            ("1.5 million euros", "1500000 EUR"),
            ("1.25m", "1250000"),
            ("EUR 20.000,50", "20000.5 EUR"),
            ("10.000,50", "10000.5"),
            ("10,000.50", "10000.5"),
            ("12,500", "12500"),
            ("12 500", "12500"),
            ("1 234 567,89 €", "1234567.89 EUR"),
            ("12'500.50 CHF", "12500.5 CHF"),
            ("12.500.000", "12500000"),
            ("12,34,567", "1234567"),
            ("3 lakh", "300000"),
            ("2,5", "2.5"),
            ("2,50", "2.5"),
            ("0.500", "0.5"),
            ("0,500", "0.5"),
            ("0,125 EUR", "0.125 EUR"),
            ("0,5k", "500"),
            ("€ 5", "5 EUR"),
            ("$ 20k", "20000 USD"),
            ("€ 12.500,00", "12500 EUR"),
            (".5", "0.5"),
            ("7.", "7"),
            ("1250.5000", "1250.5"),
            ("500eur", "500 EUR"),
            ("€5k", "5000 EUR"),
            ("5 try", "5 TRY"),
            ("−40", "-40"),
            ("0.1", "0.1"),
            ("100000000000000000000.01", "100000000000000000000.01"),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }

    #[test]
    fn what_may_mean_two_amounts_is_not_guessed() {
        for text in ["12.500", "1.000", "12.500 EUR", "€1.234", "-1.500", "2.500k"] {
            assert_eq!(said(text), "ambiguous", "{text}");
        }
        let why = whole_amount("12.500").unwrap_err().to_string();
        assert_eq!(why, "“12.500” can mean 12,500 or 12.5; please write which");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "ten",
            "k",
            "10x",
            "euros",
            "1,2,3",
            "1.2.3",
            "1.23.456",
            "12.34.567",
            "0,500,000",
            "12,5000,1",
            "10 20",
            "1e5",
            "5-3",
            "10 EUO",
            "1234 567",
        ] {
            assert_eq!(said(text), "not_understood", "{text}");
        }
        let long = "9".repeat(40);
        assert_eq!(said(&long), "not_understood");
        assert_eq!(said(&format!("{} billion", "9".repeat(25))), "not_understood");
    }

    #[test]
    fn within_a_sentence_words_of_english_are_no_currencies() {
        let words = ["5", "all", "deals"];
        assert_eq!(amount(&words).unwrap().unwrap().words, 1);
        let words = ["20k", "eur", "now"];
        let found = amount(&words).unwrap().unwrap();
        assert_eq!((found.words, found.value.currency.map(Currency::code)), (2, Some("EUR")));
        assert_eq!(amount(&["deals"]).unwrap(), None);
    }

    #[test]
    fn a_percentage_may_have_its_sign() {
        for text in ["60", "60%", "60 %", "60 percent", "60 per cent"] {
            assert_eq!(whole_percent(text).map(Number::as_integer), Ok(Some(60)), "{text}");
        }
        assert!(whole_percent("60 EUR").is_err());
    }

    #[test]
    fn numbers_become_json_without_loss() {
        assert_eq!(whole_number("10k").unwrap().to_json(), json!(10_000));
        assert_eq!(whole_number("0.1").unwrap().to_json(), json!(0.1));
        assert_eq!(
            whole_number("12345678901234567890.5").unwrap().to_json(),
            json!("12345678901234567890.5")
        );
    }

    #[test]
    fn numbers_are_shown_with_their_thousands() {
        for (plain, shown) in
            [("1234567", "1,234,567"), ("-1234.5", "-1,234.5"), ("12.0", "12"), ("999", "999")]
        {
            assert_eq!(readable(plain), shown);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = whole_amount(&text);
            let _ = whole_percent(&text);
        }

        #[test]
        fn what_is_shown_is_read_back(digits in -999_999_999_999_i64..=999_999_999_999, decimals in 0_u8..=6) {
            let number = Number::new(i128::from(digits), decimals);
            match whole_number(&readable(&number.to_string())) {
                Ok(read) => prop_assert_eq!(read, number),
                Err(why) => prop_assert_eq!(why.code(), "ambiguous"),
            }
        }
    }
}
