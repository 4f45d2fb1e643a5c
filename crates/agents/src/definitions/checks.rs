//! What is wrong with what an agent is to be, as far as that takes a look at the workspace.

use kontor_core::{
    caller::Caller,
    error::{Fault as _, Issue},
};

use super::input::of_definition;
use crate::{
    definition::{Definition, PRODUCTION},
    engine::Agents,
    error::Error,
    prompt_versions::is_protected,
    rows::agents,
};

impl Agents {
    /// All that is wrong with what an agent of a name is to be. Its role is named as the workspace writes it.
    pub(super) async fn issues_of(
        &self,
        caller: &Caller,
        own: &str,
        before: Option<&Definition>,
        definition: &mut Definition,
    ) -> Result<Vec<Issue>, Error> {
        let models = self.models_of(caller.workspace).await?;
        let mut issues = of_definition(definition, &models, self.limits());
        issues.extend(self.issues_of_colleagues(caller, own, before, definition).await?);
        if definition.role.is_empty() {
            issues.push(Issue::new("role", "required", "expected the name of a role"));
            return Ok(issues);
        }
        match self.0.identity.role_name(caller.workspace, &definition.role).await {
            Ok(name) => definition.role = name,
            Err(error @ kontor_identity::Error::UnknownRole { .. }) => issues.extend(error.problem().issues),
            Err(error) => return Err(error.into()),
        }
        Ok(issues)
    }

    /// Where nobody alone decides what live traffic is told, nobody puts another agent in the place of a deleted one
    /// either.
    pub(super) async fn check_name_is_free(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        let namespace = self.namespace(caller.workspace).await?;
        let is_kept = namespace.read(name.to_owned(), |tx, name| {
            Box::pin(async move {
                if !is_protected(tx, PRODUCTION).await? {
                    return Ok::<_, Error>(false);
                }
                let all = agents::list_with_deleted(tx).await?;
                Ok(all.iter().any(|agent| agent.deleted_at.is_some() && agent.name == *name))
            })
        });
        if is_kept.await? {
            let told = "A deleted agent had this name, and changes of what is told in its name need a review here: restore it, or take another name.";
            return Err(Error::invalid("name", "name_kept", told));
        }
        Ok(())
    }
}
