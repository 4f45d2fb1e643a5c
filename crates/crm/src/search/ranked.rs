use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use kontor_core::filter::Scalar;
use kontor_core::{
    error::Issue,
    grants::Action,
    ids::RecordId,
    metadata::{ColumnType, Name, Object, system_fields},
    time::Timestamp,
};
use kontor_store::{Found, Precision, RankedSearch, SearchQuery};
use sea_query::{Alias, Expr, ExprTrait as _, Query, UnionType};

use super::{
    caller::{Scope, scopes, searched},
    index::tokens,
    query::{Rank, Written, check},
    recent::Recent,
};
use crate::{
    Error, Work,
    records::{BASE, Record, Selection, Wanted, col, decode, lookup, padded, predicate},
};

/// The most hits of one search.
pub const MAX_HITS: u32 = 50;
/// How many documents are asked for at once, and how many records of a rank are put in order.
const PAGE: u64 = 64;
/// How many documents of one rank and scope are looked at, of which the caller may see no or few records.
const MOST_LOOKED_AT: usize = 2_000;
/// How many whose words only begin like what is looked for, before the index is asked for exactly these.
const MOST_UNCERTAIN: usize = 512;

/// A record that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    pub object: Arc<Object>,
    pub id: RecordId,
    pub label: String,
}

/// A record that the caller may see.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) object: Arc<Object>,
    pub(super) id: RecordId,
    pub(super) changed_at: Timestamp,
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
    let written = Written::new(query);
    let scopes = scopes(work, &searched(work, objects)?);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut recent = Recent::default();
    let mut hits: Vec<Candidate> = Vec::new();
    let mut seen = HashSet::new();
    for stage in Rank::STAGES {
        let mut searches = Vec::with_capacity(scopes.len());
        for scope in &scopes {
            let ranks = stage.iter().map(|rank| written.query(*rank, &scope.slots, false)).collect();
            let widest = written.widest(stage, &scope.slots, false);
            let search = work.tx.begin_search(&widest, ranks, scope.documents(), limit as u64).await?;
            searches.push((scope, search));
        }
        for number in 0..stage.len() {
            let mut equals = Vec::new();
            for (scope, search) in &searches {
                let Some(query) = search.rank(number) else { continue };
                let of_rank = OfRank { scope, search, number, query, enough: limit };
                let is_whole = gather(work, &of_rank, &mut equals, &mut seen).await?;
                if !is_whole {
                    recent.add(work, &scopes, scope, query, &mut equals, &mut seen).await?;
                }
            }
            equals.sort_by_key(|equal| std::cmp::Reverse((equal.changed_at, equal.id)));
            hits.extend(equals);
            if hits.len() >= limit {
                hits.truncate(limit);
                return named(work, hits).await;
            }
        }
    }
    named(work, hits).await
}

/// What has been found already, and is not found once more by a lesser rank.
pub(super) type Seen = HashSet<(Name, RecordId)>;

/// One rank of a search.
struct OfRank<'s> {
    scope: &'s Scope,
    search: &'s RankedSearch,
    number: usize,
    query: &'s SearchQuery,
    /// As many will do.
    enough: usize,
}

/// Adds records of a rank; whether they are all there are.
async fn gather(
    work: &mut Work<'_, '_>,
    rank: &OfRank<'_>,
    equals: &mut Vec<Candidate>,
    seen: &mut Seen,
) -> Result<bool, Error> {
    let mut cursor = rank.search.cursor(rank.number, Precision::Bounded);
    let (mut looked_at, mut uncertain, mut added) = (0, 0, 0);
    while !cursor.is_at_end() {
        let page = work.tx.search_page(&mut cursor, PAGE).await?;
        looked_at += page.len();
        uncertain += page.iter().filter(|found| !found.is_certain).count();
        for candidate in visible(work, rank.scope, rank.query, &page).await? {
            if seen.insert((candidate.object.name.clone(), candidate.id)) {
                equals.push(candidate);
                added += 1;
            }
        }
        if added >= rank.enough || looked_at >= MOST_LOOKED_AT {
            return Ok(cursor.is_at_end());
        }
        if uncertain >= MOST_UNCERTAIN {
            // Few of those that begin alike are meant, so that there are few to gather.
            cursor = rank.search.cursor(rank.number, Precision::Exact);
            uncertain = 0;
        }
    }
    Ok(true)
}

