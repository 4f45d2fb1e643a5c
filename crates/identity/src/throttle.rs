//! How often a password may be tried, known account or not. It is kept in the directory, so that a restart does
//! not forget it.
//!
//! Each *address and account* together may fail a few times and then has to wait, twice as long after each
//! further failure: whoever guesses waits for their own failures, and nobody else does. An *account* that is
//! guessed at from everywhere has everybody wait who is not known. An *address* that fails at many accounts is
//! never refused for it, since others share it, but what it tries is looked at slowly, one after another. A *known
//! browser*, in which somebody signed in to the account before, answers for its own failures alone.
//!
//! Waits follow from the number of failures, so that no clock can make them longer.

use std::{net::IpAddr, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_core::time::Timestamp;
use kontor_store::{Namespace, Tx};
use sha2::{Digest as _, Sha256};

use crate::{
    Error, Result,
    password::Lane,
    rows::attempts::{self, AttemptRow},
};

/// Of an address at one account, and of a known browser at its account: long enough to make guessing hopeless.
const OWN: Budget = Budget { free: 5, longest: Duration::from_secs(300) };
/// Of everybody who is not known, at one account. The wait is short, since others' failures cause it.
const ACCOUNT: Budget = Budget { free: 100, longest: Duration::from_secs(60) };
/// Failures of an address, at whatever accounts, before it is slowed down. Many people may share one.
const FREE_BY_ADDRESS: u32 = 20;
/// Failures older than this do not count any more.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60 * 60);

/// How many failures cost nothing, and what the further ones cost at most.
#[derive(Debug, Clone, Copy)]
struct Budget {
    free: u32,
    longest: Duration,
}

impl Budget {
    /// How long to wait after so many failures.
    fn wait(self, failures: u32) -> Duration {
        match failures.checked_sub(self.free) {
            None => Duration::ZERO,
            Some(beyond) => Duration::from_secs(1_u64 << beyond.min(32)).min(self.longest),
        }
    }
}

/// Whose attempts are counted.
#[derive(Debug, Clone)]
pub(crate) struct Subjects {
    /// A known browser; it stands in for the pair and the account.
    browser: Option<String>,
    pair: String,
    account: String,
    address: String,
}

impl Subjects {
    /// `known_browser` is the id of a browser that is known for this account.
    pub(crate) fn new(email: &str, remote: Option<IpAddr>, known_browser: Option<&str>) -> Self {
        let (account, address) = (digest(email), remote.map_or_else(|| "unknown".to_owned(), address));
        Self {
            browser: known_browser.map(|id| format!("browser:{id}")),
            pair: format!("{}{address}", pairs_of(&account)),
            account: format!("account:{account}"),
            address: format!("address:{address}"),
        }
    }

    /// Whose own attempts these are.
    pub(crate) fn own(&self) -> &str {
        self.browser.as_deref().unwrap_or(&self.pair)
    }

    /// What can make the attempt wait.
    fn with_budgets(&self) -> Vec<(&str, Budget)> {
        match &self.browser {
            Some(browser) => vec![(browser, OWN)],
            None => vec![(&self.pair, OWN), (&self.account, ACCOUNT)],
        }
    }
}

/// A hash bounds the length, and the directory does not collect what people mistype here.
fn digest(email: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(email.as_bytes()))
}

fn pairs_of(account: &str) -> String {
    format!("pair:{account}:")
}

