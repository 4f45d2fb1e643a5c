//! Whom a request comes from, when proxies stand before the server.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header};
use kontor_core::networks::Networks;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies whose word on the client's address is believed. Without any, forwarding headers are ignored:
/// whoever wants to guess passwords could write them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Networks);

impl TrustedProxies {
    /// From a list of addresses and networks, see [`Networks::parse`].
    ///
    /// # Errors
    /// A sentence that names the part that is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        Networks::parse(text).map(Self)
    }

    /// The address of the client: that of the connection's other end, or, where that is a trusted proxy, the last
    /// address in `X-Forwarded-For` or `Forwarded` (RFC 7239) that is not of a trusted proxy. The headers are read
    /// from the right, since each proxy adds to the right and a client may have sent anything to the left.
    ///
    /// A request with both headers is taken to come from the proxy: one of the two was not written by it.
    pub fn client_of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.0.contain(client) {
            return client;
        }
        let hops = match (headers.contains_key(FORWARDED_FOR), headers.contains_key(header::FORWARDED)) {
            (true, false) => {
                elements(headers, FORWARDED_FOR).map(|hops| hops.iter().map(|hop| address(hop)).collect())
            }
            (false, true) => elements(headers, header::FORWARDED.as_str())
                .map(|hops| hops.iter().map(|hop| forwarded_for(hop)).collect()),
            _ => return client,
        };
        let hops: Vec<Option<IpAddr>> = hops.unwrap_or_default();
        for hop in hops.into_iter().rev() {
            // What cannot be read came from beyond the last proxy that can be believed.
            let Some(hop) = hop else { return client };
            client = hop;
            if !self.0.contain(client) {
                return client;
            }
        }
        client
    }
}

/// The elements of a list header, over all its lines; none where one is no text.
fn elements<'h>(headers: &'h HeaderMap, name: &str) -> Option<Vec<&'h str>> {
    let lines: Vec<&str> =
        headers.get_all(name).iter().map(|line| line.to_str().ok()).collect::<Option<_>>()?;
    Some(
        lines
            .into_iter()
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect(),
    )
}

/// An address, with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    address.or_else(bare).map(|address| address.to_canonical())
}

/// The `for` of one element of `Forwarded`; none where it is hidden or missing.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut parameters = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(trusted: &str, peer: &str, headers: &[(&'static str, &'static str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        TrustedProxies::parse(trusted).unwrap().client_of(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn forwarding_headers_are_believed_of_trusted_proxies_alone() {
        let headers = [("x-forwarded-for", "203.0.113.9")];
        assert_eq!(client("", "10.0.0.1", &headers), "10.0.0.1");
        assert_eq!(client("10.0.0.0/8", "192.0.2.1", &headers), "192.0.2.1");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &headers), "203.0.113.9");
        assert_eq!(client("10.0.0.1", "::ffff:10.0.0.1", &headers), "203.0.113.9");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_last_address_that_no_trusted_proxy_has_is_the_clients() {
        let read = |value| client("10.0.0.0/8", "10.0.0.1", &[("x-forwarded-for", value)]);
        assert_eq!(read("198.51.100.1, 203.0.113.9"), "203.0.113.9", "the client wrote the first");
        assert_eq!(read("198.51.100.1, 203.0.113.9, 10.0.0.2"), "203.0.113.9");
        assert_eq!(read("10.0.0.3,10.0.0.2"), "10.0.0.3", "a client within the proxies' network");
        assert_eq!(read("nonsense, 203.0.113.9:4711"), "203.0.113.9");
        assert_eq!(read("203.0.113.9, nonsense"), "10.0.0.1");
        assert_eq!(read("[2001:db8::9]:80"), "2001:db8::9");
        let lines = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &lines), "203.0.113.9");
    }

    #[test]
    fn forwarded_is_read_as_its_standard_says() {
        let read = |value| client("10.0.0.0/8", "10.0.0.1", &[("forwarded", value)]);
        assert_eq!(read("for=198.51.100.1, For=\"203.0.113.9:80\";proto=https"), "203.0.113.9");
        assert_eq!(read("by=10.0.0.1;for=\"[2001:db8::9]\""), "2001:db8::9");
        assert_eq!(read("for=203.0.113.9, for=_hidden"), "10.0.0.1");
        assert_eq!(read("proto=https"), "10.0.0.1");
    }

    #[test]
    fn a_request_with_both_headers_comes_from_the_proxy() {
        let both = [("forwarded", "for=198.51.100.1"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &both), "10.0.0.1");
    }
}
