//! What the operator allows beside the public internet.

use std::net::IpAddr;

use kontor_core::networks::{self, Networks};
use url::Host;

use crate::address::{self, Kind, METADATA};

/// Networks and names of hosts that may be reached although they are not public.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    networks: Networks,
    /// In lower case, without the dot at the end.
    hosts: Vec<String>,
}

impl Allowed {
    /// From a list, separated by commas or spaces, of addresses, networks in CIDR notation (RFC 4632) and names of
    /// hosts: `10.0.0.0/8, 192.168.1.7, ollama.internal`.
    ///
    /// A name allows whichever addresses that very name has; it says nothing of names below it. A metadata service is
    /// allowed by its own address alone, and neither by a network nor by a name.
    ///
    /// # Errors
    /// A sentence that names the part that is none of these.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut found, mut hosts) = (Vec::new(), Vec::new());
        for part in networks::list(text) {
            if let Some(network) = networks::network(part) {
                found.push(network);
            } else if let Some(host) = host_name(part) {
                hosts.push(host);
            } else {
                return Err(format!(
                    "{part:?} is no address, no network and no name of a host; expected such as 10.0.0.0/8, \
                     192.168.1.7 or ollama.internal"
                ));
            }
        }
        Ok(Self { networks: found.into_iter().collect(), hosts })
    }

    /// The same and one more host: a name, or an address in a URL.
    #[must_use]
    pub(crate) fn and(mut self, host: Host<&str>) -> Self {
        match host {
            Host::Domain(name) => self.hosts.push(plain(name)),
            Host::Ipv4(address) => self.networks.add(address.into()),
            Host::Ipv6(address) => self.networks.add(address::meant(address.into())),
        }
        self
    }

    /// Whether an address may be reached, which the host of this name has, or which stands in a URL by itself.
    ///
    /// # Errors
    /// What the address is.
    pub(crate) fn judge(&self, name: Option<&str>, address: IpAddr) -> Result<(), Kind> {
        let address = address::meant(address);
        let Some(kind) = address::special(address) else { return Ok(()) };
        let is_allowed = if kind == METADATA {
            self.networks.list_alone(address)
        } else {
            self.networks.contain(address) || name.is_some_and(|name| self.hosts.contains(&plain(name)))
        };
        if is_allowed { Ok(()) } else { Err(kind) }
    }
}

/// A name as names are compared.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// The name of a host as URLs have it; none of what is an address in another spelling, or a mistake in one.
fn host_name(part: &str) -> Option<String> {
    let Ok(Host::Domain(name)) = Host::parse(part) else { return None };
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    is_name.then(|| plain(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(allowed: &str, name: Option<&str>, address: &str) -> Result<(), Kind> {
        Allowed::parse(allowed).unwrap().judge(name, address.parse().unwrap())
    }

    #[test]
    fn a_network_allows_its_addresses_in_every_form() {
        let list = "10.0.0.0/8, fd12::/16 192.168.1.7";
        for address in
            ["10.1.2.3", "::ffff:10.1.2.3", "::10.1.2.3", "64:ff9b::10.1.2.3", "fd12::1", "192.168.1.7"]
        {
            assert_eq!(judged(list, None, address), Ok(()), "{address}");
        }
        assert_eq!(judged(list, None, "192.168.1.8"), Err("private"));
        assert_eq!(judged(list, Some("db"), "127.0.0.1"), Err("loopback"));
        assert_eq!(judged("", None, "10.1.2.3"), Err("private"));
        assert_eq!(judged("", None, "8.8.8.8"), Ok(()));
    }

    #[test]
    fn a_name_allows_the_addresses_of_that_very_name() {
        let list = "Ollama.Internal., localhost";
        assert_eq!(judged(list, Some("ollama.internal"), "10.1.2.3"), Ok(()));
        assert_eq!(judged(list, Some("OLLAMA.internal."), "fd12::1"), Ok(()));
        assert_eq!(judged(list, Some("a.ollama.internal"), "10.1.2.3"), Err("private"));
        assert_eq!(judged(list, None, "10.1.2.3"), Err("private"));
    }

    #[test]
    fn a_metadata_service_is_allowed_by_its_own_address_alone() {
        for list in ["169.254.0.0/16", "0.0.0.0/0", "cloud"] {
            assert_eq!(judged(list, Some("cloud"), "169.254.169.254"), Err(METADATA), "{list}");
        }
        assert_eq!(judged("100.64.0.0/10", None, "100.100.100.200"), Err(METADATA));
        assert_eq!(judged("169.254.169.254", None, "169.254.169.254"), Ok(()));
        assert_eq!(judged("fd00:ec2::254", Some("cloud"), "fd00:ec2::254"), Ok(()));
    }

    #[test]
    fn what_is_neither_a_network_nor_a_name_is_refused_with_what_was_expected() {
        for wrong in [
            "10.0.0.0/99",
            "10.0.0",
            "10.0.0.0.1",
            "0x7f.1",
            "http://db",
            "db:8080",
            "a;b",
            "*.internal",
            "[::1]",
        ] {
            let refused = Allowed::parse(&format!("10.0.0.0/8, {wrong}")).unwrap_err();
            assert!(
                refused.contains(&format!("{wrong:?}")) && refused.contains("ollama.internal"),
                "{refused}"
            );
        }
    }
}
