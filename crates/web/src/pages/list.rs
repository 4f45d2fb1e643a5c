//! The list of an object's records: search, filter, order, columns, pages.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_core::{
    caller::Caller,
    error::{Chain, ErrorKind, Fault as _},
    grants::Action,
    metadata::{Object, Schema},
};
use kontor_crm::{
    records::ListQuery,
    views::{View, ViewType},
};
use kontor_http::Services;

use super::{
    board, calendar,
    list_state::{self, Address, PASSING},
    view_bar::ViewBar,
    view_state::{self, AS, EDITED, TABLE, VIEW, WITHOUT},
};
use crate::{
    assets,
    error::{PageError, Result, page},
    form::Fields,
    kinds,
    link::with_query,
    records::{self, Filters, RowView},
    session::SignedIn,
    shell::{Shell, icon, viewer},
    show::{Head, Shown, Table, without_ids},
};

const PAGE_SIZE: u32 = 50;
/// How far one can page back; before that, to the first page.
const MAX_TRAIL: usize = 20;

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<'a> {
    assets: &'static str,
    shell: Shell,
    object: &'a str,
    plural: &'a str,
    label: String,
    icon: &'static str,
    can_create: bool,
    search: String,
    sort: String,
    is_deleted: bool,
    deleted_href: String,
    live_href: String,
    clear_href: String,
    /// Not to be remembered.
    is_passing: bool,
    /// Whether it is sorted, narrowed or has other columns than as it comes.
    is_changed: bool,
    filters: &'a Filters,
    rows: Vec<RowView<'a>>,
    /// For each row what its value could mean: the list with that, and how it reads.
    offers: Vec<Vec<(String, String)>>,
    columns: Vec<ColumnChoice>,
    heads: Vec<HeadView>,
    records: Vec<Vec<Shown>>,
    total: Option<u64>,
    views: ViewBar,
    /// What the list's form keeps of the view that is opened.
    kept: Vec<(&'static str, String)>,
    first: Option<String>,
    previous: Option<String>,
    next: Option<String>,
    problem: Option<String>,
}

impl ListPage<'_> {
    /// Whether anything narrows the list.
    fn is_narrowed(&self) -> bool {
        !self.search.is_empty() || !self.rows.is_empty() || self.is_deleted
    }
}

struct ColumnChoice {
    name: String,
    label: String,
    is_shown: bool,
}

