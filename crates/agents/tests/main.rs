//! Agents on both engines, over the wire of a real provider and with builtin.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod approvals;
mod asks;
mod authority;
mod budgets;
mod builtin;
mod carried;
mod changes;
mod chosen_agent;
mod client_calls;
mod crashes;
mod damage;
mod definitions;
mod go_on;
mod handovers;
mod house;
mod live;
mod model_providers;
mod model_settings;
mod models;
mod paging;
mod plans;
mod prompts;
mod queue;
mod role_cases;
mod roles;
mod routing;
mod session_list;
mod sessions;
mod sharing;
mod streams;
mod surface;
mod turns;
mod usage;
mod versions;
mod window;
