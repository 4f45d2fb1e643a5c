//! How many requests one token, one member and one address may send in a minute.
//!
//! A request that signs in counts for its token or cookie and for its member. One that does not, or fails to, counts
//! for its address, so that somebody who tries credentials, or asks for the sign-in page all the time, is slowed and
//! those behind the same address who are signed in are not. Who has been quiet may send a minute's requests at once
//! (the generic cell rate algorithm).

use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::HashMapStateStore,
};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Problem},
    ids::WorkspaceId,
};
use kontor_identity::Credential;
use serde::Deserialize;
use uuid::Uuid;

use crate::{Credentials, Services, surround::Refuse};

/// draft-ietf-httpapi-ratelimit-headers-10, section 3.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Section 4.
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// What the numbers of the settings are for.
const WINDOW: Duration = Duration::from_secs(60);

/// How many requests a minute there may be; 0 for any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimitSettings {
    /// By one access token or cookie.
    pub per_token: u32,
    /// Of one member, however they are signed in.
    pub per_member: u32,
    /// From one address, of requests that sign nobody in.
    pub per_address: u32,
}

/// Far more than people and honest programs send; a program that has gone wild is slowed.
impl Default for RateLimitSettings {
    fn default() -> Self {
        Self { per_token: 60_000, per_member: 120_000, per_address: 3_000 }
    }
}

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// The requests of the last minute. Cloning is cheap, and all clones count together.
#[derive(Clone)]
pub struct RateLimits(Arc<Inner>);

struct Inner {
    tokens: Option<Limiter<u64>>,
    members: Option<Limiter<(WorkspaceId, Option<Uuid>)>>,
    addresses: Option<Limiter<IpAddr>>,
    clock: DefaultClock,
    /// No credential stays in memory for being counted.
    hasher: RandomState,
}

/// How much of a limit is left after a request.
#[derive(Debug, Clone, Copy)]
struct Standing {
    /// Whose limit it is: `token`, `member` or `address`.
    policy: &'static str,
    quota: u32,
    remaining: u32,
    /// Until there may be more again; set where nothing is left.
    wait: Option<Duration>,
}

/// Where the extractor that signs a request in leaves what is left, for the response's headers.
#[derive(Clone, Default)]
pub(crate) struct Count(Arc<OnceLock<Option<Standing>>>);

impl RateLimits {
    pub fn new(settings: RateLimitSettings) -> Self {
        Self(Arc::new(Inner {
            tokens: limiter(settings.per_token),
            members: limiter(settings.per_member),
            addresses: limiter(settings.per_address),
            clock: DefaultClock::default(),
            hasher: RandomState::new(),
        }))
    }

    /// Counts a request of somebody who is signed in: for the token, and, where that may go on, for the member, so that
    /// a program that has gone wild locks its member out of nothing else.
    ///
    /// # Errors
    /// `too_many_requests` (limited) where there were too many.
    pub(crate) fn count(
        &self,
        caller: &Caller,
        credential: &Credential,
        count: Option<&Count>,
    ) -> Result<(), Problem> {
        let Inner { tokens, members, clock, hasher, .. } = &*self.0;
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
        let nearest = of_token.into_iter().chain(of_member);
        let nearest = nearest.min_by_key(|standing| (standing.wait.is_none(), standing.remaining));
        if let Some(Count(cell)) = count {
            // A request is signed in once; a second time says the same.
            let _ = cell.set(nearest);
        }
        nearest.and_then(|standing| standing.refusal()).map_or(Ok(()), Err)
    }

    /// What is left to requests from an address that sign nobody in, one of which is counted.
    fn count_address(&self, address: Option<IpAddr>) -> Option<Standing> {
        let limiter = self.0.addresses.as_ref()?;
        // Whoever has no address shares one.
        let address = address.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), prefix);
        Some(check(limiter, "address", &address, &self.0.clock))
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
        forget(self.0.addresses.as_ref());
    }
}

impl Standing {
    fn refusal(&self) -> Option<Problem> {
        let message = format!(
            "These are too many requests of one {}: {} a minute are answered. Wait a moment.",
            self.policy, self.quota
        );
        let wait = self.wait?;
        Some(Problem::new(ErrorKind::Limited, "too_many_requests", message).retry_after(wait))
    }

