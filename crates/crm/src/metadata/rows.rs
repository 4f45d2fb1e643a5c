//! Metadata as rows.

use std::collections::HashMap;

use kontor_core::metadata::{Field, Object, Schema};
use kontor_store::{Premise, Tx};
use sea_query::{Alias, Expr, ExprTrait, Order, Query};
use uuid::Uuid;

use crate::Error;

/// That the metadata is still what this schema was read from.
pub(crate) fn premise(schema: &Schema) -> Premise {
    Premise { table: "metadata_version", column: "version", value: schema.version() }
}

/// Counts the changes of the metadata.
pub(crate) async fn version(tx: &mut Tx<'_>) -> Result<i64, Error> {
    let statement = Query::select().column("version").from(tx.table("metadata_version")).take();
    Ok(tx.fetch_one(&statement).await?.get(0)?)
}

/// All objects with their fields.
pub(crate) async fn schema(tx: &mut Tx<'_>) -> Result<Schema, Error> {
    let version = version(tx).await?;
    let statement = Query::select()
        .columns(["object_id", "definition"])
        .from(tx.table("metadata_fields"))
        .order_by("position", Order::Asc)
        .take();
    let mut fields: HashMap<Uuid, Vec<Field>> = HashMap::new();
    for row in tx.fetch_all(&statement).await? {
        let field = serde_json::from_str(&row.get::<String>(1)?).map_err(Error::Metadata)?;
        fields.entry(row.get(0)?).or_default().push(field);
    }
    let statement = Query::select()
        .columns(["id", "definition"])
        .from(tx.table("metadata_objects"))
        .order_by("position", Order::Asc)
        .take();
    let mut objects = Vec::new();
    for row in tx.fetch_all(&statement).await? {
        let mut object: Object = serde_json::from_str(&row.get::<String>(1)?).map_err(Error::Metadata)?;
        object.fields = fields.remove(&row.get(0)?).unwrap_or_default();
        objects.push(object);
    }
    Ok(Schema::new(version, objects))
}

/// One object with its fields.
pub(crate) async fn object(tx: &mut Tx<'_>, name: &str) -> Result<Option<Object>, Error> {
    let statement = Query::select()
        .columns(["id", "definition"])
        .from(tx.table("metadata_objects"))
        .and_where(Expr::col("name").eq(name))
        .take();
    let Some(row) = tx.fetch_optional(&statement).await? else { return Ok(None) };
    let mut object: Object = serde_json::from_str(&row.get::<String>(1)?).map_err(Error::Metadata)?;
    let statement = Query::select()
        .column("definition")
        .from(tx.table("metadata_fields"))
        .and_where(Expr::col("object_id").eq(row.get::<Uuid>(0)?))
        .order_by("position", Order::Asc)
        .take();
    for row in tx.fetch_all(&statement).await? {
        object.fields.push(serde_json::from_str(&row.get::<String>(0)?).map_err(Error::Metadata)?);
    }
    Ok(Some(object))
}

/// Counts one more change; answers the new version.
pub(super) async fn advance(tx: &mut Tx<'_>) -> Result<i64, Error> {
    let statement = Query::update()
        .table(tx.table("metadata_version"))
        .value("version", Expr::col("version").add(1))
        .take();
    tx.execute(&statement).await?;
    version(tx).await
}

pub(super) async fn insert_object(tx: &mut Tx<'_>, object: &Object, position: i64) -> Result<(), Error> {
    let definition = definition(object)?;
    let statement = Query::insert()
        .into_table(tx.table("metadata_objects"))
        .columns(["id", "name", "plural", "position", "definition"])
        .values_panic([
            object.id.as_uuid().into(),
            object.name.as_str().into(),
            object.plural.as_str().into(),
            position.into(),
            definition.into(),
        ])
        .take();
    tx.execute(&statement).await?;
    insert_fields(tx, object, &object.fields, 0).await
}

/// Adds fields to an object, the first at `position`.
pub(super) async fn insert_fields(
    tx: &mut Tx<'_>,
    object: &Object,
    fields: &[Field],
    position: i64,
) -> Result<(), Error> {
    let mut statement = Query::insert();
    statement
        .into_table(tx.table("metadata_fields"))
        .columns(["id", "object_id", "name", "position", "definition"].map(Alias::new));
    for (position, field) in (position..).zip(fields) {
        statement.values_panic([
            field.id.as_uuid().into(),
            object.id.as_uuid().into(),
            field.name.as_str().into(),
            position.into(),
            serde_json::to_string(field).map_err(Error::Metadata)?.into(),
        ]);
    }
    tx.execute(&statement).await?;
    Ok(())
}

/// Gives the searchable fields that have none their numbers in the search index.
pub(crate) async fn assign_search_slots(tx: &mut Tx<'_>) -> Result<(), Error> {
    let mut is_changed = false;
    for object in schema(tx).await?.objects() {
        let mut assigned = Object::clone(object);
        if !assigned.assign_search_slots() {
            continue;
        }
        is_changed = true;
        for field in assigned.searchable_fields() {
            rewrite_field(tx, field).await?;
        }
    }
    if is_changed {
        advance(tx).await?;
    }
    Ok(())
}

/// An object as it is stored: its fields have rows of their own.
fn definition(object: &Object) -> Result<String, Error> {
    let definition = Object { fields: Vec::new(), ..object.clone() };
    serde_json::to_string(&definition).map_err(Error::Metadata)
}

/// Writes what an object is otherwise than before, its fields apart.
pub(super) async fn rewrite_object(tx: &mut Tx<'_>, object: &Object) -> Result<(), Error> {
    let statement = Query::update()
        .table(tx.table("metadata_objects"))
        .value("definition", definition(object)?)
        .and_where(Expr::col("id").eq(object.id.as_uuid()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

/// Writes what a field is otherwise than before.
pub(super) async fn rewrite_field(tx: &mut Tx<'_>, field: &Field) -> Result<(), Error> {
    let statement = Query::update()
        .table(tx.table("metadata_fields"))
        .value("definition", serde_json::to_string(field).map_err(Error::Metadata)?)
        .and_where(Expr::col("id").eq(field.id.as_uuid()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}
