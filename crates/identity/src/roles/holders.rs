//! Who has a role.

use kontor_core::{
    ids::{MemberId, RoleId},
    time::Timestamp,
};
use kontor_store::Tx;
use serde::Serialize;

use crate::{
    Provisioner, Result, Role,
    rows::{api_keys, invitations, members},
};

/// How many members are named.
const NAMED: usize = 200;

/// Who has a role: members, whether they are active or not, agents, and who is invited to it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
pub struct RoleHolders {
    /// How many members have it.
    pub member_count: usize,
    /// By name, the first two hundred.
    pub members: Vec<NamedMember>,
    /// The names of the agents whose role it is.
    pub agents: Vec<String>,
    /// How many invitations that were not taken are to it.
    pub invitation_count: usize,
    /// The names of the API keys that have it.
    pub api_keys: Vec<String>,
}

/// A member as they are named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct NamedMember {
    pub id: MemberId,
    pub name: String,
}

impl RoleHolders {
    pub(super) async fn of(
        tx: &mut Tx<'_>,
        provisioner: &dyn Provisioner,
        role: &(RoleId, Role),
        now: Timestamp,
    ) -> Result<Self> {
        let all = members::with_role(tx, role.0).await?;
        let agents = provisioner.agents_of_role(tx, &role.1.name).await?;
        let member_count = all.len();
        let members = all.into_iter().take(NAMED).map(|(id, name)| NamedMember { id, name }).collect();
        let invitation_count = invitations::to_role(tx, role.0, now).await?;
        let api_keys = api_keys::with_role(tx, role.0).await?;
        Ok(Self { member_count, members, agents, invitation_count, api_keys })
    }

    pub fn is_nobody(&self) -> bool {
        self.member_count == 0
            && self.agents.is_empty()
            && self.invitation_count == 0
            && self.api_keys.is_empty()
    }

    /// In words: `Max Okafor, 2 more members and the agent analyst`.
    pub(crate) fn in_words(&self) -> String {
        const SHOWN: usize = 3;
        let mut words: Vec<String> =
            self.members.iter().take(SHOWN).map(|member| member.name.clone()).collect();
        match self.member_count.saturating_sub(SHOWN) {
            0 => {}
            1 => words.push("one more member".to_owned()),
            more => words.push(format!("{more} more members")),
        }
        words.extend(self.agents.iter().map(|agent| format!("the agent {agent}")));
        words.extend(self.api_keys.iter().map(|key| format!("the API key {key}")));
        match self.invitation_count {
            0 => {}
            1 => words.push("an open invitation".to_owned()),
            several => words.push(format!("{several} open invitations")),
        }
        match words.pop() {
            Some(last) if !words.is_empty() => format!("{} and {last}", words.join(", ")),
            Some(only) => only,
            None => String::new(),
        }
    }
}
