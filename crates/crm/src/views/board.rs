//! A board: the columns of a view of type KANBAN, with their figures and the first of their cards.

use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    ids::ViewId,
    metadata::{Object, SelectOption, system_fields},
};
use serde_json::{Value as Json, json};

use super::{Order, View, ViewType, service};
use crate::{
    Crm, Error, Work,
    records::{self, Figures, ListQuery, Page},
};

/// What is asked of a board.
#[derive(Debug, Clone, Default)]
pub struct BoardQuery {
    /// Which records, where it is not as the view says.
    pub filter: Option<Json>,
    /// Words that every record has to have.
    pub search: Option<String>,
    /// The fields of the cards.
    pub fields: Option<Vec<String>>,
    /// Cards of a column at a time.
    pub limit: u32,
    /// One column alone, by its option (none of it: the records without one), from a place in it on.
    pub column: Option<(Option<String>, Option<String>)>,
}

/// A board as its reader sees it.
#[derive(Debug, Clone)]
pub struct Board {
    pub object: Arc<Object>,
    pub view: View,
    pub columns: Vec<BoardColumn>,
    /// By what the cards are ordered, where that is not by hand.
    pub sort: Option<String>,
}

/// The records of one option, or those that have none.
#[derive(Debug, Clone)]
pub struct BoardColumn {
    pub option: Option<SelectOption>,
    pub figures: Figures,
    pub cards: Page,
}

impl Crm {
    /// A board with the first cards of each column.
    ///
    /// # Errors
    /// [`Error::ViewNotFound`] also where the view is no board; what lists answer to a filter that is no right one.
    pub async fn board(&self, caller: &Caller, id: ViewId, query: BoardQuery) -> Result<Board, Error> {
        self.read(caller, query, move |work, query| Box::pin(board(work, id, query))).await
    }
}

async fn board(work: &mut Work<'_, '_>, id: ViewId, query: &BoardQuery) -> Result<Board, Error> {
    let (object, view) = service::find(work, id).await?;
    let by = view.group_by.as_ref().filter(|_| view.kind == ViewType::Kanban);
    let by = by.and_then(|name| object.field(name)).ok_or(Error::ViewNotFound(id))?.clone();
    let figures = records::figures(work, &object, &by, query.filter.as_ref()).await?;
    let sort = sorted(&view);
    let options = by.kind.options().iter().cloned().map(Some);
    let has_none = !by.is_required || figures.contains_key(&None);
    let mut columns = Vec::new();
    for option in options.chain(has_none.then_some(None)) {
        let value = option.as_ref().map(|option| option.value.clone());
        let after = match &query.column {
            Some((wanted, _)) if *wanted != value => continue,
            Some((_, after)) => after.clone(),
            None => None,
        };
        let figures = figures.get(&value).cloned().unwrap_or_default();
        let is_of = match &value {
            Some(value) => json!({ by.name.as_str(): { "eq": value } }),
            None => json!({ by.name.as_str(): { "is_empty": true } }),
        };
        let filter = match &query.filter {
            Some(filter) => json!({ "and": [filter, is_of] }),
            None => is_of,
        };
        let cards = if figures.count == 0 {
            Page { records: Vec::new(), next: None, has_more: false, total: None }
        } else {
            let list = ListQuery {
                filter: Some(filter),
                sort: Some(sort.clone().unwrap_or_else(|| system_fields::POSITION.to_owned())),
                fields: query.fields.clone(),
                limit: query.limit,
                after,
                search: query.search.clone(),
                ..ListQuery::default()
            };
            records::list(work, &object, &list).await?
        };
        columns.push(BoardColumn { option, figures, cards });
    }
    Ok(Board { object, view, columns, sort })
}

/// By what the cards of a board are ordered, where that is not by hand.
pub(super) fn sorted(view: &View) -> Option<String> {
    let sort = view.sort.as_ref().map(Order::text)?;
    let is_by_hand = sort.is_empty() || sort.trim() == system_fields::POSITION;
    (!is_by_hand).then_some(sort)
}
