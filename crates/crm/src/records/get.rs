use std::sync::Arc;

use kontor_core::{
    error::Issue,
    filter::Readable as _,
    grants::{Action, Grants},
    ids::RecordId,
    metadata::{Field, Object, system_fields},
    text,
    value::Values,
};
use kontor_store::Tx;
use sea_query::{Alias, CaseStatement, Expr, ExprTrait, Query};

use super::{
    access::{predicate, require},
    record::Record,
    related::{self, JoinedNames, Labels},
    rows::{BASE, Selection, col},
};
use crate::{Error, Work};

/// The record with this id that is not deleted, with the given fields (all that may be read where none are
/// given) and the fields of the records that the `include`d relations point to.
pub async fn get(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    id: RecordId,
    fields: Option<&[String]>,
    include: &[String],
) -> Result<Record, Error> {
    require(work, object, Action::Read)?;
    related::check_include(work, object, include)?;
    let requested = Requested::new(&work.caller.grants, object, fields, include)?;
    let selection = requested.selection(object);
    let mut statement = Query::select();
    selection.select(&mut statement, BASE);
    statement
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::ID).eq(id.as_uuid()))
        .and_where(col(BASE, system_fields::DELETED_AT).is_null())
        .and_where_option(predicate(work, object, BASE, Action::Read));
    let names = JoinedNames::join(work, &selection, &mut statement);
    let mut row = work.tx.fetch_optional(&statement).await?.ok_or_else(|| Error::not_found(object, id))?;
    let (values, index) = selection.read(&mut row, 0)?;
    let mut labels = Labels::default();
    names.read(&mut row, index, &mut labels)?;
    let mut record = Record::new(object, id, values);
    requested.prune(&mut record);
    related::attach(work, std::slice::from_mut(&mut record), include, labels).await?;
    Ok(record)
}

/// All that a record that is not deleted holds, for Kontor itself.
pub(crate) async fn values(tx: &mut Tx<'_>, object: &Object, id: RecordId) -> Result<Option<Values>, Error> {
    let selection = Selection::new(object, |_| true);
    let mut statement = Query::select();
    selection.select(&mut statement, BASE);
    statement
        .from_as(tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::ID).eq(id.as_uuid()))
        .and_where(col(BASE, system_fields::DELETED_AT).is_null());
    let row = tx.fetch_optional(&statement).await?;
    row.map(|mut row| Ok(selection.read(&mut row, 0)?.0)).transpose()
}

/// The fields that a caller asked for and may read.
pub(crate) struct Requested<'g> {
    grants: &'g Grants,
    fields: Option<&'g [String]>,
    include: &'g [String],
}

impl<'g> Requested<'g> {
    /// # Errors
    /// A field that does not exist for the caller.
    pub(crate) fn new(
        grants: &'g Grants,
        object: &Object,
        fields: Option<&'g [String]>,
        include: &'g [String],
    ) -> Result<Self, Error> {
        let readable = |name: &str| grants.can_read_field(&object.name, name);
        let issues: Vec<_> = fields
            .unwrap_or_default()
            .iter()
            .filter(|name| !(object.field(name).is_some() && readable(name)))
            .map(|name| {
                let names =
                    object.fields.iter().map(|field| field.name.as_str()).filter(|name| readable(name));
                let near = text::suggestion(name, names);
                let name = text::excerpt(name, 60);
                Issue::new("fields", "unknown_field", format!("{} has no field {name:?}.{near}", object.name))
            })
            .collect();
        if issues.is_empty() { Ok(Self { grants, fields, include }) } else { Err(Error::Invalid(issues)) }
    }

    fn wants(&self, field: &str) -> bool {
        self.fields.is_none_or(|fields| fields.iter().chain(self.include).any(|wanted| wanted == field))
    }

    /// The columns of these fields, and of those that every record is made of.
    pub(crate) fn selection<'o>(&self, object: &'o Object) -> Selection<'o> {
        Selection::new(object, |field: &Field| {
            let name = field.name.as_str();
            let is_needed =
                [system_fields::ID, system_fields::VERSION, system_fields::DELETED_AT].contains(&name);
            is_needed
                || (self.grants.can_read_field(&object.name, name)
                    && (self.wants(name) || field.name == object.label_field))
        })
    }

    /// Takes from a record what was not asked for and what may not be read.
    pub(crate) fn prune(&self, record: &mut Record) {
        let object = record.object.clone();
        self.prune_all(&object, std::slice::from_mut(record));
    }

    /// As [`Requested::prune`], of many records of one object that one selection read.
    pub(crate) fn prune_all(&self, object: &Object, records: &mut [Record]) {
        let is_shown = |name: &str| self.wants(name) && self.grants.can_read_field(&object.name, name);
        let held = records.first().into_iter().flat_map(|record| record.values.iter());
        let hidden: Vec<_> = held.map(|(name, _)| name.clone()).filter(|name| !is_shown(name)).collect();
        let has_label = self.grants.can_read_field(&object.name, &object.label_field);
        for record in records {
            record.values.retain(|name| !hidden.contains(name));
            if !has_label {
                record.label.clone_from(&object.label);
            }
        }
    }
}

/// Reads a record that is to be changed, with all its fields whether the caller may read them or not. One that
/// the caller may not read is not found; one whose row rules forbid the change is not allowed. With it come the
/// names of the records that its relations point to.
pub(crate) async fn current(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    id: RecordId,
    action: Action,
    state: State,
) -> Result<(Record, Labels), Error> {
    let selection = Selection::new(object, |_| true);
    let may_change = predicate(work, object, BASE, action)
        .map_or_else(|| Expr::val(1), |rule| CaseStatement::new().case(rule, 1).finally(0).into());
    let mut statement = Query::select();
    statement.expr(may_change);
    selection.select(&mut statement, BASE);
    statement
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::ID).eq(id.as_uuid()))
        .and_where_option(match state {
            State::Live => Some(col(BASE, system_fields::DELETED_AT).is_null()),
            State::Any => None,
        })
        .and_where_option(predicate(work, object, BASE, Action::Read));
    let names = JoinedNames::join(work, &selection, &mut statement);
    let mut row = work.tx.fetch_optional(&statement).await?.ok_or_else(|| Error::not_found(object, id))?;
    if row.get::<i64>(0)? == 0 {
        return Err(Error::not_allowed(object, action));
    }
    let (values, index) = selection.read(&mut row, 1)?;
    let mut labels = Labels::default();
    names.read(&mut row, index, &mut labels)?;
    Ok((Record::new(object, id, values), labels))
}

/// Which records are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Live,
    Any,
}
