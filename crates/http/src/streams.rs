//! How many event streams are open at one time: each holds a connection for as long as it lasts.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hash, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Problem},
    ids::WorkspaceId,
};
use uuid::Uuid;

/// When whoever was refused may find a free place.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// How many event streams there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    /// On this server, whoever reads them. The other connections are left to short requests.
    pub total: usize,
    /// Of one member, however they are signed in.
    pub per_member: usize,
    /// By one access token or cookie.
    pub per_credential: usize,
}

impl StreamLimits {
    /// The limits of a server with so many connections: a quarter of them is left to short requests. One sign-in
    /// may have three quarters of what its member may.
    pub fn new(connections: usize, per_member: usize) -> Self {
        let most = |all: usize| (all - all / 4).max(1);
        Self { total: most(connections), per_member: per_member.max(1), per_credential: most(per_member) }
    }
}

/// The open event streams of this server. Cloning is cheap, and all clones count together.
#[derive(Clone)]
pub struct Streams(Arc<Inner>);

struct Inner {
    limits: StreamLimits,
    hasher: RandomState,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    total: usize,
    by_principal: HashMap<PrincipalKey, usize>,
    /// By a keyed hash, so that no credential stays in memory for being counted.
    by_credential: HashMap<u64, usize>,
}

/// Whose streams they are: a member's, or another principal's.
type PrincipalKey = (WorkspaceId, Option<Uuid>);

/// A stream's place, which is free again when this is dropped. It belongs into the body of the response.
pub struct StreamPlace {
    streams: Streams,
    principal: PrincipalKey,
    credential: u64,
}

impl Streams {
    pub fn new(limits: StreamLimits) -> Self {
        Self(Arc::new(Inner { limits, hasher: RandomState::new(), open: Mutex::default() }))
    }

    /// Takes a place for a stream of this caller, who was let in by `credential`.
    ///
    /// # Errors
    /// `too_many_streams` (limited) where the member or the credential has as many as it may have;
    /// `streams_busy` (unavailable) where the server has.
    pub fn enter(&self, caller: &Caller, credential: &impl Hash) -> Result<StreamPlace, Problem> {
        let limits = self.0.limits;
        let principal = (caller.workspace, caller.principal.id());
        let credential = self.0.hasher.hash_one(credential);
        let mut open = self.open();
        let of_principal = open.by_principal.get(&principal).copied().unwrap_or_default();
        let of_credential = open.by_credential.get(&credential).copied().unwrap_or_default();
        if of_principal >= limits.per_member {
            return Err(too_many("You have", limits.per_member));
        }
        if of_credential >= limits.per_credential {
            return Err(too_many("This sign-in has", limits.per_credential));
        }
        if open.total >= limits.total {
            let message = "The server has as many event streams open as it can have. Try again later, or read \
                           the events that are there already by short requests.";
            return Err(
                Problem::new(ErrorKind::Unavailable, "streams_busy", message).retry_after(RETRY_AFTER)
            );
        }
        open.total += 1;
        *open.by_principal.entry(principal).or_default() += 1;
        *open.by_credential.entry(credential).or_default() += 1;
        Ok(StreamPlace { streams: self.clone(), principal, credential })
    }

    /// How many streams are open on this server.
    pub fn total(&self) -> usize {
        self.open().total
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut open = self.streams.open();
        open.total = open.total.saturating_sub(1);
        release(&mut open.by_principal, &self.principal);
        release(&mut open.by_credential, &self.credential);
    }
}

fn release<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

fn too_many(whose: &str, limit: usize) -> Problem {
    let message = format!(
        "{whose} {limit} event streams open, which is the most there may be at one time. Close one that is not \
         needed any more; one stream tells all that happens in its session."
    );
    Problem::new(ErrorKind::Limited, "too_many_streams", message).retry_after(RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use kontor_core::{actor::Principal, environment::Environment};

    use super::*;

    fn member(workspace: WorkspaceId) -> Caller {
        let id = Environment::system().new_id();
        Caller { principal: Principal::Member { id, name: "Ada".to_owned() }, ..Caller::system(workspace) }
    }

    fn code(refused: Result<StreamPlace, Problem>) -> String {
        refused.err().map(|problem| problem.code.into_owned()).unwrap_or_default()
    }

    #[test]
    fn streams_are_bounded_by_principal_by_credential_and_in_all_and_a_closed_one_makes_room() {
        let streams = Streams::new(StreamLimits { total: 5, per_member: 3, per_credential: 2 });
        let workspace = Environment::system().new_id();
        let (ada, max) = (member(workspace), member(workspace));
        let mut open = vec![streams.enter(&ada, &"a").unwrap(), streams.enter(&ada, &"a").unwrap()];
        assert_eq!(code(streams.enter(&ada, &"a")), "too_many_streams", "a third by one token");
        open.push(streams.enter(&ada, &"b").unwrap());
        assert_eq!(code(streams.enter(&ada, &"b")), "too_many_streams", "a fourth of one member");
        open.push(streams.enter(&max, &"c").unwrap());
        open.push(streams.enter(&max, &"c").unwrap());
        assert_eq!(code(streams.enter(&member(workspace), &"d")), "streams_busy");
        open.remove(0);
        open.push(streams.enter(&ada, &"a").unwrap());
        assert_eq!(streams.total(), 5);
        open.clear();
        assert_eq!(streams.total(), 0);
        let left = streams.open();
        assert!(left.by_principal.is_empty() && left.by_credential.is_empty());
    }

    #[test]
    fn a_quarter_of_the_connections_is_left_to_short_requests() {
        let limits = StreamLimits::new(768, 128);
        assert_eq!(limits, StreamLimits { total: 576, per_member: 128, per_credential: 96 });
        assert_eq!(StreamLimits::new(1, 0), StreamLimits { total: 1, per_member: 1, per_credential: 1 });
    }

    #[test]
    fn whoever_is_refused_is_told_the_limit_and_when_to_come_back() {
        let streams = Streams::new(StreamLimits { total: 9, per_member: 1, per_credential: 1 });
        let ada = member(Environment::system().new_id());
        let _open = streams.enter(&ada, &"a").unwrap();
        let refused = streams.enter(&ada, &"b").err().unwrap();
        assert_eq!((refused.kind, refused.retry_after), (ErrorKind::Limited, Some(RETRY_AFTER)));
        assert!(refused.message.contains("1 event streams open"), "{refused}");
    }
}
