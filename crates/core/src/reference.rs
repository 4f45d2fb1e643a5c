//! A record as others speak of it.

use serde::{Deserialize, Serialize};

use crate::{ids::RecordId, metadata::Name};

/// A record by its object and id, which programs need, and its name, which people read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordReference {
    pub object: Name,
    pub id: RecordId,
    pub label: String,
}
