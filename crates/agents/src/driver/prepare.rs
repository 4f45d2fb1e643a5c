use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kontor_core::{
    cache::Cache,
    caller::Caller,
    error::Problem,
    grants::Grants,
    ids::{AgentId, MemberId, WorkspaceId},
    metadata::Schema,
    operation::Effect,
    time::{Date, Timestamp},
};
use kontor_crm::records;
use kontor_models::{
    Colleague, Definitions, OfferedOperation, RecordInView, Scene, SceneMember, ToolDefinition,
    surface::{DESCRIBE, READ_MORE, Surface, ask_agent, hand_over},
};
use kontor_operations::{Registry, Work, is_for_programs};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Run;
use crate::{
    definition::require_agent, engine::LoadedAgent, error::Error, prompts::Values, stored::SentText,
};

/// How long the names in a prompt are believed.
const NAMES_BELIEVED: Duration = Duration::from_secs(30);
/// Preparations that are remembered.
const REMEMBERED: usize = 256;

/// An agent ready to act for a member: what the two may do together, and the tools that follow from it.
pub(super) struct Prepared {
    pub(super) agent: Arc<LoadedAgent>,
    pub(super) caller: Arc<Caller>,
    pub(super) schema: Arc<Schema>,
    pub(super) surface: Arc<Surface>,
    definitions: Arc<Definitions>,
    registry: Arc<Registry>,
    member_grants: Arc<Grants>,
    role_grants: Arc<Grants>,
    names: Names,
    named_at: Timestamp,
    /// That of a day, for sessions without a record in view.
    setting: Mutex<Option<Setting>>,
    /// The prompt that was sent last, and the tools, as they are kept.
    sent: Mutex<Option<Sent>>,
}

struct Sent {
    prompt: SentText,
    tools: SentText,
    /// What these tools are written from.
    written_from: Arc<[ToolDefinition]>,
}

/// The other agents that there are for one that answers.
struct Others {
    colleagues: Arc<[Colleague]>,
    successors: Arc<[Colleague]>,
    /// Whether one of them asks it.
    is_asked: bool,
}

/// What an agent that was asked is told beside its own prompt.
const ASKED: &str = "\n\nAnother agent of this workspace asks you, for the member. Your answer goes to that agent and not to the member: say all that was asked for in it, and ask nothing back.";

/// In what a step is asked for: the moment, and the prompt that tells a language model of it.
#[derive(Clone)]
pub(super) struct Setting {
    pub(super) scene: Arc<Scene>,
    pub(super) prompt: Arc<str>,
    pub(super) tools: Arc<[ToolDefinition]>,
    /// Tokens of the tools, estimated.
    pub(super) tool_tokens: usize,
    /// Whether another agent asks.
    is_asked: bool,
}

struct Names {
    workspace: String,
    member: String,
    role: String,
}

/// What was prepared, by whom it is for.
pub(crate) struct Preparations(Cache<(WorkspaceId, AgentId, MemberId, Option<Uuid>), Arc<Prepared>>);

impl Default for Preparations {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl Run<'_> {
    /// The member that the turn is for, as they stand now; where software began it, within what they let that do.
    pub(super) async fn principal(&self) -> Result<Caller, Error> {
        let identity = &self.agents.0.identity;
        Ok(match self.delegation {
            Some(delegation) => identity.caller_of_delegation(delegation).await?,
            None => identity.caller_of_member(self.workspace, self.member).await?,
        })
    }

    /// The agent with the member it acts for, as both stand now.
    pub(super) async fn prepare(&self) -> Result<Arc<Prepared>, Error> {
        let service = &self.agents.0;
        let (workspace, member) = (self.workspace, self.member);
        let (id, version) = self.acting();
        let agent = self.agents.agent_at(workspace, id, version).await?;
        let member_caller = self.principal().await?;
        require_agent(&member_caller, &agent.name)?;
        let role = service.identity.role_grants(workspace, &agent.definition.role).await?;
        let schema = service.crm.schema(workspace).await?;
        let now = service.environment.now();
        let key = (workspace, id, member, self.delegation);
        let known = service.preparations.0.get(&key);
        if let Some(known) = &known
            && known.still_holds(&agent, &member_caller, &role, &schema)
            && now.since(known.named_at) < NAMES_BELIEVED
        {
            return Ok(known.clone());
        }
        let me = service.identity.me(&member_caller).await?;
        let definition = &agent.definition;
        let caller = member_caller.through_agent(agent.id, &definition.label, &role, &definition.operations);
        let registry = service.operations.catalogue(workspace, &schema, &caller.grants);
        // The same for all members of a role, because models keep what they make of them.
        let shared = match self.delegation {
            None => service.preparations.shared(&registry, &agent),
            // Its scope is another.
            Some(_) => None,
        };
        let offer = || offered(&registry, &caller, &schema, service.settings.limits.surface_tokens);
        let (surface, definitions) = shared.unwrap_or_else(offer);
        let prepared = Arc::new(Prepared {
            agent,
            caller: Arc::new(caller),
            schema,
            surface,
            definitions,
            registry,
            member_grants: member_caller.grants.clone(),
            role_grants: role,
            names: Names { workspace: me.workspace.name, member: me.member.name, role: me.member.role },
            named_at: now,
            setting: Mutex::default(),
            sent: Mutex::default(),
        });
        service.preparations.0.insert(key, prepared.clone());
        Ok(prepared)
    }
}

