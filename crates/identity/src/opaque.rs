//! Opaque tokens: random bytes behind a prefix that secret scanners can find. Only hashes of them are kept.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_core::{environment::Environment, ids::WorkspaceId};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub(crate) const REFRESH: &str = "kontor_rt_";
pub(crate) const COOKIE: &str = "kontor_cs_";
pub(crate) const SETUP: &str = "kontor_setup_";
pub(crate) const RESET: &str = "kontor_reset_";
pub(crate) const CODE: &str = "kontor_code_";
/// The refresh tokens of software.
pub(crate) const DELEGATED: &str = "kontor_dt_";
const INVITATION: &str = "kontor_invite_";

/// The bytes of a token made of one random part.
#[derive(Clone, Copy)]
pub(crate) struct Secret([u8; 32]);

impl Secret {
    pub(crate) fn generate(environment: &Environment) -> Self {
        Self(environment.random())
    }

    pub(crate) fn parse(prefix: &str, text: &str) -> Option<Self> {
        bytes(prefix, text).map(Self)
    }

    pub(crate) fn to_text(self, prefix: &str) -> String {
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    /// What is kept of it. The bytes are random, so that a plain hash cannot be reversed by guessing.
    pub(crate) fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A refresh token: a part that stays with its family, by which a rotated token is known as such, and a part
/// that changes with each rotation.
#[derive(Clone, Copy)]
pub(crate) struct RefreshToken {
    pub(crate) family: Secret,
    pub(crate) current: Secret,
}

impl RefreshToken {
    pub(crate) fn generate(environment: &Environment) -> Self {
        Self { family: Secret::generate(environment), current: Secret::generate(environment) }
    }

    #[must_use]
    pub(crate) fn rotate(self, environment: &Environment) -> Self {
        Self { current: Secret::generate(environment), ..self }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::parse_as(REFRESH, text)
    }

    /// One of another kind, by its prefix.
    pub(crate) fn parse_as(prefix: &str, text: &str) -> Option<Self> {
        let bytes: [u8; 64] = bytes(prefix, text)?;
        let (family, current) = bytes.split_at(32);
        Some(Self { family: Secret(family.try_into().ok()?), current: Secret(current.try_into().ok()?) })
    }

    pub(crate) fn to_text(self) -> String {
        self.to_text_as(REFRESH)
    }

    pub(crate) fn to_text_as(self, prefix: &str) -> String {
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode([self.family.0, self.current.0].concat()))
    }
}

/// What an invitation's link ends in: where it leads, and its secret.
#[derive(Clone, Copy)]
pub(crate) struct InvitationToken {
    pub(crate) workspace: WorkspaceId,
    pub(crate) secret: Secret,
}

impl InvitationToken {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 48] = bytes(INVITATION, text)?;
        let (workspace, secret) = bytes.split_at(16);
        let workspace = WorkspaceId(Uuid::from_bytes(workspace.try_into().ok()?));
        Some(Self { workspace, secret: Secret(secret.try_into().ok()?) })
    }

    pub(crate) fn to_text(self) -> String {
        let bytes = [self.workspace.as_uuid().as_bytes().as_slice(), &self.secret.0].concat();
        format!("{INVITATION}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

fn bytes<const N: usize>(prefix: &str, text: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(text.strip_prefix(prefix)?).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text_form_and_no_other_kind_is_taken_for_it() {
        let environment = Environment::system();
        let token = RefreshToken::generate(&environment);
        let read = RefreshToken::parse(&token.to_text()).unwrap();
        assert_eq!(read.family.hash(), token.family.hash());
        assert_eq!(read.current.hash(), token.current.hash());
        let cookie = Secret::generate(&environment).to_text(COOKIE);
        assert!(Secret::parse(COOKIE, &cookie).is_some());
        assert!(Secret::parse(SETUP, &cookie).is_none());
        assert!(RefreshToken::parse(&cookie).is_none());
        assert!(RefreshToken::parse(&token.to_text()[..40]).is_none());
        let (workspace, secret) = (WorkspaceId(Uuid::from_u128(7)), Secret::generate(&environment));
        let invitation = InvitationToken { workspace, secret }.to_text();
        let read = InvitationToken::parse(&invitation).unwrap();
        assert_eq!((read.workspace, read.secret.hash()), (workspace, secret.hash()));
        assert!(InvitationToken::parse(&cookie).is_none());
    }
}
