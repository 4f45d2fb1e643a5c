//! The members of a workspace as records, so that relations, filters and lists can name them.

use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    environment::Environment,
    ids::{MemberId, RecordId, WorkspaceId},
    time::Timestamp,
};
use kontor_store::Tx;
use serde_json::{Map, json};

use crate::{Crm, Error, Work, metadata, records};

/// The object whose records the members are.
const OBJECT: &str = "member";

impl Crm {
    /// Makes or renews the record of a member, which has the member's own id; in the unit that writes the
    /// membership.
    pub async fn write_member(
        tx: &mut Tx<'_>,
        environment: &Environment,
        workspace: WorkspaceId,
        member: (MemberId, &str, &str),
        now: Timestamp,
    ) -> Result<(), Error> {
        let (id, name, email) = (RecordId(member.0.as_uuid()), member.1, member.2);
        let schema = Arc::new(metadata::schema(tx).await?);
        let caller = Caller::system(workspace);
        let mut work = Work { tx, caller: &caller, schema: &schema, environment, now };
        let unknown = || Error::unknown_object(OBJECT, &schema, &caller.grants);
        let object = schema.object(OBJECT).ok_or_else(unknown)?;
        let fields: Map<_, _> =
            [("name".to_owned(), json!(name)), ("email".to_owned(), json!(email))].into_iter().collect();
        match records::update(&mut work, object, id, &fields, None).await {
            Ok(_) => Ok(()),
            Err(Error::NotFound { .. }) => {
                records::create_with_id(&mut work, object, id, &fields).await.map(drop)
            }
            Err(error) => Err(error),
        }
    }
}
