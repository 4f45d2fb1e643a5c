//! Ed25519 by ring for `jsonwebtoken`, whose own providers bring RSA and the NIST curves along.

use jsonwebtoken::{
    Algorithm, DecodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{Error, ErrorKind, Result},
    jwk::{EllipticCurve, ThumbprintHash},
};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest as _, Sha256};
use signature::{Signer, Verifier};

/// Bytes of a public key (RFC 8032).
const PUBLIC_KEY: usize = 32;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::EdDSA => Ok(Box::new(Signing(key_pair(key.as_bytes())?))),
        _ => Err(refused()),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::EdDSA => Ok(Box::new(Verifying(public_key(key)?))),
        _ => Err(refused()),
    },
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(refused()),
        rsa_pub_components_from_public_key: |_| Err(refused()),
        ec_pub_components_from_private_key: |_, _| Err(refused()),
        ed_pub_components_from_private_key: |key, curve| match curve {
            EllipticCurve::Ed25519 => Ok(key_pair(key)?.public_key().as_ref().to_vec()),
            _ => Err(refused()),
        },
        compute_digest: |data, hash| match hash {
            ThumbprintHash::SHA256 => Ok(Sha256::digest(data).to_vec()),
            _ => Err(refused()),
        },
    },
};

/// Has `jsonwebtoken` sign and verify by ring, in this process and from now on.
pub(crate) fn install() {
    // There is one provider, whoever was first to install it.
    let _ = PROVIDER.install_default();
}

fn refused() -> Error {
    ErrorKind::InvalidAlgorithm.into()
}

/// A private key in its PKCS #8 form.
fn key_pair(pkcs8: &[u8]) -> Result<Ed25519KeyPair> {
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| ErrorKind::InvalidEddsaKey.into())
}

fn public_key(key: &DecodingKey) -> Result<[u8; PUBLIC_KEY]> {
    key.try_get_as_bytes()?.try_into().map_err(|_| ErrorKind::InvalidEddsaKey.into())
}

struct Signing(Ed25519KeyPair);

impl Signer<Vec<u8>> for Signing {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for Signing {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct Verifying([u8; PUBLIC_KEY]);

impl Verifier<Vec<u8>> for Verifying {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        key.verify(message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Verifying {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::EncodingKey;

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let seed = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let public = bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        let expected = bytes(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        );
        let key = EncodingKey::from_ed_der(&[crate::keys::PKCS8_PREFIX.as_slice(), &seed].concat());
        let signer = (PROVIDER.signer_factory)(&Algorithm::EdDSA, &key).unwrap();
        let signature = signer.try_sign(&[0x72]).unwrap();
        assert_eq!(signature, expected);
        let public = DecodingKey::from_ed_der(&public);
        let verifier = (PROVIDER.verifier_factory)(&Algorithm::EdDSA, &public).unwrap();
        assert!(verifier.verify(&[0x72], &signature).is_ok());
        assert!(verifier.verify(&[0x73], &signature).is_err());
        assert!(verifier.verify(&[0x72], &signature[1..].to_vec()).is_err());
    }

    #[test]
    fn no_other_algorithm_is_known() {
        let key = EncodingKey::from_ed_der(&[0; 48]);
        for algorithm in [Algorithm::HS256, Algorithm::RS256, Algorithm::ES256] {
            assert!((PROVIDER.signer_factory)(&algorithm, &key).is_err());
        }
    }
}
