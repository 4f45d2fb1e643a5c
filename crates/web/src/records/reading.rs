//! What a person writes into a form or a filter as numbers, amounts and times, read as the chat reads it.

use kontor_core::{
    metadata::FieldKind,
    reading::{self, Amount, Lean, Unread},
    time::{Date, Timestamp},
};
use serde_json::{Value as Json, json};

use super::problems::{Offer, Trouble};

/// A number, or a percentage where the field holds one.
pub(crate) fn number(kind: &FieldKind, typed: &str) -> Result<Json, Trouble> {
    let read =
        if kind.is_percentage() { reading::whole_percent(typed) } else { reading::whole_number(typed) };
    read.map(reading::Number::to_json).map_err(|why| trouble(typed, &why))
}

pub(crate) fn amount(typed: &str) -> Result<Amount, Trouble> {
    reading::whole_amount(typed).map_err(|why| trouble(typed, &why))
}

/// A calendar date, written as ISO 8601 or as people do.
pub(crate) fn date(typed: &str, today: Date) -> Result<Date, Trouble> {
    match typed.parse() {
        Ok(date) => Ok(date),
        Err(_) => reading::whole_date(typed, today, Lean::Ahead).map_err(|why| trouble(typed, &why)),
    }
}

/// A moment to the minute or the second, in UTC: as a browser's input gives it, with or without the `Z` that a
/// script adds when it has converted local time; its whole unit in seconds goes with it.
pub(crate) fn moment(typed: &str) -> Result<(Timestamp, u64), Trouble> {
    let bare = typed.strip_suffix('Z').unwrap_or(typed);
    let (text, unit) = match bare.len() {
        16 => (format!("{bare}:00Z"), 60),
        19 => (format!("{bare}Z"), 1),
        _ => (typed.to_owned(), 1),
    };
    text.parse().map(|at| (at, unit)).map_err(|_| {
        let typed = kontor_core::text::excerpt(typed, 80);
        Trouble::new(format!("“{typed}” is not a date and a time such as 2026-03-01 09:30."))
    })
}

/// What the input of a moment holds for an instant: its minute in UTC.
pub(crate) fn moment_input(at: &str) -> String {
    match moment(at) {
        Ok((instant, _)) => instant.to_string().get(..16).unwrap_or_default().to_owned(),
        Err(_) => at.to_owned(),
    }
}

/// A plain decimal as an input shows it, so that it is read back as the same: `1.234` may be a thousand and
/// more, `1.2340` may not.
pub(crate) fn number_input(plain: &str) -> String {
    match plain.split_once('.') {
        Some((_, fraction)) if fraction.len() == 3 && reading::whole_number(plain).is_err() => {
            format!("{plain}0")
        }
        _ => plain.to_owned(),
    }
}

/// Why something was not read, with both readings to choose from where there are two.
fn trouble(typed: &str, why: &Unread) -> Trouble {
    let mut trouble = Trouble::new(format!("{why}."));
    if let Unread::Ambiguous { text, first, second } = why {
        let meant = |reading: &String| {
            let plain = number_input(&reading.replace(',', ""));
            let value = typed.trim().replacen(text.as_str(), &plain, 1);
            (value != typed.trim()).then(|| Offer {
                value,
                label: typed.trim().replacen(text.as_str(), reading, 1),
                detail: String::new(),
            })
        };
        trouble.offers = [first, second].into_iter().filter_map(meant).collect();
    }
    trouble
}

/// An amount as a write takes it.
pub(crate) fn amount_json(amount: &Amount, currency: &str) -> Json {
    json!({ "amount": amount.number.to_json(), "currency": currency })
}

#[cfg(test)]
mod tests {
    use kontor_core::value::{Money, format_scaled, parse_scaled};

    use super::*;

    const NUMBER: FieldKind = FieldKind::Number { decimals: 2, min: None, max: None };

    #[test]
    fn what_an_input_shows_of_a_number_is_read_back_as_that_number() {
        let steps = [1_i64, 7, 10, 123, 999, 1_000, 1_234, 12_345, 123_456, 1_000_000, 9_999_999];
        for step in steps {
            for scale in [1_i64, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 1_000_000_000] {
                for micros in [step * scale, -step * scale, step * scale + 1_000] {
                    let shown = number_input(&format_scaled(micros, Money::DECIMALS));
                    let read = amount(&shown).unwrap_or_else(|why| panic!("{shown}: {}", why.message));
                    let back = parse_scaled(&read.number.to_json(), Money::DECIMALS);
                    assert_eq!(back, Ok(micros), "{shown}");
                }
            }
        }
    }

    #[test]
    fn two_readings_are_offered_so_that_either_can_be_sent() {
        for (typed, expected) in [
            ("12.500", ["12500", "12.5"]),
            ("12.500 EUR", ["12500 EUR", "12.5 EUR"]),
            ("2.500k", ["2500k", "2.5k"]),
            ("1.234", ["1234", "1.2340"]),
            ("-1.500", ["-1500", "-1.5"]),
        ] {
            let trouble = amount(typed).unwrap_err();
            let offered: Vec<_> = trouble.offers.iter().map(|offer| offer.value.as_str()).collect();
            assert_eq!(offered, expected, "{typed}: {}", trouble.message);
            for value in offered {
                assert!(amount(value).is_ok(), "{value}");
            }
        }
        assert_eq!(number(&NUMBER, "lots").unwrap_err().offers, []);
    }

    #[test]
    fn a_percentage_is_read_only_where_the_field_holds_one() {
        let chance = FieldKind::Number { decimals: 0, min: Some(0), max: Some(100) };
        assert_eq!(number(&chance, "60%"), Ok(json!(60)));
        assert_eq!(number(&chance, "60"), Ok(json!(60)));
        assert!(number(&NUMBER, "60%").is_err());
        assert_eq!(number(&NUMBER, "10k"), Ok(json!(10_000)));
    }

    #[test]
    fn a_moment_is_in_utc_with_and_without_its_mark() {
        for (typed, expected, unit) in [
            ("2026-11-30T17:00", "2026-11-30T17:00:00Z", 60),
            ("2026-11-30T17:00Z", "2026-11-30T17:00:00Z", 60),
            ("2026-11-30T17:00:05", "2026-11-30T17:00:05Z", 1),
            ("2026-11-30T09:00:00-08:00", "2026-11-30T17:00:00Z", 1),
        ] {
            let (at, whole) = moment(typed).unwrap();
            assert_eq!((at.to_string().as_str(), whole), (expected, unit), "{typed}");
            assert_eq!(moment_input(typed), &expected[..16]);
        }
        for wrong in ["", "soon", "2026-11-30", "2026-13-01T25:61", "2026-02-30T10:00"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
