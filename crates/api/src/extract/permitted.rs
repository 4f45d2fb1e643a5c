//! Who asks, where they have the permission that a request takes: looked at before its body is read, so that nobody is
//! told what is wrong with a request that they may not make. The use case itself asks for the permission as ever.

use axum::{extract::FromRequestParts, http::request::Parts};
use kontor_core::{caller::Caller, grants::Permission};

use super::Acting;
use crate::problem::{ApiError, Result};

macro_rules! permitted {
    ($($(#[$about:meta])* $name:ident: $($permission:ident)|+;)*) => {$(
        $(#[$about])*
        pub(crate) struct $name(pub(crate) Caller);

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
                let Acting(caller) = Acting::from_request_parts(parts, state).await?;
                require(&caller, &[$(Permission::$permission),+])?;
                Ok(Self(caller))
            }
        }

        impl aide::OperationInput for $name {
            fn operation_input(
                context: &mut aide::generate::GenContext,
                operation: &mut aide::openapi::Operation,
            ) {
                Acting::operation_input(context, operation);
            }
        }
    )*};
}

permitted! {
    ManagesAgents: Agents;
    WritesPrompts: Prompts;
    /// Who may change agents or their prompts.
    SeesAgents: Agents | Prompts;
    ManagesRoles: Roles;
    ManagesMembers: Members;
    ChangesSettings: Settings;
    ChangesDataModel: DataModel;
    Evaluates: Evaluations;
    Publishes: Publishing;
    ManagesKeys: ApiKeys;
}

/// That a caller has one of these permissions; the last of them is named where they have none.
fn require(caller: &Caller, permissions: &[Permission]) -> Result<()> {
    match permissions {
        [rest @ .., last] if !rest.iter().any(|permission| caller.grants.permits(*permission)) => {
            Ok(caller.require(*last)?)
        }
        _ => Ok(()),
    }
}
