//! Moving cards of a board: to another column, and to a place in it, as one act.
//!
//! A place is a number between those of its neighbours, with chance in it, so that two who move cards to one place at
//! once get different numbers. Where the numbers are used up, the column is numbered anew.

use std::{collections::BTreeSet, sync::Arc};

use kontor_core::{
    caller::Caller,
    error::Issue,
    ids::{RecordId, ViewId},
    metadata::{Field, Object, system_fields},
};
use sea_query::{Alias, CaseStatement, Expr, ExprTrait as _, NullOrdering, Order, Query, SelectStatement};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{View, ViewType, board::sorted, service};
use crate::{
    Crm, Error, Work,
    records::{self, MAX_BATCH, Record, col},
};

/// Between cards that are put at an end of a column, and those of a column that is numbered anew: about an hour of the
/// microseconds that new records are numbered by.
const STEP: f64 = 4_294_967_296.0;
/// The least difference that is left between neighbours: less would leave no numbers between them.
const LEAST: f64 = 1_024.0;
/// Cards that are numbered anew by one statement.
const AT_ONCE: usize = 200;
/// The table's alias.
const CARD: &str = "r0";

/// Where cards of a board go.
#[derive(Debug, Clone, Deserialize)]
pub struct CardMove {
    pub records: Vec<RecordId>,
    /// The option of the column; null for that of records without one. Where it is left out, the cards stay in the
    /// column of the first of them.
    #[serde(default, deserialize_with = "given")]
    pub to: Option<Option<String>>,
    /// The card behind which they come.
    #[serde(default)]
    pub after: Option<RecordId>,
    /// The card before which they come; without either, they come first.
    #[serde(default)]
    pub before: Option<RecordId>,
}

fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Crm {
    /// Moves cards of a board, all or none, in the order in which they are given.
    ///
    /// # Errors
    /// [`Error::ViewNotFound`] also where the view is no board; [`Error::SortedView`]; what a change of the records
    /// answers.
    pub async fn move_cards(
        &self,
        caller: &Caller,
        id: ViewId,
        cards: CardMove,
    ) -> Result<Vec<Record>, Error> {
        self.write(caller, cards, move |work, cards| Box::pin(move_cards(work, id, cards))).await
    }
}

async fn move_cards(work: &mut Work<'_, '_>, id: ViewId, cards: &CardMove) -> Result<Vec<Record>, Error> {
    let (object, view) = service::find(work, id).await?;
    let by = grouped(&object, &view).ok_or(Error::ViewNotFound(id))?;
    if let Some(sort) = sorted(&view) {
        return Err(Error::SortedView { name: view.name, sort });
    }
    let distinct: BTreeSet<_> = cards.records.iter().collect();
    let count = cards.records.len();
    if count == 0 || count > MAX_BATCH || distinct.len() < count {
        let message = format!("expected 1 to {MAX_BATCH} cards, each once");
        return Err(Error::invalid(Issue::new("records", "out_of_range", message)));
    }
    let to = match (&cards.to, cards.records.first()) {
        (None, Some(first)) => {
            let fields = [by.name.to_string()];
            let record = records::get(work, &object, *first, Some(&fields), &[]).await?;
            record.values.get(&by.name).map(|value| value.to_json(&by.kind)).unwrap_or_default()
        }
        (to, _) => json!(to),
    };
    let column = Column { object: &object, by, to: &to, moved: &cards.records };
    let places = column.places(work, cards).await?;
    let may_place = work.caller.grants.can_update_field(&object.name, system_fields::POSITION);
    let mut moved = Vec::with_capacity(count);
    for (index, (card, place)) in cards.records.iter().zip(places).enumerate() {
        let mut patch = Map::new();
        patch.insert(by.name.to_string(), to.clone());
        if may_place {
            patch.insert(system_fields::POSITION.to_owned(), json!(place));
        }
        let updated = records::update(work, &object, *card, &patch, None).await;
        let at = |error: Error| if count > 1 { error.within(&format!("records[{index}]")) } else { error };
        moved.push(updated.map_err(at)?.record);
    }
    Ok(moved)
}

fn grouped<'o>(object: &'o Object, view: &View) -> Option<&'o Field> {
    let by = view.group_by.as_ref().filter(|_| view.kind == ViewType::Kanban)?;
    object.field(by)
}

/// The column that cards go to, without those cards.
struct Column<'a> {
    object: &'a Arc<Object>,
    by: &'a Field,
    to: &'a Json,
    moved: &'a [RecordId],
}

