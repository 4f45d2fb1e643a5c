use std::collections::HashSet;

use sea_query::SelectStatement;
use uuid::Uuid;

use super::{
    SearchQuery,
    statements::{Asked, GATHERED, by_index, in_index, in_waiting, in_window, scoped},
};
use crate::{Dialect, Error, Tx};

/// SQLite's index holds beginnings of this many characters as it holds tokens. Those that are longer it gathers,
/// all of them, before it answers.
const INDEXED_BEGINNING: usize = 4;
/// PostgreSQL: how many documents of each object are asked for when those of the first pages were not enough.
const FEW: u64 = 1_000;

/// The objects among whose documents one looks.
#[derive(Debug, Clone)]
pub struct SearchScope {
    pub objects: Vec<String>,
    /// Whether there are no others.
    pub is_all: bool,
}

/// How long beginnings are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// As they are, however many documents that gathers.
    Exact,
    /// So that an index serves them. What is found is to be checked where [`Found::is_certain`] is false.
    Bounded,
}

/// A document that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub object: String,
    pub record: Uuid,
    /// Whether it is known to match.
    pub is_certain: bool,
}

/// A search by several queries, the ranks, each of which is asked by a cursor of its own.
#[derive(Debug)]
pub struct RankedSearch {
    ranks: Vec<SearchQuery>,
    scope: SearchScope,
    enough: u64,
    known: Known,
}

/// PostgreSQL: what is known of the ranks before they are asked one by one.
#[derive(Debug, Default)]
struct Known {
    /// Documents by the first rank that they fulfil.
    found: Vec<(usize, Found)>,
    /// The objects of which nothing else matches.
    whole: HashSet<String>,
}

impl RankedSearch {
    /// What the documents of a rank fulfil.
    pub fn rank(&self, number: usize) -> Option<&SearchQuery> {
        self.ranks.get(number)
    }

    /// The documents that fulfil a rank; of those that fulfil a former one it may find some again.
    pub fn cursor(&self, rank: usize, precision: Precision) -> SearchCursor {
        let query = self.rank(rank).cloned().unwrap_or(SearchQuery::Any(Vec::new()));
        let is_empty = query.is_never() || self.scope.objects.is_empty();
        let known = self.known.found.iter().filter(|(first, _)| *first == rank);
        let known = known.map(|(_, found)| found.clone()).collect();
        let open = self.scope.objects.iter().filter(|object| !self.known.whole.contains(*object));
        SearchCursor {
            query,
            scope: self.scope.clone(),
            precision,
            enough: self.enough,
            open: open.cloned().collect(),
            place: if is_empty { Place::End } else { Place::Start(known) },
        }
    }
}

/// A search on its way from the newest documents to the oldest.
#[derive(Debug)]
pub struct SearchCursor {
    query: SearchQuery,
    scope: SearchScope,
    precision: Precision,
    enough: u64,
    /// PostgreSQL: the objects of which the index may hold more than is known.
    open: Vec<String>,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// With what is known already.
    Start(Vec<Found>),
    /// SQLite: the documents below this number are still to be looked at.
    Below(i64),
    /// PostgreSQL: what was found and is still to be answered, the newest last.
    Left(Gathered),
    End,
}

#[derive(Debug)]
struct Gathered {
    found: Vec<Found>,
    answered: HashSet<Uuid>,
    /// Whether it is all that is ever looked at.
    is_all: bool,
}

impl SearchCursor {
    /// Whether everything has been answered.
    pub fn is_at_end(&self) -> bool {
        matches!(self.place, Place::End)
    }
}

