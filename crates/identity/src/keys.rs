//! The keys that sign access tokens: made on the first start, sealed with the master secret, published as a
//! JSON Web Key Set (RFC 7517) of their public halves.

use std::collections::HashMap;

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{Jwk, PublicKeyUse, ThumbprintHash},
};
use kontor_core::environment::Environment;
use kontor_store::Namespace;

use crate::{
    Error, Result, ed25519,
    rows::signing_keys::{self, KeyRow},
    sealing::SealingKeys,
};

/// What precedes the 32 bytes of an Ed25519 private key in its PKCS #8 form (RFC 8410, section 7).
pub(crate) const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// The installation's signing keys.
pub(crate) struct SigningKeys {
    newest: SigningKey,
    verifying: HashMap<String, DecodingKey>,
    published: serde_json::Value,
}

struct SigningKey {
    kid: String,
    key: EncodingKey,
    public: Jwk,
}

impl SigningKeys {
    /// Reads the keys, or makes the first one.
    pub(crate) async fn open(
        directory: &Namespace,
        environment: &Environment,
        sealing: &SealingKeys,
    ) -> Result<Self> {
        let mut rows = read(directory).await?;
        if rows.is_empty() {
            rows = create(directory, environment, sealing).await?;
        }
        let mut keys = Vec::with_capacity(rows.len());
        for row in &rows {
            let seed = sealing.open(&row.kid, &row.sealed_key)?;
            let seed = seed.try_into().map_err(|_| Error::Sealed("a signing key has not 32 bytes"))?;
            keys.push(SigningKey::new(&seed)?);
        }
        let published = serde_json::json!({ "keys": keys.iter().map(|key| &key.public).collect::<Vec<_>>() });
        let verifying = keys
            .iter()
            .map(|key| Ok((key.kid.clone(), DecodingKey::from_jwk(&key.public).map_err(Error::Key)?)))
            .collect::<Result<_>>()?;
        let newest = keys.pop().ok_or(Error::OtherSecret)?;
        Ok(Self { newest, verifying, published })
    }

    /// The key to sign with, and its id.
    pub(crate) fn newest(&self) -> (&str, &EncodingKey) {
        (&self.newest.kid, &self.newest.key)
    }

    pub(crate) fn find(&self, kid: &str) -> Option<&DecodingKey> {
        self.verifying.get(kid)
    }

    pub(crate) fn published(&self) -> &serde_json::Value {
        &self.published
    }
}

impl SigningKey {
    /// Its id is the thumbprint of its public half (RFC 7638).
    fn new(seed: &[u8; 32]) -> Result<Self> {
        ed25519::install();
        let key = EncodingKey::from_ed_der(&[PKCS8_PREFIX.as_slice(), seed].concat());
        let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).map_err(Error::Key)?;
        let kid = public.thumbprint(ThumbprintHash::SHA256).map_err(Error::Key)?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { kid, key, public })
    }
}

async fn read(directory: &Namespace) -> Result<Vec<KeyRow>> {
    directory.read((), |tx, ()| Box::pin(signing_keys::all(tx))).await
}

/// Makes the first key unless there is one; answers the keys. Two servers that start together both try to
/// write number 1: one finds it there, or taken while it tried.
async fn create(
    directory: &Namespace,
    environment: &Environment,
    sealing: &SealingKeys,
) -> Result<Vec<KeyRow>> {
    let seed = environment.random();
    let kid = SigningKey::new(&seed)?.kid;
    let sealed_key = sealing.close(&kid, &seed, environment.random())?;
    let (row, now) = (KeyRow { number: 1, kid, sealed_key }, environment.now());
    let written: Result<Vec<KeyRow>> = directory
        .write((row, now), |tx, (row, now)| {
            Box::pin(async move {
                if signing_keys::all(tx).await?.is_empty() {
                    signing_keys::insert(tx, row, *now).await?;
                }
                signing_keys::all(tx).await
            })
        })
        .await;
    match written {
        Err(Error::Store(kontor_store::Error::UniqueViolation { .. })) => read(directory).await,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_published_without_its_private_half() {
        let key = SigningKey::new(&[9; 32]).unwrap();
        let json = serde_json::to_value(&key.public).unwrap();
        assert_eq!(json["kty"], "OKP");
        assert_eq!(json["crv"], "Ed25519");
        assert_eq!(json["use"], "sig");
        assert_eq!(json["kid"], key.kid.as_str());
        assert!(json.get("d").is_none());
    }
}
