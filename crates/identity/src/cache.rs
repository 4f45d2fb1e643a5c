//! Memory of what was read a moment ago.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kontor_core::time::Timestamp;

/// A bounded map whose entries are forgotten after a while.
///
/// What changes is removed after the change is committed. A reader that looked it up before that and comes to
/// remember it after is too late: it takes a [`Generation`] before it reads, and each removal begins a new one.
pub(crate) struct TtlCache<K, V> {
    kept: Mutex<Kept<K, V>>,
    ttl: Duration,
    capacity: usize,
}

struct Kept<K, V> {
    entries: HashMap<K, Entry<V>>,
    generation: u64,
}

/// The time between two removals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(u64);

struct Entry<V> {
    since: Timestamp,
    value: V,
}

impl<K: Hash + Eq, V: Clone> TtlCache<K, V> {
    pub(crate) fn new(ttl: Duration, capacity: usize) -> Self {
        Self { kept: Mutex::new(Kept { entries: HashMap::new(), generation: 0 }), ttl, capacity }
    }

    pub(crate) fn get<Q>(&self, key: &Q, now: Timestamp) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.kept()
            .entries
            .get(key)
            .filter(|entry| self.is_fresh(entry.since, now))
            .map(|entry| entry.value.clone())
    }

    /// The generation of what is read from now on.
    pub(crate) fn generation(&self) -> Generation {
        Generation(self.kept().generation)
    }

    /// Remembers what was read in a generation, unless that is over.
    pub(crate) fn insert(&self, key: K, value: V, now: Timestamp, read_in: Generation) {
        let mut kept = self.kept();
        if Generation(kept.generation) != read_in {
            return;
        }
        let entries = &mut kept.entries;
        if entries.len() >= self.capacity {
            entries.retain(|_, entry| self.is_fresh(entry.since, now));
            if entries.len() >= self.capacity {
                entries.clear();
            }
        }
        entries.insert(key, Entry { since: now, value });
    }

    pub(crate) fn remove<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let mut kept = self.kept();
        kept.generation += 1;
        kept.entries.remove(key);
    }

    pub(crate) fn clear(&self) {
        let mut kept = self.kept();
        kept.generation += 1;
        kept.entries.clear();
    }

    /// A clock that was set back must not keep an entry for longer.
    fn is_fresh(&self, since: Timestamp, now: Timestamp) -> bool {
        since <= now && now.since(since) < self.ttl
    }

    fn kept(&self) -> MutexGuard<'_, Kept<K, V>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::EPOCH.plus(Duration::from_secs(second))
    }

    #[test]
    fn an_entry_is_forgotten_when_its_time_is_over() {
        let cache = TtlCache::new(Duration::from_secs(5), 10);
        cache.insert("a", 1, at(10), cache.generation());
        assert_eq!(cache.get("a", at(14)), Some(1));
        assert_eq!(cache.get("a", at(15)), None);
        assert_eq!(cache.get("a", at(9)), None);
    }

    #[test]
    fn a_full_cache_forgets_rather_than_grows() {
        let cache = TtlCache::new(Duration::from_secs(5), 2);
        for key in 0..10 {
            cache.insert(key, key, at(0), cache.generation());
        }
        assert_eq!(cache.get(&9, at(0)), Some(9));
        assert!((0..10).filter(|key| cache.get(key, at(0)).is_some()).count() <= 2);
    }

    #[test]
    fn what_was_read_before_a_removal_is_not_remembered_after_it() {
        let cache = TtlCache::new(Duration::from_secs(5), 10);
        for is_whole in [false, true] {
            let before = cache.generation();
            if is_whole {
                cache.clear()
            } else {
                cache.remove("a")
            }
            cache.insert("a", 1, at(0), before);
            assert_eq!(cache.get("a", at(0)), None);
            cache.insert("a", 2, at(0), cache.generation());
            assert_eq!(cache.get("a", at(0)), Some(2));
        }
    }
}
