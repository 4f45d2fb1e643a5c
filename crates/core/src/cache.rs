//! What was read or made a moment ago, kept to be used again.

use std::{
    future::poll_fn,
    hash::{Hash, Hasher},
    pin::pin,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use quick_cache::{
    DefaultHashBuilder, Equivalent, OptionsBuilder, UnitWeighter,
    sync::{Cache as Entries, DefaultLifecycle, EntryAction, EntryResult},
};

use crate::{environment::Environment, time::Timestamp};

/// The share of a cache that is for what was asked for again. What is new has the rest to itself, and goes in the
/// order in which it came.
const ASKED_AGAIN: f64 = 0.5;

/// A bounded map of what can be had anew at any time: one that is full forgets what is not asked for.
///
/// Values are cloned out of it, so they are small or shared. It is the one type for what a process remembers; a map
/// whose entries must not be forgotten (turns that run, streams that are open, calls under way) is a registry, and
/// keeps a map of its own.
///
/// With a time to live, an entry is believed that long by the injected clock. What changes is removed *after* the
/// change is committed; what [`get_or_load`](Self::get_or_load) was reading meanwhile is not kept then.
pub struct Cache<K, V> {
    kept: Entries<K, Kept<V>>,
    life: Option<Life>,
    /// How often many entries were removed at once.
    removals: RwLock<u64>,
}

struct Life {
    ttl: Duration,
    environment: Environment,
}

#[derive(Clone)]
struct Kept<V> {
    value: V,
    since: Timestamp,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// A cache of at most so many entries, which are believed as long as they are there.
    pub fn new(capacity: usize) -> Self {
        #[expect(clippy::expect_used, reason = "nothing that is needed is left out")]
        let options = OptionsBuilder::new()
            .estimated_items_capacity(capacity)
            .weight_capacity(capacity as u64)
            .hot_allocation(ASKED_AGAIN)
            .build()
            .expect("both capacities are given");
        let hasher = DefaultHashBuilder::default();
        let kept = Entries::with_options(options, UnitWeighter, hasher, DefaultLifecycle::default());
        Self { kept, life: None, removals: RwLock::default() }
    }

    /// A cache of at most so many entries, each of which is believed for `ttl` by the clock of `environment`.
    pub fn expiring(capacity: usize, ttl: Duration, environment: Environment) -> Self {
        Self { life: Some(Life { ttl, environment }), ..Self::new(capacity) }
    }

    /// What is kept under a key and still believed.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let kept = self.kept.get(key)?;
        self.is_fresh(kept.since).then_some(kept.value)
    }

    /// Any of those for which `is_meant` says so, whatever its age. It looks at one after the other.
    pub fn find(&self, is_meant: impl Fn(&K, &V) -> bool) -> Option<V> {
        self.kept.iter().find(|(key, kept)| is_meant(key, &kept.value)).map(|(_, kept)| kept.value)
    }

    /// Keeps a value in the place of the one that may be there. What is being loaded for the key is not kept.
    pub fn insert(&self, key: K, value: V) {
        self.kept.insert(key, Kept { value, since: self.now() });
    }

    /// What is kept under a key and still believed, or else what `load` answers, which is given what was believed
    /// before. Of those who ask for a key at one time one loads it, and the others wait for that.
    ///
    /// `load` has to end by itself.
    ///
    /// # Errors
    /// What `load` said; nothing is kept then. Who waited for a load that failed or was given up loads it for
    /// themselves, so that failures are not waited for one after the other.
    pub async fn get_or_load<E, F>(&self, key: &K, load: impl FnOnce(Option<V>) -> F) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        match self.get(key) {
            Some(value) => Ok(value),
            None => self.load(key, None, load).await,
        }
    }

    /// As [`get_or_load`](Self::get_or_load), with a load that begins after the call: for who knows that what is
    /// kept does not hold any more.
    ///
    /// # Errors
    /// As there.
    pub async fn reload<E, F>(&self, key: &K, load: impl FnOnce(Option<V>) -> F) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        let known = self.remove(key);
        self.load(key, known, load).await
    }

    async fn load<E, F>(&self, key: &K, known: Option<V>, load: impl FnOnce(Option<V>) -> F) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        let mut has_waited = false;
        let entry = {
            let mut entry = pin!(self.kept.entry_async(key, |_, kept| {
                if self.is_fresh(kept.since) {
                    EntryAction::Retain(kept.value.clone())
                } else {
                    EntryAction::ReplaceWithGuard
                }
            }));
            poll_fn(|context| {
                let polled = entry.as_mut().poll(context);
                has_waited |= polled.is_pending();
                polled
            })
            .await
        };
        let (place, known) = match entry {
            EntryResult::Retained(value) => return Ok(value),
            EntryResult::Replaced(place, old) => (Some(place), Some(old.value)),
            EntryResult::Vacant(place) => (Some(place), known),
            EntryResult::Removed(_, old) => (None, Some(old.value)),
            EntryResult::Timeout => (None, known),
        };
        // Given up, the place goes to the next of those who wait.
        let place = place.filter(|_| !has_waited);
        let (removals, since) = (*self.removals.read().unwrap_or_else(PoisonError::into_inner), self.now());
        let value = load(known).await?;
        if let Some(place) = place {
            let now = self.removals.read().unwrap_or_else(PoisonError::into_inner);
            if *now == removals {
                // It fails where the key was removed meanwhile.
                drop(place.insert(Kept { value: value.clone(), since }));
            }
        }
        Ok(value)
    }

    /// Removes what is kept under a key, and answers it, whatever its age.
    pub fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        self.kept.remove(key).map(|(_, kept)| kept.value)
    }

    /// Removes what is kept under keys for which `is_meant` says so.
    pub fn remove_where(&self, is_meant: impl Fn(&K) -> bool) {
        let mut removals = self.removals.write().unwrap_or_else(PoisonError::into_inner);
        *removals += 1;
        self.kept.retain(|key, _| !is_meant(key));
    }

    /// Removes all that is kept.
    pub fn clear(&self) {
        self.remove_where(|_| true);
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }

    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// A clock that was set back must not keep an entry for longer.
    fn is_fresh(&self, since: Timestamp) -> bool {
        self.life.as_ref().is_none_or(|life| {
            let now = life.environment.now();
            since <= now && now.since(since) < life.ttl
        })
    }

    fn now(&self) -> Timestamp {
        self.life.as_ref().map_or(Timestamp::EPOCH, |life| life.environment.now())
    }
}

/// A shared value as a key that is compared by where it lies: no other one lies there as long as the key is kept.
pub struct ByAddress<T: ?Sized>(pub Arc<T>);

impl<T: ?Sized> ByAddress<T> {
    fn address(&self) -> *const () {
        Arc::as_ptr(&self.0).cast()
    }
}

impl<T: ?Sized> Clone for ByAddress<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: ?Sized> PartialEq for ByAddress<T> {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl<T: ?Sized> Eq for ByAddress<T> {}

impl<T: ?Sized> Hash for ByAddress<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

#[cfg(test)]
mod tests;
