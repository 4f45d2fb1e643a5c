//! What was done and is to do: activities, tasks and notes about accounts, their people and their deals.

use kontor_core::time::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::{
    business::{AccountBook, Book},
    data::{CALLS, EMAILS, MEETINGS, NOTES, TASKS},
    filler::{Filler, Person, fields},
};
use crate::Error;

const ACTIVITIES: usize = 300;
const ACTIVITIES_A_BATCH: usize = 25;
const TASK_COUNT: usize = 30;
const NOTE_COUNT: usize = 24;

/// Logs the activities of half a year, each soon after it took place.
pub(super) async fn log_activities(filler: &mut Filler<'_, '_, '_>, book: &Book) -> Result<(), Error> {
    let mut planned: Vec<_> = (0..ACTIVITIES).map(|_| activity(filler, book)).collect();
    planned.sort_by_key(|activity| activity.at);
    for batch in planned.chunks(ACTIVITIES_A_BATCH) {
        for person in [0, 1] {
            let own: Vec<_> = batch.iter().filter(|activity| activity.by == person).collect();
            if let Some(last) = own.last() {
                let rows = own.iter().map(|activity| activity.row.clone()).collect();
                filler.create("activity", person, last.at, rows).await?;
            }
        }
    }
    Ok(())
}

struct Activity {
    at: Timestamp,
    by: Person,
    row: Map<String, Json>,
}

fn activity(filler: &Filler<'_, '_, '_>, book: &Book) -> Activity {
    let account = filler.dice.pick(&book.accounts);
    // Everything was entered in the account's first days, so an activity never comes before its target.
    let at = filler.moment(filler.dice.between(1, account.age - 5), filler.minute());
    let (kind, texts, properties) = match filler.dice.below(100) {
        0..45 => ("EMAIL", EMAILS, json!({"direction": filler.dice.pick(&["outgoing", "incoming"])})),
        45..80 => ("CALL", CALLS, json!({"duration_minutes": filler.dice.between(3, 40)})),
        _ => ("MEETING", MEETINGS, json!({"duration_minutes": filler.dice.between(2, 8) * 15})),
    };
    let text = filler.dice.pick(texts);
    let row = fields(json!({
        "type": kind,
        "subject": text.subject,
        "body": text.body,
        "happened_at": at,
        "performed_by": filler.person(account.owner),
        "owner": filler.person(account.owner),
        "target": target(filler, account),
        "properties": properties,
    }));
    Activity { at, by: account.owner, row }
}

/// Enters what is to do in the two weeks to come, and what was to do last week.
pub(super) async fn plan_tasks(filler: &mut Filler<'_, '_, '_>, book: &Book) -> Result<(), Error> {
    let mut rows: [Vec<_>; 2] = Default::default();
    for number in 0..TASK_COUNT {
        let account = filler.dice.pick(&book.accounts);
        let text = &TASKS[number % TASKS.len()];
        let days_ago = filler.dice.between(-14, 6);
        let status = match days_ago {
            1.. if filler.dice.chance(80) => "DONE",
            ..=0 if filler.dice.chance(20) => "IN_PROGRESS",
            _ => "TODO",
        };
        rows[account.owner].push(fields(json!({
            "title": text.subject,
            "body": text.body,
            "status": status,
            "due_at": filler.moment(days_ago, 17 * 60),
            "assignee": filler.person(account.owner),
            "owner": filler.person(account.owner),
            "target": open_deal_or_contact(filler, account),
        })));
    }
    for (person, rows) in rows.into_iter().enumerate() {
        let at = filler.moment(9, 16 * 60);
        filler.create("task", person, at, rows).await?;
    }
    Ok(())
}

pub(super) async fn write_notes(filler: &mut Filler<'_, '_, '_>, book: &Book) -> Result<(), Error> {
    let mut rows: [Vec<_>; 2] = Default::default();
    for number in 0..NOTE_COUNT {
        let account = filler.dice.pick(&book.accounts);
        let text = &NOTES[number % NOTES.len()];
        rows[account.owner].push(fields(json!({
            "title": text.subject,
            "body": text.body,
            "owner": filler.person(account.owner),
            "target": target(filler, account),
        })));
    }
    for (person, rows) in rows.into_iter().enumerate() {
        let at = filler.moment(6, 13 * 60);
        filler.create("note", person, at, rows).await?;
    }
    Ok(())
}

/// One of the account's people or deals, or the account itself.
fn target(filler: &Filler<'_, '_, '_>, account: &AccountBook) -> Json {
    match filler.dice.below(100) {
        0..45 => contact(filler, account),
        45..90 => json!({"object": "deal", "id": filler.dice.pick(&account.deals).id}),
        _ => json!({"object": "account", "id": account.id}),
    }
}

fn open_deal_or_contact(filler: &Filler<'_, '_, '_>, account: &AccountBook) -> Json {
    match account.deals.iter().filter(|deal| deal.is_open()).min_by_key(|deal| deal.close_date) {
        Some(deal) => json!({"object": "deal", "id": deal.id}),
        None => contact(filler, account),
    }
}

fn contact(filler: &Filler<'_, '_, '_>, account: &AccountBook) -> Json {
    json!({"object": "contact", "id": filler.dice.pick(&account.contacts).id})
}
