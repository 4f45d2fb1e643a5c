//! What an agent's model would be sent for a member who looks at a record.

use kontor_core::{
    caller::Caller,
    error::Issue,
    ids::{MemberId, RecordId},
    text,
};
use kontor_crm::records;
use kontor_models::{RecordInView, Scene, SceneMember, ToolDefinition, tokens::estimate};
use kontor_operations::Work;
use serde::{Deserialize, Serialize};

use crate::{
    access::member_of,
    definition::Agent,
    definitions::require_either,
    driver::{offered, tools_in},
    engine::{Agents, LoadedAgent},
    error::Error,
    prompts::{self, Values},
    rows::prompts as rows,
};

/// What is to be looked at.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewPreview {
    /// A version of the prompt; without one and without a body, the one that live traffic uses.
    pub version: Option<i64>,
    /// A prompt that is not saved.
    pub body: Option<String>,
    /// For whom it acts, by id; without one, the caller.
    pub member: Option<String>,
    /// What they look at.
    pub record: Option<PreviewRecord>,
}

/// A record that is in view: its object and id, or its id alone.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(
    untagged,
    expecting = "the id of a record is expected here, or an object with its \"object\" and \"id\""
)]
pub enum PreviewRecord {
    Of { object: String, id: RecordId },
    Id(RecordId),
}

/// What a model would be sent before the conversation.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Preview {
    pub prompt: String,
    pub tools: Vec<ToolDefinition>,
    pub tokens: PreviewTokens,
}

/// Tokens by part, estimated: rather too many than too few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PreviewTokens {
    pub prompt: usize,
    pub tools: usize,
    pub total: usize,
}

impl Agents {
    /// Renders a prompt of an agent for a member and a record. Nothing is shown that the caller may not see themselves:
    /// the member's grants count only as far as the caller's own go.
    ///
    /// # Errors
    /// Without the permission `agents` or `prompts`; [`Error::AgentNotFound`]; [`Error::PromptNotFound`];
    /// [`Error::Invalid`] with all that is wrong, of a prompt with its lines and columns.
    pub async fn preview(&self, caller: &Caller, name: &str, asked: NewPreview) -> Result<Preview, Error> {
        require_either(caller)?;
        let own = member_of(caller)?;
        let mut agent = self.read_agent(caller, name).await?;
        agent.prompt = self.asked_prompt(caller, &agent, asked.version, asked.body).await?;
        let agent = LoadedAgent::new(agent)?;
        let service = &self.0;
        let member = match &asked.member {
            None => own,
            Some(text) => self.member_in_sight(caller, own, text).await?,
        };
        let member_caller = service.identity.caller_of_member(caller.workspace, member).await?;
        let me = service.identity.me(&member_caller).await?;
        let role = service.identity.role_grants(caller.workspace, &agent.definition.role).await?;
        let schema = service.crm.schema(caller.workspace).await?;
        // No more than the caller may see themselves.
        let mut bounded = member_caller.clone();
        bounded.grants = std::sync::Arc::new(member_caller.grants.intersect(&caller.grants));
        let definition = &agent.definition;
        let acting = bounded.through_agent(agent.id, &definition.label, &role, &definition.operations);
        let registry = service.operations.catalogue(caller.workspace, &schema, &acting.grants);
        let (surface, definitions) =
            offered(&registry, &acting, &schema, service.settings.limits.surface_tokens);
        let (workspace, grants, itself) = (caller.workspace, &bounded.grants, [agent.id]);
        let colleagues = self.colleagues(workspace, &definition.ask, grants, &itself).await?;
        let successors = self.colleagues(workspace, &definition.hand_to, grants, &itself).await?;
        let record = match asked.record {
            None => None,
            Some(record) => Some(self.record_in_sight(caller, &acting, record).await?),
        };
        let scene = Scene {
            today: acting.today(service.environment.now()),
            time_zone: acting.locale.time_zone,
            dates: acting.locale.dates,
            member: SceneMember { id: member, name: me.member.name },
            record,
            definitions,
            colleagues: colleagues.into_iter().map(|(_, colleague)| colleague).collect(),
            successors: successors.into_iter().map(|(_, colleague)| colleague).collect(),
        };
        let prompt = agent.render(&Values {
            agent_label: &definition.label,
            workspace: &me.workspace.name,
            role: &me.member.role,
            scene: &scene,
            objects: surface.outline(),
        })?;
        let (tools, tool_tokens) = tools_in(&surface, &scene);
        let tokens = PreviewTokens { prompt: estimate(&prompt), tools: tool_tokens, total: 0 };
        let tokens = PreviewTokens { total: tokens.prompt + tokens.tools, ..tokens };
        Ok(Preview { prompt, tools: tools.to_vec(), tokens })
    }

