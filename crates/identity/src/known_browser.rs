//! Browsers in which somebody signed in before: a signed, long-lived cookie that says for which account, so that
//! whoever has it is not kept waiting by others' guesses at that account (OWASP: slow down online guessing attacks
//! with device cookies). It proves nothing else: a password is needed all the same.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_core::{environment::Environment, time::Timestamp};
use subtle::ConstantTimeEq as _;

use crate::secret::mac;

/// How long a browser is known after the last sign-in.
pub(crate) const KNOWN_FOR: Duration = Duration::from_secs(180 * 24 * 60 * 60);
/// How many accounts a browser is known for at one time, the latest first.
const ACCOUNTS: usize = 4;
/// Between the marks in the cookie; no character of theirs.
const SEPARATOR: char = '.';

/// The key that marks are signed with.
pub(crate) struct KnownBrowsers([u8; 32]);

/// What the cookie holds for one account: a random id, when it was made, and the signature of both and of the
/// account, which is not in it.
struct Mark {
    id: [u8; 16],
    made_at: [u8; 8],
    signature: [u8; 32],
}

impl KnownBrowsers {
    /// What [`MasterSecret::key`](crate::MasterSecret) derives a key for.
    pub(crate) const PURPOSE: &'static str = "kontor: known browsers";

    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The id of the browser with this cookie, when it is known for the account.
    pub(crate) fn find(&self, cookie: &str, account: &str, now: Timestamp) -> Option<String> {
        let mark = marks(cookie).map(|(_, mark)| mark).find(|mark| self.is_for(mark, account, now))?;
        Some(URL_SAFE_NO_PAD.encode(mark.id))
    }

    /// The cookie of a browser in which somebody has signed in to the account: with a new mark for it, in the place
    /// of the former one, beside those for other accounts that it had.
    pub(crate) fn renew(
        &self,
        cookie: &str,
        account: &str,
        now: Timestamp,
        environment: &Environment,
    ) -> String {
        let (id, made_at) = (environment.random(), now.micros().to_be_bytes());
        let mark = Mark { id, made_at, signature: self.sign(&id, made_at, account) };
        let others = marks(cookie).filter(|(_, mark)| !self.is_for(mark, account, now));
        let kept = std::iter::once(mark.to_text()).chain(others.map(|(text, _)| text.to_owned()));
        kept.take(ACCOUNTS).collect::<Vec<_>>().join(&SEPARATOR.to_string())
    }

    fn is_for(&self, mark: &Mark, account: &str, now: Timestamp) -> bool {
        let made_at = Timestamp::from_micros(i64::from_be_bytes(mark.made_at));
        let signature = self.sign(&mark.id, mark.made_at, account);
        bool::from(signature.ct_eq(&mark.signature)) && now.since(made_at) < KNOWN_FOR
    }

    fn sign(&self, id: &[u8; 16], made_at: [u8; 8], account: &str) -> [u8; 32] {
        mac(&self.0, &format!("{}:{}:{account}", URL_SAFE_NO_PAD.encode(id), i64::from_be_bytes(made_at)))
    }
}

impl Mark {
    fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 56] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (id, rest) = bytes.split_at(16);
        let (made_at, signature) = rest.split_at(8);
        Some(Self {
            id: id.try_into().ok()?,
            made_at: made_at.try_into().ok()?,
            signature: signature.try_into().ok()?,
        })
    }

    fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode([self.id.as_slice(), &self.made_at, &self.signature].concat())
    }
}

fn marks(cookie: &str) -> impl Iterator<Item = (&str, Mark)> {
    cookie.split(SEPARATOR).take(ACCOUNTS).filter_map(|text| Some((text, Mark::parse(text)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: u64) -> Timestamp {
        Timestamp::EPOCH.plus(Duration::from_secs((20_000 + days) * 24 * 60 * 60))
    }

    #[test]
    fn a_browser_is_known_for_the_accounts_that_signed_in_there_for_half_a_year() {
        let (known, environment) = (KnownBrowsers::new([7; 32]), Environment::system());
        let cookie = known.renew("", "ada@acme.test", at(0), &environment);
        let cookie = known.renew(&cookie, "max@acme.test", at(1), &environment);
        let is_known = |cookie: &str, account, now| known.find(cookie, account, now).is_some();
        assert!(is_known(&cookie, "ada@acme.test", at(2)) && is_known(&cookie, "max@acme.test", at(2)));
        assert!(!is_known(&cookie, "eve@acme.test", at(2)));
        assert!(!is_known(&cookie, "ada@acme.test", at(180)) && is_known(&cookie, "max@acme.test", at(180)));
        assert!(is_known(&cookie, "ada@acme.test", Timestamp::EPOCH), "whatever the clock says");
    }

    #[test]
    fn each_sign_in_gives_a_browser_a_new_id_and_the_oldest_account_is_forgotten() {
        let (known, environment) = (KnownBrowsers::new([7; 32]), Environment::system());
        let first = known.renew("", "0", at(0), &environment);
        let second = known.renew(&first, "0", at(0), &environment);
        assert_ne!(known.find(&first, "0", at(0)), known.find(&second, "0", at(0)));
        assert_eq!(second.split(SEPARATOR).count(), 1);
        let many = (1..=ACCOUNTS)
            .fold(second, |cookie, account| known.renew(&cookie, &account.to_string(), at(0), &environment));
        assert_eq!(known.find(&many, "0", at(0)), None);
        assert!((1..=ACCOUNTS).all(|account| known.find(&many, &account.to_string(), at(0)).is_some()));
    }

    #[test]
    fn a_cookie_that_was_changed_or_made_elsewhere_is_of_no_use() {
        let (known, environment) = (KnownBrowsers::new([7; 32]), Environment::system());
        let cookie = known.renew("", "ada@acme.test", at(0), &environment);
        assert_eq!(KnownBrowsers::new([8; 32]).find(&cookie, "ada@acme.test", at(0)), None);
        let mut bytes = URL_SAFE_NO_PAD.decode(&cookie).unwrap();
        for place in [0, 20, 40] {
            bytes[place] ^= 1;
            assert_eq!(known.find(&URL_SAFE_NO_PAD.encode(&bytes), "ada@acme.test", at(0)), None);
            bytes[place] ^= 1;
        }
        for odd in ["", ".", "....", "x", "%00", &"A".repeat(100_000)] {
            assert_eq!(known.find(odd, "ada@acme.test", at(0)), None);
        }
    }
}
