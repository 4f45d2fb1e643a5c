//! Programs that ask to be let in by members: those that registered themselves (RFC 7591), and what of a program's
//! description is taken, whoever brings it.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_core::text;
use serde::{Deserialize, Serialize};

use super::OAuthFault;
use crate::{
    Identity, Result,
    rows::oauth::{self, ClientRow},
};

/// How many may be registered.
const MOST: i64 = 10_000;
/// How long one is kept that nobody let in.
const UNUSED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
const MAX_REDIRECTS: usize = 10;
const MAX_NAME: usize = 100;
const MAX_URI: usize = 500;
/// Where a redirection would run what it carries.
const NEVER: [&str; 6] = ["javascript", "data", "vbscript", "file", "blob", "about"];

/// A program as it describes itself (RFC 7591, section 2). What else it says is ignored.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
pub struct NewOAuthClient {
    #[serde(default)]
    pub client_name: Option<String>,
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// `none`: programs have no secret.
    #[serde(default)]
    pub token_endpoint_auth_method: Option<String>,
    #[serde(default)]
    pub grant_types: Option<Vec<String>>,
    #[serde(default)]
    pub response_types: Option<Vec<String>>,
}

/// A program that may ask members to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct OAuthClient {
    pub client_id: String,
    pub client_name: String,
    pub redirect_uris: Vec<String>,
}

impl NewOAuthClient {
    /// What is taken of it, for a program of this id.
    ///
    /// # Errors
    /// [`Error::OAuth`](crate::Error::OAuth) with `invalid_redirect_uri` or `invalid_client_metadata`.
    pub fn checked(self, client_id: String) -> Result<OAuthClient> {
        let invalid = |message: String| OAuthFault::error("invalid_client_metadata", message);
        if self.redirect_uris.is_empty() || self.redirect_uris.len() > MAX_REDIRECTS {
            let message = format!("Name 1 to {MAX_REDIRECTS} redirect_uris.");
            return Err(OAuthFault::error("invalid_redirect_uri", message));
        }
        if let Some(wrong) = self.redirect_uris.iter().find(|uri| !is_redirect(uri)) {
            let told = text::excerpt(wrong, 100);
            let message = format!(
                "{told:?} cannot be led back to: expected https, a scheme of the program's own, or http on this machine, without a fragment."
            );
            return Err(OAuthFault::error("invalid_redirect_uri", message));
        }
        if self.token_endpoint_auth_method.as_deref().is_some_and(|method| method != "none") {
            return Err(invalid(
                "Only token_endpoint_auth_method none is supported: programs have no secret.".to_owned(),
            ));
        }
        let name = self.client_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let name = name.map_or_else(|| host_of(&self.redirect_uris[0]).to_owned(), str::to_owned);
        if name.chars().any(char::is_control) {
            return Err(invalid("client_name is one line.".to_owned()));
        }
        Ok(OAuthClient {
            client_id,
            client_name: text::excerpt(&name, MAX_NAME),
            redirect_uris: self.redirect_uris,
        })
    }
}

impl OAuthClient {
    /// Whether the program may be led back to an address: one that it named, with any port on this machine
    /// (RFC 8252, section 7.3).
    pub fn may_be_led_to(&self, uri: &str) -> bool {
        is_redirect(uri)
            && self.redirect_uris.iter().any(|known| {
                known == uri || matches!((local(known), local(uri)), (Some(known), Some(uri)) if known == uri)
            })
    }
}

