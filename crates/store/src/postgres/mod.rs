//! PostgreSQL: a schema per namespace, owned by a role of its own.
//!
//! A transaction begins in one round trip that also takes on the namespace's role, and with it the namespace's
//! search path, so that a statement naming another workspace's table is refused by the database.

mod errors;
mod pool;
mod space;
mod statements;

pub(crate) use self::{
    errors::{describe, failure},
    pool::{Lent, Pool, connect, workspace_schemas},
    space::{Space, schema_of_workspace},
    statements::{batch, execute, fetch_all, fetch_optional},
};
