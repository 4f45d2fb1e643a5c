//! Throw-away workspaces: each a small installation of its own on SQLite, in a folder that is removed when it is
//! closed, dropped, or found by the next process after a crash.
//!
//! A [`Sandbox`] has a directory, one workspace, and everything that works on it: records, operations, people, agents
//! and a worker that runs turns. Nothing in it knows of another place, so that nothing done in it is done anywhere
//! else; operations that reach outside are offered as ever and fail. It shares with the process the models alone.
//!
//! There are four ways to one, all through [`Sandboxes`]:
//!
//! | way | for |
//! |---|---|
//! | [`Sandboxes::make`] | a new workspace with the standard objects, roles and agents, made as `kontor serve` makes one: tens of milliseconds |
//! | [`Sandbox::freeze`], then [`Template::open`] | as many workspaces as are wanted that begin as the frozen one was left, each a copy of two files: a few milliseconds |
//! | [`Sandboxes::copy`] | what a workspace is now, on whichever engine, up to a bound and as far as somebody may see it |
//! | [`Sandboxes::bare`] | what a workspace's records are made of, its roles and agents, without a record and a member |
//!
//! [`Sandboxes::standard`] is the template of a new workspace, made once.
//!
//! Time and ids are those of the [`Environment`](kontor_core::environment::Environment) that each is opened with:
//! `Environment::reproducible(now, seed)` makes a trial repeat byte by byte. A template's ids were made by another
//! clock; let that of what is opened stand later, so that what a trial makes comes after what it found.
//!
//! A turn is run by [`Sandbox::say`] and [`Sandbox::settle`]; what happened is read by the services themselves
//! ([`Sandbox::agents`], [`Sandbox::crm`]) and by [`Sandbox::changes`].
//!
//! ```no_run
//! # async fn trial(sandboxes: kontor_evals::sandbox::Sandboxes) -> Result<(), kontor_evals::sandbox::Error> {
//! use std::time::Duration;
//! use kontor_core::environment::Environment;
//!
//! let now = "2026-03-02T09:00:00Z".parse().unwrap_or(kontor_core::time::Timestamp::EPOCH);
//! let fixture = sandboxes.standard().await?;
//! let sandbox = fixture.open(Environment::reproducible(now, 7)).await?;
//! let member = sandbox.caller().await?;
//! let session = sandbox.session(&member, "sales-assistant", None).await?;
//! let turn = sandbox.say(&member, session, "Show open deals").await?;
//! let settled = sandbox.settle(&member, session, turn, Duration::from_secs(60)).await?;
//! assert!(settled.has_ended());
//! let changed = sandbox.changes(1_000).await?;
//! assert!(changed.is_empty());
//! sandbox.close().await;
//! # Ok(())
//! # }
//! ```

mod bare;
mod copying;
mod error;
mod failing;
mod folder;
mod inside;
mod making;
mod template;
mod turns;
mod workspace;

pub use self::{
    bare::BareCopy,
    copying::{CopyOf, Source},
    error::Error,
    failing::FailOnce,
    making::{SandboxParts, Sandboxes},
    template::Template,
    turns::Settled,
    workspace::Sandbox,
};