/// An IPv6 client owns a whole /64.
fn address(remote: IpAddr) -> String {
    match remote.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Lets an attempt pass, with how its password is to be looked at, or says how long to wait. The attempt counts as
/// failed until [`succeed`] or [`withdraw`] says otherwise, so that attempts made at once do not all pass.
pub(crate) async fn admit(directory: &Namespace, subjects: &Subjects, now: Timestamp) -> Result<Lane> {
    let (wait, lane): (Duration, Lane) =
        directory.write(subjects.clone(), move |tx, counted| Box::pin(count(tx, counted, now))).await?;
    if wait.is_zero() { Ok(lane) } else { Err(Error::Throttled { wait }) }
}

async fn count(tx: &mut Tx<'_>, subjects: &Subjects, now: Timestamp) -> Result<(Duration, Lane)> {
    attempts::keep_between(tx, now.minus(FORGOTTEN_AFTER), now.plus(FORGOTTEN_AFTER)).await?;
    let mut counted = Vec::with_capacity(2);
    let mut longest = Duration::ZERO;
    for (subject, budget) in subjects.with_budgets() {
        let before = attempts::find(tx, subject).await?;
        if let Some(row) = before {
            longest = longest.max(remaining(tx, subject, row, budget, now).await?);
        }
        let failures = before.map_or(0, |row| row.failures).saturating_add(1);
        counted.push((subject, AttemptRow { failures, last_at: now }));
    }
    if longest.is_zero() {
        for (subject, row) in counted {
            attempts::put(tx, subject, row).await?;
        }
    }
    let lane = match &subjects.browser {
        Some(_) => Lane::Known,
        None => {
            let of_address = attempts::find(tx, &subjects.address).await?;
            let is_over = of_address.is_some_and(|row| row.failures >= FREE_BY_ADDRESS);
            if is_over { Lane::Slow } else { Lane::Ordinary }
        }
    };
    Ok((longest, lane))
}

/// What is left of the wait that a subject's failures cost. Where the last one is said to lie ahead, the clock was
/// set back meanwhile: the wait begins now, once.
async fn remaining(
    tx: &mut Tx<'_>,
    subject: &str,
    row: AttemptRow,
    budget: Budget,
    now: Timestamp,
) -> Result<Duration> {
    let wait = budget.wait(row.failures);
    if row.last_at > now && !wait.is_zero() {
        attempts::put(tx, subject, AttemptRow { last_at: now, ..row }).await?;
        return Ok(wait);
    }
    Ok(wait.saturating_sub(now.since(row.last_at)))
}

/// The password was wrong: the address has one failure more, at whichever account.
pub(crate) async fn fail(tx: &mut Tx<'_>, subjects: &Subjects, now: Timestamp) -> Result<()> {
    if subjects.browser.is_some() {
        return Ok(());
    }
    let before = attempts::find(tx, &subjects.address).await?;
    let failures = before.map_or(0, |row| row.failures).saturating_add(1);
    attempts::put(tx, &subjects.address, AttemptRow { failures, last_at: now }).await
}

/// The password was right: who tried it starts afresh, and the account does not pay for it.
pub(crate) async fn succeed(tx: &mut Tx<'_>, subjects: &Subjects) -> Result<()> {
    match &subjects.browser {
        Some(browser) => attempts::remove(tx, browser).await,
        None => {
            attempts::remove(tx, &subjects.pair).await?;
            uncount(tx, &subjects.account).await
        }
    }
}

/// The password was not looked at.
pub(crate) async fn withdraw(tx: &mut Tx<'_>, subjects: &Subjects) -> Result<()> {
    for (subject, _) in subjects.with_budgets() {
        uncount(tx, subject).await?;
    }
    Ok(())
}

/// The password was changed by someone who may: earlier failures of the account say nothing any more.
pub(crate) async fn forget(tx: &mut Tx<'_>, email: &str) -> Result<()> {
    let account = digest(email);
    attempts::remove(tx, &format!("account:{account}")).await?;
    attempts::remove_beginning(tx, &pairs_of(&account)).await
}

async fn uncount(tx: &mut Tx<'_>, subject: &str) -> Result<()> {
    match attempts::find(tx, subject).await? {
        None => Ok(()),
        Some(row) if row.failures <= 1 => attempts::remove(tx, subject).await,
        Some(row) => attempts::put(tx, subject, AttemptRow { failures: row.failures - 1, ..row }).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_beyond_the_free_ones_doubles_the_wait_up_to_a_limit() {
        let waits: Vec<_> = [1, 4, 5, 6, 7, 13, 14, 1_000].map(|n| OWN.wait(n).as_secs()).into();
        assert_eq!(waits, [0, 0, 1, 2, 4, 256, 300, 300]);
        assert_eq!((ACCOUNT.wait(99).as_secs(), ACCOUNT.wait(100).as_secs()), (0, 1));
        assert_eq!(ACCOUNT.wait(u32::MAX).as_secs(), 60);
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address_and_a_mapped_address_as_itself() {
        let subject = |text: &str| address(text.parse().unwrap());
        assert_eq!(subject("2001:db8:1:2::1"), subject("2001:db8:1:2:ffff::9"));
        assert_ne!(subject("2001:db8:1:2::1"), subject("2001:db8:1:3::1"));
        assert_eq!(subject("::ffff:192.0.2.1"), subject("192.0.2.1"));
    }
}
