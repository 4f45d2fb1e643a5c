//! A view of type KANBAN: cards in a column for each option of a field, and moving them.

use askama::Template;
use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_core::{
    caller::Caller,
    error::{Issue, Problem},
    grants::Action,
    ids::{RecordId, ViewId},
    metadata::{Field, Object, system_fields},
};
use kontor_crm::{
    records::{Figures, Record},
    views::{BoardColumn, BoardQuery, CardMove},
};
use kontor_http::Services;
use serde_json::json;

use super::{
    turns::wants_json,
    view_bar::ViewBar,
    view_state::{Opened, VIEW},
};
use crate::{
    assets,
    error::{PageError, Result, page},
    form::Fields,
    link::{parsed, with_query},
    records,
    session::Sent,
    shell::Shell,
    show::{Place, Shown, Viewer, badge, condition_words, untyped},
};

/// Cards of a column that are shown at a time.
const CARDS: u32 = 50;
/// Fields of a card beside the record's name.
const FIELDS: usize = 5;
/// The name, in an address, of the one column that is shown.
const COLUMN: &str = "column";

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage<'a> {
    assets: &'static str,
    shell: Shell,
    object: &'a str,
    plural: &'a str,
    label: String,
    can_create: bool,
    views: ViewBar,
    view: String,
    search: String,
    /// What narrows the board, in words.
    words: Option<String>,
    /// Why cards cannot be moved, where the reader could else.
    fixed: Option<&'static str>,
    can_move: bool,
    lanes: Vec<Lane>,
    /// Where one column is shown alone, the whole board.
    whole: Option<String>,
    table: String,
}

struct Lane {
    value: String,
    title: Shown,
    label: String,
    count: u64,
    sums: Vec<String>,
    cards: Vec<CardView>,
    more: Option<String>,
}

struct CardView {
    id: String,
    href: String,
    label: String,
    fields: Vec<(String, Shown)>,
}

/// What is asked for with a board.
pub(super) struct Asked<'a> {
    pub(super) state: &'a Services,
    pub(super) caller: &'a Caller,
    pub(super) object: &'a Object,
    pub(super) viewer: &'a Viewer,
    pub(super) query: &'a Fields,
    pub(super) opened: &'a Opened,
}

pub(super) async fn show(asked: Asked<'_>, shell: Shell) -> Result<Response> {
    let Asked { state, caller, object, viewer, query, opened, .. } = asked;
    let fields = card_fields(&asked);
    let search = query.get("q");
    let board = BoardQuery {
        filter: opened.view.filter.clone(),
        search: Some(search).filter(|search| !search.is_empty()).map(str::to_owned),
        fields: Some(records::fields_to_read(object, caller, &fields)),
        limit: CARDS,
        column: query.find(COLUMN).map(|column| {
            let after = Some(query.get("after")).filter(|after| !after.is_empty());
            (Some(column).filter(|column| !column.is_empty()).map(str::to_owned), after.map(str::to_owned))
        }),
    };
    let is_alone = board.column.is_some();
    let board = state.crm.board(caller, opened.view.id, board).await?;
    let by = opened.view.group_by.as_ref().and_then(|name| object.field(name));
    let lane = |column: &BoardColumn| lane(&asked, by, column, &fields);
    let lanes = board.columns.iter().map(lane).collect();
    let may_update = caller.grants.allows(&object.name, Action::Update)
        && by.is_some_and(|by| caller.grants.can_update_field(&object.name, &by.name));
    let path = format!("/records/{}", object.plural);
    let view = opened.view.id.to_string();
    let views = ViewBar::new(state, caller, viewer, object, &shell.csrf, &opened.query, Some(opened)).await?;
    let shown = BoardPage {
        assets: &assets::BASE,
        object: &object.name,
        plural: &object.plural,
        label: object.label.to_lowercase(),
        can_create: !object.is_read_only && caller.grants.allows(&object.name, Action::Create),
        views,
        search: search.to_owned(),
        words: opened.view.filter.as_ref().and_then(|filter| condition_words(viewer, object, filter)),
        fixed: (may_update && board.sort.is_some())
            .then_some("The board is sorted. Take its order away to move cards by hand."),
        can_move: may_update && board.sort.is_none(),
        lanes,
        whole: is_alone.then(|| with_query(&path, [(VIEW, view.as_str())])),
        table: with_query(&path, [(VIEW, view.as_str()), ("as", "table")]),
        view,
        shell,
    };
    Ok(page(&shown)?.into_response())
}

