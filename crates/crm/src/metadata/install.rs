//! Objects as tables: made with their metadata in one transaction, standard and custom ones alike.

use std::sync::Arc;

use kontor_core::{
    actor::Actor,
    environment::Environment,
    filter::FieldPath,
    metadata::{Column, Field, Object, system_fields},
    time::Timestamp,
};
use kontor_store::{AuditEntry, ColumnSpec, IndexSpec, Tx};
use serde_json::json;

use super::rows;
use crate::{Error, standard};

/// The longest name of an index that every engine keeps whole.
const MAX_INDEX_NAME: usize = 60;

/// Gives a new workspace the standard objects; within `alter`.
pub(crate) async fn install(tx: &mut Tx<'_>, environment: &Environment, now: Timestamp) -> Result<(), Error> {
    let objects: Vec<_> = standard::objects(environment).into_iter().map(Arc::new).collect();
    for (position, object) in (0..).zip(&objects) {
        rows::insert_object(tx, object, position).await?;
    }
    create_tables(tx, &objects).await?;
    rows::advance(tx).await?;
    let names: Vec<_> = objects.iter().map(|object| object.name.as_str()).collect();
    let entry = AuditEntry::new("objects.installed", "workspace", json!({ "objects": names }));
    Ok(tx.audit(environment, now, &Actor::SYSTEM, entry).await?)
}

/// Makes the tables of objects whose metadata is there, with their indexes; within `alter`.
pub(crate) async fn create_tables(tx: &mut Tx<'_>, objects: &[Arc<Object>]) -> Result<(), Error> {
    for object in objects {
        create_table(tx, object).await?;
    }
    // Relations come when every table they point to is there.
    for object in objects {
        for field in object.fields.iter().filter(|field| is_relation(field)) {
            add_columns(tx, object, field).await?;
        }
        for field in &object.fields {
            add_indexes(tx, object, field).await?;
        }
    }
    Ok(())
}

fn is_relation(field: &Field) -> bool {
    field.kind.relation().is_some()
}

async fn create_table(tx: &mut Tx<'_>, object: &Object) -> Result<(), Error> {
    let fields = object.fields.iter().filter(|field| !is_relation(field));
    let columns: Vec<Column> = fields.flat_map(Field::columns).collect();
    let columns: Vec<_> = columns
        .iter()
        .map(|column| {
            let spec = ColumnSpec::new(&column.name, column.ty);
            if column.name == system_fields::ID { spec.primary_key() } else { spec }
        })
        .collect();
    Ok(tx.create_table(&object.table(), &columns).await?)
}

/// Adds the columns of a field to a table that is there.
pub(super) async fn add_columns(tx: &mut Tx<'_>, object: &Object, field: &Field) -> Result<(), Error> {
    for column in field.columns() {
        let mut spec = ColumnSpec::new(&column.name, column.ty);
        if let Some(table) = &column.references {
            spec = spec.references(table);
        }
        tx.add_column(&object.table(), &spec).await?;
    }
    Ok(())
}

/// The column whose index finds and orders a field's live values; none where the field has no index.
pub(crate) fn indexed_column(field: &Field) -> Option<String> {
    let has_index =
        field.is_indexed || field.is_unique || field.kind.points() || field.name == *system_fields::ID;
    has_index.then(|| FieldPath::whole(field).column(field))
}

/// The indexes a field asks for: one of its compared column, with the id so that an order is whole; one of a
/// relation, deleted rows included, since what it points to may be destroyed.
pub(super) async fn add_indexes(tx: &mut Tx<'_>, object: &Object, field: &Field) -> Result<(), Error> {
    let table = object.table();
    let path = FieldPath::whole(field);
    let column = path.column(field);
    if field.is_unique {
        let name = index_name(&table, &column, "key");
        let columns = [column.as_str()];
        tx.create_index(&IndexSpec::new(&name, &table, &columns).unique().live_only()).await?;
    }
    let name = index_name(&table, &column, "idx");
    if field.kind.points() {
        let columns = [column.as_str()];
        tx.create_index(&IndexSpec::new(&name, &table, &columns)).await?;
    } else if field.is_indexed {
        let columns = [column.as_str(), system_fields::ID];
        tx.create_index(&IndexSpec::new(&name, &table, &columns).live_only()).await?;
    }
    Ok(())
}

/// A name of its own for an index, cut and told apart by a digest (FNV-1a) where it would be too long.
fn index_name(table: &str, column: &str, suffix: &str) -> String {
    let name = format!("{table}_{column}_{suffix}");
    if name.len() <= MAX_INDEX_NAME {
        return name;
    }
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{}_{hash:016x}", &name[..MAX_INDEX_NAME - 17])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_index_names_are_cut_and_stay_different() {
        let long = "x".repeat(50);
        let (one, other) = (index_name(&long, "a_column", "idx"), index_name(&long, "b_column", "idx"));
        assert!(one.len() <= MAX_INDEX_NAME && one != other);
        assert_eq!(index_name("record_deal", "stage", "idx"), "record_deal_stage_idx");
    }
}
