//! The records that relations and targets point to: their names, and their fields where asked for. One
//! statement finds the names of all, whatever their objects.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use kontor_core::{
    error::Issue,
    filter::Readable as _,
    grants::Action,
    ids::RecordId,
    metadata::{Field, FieldKind, Name, Object, system_fields},
    reference::RecordReference,
    text,
    value::{FullName, Value, Values},
};
use kontor_store::Row;
use sea_query::{
    Alias, Asterisk, CaseStatement, Expr, ExprTrait, JoinType, Query, SelectStatement, UnionType,
};

use super::{
    access::predicate,
    record::{Record, RelatedRecord},
    rows::{BASE, Selection, col},
};
use crate::{Error, Work, kinds};

/// Records to be found, by object.
pub(crate) type Wanted = BTreeMap<Name, BTreeSet<RecordId>>;

/// A record that something points to.
pub(crate) struct Found {
    /// Its name, for what the system keeps.
    pub(crate) label: String,
    pub(crate) is_live: bool,
    /// Whether the caller may read the record.
    pub(crate) is_readable: bool,
    /// Whether the caller may read its name.
    is_named: bool,
}

/// The records found, by object and id.
#[derive(Default)]
pub(crate) struct Labels(HashMap<(Name, RecordId), Found>);

impl Labels {
    pub(crate) fn get(&self, object: &Name, id: RecordId) -> Option<&Found> {
        self.0.get(&(object.clone(), id))
    }

    /// The record's name, where the caller may read it.
    pub(crate) fn shown(&self, object: &Name, id: RecordId) -> Option<&str> {
        self.get(object, id).filter(|found| found.is_named).map(|found| found.label.as_str())
    }
}

/// Finds the names of records, deleted ones included.
pub(crate) async fn lookup(work: &mut Work<'_, '_>, wanted: &Wanted) -> Result<Labels, Error> {
    Ok(look(work, wanted, Probes::default()).await?.labels)
}

/// What is looked for beside names, by the same statement.
#[derive(Default)]
pub(crate) struct Probes {
    /// Whether any of these finds a record; they select nothing yet.
    pub(crate) taken: Vec<SelectStatement>,
    /// The names of what these find, each of one object; they select its [`name_columns`].
    pub(crate) similar: Vec<(Arc<Object>, SelectStatement)>,
}

/// What was found.
#[derive(Default)]
pub(crate) struct Looked {
    pub(crate) labels: Labels,
    pub(crate) is_taken: bool,
    /// In the order of the probes, each record once, those alone whose names the caller may read.
    pub(crate) similar: Vec<RecordReference>,
}

/// Finds the names of records, deleted ones included, and what the probes find.
pub(crate) async fn look(work: &mut Work<'_, '_>, wanted: &Wanted, probes: Probes) -> Result<Looked, Error> {
    let mut looked = Looked::default();
    let mut kinds = Vec::new();
    let mut selects = Vec::new();
    for (name, ids) in wanted.iter().filter(|(_, ids)| !ids.is_empty()) {
        let Some(object) = work.schema.object(name) else { continue };
        selects.push(names_of(work, object, ids, number_of(&kinds)));
        kinds.push(Kind::of(work, object));
    }
    let names = kinds.len();
    for (object, probe) in probes.similar {
        let mut select = Query::select();
        select.expr(Expr::val(number_of(&kinds))).column(Asterisk).from_subquery(probe, "p");
        selects.push(select);
        kinds.push(Kind::of(work, &object));
    }
    selects.extend(probes.taken.into_iter().map(found_by));
    let statement = selects.into_iter().reduce(|mut all, select| all.union(UnionType::All, select).take());
    let Some(statement) = statement else { return Ok(looked) };
    for mut row in work.tx.fetch_all(&statement).await? {
        let number = row.get::<usize>(0)?;
        match kinds.get(number) {
            None => looked.is_taken = true,
            Some(kind) if number < names => looked.labels.take(kind, &mut row, 1)?,
            Some(kind) => looked.take_similar(kind, &mut row)?,
        }
    }
    Ok(looked)
}

