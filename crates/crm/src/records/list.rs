use std::sync::Arc;

use kontor_core::{
    error::Issue,
    filter::{Asker, Filter, OwnRecord, parse_filter},
    grants::Action,
    ids::MemberId,
    metadata::{Object, system_fields},
};
use kontor_store::Row;
use sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement};
use serde_json::Value as Json;

use super::{
    access::{predicate, require},
    approach::Approach,
    condition::{self, Authority},
    cursor,
    get::Requested,
    record::Record,
    related::{self, JoinedNames, Labels},
    rows::{BASE, col, decode},
    sorting::{Sorting, reject_hidden_names},
};
use crate::{Error, Work, search};

/// The most records on a page.
pub const MAX_LIMIT: u32 = 200;
/// The records on a page where no number is asked for.
pub const DEFAULT_LIMIT: u32 = 60;

/// What a list shows.
#[derive(Debug, Clone)]
pub struct ListQuery {
    pub filter: Option<Json>,
    /// `-amount,name`; newest first where there is none.
    pub sort: Option<String>,
    /// The fields to return; all that may be read where none are given.
    pub fields: Option<Vec<String>>,
    /// The relation fields whose records are returned with their fields.
    pub include: Vec<String>,
    /// 1 to [`MAX_LIMIT`].
    pub limit: u32,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// Whether to count all that match.
    pub total: bool,
    /// Words that every record has to have, each as beginning of one of its words.
    pub search: Option<String>,
    /// The deleted records instead of those that are not.
    pub deleted: bool,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            filter: None,
            sort: None,
            fields: None,
            include: Vec::new(),
            limit: DEFAULT_LIMIT,
            after: None,
            total: false,
            search: None,
            deleted: false,
        }
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    pub records: Vec<Record>,
    /// The cursor of the next page, when there is one.
    pub next: Option<String>,
    pub has_more: bool,
    pub total: Option<u64>,
}

/// The records that the caller may read and that match, one page of them.
pub async fn list(work: &mut Work<'_, '_>, object: &Arc<Object>, query: &ListQuery) -> Result<Page, Error> {
    require(work, object, Action::Read)?;
    related::check_include(work, object, &query.include)?;
    if !(1..=MAX_LIMIT).contains(&query.limit) {
        let message = format!("expected a number from 1 to {MAX_LIMIT}");
        return Err(Error::invalid(Issue::new("limit", "out_of_range", message)));
    }
    let grants = work.caller.grants.clone();
    let requested = Requested::new(&grants, object, query.fields.as_deref(), &query.include)?;
    let filter = query.filter.as_ref().map(|json| parsed(work, object, json)).transpose()?;
    let filter = filter.unwrap_or_else(Filter::everything);
    let sorting = Sorting::parse(work, object, query.sort.as_deref(), &filter).map_err(Error::invalid)?;
    if let Some(words) = &query.search {
        search::check("search", words)?;
    }
    // What is deleted has no index of its values, and words find their few records by themselves.
    let approach = if query.deleted || query.search.is_some() {
        Approach::planned(&filter)
    } else {
        Approach::choose(work, object, &filter, &sorting).await?
    };
    let conditions = conditions(work, object, query, &approach);
    let place = query.after.as_ref().map(|after| cursor::decode(object, &sorting, after)).transpose()?;

    let selection = requested.selection(object);
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let mut rows: Vec<Row> = Vec::new();
    let mut names = JoinedNames::default();
    for part in sorting.parts(place.as_deref()) {
        let mut statement = from(work, object);
        sorting.join(work, object, *part, &mut statement);
        statement.and_where_option(conditions.clone());
        let behind = place.as_ref().and_then(|place| sorting.behind(work, object, *part, place));
        statement.and_where_option(behind.map(|behind| approach.beside(behind)));
        selection.select(&mut statement, BASE);
        sorting.apply(*part, approach.sorts(), &mut statement);
        statement.limit(u64::from(query.limit) + 1 - rows.len() as u64);
        // The page is found first, and only its rows are joined with what they point to.
        let mut page = Query::select();
        selection.select(page.from_subquery(statement, Alias::new(BASE)), BASE);
        sorting.keep(*part, &mut page, BASE);
        names = JoinedNames::join(work, &selection, &mut page);
        rows.extend(work.tx.fetch_all(&page).await?);
        if rows.len() > limit {
            break;
        }
    }
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let mut next = None;
    let mut records = Vec::with_capacity(rows.len());
    let mut labels = Labels::default();
    for (position, row) in rows.iter_mut().enumerate() {
        let (values, first_key) = selection.read(row, 0)?;
        if has_more && position + 1 == limit {
            let place: Result<Vec<_>, Error> =
                (first_key..).zip(&sorting.keys).map(|(index, key)| decode(row, index, key.ty)).collect();
            next = Some(cursor::encode(object, &sorting, &place?));
        }
        names.read(row, first_key + sorting.keys.len(), &mut labels)?;
        let id = match values.get(system_fields::ID) {
            Some(kontor_core::value::Value::Id(id)) => *id,
            _ => continue,
        };
        records.push(Record::new(object, id, values));
    }
    requested.prune_all(object, &mut records);
    related::attach(work, &mut records, &query.include, labels).await?;

    let total = if query.total { Some(count(work, object, query, &filter).await?) } else { None };
    Ok(Page { records, next, has_more, total })
}

