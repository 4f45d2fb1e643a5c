use std::collections::HashSet;

use uuid::Uuid;

use super::{
    SearchQuery,
    statements::{by_index, in_index, in_waiting, newest, scoped},
};
use crate::{Dialect, Error, Row, Tx};

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

/// A search on its way from the newest documents to the oldest.
#[derive(Debug)]
pub struct SearchCursor {
    query: SearchQuery,
    scope: SearchScope,
    precision: Precision,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Start,
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
    pub fn new(query: SearchQuery, scope: SearchScope, precision: Precision) -> Self {
        let is_empty = query.is_never() || scope.objects.is_empty();
        Self { query, scope, precision, place: if is_empty { Place::End } else { Place::Start } }
    }

    /// Whether everything has been answered.
    pub fn is_at_end(&self) -> bool {
        matches!(self.place, Place::End)
    }
}

impl Tx<'_> {
    /// The next documents that match, at most `most`, the newest first: those whose records were made last. It
    /// takes a bounded number of steps, whatever is asked and however many match.
    ///
    /// On PostgreSQL, where no index has this order, the newest documents of each object are compared one by one
    /// and the index is asked for the rest, up to a number; where more match and none of the newest does, those
    /// found are not the newest, and the search ends with them.
    pub async fn search_page(&mut self, cursor: &mut SearchCursor, most: u64) -> Result<Vec<Found>, Error> {
        if cursor.is_at_end() {
            return Ok(Vec::new());
        }
        match self.dialect() {
            Dialect::Sqlite => self.next_in_index(cursor, most).await,
            Dialect::Postgres => {
                let mut left = match std::mem::replace(&mut cursor.place, Place::End) {
                    Place::Left(left) if left.found.is_empty() => {
                        let (found, _) = self.gather(&cursor.query, &cursor.scope, FEW).await?;
                        let Gathered { answered, .. } = left;
                        let found = found.into_iter().filter(|found| !answered.contains(&found.record));
                        Gathered { found: found.collect(), answered, is_all: true }
                    }
                    Place::Left(left) => left,
                    _ => {
                        let (found, is_all) = self.gather(&cursor.query, &cursor.scope, most).await?;
                        Gathered { found, answered: HashSet::new(), is_all }
                    }
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
        }
    }

    /// To be called before the first page of a search: within the transaction, PostgreSQL then takes an index for
    /// what it believes to find at once by walking through all documents.
    pub async fn prepare_search(&mut self) -> Result<(), Error> {
        match self.dialect() {
            Dialect::Sqlite => Ok(()),
            Dialect::Postgres => self.batch("SET LOCAL enable_seqscan = off").await,
        }
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

    /// What PostgreSQL finds of a query, the newest last: of each object `most` or all that it looks at. Whether
    /// it is all.
    async fn gather(
        &mut self,
        query: &SearchQuery,
        scope: &SearchScope,
        most: u64,
    ) -> Result<(Vec<Found>, bool), Error> {
        let mut found = self.newest(query, scope, most).await?;
        let count = |found: &[Found], object: &String| {
            found.iter().filter(|found| found.object == *object).count() as u64
        };
        // Half of what is asked for among the newest spares the index, which has to read all that match.
        let (satisfied, rest): (Vec<_>, Vec<_>) =
            scope.objects.iter().cloned().partition(|object| count(&found, object) >= most.div_ceil(2));
        let indexed = self.indexed(query, &rest, most).await?;
        let is_all = satisfied.is_empty() && rest.iter().all(|object| count(&indexed, object) < most);
        found.extend(indexed);
        let mut seen = HashSet::new();
        found.retain(|found| seen.insert(found.record));
        found.sort_by_key(|found| found.record);
        Ok((found, is_all))
    }

    /// The documents that match among the newest of each object, at most `most` of each.
    async fn newest(
        &mut self,
        query: &SearchQuery,
        scope: &SearchScope,
        most: u64,
    ) -> Result<Vec<Found>, Error> {
        let all = newest(self, query, &scope.objects, most);
        let Some(all) = all else { return Ok(Vec::new()) };
        self.fetch_all(&all).await?.iter().map(certain).collect()
    }

    /// The documents of these objects that match, at most `most` of each.
    async fn indexed(
        &mut self,
        query: &SearchQuery,
        objects: &[String],
        most: u64,
    ) -> Result<Vec<Found>, Error> {
        let Some(all) = by_index(self, query, objects, most) else { return Ok(Vec::new()) };
        self.fetch_all(&all).await?.iter().map(certain).collect()
    }
}

fn certain(row: &Row) -> Result<Found, Error> {
    Ok(Found { object: row.get(0)?, record: row.get(1)?, is_certain: true })
}
