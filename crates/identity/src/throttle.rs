//! How often a password may be tried: after a few failures each further one has to wait twice as long, by
//! account and by address, known account or not. It is kept in the directory, so that a restart does not
//! forget it.

use std::{net::IpAddr, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_core::time::Timestamp;
use kontor_store::{Namespace, Tx};
use sha2::{Digest as _, Sha256};

use crate::{
    Error, Result,
    rows::attempts::{self, AttemptRow},
};

/// Failures of an account that cost no wait.
const FREE_BY_ACCOUNT: u32 = 5;
/// Many people may share an address.
const FREE_BY_ADDRESS: u32 = 20;
/// Long enough to make guessing hopeless, short enough that nobody is locked out by another's guessing.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// Failures older than this do not count any more.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60 * 60);

/// Over before any attempt.
const NOT_BLOCKED: Timestamp = Timestamp::EPOCH;

/// Whose attempts are counted.
#[derive(Clone)]
pub(crate) struct Subjects {
    account: String,
    address: Option<String>,
}

impl Subjects {
    pub(crate) fn new(email: &str, remote: Option<IpAddr>) -> Self {
        // A hash bounds the length, and the directory does not collect what people mistype here.
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(email.as_bytes()));
        Self { account: format!("account:{digest}"), address: remote.map(address) }
    }

    fn with_limits(&self) -> impl Iterator<Item = (&str, u32)> {
        let address = self.address.as_deref().map(|address| (address, FREE_BY_ADDRESS));
        std::iter::once((self.account.as_str(), FREE_BY_ACCOUNT)).chain(address)
    }
}

/// An IPv6 client owns a whole /64.
fn address(remote: IpAddr) -> String {
    match remote.to_canonical() {
        IpAddr::V4(address) => format!("address:{address}"),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("address:{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Lets an attempt pass or says how long to wait. The attempt counts as failed until [`succeed`] or
/// [`withdraw`] says otherwise, so that attempts made at once do not all pass.
pub(crate) async fn admit(directory: &Namespace, subjects: &Subjects, now: Timestamp) -> Result<()> {
    let subjects = subjects.clone();
    directory
        .write(move |tx| {
            let subjects = subjects.clone();
            Box::pin(async move { count(tx, &subjects, now).await })
        })
        .await
}

async fn count(tx: &mut Tx<'_>, subjects: &Subjects, now: Timestamp) -> Result<()> {
    attempts::remove_before(tx, now.minus(FORGOTTEN_AFTER)).await?;
    let mut counted = Vec::with_capacity(2);
    let mut blocked = now;
    for (subject, free) in subjects.with_limits() {
        let before = attempts::find(tx, subject).await?;
        if let Some(row) = before {
            blocked = blocked.max(row.blocked_until);
        }
        let failures = before.map_or(0, |row| row.failures).saturating_add(1);
        let row = AttemptRow { failures, last_at: now, blocked_until: blocked_until(failures, free, now) };
        counted.push((subject, row));
    }
    if blocked > now {
        return Err(Error::Throttled { wait: blocked.since(now) });
    }
    for (subject, row) in counted {
        attempts::put(tx, subject, row).await?;
    }
    Ok(())
}

/// The password was right: the account starts afresh, and the address does not pay for it.
pub(crate) async fn succeed(tx: &mut Tx<'_>, subjects: &Subjects) -> Result<()> {
    attempts::remove(tx, &subjects.account).await?;
    match &subjects.address {
        Some(address) => uncount(tx, address).await,
        None => Ok(()),
    }
}

/// The password was not looked at.
pub(crate) async fn withdraw(tx: &mut Tx<'_>, subjects: &Subjects) -> Result<()> {
    for (subject, _) in subjects.with_limits() {
        uncount(tx, subject).await?;
    }
    Ok(())
}

/// The password was changed by someone who may: earlier failures of the account say nothing any more.
pub(crate) async fn forget(tx: &mut Tx<'_>, email: &str) -> Result<()> {
    attempts::remove(tx, &Subjects::new(email, None).account).await
}

async fn uncount(tx: &mut Tx<'_>, subject: &str) -> Result<()> {
    match attempts::find(tx, subject).await? {
        None => Ok(()),
        Some(row) if row.failures <= 1 => attempts::remove(tx, subject).await,
        Some(row) => {
            let row = AttemptRow { failures: row.failures - 1, blocked_until: NOT_BLOCKED, ..row };
            attempts::put(tx, subject, row).await
        }
    }
}

/// An attempt that costs no wait blocks not even those whose clocks were read a moment before.
fn blocked_until(failures: u32, free: u32, now: Timestamp) -> Timestamp {
    let wait = wait(failures, free);
    if wait.is_zero() { NOT_BLOCKED } else { now.plus(wait) }
}

fn wait(failures: u32, free: u32) -> Duration {
    match failures.checked_sub(free) {
        None => Duration::ZERO,
        Some(beyond) => Duration::from_secs(1_u64 << beyond.min(32)).min(LONGEST_WAIT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_beyond_the_free_ones_doubles_the_wait_up_to_a_limit() {
        let waits: Vec<_> = [1, 4, 5, 6, 7, 13, 14, 1_000].map(|n| wait(n, 5).as_secs()).into();
        assert_eq!(waits, [0, 0, 1, 2, 4, 256, 300, 300]);
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address_and_a_mapped_address_as_itself() {
        let subject = |text: &str| address(text.parse().unwrap());
        assert_eq!(subject("2001:db8:1:2::1"), subject("2001:db8:1:2:ffff::9"));
        assert_ne!(subject("2001:db8:1:2::1"), subject("2001:db8:1:3::1"));
        assert_eq!(subject("::ffff:192.0.2.1"), subject("192.0.2.1"));
    }
}
