//! The members of a workspace as records, so that relations, filters and lists can name them.

use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    environment::Environment,
    filter::OwnRecord,
    ids::{MemberId, RecordId, WorkspaceId},
    locale::TimeZone,
    metadata::{Schema, system_fields},
    time::Timestamp,
};
use kontor_store::Tx;
use serde_json::{Map, json};

use crate::{Crm, Error, Work, metadata, records};

/// The object whose records the members are.
pub(crate) const OBJECT: &str = "member";

/// Fields that say how the record was written, not whom it is of.
const PASSING: [&str; 4] =
    [system_fields::VERSION, system_fields::UPDATED_AT, system_fields::UPDATED_BY, system_fields::POSITION];

/// What is told of a member.
#[derive(Debug, Clone, Copy)]
pub struct MemberRecord<'m> {
    pub id: MemberId,
    pub name: &'m str,
    pub email: &'m str,
    pub time_zone: Option<TimeZone>,
}

impl Crm {
    /// The workspace's objects, as a transaction finds them.
    pub async fn schema_in(tx: &mut Tx<'_>) -> Result<Schema, Error> {
        metadata::schema(tx).await
    }

    /// What the record of a member holds, as the API shows it; nothing where there is none.
    pub async fn own_record(tx: &mut Tx<'_>, member: MemberId) -> Result<OwnRecord, Error> {
        let Some(object) = metadata::object(tx, OBJECT).await? else { return Ok(OwnRecord::new()) };
        let values = records::values(tx, &object, RecordId(member.as_uuid())).await?.unwrap_or_default();
        let shown =
            values.of(&object).map(|(field, value)| (field.name.to_string(), value.to_json(&field.kind)));
        // What changes with every write says nothing of the member.
        Ok(shown.filter(|(name, _)| !PASSING.contains(&name.as_str())).collect())
    }

    /// Makes or renews the record of a member, which has the member's own id; in the unit that writes the
    /// membership.
    pub async fn write_member(
        tx: &mut Tx<'_>,
        environment: &Environment,
        workspace: WorkspaceId,
        member: MemberRecord<'_>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let id = RecordId(member.id.as_uuid());
        let schema = Arc::new(metadata::schema(tx).await?);
        let caller = Caller::system(workspace);
        let mut work = Work::new(tx, &caller, &schema, environment, now);
        let unknown = || Error::unknown_object(OBJECT, &schema, &caller.grants);
        let object = schema.object(OBJECT).ok_or_else(unknown)?;
        let values = [
            ("name", json!(member.name)),
            ("email", json!(member.email)),
            ("time_zone", json!(member.time_zone)),
        ];
        // An admin may have made a field of the name of one that came later.
        let is_standard = |name: &str| object.field(name).is_some_and(|field| !field.is_custom);
        let fields: Map<_, _> = values
            .into_iter()
            .filter(|(name, _)| is_standard(name))
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        match records::update(&mut work, object, id, &fields, None).await {
            Ok(_) => Ok(()),
            Err(Error::NotFound { .. }) => {
                records::create_with_id(&mut work, object, id, &fields).await.map(drop)
            }
            Err(error) => Err(error),
        }
    }
}
