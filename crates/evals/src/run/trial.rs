//! One trial: a conversation in a workspace of its own, and what can be seen after it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use kontor_agents::{Decision, SessionContext};
use kontor_core::{
    caller::Caller,
    environment::Environment,
    error::Fault as _,
    ids::{ApprovalId, RecordId, SessionId, TurnId},
    turn::TurnEvent,
};
use kontor_crm::records::RecordWrite;
use kontor_identity::MemberPatch;
use kontor_models::Models;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    Error, Judging, USUAL_AGENT,
    observe::Seen,
    script::Script,
    speaker::Speaker,
    world::{Building, World, all_records, schema},
};
use crate::{
    dataset::{
        Answer, Case, Injection, InjectionMode, ReferenceCall,
        refs::{self, Ids},
    },
    grade::{Ending, Observed, Records},
    sandbox::{FailOnce, Sandbox, Settled},
};

/// Approvals that one turn may ask for, so that an agent that asks again and again comes to an end.
const MOST_APPROVALS: usize = 50;
/// Changes that are counted: more than a case's own records and a conversation make.
const MOST_CHANGES: u64 = 100_000;

/// What of a case is run.
pub(super) struct Asked<'r> {
    /// With the dataset's defaults.
    pub(super) case: &'r Case,
    pub(super) world: &'r World,
    pub(super) models: Models,
    /// The scripted model among them, which gets its rules from the case.
    pub(super) script: Option<Arc<Script>>,
    /// Whether the attacker's texts stand in the records.
    pub(super) attacked: bool,
    /// How long a turn may take.
    pub(super) limit: Duration,
}

/// What was seen of a trial, and the case with ids in the place of local ones.
pub(super) struct Tried {
    pub(super) case: Case,
    pub(super) observed: Observed,
    /// What was said, in order.
    pub(super) messages: Vec<String>,
    /// The models that answered.
    pub(super) models: BTreeSet<String>,
    /// What the judge of its rubric used up.
    pub(super) judging: Option<Judging>,
}

impl Asked<'_> {
    /// Runs the conversation. An error is never the agent's doing.
    pub(super) async fn run(self) -> Result<Tried, Error> {
        self.world.check_agent(self.case.agent.as_deref().unwrap_or(USUAL_AGENT))?;
        let failing = self.fails_once().then(FailOnce::default);
        let scene = Scene::open(&self, failing.as_ref()).await?;
        if let Some(script) = &self.script {
            script.set(self.case, &scene.ids)?;
        }
        let case = scene.case.clone();
        let before = scene.before.clone();
        let reference =
            match case.expect.state.as_ref().map(|state| &state.same_as).filter(|calls| !calls.is_empty()) {
                None => None,
                Some(calls) => Some(self.reference(calls).await?),
            };
        let begun = Instant::now();
        let mut seen = Seen::default();
        let ended = scene.talk(&self, &mut seen).await;
        let latency = begun.elapsed();
        let unread = failing.as_ref().map(FailOnce::left).unwrap_or_default();
        let outcome = match ended {
            Ok(_) if !unread.is_empty() => {
                let told = format!(
                    "{} was not called, so that nobody has read the attacker's error",
                    unread.join(", ")
                );
                Err(Error::fixture("attack.inject", told))
            }
            Ok(ending) => {
                let after = scene.after().await?;
                let schema = schema(&scene.sandbox, &scene.admin).await?;
                let usage = seen.usage(latency);
                let observed = Observed {
                    schema,
                    before,
                    after,
                    reference,
                    calls: seen.calls,
                    replies: seen.replies,
                    usage,
                    ending,
                    votes: None,
                    member: scene.member.member(),
                    now: scene.sandbox.environment().now(),
                    locale: scene.member.locale,
                };
                Ok(Tried { case, observed, messages: seen.messages, models: seen.models, judging: None })
            }
            Err(error) => Err(error),
        };
        scene.sandbox.close().await;
        outcome
    }

    /// Whether the attacker has an operation fail.
    fn fails_once(&self) -> bool {
        let attack = self.case.attack.as_ref().filter(|_| self.attacked);
        attack.is_some_and(|attack| attack.inject.iter().any(|injection| injection.error_of.is_some()))
    }

    /// What the reference operations leave on a fresh copy; or why they could not be run.
    async fn reference(&self, calls: &[ReferenceCall]) -> Result<Result<Records, String>, Error> {
        let scene = Scene::open(self, None).await?;
        let mut ids = scene.ids.clone();
        let mut failed = None;
        for (index, call) in calls.iter().enumerate() {
            match scene.refer(call, &mut ids).await {
                Ok(()) => {}
                Err(told) => {
                    failed = Some(format!("expect.state.same_as[{index}]: {told}"));
                    break;
                }
            }
        }
        let records = match failed {
            Some(told) => Err(told),
            None => Ok(scene.after().await?),
        };
        scene.sandbox.close().await;
        Ok(records)
    }
}