fn number_of(kinds: &[Kind]) -> i64 {
    i64::try_from(kinds.len()).unwrap_or(PROBE)
}

impl Looked {
    fn take_similar(&mut self, kind: &Kind, row: &mut Row) -> Result<(), Error> {
        let (object, id) = (&kind.object.name, RecordId(row.get(1)?));
        if self.similar.iter().any(|known| (&known.object, known.id) == (object, id)) {
            return Ok(());
        }
        let mut labels = Labels::default();
        labels.take(kind, row, 1)?;
        if let Some(label) = labels.shown(object, id) {
            self.similar.push(RecordReference { object: object.clone(), id, label: label.to_owned() });
        }
        Ok(())
    }
}

/// What a probe finds, in the columns that names are found in.
fn found_by(mut probe: SelectStatement) -> SelectStatement {
    probe
        .expr(Expr::val(PROBE))
        // Which record it is does not matter here.
        .expr(Expr::cust("CAST(NULL AS uuid)"))
        .exprs([no_text(), no_text()])
        .exprs([Expr::val(1), Expr::val(1)])
        .take()
}

/// An object whose names are read, and what the caller may see of it.
struct Kind {
    object: Arc<Object>,
    may_read: bool,
    may_read_names: bool,
}

impl Kind {
    fn of(work: &Work<'_, '_>, object: &Arc<Object>) -> Self {
        let grants = &work.caller.grants;
        Self {
            object: object.clone(),
            may_read: grants.allows(&object.name, Action::Read),
            may_read_names: grants.can_read_field(&object.name, &object.label_field),
        }
    }
}

impl Labels {
    /// Finds the names that are not known yet.
    pub(crate) async fn complete(
        &mut self,
        work: &mut Work<'_, '_>,
        mut wanted: Wanted,
    ) -> Result<(), Error> {
        for (object, ids) in &mut wanted {
            ids.retain(|id| self.get(object, *id).is_none());
        }
        self.0.extend(lookup(work, &wanted).await?.0);
        Ok(())
    }

    /// Takes a record's name from the columns of [`name_columns`] that begin at `index`.
    fn take(&mut self, kind: &Kind, row: &mut Row, index: usize) -> Result<(), Error> {
        let Some(id) = row.get::<Option<uuid::Uuid>>(index)?.map(RecordId) else { return Ok(()) };
        let name = FullName {
            first: row.take::<Option<String>>(index + 1)?.unwrap_or_default(),
            last: row.take::<Option<String>>(index + 2)?.unwrap_or_default(),
        };
        let name = name.to_string();
        let is_readable = kind.may_read && row.get::<i64>(index + 4)? == 1;
        let found = Found {
            label: if name.is_empty() { kind.object.label.clone() } else { name },
            is_live: row.get::<i64>(index + 3)? == 1,
            is_readable,
            is_named: is_readable && kind.may_read_names,
        };
        self.0.insert((kind.object.name.clone(), id), found);
        Ok(())
    }
}

/// Number and [`name_columns`] of some records.
fn names_of(work: &Work<'_, '_>, object: &Object, ids: &BTreeSet<RecordId>, index: i64) -> SelectStatement {
    Query::select()
        .expr(Expr::val(index))
        .exprs(name_columns(work, object, BASE))
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::ID).is_in(padded(ids)))
        .take()
}

/// In place of an object's number, where a row says that a probe found something.
const PROBE: i64 = i64::MAX;

fn no_text() -> Expr {
    Expr::cust("CAST(NULL AS text)")
}

/// How many columns [`name_columns`] are.
const NAME_COLUMNS: usize = 5;