impl Identity {
    /// Registers a program, which nobody has let in yet.
    ///
    /// # Errors
    /// As [`NewOAuthClient::checked`]; `temporarily_unavailable` where there are too many.
    pub async fn register_client(&self, new: NewOAuthClient) -> Result<OAuthClient> {
        let id = format!("kontor_client_{}", URL_SAFE_NO_PAD.encode(self.environment().random::<16>()));
        let client = new.checked(id)?;
        let now = self.now();
        let row = ClientRow {
            id: client.client_id.clone(),
            name: client.client_name.clone(),
            redirect_uris: client.redirect_uris.clone(),
            created_at: now,
            used_at: None,
        };
        let kept: Result<()> = self
            .directory()
            .write(row, move |tx, row| {
                Box::pin(async move {
                    oauth::remove_unused_clients(tx, now.minus(UNUSED_FOR)).await?;
                    if oauth::count_clients(tx).await? >= MOST {
                        let message = "Too many programs are registered. Try again tomorrow.";
                        return Err(OAuthFault::error("temporarily_unavailable", message));
                    }
                    oauth::insert_client(tx, row).await
                })
            })
            .await;
        kept?;
        Ok(client)
    }

    /// A program that registered itself.
    ///
    /// # Errors
    /// What the database said.
    pub async fn registered_client(&self, id: &str) -> Result<Option<OAuthClient>> {
        let row: Result<Option<ClientRow>> =
            self.directory().read(id.to_owned(), |tx, id| Box::pin(oauth::client(tx, id))).await;
        Ok(row?.map(|row| OAuthClient {
            client_id: row.id,
            client_name: row.name,
            redirect_uris: row.redirect_uris,
        }))
    }
}

/// Whether a browser may be sent to an address with a code: over TLS, to a program of this machine, or by a scheme that
/// a program has registered with its system.
fn is_redirect(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '+' | '-' | '.'));
    let is_plain = uri.len() <= MAX_URI
        && uri.chars().all(|one| {
            one.is_ascii_graphic() && !matches!(one, '"' | '\'' | '<' | '>' | '\\' | '#' | ';' | ',')
        });
    let is_reachable = match scheme.to_ascii_lowercase().as_str() {
        "https" => rest
            .strip_prefix("//")
            .is_some_and(|rest| !rest.starts_with('/') && !authority(rest).contains('@')),
        "http" => local(uri).is_some(),
        scheme => !NEVER.contains(&scheme) && rest.len() > 1,
    };
    is_scheme && is_plain && is_reachable
}

/// The host and path of an address on this machine, without its port.
fn local(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let authority = authority(rest);
    let path = &rest[authority.len()..];
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]").then_some((host, path))
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '?']).next().unwrap_or_default()
}

/// What a person reads of where a redirection leads.
fn host_of(uri: &str) -> &str {
    match uri.split_once("://") {
        Some(("http" | "https", rest)) => authority(rest),
        Some((scheme, _)) => scheme,
        None => uri.split(':').next().unwrap_or(uri),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_led_over_tls_or_to_this_machine_alone() {
        for good in [
            "https://claude.ai/api/mcp/auth_callback",
            "http://localhost:3334/oauth/callback",
            "http://127.0.0.1/cb",
            "http://[::1]:99/cb",
            "cursor://anysphere.cursor-retrieval/oauth/callback",
            "com.example.app:/callback",
        ] {
            assert!(is_redirect(good), "{good}");
        }
        for bad in [
            "http://example.com/cb",
            "http://localhost.evil.test/cb",
            "http://localhost@evil.test/cb",
            "https://a@evil.test/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "https:///cb",
            "https://a.test/#x",
            "//a.test",
            "https://a.test/;form-action",
            "",
        ] {
            assert!(!is_redirect(bad), "{bad}");
        }
    }

    #[test]
    fn an_address_is_the_one_that_was_named_but_for_a_port_of_this_machine() {
        let redirect_uris = vec!["https://a.test/cb".to_owned(), "http://localhost/cb".to_owned()];
        let client = OAuthClient { client_id: "a".to_owned(), client_name: "A".to_owned(), redirect_uris };
        assert!(
            client.may_be_led_to("https://a.test/cb") && client.may_be_led_to("http://localhost:4711/cb")
        );
        for other in [
            "https://a.test/cb2",
            "https://a.test/cb?x=1",
            "http://127.0.0.1:4711/cb",
            "http://localhost:1/x",
        ] {
            assert!(!client.may_be_led_to(other), "{other}");
        }
    }
}
