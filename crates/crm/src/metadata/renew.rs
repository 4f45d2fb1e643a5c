//! What a workspace that an older version made lacks of tables, indexes and metadata.

use kontor_core::{
    environment::Environment,
    metadata::{Column, Field, Object, PRINCIPAL},
};
use kontor_store::{ColumnSpec, Tx};

use super::{
    install::add_indexes,
    rows::{advance, rewrite_field, rewrite_object, schema},
};
use crate::{Error, standard};

/// The kinds, and the parts of each, that the first versions compared by a column of its own.
const FOLDED_BY_FIRST: [(&str, &str); 3] = [("text", ""), ("full_name", "full"), ("address", "city")];

/// Whether a column is one of those that the first versions did not have: the forms in which the parts of composite
/// fields are compared.
pub(crate) fn is_later(field: &Field, column: &Column) -> bool {
    column.is_folded && !FOLDED_BY_FIRST.contains(&(field.kind.name(), column.part))
}

/// Adds the columns and indexes that are missing, and what standard objects and fields say of themselves by now;
/// within `alter`, once.
pub(crate) async fn renew(tx: &mut Tx<'_>, environment: &Environment) -> Result<(), Error> {
    let current = schema(tx).await?;
    let declared = standard::objects(environment);
    for object in current.objects() {
        for field in &object.fields {
            for column in field.columns().iter().filter(|column| is_later(field, column)) {
                tx.add_column(&object.table(), &ColumnSpec::new(&column.name, column.ty)).await?;
            }
        }
        if let Some(standard) =
            declared.iter().find(|declared| declared.name == object.name && !object.is_custom)
        {
            renew_standard(tx, object, standard).await?;
        }
    }
    if !current.objects().is_empty() {
        advance(tx).await?;
    }
    Ok(())
}

/// Adds to each field that holds an actor the column that says for whom an agent acted; within `alter`, once.
pub(crate) async fn add_principals(tx: &mut Tx<'_>) -> Result<(), Error> {
    for object in schema(tx).await?.objects() {
        for column in object.fields.iter().flat_map(Field::columns) {
            if column.part == PRINCIPAL {
                tx.add_column(&object.table(), &ColumnSpec::new(&column.name, column.ty)).await?;
            }
        }
    }
    Ok(())
}

async fn renew_standard(tx: &mut Tx<'_>, object: &Object, declared: &Object) -> Result<(), Error> {
    if object.pipeline != declared.pipeline {
        rewrite_object(tx, &Object { pipeline: declared.pipeline.clone(), ..object.clone() }).await?;
    }
    for field in object.fields.iter().filter(|field| !field.is_custom) {
        let Some(declared) = declared.field(&field.name) else { continue };
        let renewed = Field {
            is_never_negative: declared.is_never_negative,
            is_indexed: declared.is_indexed,
            description: declared.description.clone(),
            ..field.clone()
        };
        if renewed == *field {
            continue;
        }
        rewrite_field(tx, &renewed).await?;
        if renewed.is_indexed && !field.is_indexed {
            // The index that keeps unique values apart is there.
            add_indexes(tx, object, &Field { is_unique: false, ..renewed }).await?;
        }
    }
    Ok(())
}
