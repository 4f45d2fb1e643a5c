use std::sync::Arc;

use kontor_core::{
    error::Issue,
    filter::Readable as _,
    grants::Action,
    ids::RecordId,
    metadata::{FieldKind, Object, system_fields},
    text,
};
use sea_query::{Alias, Expr, ExprTrait, JoinType, Order, Query};

use super::index::token;
use crate::{
    Error, Work,
    records::{BASE, Wanted, col, lookup, may_read_every_name, predicate},
};

/// The most hits of one search.
pub const MAX_HITS: u32 = 50;
/// The most words that are looked for.
const MAX_WORDS: usize = 10;
/// The most objects that a search can name.
const MAX_OBJECTS: usize = 50;
/// The alias of the index.
const MATCHES: &str = "m";

/// The longest query, in characters.
const MAX_QUERY: usize = 200;

/// A record that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    pub object: Arc<Object>,
    pub id: RecordId,
    pub label: String,
}

/// The records of the given objects (all the caller may read where none are given) that have every word of
/// the query as the beginning of one of theirs, the best first.
pub async fn search(
    work: &mut Work<'_, '_>,
    query: &str,
    objects: Option<&[String]>,
    limit: u32,
) -> Result<Vec<Hit>, Error> {
    if !(1..=MAX_HITS).contains(&limit) {
        let message = format!("expected a number from 1 to {MAX_HITS}");
        return Err(Error::invalid(Issue::new("limit", "out_of_range", message)));
    }
    check("query", query)?;
    let mut found: Vec<(f64, Arc<Object>, RecordId)> = Vec::new();
    for object in searched(work, objects)? {
        let groups = groups(work, &object, query);
        if groups.iter().all(Vec::is_empty) {
            continue;
        }
        let statement = Query::select()
            .expr(col(BASE, system_fields::ID))
            .expr(col(MATCHES, "rank"))
            .from_as(work.tx.table(&object.table()), Alias::new(BASE))
            .join_subquery(
                JoinType::InnerJoin,
                work.tx.search_matches(&object.name, &groups),
                Alias::new(MATCHES),
                col(MATCHES, "record_id").eq(col(BASE, system_fields::ID)),
            )
            .and_where(col(BASE, system_fields::DELETED_AT).is_null())
            .and_where_option(predicate(work, &object, BASE, Action::Read))
            .order_by_expr(col(MATCHES, "rank"), Order::Asc)
            .order_by_expr(col(BASE, system_fields::ID), Order::Asc)
            .limit(u64::from(limit))
            .take();
        for row in work.tx.fetch_all(&statement).await? {
            found.push((row.get(1)?, object.clone(), RecordId(row.get(0)?)));
        }
    }
    // Stable, so that equals stay in the order of the objects.
    found.sort_by(|(left, ..), (right, ..)| left.total_cmp(right));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));

    let mut wanted = Wanted::new();
    for (_, object, id) in &found {
        wanted.entry(object.name.clone()).or_default().insert(*id);
    }
    let labels = lookup(work, &wanted).await?;
    let hits = found.into_iter().map(|(_, object, id)| {
        let label = labels.shown(&object.name, id).unwrap_or(&object.label).to_owned();
        Hit { object, id, label }
    });
    Ok(hits.collect())
}

/// The objects to look in, of those that the caller may read.
fn searched(work: &Work<'_, '_>, objects: Option<&[String]>) -> Result<Vec<Arc<Object>>, Error> {
    let grants = &work.caller.grants;
    let Some(names) = objects else {
        return Ok(grants.readable(work.schema).cloned().collect());
    };
    if names.len() > MAX_OBJECTS {
        let message = format!("expected at most {MAX_OBJECTS} objects");
        return Err(Error::invalid(Issue::new("objects", "too_many", message)));
    }
    let mut found: Vec<Arc<Object>> = Vec::new();
    for name in names {
        let unknown = || Error::unknown_object(name, work.schema, grants);
        let object = grants.readable_object(work.schema, name).ok_or_else(unknown)?;
        if found.iter().all(|known| known.name != object.name) {
            found.push(object.clone());
        }
    }
    Ok(found)
}

/// Refuses what cannot be searched for.
pub(crate) fn check(path: &str, query: &str) -> Result<(), Error> {
    let refused = |code, message: String| Err(Error::invalid(Issue::new(path, code, message)));
    if query.contains('\0') {
        return refused("nul_byte", "expected text without NUL bytes".to_owned());
    }
    if query.chars().count() > MAX_QUERY {
        return refused("too_long", format!("expected at most {MAX_QUERY} characters"));
    }
    Ok(())
}

/// The condition that a row has every word; no words let every row through.
pub(crate) fn matching(work: &Work<'_, '_>, object: &Object, alias: &str, query: &str) -> Expr {
    let groups = groups(work, object, query);
    if groups.is_empty() {
        return Expr::cust("(1 = 1)");
    }
    col(alias, system_fields::ID).in_subquery(work.tx.search_ids(&object.name, &groups))
}

/// For each word, the tokens it may be the beginning of: one for each field that the caller may read.
fn groups(work: &Work<'_, '_>, object: &Object, query: &str) -> Vec<Vec<String>> {
    let fields: Vec<_> = object
        .searchable_fields()
        .filter(|field| work.caller.grants.can_read_field(&object.name, &field.name))
        .filter(|field| match &field.kind {
            // These words are names of other records.
            FieldKind::Target { objects } => objects.iter().all(|name| may_read_every_name(work, name)),
            _ => true,
        })
        .collect();
    text::tokens(query, MAX_WORDS)
        .iter()
        .map(|word| fields.iter().map(|field| token(object, field, word)).collect())
        .collect()
}
