//! What an API key looks like: `kontor_` and 72 letters and digits, which a double click selects and a search for
//! leaked keys finds (`kontor_[0-9A-Za-z]{72}`). The last six are a checksum, so that such a search, and a server that
//! is sent nonsense, tells a key from what only resembles one without asking a database.

use kontor_core::{environment::Environment, ids::WorkspaceId};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What every key begins with. Other tokens of ours go on with a word and `_`, which no key has.
pub(crate) const PREFIX: &str = "kontor_";

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits that 16 bytes take.
const BLOCK: usize = 22;
/// Digits that the checksum takes.
const CHECK: usize = 6;
/// How much of a key's end people are shown.
const HINT: usize = 4;

/// An API key: the workspace that it is for, and a secret.
#[derive(Clone, Copy)]
pub(crate) struct KeyText {
    pub(crate) workspace: WorkspaceId,
    secret: [u128; 2],
}

impl KeyText {
    pub(crate) fn generate(environment: &Environment, workspace: WorkspaceId) -> Self {
        let secret = [environment.random::<16>(), environment.random::<16>()].map(u128::from_be_bytes);
        Self { workspace, secret }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?.as_bytes();
        if digits.len() != 3 * BLOCK + CHECK {
            return None;
        }
        let (body, check) = digits.split_at(3 * BLOCK);
        if number(check)? != u128::from(crc32fast::hash(body)) {
            return None;
        }
        let mut blocks = body.chunks(BLOCK).map(number);
        let workspace = WorkspaceId(Uuid::from_u128(blocks.next()??));
        Some(Self { workspace, secret: [blocks.next()??, blocks.next()??] })
    }

    pub(crate) fn to_text(self) -> String {
        let blocks = [self.workspace.as_uuid().as_u128(), self.secret[0], self.secret[1]];
        let body: String = blocks.iter().map(|block| digits(*block, BLOCK)).collect();
        let check = digits(u128::from(crc32fast::hash(body.as_bytes())), CHECK);
        format!("{PREFIX}{body}{check}")
    }

    /// What is kept of it. It is random, so that a plain hash cannot be reversed by guessing.
    pub(crate) fn hash(&self) -> String {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let bytes = self.secret.map(u128::to_be_bytes).concat();
        URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
    }

    /// By what people tell it from others: its end.
    pub(crate) fn hint(self) -> String {
        let text = self.to_text();
        format!("{PREFIX}…{}", &text[text.len() - HINT..])
    }
}

/// A number in so many digits of base 62, the greatest first.
fn digits(mut number: u128, count: usize) -> String {
    let mut written = vec![b'0'; count];
    for place in written.iter_mut().rev() {
        let digit = usize::try_from(number % 62).unwrap_or_default();
        *place = DIGITS[digit];
        number /= 62;
    }
    written.into_iter().map(char::from).collect()
}

/// The number that digits stand for; nothing where one is none, or it is too great.
fn number(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0_u128, |number, digit| {
        let value = DIGITS.iter().position(|known| known == digit)?;
        number.checked_mul(62)?.checked_add(value as u128)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_text_form_and_one_that_was_mistyped_is_none() {
        let environment = Environment::system();
        let workspace = WorkspaceId(Uuid::from_u128(u128::MAX));
        let key = KeyText::generate(&environment, workspace);
        let text = key.to_text();
        assert!(
            text.len() == 79 && text[PREFIX.len()..].chars().all(|one| one.is_ascii_alphanumeric()),
            "{text}"
        );
        let read = KeyText::parse(&text).unwrap();
        assert_eq!((read.workspace, read.hash()), (workspace, key.hash()));
        assert!(key.hint().ends_with(&text[text.len() - 4..]) && key.hint().len() < 16);
        let other = if text.ends_with('0') { '1' } else { '0' };
        for wrong in [
            format!("{}{other}", &text[..text.len() - 1]),
            text[..text.len() - 1].to_owned(),
            format!("{text}0"),
            text.replace(PREFIX, "kontor_rt_"),
            format!("{PREFIX}{}", "z".repeat(72)),
            String::new(),
        ] {
            assert!(KeyText::parse(&wrong).is_none(), "{wrong}");
        }
    }
}
