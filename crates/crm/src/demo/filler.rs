//! Making records at the times and in the names of those who would have made them.

use std::sync::Arc;

use kontor_core::{
    actor::Principal,
    caller::Caller,
    environment::{Environment, ManualClock, SeededRandom},
    ids::RecordId,
    time::{Date, Timestamp},
};
use serde_json::{Map, Value as Json, json};

use super::{DemoMember, DemoMembers, dice::Dice};
use crate::{
    Error, Work,
    records::{self, BatchInput, BatchUpdate},
};

const MICROS_A_DAY: i64 = 86_400_000_000;
const MICROS_A_MINUTE: i64 = 60_000_000;
/// 1970-01-01 as a Julian day.
const EPOCH_JULIAN_DAY: i64 = 2_440_588;

/// One of the two members, by number.
pub(super) type Person = usize;

/// Which business it is: the same one on every day, so that what the documents ask of it can always be done.
const BUSINESS: u64 = 2;

pub(super) struct Filler<'f, 'a, 'c> {
    work: &'f mut Work<'a, 'c>,
    people: [Caller; 2],
    today: Date,
    /// Makes the ids: seeded, so that links into the demonstration hold from one run to the next.
    random: Arc<SeededRandom>,
    pub dice: Dice,
}

impl<'f, 'a, 'c> Filler<'f, 'a, 'c> {
    pub(super) fn new(work: &'f mut Work<'a, 'c>, members: &DemoMembers, today: Date) -> Self {
        let day = u64::from(today.inner().to_julian_day().unsigned_abs());
        let people = [&members.ada, &members.max].map(|member| acting(work.caller, member));
        Self {
            work,
            people,
            today,
            random: Arc::new(SeededRandom::new(day.rotate_left(32))),
            dice: Dice::new(BUSINESS),
        }
    }

    /// The id of a member's record.
    pub(super) fn person(&self, person: Person) -> Json {
        json!(self.people[person].member())
    }

    /// The date so many days ago; in the future when negative.
    pub(super) fn date(&self, days_ago: i64) -> Date {
        self.today.plus_days(-days_ago)
    }

    /// An instant of a working day about so many days ago.
    pub(super) fn moment(&self, days_ago: i64, minute_of_day: i64) -> Timestamp {
        let weekend = match self.date(days_ago).inner().weekday().number_days_from_monday() {
            5 => 1,
            6 => 2,
            _ => 0,
        };
        // Friday rather than Monday, which might not have come yet.
        let date = self.date(days_ago + weekend).inner();
        let days = i64::from(date.to_julian_day()) - EPOCH_JULIAN_DAY;
        Timestamp::from_micros(days * MICROS_A_DAY + minute_of_day * MICROS_A_MINUTE)
    }

    /// A minute of the working day.
    pub(super) fn minute(&self) -> i64 {
        self.dice.between(8 * 60, 17 * 60)
    }

    /// Creates records of one object at one moment and answers their ids in order.
    pub(super) async fn create(
        &mut self,
        object: &str,
        by: Person,
        at: Timestamp,
        fields: Vec<Map<String, Json>>,
    ) -> Result<Vec<RecordId>, Error> {
        if fields.is_empty() {
            return Ok(Vec::new());
        }
        self.batch(object, by, at, BatchInput::Create(fields)).await
    }

    /// Changes records of one object at one moment.
    pub(super) async fn update(
        &mut self,
        object: &str,
        by: Person,
        at: Timestamp,
        changes: Vec<(RecordId, Map<String, Json>)>,
    ) -> Result<(), Error> {
        if changes.is_empty() {
            return Ok(());
        }
        let changes = changes.into_iter().map(|(id, fields)| BatchUpdate { id, fields }).collect();
        self.batch(object, by, at, BatchInput::Update(changes)).await.map(drop)
    }

    async fn batch(
        &mut self,
        object: &str,
        by: Person,
        at: Timestamp,
        input: BatchInput,
    ) -> Result<Vec<RecordId>, Error> {
        let object = self
            .work
            .schema
            .object(object)
            .ok_or_else(|| Error::unknown_object(object, self.work.schema, &self.work.caller.grants))?;
        let now = at.min(self.work.now);
        let environment = Environment::new(Arc::new(ManualClock::at(now)), self.random.clone());
        let mut work = Work::new(&mut *self.work.tx, &self.people[by], self.work.schema, &environment, now);
        let made = records::batch(&mut work, object, &input).await?;
        Ok(made.into_iter().map(|record| record.id).collect())
    }
}

fn acting(caller: &Caller, member: &DemoMember) -> Caller {
    let principal = Principal::Member { id: member.id, name: member.name.clone() };
    Caller { principal, ..caller.clone() }
}

/// An object's fields from a JSON literal.
pub(super) fn fields(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}
