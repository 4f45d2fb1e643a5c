//! The records of a member who goes are given to another: a bounded number in a transaction, each changed as by any
//! other write.

use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    grants::Action,
    ids::{MemberId, RecordId},
    metadata::{Field, Object, Schema, system_fields},
    time::Timestamp,
};
use kontor_store::Tx;
use sea_query::{Alias, Condition, Expr, ExprTrait as _, Order, Query};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::{
    Crm, Error, Work,
    records::{self, BASE, col},
};

/// Records that are handed over in one transaction.
const BATCH: usize = 50;
/// Fields that say who did something, which stays so.
const DOERS: [&str; 1] = ["performed_by"];

/// From whom to whom records go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandOverOf {
    pub from: MemberId,
    pub to: MemberId,
}

/// What became of some of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandedOver {
    /// Records that were changed.
    pub handed_over: i64,
    /// Records that the caller could not change, of those that they may read.
    pub left_over: i64,
    /// Whether there are others that they may not read, which are left and not counted.
    pub has_hidden: bool,
    /// Where to go on; nothing where all is done.
    pub place: Option<String>,
}

/// What became of one.
enum Given {
    Changed,
    /// The caller may read it and not change it so.
    Left,
    /// The caller may not know that it is there.
    Hidden,
}

/// A record that belongs to the member, with what of it is changed.
struct Owned {
    id: RecordId,
    patch: Map<String, Json>,
}

impl Crm {
    /// Hands some records over, as the caller and with their grants; in a unit of work that goes on from `place` each
    /// time. What the caller may not change is left, and counted where they may read it.
    ///
    /// # Errors
    /// What the database said.
    pub async fn hand_over(
        &self,
        tx: &mut Tx<'_>,
        caller: &Caller,
        of: HandOverOf,
        place: Option<&str>,
        now: Timestamp,
    ) -> Result<HandedOver, Error> {
        let schema = self.schema_within(tx, caller.workspace).await?;
        let (begin, mut after) = parsed(place);
        let mut done = HandedOver::default();
        let mut room = BATCH;
        for object in owned_objects(&schema).filter(|object| object.name.as_str() >= begin.as_str()) {
            if object.name.as_str() != begin {
                after = None;
            }
            loop {
                let found = page(tx, &object, of, after, room).await?;
                let is_last = found.len() < room;
                for owned in &found {
                    match self.give(tx, caller, &schema, &object, owned, now).await? {
                        Given::Changed => done.handed_over += 1,
                        Given::Left => done.left_over += 1,
                        Given::Hidden => done.has_hidden = true,
                    }
                }
                room -= found.len();
                after = found.last().map(|owned| owned.id).or(after);
                if room == 0 {
                    let last = after.map_or_else(Uuid::nil, RecordId::as_uuid);
                    done.place = Some(format!("{} {last}", object.name));
                    return Ok(done);
                }
                if is_last {
                    break;
                }
            }
        }
        Ok(done)
    }

    /// Changes one record, where the caller can.
    async fn give(
        &self,
        tx: &mut Tx<'_>,
        caller: &Caller,
        schema: &Arc<Schema>,
        object: &Arc<Object>,
        owned: &Owned,
        now: Timestamp,
    ) -> Result<Given, Error> {
        let arguments = (self.environment(), caller, schema, object, owned);
        // What is found to be wrong only after it was written is undone, and the others are gone on with.
        let given = tx.savepoint(&arguments, |tx, (environment, caller, schema, object, owned)| {
            Box::pin(async move {
                let mut work = Work::new(tx, caller, schema, environment, now);
                records::update(&mut work, object, owned.id, &owned.patch, None).await.map(drop)
            })
        });
        match given.await {
            Ok(()) => Ok(Given::Changed),
            Err(Error::NotFound { .. }) => Ok(Given::Hidden),
            Err(error) if error.is_mistake() => match caller.grants.allows(&object.name, Action::Read) {
                true => Ok(Given::Left),
                false => Ok(Given::Hidden),
            },
            Err(error) => Err(error),
        }
    }
}

/// The objects whose records can belong to a member, by name.
fn owned_objects(schema: &Schema) -> impl Iterator<Item = Arc<Object>> {
    let mut objects: Vec<_> = schema
        .objects()
        .iter()
        .filter(|object| !object.is_read_only && owning(object).next().is_some())
        .cloned()
        .collect();
    objects.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
    objects.into_iter()
}

/// The fields that say to whom a record belongs.
fn owning(object: &Object) -> impl Iterator<Item = &Field> {
    object.fields.iter().filter(|field| {
        let points_to = field.kind.relation();
        points_to.is_some_and(|object| object.as_str() == "member")
            && !field.is_system
            && !DOERS.contains(&field.name.as_str())
    })
}

/// The first records behind one that belong to the member, in the order of their ids.
async fn page(
    tx: &mut Tx<'_>,
    object: &Object,
    of: HandOverOf,
    after: Option<RecordId>,
    limit: usize,
) -> Result<Vec<Owned>, Error> {
    let fields: Vec<&Field> = owning(object).collect();
    let column = |field: &Field| col(BASE, &field.column_name("id"));
    let mut statement = Query::select();
    statement.expr(col(BASE, system_fields::ID));
    let mut belongs = Condition::any();
    for field in &fields {
        statement.expr(column(field));
        belongs = belongs.add(column(field).eq(of.from.as_uuid()));
    }
    statement
        .from_as(tx.table(&object.table()), Alias::new(BASE))
        .cond_where(belongs)
        .and_where(col(BASE, system_fields::DELETED_AT).is_null())
        .and_where_option(after.map(|after| col(BASE, system_fields::ID).gt(after.as_uuid())))
        .order_by_expr(Expr::col((Alias::new(BASE), Alias::new(system_fields::ID))), Order::Asc)
        .limit(limit as u64);
    let mut found = Vec::new();
    for row in tx.fetch_all(&statement).await? {
        let mut patch = Map::new();
        for (index, field) in fields.iter().enumerate() {
            let owner: Option<Uuid> = row.get(index + 1)?;
            if owner == Some(of.from.as_uuid()) {
                patch.insert(field.name.to_string(), Json::from(of.to.to_string()));
            }
        }
        found.push(Owned { id: RecordId(row.get(0)?), patch });
    }
    Ok(found)
}

/// The object and the record that were last.
fn parsed(place: Option<&str>) -> (String, Option<RecordId>) {
    let (object, id) = place.and_then(|place| place.split_once(' ')).unwrap_or_default();
    (object.to_owned(), id.parse().ok())
}