/// A workspace in which a case is about to begin.
struct Scene {
    sandbox: Sandbox,
    admin: Caller,
    /// Who asks.
    member: Caller,
    case: Case,
    ids: Ids,
    /// The objects of its records, by local id.
    objects: BTreeMap<String, String>,
    before: Records,
    /// How many changes there were before the conversation.
    changes: usize,
}

impl Scene {
    /// `failing` are the operations that the attacker has fail, where that is to be.
    async fn open(asked: &Asked<'_>, failing: Option<&FailOnce>) -> Result<Self, Error> {
        let Asked { case, world, attacked, .. } = asked;
        let environment = Environment::reproducible(world.clock, seed(world.seed, &case.name));
        let sandbox = world.template.open_with(environment, asked.models.clone(), failing.cloned()).await?;
        let admin = sandbox.caller().await?;
        let mut building = Building::on(world, &sandbox, admin.clone());
        building.records(case.records.clone(), "records").await?;
        let Building { ids, objects, .. } = building;
        let case = resolved(case, &ids)?;
        let attack = case.attack.as_ref().filter(|_| *attacked);
        for injection in attack.iter().flat_map(|attack| &attack.inject) {
            inject(&sandbox, &admin, injection, &ids, &objects).await?;
            if let (Some(failing), Some(operation)) = (failing, &injection.error_of) {
                failing.fail(operation.clone(), injection.text.clone());
            }
        }
        let member = world.member(case.member.as_deref(), sandbox.member())?;
        if let Some(role) = &case.role {
            let patch = MemberPatch { role: Some(role.clone()), ..MemberPatch::default() };
            let changed = sandbox.identity().change_member(&admin, member, patch, None).await;
            changed.map_err(|error| Error::at("role", error))?;
        }
        let member = sandbox.identity().caller_of_member(sandbox.workspace(), member).await?;
        let changes = sandbox.changes(MOST_CHANGES).await?.len();
        let is_as_frozen = case.records.is_empty() && attack.is_none();
        let before = match is_as_frozen {
            true => world.records.clone(),
            false => all_records(&sandbox, &admin).await?,
        };
        Ok(Self { sandbox, admin, member, case, ids, objects, before, changes })
    }

    /// The conversation, to its end.
    async fn talk(&self, asked: &Asked<'_>, seen: &mut Seen) -> Result<Ending, Error> {
        let case = &self.case;
        let context = match &asked.case.in_view {
            None => None,
            Some(local) => {
                let told = || Error::fixture("in_view", format!("no record has the local id {local:?}"));
                let (object, id) = self.record(local).ok_or_else(told)?;
                Some(SessionContext { object, id })
            }
        };
        let agent = case.agent.as_deref().unwrap_or(USUAL_AGENT);
        let session = self.sandbox.session(&self.member, agent, context).await?;
        let mut user = Speaker::new(case)?;
        while let Some(message) = user.next(seen.replies.last().map(String::as_str)) {
            seen.messages.push(message.clone());
            let ending = self.turn(session, &message, asked.limit, seen).await?;
            if ending != Ending::Completed {
                return Ok(ending);
            }
        }
        Ok(Ending::Completed)
    }

    /// One message and all that comes of it, approvals included.
    async fn turn(
        &self,
        session: SessionId,
        message: &str,
        limit: Duration,
        seen: &mut Seen,
    ) -> Result<Ending, Error> {
        let turn = self.sandbox.say(&self.member, session, message).await?;
        let mut answered = 0;
        loop {
            let settled = self.settle(session, turn, limit).await?;
            if settled.has_ended() {
                return seen.add(settled.status, settled.events.iter().map(|logged| &*logged.event));
            }
            for approval in &settled.waits_for {
                answered += 1;
                let approved =
                    answered <= MOST_APPROVALS && self.answer(*approval, &settled) == Answer::Approve;
                let decision = Decision { approved, comment: String::new() };
                self.sandbox.agents().resolve_approval(&self.member, *approval, decision).await?;
            }
        }
    }

    async fn settle(&self, session: SessionId, turn: TurnId, limit: Duration) -> Result<Settled, Error> {
        match self.sandbox.settle(&self.member, session, turn, limit).await {
            Err(crate::sandbox::Error::TurnTooLong) => Err(Error::TooLong { seconds: limit.as_secs() }),
            settled => Ok(settled?),
        }
    }