/// Of the documents found, the records that are there, that the caller may read and that do match.
async fn visible(
    work: &mut Work<'_, '_>,
    scope: &Scope,
    query: &SearchQuery,
    page: &[Found],
) -> Result<Vec<Candidate>, Error> {
    let mut wanted: BTreeMap<&str, BTreeSet<RecordId>> = BTreeMap::new();
    let mut uncertain = HashSet::new();
    for found in page {
        wanted.entry(&found.object).or_default().insert(RecordId(found.record));
        if !found.is_certain {
            uncertain.insert(RecordId(found.record));
        }
    }
    let parts: Vec<_> =
        scope.objects.iter().filter_map(|object| Some((object, wanted.get(object.name.as_str())?))).collect();
    let of = |(index, (object, ids)): (i64, &(&Arc<Object>, &BTreeSet<RecordId>))| {
        Query::select()
            .expr(Expr::val(index))
            .expr(col(BASE, system_fields::ID))
            .expr(col(BASE, system_fields::UPDATED_AT))
            .from_as(work.tx.table(&object.table()), Alias::new(BASE))
            .and_where(col(BASE, system_fields::ID).is_in(padded(ids)))
            .and_where(col(BASE, system_fields::DELETED_AT).is_null())
            .and_where_option(predicate(work, object, BASE, Action::Read))
            .take()
    };
    let selects: Vec<_> = (0..).zip(&parts).map(of).collect();
    let all = selects.into_iter().reduce(|mut all, select| all.union(UnionType::All, select).take());
    let Some(all) = all else { return Ok(Vec::new()) };
    let mut candidates = Vec::new();
    for mut row in work.tx.fetch_all(&all).await? {
        let Some((object, _)) = parts.get(row.get::<usize>(0)?) else { continue };
        let id = RecordId(row.get(1)?);
        let changed_at = instant(decode(&mut row, 2, ColumnType::Timestamp)?);
        candidates.push(Candidate { object: (*object).clone(), id, changed_at });
    }
    if uncertain.is_empty() {
        return Ok(candidates);
    }
    let mut matching = HashSet::new();
    for (object, ids) in parts {
        let ids = ids.intersection(&uncertain.iter().copied().collect()).copied().collect();
        for (record, _) in documents(work, object, &ids).await? {
            let mut tokens = tokens(object, &record);
            tokens.sort_unstable();
            if query.matches(&tokens) {
                matching.insert(record.id);
            }
        }
    }
    candidates.retain(|candidate| !uncertain.contains(&candidate.id) || matching.contains(&candidate.id));
    Ok(candidates)
}

/// The searchable fields of records that the caller may read and that are not deleted, and when they were changed.
pub(super) async fn documents(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    ids: &BTreeSet<RecordId>,
) -> Result<Vec<(Record, Timestamp)>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let selection = Selection::new(object, |field| field.is_searchable);
    let mut statement = Query::select();
    statement.expr(col(BASE, system_fields::ID)).expr(col(BASE, system_fields::UPDATED_AT));
    selection.select(&mut statement, BASE);
    statement
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::ID).is_in(padded(ids)))
        .and_where(col(BASE, system_fields::DELETED_AT).is_null())
        .and_where_option(predicate(work, object, BASE, Action::Read));
    let mut records = Vec::new();
    for mut row in work.tx.fetch_all(&statement).await? {
        let id = RecordId(row.get(0)?);
        let changed_at = instant(decode(&mut row, 1, ColumnType::Timestamp)?);
        let (values, _) = selection.read(&mut row, 2)?;
        records.push((Record::new(object, id, values), changed_at));
    }
    Ok(records)
}

fn instant(cell: Option<Scalar>) -> Timestamp {
    match cell {
        Some(Scalar::Timestamp(instant)) => instant,
        _ => Timestamp::from_micros(0),
    }
}

async fn named(work: &mut Work<'_, '_>, hits: Vec<Candidate>) -> Result<Vec<Hit>, Error> {
    let mut wanted = Wanted::new();
    for hit in &hits {
        wanted.entry(hit.object.name.clone()).or_default().insert(hit.id);
    }
    let labels = lookup(work, &wanted).await?;
    let hits = hits.into_iter().map(|Candidate { object, id, .. }| {
        let label = labels.shown(&object.name, id).unwrap_or(&object.label).to_owned();
        Hit { object, id, label }
    });
    Ok(hits.collect())
}
