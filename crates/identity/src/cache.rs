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
pub(crate) struct TtlCache<K, V> {
    entries: Mutex<HashMap<K, Entry<V>>>,
    ttl: Duration,
    capacity: usize,
}

struct Entry<V> {
    since: Timestamp,
    value: V,
}

impl<K: Hash + Eq, V: Clone> TtlCache<K, V> {
    pub(crate) fn new(ttl: Duration, capacity: usize) -> Self {
        Self { entries: Mutex::default(), ttl, capacity }
    }

    pub(crate) fn get<Q>(&self, key: &Q, now: Timestamp) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.entries()
            .get(key)
            .filter(|entry| self.is_fresh(entry.since, now))
            .map(|entry| entry.value.clone())
    }

    pub(crate) fn insert(&self, key: K, value: V, now: Timestamp) {
        let mut entries = self.entries();
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
        self.entries().remove(key);
    }

    pub(crate) fn clear(&self) {
        self.entries().clear();
    }

    /// A clock that was set back must not keep an entry for longer.
    fn is_fresh(&self, since: Timestamp, now: Timestamp) -> bool {
        since <= now && now.since(since) < self.ttl
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<K, Entry<V>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
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
        cache.insert("a", 1, at(10));
        assert_eq!(cache.get("a", at(14)), Some(1));
        assert_eq!(cache.get("a", at(15)), None);
        assert_eq!(cache.get("a", at(9)), None);
    }

    #[test]
    fn a_full_cache_forgets_rather_than_grows() {
        let cache = TtlCache::new(Duration::from_secs(5), 2);
        for key in 0..10 {
            cache.insert(key, key, at(0));
        }
        assert_eq!(cache.get(&9, at(0)), Some(9));
        assert!((0..10).filter(|key| cache.get(key, at(0)).is_some()).count() <= 2);
    }
}
