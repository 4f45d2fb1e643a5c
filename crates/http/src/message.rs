//! What the message syntax of HTTP/1.1 asks of a request beyond what the parser checks.

use axum::http::{HeaderMap, Method, Request, Uri, Version, header, uri::PathAndQuery};
use kontor_core::error::{ErrorKind, Problem};

/// Refuses a request whose `Host` is missing, repeated or not valid (RFC 9112, section 3.2), and one whose target
/// is for another kind of server; brings a target in absolute form into the form that all else expects
/// (section 3.2.2).
///
/// # Errors
/// `invalid_host`, `invalid_target`, or `method_not_allowed` for `CONNECT`.
pub fn check_message<B>(request: &mut Request<B>) -> Result<(), Problem> {
    if request.method() == Method::CONNECT {
        let message = "This server is no proxy: it does not know the method CONNECT.";
        return Err(Problem::new(ErrorKind::Invalid, "method_not_allowed", message));
    }
    check_host(request.version(), request.headers())?;
    let uri = request.uri();
    if uri.scheme().is_none() {
        return Ok(());
    }
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        let message = "The request's target must be a path, or a URL that begins with http:// or https://.";
        return Err(Problem::new(ErrorKind::Invalid, "invalid_target", message));
    }
    let path = uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    Ok(())
}

fn check_host(version: Version, headers: &HeaderMap) -> Result<(), Problem> {
    let refused = |what: &str| {
        let message = format!("{what} HTTP/1.1 asks for exactly one, such as Host: crm.example.com.");
        Err(Problem::new(ErrorKind::Invalid, "invalid_host", message))
    };
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => refused("The request has more than one Host header."),
        (Some(host), None) if host.to_str().is_ok_and(is_host) => Ok(()),
        (Some(_), None) => refused("The request's Host header is not valid."),
        (None, _) if version < Version::HTTP_11 => Ok(()),
        (None, _) => refused("The request has no Host header."),
    }
}

/// Whether a text is a host, with or without a port (RFC 3986, section 3.2.2), or empty, as for a target that has
/// none.
fn is_host(text: &str) -> bool {
    if text.is_empty() {
        return true;
    }
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            let is_address = address.parse::<std::net::Ipv6Addr>().is_ok();
            (if is_address { "v6" } else { "" }, port.strip_prefix(':').or(port.is_empty().then_some("")))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, Some("")),
        },
    };
    let is_name = |c: u8| c.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=".contains(&c);
    let is_port = |port: &str| port.is_empty() || port.parse::<u16>().is_ok() && !port.starts_with('+');
    !host.is_empty() && host.bytes().all(is_name) && port.is_some_and(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, version: Version, hosts: &[&str]) -> Request<()> {
        let mut request = Request::builder().uri(target).version(version);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        request.body(()).unwrap()
    }

    fn refused(target: &str, version: Version, hosts: &[&str]) -> Option<String> {
        let checked = check_message(&mut request(target, version, hosts));
        checked.err().map(|problem| problem.code.into_owned())
    }

    #[test]
    fn a_request_of_http_1_1_has_exactly_one_valid_host() {
        let (old, new) = (Version::HTTP_10, Version::HTTP_11);
        for good in
            ["crm.example.com", "crm.example.com:8080", "127.0.0.1:7700", "[::1]", "[::1]:80", "", "x:"]
        {
            assert_eq!(refused("/a", new, &[good]), None, "{good:?}");
        }
        for bad in [
            &[][..],
            &["a", "b"],
            &["a", "a"],
            &["a b"],
            &["a, b"],
            &["user@host"],
            &["a/b"],
            &["http://a"],
            &["a:port"],
            &["a:99999"],
            &[":80"],
            &["[::1"],
            &["[x]"],
            &["[::1]x"],
        ] {
            assert_eq!(refused("/a", new, bad).as_deref(), Some("invalid_host"), "{bad:?}");
        }
        assert_eq!(refused("/a", old, &[]), None);
        assert_eq!(refused("/a", old, &["a", "b"]).as_deref(), Some("invalid_host"));
    }

    #[test]
    fn a_target_in_absolute_form_is_answered_as_its_path() {
        let mut absolute =
            request("http://crm.example.com/api/me?x=1", Version::HTTP_11, &["crm.example.com"]);
        check_message(&mut absolute).unwrap();
        assert_eq!(absolute.uri().to_string(), "/api/me?x=1");
        assert_eq!(refused("ftp://a/b", Version::HTTP_11, &["a"]).as_deref(), Some("invalid_target"));
        let mut connect = request("a:443", Version::HTTP_11, &["a:443"]);
        *connect.method_mut() = Method::CONNECT;
        assert_eq!(check_message(&mut connect).unwrap_err().code, "method_not_allowed");
    }
}