/// Id, the texts that make the name, whether it is live and whether the caller may read it.
pub(crate) fn name_columns(work: &Work<'_, '_>, object: &Object, alias: &str) -> [Expr; NAME_COLUMNS] {
    let flag = |condition: Expr| Expr::Case(Box::new(CaseStatement::new().case(condition, 1).finally(0)));
    let (first, last) = match object.field(&object.label_field) {
        Some(field) => match kinds::of(&field.kind).name_parts {
            [] => (no_text(), no_text()),
            [first] => (col(alias, &field.column_name(first)), no_text()),
            [first, last, ..] => {
                (col(alias, &field.column_name(first)), col(alias, &field.column_name(last)))
            }
        },
        None => (no_text(), no_text()),
    };
    let may_read = predicate(work, object, alias, Action::Read);
    [
        col(alias, system_fields::ID),
        first,
        last,
        flag(col(alias, system_fields::DELETED_AT).is_null()),
        may_read.map_or_else(|| Expr::val(1), flag),
    ]
}

/// The names of the records that selected relations point to, found by the statement that selects them.
#[derive(Default)]
pub(crate) struct JoinedNames {
    kinds: Vec<Kind>,
}

impl JoinedNames {
    /// Joins the records that the selected relations point to and selects their names behind everything else.
    pub(crate) fn join(
        work: &Work<'_, '_>,
        selection: &Selection<'_>,
        statement: &mut SelectStatement,
    ) -> Self {
        let mut kinds = Vec::new();
        for field in selection.fields() {
            let Some(object) = field.kind.relation().and_then(|object| work.schema.object(object)) else {
                continue;
            };
            let alias = format!("name{}", kinds.len());
            let table = work.tx.table(&object.table());
            let points_to = col(&alias, system_fields::ID).eq(col(BASE, &field.column_name("id")));
            statement.join_as(JoinType::LeftJoin, table, Alias::new(&alias), points_to);
            statement.exprs(name_columns(work, object, &alias));
            kinds.push(Kind::of(work, object));
        }
        Self { kinds }
    }

    /// Takes the names from a row, where they begin at `index`.
    pub(crate) fn read(&self, row: &mut Row, index: usize, labels: &mut Labels) -> Result<(), Error> {
        for (place, kind) in self.kinds.iter().enumerate() {
            labels.take(kind, row, index + place * NAME_COLUMNS)?;
        }
        Ok(())
    }
}

/// The ids, the last repeated until their number is a power of two: so that few different statements are
/// prepared.
pub(crate) fn padded(ids: &BTreeSet<RecordId>) -> Vec<uuid::Uuid> {
    let mut padded: Vec<_> = ids.iter().map(|id| id.as_uuid()).collect();
    if let Some(last) = padded.last().copied() {
        padded.resize(padded.len().next_power_of_two(), last);
    }
    padded
}

/// The fields whose values point to records.
fn pointing(object: &Object) -> impl Iterator<Item = &Field> {
    object.fields.iter().filter(|field| field.kind.points())
}

/// What a value points to.
pub(crate) fn pointed<'v>(kind: &'v FieldKind, value: &'v Value) -> Option<(&'v Name, RecordId)> {
    match (kind.relation(), value) {
        (Some(object), Value::Relation(id)) => Some((object, *id)),
        (_, Value::Target(target)) => Some((&target.object, target.id?)),
        _ => None,
    }
}

/// Adds what a value points to.
pub(crate) fn collect(kind: &FieldKind, value: &Value, wanted: &mut Wanted) {
    if let Some((object, id)) = pointed(kind, value) {
        wanted.entry(object.clone()).or_default().insert(id);
    }
}

/// Checks the relations whose records are to be returned with their fields.
pub(crate) fn check_include(work: &Work<'_, '_>, object: &Object, include: &[String]) -> Result<(), Error> {
    let grants = &work.caller.grants;
    let is_relation = |name: &str| {
        object
            .field(name)
            .is_some_and(|field| field.kind.relation().is_some() && grants.can_read_field(&object.name, name))
    };
    let issues: Vec<_> = include
        .iter()
        .filter(|name| !is_relation(name))
        .map(|name| {
            let relations =
                object.fields.iter().map(|field| field.name.as_str()).filter(|name| is_relation(name));
            let near = text::suggestion(name, relations);
            let name = text::excerpt(name, 60);
            let message = format!("{} has no relation {name:?}.{near}", object.name);
            Issue::new("include", "unknown_relation", message)
        })
        .collect();
    if issues.is_empty() { Ok(()) } else { Err(Error::Invalid(issues)) }
}

