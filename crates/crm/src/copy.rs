//! The records of a workspace with what says what they are, taken to be put into another workspace, which is empty:
//! the newest of each object up to a bound, and with them those that they point to.
//!
//! Search index and claimed values are made anew of what came over. Events, keys and lists' states stay behind.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use kontor_core::{
    caller::Caller,
    environment::Environment,
    grants::Action,
    ids::RecordId,
    metadata::{Field, Object, Schema, system_fields},
};
use kontor_store::{TableRows, Tx};
use sea_query::{Alias, Asterisk, Expr, ExprTrait as _, Order, Query, SelectStatement};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Crm, Error, Work, data_steps, members, metadata,
    records::{BASE, col, predicate},
};

/// Records that are read at one time.
const PART: u64 = 500;
/// How often it is looked for what the records point to that came with the ones before.
const ROUNDS: usize = 3;

const METADATA: [&str; 3] = ["metadata_version", "metadata_objects", "metadata_fields"];
const TIMELINE: &str = "timeline_entries";

/// How much of a workspace is copied.
#[derive(Debug, Clone, Copy)]
pub struct CopyBounds {
    /// Records of each object, the newest.
    pub of_each_object: usize,
    /// Records in all.
    pub records: usize,
    /// Bytes of records and of their timelines, each about.
    pub bytes: usize,
}

impl CopyBounds {
    /// What records are made of, and none of them but members.
    pub const NO_RECORDS: Self = Self { of_each_object: 0, records: 0, bytes: 0 };
}

/// How much of a workspace was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Copied {
    /// Records in all, members not counted.
    pub records: usize,
    /// Whether these are all there are.
    pub is_whole: bool,
}

/// What was taken of a workspace.
pub struct TakenRecords {
    metadata: Vec<TableRows>,
    records: Vec<TableRows>,
    timeline: TableRows,
    pub copied: Copied,
}

/// The records that were taken, by the names of their objects.
struct Taking<'s> {
    schema: &'s Arc<Schema>,
    bounds: CopyBounds,
    rows: BTreeMap<String, TableRows>,
    known: BTreeMap<String, BTreeSet<Uuid>>,
    bytes: usize,
    is_whole: bool,
}

impl Crm {
    /// Takes what `reader` may read of the records, `also` in any case, and who the members are.
    ///
    /// # Errors
    /// What the database said.
    pub async fn take_records(
        tx: &mut Tx<'_>,
        environment: &Environment,
        reader: &Caller,
        bounds: CopyBounds,
        also: Option<(&str, RecordId)>,
    ) -> Result<TakenRecords, Error> {
        let schema = Arc::new(metadata::schema(tx).await?);
        let metadata = take_metadata(tx).await?;
        let mut taking = Taking {
            schema: &schema,
            bounds,
            rows: BTreeMap::new(),
            known: BTreeMap::new(),
            bytes: 0,
            is_whole: true,
        };
        let everybody = Caller::system(reader.workspace);
        let mut work = Work::new(tx, &everybody, &schema, environment, environment.now());
        if let Some(member) = schema.object(members::OBJECT) {
            taking.take_newest(&mut work, member, usize::MAX).await?;
        }
        let members = taking.count();
        let mut work = Work::new(tx, reader, &schema, environment, environment.now());
        for object in schema.objects().iter().filter(|object| object.name.as_str() != members::OBJECT) {
            taking.take_newest(&mut work, object, bounds.of_each_object).await?;
        }
        if let Some((object, id)) = also
            && let Some(object) = schema.object(object)
        {
            taking.take_these(&mut work, object, &[id.as_uuid()]).await?;
        }
        if bounds.records > 0 {
            taking.take_what_is_pointed_to(&mut work).await?;
        }
        taking.clear_what_is_missing();
        let timeline = taking.timeline(tx).await?;
        let copied = Copied { records: taking.count() - members, is_whole: taking.is_whole };
        Ok(TakenRecords { metadata, records: taking.rows.into_values().collect(), timeline, copied })
    }

    /// Takes what says what records are, and no record.
    ///
    /// # Errors
    /// What the database said.
    pub async fn take_objects(tx: &mut Tx<'_>) -> Result<TakenRecords, Error> {
        let metadata = take_metadata(tx).await?;
        let copied = Copied { records: 0, is_whole: false };
        Ok(TakenRecords { metadata, records: Vec::new(), timeline: TableRows::none(TIMELINE), copied })
    }

    /// Puts them into a workspace that has no objects yet, on SQLite; within `alter`.
    ///
    /// # Errors
    /// What the database said.
    pub async fn put_records(tx: &mut Tx<'_>, taken: &TakenRecords) -> Result<(), Error> {
        let none = Query::delete().from_table(tx.table(METADATA[0])).take();
        tx.execute(&none).await?;
        for rows in &taken.metadata {
            tx.put_rows(rows).await?;
        }
        let schema = metadata::schema(tx).await?;
        metadata::create_tables(tx, schema.objects()).await?;
        for rows in taken.records.iter().chain([&taken.timeline]) {
            tx.put_rows(rows).await?;
        }
        let mut place = Some(Uuid::nil());
        while let Some(after) = place {
            place = data_steps::index_part(tx, after, false).await?;
        }
        Ok(())
    }
}

async fn take_metadata(tx: &mut Tx<'_>) -> Result<Vec<TableRows>, Error> {
    let mut taken = Vec::new();
    for table in METADATA {
        let all = Query::select().column(Asterisk).from(tx.table(table)).take();
        taken.push(tx.take_rows(table, &all).await?);
    }
    Ok(taken)
}

