//! Secrets that are kept in the database, sealed so that whoever has the data alone has none of them.
//!
//! What is sealed names the version of the key it was sealed with. The keys lie in the directory, each sealed with a
//! key made of the master secret; version 0 is made of the master secret itself, so that an installation begins
//! without any. A rotation adds a version and seals everything anew with it. Older versions stay, for the data of
//! backups.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use kontor_core::{caller::Operator, error::Chain, ids::WorkspaceId};
use kontor_store::{Namespace, Tx};

use crate::{
    Error, Identity, MasterSecret, Result,
    rows::{
        sealing_keys::{self, SealingKeyRow},
        signing_keys, workspaces,
    },
};

const NONCE: usize = 24;
/// What the key of version 0 is made for; the words of the first release, whose seals it opens.
const FIRST: &str = "kontor: sealing of signing keys";
/// What the key is made for that seals the others.
const OUTER: &str = "kontor: sealing of keys";

/// The keys that secrets are sealed with.
pub(crate) struct SealingKeys {
    outer: Seal,
    versions: BTreeMap<i64, Seal>,
}

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The version that everything is sealed with now.
    pub version: i64,
    /// How many secrets were sealed anew.
    pub resealed: usize,
}

impl Identity {
    /// Makes a new key and seals every secret of the installation anew with it: those of the directory all or none,
    /// then those of each workspace. Where it fails at one, what is sealed there with an older key still opens, the
    /// others are gone on with, and another rotation seals it anew.
    ///
    /// # Errors
    /// Where a secret does not open, or the data cannot be written: the first such, and the log names each workspace.
    pub async fn rotate_sealing_key(&self, _: Operator) -> Result<Rotation> {
        let mut rotation = self.rotate_in_directory().await?;
        let known = self.directory().read((), |tx, ()| Box::pin(workspaces::registered(tx))).await?;
        let mut failed = None;
        for workspace in known.into_iter().filter(|workspace| workspace.is_made) {
            match self.rotate_in_workspace(workspace.id).await {
                Ok(resealed) => rotation.resealed += resealed,
                Err(error) => {
                    tracing::error!(workspace = %workspace.id, error = %Chain(&error), "its secrets are not sealed anew");
                    failed = failed.or(Some(error));
                }
            }
        }
        failed.map_or(Ok(rotation), Err)
    }

    async fn rotate_in_workspace(&self, workspace: WorkspaceId) -> Result<usize> {
        let sealer = self.sealer(workspace).await?;
        let namespace = self.0.store.workspace(workspace).await?;
        namespace
            .write((sealer, self.environment().clone(), self.now()), |tx, (sealer, environment, now)| {
                Box::pin(sealer.reseal(tx, environment, *now))
            })
            .await
    }

    async fn rotate_in_directory(&self) -> Result<Rotation> {
        let (secret, environment) = (self.0.secret.clone(), self.environment().clone());
        self.directory()
            .write((secret, environment), |tx, (secret, environment)| {
                Box::pin(async move {
                    let mut keys = SealingKeys::read(tx, secret).await?;
                    let version = keys.newest() + 1;
                    let key: [u8; 32] = environment.random();
                    let sealed_key = keys.outer.close(&place_of(version), &key, environment.random())?;
                    sealing_keys::insert(tx, &SealingKeyRow { version, sealed_key }, environment.now())
                        .await?;
                    let opened = signing_keys::all(tx).await?;
                    let opened: Vec<_> = opened
                        .into_iter()
                        .map(|row| Ok((keys.open(&row.kid, &row.sealed_key)?, row)))
                        .collect::<Result<_>>()?;
                    keys.versions.insert(version, Seal::new(&key));
                    let resealed = opened.len();
                    for (seed, mut row) in opened {
                        row.sealed_key = keys.close(&row.kid, &seed, environment.random())?;
                        signing_keys::reseal(tx, &row).await?;
                    }
                    Ok(Rotation { version, resealed })
                })
            })
            .await
    }
}