impl Preparations {
    /// What was made of the same catalogue for the same agent.
    fn shared(&self, registry: &Arc<Registry>, agent: &Arc<LoadedAgent>) -> Option<Offered> {
        let is_same = |known: &Prepared| {
            Arc::ptr_eq(&known.registry, registry)
                && Arc::ptr_eq(&known.agent, agent)
                && known.caller.delegation.is_none()
        };
        let same = self.0.find(|_, known| is_same(known))?;
        Some((same.surface.clone(), same.definitions.clone()))
    }
}

impl Prepared {
    fn still_holds(
        &self,
        agent: &Arc<LoadedAgent>,
        member: &Caller,
        role: &Arc<Grants>,
        schema: &Arc<Schema>,
    ) -> bool {
        let same = |a: &Arc<Grants>, b: &Arc<Grants>| Arc::ptr_eq(a, b) || a == b;
        Arc::ptr_eq(&self.agent, agent)
            && self.schema.version() == schema.version()
            && self.caller.locale == member.locale
            && (Arc::ptr_eq(&self.caller.own, &member.own) || self.caller.own == member.own)
            && same(&self.member_grants, &member.grants)
            && same(&self.role_grants, role)
    }

    /// What the member may do whom the agent acts for.
    pub(super) fn member_grants(&self) -> &Grants {
        &self.member_grants
    }

    /// This prompt and these tools as they are kept.
    pub(super) fn sent(
        &self,
        prompt: &Arc<str>,
        tools: &Arc<[ToolDefinition]>,
    ) -> Result<(SentText, SentText), Error> {
        let mut last = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.take();
        let is_same = |sent: &Sent| Arc::ptr_eq(&sent.written_from, tools);
        let (prompt_before, tools_before) = match before {
            Some(sent) => {
                let tools = is_same(&sent).then_some(sent.tools);
                (Some(sent.prompt), tools)
            }
            None => (None, None),
        };
        let prompt = match prompt_before.filter(|sent| Arc::ptr_eq(&sent.text, prompt)) {
            Some(sent) => sent,
            None => SentText::new(prompt.clone()),
        };
        let written = match tools_before {
            Some(written) => written,
            None => {
                let tools = tools.iter().map(|tool| {
                    json!({"name": tool.name, "description": tool.description, "parameters": *tool.parameters})
                });
                SentText::new(serde_json::to_string(&tools.collect::<Vec<_>>())?.into())
            }
        };
        *last = Some(Sent { prompt: prompt.clone(), tools: written.clone(), written_from: tools.clone() });
        Ok((prompt, written))
    }

    /// That the agent is offered an operation of this name.
    pub(super) fn allows(&self, name: &str) -> Result<(), Problem> {
        if self.caller.scope.allows(name) {
            return Ok(());
        }
        Err(self.registry.unknown(&self.caller.scope, name))
    }

    /// Whether a call may be made now with arguments that fit.
    pub(super) fn check(&self, name: &str, arguments: &Value) -> Result<(), Problem> {
        if matches!(name, DESCRIBE | READ_MORE) {
            return Ok(());
        }
        self.registry.check(&self.caller.scope, name, arguments).map(drop)
    }

    /// How many records a call changes, where that is not one.
    pub(super) fn records(&self, name: &str, arguments: &Value) -> Option<u32> {
        let operation = self.registry.get(&self.caller.scope, name)?;
        let is_write = operation.definition().effect != Effect::Read;
        Some(operation.records(arguments)).filter(|records| is_write && *records != 1)
    }