/// What a card shows beside the record's name: the columns of the view, or what lists show, without what its column
/// says already.
fn card_fields<'a>(asked: &Asked<'a>) -> Vec<&'a Field> {
    let Asked { caller, object, opened, .. } = asked;
    let chosen: Vec<String> =
        opened.view.columns.iter().flatten().map(|column| column.field().to_owned()).collect();
    let by = opened.view.group_by.as_ref();
    let fields = records::chosen(&records::candidates(object, caller, &chosen));
    let is_shown = |field: &&Field| Some(&field.name) != by && field.name != *system_fields::OWNER;
    let is_asked = |field: &&Field| chosen.iter().any(|name| field.name == *name.as_str());
    fields.into_iter().filter(|field| is_asked(field) || is_shown(field)).take(FIELDS).collect()
}

fn lane(asked: &Asked<'_>, by: Option<&Field>, column: &BoardColumn, fields: &[&Field]) -> Lane {
    let Asked { viewer, object, query, opened, .. } = asked;
    let value = column.option.as_ref().map(|option| option.value.clone()).unwrap_or_default();
    let none = || format!("No {}", by.map(|by| by.label.to_lowercase()).unwrap_or_default());
    let label = column.option.as_ref().map_or_else(none, |option| option.label.clone());
    let title = match &column.option {
        Some(option) => badge(std::slice::from_ref(option), &option.value),
        None => Shown::Text(label.clone()),
    };
    let more = column.cards.next.as_ref().map(|after| {
        let view = opened.view.id.to_string();
        let pairs = [(VIEW, view.as_str()), ("q", query.get("q")), (COLUMN, &value), ("after", after)];
        let is_said = |(name, value): &(&str, &str)| *name == COLUMN || !value.is_empty();
        with_query(&format!("/records/{}", object.plural), pairs.into_iter().filter(is_said))
    });
    Lane {
        value,
        title,
        label,
        count: column.figures.count,
        sums: sums(&column.figures),
        cards: column.cards.records.iter().map(|record| card(viewer, record, fields)).collect(),
        more,
    }
}

/// `12,000 EUR, weighted 3,000 EUR`, of each currency.
fn sums(figures: &Figures) -> Vec<String> {
    let plain =
        |amount, currency| untyped(&json!({ "amount": amount, "currency": currency }), Place::Cell).plain();
    let amounts = figures.sums.iter().filter_map(|amounts| {
        let sum = plain(&amounts.sum, &amounts.currency)?;
        let weighted = amounts.weighted.as_ref().and_then(|weighted| plain(weighted, &amounts.currency));
        Some(weighted.map_or_else(|| sum.clone(), |weighted| format!("{sum}, weighted {weighted}")))
    });
    amounts.collect()
}

fn card(viewer: &Viewer, record: &Record, fields: &[&Field]) -> CardView {
    let shown =
        fields.iter().map(|field| (field.label.clone(), viewer.of_record(record, field, Place::Cell)));
    CardView {
        id: record.id.to_string(),
        href: format!("/records/{}/{}", record.object.plural, record.id),
        label: record.label.clone(),
        fields: shown.filter(|(_, shown)| *shown != Shown::Empty).collect(),
    }
}

/// Moves cards, as a form or a script asks.
pub(crate) async fn move_cards(
    State(state): State<Services>,
    Path((plural, view)): Path<(String, String)>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    let Sent { caller, fields, .. } = &sent;
    let id = parsed::<ViewId>(&view)?;
    let (object, _) = state.crm.view(caller, id).await?;
    if object.plural != *plural.as_str() {
        return Err(PageError::not_found());
    }
    let records: Vec<RecordId> = fields.all("record").map(parsed).collect::<Result<_>>()?;
    if records.is_empty() {
        let issue = Issue::new("record", "required", "Select the cards first that are to be moved.");
        return Err(PageError::Problem(Problem::invalid(vec![issue])));
    }
    let neighbour = |name: &str| fields.get(name).parse().ok();
    let to = fields.find("to").map(|to| Some(to.to_owned()).filter(|to| !to.is_empty()));
    let cards = CardMove { records, to, after: neighbour("after"), before: neighbour("before") };
    state.crm.move_cards(caller, id, cards).await?;
    if wants_json(&headers) {
        return Ok(Json(json!({})).into_response());
    }
    Ok(Redirect::to(&with_query(&format!("/records/{plural}"), [(VIEW, view.as_str())])).into_response())
}
