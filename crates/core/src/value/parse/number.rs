//! Numbers and amounts: JSON numbers as they are, texts as people write them.

use serde_json::Value as Json;

use super::{Parsed, known_keys, string};
use crate::{
    currency::Currency,
    error::Issue,
    metadata::Field,
    reading::{Unread, whole_amount, whole_number, whole_percent},
    text::excerpt,
    value::{Money, Value, format_grouped, parse_scaled},
};

/// A number of a field within its bounds. `60%` is a number where the bounds are those of a percentage.
pub(super) fn number(json: &Json, decimals: u8, min: Option<i64>, max: Option<i64>) -> Parsed<Value> {
    let hundred = 100 * 10_i64.pow(u32::from(decimals));
    let is_percentage = min == Some(0) && max == Some(hundred);
    let read = if is_percentage { whole_percent } else { whole_number };
    let scaled = match json {
        Json::String(text) if !is_machine_written(text) => {
            let number = read(text).map_err(unread)?;
            exact(&number.to_string().into(), decimals)?
        }
        json => exact(json, decimals)?,
    };
    let outside = min.is_some_and(|min| scaled < min) || max.is_some_and(|max| scaled > max);
    if outside {
        let bound = |bound: Option<i64>| bound.map(|bound| format_grouped(bound, decimals));
        let range = match (bound(min), bound(max)) {
            (Some(min), Some(max)) => format!("from {min} to {max}"),
            (Some(min), None) => format!("of at least {min}"),
            (None, max) => format!("of at most {}", max.unwrap_or_default()),
        };
        let given = format_grouped(scaled, decimals);
        return Err(Issue::new("", "out_of_range", format!("expected a number {range}, got {given}")));
    }
    Ok(Value::Number(scaled))
}

/// A number that is compared with others: its text may be written as people write numbers.
pub(crate) fn scaled(json: &Json, decimals: u8) -> Parsed<i64> {
    match json {
        Json::String(text) if !is_machine_written(text) => {
            let number = whole_number(text).map_err(unread)?;
            exact(&number.to_string().into(), decimals)
        }
        json => exact(json, decimals),
    }
}

/// Whether a text is a number in the way that programs write one and people do not: with an exponent.
fn is_machine_written(text: &str) -> bool {
    let text = text.trim();
    text.contains(['e', 'E']) && text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
}

fn exact(json: &Json, decimals: u8) -> Parsed<i64> {
    parse_scaled(json, decimals).map_err(|why| Issue::new("", "wrong_type", why))
}

fn unread(why: Unread) -> Issue {
    let code = match why {
        Unread::Ambiguous { .. } => why.code(),
        Unread::Wrong { .. } | Unread::NoSuchDay { .. } => "wrong_type",
    };
    Issue::new("", code, why.to_string())
}

/// An amount as a number, a text such as `12,500 EUR`, or its amount and currency apart.
pub(super) fn money(field: &Field, json: &Json, current: Option<&Value>, usual: Currency) -> Parsed<Value> {
    let current = match current {
        Some(Value::Money(money)) => Some(money),
        _ => None,
    };
    let (amount, code) = match json {
        Json::Object(map) => {
            known_keys(map, &["amount", "currency"])?;
            (map.get("amount"), map.get("currency").filter(|code| !code.is_null()))
        }
        plain => (Some(plain), None),
    };
    let at = |issue: Issue| if json.is_object() { issue.within("amount") } else { issue };
    let code = code.map(currency).transpose()?;
    let (micros, written) = match (amount, current) {
        (Some(Json::Null), _) => return Ok(Value::Null),
        (None, None) => {
            let message = "expected an amount beside the currency, such as 1250.50; null empties the field";
            return Err(Issue::new("amount", "required", message));
        }
        (None, Some(current)) => (current.micros, None),
        (Some(Json::String(text)), _) if !is_machine_written(text) => {
            let amount = whole_amount(text).map_err(|why| at(unread(why)))?;
            let micros = exact(&amount.number.to_string().into(), Money::DECIMALS).map_err(at)?;
            (micros, amount.currency)
        }
        (Some(amount), _) => {
            let wrong =
                |why| Issue::new("", "wrong_type", format!("{why}; an amount is a number such as 1250.50"));
            (parse_scaled(amount, Money::DECIMALS).map_err(wrong).map_err(at)?, None)
        }
    };
    let currency = match (code, written) {
        (Some(code), Some(written)) if code != written => {
            let message = format!("the amount is in {}, the currency is {}", written.code(), code.code());
            return Err(Issue::new("currency", "contradicts_amount", message));
        }
        (code, written) => code.or(written).map_or_else(
            || current.map_or_else(|| usual.code().to_owned(), |money| money.currency.clone()),
            |known| known.code().to_owned(),
        ),
    };
    let money = Money { micros, currency };
    check_decimals(&money).map_err(at)?;
    if field.is_never_negative && micros < 0 {
        let message = format!("expected an amount of at least 0, got {money}");
        return Err(at(Issue::new("", "out_of_range", message)));
    }
    Ok(Value::Money(money))
}

fn currency(json: &Json) -> Parsed<Currency> {
    let code = string(json, "a currency code").map_err(|issue| issue.within("currency"))?;
    Currency::of(code.trim()).ok_or_else(|| {
        let message = format!("{:?} is not a currency of ISO 4217 such as USD", excerpt(code, 20));
        Issue::new("currency", "invalid_currency", message)
    })
}

/// Refuses a fraction that the currency has no coins for.
fn check_decimals(money: &Money) -> Parsed<()> {
    let Some(currency) = Currency::of(&money.currency) else { return Ok(()) };
    let decimals = currency.decimals().min(Money::DECIMALS);
    let coin = 10_i64.pow(u32::from(Money::DECIMALS - decimals));
    if money.micros % coin == 0 {
        return Ok(());
    }
    let amount = format_grouped(money.micros, Money::DECIMALS);
    let code = &money.currency;
    let message = match decimals {
        0 => format!("{amount} is no whole number, and amounts in {code} have no decimals"),
        _ => format!("{amount} has more than the {decimals} decimals of an amount in {code}"),
    };
    Err(Issue::new("", "too_many_decimals", message))
}
