//! How many requests one token, one member, one API key and one address may send in a minute.
//!
//! A request that signs in counts for its token or cookie and for its member, or for its API key. One that does not, or fails to, counts
//! for its address, so that somebody who tries credentials, or asks for the sign-in page all the time, is slowed and
//! those behind the same address who are signed in are not. Who has been quiet may send a minute's requests at once
//! (the generic cell rate algorithm).

use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::HashMapStateStore,
};
use kontor_core::{
    actor::Principal,
    caller::Caller,
    error::{ErrorKind, Problem},
    ids::WorkspaceId,
};
use kontor_identity::Credential;
use serde::Deserialize;
use uuid::Uuid;

/// draft-ietf-httpapi-ratelimit-headers-10, section 3.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Section 4.
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// What the numbers of the settings are for.
const WINDOW: Duration = Duration::from_secs(60);

/// How many programs may be registered from one address in a minute.
const REGISTRATIONS: u32 = 20;

/// How many requests a minute there may be; 0 for any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimitSettings {
    /// By one access token or cookie.
    pub per_token: u32,
    /// Of one member, however they are signed in.
    pub per_member: u32,
    /// By one API key.
    pub per_key: u32,
    /// From one address, of requests that sign nobody in.
    pub per_address: u32,
}

/// Far more than people and honest programs send; a program that has gone wild is slowed.
impl Default for RateLimitSettings {
    fn default() -> Self {
        Self { per_token: 60_000, per_member: 120_000, per_key: 60_000, per_address: 3_000 }
    }
}

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// The requests of the last minute. Cloning is cheap, and all clones count together.
#[derive(Clone)]
pub struct RateLimits(Arc<Inner>);

struct Inner {
    tokens: Option<Limiter<u64>>,
    members: Option<Limiter<(WorkspaceId, Option<Uuid>)>>,
    keys: Option<Limiter<(WorkspaceId, Uuid)>>,
    addresses: Option<Limiter<IpAddr>>,
    registrations: Option<Limiter<IpAddr>>,
    clock: DefaultClock,
    /// No credential stays in memory for being counted.
    hasher: RandomState,
}

/// How much of a limit is left after a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// Whose limit it is: `token`, `member`, `key` or `address`.
    policy: &'static str,
    quota: u32,
    remaining: u32,
    /// Until there may be more again; set where nothing is left.
    wait: Option<Duration>,
}

impl RateLimits {
    pub fn new(settings: RateLimitSettings) -> Self {
        Self(Arc::new(Inner {
            tokens: limiter(settings.per_token),
            members: limiter(settings.per_member),
            keys: limiter(settings.per_key),
            addresses: limiter(settings.per_address),
            registrations: limiter(REGISTRATIONS),
            clock: DefaultClock::default(),
            hasher: RandomState::new(),
        }))
    }

    /// What is left to somebody who is signed in, one of whose requests is counted: for the token, and, where that may
    /// go on, for the member, so that a program that has gone wild locks its member out of nothing else.
    /// An API key is its own token and member.
    pub(crate) fn count(&self, caller: &Caller, credential: &Credential) -> Option<Standing> {
        let Inner { tokens, members, keys, clock, hasher, .. } = &*self.0;
        if let Principal::ApiKey { id, .. } = caller.principal {
            return keys.as_ref().map(|limiter| check(limiter, "key", &(caller.workspace, id), clock));
        }
        let of_token = tokens.as_ref().map(|limiter| {
            let key = match credential {
                Credential::AccessToken(text) | Credential::Cookie(text) => hasher.hash_one(text),
            };
            check(limiter, "token", &key, clock)
        });
        let is_refused = of_token.is_some_and(|standing| standing.wait.is_some());
        let of_member = members
            .as_ref()
            .filter(|_| !is_refused)
            .map(|limiter| check(limiter, "member", &(caller.workspace, caller.principal.id()), clock));
        let both = of_token.into_iter().chain(of_member);
        // The one that refuses, or that is nearest to it.
        both.min_by_key(|standing| (standing.wait.is_none(), standing.remaining))
    }

    /// What is left to requests from an address that sign nobody in, one of which is counted.
    pub(crate) fn count_address(&self, address: Option<IpAddr>) -> Option<Standing> {
        let limiter = self.0.addresses.as_ref()?;
        // Whoever has no address shares one.
        let address = address.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), prefix);
        Some(check(limiter, "address", &address, &self.0.clock))
    }

    /// Counts a registration of a program from an address; why it is refused, where there were too many.
    pub fn count_registration(&self, address: Option<IpAddr>) -> Option<Problem> {
        let limiter = self.0.registrations.as_ref()?;
        let address = address.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), prefix);
        check(limiter, "address", &address, &self.0.clock).refusal()
    }

    /// Forgets whoever has sent nothing for a minute.
    pub fn tidy(&self) {
        fn forget<K: Hash + Eq + Clone>(limiter: Option<&Limiter<K>>) {
            if let Some(limiter) = limiter {
                limiter.retain_recent();
                limiter.shrink_to_fit();
            }
        }
        forget(self.0.tokens.as_ref());
        forget(self.0.members.as_ref());
        forget(self.0.keys.as_ref());
        forget(self.0.addresses.as_ref());
        forget(self.0.registrations.as_ref());
    }
}

impl Standing {
    /// `too_many_requests` (limited) where there were too many.
    pub(crate) fn refusal(&self) -> Option<Problem> {
        let message = format!(
            "These are too many requests of one {}: {} a minute are answered. Wait a moment.",
            self.policy, self.quota
        );
        let wait = self.wait?;
        Some(Problem::new(ErrorKind::Limited, "too_many_requests", message).retry_after(wait))
    }

