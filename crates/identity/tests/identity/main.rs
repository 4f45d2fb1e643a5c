//! Identity on both engines, with a clock that tests decide.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod browser;
mod delegations;
mod house;
mod keys;
mod members;
mod people;
mod roles;
mod settings;
mod setup;
mod sign_in;
mod standing;
mod tokens;
mod upgrade;
mod workspaces;
