//! Evaluations: datasets, runs of them, and two runs beside each other.

pub(crate) mod compare;
pub(crate) mod dataset;
pub(crate) mod gate;
pub(crate) mod list;
pub(crate) mod run;
mod words;

use crate::link::segment;

pub(crate) const PLACE: &str = "/settings/evaluations";

/// The address of a dataset's page.
pub(crate) fn of_dataset(name: &str) -> String {
    format!("{PLACE}/datasets/{}", segment(name))
}

/// The address of a run's page.
fn of_run(id: uuid::Uuid) -> String {
    format!("{PLACE}/runs/{id}")
}
