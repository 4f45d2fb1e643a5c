//! Which addresses belong to the public internet, and what the others are.
//!
//! The registries of IANA decide:
//! <https://www.iana.org/assignments/iana-ipv4-special-registry>,
//! <https://www.iana.org/assignments/iana-ipv6-special-registry> and
//! <https://www.iana.org/assignments/ipv6-address-space>. The standard library's `is_global` is not stable, and the
//! crates that copy it follow it as it was years ago.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// What an address that is not public is; a word for the log.
pub(crate) type Kind = &'static str;

/// The kind of metadata services, which are told apart from their networks.
pub(crate) const METADATA: Kind = "metadata service";

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

/// A network of IPv6 by the first two of its segments.
const fn v6(first: u16, second: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), length)
}

const SPECIAL_V4: [(Ipv4Net, Kind); 16] = [
    (v4(0, 0, 0, 0, 8), "this network"),
    (v4(10, 0, 0, 0, 8), "private"),
    (v4(100, 64, 0, 0, 10), "shared"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    (v4(169, 254, 0, 0, 16), "link-local"),
    (v4(172, 16, 0, 0, 12), "private"),
    (v4(192, 0, 0, 0, 24), "protocol assignment"),
    (v4(192, 0, 2, 0, 24), "documentation"),
    (v4(192, 88, 99, 0, 24), "6to4 relay"),
    (v4(192, 168, 0, 0, 16), "private"),
    (v4(198, 18, 0, 0, 15), "benchmarking"),
    (v4(198, 51, 100, 0, 24), "documentation"),
    (v4(203, 0, 113, 0, 24), "documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(255, 255, 255, 255, 32), "broadcast"),
    (v4(240, 0, 0, 0, 4), "reserved"),
];

/// What is special within [`GLOBAL_UNICAST`], and by its name outside of it.
const SPECIAL_V6: [(Ipv6Net, Kind); 11] = [
    (v6(0x64, 0xff9b, 32), "local translation"),
    (v6(0x100, 0, 16), "discard-only"),
    // Teredo (2001::/32), benchmarking, ORCHID and others.
    (v6(0x2001, 0, 23), "protocol assignment"),
    (v6(0x2001, 0xdb8, 32), "documentation"),
    (v6(0x2002, 0, 16), "6to4"),
    (v6(0x3fff, 0, 20), "documentation"),
    (v6(0x5f00, 0, 16), "segment routing"),
    (v6(0xfc00, 0, 7), "unique local"),
    (v6(0xfe80, 0, 10), "link-local"),
    (v6(0xfec0, 0, 10), "site-local"),
    (v6(0xff00, 0, 8), "multicast"),
];

/// All that is given out to the public internet.
const GLOBAL_UNICAST: Ipv6Net = v6(0x2000, 0, 3);

/// IPv4 addresses behind a translator (NAT64, RFC 6052).
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 96);

/// Where clouds tell a machine its credentials, within the special networks and outside of them.
const METADATA_V4: [Ipv4Addr; 8] = [
    // AWS, Azure, Google, OpenStack, Oracle, DigitalOcean and most others.
    Ipv4Addr::new(169, 254, 169, 254),
    // AWS: tasks of ECS, pods of EKS.
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    // Scaleway, Tencent, Alibaba, Oracle.
    Ipv4Addr::new(169, 254, 42, 42),
    Ipv4Addr::new(169, 254, 0, 23),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    // Azure's host: a public address that leads nowhere else from within Azure.
    Ipv4Addr::new(168, 63, 129, 16),
];

const METADATA_V6: [Ipv6Addr; 4] = [
    // AWS, and its pods of EKS.
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    // Google, Scaleway.
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
];

/// The address that is meant: of an IPv6 address that stands for an IPv4 one (mapped, compatible, behind the
/// well-known prefix of NAT64), the IPv4 address.
pub(crate) fn meant(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let is_compatible = matches!(v6.segments(), [0, 0, 0, 0, 0, 0, high, _] if high != 0);
    let [.., a, b, c, d] = v6.octets();
    let embedded = IpAddr::V4(Ipv4Addr::new(a, b, c, d));
    if is_compatible || NAT64.contains(&v6) { embedded } else { address.to_canonical() }
}

/// What an address is that is not public; none of a public one. `address` is the one that is [`meant`].
pub(crate) fn special(address: IpAddr) -> Option<Kind> {
    match address {
        IpAddr::V4(v4) if METADATA_V4.contains(&v4) => Some(METADATA),
        IpAddr::V4(v4) => SPECIAL_V4.iter().find(|(network, _)| network.contains(&v4)).map(|(_, kind)| *kind),
        IpAddr::V6(v6) if METADATA_V6.contains(&v6) => Some(METADATA),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Some("unspecified"),
        IpAddr::V6(Ipv6Addr::LOCALHOST) => Some("loopback"),
        IpAddr::V6(v6) => {
            let known = SPECIAL_V6.iter().find(|(network, _)| network.contains(&v6)).map(|(_, kind)| *kind);
            known.or_else(|| (!GLOBAL_UNICAST.contains(&v6)).then_some("reserved"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(address: &str) -> Option<Kind> {
        special(meant(address.parse().unwrap()))
    }

    #[test]
    fn every_kind_of_address_that_is_not_public_is_known() {
        for (addresses, expected) in [
            (&["0.0.0.0", "0.1.2.3", "0.255.255.255"][..], "this network"),
            (&["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1"], "private"),
            (&["100.64.0.0", "100.127.255.255"], "shared"),
            (&["127.0.0.1", "127.255.255.254", "::1"], "loopback"),
            (&["169.254.0.1", "169.254.255.255", "fe80::1", "febf::1"], "link-local"),
            (
                &["192.0.0.1", "192.0.0.170", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1"],
                "protocol assignment",
            ),
            (&["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"], "documentation"),
            (&["192.88.99.1"], "6to4 relay"),
            (&["198.18.0.1", "198.19.255.255"], "benchmarking"),
            (&["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"], "multicast"),
            (&["240.0.0.1", "255.255.255.254", "4000::1", "1::1", "64:ff9c::1", "e000::1"], "reserved"),
            (&["255.255.255.255"], "broadcast"),
            (&["::"], "unspecified"),
            (&["64:ff9b:1::a00:1", "64:ff9b:1:ffff::1"], "local translation"),
            (&["100::1"], "discard-only"),
            (&["2002:808:808::1", "2002:a00:1::1"], "6to4"),
            (&["5f00::1"], "segment routing"),
            (&["fc00::1", "fdff::1"], "unique local"),
            (&["fec0::1", "feff::1"], "site-local"),
        ] {
            for address in addresses {
                assert_eq!(kind(address), Some(expected), "{address}");
            }
        }
    }

    #[test]
    fn metadata_services_are_told_from_their_networks() {
        for address in METADATA_V4.map(IpAddr::from).into_iter().chain(METADATA_V6.map(IpAddr::from)) {
            assert_eq!(special(address), Some(METADATA), "{address}");
        }
        assert_eq!(kind("::ffff:169.254.169.254"), Some(METADATA));
        assert_eq!(kind("64:ff9b::a9fe:a9fe"), Some(METADATA));
    }

    #[test]
    fn an_address_within_another_is_what_it_means() {
        for written in ["::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::a00:1"] {
            assert_eq!(meant(written.parse().unwrap()), IpAddr::from([10, 0, 0, 1]), "{written}");
            assert_eq!(kind(written), Some("private"), "{written}");
        }
        assert_eq!(kind("::ffff:127.0.0.1"), Some("loopback"));
        assert_eq!(kind("64:ff9b::8.8.8.8"), None, "a public address behind NAT64");
        assert_eq!(kind("::ffff:8.8.8.8"), None);
    }

    #[test]
    fn public_addresses_are_public() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
            "2a00:1450::1",
            "3ffe::1",
        ] {
            assert_eq!(kind(address), None, "{address}");
        }
    }
}