impl Tx<'_> {
    /// Begins a search by `ranks`, the best first, of which the `enough` newest of each object will do. `widest` is
    /// fulfilled by every document that fulfils one of them.
    ///
    /// On PostgreSQL, where no index has the documents in the order of their making, the newest of each object are
    /// looked through for all ranks at once, and where that finds too few, the index is asked for all ranks at once as
    /// well. Until the transaction ends it takes an index also for what it believes to find at once by walking through
    /// all documents, and compiles no plan: that takes longer than any of these statements.
    pub async fn begin_search(
        &mut self,
        widest: &SearchQuery,
        ranks: Vec<SearchQuery>,
        scope: SearchScope,
        enough: u64,
    ) -> Result<RankedSearch, Error> {
        let mut known = Known::default();
        if self.dialect() == Dialect::Postgres && !widest.is_never() && !scope.objects.is_empty() {
            self.batch("SET LOCAL enable_seqscan = off; SET LOCAL jit = off").await?;
            let asked = Asked { widest, ranks: &ranks };
            let newest = in_window(self, &asked, &scope.objects);
            known.found = self.ranked(newest).await?;
            let few = |found: &[(usize, Found)], object: &String, most| count(found, object) < most;
            let rare: Vec<_> =
                scope.objects.iter().filter(|object| few(&known.found, object, enough)).cloned().collect();
            let indexed = by_index(self, &asked, &rare, GATHERED);
            let indexed = self.ranked(indexed).await?;
            known.whole = rare.into_iter().filter(|object| few(&indexed, object, GATHERED)).collect();
            known.found.extend(indexed);
        }
        Ok(RankedSearch { ranks, scope, enough, known })
    }

    /// The next documents that match, at most `most`, the newest first: those whose records were made last. It
    /// takes a bounded number of steps, whatever is asked and however many match.
    ///
    /// On PostgreSQL the index is asked for a bounded number of documents, which it has in no order: where more match
    /// and few of the newest do, those found are not the newest, and the search ends with them.
    pub async fn search_page(&mut self, cursor: &mut SearchCursor, most: u64) -> Result<Vec<Found>, Error> {
        if cursor.is_at_end() {
            return Ok(Vec::new());
        }
        if self.dialect() == Dialect::Sqlite {
            return self.next_in_index(cursor, most).await;
        }
        let mut left = match std::mem::replace(&mut cursor.place, Place::End) {
            Place::Left(left) if left.found.is_empty() => {
                let found = self.indexed(&cursor.query, &cursor.open, FEW).await?;
                let Gathered { answered, .. } = left;
                let found = found.into_iter().filter(|found| !answered.contains(&found.record));
                Gathered { found: newest_last(found), answered, is_all: true }
            }
            Place::Left(left) => left,
            Place::Start(known) => self.gather(cursor, known, most).await?,
            _ => return Ok(Vec::new()),
        };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut page = left.found.split_off(left.found.len().saturating_sub(most));
        page.reverse();
        left.answered.extend(page.iter().map(|found| found.record));
        if !(left.found.is_empty() && left.is_all) {
            cursor.place = Place::Left(left);
        }
        Ok(page)
    }

    async fn next_in_index(&mut self, cursor: &mut SearchCursor, most: u64) -> Result<Vec<Found>, Error> {
        let below = if let Place::Below(below) = cursor.place { below } else { i64::MAX };
        let scoped = scoped(&cursor.query, &cursor.scope);
        let (asked, is_shorter) = match cursor.precision {
            Precision::Exact => (scoped.clone(), false),
            Precision::Bounded => scoped.shortened(INDEXED_BEGINNING),
        };
        let indexed = in_index(&asked, below, most);
        let rows = self.fetch_all(&indexed).await?;
        let is_last = (rows.len() as u64) < most;
        let reached: i64 = match rows.last() {
            Some(last) if !is_last => last.get(0)?,
            _ => i64::MIN,
        };
        let mut found: Vec<(i64, Found)> = Vec::with_capacity(rows.len());
        for row in &rows {
            // One that was removed, or of which the index holds what it was.
            let (Some(object), None) = (row.get::<Option<String>>(1)?, row.get::<Option<i64>>(3)?) else {
                continue;
            };
            found.push((row.get(0)?, Found { object, record: row.get(2)?, is_certain: !is_shorter }));
        }
        let pending = in_waiting(&scoped, reached, below);
        for row in self.fetch_all(&pending).await? {
            found.push((row.get(0)?, Found { object: row.get(1)?, record: row.get(2)?, is_certain: true }));
        }
        found.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
        cursor.place = if is_last { Place::End } else { Place::Below(reached) };
        Ok(found.into_iter().map(|(_, found)| found).collect())
    }

    /// What PostgreSQL finds of a query beside what is known: `most` of each object.
    async fn gather(
        &mut self,
        cursor: &SearchCursor,
        known: Vec<Found>,
        most: u64,
    ) -> Result<Gathered, Error> {
        let of = |found: &[Found], object: &String| {
            found.iter().filter(|found| found.object == *object).count() as u64
        };
        // Enough among the newest spares the index, which has to read all that match.
        let (rest, satisfied): (Vec<_>, Vec<_>) =
            cursor.open.iter().cloned().partition(|object| of(&known, object) < cursor.enough);
        let indexed = self.indexed(&cursor.query, &rest, most).await?;
        let is_all = satisfied.is_empty() && rest.iter().all(|object| of(&indexed, object) < most);
        let found = newest_last(known.into_iter().chain(indexed));
        Ok(Gathered { found, answered: HashSet::new(), is_all })
    }

    /// The documents of these objects that match, at most `most` of each.
    async fn indexed(
        &mut self,
        query: &SearchQuery,
        objects: &[String],
        most: u64,
    ) -> Result<Vec<Found>, Error> {
        let indexed = by_index(self, &Asked { widest: query, ranks: &[] }, objects, most);
        Ok(self.ranked(indexed).await?.into_iter().map(|(_, found)| found).collect())
    }

    /// What a statement finds, with the rank of each.
    async fn ranked(&mut self, statement: Option<SelectStatement>) -> Result<Vec<(usize, Found)>, Error> {
        let Some(statement) = statement else { return Ok(Vec::new()) };
        let rows = self.fetch_all(&statement).await?;
        rows.iter()
            .map(|row| {
                let found = Found { object: row.get(0)?, record: row.get(1)?, is_certain: true };
                Ok((row.get(2)?, found))
            })
            .collect()
    }
}

fn count(found: &[(usize, Found)], object: &String) -> u64 {
    found.iter().filter(|(_, found)| found.object == *object).count() as u64
}

/// Each document once, in the order of their making.
fn newest_last(found: impl Iterator<Item = Found>) -> Vec<Found> {
    let mut seen = HashSet::new();
    let mut found: Vec<_> = found.filter(|found| seen.insert(found.record)).collect();
    found.sort_by_key(|found| found.record);
    found
}
