//! Passwords: what is accepted, and hashing with argon2id under a bound on how many are hashed at once.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Params, PasswordVerifier as _, Version,
    password_hash::{PasswordHasher as _, phc::PasswordHash},
};
use kontor_core::environment::Environment;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use unicode_normalization::UnicodeNormalization as _;

use crate::{Error, PasswordCost, Result};

const MIN_LENGTH: usize = 8;
const MAX_LENGTH: usize = 256;
/// Who comes after so many that wait is turned away.
const WAITING: usize = 256;
/// The same where one password is looked at after another, slowly.
const WAITING_SLOWLY: usize = 32;
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);
/// The shortest time from one password that is looked at slowly to the next.
const PACE: Duration = Duration::from_millis(100);
/// When whoever finds no room there may try again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How soon a password is looked at. Each hash keeps one core busy and holds its memory, so few are made at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Of a known browser, or chosen by somebody who is signed in: not kept waiting by those below.
    Known,
    Ordinary,
    /// From where many were wrong: one after another, with a pause after each, all such places together.
    Slow,
}

/// What comparing a password with an account gave.
pub(crate) enum Verdict {
    Wrong,
    /// Right; with a new hash where the kept one was made at another cost.
    Right {
        renewed: Option<String>,
    },
}

/// Hashes and compares passwords.
pub(crate) struct Passwords {
    params: Params,
    environment: Environment,
    known: Gate,
    ordinary: Gate,
    slow: Gate,
    /// Before this moment no password is looked at slowly.
    next_slow: Mutex<Instant>,
}

/// How many work at once, and how many are present, those who wait included.
struct Gate {
    working: Arc<Semaphore>,
    present: Arc<Semaphore>,
}

/// A place at a gate, free again when it is dropped.
struct Place {
    _working: OwnedSemaphorePermit,
    _present: OwnedSemaphorePermit,
}

impl Gate {
    fn new(at_once: usize, waiting: usize) -> Self {
        Self {
            working: Arc::new(Semaphore::new(at_once)),
            present: Arc::new(Semaphore::new(at_once + waiting)),
        }
    }

    async fn enter(&self) -> Option<Place> {
        let present = Arc::clone(&self.present).try_acquire_owned().ok()?;
        let working = tokio::time::timeout(QUEUE_TIMEOUT, Arc::clone(&self.working).acquire_owned()).await;
        Some(Place { _working: working.ok()?.ok()?, _present: present })
    }
}

impl Passwords {
    pub(crate) fn new(cost: PasswordCost, environment: Environment) -> Result<Self> {
        let params =
            Params::new(cost.memory_kib, cost.iterations, cost.lanes, None).map_err(|e| hashing(&e))?;
        // Guessing must not take more than half of the machine.
        let half = std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).clamp(1, 8));
        Ok(Self {
            params,
            environment,
            known: Gate::new(1, WAITING),
            ordinary: Gate::new(half, WAITING),
            slow: Gate::new(1, WAITING_SLOWLY),
            next_slow: Mutex::new(Instant::now()),
        })
    }

    /// Checks that a new password is acceptable, and hashes it.
    pub(crate) async fn hash(&self, password: &str) -> Result<String> {
        check(password)?;
        let (password, salt, params) = (prepare(password), self.environment.random(), self.params.clone());
        self.work(Lane::Known, move || hash(params, &password, &salt)).await
    }

    /// Compares a password with a kept hash. Without one (there is no such account) it works as long and
    /// says that the password is wrong.
    pub(crate) async fn verify(&self, password: &str, kept: Option<String>, lane: Lane) -> Result<Verdict> {
        let too_long = password.chars().count() > MAX_LENGTH;
        let password = if too_long { Vec::new() } else { prepare(password) };
        let (salt, params) = (self.environment.random(), self.params.clone());
        self.work(lane, move || match kept {
            None => hash(params, &password, &salt).map(|_| Verdict::Wrong),
            Some(kept) => compare(params, &password, &kept, &salt),
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        lane: Lane,
        job: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = match lane {
            Lane::Known | Lane::Ordinary => None,
            Lane::Slow => Some(self.slow_turn().await?),
        };
        let gate = if lane == Lane::Known { &self.known } else { &self.ordinary };
        let place = gate.enter().await.ok_or(Error::Busy)?;
        // The places go with the work, which goes on when nobody waits for it any more.
        tokio::task::spawn_blocking(move || {
            let _held = (turn, place);
            job()
        })
        .await?
    }

    async fn slow_turn(&self) -> Result<Place> {
        let turn = self.slow.enter().await.ok_or(Error::Throttled { wait: RETRY_AFTER })?;
        let at = {
            let mut next = self.next_slow.lock().unwrap_or_else(PoisonError::into_inner);
            let at = (*next).max(Instant::now());
            *next = at + PACE;
            at
        };
        tokio::time::sleep_until(at).await;
        Ok(turn)
    }
}

/// Whether a text may be a password.
pub(crate) fn check(password: &str) -> Result<()> {
    let length = password.chars().count();
    if password.contains('\0') {
        return Err(Error::input(
            "password",
            "invalid_password",
            "A password cannot contain a NUL character.",
        ));
    }
    if !(MIN_LENGTH..=MAX_LENGTH).contains(&length) {
        let message = format!("A password has {MIN_LENGTH} to {MAX_LENGTH} characters.");
        return Err(Error::input("password", "invalid_password", message));
    }
    Ok(())
}

/// One byte form however a keyboard composed the characters (RFC 8265, OpaqueString).
fn prepare(password: &str) -> Vec<u8> {
    password.nfc().collect::<String>().into_bytes()
}

fn hash(params: Params, password: &[u8], salt: &[u8; 16]) -> Result<String> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: PasswordHash = argon2.hash_password_with_salt(password, salt).map_err(|e| hashing(&e))?;
    Ok(hash.to_string())
}

