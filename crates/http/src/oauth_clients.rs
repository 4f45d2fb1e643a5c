//! Programs that ask members to be let in, by what they call themselves: an id that they were registered under, or the
//! address of a document that describes them (draft-ietf-oauth-client-id-metadata-document).

use std::time::Duration;

use axum::http::{Method, StatusCode};
use kontor_core::error::Chain;
use kontor_identity::{NewOAuthClient, OAuthClient, Result};
use kontor_outbound::{Limits, Steered};
use serde::Deserialize;

use crate::Services;

/// A document is small, and somebody waits for it.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(3),
    head: Duration::from_secs(5),
    idle: Duration::from_secs(5),
    total: Duration::from_secs(8),
    body: 16 << 10,
    request_head: 4 << 10,
    redirects: 0,
};
const LONGEST: usize = 500;

/// What a document says of a program, and whose it is.
#[derive(Deserialize)]
struct Document {
    client_id: String,
    #[serde(flatten)]
    described: NewOAuthClient,
}

impl Services {
    /// The program of an id; none where nobody knows it.
    ///
    /// # Errors
    /// What the database said.
    pub async fn oauth_client(&self, id: &str) -> Result<Option<OAuthClient>> {
        if is_document(id) {
            Ok(self.described_client(id).await)
        } else {
            self.identity.registered_client(id).await
        }
    }

    /// The program that a document describes, which is fetched as whatever a stranger steers: from public addresses.
    async fn described_client(&self, id: &str) -> Option<OAuthClient> {
        let fetched = async {
            let client = self.outbound.client(Steered::ByWorkspace, LIMITS)?;
            let answer = client.request(Method::GET, id).send().await?;
            let status = answer.status();
            Ok::<_, kontor_outbound::Error>((status, answer.bytes().await?))
        };
        let (status, body) = match fetched.await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(client = id, error = %Chain(&error), "the description of a program cannot be fetched");
                return None;
            }
        };
        let document: Document = serde_json::from_slice(&body).ok().filter(|_| status == StatusCode::OK)?;
        // One document describes one program: that of its own address.
        if document.client_id != id {
            return None;
        }
        document.described.checked(id.to_owned()).ok()
    }
}

/// Whether an id is the address of a document: over TLS, with a path.
fn is_document(id: &str) -> bool {
    let path = id.strip_prefix("https://").and_then(|rest| rest.split_once('/'));
    id.len() <= LONGEST
        && !id.contains('#')
        && path.is_some_and(|(host, path)| !host.is_empty() && !host.contains('@') && !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_document_where_it_is_an_address_with_a_path_over_tls() {
        assert!(is_document("https://vscode.dev/oauth/client-metadata.json"));
        for other in [
            "http://a.test/x",
            "https://a.test",
            "https://a.test/",
            "https://a@b.test/x",
            "https://a.test/x#y",
            "kontor_client_x",
        ] {
            assert!(!is_document(other), "{other}");
        }
    }
}
