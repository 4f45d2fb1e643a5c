//! Pages and what they load travel compressed.
//!
//! A page holds a token and records beside what its address says, and the length of a compressed page tells how much
//! the two have in common (BREACH, CVE-2013-3587). Whoever would guess by it has to make a person's browser ask for
//! many pages with a text of theirs in the address, which only another site's page can do, and browsers say of such a
//! request where it comes from (Fetch Metadata). So what another site asked for is sent as it is, and only the rest is
//! compressed. Event streams never are: each event is to arrive when it is written.

use axum::{
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use tower_http::{CompressionLevel, compression::CompressionLayer};

/// Small enough, and made in a fraction of the time that the page itself takes.
const LEVEL: CompressionLevel = CompressionLevel::Precise(4);

/// Compresses what is worth it, for clients that can read it.
pub(crate) fn layer() -> CompressionLayer {
    CompressionLayer::new().quality(LEVEL)
}

/// Lets nothing be compressed that another site has asked for.
pub(crate) async fn for_our_own(mut request: Request, next: Next) -> Response {
    if request.headers().get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    next.run(request).await
}

/// Whether a client reads gzip (RFC 9110, section 12.5.3).
pub(crate) fn reads_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let mut codings = lines.flat_map(|line| line.split(',')).map(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
        (name.trim(), weight.unwrap_or(1.0) > 0.0)
    });
    codings.any(|(name, is_read)| is_read && name.eq_ignore_ascii_case("gzip"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn gzip_is_sent_to_those_alone_who_read_it() {
        for (accepted, expected) in [
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0, br", false),
            ("identity", false),
            ("", false),
        ] {
            let headers =
                HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            assert_eq!(reads_gzip(&headers), expected, "{accepted}");
        }
        assert!(!reads_gzip(&HeaderMap::new()));
    }
}
