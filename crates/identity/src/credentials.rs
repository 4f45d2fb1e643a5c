//! From an email and a password to a user.

use std::time::Duration;

use crate::{
    Error, Identity, Result, SignIn, email,
    password::Verdict,
    rows::users::{self, UserRow},
    throttle::{self, Subjects},
};

/// How long an attempt waits for those of the same origin at the same account.
pub(crate) const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);

impl Identity {
    /// The user with this email and password. For an account that does not exist it takes as long and fails
    /// in the same way as for a wrong password.
    pub(crate) async fn check_password(&self, input: &SignIn) -> Result<UserRow> {
        let address = email::fold(&input.email);
        let known_browser = self.0.known_browsers.find(&input.known_browser, &address, self.now());
        let subjects = Subjects::new(&address, input.remote, known_browser.as_deref());
        // Those who wait hold no place in the queue of passwords.
        let _turn = self.0.turns.take(subjects.own(), QUEUE_TIMEOUT).await.ok_or(Error::Busy)?;
        let lane = throttle::admit(self.directory(), &subjects, self.now()).await?;
        let user = self.find_user(address).await?;
        let kept = user.as_ref().map(|user| user.password_hash.clone());
        let verdict = match self.0.passwords.verify(&input.password, kept, lane).await {
            Ok(verdict) => verdict,
            Err(error) => {
                self.withdraw(subjects).await?;
                return Err(error);
            }
        };
        match (verdict, user) {
            (Verdict::Right { renewed }, Some(user)) => {
                self.note_success(subjects, user.clone(), renewed).await?;
                Ok(user)
            }
            _ => {
                self.note_failure(subjects).await?;
                Err(Error::InvalidCredentials)
            }
        }
    }

    pub(crate) async fn find_user(&self, address: String) -> Result<Option<UserRow>> {
        // What is no address belongs to nobody, and not every engine can be asked about it.
        if email::normalize(&address).is_err() {
            return Ok(None);
        }
        self.directory().read(address, |tx, address| Box::pin(users::by_email(tx, address))).await
    }

    pub(crate) async fn withdraw(&self, subjects: Subjects) -> Result<()> {
        self.directory().write(subjects, |tx, subjects| Box::pin(throttle::withdraw(tx, subjects))).await
    }

    async fn note_failure(&self, subjects: Subjects) -> Result<()> {
        let now = self.now();
        self.directory()
            .write(subjects, move |tx, subjects| Box::pin(throttle::fail(tx, subjects, now)))
            .await
    }

    async fn note_success(&self, subjects: Subjects, user: UserRow, renewed: Option<String>) -> Result<()> {
        self.directory()
            .write((subjects, user, renewed), |tx, (subjects, user, renewed)| {
                Box::pin(async move {
                    throttle::succeed(tx, subjects).await?;
                    match renewed {
                        Some(hash) => users::renew_hash(tx, user, hash).await,
                        None => Ok(()),
                    }
                })
            })
            .await
    }
}
