//! A workspace without its records and members: what an agent is evaluated in.

use kontor_agents::{Agents, TakenAgents};
use kontor_core::{
    caller::Caller,
    environment::Environment,
    grants::Grants,
    ids::{AgentId, WorkspaceId},
    text::hex,
    time::Timestamp,
};
use kontor_crm::{Crm, TakenRecords};
use kontor_identity::{Identity, NewMember, NewRole, TakenPeople, WorkspaceSummary};
use kontor_models::Models;

use super::{
    Error, Sandboxes, Source, Template,
    making::{Opening, Whose},
};
use crate::sandbox::Sandbox;

/// The role of whoever fills the copy: everything, whatever the workspace's own roles allow.
const FILLS: &str = "Evaluation";

/// What is copied.
pub struct BareCopy {
    pub workspace: WorkspaceId,
    /// The agent that is evaluated, and what it is told.
    pub agent: AgentId,
    pub prompt: String,
    /// Those of the workspace.
    pub models: Models,
}

/// What was read of a workspace at one moment.
struct Taken {
    people: TakenPeople,
    objects: TakenRecords,
    agents: TakenAgents,
}

impl Sandboxes {
    /// Copies what a workspace is made of and nothing that is in it: objects, roles, settings and agents as they are
    /// now. The same workspace makes the same copy each time.
    ///
    /// # Errors
    /// Where there is no room on the disk, and what the databases said.
    pub async fn bare(&self, source: &Source, what: BareCopy) -> Result<Template, Error> {
        let BareCopy { workspace, agent, prompt, models } = what;
        let namespace = source.store.workspace(workspace).await?;
        let taken: Taken = namespace
            .read((), |tx, ()| {
                Box::pin(async move {
                    Ok::<_, Error>(Taken {
                        people: Identity::take_roles(tx).await?,
                        objects: Crm::take_objects(tx).await?,
                        agents: Agents::take_agents(tx).await?,
                    })
                })
            })
            .await?;
        let environment = Environment::reproducible(Timestamp::EPOCH, 0);
        let opening =
            Opening { environment: environment.clone(), models, account: self.account(), failing: None };
        let whole = self.open(self.scratch()?, opening).await?;
        let copy: WorkspaceId = environment.new_id();
        let made = whole.store.create_workspace(copy).await?;
        let now = environment.now();
        made.alter((taken, prompt, environment), move |tx, (taken, prompt, environment)| {
            Box::pin(async move {
                Identity::put_people(tx, &taken.people).await?;
                Crm::put_records(tx, &taken.objects).await?;
                Agents::put_agents(tx, &taken.agents).await?;
                Agents::tell_in_copy(tx, environment, agent, prompt, now).await?;
                Ok::<_, Error>(())
            })
        })
        .await?;
        let summary = WorkspaceSummary { id: copy, name: "Sandbox".to_owned() };
        whole.identity.adopt_empty(self.inner().operator, summary).await?;
        let system = Caller::system(copy);
        let role = NewRole {
            name: FILLS.to_owned(),
            label: None,
            description: None,
            grants: serde_json::to_value(Grants::everything()).ok(),
            copy_of: None,
        };
        whole.identity.create_role(&system, role).await?;
        let admin = NewMember {
            name: "Ada Brandt".to_owned(),
            email: "ada@sandbox.test".to_owned(),
            role: FILLS.to_owned(),
            // Nobody signs in here.
            password: hex(&self.inner().environment.random::<16>()),
        };
        let member = whole.identity.add_member(&system, admin).await?;
        Sandbox::begin(self.clone(), whole, Whose { workspace: copy, member, begun: 0 }).freeze().await
    }
}