impl Taking<'_> {
    fn count(&self) -> usize {
        self.rows.values().map(TableRows::len).sum()
    }

    fn is_full(&self) -> bool {
        self.count() >= self.bounds.records || self.bytes >= self.bounds.bytes
    }

    /// Takes the newest records of an object that the work's caller may read.
    async fn take_newest(
        &mut self,
        work: &mut Work<'_, '_>,
        object: &Arc<Object>,
        most: usize,
    ) -> Result<(), Error> {
        let Some(select) = readable(work, object) else { return Ok(()) };
        let mut before = None;
        let mut taken = 0;
        loop {
            let mut page = select.clone();
            if let Some(before) = before {
                page.and_where(col(BASE, system_fields::ID).lt(before));
            }
            page.order_by_expr(col(BASE, system_fields::ID), Order::Desc);
            let room = if most < usize::MAX && self.is_full() { 0 } else { most.saturating_sub(taken) };
            page.limit(u64::try_from(room).unwrap_or(PART).clamp(1, PART));
            let rows = work.tx.take_rows(&object.table(), &page).await?;
            if room == 0 {
                self.is_whole &= rows.is_empty();
                return Ok(());
            }
            let Some(last) = rows.ids(system_fields::ID).last().copied() else { return Ok(()) };
            (before, taken) = (Some(last), taken + rows.len());
            self.add(object, rows);
        }
    }

    /// Takes records that the taken ones point to, and those that these point to.
    async fn take_what_is_pointed_to(&mut self, work: &mut Work<'_, '_>) -> Result<(), Error> {
        for _ in 0..ROUNDS {
            let mut wanted: BTreeMap<String, BTreeSet<Uuid>> = BTreeMap::new();
            for (object, column, target) in references(self.schema) {
                let Some(rows) = self.rows.get(object.name.as_str()) else { continue };
                let known = self.known.get(target.name.as_str());
                let missing =
                    rows.ids(&column).into_iter().filter(|id| !known.is_some_and(|known| known.contains(id)));
                wanted.entry(target.name.to_string()).or_default().extend(missing);
            }
            wanted.retain(|_, ids| !ids.is_empty());
            if wanted.is_empty() {
                return Ok(());
            }
            for (name, ids) in wanted {
                let Some(object) = self.schema.object(&name).cloned() else { continue };
                let ids: Vec<Uuid> = ids.into_iter().collect();
                for part in ids.chunks(PART as usize) {
                    if self.is_full() {
                        return Ok(());
                    }
                    self.take_these(work, &object, part).await?;
                }
            }
        }
        Ok(())
    }

    /// Takes those of these records that the work's caller may read and that are not taken.
    async fn take_these(
        &mut self,
        work: &mut Work<'_, '_>,
        object: &Arc<Object>,
        ids: &[Uuid],
    ) -> Result<(), Error> {
        let Some(mut these) = readable(work, object) else { return Ok(()) };
        let known = self.known.get(object.name.as_str());
        let missing: Vec<Uuid> =
            ids.iter().copied().filter(|id| !known.is_some_and(|known| known.contains(id))).collect();
        these.and_where(col(BASE, system_fields::ID).is_in(missing));
        let rows = work.tx.take_rows(&object.table(), &these).await?;
        self.add(object, rows);
        Ok(())
    }

    fn add(&mut self, object: &Object, rows: TableRows) {
        self.bytes += rows.bytes();
        self.known.entry(object.name.to_string()).or_default().extend(rows.ids(system_fields::ID));
        self.rows.entry(object.name.to_string()).or_default().extend(rows);
    }

    /// What points to a record that stays behind points nowhere.
    fn clear_what_is_missing(&mut self) {
        for (object, column, target) in references(self.schema) {
            let known = self.known.get(target.name.as_str());
            if let Some(rows) = self.rows.get_mut(object.name.as_str()) {
                rows.clear_unless(&column, |id| known.is_some_and(|known| known.contains(&id)));
            }
        }
    }

    /// What happened to the records that were taken, as far as there is room for it.
    async fn timeline(&self, tx: &mut Tx<'_>) -> Result<TableRows, Error> {
        let mut taken = TableRows::none(TIMELINE);
        let ids: Vec<Uuid> = self.known.values().flatten().copied().collect();
        for part in ids.chunks(PART as usize) {
            if taken.bytes() >= self.bounds.bytes {
                break;
            }
            let select = Query::select()
                .column(Asterisk)
                .from(tx.table(TIMELINE))
                .and_where(Expr::col("record_id").is_in(part.iter().copied()))
                .order_by("id", Order::Desc)
                .limit(PART * 20)
                .take();
            taken.extend(tx.take_rows(TIMELINE, &select).await?);
        }
        Ok(taken)
    }
}

/// All columns of the records of an object that the work's caller may read; nothing where it may read none.
fn readable(work: &Work<'_, '_>, object: &Object) -> Option<SelectStatement> {
    if !work.caller.grants.allows(&object.name, Action::Read) {
        return None;
    }
    let mut select = Query::select();
    select.column((Alias::new(BASE), Asterisk)).from_as(work.tx.table(&object.table()), Alias::new(BASE));
    if let Some(rules) = predicate(work, object, BASE, Action::Read) {
        select.and_where(rules);
    }
    Some(select)
}

/// The columns that refer to records, each with its object and the object of those.
fn references(schema: &Schema) -> impl Iterator<Item = (&Arc<Object>, String, &Arc<Object>)> {
    let columns = schema
        .objects()
        .iter()
        .flat_map(|object| object.fields.iter().flat_map(Field::columns).map(move |column| (object, column)));
    columns.filter_map(|(object, column)| {
        let table = column.references?;
        let target = schema.objects().iter().find(|target| target.table() == table)?;
        Some((object, column.name, target))
    })
}
