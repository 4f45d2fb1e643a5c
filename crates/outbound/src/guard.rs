//! Whether a URL may be asked, before anything is sent.

use std::net::IpAddr;

use url::{Host, Url};

use crate::{allowed::Allowed, error::Error};

/// Host and port as an error names them: no credentials, path or query, which may hold secrets.
pub(crate) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whether the URL is one of HTTP and, where an address stands in it, leads to one that may be reached. Names are
/// judged when they have been looked up. A [`Url`] has read every spelling of an address (decimal, octal, hexadecimal,
/// short, with a dot at the end) as the address that will be connected to.
pub(crate) fn check(allowed: &Allowed, url: &Url) -> Result<(), Error> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::Scheme { scheme: url.scheme().to_owned() });
    }
    let address: IpAddr = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        Some(Host::Domain(_)) => return Ok(()),
        None => return Err(Error::NoHost),
    };
    allowed.judge(None, address).map_err(|kind| Error::Refused { host: place(url), kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(allowed: &str, url: &str) -> Result<(), Error> {
        check(&Allowed::parse(allowed).unwrap(), &Url::parse(url).unwrap())
    }

    #[test]
    fn an_address_is_judged_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "127.0.0.1.",
            "%31%32%37.0.0.1",
            "127。0。0。1",
            "①②⑦.0.0.1",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "0",
            "0.0.0.0",
            "[::]",
            "169.254.169.254",
            "0xa9fea9fe",
            "[fe80::1]",
            "10.1",
            "192.168.257",
        ] {
            for url in [format!("http://{host}/"), format!("https://user@{host}:8443/a?b")] {
                let refused = checked("", &url);
                assert!(matches!(refused, Err(Error::Refused { .. })), "{url}: {refused:?}");
            }
        }
        for url in [
            "http://8.8.8.8/",
            "https://[2606:4700:4700::1111]/",
            "http://134744072/",
            "http://name.example/",
        ] {
            assert!(checked("", url).is_ok(), "{url}");
        }
        assert!(checked("127.0.0.0/8", "http://0x7f.1/").is_ok());
        assert!(checked("10.0.0.0/8", "http://0x7f.1/").is_err());
    }

    #[test]
    fn what_is_not_http_is_refused() {
        for url in [
            "ftp://a.example/",
            "file:///etc/hostname",
            "data:text/plain,a",
            "gopher://a.example/",
            "unix:/a",
        ] {
            assert!(matches!(checked("", url), Err(Error::Scheme { .. })), "{url}");
        }
    }

    #[test]
    fn an_error_names_host_and_port_alone() {
        let refused =
            checked("", "http://ada:secret@10.0.0.1:8080/hook/secret?key=secret#secret").unwrap_err();
        let told = format!("{refused} {refused:?}");
        assert!(
            told.contains("10.0.0.1:8080") && !told.contains("secret") && !told.contains("ada"),
            "{told}"
        );
    }
}
