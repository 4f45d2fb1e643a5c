//! How a view is looked at in its list: what it asks for as the list's address says it, and what its reader has
//! changed since.

use kontor_core::{
    caller::Caller,
    ids::ViewId,
    metadata::{Object, Schema},
    time::Date,
};
use kontor_crm::views::View;
use kontor_http::Services;
use serde_json::{Value as Json, json};

use crate::{
    error::{PageError, Result},
    form::Fields,
    link::parsed,
    records,
};

/// The name of the view in a list's address.
pub(super) const VIEW: &str = "view";
/// Says that filter, order and columns are those of the address, and not as the view has them.
pub(super) const EDITED: &str = "edited";
/// Says that the part of the view's filter is left out that no row can say.
pub(super) const WITHOUT: &str = "without";

/// Has a board shown as a table, where its filter is changed.
pub(super) const AS: &str = "as";
pub(super) const TABLE: &str = "table";

/// A view that is opened, with what its reader sees of it.
pub(super) struct Opened {
    pub(super) view: View,
    /// What is asked for, with the reader's changes.
    pub(super) query: Fields,
    /// The filter that no rows can say, where it is not left out.
    pub(super) fixed: Option<Json>,
    pub(super) is_changed: bool,
}

/// The view that an address names.
///
/// # Errors
/// There is none for the caller, or it is about another object.
pub(super) async fn opened(
    state: &Services,
    caller: &Caller,
    schema: &Schema,
    object: &Object,
    query: &Fields,
) -> Result<Option<Opened>> {
    let Some(id) = query.find(VIEW) else { return Ok(None) };
    let (of, view) = state.crm.view(caller, parsed::<ViewId>(id)?).await?;
    if of.name != object.name {
        return Err(PageError::not_found());
    }
    let today = caller.today(state.environment.now());
    Ok(Some(Opened::new(schema, object, caller, view, query, today)))
}

impl Opened {
    fn new(
        schema: &Schema,
        object: &Object,
        caller: &Caller,
        view: View,
        query: &Fields,
        today: Date,
    ) -> Self {
        let filter = view.filter.as_ref();
        let rows = filter.map(|filter| records::rows_of(schema, object, caller, filter, today));
        let fixed = filter.filter(|_| rows.as_ref().is_some_and(Option::is_none)).cloned();
        let rows = rows.flatten().unwrap_or_default();
        let column = |word: fn(&records::RowText) -> String| rows.iter().map(word).collect::<Vec<_>>();
        let mut saved = query.clone();
        saved.replace_all("f", column(|(field, ..)| field.clone()));
        saved.replace_all("o", column(|(_, word, _)| (*word).to_owned()));
        saved.replace_all("v", column(|(.., value)| value.clone()));
        saved.replace_all("sort", view.sort.iter().map(kontor_crm::views::Order::text));
        let columns = view.columns.iter().flatten().map(|column| column.field().to_owned());
        saved.replace_all("c", columns.filter(|field| object.label_field != *field.as_str()));
        let is_edited = query.find(EDITED).is_some();
        let is_without = query.find(WITHOUT).is_some();
        let chosen = |query: &Fields| {
            let columns: Vec<String> =
                records::candidates(object, caller, &query.all("c").map(str::to_owned).collect::<Vec<_>>())
                    .into_iter()
                    .filter(|column| column.is_shown)
                    .map(|column| column.field.name.to_string())
                    .collect();
            (said(query), query.get("sort").to_owned(), columns)
        };
        let is_changed = is_without && fixed.is_some() || is_edited && chosen(&saved) != chosen(query);
        let query = if is_edited { query.clone() } else { saved };
        Self { view, query, fixed: fixed.filter(|_| !is_without), is_changed }
    }
}

/// The rows of a filter that say something.
fn said(query: &Fields) -> Vec<(String, String, String)> {
    let rows = query.all("f").zip(query.all("o")).zip(query.all("v"));
    let rows = rows.filter(|((_, word), value)| !value.is_empty() || matches!(*word, "empty" | "filled"));
    rows.map(|((field, word), value)| (field.to_owned(), word.to_owned(), value.to_owned())).collect()
}

/// The filter of both; nothing where neither narrows.
pub(super) fn both(fixed: Option<Json>, rows: Option<Json>) -> Option<Json> {
    match (fixed, rows) {
        (Some(fixed), Some(rows)) => Some(json!({ "and": [fixed, rows] })),
        (one, other) => one.or(other),
    }
}

/// What an address that leads on from a view keeps of it.
pub(super) fn kept(query: &Fields) -> [(&str, &str); 4] {
    let view = query.get(VIEW);
    let edited = if view.is_empty() { "" } else { "yes" };
    [(VIEW, view), (EDITED, edited), (WITHOUT, query.get(WITHOUT)), (AS, query.get(AS))]
}

/// The same, with nothing that narrows the list.
pub(super) fn cleared(query: &Fields) -> [(&str, &str); 4] {
    let view = query.get(VIEW);
    let yes = if view.is_empty() { "" } else { "yes" };
    [(VIEW, view), (EDITED, yes), (WITHOUT, yes), (AS, query.get(AS))]
}
