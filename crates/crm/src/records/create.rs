use std::{collections::BTreeSet, sync::Arc};

use kontor_core::{
    grants::Action,
    ids::RecordId,
    metadata::{Name, Object, system_fields},
    value::{Value, Values},
};
use kontor_store::Write;
use sea_query::{Alias, Expr, ExprTrait, Query};
use serde_json::{Map, Value as Json};

use super::{
    access::{predicate, require},
    claims,
    get::Requested,
    input::{self, NewValues},
    journal::{self, Act},
    pipeline::Said,
    record::Record,
    related::{Looked, Probes, Wanted, look, padded, show},
    rows::{BASE, cells, col},
    settle, similar, unique,
};
use crate::{Error, Work, search};

/// How many values one INSERT holds at most: SQLite binds 32,766 in a statement.
const CELLS_PER_INSERT: usize = 30_000;

/// Makes a record of the fields given, the defaults of the others, and what follows from them. It is answered
/// with the records that may stand for the same person or business.
pub async fn create(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    fields: &Map<String, Json>,
) -> Result<Record, Error> {
    let id = work.environment.new_id();
    create_with_id(work, object, id, fields).await
}

/// As [`create`], with an id that means something elsewhere: a member's record has the member's id.
pub async fn create_with_id(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    id: RecordId,
    fields: &Map<String, Json>,
) -> Result<Record, Error> {
    let mut records = create_all(work, object, &[(id, fields)], |_| String::new()).await?;
    records.pop().ok_or_else(|| Error::not_found(object, id))
}

/// A record to be made.
struct Draft {
    id: RecordId,
    given: BTreeSet<Name>,
    values: NewValues,
}

/// Makes records with as few statements as one needs. `path` tells where in the input an item stands.
pub(crate) async fn create_all(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    inputs: &[(RecordId, &Map<String, Json>)],
    path: impl Fn(usize) -> String,
) -> Result<Vec<Record>, Error> {
    require(work, object, Action::Create)?;
    let mut drafts = Vec::with_capacity(inputs.len());
    let mut errors = Vec::new();
    for (index, (id, fields)) in inputs.iter().enumerate() {
        let (draft, wrong) = draft(work, object, *id, fields, index);
        drafts.push(draft);
        errors.extend(wrong.into_iter().map(|error| error.within(&path(index))));
    }

    let mut wanted = Wanted::new();
    for draft in &drafts {
        settle::references(object, &draft.values, &mut wanted);
    }
    let values: Vec<_> = drafts.iter().map(|draft| &draft.values).collect();
    let has_twins = unique::has_twins(object, &values);
    let similar = match values.as_slice() {
        [values] => similar::probes(work, object, |name| values.get(name), None),
        _ => Vec::new(),
    };
    let probes = Probes { taken: unique::probes(work, object, &values), similar };
    let Looked { labels, is_taken, mut similar } = look(work, &wanted, probes).await?;
    similar.truncate(similar::MAX_SIMILAR);
    for (index, draft) in drafts.iter_mut().enumerate() {
        let found = settle::resolve(object, &draft.given, &labels, &mut draft.values);
        if !found.is_empty() {
            errors.push(Error::Invalid(found).within(&path(index)));
        }
    }
    if has_twins || is_taken {
        let values: Vec<_> = drafts.iter().map(|draft| &draft.values).collect();
        errors.extend(unique::check(work, object, Action::Create, &values, None, &path).await?);
    }
    if !errors.is_empty() {
        return Err(Error::all(errors));
    }

    let mut inserts = inserts(work, object, &drafts);
    // Each is as large as a statement may be, so that only the last can share one with what follows.
    let mut writes = inserts.split_off(inserts.len().saturating_sub(1));
    let mut acts = Vec::with_capacity(drafts.len());
    let mut records = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let changes = journal::changes(object, &Values::new(), &draft.values, &labels);
        let mut values = draft.values;
        let ordered = object.fields.iter().filter_map(|field| values.remove_entry(&field.name)).collect();
        let record = Record::new(object, draft.id, ordered);
        acts.push(Act::on(object, &record, Action::Create, changes));
        records.push(record);
    }
    writes.push(search::index(object, &records));
    writes.extend(claims::taken(work.tx, object, &records));
    writes.extend(journal::writes(work, &acts));
    for writes in inserts.into_iter().map(|insert| vec![insert]).chain([writes]) {
        if let Err(error) = work.tx.write_all(writes).await {
            return Err(unique::explain(work, object, Action::Create, &records, &path, error));
        }
    }
    check_rules(work, object, &records, &path).await?;

    let grants = work.caller.grants.clone();
    let requested = Requested::new(&grants, object, None, &[])?;
    for record in &mut records {
        requested.prune(record);
        show(work, record, &labels, |_, _| None);
        record.similar = std::mem::take(&mut similar);
    }
    Ok(records)
}

