//! What a version adds to the standard objects of workspaces that are there already. What an admin made of the same
//! name stays as it is.

use kontor_core::{
    environment::Environment,
    metadata::{Field, Object},
};
use kontor_store::Tx;

use super::{
    install::{add_columns, add_indexes},
    rows,
};
use crate::{Error, standard};

/// Adds a field of a standard object as it is declared; within `alter`.
pub(crate) async fn add_standard_field(
    tx: &mut Tx<'_>,
    environment: &Environment,
    object: &str,
    field: &str,
) -> Result<(), Error> {
    let schema = rows::schema(tx).await?;
    let Some((stored, declared)) = both(&schema, environment, object) else { return Ok(()) };
    let Some(mut added) = declared.field(field).cloned() else { return Ok(()) };
    let is_taken =
        |name: &str| stored.fields.iter().flat_map(Field::columns).any(|column| column.name == name);
    if added.columns().iter().any(|column| is_taken(&column.name)) {
        tracing::warn!(object, field, "a standard field is not added: the workspace has one of its name");
        return Ok(());
    }
    added.search_slot = added.is_searchable.then(|| stored.next_search_slot());
    add_columns(tx, stored, &added).await?;
    add_indexes(tx, stored, &added).await?;
    let position = i64::try_from(stored.fields.len()).unwrap_or(i64::MAX);
    rows::insert_fields(tx, stored, std::slice::from_ref(&added), position).await?;
    rows::advance(tx).await?;
    Ok(())
}

/// Adds an option of a standard field as it is declared, after those that are there.
pub(crate) async fn add_standard_option(
    tx: &mut Tx<'_>,
    environment: &Environment,
    object: &str,
    field: &str,
    value: &str,
) -> Result<(), Error> {
    let schema = rows::schema(tx).await?;
    let Some((stored, declared)) = both(&schema, environment, object) else { return Ok(()) };
    let declared = declared.field(field).map(|field| field.kind.options()).unwrap_or_default();
    let Some(mut field) = stored.field(field).filter(|field| !field.is_custom).cloned() else {
        return Ok(());
    };
    let Some(options) = field.kind.options_mut() else { return Ok(()) };
    let Some(added) = declared.iter().find(|option| option.value == value) else { return Ok(()) };
    if options.iter().any(|option| option.value == value) {
        return Ok(());
    }
    options.push(added.clone());
    rows::rewrite_field(tx, &field).await?;
    rows::advance(tx).await?;
    Ok(())
}

/// A standard object as it is stored and as this version declares it; none in a workspace that is being made.
fn both<'s>(
    schema: &'s kontor_core::metadata::Schema,
    environment: &Environment,
    object: &str,
) -> Option<(&'s Object, Object)> {
    let stored = schema.object(object).filter(|object| !object.is_custom)?;
    let declared =
        standard::objects(environment).into_iter().find(|declared| declared.name == stored.name)?;
    Some((stored, declared))
}