struct HeadView {
    label: String,
    is_number: bool,
    /// In steps of 32 pixels.
    width: usize,
    /// Where a click on it leads; absent for what cannot be sorted by.
    href: Option<String>,
    /// `ascending` or `descending` where the list is sorted by it.
    order: Option<&'static str>,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path(plural): Path<String>,
    request: Request,
) -> Result<Response> {
    let asked = Fields::of_query(&request);
    let is_described = list_state::is_described(&asked);
    let schema = state.crm.schema(caller.workspace).await?;
    let object = schema
        .object_by_plural(&plural)
        .filter(|object| caller.grants.allows(&object.name, Action::Read))
        .ok_or_else(PageError::not_found)?;

    if !is_described && let Some(kept) = state.crm.list_state(&caller, &object.name).await? {
        return Ok(Redirect::to(&format!("/records/{plural}?{kept}")).into_response());
    }

    let opened = view_state::opened(&state, &caller, &schema, object, &asked).await?;
    let viewer = viewer(&state, &caller, &schema);
    if let Some(opened) = opened.as_ref().filter(|opened| opened.view.kind != ViewType::Table)
        && asked.get(AS) != TABLE
    {
        let shell = Shell::new(&state, &caller, &csrf, &schema, &object.label_plural, &plural).await?;
        let (state, caller, viewer, query) = (&state, &caller, &viewer, &asked);
        let kind = opened.view.kind;
        let asked = board::Asked { state, caller, object, viewer, query, opened };
        return match kind {
            ViewType::Calendar => calendar::show(asked, shell).await,
            ViewType::Kanban | ViewType::Table => board::show(asked, shell).await,
        };
    }
    let query = opened.as_ref().map_or_else(|| asked.clone(), |opened| opened.query.clone());
    let chosen: Vec<String> = list_state::columns(&query, object, &caller);
    let candidates = records::candidates(object, &caller, &chosen);
    let fields = records::chosen(&candidates);
    let today = caller.today(state.environment.now());
    let mut filters = Filters::new(&schema, object, &caller, &query, today);
    filters.name_records(&state, &caller).await?;
    let is_passing = query.get(PASSING) == "yes";
    let is_lasting = is_described && list_state::is_lasting(&query) && !filters.is_unread();
    if is_lasting && list_state::is_opened(request.headers()) {
        let kept = list_state::of(&query, &chosen);
        // A list is shown also where nothing can be written.
        if let Err(error) = state.crm.keep_list_state(&caller, &object.name, &kept).await {
            tracing::warn!(error = %Chain(&error), "a list is not remembered");
        }
    }
    let after = query.get("after");
    let list = ListQuery {
        filter: view_state::both(opened.as_ref().and_then(|opened| opened.fixed.clone()), filters.to_json()),
        sort: Some(query.get("sort")).filter(|sort| !sort.is_empty()).map(str::to_owned),
        fields: Some(records::fields_to_read(object, &caller, &fields)).filter(|fields| !fields.is_empty()),
        limit: PAGE_SIZE,
        after: Some(after).filter(|after| !after.is_empty()).map(str::to_owned),
        total: true,
        search: Some(query.get("q")).filter(|search| !search.is_empty()).map(str::to_owned),
        deleted: query.get("deleted") == "yes",
        ..ListQuery::default()
    };
    // What a person has written into a filter may not fit; the page says so and lets them go on.
    let (found, problem) = if filters.is_unread() {
        (None, Some("The filter was not applied, because a value in it could not be read.".to_owned()))
    } else {
        match state.crm.list(&caller, &object.name, list).await {
            Ok(found) => (Some(found), None),
            Err(error) if error.problem().kind == ErrorKind::Invalid => {
                (None, Some(without_ids(&error.problem().message)))
            }
            Err(error) => return Err(error.into()),
        }
    };
    let (found, total, next_cursor) =
        found.map_or((Vec::new(), None, None), |page| (page.records, page.total, page.next));
    let table = Table::of_records(&viewer, object, &fields, &found);

    let address = Address { plural: &plural, query: &query };
    let trail: Vec<&str> = query.all("p").collect();
    let widths = opened.as_ref().map(|opened| widths(&opened.view)).unwrap_or_default();
    let heads = heads(object, &schema, &caller, &table, query.get("sort"), &address, &widths);
    let next = next_cursor.map(|cursor| {
        let mut behind: Vec<&str> = trail.clone();
        behind.push(after);
        let surplus = behind.len().saturating_sub(MAX_TRAIL);
        address.page(&behind[surplus..], &cursor)
    });
    let previous = match trail.split_last() {
        Some((last, before)) => Some(address.page(before, last)),
        None if !after.is_empty() => Some(address.page(&[], "")),
        None => None,
    };
    let shell = Shell::new(&state, &caller, &csrf, &schema, &object.label_plural, &plural).await?;
    let views = ViewBar::new(&state, &caller, &viewer, object, &shell.csrf, &query, opened.as_ref()).await?;
    let kept = opened.iter().flat_map(|opened| {
        let own = [WITHOUT, AS].into_iter();
        let own = own.filter_map(|name| Some((name, query.find(name)?.to_owned())));
        [(VIEW, opened.view.id.to_string()), (EDITED, "yes".to_owned())].into_iter().chain(own)
    });
    let kept = kept.collect();
    let shown = ListPage {
        object: &object.name,
        assets: &assets::BASE,
        shell,
        plural: &plural,
        label: object.label.to_lowercase(),
        icon: icon(&object.icon),
        can_create: !object.is_read_only && caller.grants.allows(&object.name, Action::Create),
        search: query.get("q").to_owned(),
        sort: query.get("sort").to_owned(),
        is_deleted: query.get("deleted") == "yes",
        deleted_href: with_query(&format!("/records/{plural}"), [("deleted", "yes")]),
        live_href: format!("/records/{plural}"),
        clear_href: address.cleared(),
        is_passing,
        is_changed: !is_passing && opened.is_none() && !list_state::of(&query, &chosen).is_empty(),
        offers: filters
            .rows
            .iter()
            .enumerate()
            .map(|(index, row)| {
                let offers = row.wrong.iter().flat_map(|wrong| &wrong.offers);
                offers.map(|offer| (address.with_value(index, &offer.value), offer.label.clone())).collect()
            })
            .collect(),
        rows: filters.views(),
        filters: &filters,
        columns: candidates
            .iter()
            .map(|column| ColumnChoice {
                name: column.field.name.to_string(),
                label: column.field.label.clone(),
                is_shown: column.is_shown,
            })
            .collect(),
        heads,
        records: table.rows,
        total,
        views,
        kept,
        first: (!after.is_empty()).then(|| address.page(&[], "")),
        previous,
        next,
        problem,
    };
    Ok(page(&shown)?.into_response())
}