/// A record as the input wants it, and all that is wrong with the input.
fn draft(
    work: &Work<'_, '_>,
    object: &Object,
    id: RecordId,
    fields: &Map<String, Json>,
    index: usize,
) -> (Draft, Vec<Error>) {
    let (mut values, mut errors) = input::read(work, object, fields, None);
    let given: BTreeSet<_> = values.keys().cloned().collect();
    input::fill_defaults(work, object, &mut values);
    let said = Said { object, given: &given, current: &Values::new() };
    let mut issues = settle::settle(work, &said, &mut values);
    let missing = input::missing(object, |field| match values.get(&field.name) {
        Some(value) => value.is_null(),
        // What is given wrongly is said to be wrong already.
        None => !fields.contains_key(field.name.as_str()),
    });
    if missing.iter().all(|issue| work.caller.grants.can_update_field(&object.name, &issue.path)) {
        issues.extend(missing);
    } else {
        // A required field that the caller cannot write makes the object one that it cannot create; naming the
        // field would tell of it.
        errors.push(Error::not_allowed(object, Action::Create));
    }
    if !issues.is_empty() {
        errors.push(Error::Invalid(issues));
    }
    system_values(work, object, id, index, &mut values);
    (Draft { id, given, values }, errors)
}

fn system_values(work: &Work<'_, '_>, object: &Object, id: RecordId, index: usize, values: &mut NewValues) {
    for field in &object.fields {
        let value = match field.name.as_str() {
            system_fields::ID => Value::Id(id),
            system_fields::CREATED_AT | system_fields::UPDATED_AT => Value::DateTime(work.now),
            system_fields::CREATED_BY | system_fields::UPDATED_BY => {
                Value::Actor(Box::new(work.caller.actor()))
            }
            system_fields::VERSION => Value::Number(1),
            // After all that were made before.
            #[expect(clippy::cast_precision_loss, reason = "microseconds of this age are exact in a double")]
            system_fields::POSITION if !values.contains_key(&field.name) => {
                Value::Position(work.now.micros() as f64 + index as f64)
            }
            _ if values.contains_key(&field.name) => continue,
            _ => Value::Null,
        };
        values.insert(field.name.clone(), value);
    }
}

/// What writes the records. The columns that none of them fills are not named.
fn inserts(work: &Work<'_, '_>, object: &Object, drafts: &[Draft]) -> Vec<Write> {
    let dialect = work.tx.dialect();
    let is_filled =
        |name: &Name| drafts.iter().any(|draft| draft.values.get(name).is_some_and(|value| !value.is_null()));
    let filled = object.fields.iter().filter(|field| is_filled(&field.name));
    let fields: Vec<_> = filled.map(|field| (field, field.columns())).collect();
    let columns: Vec<_> =
        fields.iter().flat_map(|(_, columns)| columns).map(|column| Alias::new(&column.name)).collect();
    let rows = (CELLS_PER_INSERT / columns.len().max(1)).max(1);
    let insert = |drafts: &[Draft]| {
        let mut statement = Query::insert();
        statement.into_table(work.tx.table(&object.table())).columns(columns.clone());
        for draft in drafts {
            let row = fields.iter().flat_map(|(field, columns)| {
                let value = draft.values.get(&field.name).unwrap_or(&Value::Null);
                cells(dialect, field, columns, value)
            });
            statement.values_panic(row.map(Expr::val));
        }
        Write::Insert(statement)
    };
    drafts.chunks(rows).map(insert).collect()
}

/// A caller makes only records that its row rules let it make and see.
async fn check_rules(
    work: &mut Work<'_, '_>,
    object: &Object,
    records: &[Record],
    path: &impl Fn(usize) -> String,
) -> Result<(), Error> {
    let Some(rules) = predicate(work, object, BASE, Action::Create) else { return Ok(()) };
    let ids = records.iter().map(|record| record.id).collect();
    let statement = Query::select()
        .expr(col(BASE, system_fields::ID))
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::ID).is_in(padded(&ids)))
        .and_where(rules)
        .take();
    let mut allowed = BTreeSet::new();
    for row in work.tx.fetch_all(&statement).await? {
        allowed.insert(RecordId(row.get(0)?));
    }
    let refused = records.iter().enumerate().filter(|(_, record)| !allowed.contains(&record.id));
    let errors: Vec<_> =
        refused.map(|(index, _)| Error::not_allowed(object, Action::Create).within(&path(index))).collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::all(errors)) }
}
