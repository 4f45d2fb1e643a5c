//! A believable small business to look at: half a year of accounts, contacts, deals moving through their
//! stages, activities, leads, tasks and notes, the same on every run of one day. On another day it is the same
//! business, at dates around that day.
//!
//! Everything goes through the same use cases as a person's work, at the times at which it would have
//! happened, so that timelines, events and search are as full as the tables.

mod business;
mod data;
mod diary;
mod dice;
mod filler;
mod pipeline;

use kontor_core::{ids::MemberId, time::Date};

use self::filler::Filler;
use crate::{Error, Work};

/// A member in whose name demonstration records are made.
#[derive(Debug, Clone)]
pub struct DemoMember {
    pub id: MemberId,
    pub name: String,
}

/// The two who share the demonstration business between them.
#[derive(Debug, Clone)]
pub struct DemoMembers {
    pub ada: DemoMember,
    pub max: DemoMember,
}

/// Fills an empty workspace with the business as it stands on `today`. The records are made with the grants of
/// the work's caller, in the members' names.
pub async fn fill(work: &mut Work<'_, '_>, members: &DemoMembers, today: Date) -> Result<(), Error> {
    let mut filler = Filler::new(work, members, today);
    let mut book = business::found(&mut filler).await?;
    pipeline::sell(&mut filler, &mut book).await?;
    business::gather_leads(&mut filler, &book).await?;
    diary::log_activities(&mut filler, &book).await?;
    diary::plan_tasks(&mut filler, &book).await?;
    diary::write_notes(&mut filler, &book).await
}
