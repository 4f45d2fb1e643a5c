//! The keys that sign access tokens: made on the first start, sealed with the master secret, published as a
//! JSON Web Key Set (RFC 7517) of their public halves.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{Jwk, PublicKeyUse, ThumbprintHash},
};
use kontor_core::environment::Environment;
use kontor_store::Namespace;

use crate::{
    Error, MasterSecret, Result, ed25519,
    rows::signing_keys::{self, KeyRow},
};

/// What precedes the 32 bytes of an Ed25519 private key in its PKCS #8 form (RFC 8410, section 7).
pub(crate) const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
const NONCE: usize = 24;

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
        secret: &MasterSecret,
    ) -> Result<Self> {
        let seal = Seal::new(&secret.key("kontor: sealing of signing keys")?);
        let mut rows = read(directory).await?;
        if rows.is_empty() {
            rows = create(directory, environment, &seal).await?;
        }
        let mut keys = Vec::with_capacity(rows.len());
        for row in &rows {
            keys.push(SigningKey::new(&seal.open(&row.kid, &row.sealed_key)?)?);
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
async fn create(directory: &Namespace, environment: &Environment, seal: &Seal) -> Result<Vec<KeyRow>> {
    let seed = environment.random();
    let kid = SigningKey::new(&seed)?.kid;
    let sealed_key = seal.close(&kid, &seed, environment.random())?;
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

/// Seals private keys with XChaCha20-Poly1305, each bound to its id.
struct Seal(XChaCha20Poly1305);

impl Seal {
    fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    fn close(&self, kid: &str, seed: &[u8; 32], nonce: [u8; NONCE]) -> Result<String> {
        let payload = Payload { msg: seed, aad: kid.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).map_err(|_| Error::OtherSecret)?;
        Ok(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    fn open(&self, kid: &str, sealed: &str) -> Result<[u8; 32]> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| Error::OtherSecret)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or(Error::OtherSecret)?;
        let payload = Payload { msg: sealed, aad: kid.as_bytes() };
        let seed = self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| Error::OtherSecret)?;
        seed.try_into().map_err(|_| Error::OtherSecret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_key_opens_with_its_secret_and_its_id_alone() {
        let seal = Seal::new(&[1; 32]);
        let sealed = seal.close("kid", &[7; 32], [3; NONCE]).unwrap();
        assert_eq!(seal.open("kid", &sealed).unwrap(), [7; 32]);
        assert!(seal.open("other", &sealed).is_err());
        assert!(Seal::new(&[2; 32]).open("kid", &sealed).is_err());
    }

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