impl Column<'_> {
    /// A number for each card, in their order, between the neighbours that the move names.
    async fn places(&self, work: &mut Work<'_, '_>, cards: &CardMove) -> Result<Vec<f64>, Error> {
        let (low, high) = self.neighbours(work, cards).await?;
        if let Some(places) = between(work, low, high, cards.records.len()) {
            return Ok(places);
        }
        self.number_anew(work).await?;
        let (low, high) = self.neighbours(work, cards).await?;
        Ok(between(work, low, high, cards.records.len()).unwrap_or_default())
    }

    /// The places of the cards between which the others come. A card that is in the column no more is no neighbour, and
    /// they come first.
    async fn neighbours(
        &self,
        work: &mut Work<'_, '_>,
        cards: &CardMove,
    ) -> Result<(Option<f64>, Option<f64>), Error> {
        if let Some(card) = cards.after
            && let Some(low) = self.place_of(work, card).await?
        {
            let mut next = self.select(work, Order::Asc);
            next.and_where(behind(low, card));
            return Ok((Some(low), self.first(work, next).await?));
        }
        if let Some(card) = cards.before
            && let Some(high) = self.place_of(work, card).await?
        {
            let mut previous = self.select(work, Order::Desc);
            previous.and_where(behind(high, card).not()).and_where(col(CARD, "id").ne(card.as_uuid()));
            return Ok((self.first(work, previous).await?, Some(high)));
        }
        let first = self.select(work, Order::Asc);
        Ok((None, self.first(work, first).await?))
    }

    /// The place of a card of the column, which stays where it is until the move is done.
    async fn place_of(&self, work: &mut Work<'_, '_>, card: RecordId) -> Result<Option<f64>, Error> {
        let mut select = self.select(work, Order::Asc);
        select.and_where(col(CARD, "id").eq(card.as_uuid()));
        work.tx.dialect().lock_rows(&mut select);
        self.first(work, select).await
    }

    async fn first(
        &self,
        work: &mut Work<'_, '_>,
        mut select: SelectStatement,
    ) -> Result<Option<f64>, Error> {
        select.limit(1);
        let row = work.tx.fetch_optional(&select).await?;
        Ok(row.map(|row| row.get::<Option<f64>>(0)).transpose()?.flatten())
    }

    /// The places of the column's cards.
    fn select(&self, work: &Work<'_, '_>, order: Order) -> SelectStatement {
        let held = col(CARD, &self.by.column_name(""));
        let is_of = match self.to.as_str() {
            Some(option) => held.eq(option),
            None => held.is_null(),
        };
        let moved = self.moved.iter().map(|id| id.as_uuid());
        Query::select()
            .expr(col(CARD, system_fields::POSITION))
            .from_as(work.tx.table(&self.object.table()), Alias::new(CARD))
            .and_where(col(CARD, system_fields::DELETED_AT).is_null())
            .and_where(is_of)
            .and_where(col(CARD, "id").is_not_in(moved))
            .order_by_expr_with_nulls(col(CARD, system_fields::POSITION), order.clone(), NullOrdering::Last)
            .order_by((CARD, "id"), order)
            .take()
    }

    /// Gives every card of the column a place that leaves room for others, in the order in which they stand.
    async fn number_anew(&self, work: &mut Work<'_, '_>) -> Result<(), Error> {
        let mut select = self.select(work, Order::Asc);
        select.expr(col(CARD, "id"));
        let rows = work.tx.fetch_all(&select).await?;
        let first: Option<f64> = rows.first().map(|row| row.get::<Option<f64>>(0)).transpose()?.flatten();
        let mut place = first.unwrap_or_default();
        for rows in rows.chunks(AT_ONCE) {
            let (mut case, mut ids) = (CaseStatement::new(), Vec::with_capacity(rows.len()));
            for row in rows {
                let id: uuid::Uuid = row.get(1)?;
                case = case.case(Expr::col("id").eq(id), Expr::val(place));
                ids.push(id);
                place += STEP * (1.0 + chance(work));
            }
            let update = Query::update()
                .table(work.tx.table(&self.object.table()))
                .value(system_fields::POSITION, Expr::Case(Box::new(case)))
                .and_where(Expr::col("id").is_in(ids))
                .take();
            work.tx.execute(&update).await?;
        }
        Ok(())
    }
}

/// That a card stands behind another in the order of a column.
fn behind(place: f64, card: RecordId) -> Expr {
    let position = || col(CARD, system_fields::POSITION);
    let same = position().eq(place).and(col(CARD, "id").gt(card.as_uuid()));
    position().gt(place).or(same)
}

/// From 0 to 1.
fn chance(work: &Work<'_, '_>) -> f64 {
    f64::from(u32::from_le_bytes(work.environment.random())) / f64::from(u32::MAX)
}

/// Rising numbers between two; nothing where they leave too little room.
#[expect(clippy::cast_precision_loss, reason = "a move has few cards")]
fn between(work: &Work<'_, '_>, low: Option<f64>, high: Option<f64>, count: usize) -> Option<Vec<f64>> {
    let whole = STEP * count as f64;
    let (low, high) = match (low, high) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => (low, low + whole),
        (None, Some(high)) => (high - whole, high),
        (None, None) => {
            let now = work.now.micros() as f64;
            (now, now + whole)
        }
    };
    let share = (high - low) / count as f64;
    // In the middle half of each share, so that neighbours never come too near to each other.
    let place = |index: usize| low + share * (index as f64 + 0.25 + chance(work) / 2.0);
    (share >= LEAST).then(|| (0..count).map(place).collect())
}
