//! The deals: two for each account, entered as leads and moved on through the stages.

use kontor_core::{ids::RecordId, time::Date};
use serde_json::{Map, Value as Json, json};

use super::{
    business::{AccountBook, Book},
    data::DEAL_KINDS,
    filler::{Filler, fields},
};
use crate::Error;

/// The stage each account's two deals have reached: the older the account, the more is decided.
const REACHED: [[&str; 2]; 30] = [
    ["CLOSED_WON", "PROPOSAL"],
    ["CLOSED_WON", "NEGOTIATION"],
    ["CLOSED_LOST", "LEAD"],
    ["CLOSED_WON", "QUALIFIED"],
    ["CLOSED_LOST", "PROPOSAL"],
    ["CLOSED_WON", "LEAD"],
    ["CLOSED_WON", "NEGOTIATION"],
    ["NEGOTIATION", "QUALIFIED"],
    ["CLOSED_WON", "PROPOSAL"],
    ["CLOSED_LOST", "LEAD"],
    ["CLOSED_WON", "PROPOSAL"],
    ["NEGOTIATION", "LEAD"],
    ["PROPOSAL", "QUALIFIED"],
    ["CLOSED_LOST", "QUALIFIED"],
    ["NEGOTIATION", "PROPOSAL"],
    ["CLOSED_WON", "LEAD"],
    ["PROPOSAL", "QUALIFIED"],
    ["NEGOTIATION", "LEAD"],
    ["QUALIFIED", "PROPOSAL"],
    ["CLOSED_LOST", "QUALIFIED"],
    ["NEGOTIATION", "PROPOSAL"],
    ["QUALIFIED", "LEAD"],
    ["PROPOSAL", "LEAD"],
    ["CLOSED_WON", "NEGOTIATION"],
    ["QUALIFIED", "LEAD"],
    ["PROPOSAL", "QUALIFIED"],
    ["LEAD", "QUALIFIED"],
    ["QUALIFIED", "LEAD"],
    ["NEGOTIATION", "LEAD"],
    ["PROPOSAL", "LEAD"],
];
const ORDER: [&str; 6] = ["LEAD", "CLOSED_LOST", "QUALIFIED", "PROPOSAL", "NEGOTIATION", "CLOSED_WON"];
/// The most moves a deal makes.
const MOVES: i64 = 4;

pub(super) struct DealBook {
    pub id: RecordId,
    pub stage: &'static str,
    pub close_date: Date,
}

impl DealBook {
    pub(super) fn is_open(&self) -> bool {
        !self.stage.starts_with("CLOSED")
    }
}

/// Whether an account has bought something.
pub(super) fn has_won(account: usize) -> bool {
    REACHED[account % REACHED.len()].contains(&"CLOSED_WON")
}

/// The furthest stage an account's deals have reached.
pub(super) fn furthest(account: usize) -> &'static str {
    let [one, other] = REACHED[account % REACHED.len()];
    let rank = |stage: &str| ORDER.iter().position(|known| *known == stage);
    if rank(one) >= rank(other) { one } else { other }
}

/// Enters the deals and moves them to where they stand.
pub(super) async fn sell(filler: &mut Filler<'_, '_, '_>, book: &mut Book) -> Result<(), Error> {
    let mut first = 0;
    while let Some(age) = book.accounts.get(first).map(|account| account.age) {
        let group = book.accounts[first..].iter().take_while(|account| account.age == age).count();
        let accounts = &mut book.accounts[first..first + group];
        enter(filler, accounts, first, age - 2).await?;
        for step in 1..=MOVES {
            advance(filler, accounts, step, age - 3).await?;
        }
        first += group;
    }
    Ok(())
}

async fn enter(
    filler: &mut Filler<'_, '_, '_>,
    accounts: &mut [AccountBook],
    first: usize,
    age: i64,
) -> Result<(), Error> {
    let mut rows = Vec::new();
    let mut planned = Vec::new();
    for (index, account) in accounts.iter().enumerate() {
        let kind = filler.dice.below(DEAL_KINDS.len());
        for (number, stage) in REACHED[(first + index) % REACHED.len()].into_iter().enumerate() {
            let close_date = close_date(filler, stage, age - 1);
            let kind = DEAL_KINDS[(kind + number * 3) % DEAL_KINDS.len()];
            rows.push(deal(filler, account, kind, stage, close_date));
            planned.push((stage, close_date));
        }
    }
    let at = filler.moment(age, 14 * 60);
    let ids = filler.create("deal", first % 2, at, rows).await?;
    let mut deals =
        ids.into_iter().zip(planned).map(|(id, (stage, close_date))| DealBook { id, stage, close_date });
    for account in accounts {
        account.deals = deals.by_ref().take(2).collect();
    }
    Ok(())
}