fn from(work: &Work<'_, '_>, object: &Object) -> SelectStatement {
    Query::select().from_as(work.tx.table(&object.table()), Alias::new(BASE)).take()
}

async fn count(
    work: &mut Work<'_, '_>,
    object: &Object,
    query: &ListQuery,
    filter: &Filter,
) -> Result<u64, Error> {
    let conditions = conditions(work, object, query, &Approach::planned(filter));
    let statement = from(work, object).expr(Func::count(Expr::cust("*"))).and_where_option(conditions).take();
    Ok(work.tx.fetch_one(&statement).await?.get(0)?)
}

/// What every record of a list fulfils, whichever page it is on.
fn conditions(
    work: &Work<'_, '_>,
    object: &Object,
    query: &ListQuery,
    approach: &Approach<'_>,
) -> Option<Expr> {
    let deleted_at = col(BASE, system_fields::DELETED_AT);
    let state = if query.deleted { deleted_at.is_not_null() } else { deleted_at.is_null() };
    let mut conditions = vec![state];
    conditions.extend(predicate(work, object, BASE, Action::Read).map(|rules| approach.beside(rules)));
    conditions.push(approach.compile(work, object));
    if let Some(words) = query.search.as_deref().filter(|words| !words.trim().is_empty()) {
        conditions.push(search::matching(work, object, BASE, words, query.deleted));
    }
    conditions.into_iter().reduce(|left, right| left.and(right))
}

/// The condition of a caller's filter.
pub(crate) fn filter(work: &Work<'_, '_>, object: &Object, json: &Json) -> Result<Expr, Error> {
    let filter = parsed(work, object, json)?;
    Ok(condition::compile(work, &filter, object, BASE, Authority::Caller))
}

/// Checks a filter that is kept to be asked later, for whoever asks then: it names what the caller may read.
pub(crate) fn check_kept(work: &Work<'_, '_>, object: &Object, json: &Json) -> Result<(), Vec<Issue>> {
    let own = OwnRecord::new();
    let me = Some(MemberId(uuid::Uuid::nil()));
    let anybody = Asker { me, own: &own, now: work.now, locale: work.caller.locale };
    let parsed = parse_filter(json, object, work.schema, &*work.caller.grants, anybody);
    let parsed = parsed
        .map_err(|issues| issues.into_iter().map(|issue| issue.within("filter")).collect::<Vec<_>>())?;
    check_names(work, object, &parsed).map_err(|issue| vec![issue])
}

/// Checks an order that is kept: it names what the caller may read.
pub(crate) fn check_order(work: &Work<'_, '_>, object: &Object, text: &str) -> Result<(), Issue> {
    Sorting::parse(work, object, Some(text), &Filter::everything()).map(drop)
}

/// A caller's filter, on what the caller may read.
fn parsed(work: &Work<'_, '_>, object: &Object, json: &Json) -> Result<Filter, Error> {
    let grants = &*work.caller.grants;
    let parsed = parse_filter(json, object, work.schema, grants, work.caller.asker(work.now))
        .map_err(|issues| Error::Invalid(issues.into_iter().map(|issue| issue.within("filter")).collect()))?;
    check_names(work, object, &parsed).map_err(Error::invalid)?;
    Ok(parsed)
}

/// Refuses conditions on names that the caller may not read.
fn check_names(work: &Work<'_, '_>, object: &Object, filter: &Filter) -> Result<(), Issue> {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter().try_for_each(|part| check_names(work, object, part))
        }
        Filter::Not(inner) => check_names(work, object, inner),
        Filter::Condition(condition) => reject_hidden_names(&condition.path, object, work, "filter"),
        Filter::Related { object: target, filter, .. } => match work.schema.object(target) {
            Some(target) => check_names(work, target, filter),
            None => Ok(()),
        },
    }
}
