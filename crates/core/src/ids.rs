//! Identifiers: newtypes over UUIDv7, made by the application and never by a database.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text given where an identifier was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a UUID")]
pub struct InvalidId(pub String);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId(text.chars().take(80).collect()))
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}

ids! {
    /// A workspace: one business, one namespace.
    WorkspaceId;
    /// A person who signs in, across workspaces.
    UserId;
    /// A person's membership in one workspace; also the id of their `member` record.
    MemberId;
    /// A role of a workspace.
    RoleId;
    /// An object's metadata.
    ObjectId;
    /// A field's metadata.
    FieldId;
    /// A record of any object.
    RecordId;
    /// A view of an object's records.
    ViewId;
    /// An agent definition.
    AgentId;
    /// A conversation between a member and an agent.
    SessionId;
    /// One user message and all that the agent does in answer to it.
    TurnId;
    /// A question to a person whether a tool call may run.
    ApprovalId;
    /// A question to a person whether a label of a prompt may move.
    ReviewId;
    /// A refresh-token family or a browser session.
    SignInId;
}