fn heads(
    object: &Object,
    schema: &Schema,
    caller: &Caller,
    table: &Table,
    sort: &str,
    address: &Address<'_>,
    widths: &BTreeMap<String, usize>,
) -> Vec<HeadView> {
    table
        .heads
        .iter()
        .map(|head| {
            let field = object.field(&head.name).filter(|field| {
                records::Column::is_sortable(field, schema, caller)
                    && kontor_core::filter::Readable::can_read_field(
                        &*caller.grants,
                        &object.name,
                        &field.name,
                    )
            });
            let order = sort.split(',').find_map(|key| match key.strip_prefix('-') {
                Some(name) if name == head.name => Some("descending"),
                None if key == head.name => Some("ascending"),
                _ => None,
            });
            HeadView {
                label: head.label.clone(),
                is_number: head.is_number,
                width: widths.get(head.name.as_str()).copied().unwrap_or_else(|| width(object, head)),
                href: field.map(|field| {
                    // A figure is looked at from the largest, a text from its beginning; a second click turns it.
                    let descending = match order {
                        Some(order) => order == "ascending",
                        None => head.is_number,
                    };
                    let sort = if descending { format!("-{}", field.name) } else { field.name.to_string() };
                    address.with(&sort, &[], "")
                }),
                order,
            }
        })
        .collect()
}

/// The widths that a view gives to columns, in steps of 32 pixels.
fn widths(view: &View) -> BTreeMap<String, usize> {
    let sized = view.columns.iter().flatten().filter_map(|column| Some((column.field(), column.width()?)));
    let steps = |width: u32| usize::try_from(width.div_ceil(32)).unwrap_or(WIDEST).clamp(NARROWEST, WIDEST);
    sized.map(|(field, width)| (field.to_owned(), steps(width))).collect()
}

/// The widest column and that of the records' names, in steps of 32 pixels.
const WIDEST: usize = 9;
const NARROWEST: usize = 3;
const NAMES: usize = 7;

/// As wide as fields of its kind need, and at least as its own heading does.
fn width(object: &Object, head: &Head) -> usize {
    if object.label_field == *head.name.as_str() {
        return NAMES;
    }
    let kind = object.field(&head.name).map_or(NAMES, |field| kinds::of(&field.kind).width);
    // A letter takes about seven pixels, the space around it and the mark of the order the rest.
    let heading = (head.label.chars().count() * 27 / 4 + 36).div_ceil(32);
    kind.max(heading).min(WIDEST)
}
