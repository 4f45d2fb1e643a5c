//! Addresses and networks as an operator lists them.

use std::net::IpAddr;

use ipnet::IpNet;

/// A list of networks; a single address is the network that holds it alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// From addresses and networks in CIDR notation (RFC 4632), separated by commas or spaces:
    /// `10.0.0.0/8, 192.0.2.7, 2001:db8::/32`.
    ///
    /// # Errors
    /// A sentence that names the part that is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        let networks = list(text).map(|part| {
            network(part).ok_or_else(|| {
                format!("{part:?} is no address and no network; expected such as 10.0.0.0/8 or 192.0.2.7")
            })
        });
        networks.collect::<Result<_, _>>().map(Self)
    }

    /// Lists one more address.
    pub fn add(&mut self, address: IpAddr) {
        self.0.push(IpNet::from(address.to_canonical()));
    }

    /// Whether one of the networks holds the address. An IPv4 address within IPv6 (`::ffff:10.0.0.1`) is the IPv4
    /// address.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether the address is listed by itself, and not only as one of a larger network.
    pub fn list_alone(&self, address: IpAddr) -> bool {
        self.0.contains(&IpNet::from(address.to_canonical()))
    }
}

impl FromIterator<IpNet> for Networks {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        Self(networks.into_iter().collect())
    }
}

/// The parts of a list in one text, separated by commas or spaces.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).filter(|part| !part.is_empty())
}

/// One address or network of a list.
pub fn network(part: &str) -> Option<IpNet> {
    part.parse::<IpNet>().ok().or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_networks_and_single_addresses() {
        let networks = Networks::parse("10.0.0.0/8, 192.0.2.7 2001:db8::/32,").unwrap();
        let held = |address: &str| networks.contain(address.parse().unwrap());
        assert!(held("10.1.2.3") && held("192.0.2.7") && held("2001:db8::1") && held("::ffff:10.1.2.3"));
        assert!(!held("11.0.0.1") && !held("192.0.2.8") && !held("2001:db9::1"));
        let alone = |address: &str| networks.list_alone(address.parse().unwrap());
        assert!(alone("192.0.2.7") && !alone("10.0.0.0") && !alone("10.1.2.3"));
    }

    #[test]
    fn what_is_no_network_is_named() {
        let refused = Networks::parse("10.0.0.0/8, 10.0.0.0/99").unwrap_err();
        assert!(refused.contains("\"10.0.0.0/99\"") && refused.contains("10.0.0.0/8"), "{refused}");
    }
}
