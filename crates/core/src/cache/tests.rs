use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{
    FutureExt as _,
    channel::oneshot,
    future::{self, join3},
};

use super::{ByAddress, Cache};
use crate::{
    environment::{Environment, ManualClock, SeededRandom},
    time::Timestamp,
};

const TTL: Duration = Duration::from_secs(5);

/// What a future answers that has nothing to wait for.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

fn clocked() -> (Arc<ManualClock>, Cache<&'static str, u32>) {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH.plus(Duration::from_secs(100))));
    let environment = Environment::new(clock.clone(), Arc::new(SeededRandom::new(1)));
    (clock, Cache::expiring(10, TTL, environment))
}

async fn loaded(cache: &Cache<&'static str, u32>, value: u32) -> u32 {
    let found = cache.get_or_load(&"a", |_| future::ready(Ok::<_, Infallible>(value))).await;
    found.unwrap_or_else(|never| match never {})
}

#[test]
fn an_entry_is_forgotten_when_its_time_is_over() {
    let (clock, cache) = clocked();
    cache.insert("a", 1);
    clock.advance(TTL - Duration::from_secs(1));
    assert_eq!(cache.get("a"), Some(1));
    clock.advance(Duration::from_secs(1));
    assert_eq!(cache.get("a"), None);
}

#[test]
fn a_clock_that_is_set_back_keeps_no_entry_for_longer() {
    let (clock, cache) = clocked();
    clock.advance(TTL);
    cache.insert("a", 1);
    let (_, earlier) = clocked();
    let earlier = Cache { kept: cache.kept, ..earlier };
    assert_eq!(earlier.get("a"), None);
}

#[test]
fn without_a_time_to_live_an_entry_is_kept() {
    let cache = Cache::new(10);
    cache.insert("a", 1);
    assert_eq!((cache.get("a"), cache.get("b")), (Some(1), None));
    assert_eq!(cache.remove("a"), Some(1));
    assert!(cache.is_empty());
}

#[test]
fn a_full_cache_forgets_rather_than_grows_and_keeps_what_is_asked_for() {
    let cache = Cache::new(100);
    for key in 0..1_000 {
        cache.insert(key, key);
        assert_eq!(cache.get(&key), Some(key), "what is new is there");
        cache.get(&0);
        assert!(cache.len() <= 100);
    }
    assert_eq!(cache.get(&0), Some(0));
}

#[tokio::test]
async fn of_those_who_ask_at_one_time_one_loads() {
    let (_, cache) = clocked();
    let (send, receive) = oneshot::channel::<u32>();
    let loads = AtomicUsize::new(0);
    let load = |answer: future::BoxFuture<'static, u32>| {
        let (cache, loads) = (&cache, &loads);
        async move {
            let load = |_| {
                loads.fetch_add(1, Ordering::Relaxed);
                answer.map(Ok::<_, Infallible>)
            };
            cache.get_or_load(&"a", load).await
        }
    };
    let first = load(receive.map(|sent| sent.unwrap_or_default()).boxed());
    let second = load(future::ready(9).boxed());
    let third = async {
        send.send(7).unwrap();
    };
    assert_eq!(join3(first, second, third).await, (Ok(7), Ok(7), ()));
    assert_eq!(loads.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn who_waited_for_a_load_that_failed_loads_by_themselves() {
    let (_, cache) = clocked();
    let (send, receive) = oneshot::channel::<u32>();
    let first = cache.get_or_load(&"a", |_| receive);
    let second = cache.get_or_load(&"a", |_| future::ready(Ok::<_, oneshot::Canceled>(2)));
    let fails = async { drop(send) };
    let (first, second, ()) = join3(first, second, fails).await;
    assert!(first.is_err());
    assert_eq!(second, Ok(2));
    assert_eq!(at_once(loaded(&cache, 3)), 3, "the next one is kept");
    assert_eq!(cache.get("a"), Some(3));
}

#[test]
fn a_load_that_is_given_up_keeps_nobody_waiting() {
    let (_, cache) = clocked();
    let given_up = cache.get_or_load(&"a", |_| future::pending::<Result<u32, Infallible>>());
    assert!(given_up.now_or_never().is_none());
    assert_eq!(at_once(loaded(&cache, 1)), 1);
    assert_eq!(cache.get("a"), Some(1));
}

#[test]
fn what_was_read_before_a_removal_is_not_kept_after_it() {
    let removals: [fn(&Cache<&'static str, u32>); 4] = [
        |cache| assert_eq!(cache.remove("a"), None),
        |cache| cache.remove_where(|key| *key == "a"),
        Cache::clear,
        |cache| assert_eq!(at_once(cache.reload(&"a", |_| future::ready(Ok::<_, Infallible>(2)))), Ok(2)),
    ];
    for remove in removals {
        let (_, cache) = clocked();
        let load = |_| async {
            remove(&cache);
            Ok::<_, Infallible>(1)
        };
        assert_eq!(at_once(cache.get_or_load(&"a", load)), Ok(1));
        assert_ne!(cache.get("a"), Some(1));
        assert_eq!(at_once(loaded(&cache, 2)), 2);
        assert_eq!(cache.get("a"), Some(2));
    }
}

#[test]
fn what_is_loaded_again_may_be_made_of_what_was_believed_before() {
    let (clock, cache) = clocked();
    cache.insert("a", 1);
    clock.advance(TTL);
    let next = |known: Option<u32>| future::ready(Ok::<_, Infallible>(known.unwrap_or_default() + 1));
    assert_eq!(at_once(cache.get_or_load(&"a", next)), Ok(2));
    assert_eq!(at_once(cache.get_or_load(&"a", next)), Ok(2));
    assert_eq!(at_once(cache.reload(&"a", next)), Ok(3));
    assert_eq!(cache.get("a"), Some(3));
}

#[test]
fn removing_some_leaves_the_others() {
    let cache = Cache::new(10);
    for key in 0..6 {
        cache.insert(key, ());
    }
    cache.remove_where(|key| key % 2 == 0);
    assert_eq!(cache.len(), 3);
    assert_eq!(cache.find(|key, ()| *key > 3), Some(()));
    assert_eq!(cache.find(|key, ()| key % 2 == 0), None);
}

#[test]
fn a_key_by_its_address_is_no_other_of_the_same_value() {
    let (one, other) = (Arc::new(1), Arc::new(1));
    let cache = Cache::new(10);
    cache.insert(ByAddress(one.clone()), "one");
    assert_eq!(cache.get(&ByAddress(one)), Some("one"));
    assert_eq!(cache.get(&ByAddress(other)), None);
}