/// Moves every deal that goes that far one stage on.
async fn advance(
    filler: &mut Filler<'_, '_, '_>,
    accounts: &[AccountBook],
    step: i64,
    age: i64,
) -> Result<(), Error> {
    let days_ago = move_age(age, step);
    let mut changes = Vec::new();
    for deal in accounts.iter().flat_map(|account| &account.deals) {
        let way = way(deal.stage);
        let Some(stage) = usize::try_from(step - 1).ok().and_then(|index| way.get(index)) else { continue };
        let mut change = fields(json!({"stage": stage}));
        let forecast = match *stage {
            "PROPOSAL" => Some("BEST_CASE"),
            "NEGOTIATION" => Some("COMMIT"),
            "CLOSED_WON" => Some("CLOSED"),
            "CLOSED_LOST" => Some("OMITTED"),
            _ => None,
        };
        change.extend(forecast.map(|category| ("forecast_category".to_owned(), json!(category))));
        if stage.starts_with("CLOSED") {
            change.insert("close_date".to_owned(), json!(filler.date(days_ago)));
        }
        changes.push((deal.id, change));
    }
    let at = filler.moment(days_ago, 15 * 60);
    let by = usize::try_from(step).unwrap_or(0) % 2;
    filler.update("deal", by, at, changes).await
}

/// The stages after the first that lead to one.
fn way(stage: &str) -> &'static [&'static str] {
    match stage {
        "QUALIFIED" => &["QUALIFIED"],
        "PROPOSAL" => &["QUALIFIED", "PROPOSAL"],
        "NEGOTIATION" => &["QUALIFIED", "PROPOSAL", "NEGOTIATION"],
        "CLOSED_WON" => &["QUALIFIED", "PROPOSAL", "NEGOTIATION", "CLOSED_WON"],
        "CLOSED_LOST" => &["QUALIFIED", "PROPOSAL", "CLOSED_LOST"],
        _ => &[],
    }
}

/// How many days ago a move was made, spread evenly over a deal's life.
fn move_age(age: i64, step: i64) -> i64 {
    (age * (MOVES + 1 - step) / (MOVES + 1)).max(1)
}

fn close_date(filler: &Filler<'_, '_, '_>, stage: &str, age: i64) -> Date {
    let days_ago = match stage {
        "CLOSED_WON" => move_age(age, 4) + filler.dice.between(-6, 6),
        "CLOSED_LOST" => move_age(age, 3) + filler.dice.between(-6, 6),
        // Some deals are late: somebody has to ask about them.
        _ if filler.dice.chance(12) => filler.dice.between(1, 9),
        "NEGOTIATION" => -filler.dice.between(2, 25),
        "PROPOSAL" => -filler.dice.between(7, 50),
        _ => -filler.dice.between(20, 95),
    };
    filler.date(days_ago)
}

fn deal(
    filler: &Filler<'_, '_, '_>,
    account: &AccountBook,
    kind: &str,
    stage: &str,
    close_date: Date,
) -> Map<String, Json> {
    let thousands = match account.data.segment {
        "ENTERPRISE" => filler.dice.between(8, 48) * 5_000,
        "MID_MARKET" => filler.dice.between(12, 80) * 1_000,
        _ => filler.dice.between(4, 30) * 500,
    };
    let mut row = fields(json!({
        "name": format!("{} {kind}", account.data.short),
        "close_date": close_date,
        "account": account.id,
        "contact": account.contacts.get(filler.dice.below(account.contacts.len())).map(|contact| contact.id),
        "owner": filler.person(account.owner),
    }));
    if stage != "LEAD" || filler.dice.chance(75) {
        row.insert(
            "amount".to_owned(),
            json!({"amount": thousands, "currency": account.data.country.currency()}),
        );
    }
    row
}
