use std::sync::Arc;

use kontor_core::{ids::RecordId, metadata::Object};
use serde_json::{Map, Value as Json};

use super::{
    batch::{BatchInput, batch},
    create::create,
    delete::{delete, destroy, restore},
    record::Record,
    update::update,
};
use crate::{Error, Work};

/// What is done to records, as a value: whoever has no unit of work of their own hands it to
/// [`Crm::write_record`](crate::Crm::write_record).
#[derive(Debug, Clone)]
pub enum RecordWrite {
    Create(Map<String, Json>),
    Update { id: RecordId, fields: Map<String, Json>, if_match: Option<i64> },
    Delete { id: RecordId, if_match: Option<i64> },
    Restore(RecordId),
    Destroy { id: RecordId, if_match: Option<i64> },
    Batch(BatchInput),
}

impl RecordWrite {
    /// The verb of the operation that it stands for.
    pub(crate) fn verb(&self) -> &'static str {
        match self {
            Self::Create(_) | Self::Batch(BatchInput::Create(_)) => "create",
            Self::Update { .. } | Self::Batch(BatchInput::Update(_)) => "update",
            Self::Delete { .. } | Self::Batch(BatchInput::Delete(_)) => "delete",
            Self::Restore(_) => "restore",
            Self::Destroy { .. } => "destroy",
        }
    }

    /// The records as they are then; none where one was destroyed.
    pub(crate) async fn run(
        &self,
        work: &mut Work<'_, '_>,
        object: &Arc<Object>,
    ) -> Result<Vec<Record>, Error> {
        Ok(match self {
            Self::Create(fields) => vec![create(work, object, fields).await?],
            Self::Update { id, fields, if_match } => {
                vec![update(work, object, *id, fields, *if_match).await?.record]
            }
            Self::Delete { id, if_match } => vec![delete(work, object, *id, *if_match).await?],
            Self::Restore(id) => vec![restore(work, object, *id).await?],
            Self::Destroy { id, if_match } => {
                destroy(work, object, *id, *if_match).await?;
                Vec::new()
            }
            Self::Batch(input) => batch(work, object, input).await?,
        })
    }
}
