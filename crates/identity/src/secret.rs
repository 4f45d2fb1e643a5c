//! The master secret, and the keys derived from it.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{Error, Result};

/// The installation's secret (`KONTOR_SECRET`): whoever has it and the data can act as anyone.
#[derive(Clone)]
pub struct MasterSecret(Vec<u8>);

impl MasterSecret {
    /// Less than this can be guessed.
    pub const MINIMUM: usize = 32;

    pub fn new(secret: Vec<u8>) -> Self {
        Self(secret)
    }

    /// A key for one purpose, from which neither the secret nor another key can be found.
    pub(crate) fn key(&self, purpose: &str) -> Result<[u8; 32]> {
        if self.0.len() < Self::MINIMUM {
            return Err(Error::SecretTooShort { minimum: Self::MINIMUM });
        }
        Ok(mac(&self.0, purpose))
    }
}

impl fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterSecret(…)")
    }
}

/// HMAC-SHA256 (RFC 2104) of a purpose's name.
#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
pub(crate) fn mac(key: &[u8], purpose: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(purpose.as_bytes());
    mac.finalize().into_bytes().into()
}