    /// What the case says to an approval.
    fn answer(&self, approval: ApprovalId, settled: &Settled) -> Answer {
        let asked = settled.events.iter().find_map(|logged| match &*logged.event {
            TurnEvent::ApprovalRequested { approval: id, operation, arguments, .. } if *id == approval => {
                Some((operation, arguments))
            }
            _ => None,
        });
        match asked {
            Some((operation, Json::Object(arguments))) => self.case.approval(operation, arguments),
            Some((operation, _)) => self.case.approval(operation, &Map::new()),
            None => Answer::Refuse,
        }
    }

    /// The records as they are now.
    async fn after(&self) -> Result<Records, Error> {
        if self.sandbox.changes(MOST_CHANGES).await?.len() == self.changes {
            return Ok(self.before.clone());
        }
        all_records(&self.sandbox, &self.admin).await
    }

    fn record(&self, local: &str) -> Option<(String, RecordId)> {
        let id = self.ids.get(local)?.parse::<Uuid>().ok()?;
        let object = self.objects.get(local)?;
        Some((object.clone(), RecordId(id)))
    }

    /// Runs an operation of the reference, as the member.
    async fn refer(&self, call: &ReferenceCall, ids: &mut Ids) -> Result<(), String> {
        let arguments = refs::resolved(&call.arguments, ids).map_err(|error| error.to_string())?;
        let operations = self.sandbox.operations();
        let done = operations.execute(&self.member, &call.operation, Json::Object(arguments), None).await;
        let answer = done.map_err(|error| error.problem().to_string())?;
        if let Some(local) = &call.id {
            let id = answer["record"]["id"].as_str();
            let id = id.ok_or_else(|| format!("{} makes no record", call.operation))?;
            ids.insert(local.clone(), id.to_owned());
        }
        Ok(())
    }
}

/// A case with ids in the place of local ones. Its reference operations give local ids to what they make, so that theirs
/// are put in as they are run.
fn resolved(case: &Case, ids: &Ids) -> Result<Case, Error> {
    let mut case = case.clone();
    let reference = case.expect.state.as_mut().map(|state| std::mem::take(&mut state.same_as));
    let resolved: Result<Case, _> = refs::resolved(&case, ids);
    let mut case = resolved.map_err(|error| Error::fixture("case", error.to_string()))?;
    if let (Some(state), Some(reference)) = (&mut case.expect.state, reference) {
        state.same_as = reference;
    }
    Ok(case)
}

/// Puts an attacker's text into a record.
async fn inject(
    sandbox: &Sandbox,
    admin: &Caller,
    injection: &Injection,
    ids: &Ids,
    objects: &BTreeMap<String, String>,
) -> Result<(), Error> {
    // Labels and errors are put in where the workspace is made and opened.
    let (Some(local), Some(path)) = (&injection.record, &injection.field) else { return Ok(()) };
    let unknown = || Error::fixture("attack.inject", format!("no record has the local id {local:?}"));
    let id = ids.get(local).and_then(|id| id.parse::<Uuid>().ok()).map(RecordId).ok_or_else(unknown)?;
    let object = objects.get(local).ok_or_else(unknown)?;
    let (field, part) = match path.split_once('.') {
        Some((field, part)) => (field, Some(part)),
        None => (path.as_str(), None),
    };
    let record = sandbox.crm().get(admin, object, id, None, Vec::new()).await?.to_json();
    let present = &record[field];
    let text = |present: &Json| match (injection.mode, present.as_str().filter(|text| !text.is_empty())) {
        (InjectionMode::Append, Some(text)) => json!(format!("{text}\n{}", injection.text)),
        _ => json!(injection.text),
    };
    let value = match part {
        None => text(present),
        Some(part) => {
            let mut whole = present.as_object().cloned().unwrap_or_default();
            let filled = text(whole.get(part).unwrap_or(&Json::Null));
            whole.insert(part.to_owned(), filled);
            Json::Object(whole)
        }
    };
    let fields = Map::from_iter([(field.to_owned(), value)]);
    let write = RecordWrite::Update { id, fields, if_match: None };
    let written = sandbox.crm().write_record(admin, object, write).await;
    written.map(drop).map_err(|error| Error::at("attack.inject", error))
}

/// Of a case, whichever cases there are beside it.
fn seed(of_fixture: u64, case: &str) -> u64 {
    let digest = Sha256::new().chain_update(of_fixture.to_be_bytes()).chain_update(case).finalize();
    digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}
