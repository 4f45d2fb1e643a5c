//! An amount of money.

use std::fmt;

use serde::{Serialize as _, Serializer};
use serde_json::{Value as Json, json};

use super::{
    Kind,
    cells::{self, Cells},
    input::{Given, Issues, Parsed, known_keys, string},
    number::{exact, is_machine_written, unread},
};
use crate::{
    currency::Currency,
    error::Issue,
    filter::{PartType, Scalar},
    metadata::{Column, ColumnType, Field},
    reading::whole_amount,
    text::excerpt,
    value::{Value, format_grouped, parse_scaled, scaled_to_json},
};

/// An amount of one currency, in millionths of its unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    pub micros: i64,
    /// ISO 4217, three capital letters.
    pub currency: String,
}

impl Money {
    /// The decimals of an amount.
    pub const DECIMALS: u8 = 6;

    pub fn to_json(&self) -> Json {
        json!({ "amount": scaled_to_json(self.micros, Self::DECIMALS), "currency": self.currency })
    }
}

impl fmt::Display for Money {
    /// `12,500.50 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = format_grouped(self.micros, Self::DECIMALS);
        match amount.split_once('.') {
            None => write!(f, "{amount} {}", self.currency),
            Some((whole, fraction)) => write!(f, "{whole}.{fraction:0<2} {}", self.currency),
        }
    }
}

pub(super) struct CurrencyKind;

impl Kind for CurrencyKind {
    type Held = Money;

    fn name(&self) -> &'static str {
        "currency"
    }

    fn parts(&self) -> &'static [&'static str] {
        &["amount", "currency"]
    }

    fn part_type(&self, part: &str) -> PartType {
        match part {
            "amount" => PartType::Number(Money::DECIMALS),
            _ => PartType::UpperText,
        }
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        vec![field.column("micros", ColumnType::Integer), field.column("currency", ColumnType::Text)]
    }

    fn stored_part<'p>(&self, part: &'p str) -> &'p str {
        if part == "amount" { "micros" } else { part }
    }

    fn is_shown_by_default(&self) -> bool {
        true
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v Money> {
        if let Value::Money(money) = value { Some(money) } else { None }
    }

    fn to_cells(&self, money: &Money) -> Vec<Option<Scalar>> {
        vec![Some(Scalar::Integer(money.micros)), cells::text(&money.currency)]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        match (cells.integer(), cells.text()) {
            (Some(micros), Some(currency)) => Some(Value::Money(Money { micros, currency })),
            _ => None,
        }
    }

    fn parse(&self, given: &Given<'_, Money>) -> Result<Value, Issues> {
        Ok(money(given)?)
    }

    fn serialize<S: Serializer>(&self, money: &Money, serializer: S) -> Result<S::Ok, S::Error> {
        money.to_json().serialize(serializer)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        let micros = parse_scaled(json.get("amount")?, Money::DECIMALS).ok()?;
        let currency = json.get("currency")?.as_str()?.to_owned();
        Some(Value::Money(Money { micros, currency }))
    }

    fn display(&self, money: &Money) -> String {
        money.to_string()
    }

    fn search_text(&self, _money: &Money) -> String {
        String::new()
    }
}

/// An amount as a number, a text such as `12,500 EUR`, or its amount and currency apart.
fn money(given: &Given<'_, Money>) -> Parsed<Value> {
    let Given { json, current, .. } = *given;
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
            || {
                current
                    .map_or_else(|| given.locale.currency.code().to_owned(), |money| money.currency.clone())
            },
            |known| known.code().to_owned(),
        ),
    };
    let money = Money { micros, currency };
    check_decimals(&money).map_err(at)?;
    if given.field.is_never_negative && micros < 0 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_a_person_writes_it() {
        let money = |micros| Money { micros, currency: "EUR".to_owned() }.to_string();
        assert_eq!(money(12_500_500_000), "12,500.50 EUR");
        assert_eq!(money(-1_000_000_000_000), "-1,000,000 EUR");
        assert_eq!(money(999_000_000), "999 EUR");
    }
}