    /// Says in a response what is left.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let (policy, quota, window) = (self.policy, self.quota, WINDOW.as_secs());
        // What is gone comes back evenly.
        let reset = (u64::from(quota - self.remaining.min(quota)) * window).div_ceil(u64::from(quota.max(1)));
        let texts = [
            (POLICY, format!("\"{policy}\";q={quota};w={window}")),
            (LIMIT, format!("\"{policy}\";r={};t={reset}", self.remaining)),
        ];
        for (name, text) in texts {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
    }
}

fn limiter<K: Hash + Eq + Clone>(quota: u32) -> Option<Limiter<K>> {
    let quota = Quota::per_minute(NonZeroU32::new(quota)?);
    Some(RateLimiter::hashmap(quota).with_middleware::<StateInformationMiddleware>())
}

fn check<K: Hash + Eq + Clone>(
    limiter: &Limiter<K>,
    policy: &'static str,
    key: &K,
    clock: &DefaultClock,
) -> Standing {
    match limiter.check_key(key) {
        Ok(left) => {
            let (quota, remaining) = (left.quota().burst_size().get(), left.remaining_burst_capacity());
            Standing { policy, quota, remaining, wait: None }
        }
        Err(refused) => Standing {
            policy,
            quota: refused.quota().burst_size().get(),
            remaining: 0,
            wait: Some(refused.wait_time_from(clock.now())),
        },
    }
}

/// What stands for one client: an IPv6 host has a whole network of 64 bits to choose addresses from (RFC 4291).
fn prefix(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(number: u128) -> Caller {
        let member = kontor_core::ids::MemberId(Uuid::from_u128(number));
        let principal = kontor_core::actor::Principal::Member { id: member, name: "Ada".to_owned() };
        Caller { principal, ..Caller::system(WorkspaceId(Uuid::from_u128(1))) }
    }

    fn refused(standing: Option<Standing>) -> Option<String> {
        standing.and_then(|standing| standing.refusal()).map(|problem| problem.message)
    }

    fn token(text: &str) -> Credential {
        Credential::AccessToken(text.to_owned())
    }

    #[test]
    fn a_token_and_a_member_have_limits_of_their_own() {
        let limits =
            RateLimits::new(RateLimitSettings { per_token: 2, per_member: 3, per_key: 0, per_address: 0 });
        let sent = |member, text| refused(limits.count(&caller(member), &token(text)));
        assert!(sent(1, "a").is_none() && sent(1, "a").is_none());
        assert!(sent(1, "a").unwrap().contains("one token: 2 a minute"));
        assert!(sent(1, "b").is_none(), "what a token was refused is not its member's");
        assert!(sent(1, "c").unwrap().contains("one member: 3 a minute"));
        assert!(sent(2, "d").is_none(), "another member");
    }

    #[test]
    fn an_api_key_has_a_limit_of_its_own() {
        let settings = RateLimitSettings { per_token: 1, per_member: 1, per_key: 2, per_address: 0 };
        let limits = RateLimits::new(settings);
        let key = |id| Caller {
            principal: Principal::ApiKey { id: Uuid::from_u128(id), name: "Website".to_owned() },
            ..caller(1)
        };
        let sent = |id| refused(limits.count(&key(id), &token("a")));
        assert!(sent(1).is_none() && sent(1).is_none());
        assert!(sent(1).unwrap().contains("one key: 2 a minute"));
        assert!(sent(2).is_none(), "another key");
    }

    #[test]
    fn a_member_who_has_nothing_left_is_refused_though_the_token_has_its_last() {
        let limits =
            RateLimits::new(RateLimitSettings { per_token: 1, per_member: 1, per_key: 0, per_address: 0 });
        let sent = |text| refused(limits.count(&caller(1), &token(text)));
        assert!(sent("a").is_none() && sent("b").is_some() && sent("c").is_some());
    }

    #[test]
    fn without_a_number_there_is_no_limit() {
        let none =
            RateLimits::new(RateLimitSettings { per_token: 0, per_member: 0, per_key: 0, per_address: 0 });
        assert!(none.count(&caller(1), &token("a")).is_none());
        assert!(none.count_address("192.0.2.1".parse().ok()).is_none());
    }

    #[test]
    fn who_is_refused_is_told_when_to_come_back() {
        let limits =
            RateLimits::new(RateLimitSettings { per_token: 0, per_member: 60, per_key: 0, per_address: 0 });
        for _ in 0..60 {
            limits.count(&caller(1), &token("a"));
        }
        let standing = limits.count(&caller(1), &token("a")).unwrap();
        let refused = standing.refusal().unwrap();
        assert_eq!((refused.kind, refused.code.as_ref()), (ErrorKind::Limited, "too_many_requests"));
        assert!(refused.retry_after.unwrap() <= Duration::from_secs(1), "{refused:?}");
        let mut headers = HeaderMap::new();
        standing.write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"member\";q=60;w=60");
        assert_eq!(headers["ratelimit"], "\"member\";r=0;t=60");
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one_client() {
        let limits =
            RateLimits::new(RateLimitSettings { per_token: 0, per_member: 0, per_key: 0, per_address: 1 });
        let refused = |text: &str| limits.count_address(text.parse().ok()).unwrap().refusal().is_some();
        assert!(!refused("2001:db8::1") && refused("2001:db8::2") && !refused("2001:db8:0:1::1"));
        assert!(!refused("192.0.2.1") && !refused("192.0.2.2") && refused("192.0.2.1"));
    }
}
