use axum::{Json, extract::State};
use kontor_crm::records::{DEFAULT_LIMIT, ListQuery, MAX_LIMIT, Record};
use kontor_http::Services;

use crate::{
    extract::{Acting, Holds, Parameter, Parameters, Segments},
    page::{self, Page},
    problem::Result,
};

pub(super) const KNOWN: [Parameter; 9] = [
    Parameter::new("filter", Holds::Json, "Which records, such as `{\"stage\": {\"eq\": \"PROPOSAL\"}}`."),
    Parameter::new(
        "sort",
        Holds::Names,
        "Fields, the first of which counts most; with a `-` in descending order.",
    ),
    Parameter::new("fields", Holds::Names, "Only these fields."),
    Parameter::new("include", Holds::Names, "Relations whose record is answered too."),
    Parameter::limit(MAX_LIMIT),
    Parameter::after(),
    Parameter::new("total", Holds::Flag, "Whether to count all that match."),
    Parameter::new("search", Holds::Text, "Words that begin words of a record, all of them."),
    Parameter::new("deleted", Holds::Flag, "The deleted records instead."),
];

pub(super) async fn list(
    State(state): State<Services>,
    Acting(caller): Acting,
    Segments(plural): Segments<String>,
    parameters: Parameters,
) -> Result<Json<Page<Record>>> {
    let page = state.crm.list(&caller, &plural, query(parameters)?).await?;
    Ok(page::page(page.records, page.next, page.total))
}

fn query(parameters: Parameters) -> Result<ListQuery> {
    let parameters = parameters.knowing(&KNOWN)?;
    Ok(ListQuery {
        filter: parameters.json("filter")?,
        sort: parameters.owned("sort"),
        fields: parameters.list("fields"),
        include: parameters.list("include").unwrap_or_default(),
        limit: parameters.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT),
        after: parameters.owned("after"),
        total: parameters.flag("total")?,
        search: parameters.owned("search"),
        deleted: parameters.flag("deleted")?,
    })
}
