//! Numbers and amounts in sentences, by the shared reader.

use kontor_core::{
    reading::{self, Unread},
    text::fold,
};
use serde_json::{Number, Value, json};

use super::{query::capital, turn::Stop, words::Phrase};

/// A number, the currency said with it, and how many words they took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sum {
    number: reading::Number,
    currency: Option<&'static str>,
    pub(super) words: usize,
}

impl Sum {
    pub(super) fn number(&self) -> Value {
        self.number.to_json()
    }

    pub(super) fn currency(&self) -> Option<&'static str> {
        self.currency
    }

    pub(super) fn money(&self) -> Value {
        match self.currency {
            Some(currency) => json!({"amount": self.number(), "currency": currency}),
            None => json!({"amount": self.number()}),
        }
    }

    /// With its thousands marked.
    pub(super) fn readable(&self) -> String {
        reading::readable(&self.number.to_string())
    }
}

/// `10k`, `$10,000`, `1.5 million`, `EUR 20k`, `20k eur` at the head of a phrase; asks where it has two meanings.
pub(super) fn sum(phrase: Phrase<'_>) -> Result<Option<Sum>, Stop> {
    let read = reading::amount(&phrase.folds()).map_err(|why| unread(&why))?;
    Ok(read.map(|read| Sum {
        number: read.value.number,
        currency: read.value.currency.map(|currency| currency.code()),
        words: read.words,
    }))
}

/// The same with a sign of percent behind it: `60%`, `60 percent`.
pub(super) fn percent(phrase: Phrase<'_>) -> Result<Option<Sum>, Stop> {
    let read = reading::percent(&phrase.folds()).map_err(|why| unread(&why))?;
    Ok(read.map(|read| Sum { number: read.value, currency: None, words: read.words }))
}

/// Whether a number stands at the head of a phrase, whatever it means.
pub(super) fn is_sum(phrase: Phrase<'_>) -> bool {
    !matches!(reading::amount(&phrase.folds()), Ok(None))
}

/// Why something was not read, as a reply.
pub(super) fn unread(why: &Unread) -> Stop {
    Stop::Say(format!("{}.", capital(&why.to_string())))
}

/// The currency at the head of a phrase by code or name: `eur`, `dollars`.
pub(super) fn currency(phrase: Phrase<'_>) -> Option<&'static str> {
    use kontor_core::currency::Currency;

    let word = phrase.at(0);
    let found = Currency::of(word).filter(|_| word.len() == 3).or_else(|| Currency::of_name(word));
    found.map(|currency| currency.code())
}

/// A figure with its numbers to two decimals, as an average is told.
pub(super) fn rounded(figure: &Value) -> Value {
    match figure {
        Value::Number(exact) => exact.as_f64().map_or_else(|| figure.clone(), to_cents),
        Value::Array(items) => items.iter().map(rounded).collect(),
        Value::Object(parts) => {
            Value::Object(parts.iter().map(|(name, part)| (name.clone(), rounded(part))).collect())
        }
        other => other.clone(),
    }
}

fn to_cents(exact: f64) -> Value {
    let rounded = (exact * 100.0).round() / 100.0;
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if rounded.fract() == 0.0 && rounded.abs() < EXACT {
        return json!(rounded as i64);
    }
    Number::from_f64(rounded).map_or(Value::Null, Value::Number)
}

/// A number of a result with its thousands marked: `12,500.5`.
pub(super) fn readable(value: &Value) -> String {
    reading::readable(&value.to_string())
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
