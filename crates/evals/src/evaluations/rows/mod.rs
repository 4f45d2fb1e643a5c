//! The statements of the tables of evaluations.

pub(super) mod datasets;
pub(super) mod gates;
pub(super) mod runs;
pub(super) mod trials;