/// Gives records what their relations and targets point to, as far as the caller may read it. Names that are
/// known already are not looked up.
pub(crate) async fn attach(
    work: &mut Work<'_, '_>,
    records: &mut [Record],
    include: &[String],
    mut labels: Labels,
) -> Result<(), Error> {
    let mut wanted = Wanted::new();
    let mut whole = Wanted::new();
    for record in records.iter() {
        for field in pointing(&record.object) {
            let pointed = record.values.get(&field.name).and_then(|value| pointed(&field.kind, value));
            let Some((object, id)) = pointed else { continue };
            if labels.get(object, id).is_none() {
                wanted.entry(object.clone()).or_default().insert(id);
            }
            if include.iter().any(|name| field.name == *name.as_str()) {
                whole.entry(object.clone()).or_default().insert(id);
            }
        }
    }
    labels.complete(work, wanted).await?;
    let mut fields = HashMap::new();
    for (name, ids) in &whole {
        if let Some(object) = work.schema.object(name)
            && work.caller.grants.allows(name, Action::Read)
        {
            fields.extend(fields_of(work, object, ids).await?);
        }
    }
    for record in records {
        show(work, record, &labels, |field, id| {
            if include.iter().any(|name| *field == *name.as_str()) { fields.get(&id).cloned() } else { None }
        });
    }
    Ok(())
}

/// Gives one record what has been found, and takes from it the names the caller may not read.
pub(crate) fn show(
    work: &Work<'_, '_>,
    record: &mut Record,
    labels: &Labels,
    values: impl Fn(&Name, RecordId) -> Option<Values>,
) {
    let object: Arc<Object> = record.object.clone();
    let mut hidden = Vec::new();
    for field in pointing(&object) {
        match (field.kind.relation(), record.values.get(&field.name)) {
            (Some(target), Some(Value::Relation(id))) => {
                let id = *id;
                let Some(target) = work.schema.object(target) else { continue };
                let related = RelatedRecord {
                    object: target.clone(),
                    id,
                    label: labels.shown(&target.name, id).map(str::to_owned),
                    values: values(&field.name, id).unwrap_or_default(),
                };
                record.related.insert(field.name.clone(), related);
            }
            (_, Some(Value::Target(target))) => {
                let is_shown = match target.id {
                    Some(id) => labels.shown(&target.object, id).is_some(),
                    None => may_read_every_name(work, &target.object),
                };
                if !is_shown {
                    let mut nameless = target.clone();
                    nameless.name.clear();
                    hidden.push((field.name.clone(), Value::Target(nameless)));
                }
            }
            _ => {}
        }
    }
    for (field, value) in hidden {
        record.values.set(field, value);
    }
}

/// Whether the caller may read the names of all records of an object, destroyed ones included.
pub(crate) fn may_read_every_name(work: &Work<'_, '_>, object: &str) -> bool {
    let grants = &work.caller.grants;
    grants.row_rules(object, Action::Read).next().is_none()
        && work
            .schema
            .object(object)
            .is_some_and(|object| grants.can_read_field(&object.name, &object.label_field))
}

async fn fields_of(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    ids: &BTreeSet<RecordId>,
) -> Result<HashMap<RecordId, Values>, Error> {
    let grants = work.caller.grants.clone();
    let selection = Selection::new(object, |field| grants.can_read_field(&object.name, &field.name));
    let mut statement = Query::select();
    statement.expr(col(BASE, system_fields::ID));
    selection.select(&mut statement, BASE);
    statement
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::ID).is_in(padded(ids)))
        .and_where_option(predicate(work, object, BASE, Action::Read));
    let mut found = HashMap::new();
    for mut row in work.tx.fetch_all(&statement).await? {
        found.insert(RecordId(row.get(0)?), selection.read(&mut row, 1)?.0);
    }
    Ok(found)
}