fn compare(params: Params, password: &[u8], kept: &str, salt: &[u8; 16]) -> Result<Verdict> {
    let parsed = PasswordHash::new(kept).map_err(|e| hashing(&e))?;
    match Argon2::default().verify_password(password, &parsed) {
        Ok(()) => {}
        Err(argon2::password_hash::Error::PasswordInvalid) => return Ok(Verdict::Wrong),
        Err(error) => return Err(hashing(&error)),
    }
    let made_with = Params::try_from(&parsed).map_err(|e| hashing(&e))?;
    let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    let renewed = if cost(&made_with) == cost(&params) { None } else { Some(hash(params, password, salt)?) };
    Ok(Verdict::Right { renewed })
}

fn hashing(error: &dyn std::fmt::Display) -> Error {
    Error::Hashing(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(memory_kib: u32) -> Passwords {
        let cost = PasswordCost { memory_kib, iterations: 1, lanes: 1 };
        Passwords::new(cost, Environment::system()).unwrap()
    }

    #[tokio::test]
    async fn a_hash_made_at_another_cost_is_renewed_when_the_password_is_right() {
        let kept = passwords(8).hash("correct horse").await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{kept}");
        assert!(matches!(
            passwords(8).verify("correct horse", Some(kept.clone()), Lane::Ordinary).await.unwrap(),
            Verdict::Right { renewed: None }
        ));
        let Verdict::Right { renewed: Some(renewed) } =
            passwords(16).verify("correct horse", Some(kept.clone()), Lane::Ordinary).await.unwrap()
        else {
            panic!("the hash is renewed")
        };
        assert!(renewed.contains("m=16"), "{renewed}");
        assert!(matches!(
            passwords(16).verify("wrong horse", Some(kept), Lane::Ordinary).await.unwrap(),
            Verdict::Wrong
        ));
    }

    #[tokio::test]
    async fn composed_and_decomposed_characters_are_one_password() {
        let kept = passwords(8).hash("\u{fc}berlang!").await.unwrap();
        let verdict = passwords(8).verify("u\u{308}berlang!", Some(kept), Lane::Ordinary).await.unwrap();
        assert!(matches!(verdict, Verdict::Right { .. }));
    }

    #[tokio::test]
    async fn passwords_that_are_short_long_or_hold_nul_are_refused() {
        for wrong in ["short", "with\0nul-character", &"x".repeat(257)] {
            assert!(matches!(passwords(8).hash(wrong).await, Err(Error::Input(_))), "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn passwords_from_where_many_were_wrong_are_looked_at_slowly_and_keep_nobody_else_waiting() {
        let passwords = passwords(8);
        let begun = Instant::now();
        let slowly = futures::future::join_all((0..8).map(|_| passwords.verify("guess", None, Lane::Slow)));
        let others = async {
            for lane in [Lane::Ordinary, Lane::Known] {
                passwords.verify("guess", None, lane).await.unwrap();
            }
            begun.elapsed()
        };
        let (slowly, others) = tokio::join!(slowly, others);
        assert!(slowly.iter().all(Result::is_ok));
        assert!(begun.elapsed() >= 7 * PACE, "{:?}", begun.elapsed());
        assert!(others < 7 * PACE, "{others:?}");
    }

    #[tokio::test]
    async fn whoever_comes_after_too_many_is_told_to_come_back() {
        let passwords = passwords(8);
        let many = futures::future::join_all((0..60).map(|_| passwords.verify("guess", None, Lane::Slow)));
        let refused = many.await.into_iter().filter(|tried| matches!(tried, Err(Error::Throttled { .. })));
        assert_eq!(refused.count(), 60 - WAITING_SLOWLY - 1);
    }
}
