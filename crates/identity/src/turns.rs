//! One after another: attempts of the same address at the same account do not count one another as failed while
//! they are under way.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Mutex as Lock, OwnedMutexGuard};

/// Who attempts what, and waits for those before.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<String, Arc<Lock<()>>>>);

/// A turn of a subject, which ends when it is dropped.
pub(crate) struct Turn<'t> {
    turns: &'t Turns,
    subject: String,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits for the turn of `subject`; none where it does not come within `patience`.
    pub(crate) async fn take(&self, subject: &str, patience: Duration) -> Option<Turn<'_>> {
        let lock = Arc::clone(self.locks().entry(subject.to_owned()).or_default());
        let mut turn = Turn { turns: self, subject: subject.to_owned(), held: None };
        turn.held = Some(tokio::time::timeout(patience, lock.lock_owned()).await.ok()?);
        Some(turn)
    }

    fn locks(&self) -> MutexGuard<'_, HashMap<String, Arc<Lock<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        drop(self.held.take());
        let mut locks = self.turns.locks();
        // Whoever waits holds it as well.
        if locks.get(&self.subject).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.subject);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_of_a_subject_come_one_after_another_and_leave_nothing_behind() {
        let (turns, moment) = (Turns::default(), Duration::from_millis(20));
        let first = turns.take("a", moment).await.unwrap();
        assert!(turns.take("b", moment).await.is_some(), "another subject does not wait");
        assert!(turns.take("a", moment).await.is_none(), "a wait has an end");
        let next = async {
            let turn = turns.take("a", Duration::from_secs(20)).await;
            assert!(turn.is_some());
        };
        let end = async {
            tokio::task::yield_now().await;
            drop(first);
        };
        tokio::join!(next, end);
        assert!(turns.locks().is_empty());
    }
}
