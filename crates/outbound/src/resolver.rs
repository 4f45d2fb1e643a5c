//! Names looked up once for each connection; what is connected to are the addresses that were judged.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    sync::Arc,
};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{address::Kind, allowed::Allowed};

/// How many names a client looks up at one time. A lookup takes a thread for as long as the system waits for an
/// answer, even when nobody waits for it any more.
const LOOKUPS: usize = 16;

/// Finds the addresses of a name; `place` is held until the lookup has ended.
pub(crate) trait Lookup: Send + Sync {
    fn addresses(
        &self,
        name: &str,
        place: OwnedSemaphorePermit,
    ) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's own lookup, with its hosts file and its servers.
pub(crate) struct System;

impl Lookup for System {
    fn addresses(
        &self,
        name: &str,
        place: OwnedSemaphorePermit,
    ) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let name = name.to_owned();
        let looking = tokio::task::spawn_blocking(move || {
            let _place = place;
            (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|address| address.ip()).collect())
        });
        Box::pin(async move { looking.await.map_err(io::Error::other)? })
    }
}

/// Why a name leads nowhere.
#[derive(Debug)]
pub(crate) enum Unresolved {
    /// Every address it has is refused; what the first of them is.
    Refused {
        kind: Kind,
    },
    NotFound {
        source: Option<io::Error>,
    },
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { kind } => write!(f, "the address is not public ({kind})"),
            Self::NotFound { source: Some(source) } => write!(f, "{source}"),
            Self::NotFound { source: None } => f.write_str("the name has no address"),
        }
    }
}

impl std::error::Error for Unresolved {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotFound { source: Some(source) } => Some(source),
            _ => None,
        }
    }
}

/// A lookup whose answers are judged.
pub(crate) struct Resolver {
    lookup: Arc<dyn Lookup>,
    allowed: Arc<Allowed>,
    places: Arc<Semaphore>,
}

impl Resolver {
    pub(crate) fn new(lookup: Arc<dyn Lookup>, allowed: Arc<Allowed>) -> Self {
        Self { lookup, allowed, places: Arc::new(Semaphore::new(LOOKUPS)) }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, allowed, places) = (self.lookup.clone(), self.allowed.clone(), self.places.clone());
        // The client's time to connect bounds all of it.
        Box::pin(async move {
            let place = places.acquire_owned().await?;
            let found = lookup.addresses(name.as_str(), place).await;
            let found = found.map_err(|source| Unresolved::NotFound { source: Some(source) })?;
            let addresses = reachable(&allowed, name.as_str(), found)?;
            // With the port 0 that of the URL is taken.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// The addresses that may be reached; a name that has others beside them is reached at these alone.
fn reachable(allowed: &Allowed, name: &str, found: Vec<IpAddr>) -> Result<Vec<IpAddr>, Unresolved> {
    let mut refused = None;
    let mut reachable = Vec::with_capacity(found.len());
    for address in found {
        match allowed.judge(Some(name), address) {
            Ok(()) => reachable.push(address),
            Err(kind) => {
                tracing::debug!(name, %address, kind, "an address of a name is not reached");
                refused.get_or_insert(kind);
            }
        }
    }
    match refused {
        _ if !reachable.is_empty() => Ok(reachable),
        Some(kind) => Err(Unresolved::Refused { kind }),
        None => Err(Unresolved::NotFound { source: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(allowed: &str, found: &[&str]) -> Result<Vec<String>, String> {
        let found = found.iter().map(|address| address.parse().unwrap()).collect();
        let left = reachable(&Allowed::parse(allowed).unwrap(), "name.example", found);
        left.map(|left| left.iter().map(IpAddr::to_string).collect()).map_err(|why| why.to_string())
    }

    #[test]
    fn of_mixed_answers_only_those_that_may_be_reached_are_left() {
        assert_eq!(
            left("", &["10.0.0.1", "8.8.8.8", "::1", "2606:4700:4700::1111"]).unwrap(),
            ["8.8.8.8", "2606:4700:4700::1111"]
        );
        assert_eq!(left("10.0.0.0/8", &["10.0.0.1", "::1"]).unwrap(), ["10.0.0.1"]);
        assert_eq!(
            left("name.example", &["10.0.0.1", "::1", "169.254.169.254"]).unwrap(),
            ["10.0.0.1", "::1"]
        );
    }

    #[test]
    fn a_public_name_with_private_addresses_alone_is_refused() {
        let refused = left("", &["192.168.0.1", "127.0.0.1"]).unwrap_err();
        assert_eq!(refused, "the address is not public (private)");
        assert_eq!(left("", &["::ffff:127.0.0.1"]).unwrap_err(), "the address is not public (loopback)");
        assert_eq!(left("", &[]).unwrap_err(), "the name has no address");
    }

    #[tokio::test]
    async fn the_system_looks_names_up() {
        let place = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        let found = System.addresses("localhost", place).await.unwrap();
        assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
    }
}
