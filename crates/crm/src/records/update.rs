use std::{collections::BTreeSet, sync::Arc};

use kontor_core::{
    filter::Readable as _,
    grants::Action,
    ids::RecordId,
    metadata::{Field, Object, system_fields},
    value::{Value, Values},
};
use kontor_store::Write;
use sea_query::{Alias, Expr, ExprTrait, Query};
use serde_json::{Map, Value as Json};

use super::{
    access::{predicate, require},
    claims,
    get::{Requested, State, current},
    input::{self, NewValues},
    journal::{self, Act, Changes},
    pipeline::{self, Said},
    record::Record,
    related::{Labels, Wanted, collect, show},
    rows::{BASE, col, named_cells},
    settle,
    targets::rename_targets,
    unique,
};
use crate::{Error, Work, search, timeline};

/// A record after an update, and what the update changed of what the caller may read.
#[derive(Debug, Clone)]
pub struct Updated {
    pub record: Record,
    pub changes: Changes,
}

/// Changes the fields that the patch names: absent fields stay, null empties. A patch that changes nothing
/// writes nothing and keeps the version.
///
/// # Errors
/// [`Error::StaleVersion`] when `if_match` is given and the record is at another version.
pub async fn update(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    id: RecordId,
    patch: &Map<String, Json>,
    if_match: Option<i64>,
) -> Result<Updated, Error> {
    require(work, object, Action::Update)?;
    let (before, mut labels) = current(work, object, id, Action::Update, State::Live).await?;
    if let Some(expected) = if_match
        && expected != before.version
    {
        return Err(Error::StaleVersion { current: before.version });
    }

    let (mut values, mut errors) = input::read(work, object, patch, Some(&before.values));
    let given: BTreeSet<_> = values.keys().cloned().collect();
    let said = Said { object, given: &given, current: &before.values };
    pipeline::reopen(work, &said, id, &mut values).await?;
    let mut issues = settle::settle(work, &said, &mut values);
    issues.extend(input::missing(object, |field| values.get(&field.name).is_some_and(Value::is_null)));
    values.retain(|name, value| !is_same(before.values.get(name), value));

    labels.complete(work, references(object, &before.values, &values)).await?;
    issues.extend(settle::resolve(object, &given, &labels, &mut values));
    if !issues.is_empty() {
        errors.push(Error::Invalid(issues));
    }
    let itself = Some((id, &before.values));
    errors.extend(unique::check(work, object, Action::Update, &[&values], itself, &|_| String::new()).await?);
    if !errors.is_empty() {
        return Err(Error::all(errors));
    }
    if values.is_empty() {
        return finish(work, before, Changes::new(), &labels);
    }

    let changes = journal::changes(object, &before.values, &values, &labels);
    touch(work, object, &before, &mut values);
    let mut writes = vec![row(work, object, id, &values)];
    let after = Record::new(object, id, merged(&before.values, values));
    if search::differs(object, &before, &after) {
        writes.push(search::index(object, [&after]));
    }
    writes.extend(claims::moved(work.tx, object, &before, &after));
    let act = Act::on(object, &after, Action::Update, changes.clone()).away_from(&before);
    writes.extend(journal::writes(work, &[act]));
    if let Err(error) = work.tx.write_all(writes).await {
        return Err(unique::explain(work, object, Action::Update, [&after], &|_| String::new(), error));
    }
    check_rules(work, object, id).await?;
    if after.label != before.label {
        // Where they are many, `follow_names` does the rest.
        rename_targets(work.tx, work.schema, object, id, &after.label).await?;
    }
    finish(work, after, changes, &labels)
}

/// Whether a new value is the old one. A target is the record it points to, whatever name is kept of it.
fn is_same(before: Option<&Value>, after: &Value) -> bool {
    match (before.unwrap_or(&Value::Null), after) {
        (Value::Target(before), Value::Target(after)) => {
            before.object == after.object && before.id == after.id
        }
        (before, after) => before == after,
    }
}

/// What the record points to now and what it will.
pub(crate) fn references(object: &Object, before: &Values, after: &NewValues) -> Wanted {
    let mut wanted = Wanted::new();
    settle::references(object, after, &mut wanted);
    for (field, value) in before.of(object) {
        collect(&field.kind, value, &mut wanted);
    }
    wanted
}

pub(crate) fn merged(before: &Values, values: NewValues) -> Values {
    let mut after = before.clone();
    for (name, value) in values {
        after.set(name, value);
    }
    after
}

/// A caller leaves a record only as its row rules let it change and see it.
async fn check_rules(work: &mut Work<'_, '_>, object: &Object, id: RecordId) -> Result<(), Error> {
    let Some(rules) = predicate(work, object, BASE, Action::Update) else { return Ok(()) };
    let statement = Query::select()
        .expr(Expr::val(1))
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::ID).eq(id.as_uuid()))
        .and_where(rules)
        .take();
    match work.tx.fetch_optional(&statement).await? {
        Some(_) => Ok(()),
        None => Err(Error::not_allowed(object, Action::Update)),
    }
}

/// Adds what every write of a record changes.
pub(crate) fn touch(work: &Work<'_, '_>, object: &Object, before: &Record, values: &mut NewValues) {
    values.extend(touched(work, object));
    if let Some(version) = object.field(system_fields::VERSION) {
        values.insert(version.name.clone(), Value::Number(before.version + 1));
    }
}

/// When and by whom a record is changed.
pub(crate) fn touched(work: &Work<'_, '_>, object: &Object) -> NewValues {
    let value = |field: &Field| match field.name.as_str() {
        system_fields::UPDATED_AT => Some(Value::DateTime(work.now)),
        system_fields::UPDATED_BY => Some(Value::Actor(Box::new(work.caller.actor()))),
        _ => None,
    };
    object.fields.iter().filter_map(|field| Some((field.name.clone(), value(field)?))).collect()
}

/// What writes new values into a row.
pub(crate) fn row(work: &Work<'_, '_>, object: &Object, id: RecordId, values: &NewValues) -> Write {
    let dialect = work.tx.dialect();
    let mut statement = Query::update();
    statement.table(work.tx.table(&object.table()));
    for field in &object.fields {
        if let Some(value) = values.get(&field.name) {
            for (column, cell) in named_cells(dialect, field, value) {
                statement.value(column, Expr::val(cell));
            }
        }
    }
    statement.and_where(Expr::col(Alias::new(system_fields::ID)).eq(id.as_uuid()));
    Write::Update(statement)
}

/// The record and its changes as the caller may see them.
fn finish(
    work: &Work<'_, '_>,
    mut record: Record,
    changes: Changes,
    labels: &Labels,
) -> Result<Updated, Error> {
    let object = record.object.clone();
    let grants = work.caller.grants.clone();
    Requested::new(&grants, &object, None, &[])?.prune(&mut record);
    show(work, &mut record, labels, |_, _| None);
    let mut changes: Changes =
        changes.into_iter().filter(|(field, _)| grants.can_read_field(&object.name, field)).collect();
    timeline::hide_names(work, &object, &mut changes, labels);
    Ok(Updated { record, changes })
}
