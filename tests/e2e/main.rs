//! End-to-end tests: the real binary over real HTTP, on both engines, in a real browser.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod architecture;
mod bad_input;
mod browser;
mod changes;
mod chat;
mod command_line;
mod delegated;
mod disk;
mod evaluations;
mod fixture;
mod gates;
mod isolation;
mod kept_evaluations;
mod kill;
mod limits;
mod log;
mod matrix;
mod missing_data;
mod outbound;
mod outside;
mod pages;
mod people;
mod permissions;
mod places;
mod records;
mod startup;
mod stopping;
mod streams;
mod tasks;
mod telemetry;
mod together;
mod tryouts;
mod upgrade;
mod windows;
mod wire;
