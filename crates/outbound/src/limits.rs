//! How long each wait may take and how much may come.

use std::time::Duration;

/// The most redirects that are followed one after the other.
pub const MAX_REDIRECTS: u8 = 5;

/// The bounds of a client's requests.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// To look the name up, connect and agree on TLS.
    pub connect: Duration,
    /// From a request to the head of its response, connecting included; anew with each redirect.
    pub head: Duration,
    /// To the next piece of a response's body.
    pub idle: Duration,
    /// To the end of the response's body, redirects included. A request with a timeout of its own has the shorter
    /// of the two.
    pub total: Duration,
    /// Bytes of a response's body. Bodies are taken as they come: none is decompressed.
    pub body: u64,
    /// Bytes of a request's URL and headers. The head of a response has about 400 KB and a hundred headers at most.
    pub request_head: u64,
    /// How many redirects are followed, one after the other, at most [`MAX_REDIRECTS`]; none unless it is said. Only
    /// those of GET and HEAD are: a body is not sent to where its sender did not mean it to go. What is not followed
    /// is an answer like others.
    pub redirects: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            head: Duration::from_secs(15),
            idle: Duration::from_secs(15),
            total: Duration::from_secs(30),
            body: 1 << 20,
            request_head: 32 << 10,
            redirects: 0,
        }
    }
}
