//! `model_choices`: what a workspace has set of its models.

use kontor_core::{actor::Actor, time::Timestamp};
use kontor_models::{Choices, ModelOverride, ModelSettings};
use kontor_store::Tx;
use sea_query::{Expr, ExprTrait, OnConflict, Order, Query};
use serde::{Serialize, de::DeserializeOwned};

use super::instant;
use crate::error::Error;

const TABLE: &str = "model_choices";
const COLUMNS: [&str; 4] = ["name", "document", "set_by", "set_at"];
/// Under which name the settings stand; the id of no model is so short.
pub(crate) const SETTINGS: &str = "settings";

/// Something that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChoiceRow {
    pub(crate) name: String,
    document: String,
    pub(crate) set_by: Actor,
    pub(crate) set_at: Timestamp,
}

impl ChoiceRow {
    pub(crate) fn new(
        name: &str,
        set: &impl Serialize,
        set_by: Actor,
        set_at: Timestamp,
    ) -> Result<Self, Error> {
        Ok(Self { name: name.to_owned(), document: serde_json::to_string(set)?, set_by, set_at })
    }

    /// What is set.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        Ok(serde_json::from_str(&self.document)?)
    }
}

/// All of them, by name.
pub(crate) async fn list(tx: &mut Tx<'_>) -> Result<Vec<ChoiceRow>, Error> {
    let statement =
        Query::select().columns(COLUMNS).from(tx.table(TABLE)).order_by("name", Order::Asc).take();
    let rows = tx.fetch_all(&statement).await?;
    let decoded = rows.iter().map(|row| {
        let set_by: String = row.get(2)?;
        Ok(ChoiceRow {
            name: row.get(0)?,
            document: row.get(1)?,
            set_by: serde_json::from_str(&set_by)?,
            set_at: Timestamp::from_micros(row.get(3)?),
        })
    });
    decoded.collect()
}

/// What rows say together.
pub(crate) fn choices(rows: &[ChoiceRow]) -> Result<Choices, Error> {
    let mut choices = Choices::default();
    for row in rows {
        if row.name == SETTINGS {
            choices.settings = row.read::<ModelSettings>()?;
        } else {
            choices.overrides.insert(row.name.clone(), row.read::<ModelOverride>()?);
        }
    }
    Ok(choices)
}

pub(crate) async fn put(tx: &mut Tx<'_>, row: &ChoiceRow) -> Result<(), Error> {
    let statement = Query::insert()
        .into_table(tx.table(TABLE))
        .columns(COLUMNS)
        .values_panic([
            Expr::val(row.name.as_str()),
            Expr::val(row.document.as_str()),
            Expr::val(serde_json::to_string(&row.set_by)?),
            Expr::val(instant(row.set_at)),
        ])
        .on_conflict(OnConflict::column("name").update_columns(["document", "set_by", "set_at"]).to_owned())
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

/// Whether there was one.
pub(crate) async fn remove(tx: &mut Tx<'_>, name: &str) -> Result<bool, Error> {
    let statement = Query::delete().from_table(tx.table(TABLE)).and_where(Expr::col("name").eq(name)).take();
    Ok(tx.execute(&statement).await? > 0)
}
