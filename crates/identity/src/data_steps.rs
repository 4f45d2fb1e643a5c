//! What is made of the roles that older versions wrote.

use kontor_core::grants::{Grants, Permission};
use kontor_store::{BoxFuture, DataStep, PartResult, Tx};

use crate::{roles::ADMIN, rows::roles};

/// The permissions there were before `jobs`.
const BEFORE_JOBS: usize = 13;

/// The steps of this crate.
pub fn data_steps() -> Vec<DataStep> {
    vec![DataStep { number: 2, name: "let admins see the jobs", alters: false, run: permit_jobs }]
}

/// Gives the standard role of admins the permission `jobs`, unless one of the others was taken from it.
fn permit_jobs<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    Box::pin(async move {
        for (id, role) in roles::all(tx).await? {
            if role.is_standard && role.is_named(ADMIN) && has_all_before(&role.grants) {
                let permissions = role.grants.permissions().iter().chain([Permission::Jobs]);
                let grants = role.grants.clone().with_platform(permissions);
                roles::set_grants(tx, id, &grants).await?;
            }
        }
        Ok(None)
    })
}

fn has_all_before(grants: &Grants) -> bool {
    Permission::ALL[..BEFORE_JOBS].iter().all(|permission| grants.permits(*permission))
}