    /// The prompt that is looked at or tried: one of the agent's versions, one that is not saved, or the one that live
    /// traffic uses.
    pub(crate) async fn asked_prompt(
        &self,
        caller: &Caller,
        agent: &Agent,
        version: Option<i64>,
        body: Option<String>,
    ) -> Result<String, Error> {
        match (version, body) {
            (Some(_), Some(_)) => {
                let told = "a version or a body is given, not both";
                Err(Error::invalid("body", "ambiguous", told))
            }
            (None, Some(body)) => match prompts::issues("body", &body) {
                issues if issues.is_empty() => Ok(body),
                issues => Err(Error::InvalidPrompt(issues)),
            },
            (Some(version), None) => {
                let namespace = self.namespace(caller.workspace).await?;
                let found = namespace
                    .read((agent.id, version), |tx, &(id, version)| Box::pin(rows::find(tx, id, version)))
                    .await?;
                Ok(found.ok_or(Error::PromptNotFound(version))?.body)
            }
            (None, None) => Ok(agent.prompt.clone()),
        }
    }

    /// A member whose record the caller may read.
    pub(crate) async fn member_in_sight(
        &self,
        caller: &Caller,
        own: MemberId,
        id: &str,
    ) -> Result<MemberId, Error> {
        let unknown = || {
            let told = format!("There is no member {:?}.", text::excerpt(id, 60));
            Error::invalid("member", "unknown_member", told)
        };
        let member: MemberId = id.parse().map_err(|_| unknown())?;
        if member == own {
            return Ok(member);
        }
        let record = RecordId(member.as_uuid());
        match self.label_in_sight(caller, "member", record).await? {
            Some(_) => Ok(member),
            None => Err(unknown()),
        }
    }

    /// A record that both may read, the caller and the agent for the member.
    pub(crate) async fn record_in_sight(
        &self,
        caller: &Caller,
        acting: &Caller,
        record: PreviewRecord,
    ) -> Result<RecordInView, Error> {
        let schema = self.0.crm.schema(caller.workspace).await?;
        let (objects, id) = match record {
            PreviewRecord::Of { object, id } => {
                let near = schema
                    .objects()
                    .iter()
                    .filter(|known| caller.grants.allows(&known.name, kontor_core::grants::Action::Read));
                let near = text::suggestion(&object, near.map(|known| known.name.as_str()));
                let known = caller.grants.readable_object(&schema, &object).cloned();
                let known = known.ok_or_else(|| {
                    let told = format!("There is no object {:?}.{near}", text::excerpt(&object, 60));
                    Error::Invalid(vec![Issue::new("record.object", "unknown_object", told)])
                })?;
                (vec![known], id)
            }
            PreviewRecord::Id(id) => (caller.grants.readable(&schema).cloned().collect(), id),
        };
        for object in objects {
            // Both are asked: row rules may tell them apart.
            if self.label_in_sight(caller, &object.name, id).await?.is_none() {
                continue;
            }
            if let Some(label) = self.label_in_sight(acting, &object.name, id).await? {
                let path = format!("/records/{}/{id}", object.plural);
                return Ok(RecordInView { object: object.name.clone(), label, id, path });
            }
        }
        let told = "There is no such record that you and the agent may read.";
        Err(Error::invalid("record", "unknown_record", told))
    }

    /// The name of a record that a caller may read.
    async fn label_in_sight(
        &self,
        caller: &Caller,
        object: &str,
        id: RecordId,
    ) -> Result<Option<String>, Error> {
        let schema = self.0.crm.schema(caller.workspace).await?;
        let Some(object) = caller.grants.readable_object(&schema, object).cloned() else { return Ok(None) };
        let namespace = self.namespace(caller.workspace).await?;
        let environment = self.0.environment.clone();
        namespace
            .read(
                (caller.clone(), schema, environment, object),
                move |tx, (caller, schema, environment, object)| {
                    Box::pin(async move {
                        let mut work = Work::new(tx, caller, schema, environment, environment.now());
                        match records::get(&mut work, object, id, Some(&[]), &[]).await {
                            Ok(found) => Ok(Some(found.label)),
                            Err(
                                kontor_crm::Error::NotFound { .. } | kontor_crm::Error::NotAllowed { .. },
                            ) => Ok(None),
                            Err(error) => Err(Error::from(error)),
                        }
                    })
                },
            )
            .await
    }
}
