//! What of a list is remembered, the addresses that keep it, and how it is forgotten.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderName},
    response::Redirect,
};
use kontor_core::{caller::Caller, metadata::Object};
use kontor_http::Services;

use super::view_state::{self, VIEW};
use crate::{error::Result, form::Fields, link::with_query, records, session::Sent};

/// Marks a list that is looked at in passing, such as all contacts of an account: it is not how the list was left.
pub(super) const PASSING: &str = "passing";

/// Whether an address says what list is meant; one that says nothing means the list as it was left.
pub(super) fn is_described(query: &Fields) -> bool {
    let says = |name: &&str| query.find(name).is_some();
    ["q", "f", "c", "sort", "after", "deleted", PASSING, VIEW].iter().any(says)
}

/// Whether a list that is asked for so is one to come back to: not a view, nor one in passing, nor what is deleted, nor what a link
/// from elsewhere searches for. The list's own form says its columns with what is searched for.
pub(super) fn is_lasting(query: &Fields) -> bool {
    let is_search_alone = !query.get("q").is_empty() && query.find("c").is_none();
    query.find(VIEW).is_none()
        && query.get(PASSING) != "yes"
        && query.get("deleted") != "yes"
        && !is_search_alone
}

/// Whether a person opens the page here, rather than a script, a browser on its own, or another site's link.
pub(super) fn is_opened(headers: &HeaderMap) -> bool {
    let header =
        |name: &'static str| headers.get(HeaderName::from_static(name)).and_then(|value| value.to_str().ok());
    header("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
        && header("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"))
        && header("sec-purpose").is_none()
}

/// The columns that were chosen; none where they are those that the list has by itself.
pub(super) fn columns(query: &Fields, object: &Object, caller: &Caller) -> Vec<String> {
    let chosen: Vec<String> = query.all("c").map(str::to_owned).collect();
    let usual = records::candidates(object, caller, &[]);
    let usual = usual.iter().filter(|column| column.is_shown).map(|column| column.field.name.as_str());
    let is_usual = usual.eq(chosen.iter().map(String::as_str));
    if is_usual { Vec::new() } else { chosen }
}

/// What is remembered of a list that is asked for so: filter, order and columns, neither what was searched for nor the
/// page.
pub(super) fn of(query: &Fields, columns: &[String]) -> String {
    let rows = ["f", "o", "v"].into_iter().flat_map(|name| query.all(name).map(move |value| (name, value)));
    let sort = Some(("sort", query.get("sort"))).filter(|(_, sort)| !sort.is_empty());
    let columns = columns.iter().map(|column| ("c", column.as_str()));
    let address = with_query("", rows.chain(sort).chain(columns));
    address.trim_start_matches('?').to_owned()
}

/// Forgets how the list was left.
pub(crate) async fn reset(
    State(state): State<Services>,
    Path(plural): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    state.crm.keep_list_state(&sent.caller, &plural, "").await?;
    Ok(Redirect::to(&format!("/records/{plural}")))
}

/// Addresses of this list that keep what it is narrowed to.
pub(super) struct Address<'a> {
    pub(super) plural: &'a str,
    pub(super) query: &'a Fields,
}

impl Address<'_> {
    pub(super) fn with(&self, sort: &str, trail: &[&str], after: &str) -> String {
        let kept = ["q", "deleted", PASSING].into_iter().map(|name| (name, self.query.get(name)));
        let kept = kept.chain(view_state::kept(self.query));
        let rows = ["f", "o", "v", "c"]
            .into_iter()
            .flat_map(|name| self.query.all(name).map(move |value| (name, value)).collect::<Vec<_>>());
        let trail = trail.iter().map(|cursor| ("p", *cursor));
        let pairs = kept
            .chain([("sort", sort)])
            .filter(|(_, value)| !value.is_empty())
            .chain(rows)
            .chain(trail)
            .chain((!after.is_empty()).then_some(("after", after)));
        with_query(&format!("/records/{}", self.plural), pairs)
    }

    /// The first page with another value in a row of the filter.
    pub(super) fn with_value(&self, row: usize, value: &str) -> String {
        let mut query = self.query.clone();
        let values: Vec<String> = self.query.all("v").map(str::to_owned).collect();
        query.replace_all(
            "v",
            values.into_iter().enumerate().map(
                |(index, held)| {
                    if index == row { value.to_owned() } else { held }
                },
            ),
        );
        Address { plural: self.plural, query: &query }.page(&[], "")
    }

    pub(super) fn page(&self, trail: &[&str], after: &str) -> String {
        self.with(self.query.get("sort"), trail, after)
    }

    /// The list with nothing left out, in the same order and with the same columns. Its query is never empty: an
    /// address without one leads to the list as it was left.
    pub(super) fn cleared(&self) -> String {
        let columns = self.query.all("c").map(|column| ("c", column));
        let kept = [("sort", self.query.get("sort")), (PASSING, self.query.get(PASSING))];
        let kept =
            kept.into_iter().chain(view_state::cleared(self.query)).filter(|(_, value)| !value.is_empty());
        with_query(&format!("/records/{}", self.plural), [("q", "")].into_iter().chain(kept).chain(columns))
    }
}
