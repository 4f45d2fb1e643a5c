//! The objects every workspace starts with, declared in code and installed like any other.

mod account;
mod activity;
mod contact;
mod deal;
mod declare;
mod lead;
mod member;
mod note;
mod system;
mod task;
#[cfg(test)]
mod tests;

use kontor_core::{environment::Environment, metadata::Object};

/// The standard objects with ids of their own, in the order in which a person meets them. An object comes
/// after those its relations point to, so that tables can be made in this order.
pub fn objects(environment: &Environment) -> Vec<Object> {
    [
        member::object,
        account::object,
        contact::object,
        deal::object,
        lead::object,
        activity::object,
        task::object,
        note::object,
    ]
    .into_iter()
    .map(|declare| declare(environment))
    .collect()
}