    fn write(&self, headers: &mut HeaderMap) {
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

/// The limits of a server, and how a face refuses.
#[derive(Clone)]
pub struct Limited {
    services: Services,
    refuse: Refuse,
}

impl Limited {
    pub fn new(services: Services, refuse: Refuse) -> Self {
        Self { services, refuse }
    }
}

/// Tells how much is left. A request that signed nobody in, whatever it carried and whatever became of it, is counted
/// for its address; where there were too many of those, what carries nothing is refused at once, and what carries
/// something is let through to be looked at and refused where it signs nobody in.
pub async fn limit(State(limited): State<Limited>, mut request: Request, next: Next) -> Response {
    let Limited { services, refuse } = limited;
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| from.ip());
    let carries_nothing = matches!(Credentials::find(request.headers(), services.cookie), Ok(None));
    let before = carries_nothing.then(|| services.rate_limits.count_address(address)).flatten();
    if let Some(refusal) = before.and_then(|standing| standing.refusal()) {
        return with_headers(refuse(refusal), before);
    }
    let count = Count::default();
    request.extensions_mut().insert(count.clone());
    let response = next.run(request).await;
    if let Some(standing) = count.0.get() {
        return with_headers(response, *standing);
    }
    if carries_nothing {
        return with_headers(response, before);
    }
    let after = services.rate_limits.count_address(address);
    match after.and_then(|standing| standing.refusal()) {
        Some(refusal) => with_headers(refuse(refusal), after),
        None => with_headers(response, after),
    }
}

fn with_headers(mut response: Response, standing: Option<Standing>) -> Response {
    if let Some(standing) = standing {
        standing.write(response.headers_mut());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(number: u128) -> Caller {
        let member = kontor_core::ids::MemberId(Uuid::from_u128(number));
        let principal = kontor_core::actor::Principal::Member { id: member, name: "Ada".to_owned() };
        Caller { principal, ..Caller::system(WorkspaceId(Uuid::from_u128(1))) }
    }

    fn token(text: &str) -> Credential {
        Credential::AccessToken(text.to_owned())
    }

    #[test]
    fn a_token_and_a_member_have_limits_of_their_own() {
        let limits = RateLimits::new(RateLimitSettings { per_token: 2, per_member: 3, per_address: 0 });
        let sent = |member, text| limits.count(&caller(member), &token(text), None).map_err(|p| p.message);
        assert!(sent(1, "a").is_ok() && sent(1, "a").is_ok());
        assert!(sent(1, "a").unwrap_err().contains("one token: 2 a minute"));
        assert!(sent(1, "b").is_ok(), "what a token was refused is not its member's");
        assert!(sent(1, "c").unwrap_err().contains("one member: 3 a minute"));
        assert!(sent(2, "d").is_ok(), "another member");
    }

    #[test]
    fn a_member_who_has_nothing_left_is_refused_though_the_token_has_its_last() {
        let limits = RateLimits::new(RateLimitSettings { per_token: 1, per_member: 1, per_address: 0 });
        let sent = |text| limits.count(&caller(1), &token(text), None);
        assert!(sent("a").is_ok() && sent("b").is_err() && sent("c").is_err());
    }

    #[test]
    fn without_a_number_there_is_no_limit() {
        let none = RateLimits::new(RateLimitSettings { per_token: 0, per_member: 0, per_address: 0 });
        assert!((0..1_000).all(|_| none.count(&caller(1), &token("a"), None).is_ok()));
        assert!(none.count_address("192.0.2.1".parse().ok()).is_none());
    }

    #[test]
    fn who_is_refused_is_told_when_to_come_back() {
        let limits = RateLimits::new(RateLimitSettings { per_token: 0, per_member: 60, per_address: 0 });
        let count = Count::default();
        for _ in 0..60 {
            limits.count(&caller(1), &token("a"), None).unwrap();
        }
        let refused = limits.count(&caller(1), &token("a"), Some(&count)).unwrap_err();
        assert_eq!((refused.kind, refused.code.as_ref()), (ErrorKind::Limited, "too_many_requests"));
        assert!(refused.retry_after.unwrap() <= Duration::from_secs(1), "{refused:?}");
        let mut headers = HeaderMap::new();
        count.0.get().unwrap().unwrap().write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"member\";q=60;w=60");
        assert_eq!(headers["ratelimit"], "\"member\";r=0;t=60");
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one_client() {
        let limits = RateLimits::new(RateLimitSettings { per_token: 0, per_member: 0, per_address: 1 });
        let refused = |text: &str| limits.count_address(text.parse().ok()).unwrap().refusal().is_some();
        assert!(!refused("2001:db8::1") && refused("2001:db8::2") && !refused("2001:db8:0:1::1"));
        assert!(!refused("192.0.2.1") && !refused("192.0.2.2") && refused("192.0.2.1"));
    }
}
