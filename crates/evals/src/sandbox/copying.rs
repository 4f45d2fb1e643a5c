//! A workspace as it is now, copied into one that is thrown away.

use std::sync::Arc;

use kontor_agents::{Account, Agents, SessionContext, TakenAgents};
use kontor_core::{
    caller::Caller,
    environment::Environment,
    grants::Grants,
    ids::{AgentId, MemberId},
};
use kontor_crm::{Copied, CopyBounds, Crm, TakenRecords};
use kontor_identity::{Identity, TakenPeople, WorkspaceSummary};
use kontor_store::Store;

use super::{
    Error, Sandbox, Sandboxes,
    making::{Opening, Whose},
};

/// Where workspaces are copied from. Cloning is cheap.
#[derive(Clone)]
pub struct Source {
    pub store: Store,
    pub identity: Identity,
    pub agents: Agents,
}

/// What is copied of a workspace, and for whom.
pub struct CopyOf {
    /// Who acts in the copy, as they are in the workspace itself.
    pub member: Caller,
    /// Whose eyes bound what of the records is copied: records that they may not read stay behind.
    pub reader: Caller,
    /// What the member may do in the copy at most, beside what their role says.
    pub grants: Arc<Grants>,
    /// The agent that is talked to, by name and id, and what it is told there.
    pub agent: (String, AgentId),
    pub prompt: String,
    /// A record that is copied in any case, where the reader may read it.
    pub record: Option<SessionContext>,
    pub bounds: CopyBounds,
    /// Who pays for what is used up there.
    pub account: Option<Arc<dyn Account>>,
}

/// What was read of a workspace at one moment.
struct Taken {
    people: TakenPeople,
    records: TakenRecords,
    agents: TakenAgents,
}

impl Sandboxes {
    /// Copies a workspace: what its records are made of, its roles, members and settings, its agents as they are now,
    /// and records up to the bounds with what happened to them. Chats, keys and secrets stay behind: the models of
    /// the copy are those of the workspace, with its own providers, whose keys this process has and the copy does not.
    ///
    /// # Errors
    /// Where there is no room on the disk, and what the databases said.
    pub async fn copy(
        &self,
        source: &Source,
        what: CopyOf,
        environment: Environment,
    ) -> Result<(Sandbox, Copied), Error> {
        let CopyOf { member, reader, grants, agent: (agent, agent_id), prompt, record, bounds, account } =
            what;
        let acting = source.identity.member_to_copy(&member).await?;
        let member_id: MemberId = acting.member;
        let models = source.agents.models_of_caller(&member).await?;
        let namespace = source.store.workspace(member.workspace).await?;
        let taken: Taken = namespace
            .read((reader, environment.clone(), record), move |tx, (reader, environment, record)| {
                Box::pin(async move {
                    let also = record.as_ref().map(|record| (record.object.as_str(), record.id));
                    Ok::<_, Error>(Taken {
                        people: Identity::take_people(tx, member_id).await?,
                        records: Crm::take_records(tx, environment, reader, bounds, also).await?,
                        agents: Agents::take_agents(tx).await?,
                    })
                })
            })
            .await?;
        let copied = taken.records.copied;
        let opening = Opening { environment: environment.clone(), models, account, failing: None };
        let whole = self.open(self.scratch()?, opening).await?;
        // Another id than the workspace's own: who means the one never reaches the other.
        let workspace = environment.new_id();
        let name = acting.workspace_name.clone();
        let copy = whole.store.create_workspace(workspace).await?;
        let now = environment.now();
        copy.alter(
            (taken, grants, agent, prompt, environment),
            move |tx, (taken, grants, agent, prompt, environment)| {
                Box::pin(async move {
                    Identity::put_people(tx, &taken.people).await?;
                    Identity::bound_in_copy(tx, member_id, grants, agent).await?;
                    Crm::put_records(tx, &taken.records).await?;
                    Agents::put_agents(tx, &taken.agents).await?;
                    Agents::tell_in_copy(tx, environment, agent_id, prompt, now).await?;
                    Ok::<_, Error>(())
                })
            },
        )
        .await?;
        whole.identity.adopt(self.inner().operator, WorkspaceSummary { id: workspace, name }, acting).await?;
        Ok((Sandbox::begin(self.clone(), whole, Whose { workspace, member: member_id, begun: 0 }), copied))
    }
}
