//! The settings of signing in.

use std::time::Duration;

/// What one password hash costs (argon2id).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    pub memory_kib: u32,
    pub iterations: u32,
    pub lanes: u32,
}

impl Default for PasswordCost {
    /// The third of the equally strong choices of the OWASP Password Storage Cheat Sheet: 12 MiB, three
    /// iterations, one lane. What is hashed stays resident for some seconds.
    fn default() -> Self {
        Self { memory_kib: 12_288, iterations: 3, lanes: 1 }
    }
}

#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// The `iss` of access tokens: the address the installation is known by.
    pub issuer: String,
    pub password_cost: PasswordCost,
    /// How long an access token holds.
    pub access_token_for: Duration,
    /// How long a token of software that acts for a member holds.
    pub agent_token_for: Duration,
    /// How long a refresh token may lie unused.
    pub refresh_token_for: Duration,
    /// How long a browser session may lie unused.
    pub browser_session_for: Duration,
    /// How long a change of a role, a membership or a sign-in made by another server may go unnoticed. With what an
    /// operation takes that has begun by then, it is five seconds.
    pub caller_cache_for: Duration,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            issuer: "kontor".to_owned(),
            password_cost: PasswordCost::default(),
            access_token_for: Duration::from_secs(15 * 60),
            agent_token_for: Duration::from_secs(10 * 60),
            refresh_token_for: 30 * DAY,
            browser_session_for: 14 * DAY,
            caller_cache_for: Duration::from_secs(4),
        }
    }
}