    /// The scene and the prompt of this moment.
    pub(super) async fn setting(&self, run: &Run<'_>) -> Result<Setting, Error> {
        let today = self.caller.today(run.agents.0.environment.now());
        let colleagues = run.colleagues(self).await?.into_iter().map(|(_, colleague)| colleague);
        let colleagues: Arc<[Colleague]> = colleagues.collect();
        let successors = run.successors(self).await?.into_iter().map(|(_, colleague)| colleague);
        let successors: Arc<[Colleague]> = successors.collect();
        let others = Others { colleagues, successors, is_asked: run.state.part().is_some() };
        let Some((object, record)) = run.session.context() else {
            let mut kept = self.setting.lock().unwrap_or_else(PoisonError::into_inner);
            let still_holds = |setting: &&Setting| {
                setting.scene.today == today
                    && setting.is_asked == others.is_asked
                    && setting.scene.colleagues == others.colleagues
                    && setting.scene.successors == others.successors
            };
            if let Some(setting) = kept.as_ref().filter(still_holds) {
                return Ok(setting.clone());
            }
            let setting = self.set(today, None, others)?;
            *kept = Some(setting.clone());
            return Ok(setting);
        };
        let (caller, schema) = (self.caller.clone(), self.schema.clone());
        let environment = run.agents.0.environment.clone();
        let seen = run
            .namespace
            .read((caller, schema, environment, object), move |tx, (caller, schema, environment, object)| {
                Box::pin(async move {
                    let now = environment.now();
                    let Some(object) = schema.object(object).cloned() else { return Ok(None) };
                    let mut work = Work::new(tx, caller, schema, environment, now);
                    match records::get(&mut work, &object, record, Some(&[]), &[]).await {
                        Ok(found) => Ok(Some(RecordInView {
                            object: object.name.clone(),
                            label: found.label,
                            id: record,
                            path: format!("/records/{}/{record}", object.plural),
                        })),
                        // Gone, or not the agent's to see.
                        Err(kontor_crm::Error::NotFound { .. } | kontor_crm::Error::NotAllowed { .. }) => {
                            Ok(None)
                        }
                        Err(error) => Err(Error::from(error)),
                    }
                })
            })
            .await?;
        self.set(today, seen, others)
    }

    fn set(&self, today: Date, record: Option<RecordInView>, others: Others) -> Result<Setting, Error> {
        let Others { colleagues, successors, is_asked } = others;
        let id = self.caller.member().ok_or(Error::NotAMember)?;
        let scene = Scene {
            today,
            time_zone: self.caller.locale.time_zone,
            dates: self.caller.locale.dates,
            member: SceneMember { id, name: self.names.member.clone() },
            record,
            definitions: self.definitions.clone(),
            colleagues,
            successors,
        };
        let (tools, tool_tokens) = tools_in(&self.surface, &scene);
        let mut prompt = self.agent.render(&Values {
            agent_label: &self.agent.definition.label,
            workspace: &self.names.workspace,
            role: &self.names.role,
            scene: &scene,
            objects: self.surface.outline(),
        })?;
        if is_asked {
            prompt.push_str(ASKED);
        }
        Ok(Setting { scene: Arc::new(scene), prompt: prompt.into(), tools, tool_tokens, is_asked })
    }
}

/// The tools of a surface with those that ask and hand over to the other agents of a scene, and their tokens; where there
/// are none, the surface's own.
pub(crate) fn tools_in(surface: &Surface, scene: &Scene) -> (Arc<[ToolDefinition]>, usize) {
    let asking = (!scene.colleagues.is_empty()).then(|| ask_agent(&scene.colleagues));
    let handing = (!scene.successors.is_empty()).then(|| hand_over(&scene.successors));
    let (more, tokens): (Vec<_>, Vec<usize>) = asking.into_iter().chain(handing).unzip();
    if more.is_empty() {
        return (surface.tools().clone(), surface.tokens());
    }
    let tools = surface.tools().iter().cloned().chain(more).collect();
    (tools, surface.tokens() + tokens.iter().sum::<usize>())
}

/// What an agent is offered: as a language model is shown it, and as values.
pub(crate) type Offered = (Arc<Surface>, Arc<Definitions>);

pub(crate) fn offered(registry: &Registry, caller: &Caller, schema: &Arc<Schema>, tokens: usize) -> Offered {
    let is_shown = |definition: &&kontor_core::operation::Definition| !is_for_programs(&definition.name);
    let definitions = || registry.definitions(&caller.scope).filter(is_shown);
    let surface = Surface::new(definitions(), schema, &caller.grants, tokens);
    let operations = definitions()
        .map(|definition| OfferedOperation { name: definition.name.clone(), effect: definition.effect });
    let definitions = Definitions {
        schema: schema.clone(),
        grants: caller.grants.clone(),
        operations: operations.collect(),
    };
    (Arc::new(surface), Arc::new(definitions))
}