impl SealingKeys {
    /// The keys as the directory has them.
    pub(crate) async fn load(directory: &Namespace, secret: &MasterSecret) -> Result<Self> {
        directory.read(secret.clone(), |tx, secret| Box::pin(Self::read(tx, secret))).await
    }

    async fn read(tx: &mut Tx<'_>, secret: &MasterSecret) -> Result<Self> {
        let outer = Seal::new(&secret.key(OUTER)?);
        let mut versions = BTreeMap::from([(0, Seal::new(&secret.key(FIRST)?))]);
        for row in sealing_keys::all(tx).await? {
            let key = outer.open(&place_of(row.version), &row.sealed_key)?;
            let key: [u8; 32] =
                key.try_into().map_err(|_| Error::Sealed("a sealing key has not 32 bytes"))?;
            versions.insert(row.version, Seal::new(&key));
        }
        Ok(Self { outer, versions })
    }

    fn newest(&self) -> i64 {
        self.versions.keys().next_back().copied().unwrap_or_default()
    }

    /// Seals a secret with the newest key, bound to the place that it is kept at.
    pub(crate) fn close(&self, place: &str, secret: &[u8], nonce: [u8; NONCE]) -> Result<String> {
        let (version, seal) = self.versions.last_key_value().ok_or(Error::OtherSecret)?;
        Ok(format!("{version}.{}", seal.close(place, secret, nonce)?))
    }

    /// The secret that was sealed for this place. What names no version was sealed with version 0.
    pub(crate) fn open(&self, place: &str, sealed: &str) -> Result<Vec<u8>> {
        let (version, sealed) = match sealed.split_once('.') {
            None => (0, sealed),
            Some((version, rest)) => {
                (version.parse().map_err(|_| Error::Sealed("it names no version of a key"))?, rest)
            }
        };
        let seal = self.versions.get(&version).ok_or(Error::Sealed("its version of the key is not there"))?;
        seal.open(place, sealed)
    }
}

/// What binds a key to its version.
fn place_of(version: i64) -> String {
    format!("sealing key {version}")
}

/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha), whose nonces are long enough to be drawn.
struct Seal(XChaCha20Poly1305);

impl Seal {
    fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    fn close(&self, place: &str, secret: &[u8], nonce: [u8; NONCE]) -> Result<String> {
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Error::Sealed("it is too long"))?;
        Ok(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    fn open(&self, place: &str, sealed: &str) -> Result<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| Error::Sealed("it is not base64"))?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or(Error::Sealed("it is too short"))?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| Error::OtherSecret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(versions: &[i64]) -> SealingKeys {
        let seal = |version: i64| Seal::new(&[u8::try_from(version).unwrap() + 1; 32]);
        SealingKeys {
            outer: Seal::new(&[99; 32]),
            versions: versions.iter().map(|version| (*version, seal(*version))).collect(),
        }
    }

    #[test]
    fn a_secret_opens_with_the_key_of_its_version_at_its_place_alone() {
        let sealed = keys(&[0, 1]).close("place", b"secret", [3; NONCE]).unwrap();
        assert!(sealed.starts_with("1."), "{sealed}");
        assert_eq!(keys(&[0, 1, 2]).open("place", &sealed).unwrap(), b"secret");
        assert!(matches!(keys(&[0, 1]).open("elsewhere", &sealed), Err(Error::OtherSecret)));
        assert!(matches!(keys(&[0]).open("place", &sealed), Err(Error::Sealed(_))), "a version that is gone");
        let first = Seal::new(&[1; 32]).close("place", b"secret", [3; NONCE]).unwrap();
        assert_eq!(keys(&[0, 1]).open("place", &first).unwrap(), b"secret", "of the first release");
    }

    #[test]
    fn what_is_no_sealed_secret_says_what_is_wrong_with_it() {
        for (text, why) in [("x.AAAA", "version"), ("0.AAAA", "short"), ("0.=", "base64")] {
            let error = keys(&[0]).open("place", text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
