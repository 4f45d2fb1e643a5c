//! Numbers and sums of money as people write them.

use kontor_core::text::fold;
use serde_json::{Number, Value, json};

use super::words::Phrase;

const CODES: [&str; 20] = [
    "usd", "eur", "gbp", "chf", "jpy", "cad", "aud", "sek", "nok", "dkk", "pln", "czk", "huf", "inr", "cny",
    "brl", "mxn", "sgd", "nzd", "zar",
];

/// A number, the currency said with it, and how many words they took.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sum {
    pub(super) amount: f64,
    pub(super) currency: Option<String>,
    pub(super) words: usize,
}

impl Sum {
    pub(super) fn number(&self) -> Value {
        number(self.amount)
    }

    pub(super) fn money(&self) -> Value {
        match &self.currency {
            Some(currency) => json!({"amount": self.number(), "currency": currency}),
            None => json!({"amount": self.number()}),
        }
    }
}

/// A whole number without a fraction.
pub(super) fn number(amount: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if amount.fract() == 0.0 && amount.abs() < EXACT {
        return json!(amount as i64);
    }
    Number::from_f64(amount).map_or(Value::Null, Value::Number)
}

/// A figure with its numbers to two decimals, as an average is told.
pub(super) fn rounded(figure: &Value) -> Value {
    match figure {
        Value::Number(exact) => {
            exact.as_f64().map_or_else(|| figure.clone(), |exact| number((exact * 100.0).round() / 100.0))
        }
        Value::Array(items) => items.iter().map(rounded).collect(),
        Value::Object(parts) => {
            Value::Object(parts.iter().map(|(name, part)| (name.clone(), rounded(part))).collect())
        }
        other => other.clone(),
    }
}

/// `10k`, `$10,000`, `1.5 million`, `EUR 20k`, `20k eur`.
pub(super) fn sum(phrase: Phrase<'_>) -> Option<Sum> {
    let (mut words, mut currency) = (0, None);
    if let Some(code) = code(phrase.at(0)) {
        currency = Some(code);
        words = 1;
    }
    let (mut amount, sign) = figure(phrase.at(words))?;
    words += 1;
    currency = currency.or(sign);
    if let Some(factor) = scale(phrase.at(words)) {
        amount *= factor;
        words += 1;
    }
    if currency.is_none()
        && let Some(code) = code(phrase.at(words))
    {
        currency = Some(code);
        words += 1;
    }
    Some(Sum { amount, currency, words })
}

fn figure(word: &str) -> Option<(f64, Option<String>)> {
    let (word, sign) = strip_sign(word);
    let digits_end =
        word.find(|c: char| !(c.is_ascii_digit() || c == ',' || c == '.' || c == '-')).unwrap_or(word.len());
    let (digits, rest) = word.split_at(digits_end);
    let (rest, late_sign) = strip_sign(rest);
    let factor = match rest {
        "" => 1.0,
        suffix => scale(suffix)?,
    };
    if !digits.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some((decimal(digits)? * factor, sign.or(late_sign)))
}

/// `10,000.50`, `10.000,50`, `10,000`, `1.5`: the last mark is a decimal point unless three digits follow a
/// comma or the mark is repeated.
fn decimal(digits: &str) -> Option<f64> {
    let (commas, points) = (digits.matches(',').count(), digits.matches('.').count());
    let plain = match (commas, points) {
        (0, 0 | 1) => digits.to_owned(),
        (_, 0) => {
            let tail = digits.rsplit(',').next().unwrap_or_default().len();
            if commas == 1 && tail != 3 { digits.replace(',', ".") } else { digits.replace(',', "") }
        }
        (0, _) => digits.replace('.', ""),
        _ if digits.rfind(',') < digits.rfind('.') => digits.replace(',', ""),
        _ => digits.replace('.', "").replace(',', "."),
    };
    plain.parse().ok().filter(|amount: &f64| amount.is_finite())
}

fn scale(word: &str) -> Option<f64> {
    match word {
        "k" | "thousand" => Some(1e3),
        "m" | "mio" | "mn" | "million" | "millions" => Some(1e6),
        "b" | "bn" | "billion" | "billions" => Some(1e9),
        _ => None,
    }
}

fn strip_sign(word: &str) -> (&str, Option<String>) {
    for (sign, code) in [("$", "USD"), ("€", "EUR"), ("£", "GBP"), ("¥", "JPY")] {
        if let Some(rest) = word.strip_prefix(sign).or_else(|| word.strip_suffix(sign)) {
            return (rest, Some(code.to_owned()));
        }
    }
    (word, None)
}

fn code(word: &str) -> Option<String> {
    match word {
        "dollar" | "dollars" => Some("USD".to_owned()),
        "euro" | "euros" => Some("EUR".to_owned()),
        "pound" | "pounds" => Some("GBP".to_owned()),
        _ => CODES.contains(&word).then(|| word.to_ascii_uppercase()),
    }
}

/// A number with its thousands marked: `12,500.5`.
pub(super) fn readable(value: &Value) -> String {
    let text = value.to_string();
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::with_capacity(text.len() + 4);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction.filter(|fraction| fraction.chars().any(|c| c != '0')) {
        Some(fraction) => format!("{sign}{grouped}.{fraction}"),
        None => format!("{sign}{grouped}"),
    }
}

/// Yes or no.
pub(super) fn truth(text: &str) -> Option<bool> {
    match fold(text).as_str() {
        "yes" | "true" | "on" | "y" | "1" => Some(true),
        "no" | "false" | "off" | "n" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::words::Sentence;

    #[test]
    fn sums_are_read_as_people_write_them() {
        for (text, amount, currency, words) in [
            ("10k", 10_000.0, None, 1),
            ("$10,000", 10_000.0, Some("USD"), 1),
            ("1.5 million euros", 1_500_000.0, Some("EUR"), 3),
            ("EUR 20.000,50", 20_000.5, Some("EUR"), 2),
            ("20k eur now", 20_000.0, Some("EUR"), 2),
            ("2,5", 2.5, None, 1),
            ("€5k", 5_000.0, Some("EUR"), 1),
        ] {
            let expected = Sum { amount, currency: currency.map(str::to_owned), words };
            assert_eq!(sum(Sentence::new(text).phrase()), Some(expected), "{text}");
        }
        for text in ["ten", "k", "10x", "", "euros"] {
            assert_eq!(sum(Sentence::new(text).phrase()), None, "{text}");
        }
    }

    #[test]
    fn an_average_is_told_to_two_decimals() {
        let figure =
            json!([{"amount": 58_651.515_152, "currency": "USD"}, {"amount": 75_125, "currency": "EUR"}]);
        let told = json!([{"amount": 58_651.52, "currency": "USD"}, {"amount": 75_125, "currency": "EUR"}]);
        assert_eq!(rounded(&figure), told);
    }

    #[test]
    fn numbers_are_shown_with_their_thousands() {
        assert_eq!(readable(&json!(1_234_567)), "1,234,567");
        assert_eq!(readable(&json!(-1234.5)), "-1,234.5");
        assert_eq!(readable(&json!(12.0)), "12");
    }
}
