//! Up to which number every event is there that ever will be.
//!
//! An event takes its number when it is written and is seen when its transaction commits. On SQLite, where one unit
//! writes at a time, that is one order. On PostgreSQL a number that is missing may be on its way, or was taken by a
//! transaction that was undone. Whoever takes a number holds a lock on the table of events from before it does so
//! until its transaction has ended and its rows are seen. So a number is settled once all have ended that held the
//! lock after a later number was seen. The locks are looked at only where nothing can be handed on without it. Other
//! tables, workspaces and databases on the same server hold nothing up, as they would with
//! `pg_snapshot_xmin`; and writing an event takes neither a lock nor an index of its own.

use std::collections::HashSet;

use super::{EVENTS, rows};
use crate::{Error, Namespace, Tx};

/// How many numbers are looked at.
const LOOK: u64 = 1_000;

/// What is known of the numbers of a workspace.
#[derive(Debug, Default)]
pub struct Settled {
    /// Every event up to this number is there that ever will be.
    through: i64,
    /// The same holds up to this one, when these have ended.
    pending: Option<(i64, HashSet<String>)>,
}

/// What was seen at one look.
struct Seen {
    numbers: Vec<i64>,
    /// Who may be writing events; where a number is missing right behind the place.
    writers: Option<HashSet<String>>,
}

impl Settled {
    /// The last number behind `place` up to which everything is there; `place` where that cannot be told yet.
    ///
    /// # Errors
    /// What the database said.
    pub async fn after(&mut self, namespace: &Namespace, place: i64) -> Result<i64, Error> {
        let settled = self.through;
        let seen = namespace
            .read((place, settled), |tx, &(place, settled)| Box::pin(look(tx, place, settled)))
            .await?;
        let whole = whole(place, self.through, &seen.numbers);
        let (true, Some(last), Some(writers)) = (whole == place, seen.numbers.last(), seen.writers) else {
            return Ok(whole);
        };
        let (through, left) = match self.pending.take() {
            Some((through, before)) if through > place => {
                (through, before.intersection(&writers).cloned().collect())
            }
            _ => (*last, writers),
        };
        if left.is_empty() {
            self.through = through;
            return Ok(through);
        }
        self.pending = Some((through, left));
        Ok(place)
    }
}

async fn look(tx: &mut Tx<'_>, place: i64, settled: i64) -> Result<Seen, Error> {
    let numbers = rows::numbers(tx, place, LOOK).await?;
    let is_stuck = whole(place, settled, &numbers) == place && !numbers.is_empty();
    let writers = match tx.writers_of(EVENTS).filter(|_| is_stuck) {
        Some(writers) => {
            let rows = tx.fetch_all(&writers).await?;
            Some(rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?)
        }
        // Whoever writes is alone, and has ended.
        None => is_stuck.then(HashSet::new),
    };
    Ok(Seen { numbers, writers })
}

/// The last of the numbers that follow a place without one missing that is not settled.
fn whole(place: i64, settled: i64, numbers: &[i64]) -> i64 {
    let mut reached = place;
    for number in numbers {
        if *number != reached + 1 && number - 1 > settled {
            break;
        }
        reached = *number;
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_number_is_waited_for_until_it_is_settled() {
        assert_eq!(whole(3, 0, &[4, 5, 7]), 5);
        assert_eq!(whole(5, 0, &[7, 8]), 5);
        assert_eq!(whole(5, 6, &[7, 8, 10]), 8);
        assert_eq!(whole(5, 6, &[9]), 5);
        assert_eq!(whole(5, 6, &[]), 5);
    }
}
