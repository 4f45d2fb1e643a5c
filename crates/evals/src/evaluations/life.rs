//! A turn of a chat made a case: what was said, with the records that it touched as far as the caller may read them.

use std::collections::{BTreeMap, BTreeSet};

use kontor_agents::{TraceCall, TraceStep};
use kontor_core::{
    caller::Caller,
    error::Issue,
    grants::Permission,
    ids::{RecordId, TurnId},
    operation::Effect,
    text,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::{DatasetChanges, DatasetView, Error, Evaluations};
use crate::dataset::{ArgumentMatch, Case, Expectations, ExpectedCall, FixtureRecord, State, Trajectory};

/// Records that a case begins with, at most.
const MOST_RECORDS: usize = 50;
/// Characters of a case's name.
const NAME: usize = 80;

/// Which turn is to be a case.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    pub turn: TurnId,
    /// What the case is called; the beginning of the message where it is left out.
    #[serde(default)]
    pub name: Option<String>,
    /// Why it is here, for people.
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub tags: Vec<String>,
}

impl Evaluations {
    /// Adds a turn to a dataset as a case. It expects that the same writes are made, and of a turn without one that
    /// nothing changes: whoever wants more of it says so in the dataset.
    ///
    /// # Errors
    /// Without the permission `evaluations`; where the caller may not look into the turn; [`Error::DatasetNotFound`];
    /// what is wrong with the dataset then; [`Error::DatasetChanged`].
    pub async fn add_case(&self, caller: &Caller, dataset: &str, new: NewCase) -> Result<DatasetView, Error> {
        caller.require(Permission::Evaluations)?;
        let present = self.dataset(caller, dataset).await?;
        let trace = self.0.source.agents.trace(caller, new.turn).await?;
        let message = trace.turn.message.clone();
        let calls: Vec<&TraceCall> = calls_of(&trace.steps);
        let records = self.touched(caller, &calls).await?;
        let name = new.name.unwrap_or_else(|| text::excerpt(message.trim(), NAME));
        if present.content.cases.iter().any(|case| case.name == name) {
            let told = format!("the dataset has a case {name:?} already");
            return Err(Error::Invalid(vec![Issue::new("name", "case_exists", told)]));
        }
        let case = Case {
            name,
            description: new.description.unwrap_or_else(|| format!("Of the turn {}.", new.turn)),
            tags: new.tags,
            agent: trace.agent.map(|agent| agent.name),
            records,
            turns: vec![message],
            expect: expected(&calls),
            ..Case::default()
        };
        let mut cases = present.content.cases.clone();
        cases.push(case);
        let content = Map::from_iter([("cases".to_owned(), serde_json::to_value(cases)?)]);
        let changes = DatasetChanges { version: Some(present.version), content, ..DatasetChanges::default() };
        self.change_dataset(caller, dataset, changes, false).await
    }

    /// The records that calls named or were answered, as they are now, as far as the caller may read them.
    async fn touched(&self, caller: &Caller, calls: &[&TraceCall]) -> Result<Vec<FixtureRecord>, Error> {
        let schema = self.0.crm.schema(caller.workspace).await?;
        let mut named: BTreeSet<(String, Uuid)> = BTreeSet::new();
        for call in calls {
            let Some((object, _)) = call.operation.split_once('.') else { continue };
            let mut ids = BTreeSet::new();
            for told in [Some(&call.arguments), call.result.as_ref()].into_iter().flatten() {
                ids_in(told, &mut ids);
            }
            // What a turn made is not there before it.
            if !call.operation.ends_with(".create") && schema.object(object).is_some() {
                named.extend(ids.into_iter().map(|id| (object.to_owned(), id)));
            }
        }
        let mut found = Vec::new();
        for (object, id) in named.into_iter().take(MOST_RECORDS) {
            match self.0.crm.get(caller, &object, RecordId(id), None, Vec::new()).await {
                Ok(record) => found.push((object, id, record.to_json())),
                // It is gone, or not for the caller's eyes.
                Err(error) => tracing::debug!(%error, object, "a record stays out of a case"),
            }
        }
        let local: BTreeMap<Uuid, String> = found
            .iter()
            .enumerate()
            .map(|(index, (object, id, _))| (*id, format!("{object}-{}", index + 1)))
            .collect();
        let reference = |value: &Json| {
            let id = value.as_str().or_else(|| value["id"].as_str())?.parse::<Uuid>().ok()?;
            Some(format!("$ref({})", local.get(&id)?))
        };
        let records = found.into_iter().filter_map(|(object, id, json)| {
            let of_object = schema.object(&object)?;
            let written = of_object.fields.iter().filter(|field| !field.is_system);
            let values = written.filter_map(|field| {
                let value = json.get(field.name.as_str()).filter(|value| !value.is_null())?;
                // Of what it points to, only the case's own records.
                let value = if field.kind.relation().is_some() {
                    json!(reference(value)?)
                } else if field.kind.targets().is_some() {
                    json!({"object": value["object"], "id": reference(value)?})
                } else {
                    value.clone()
                };
                Some((field.name.to_string(), value))
            });
            let values = values.collect();
            Some(FixtureRecord { id: local.get(&id).cloned(), object, values })
        });
        Ok(in_order(records.collect()))
    }
}

/// Records behind those that they point to. What points to one another is pointed to no more.
fn in_order(mut left: Vec<FixtureRecord>) -> Vec<FixtureRecord> {
    let mut ordered: Vec<FixtureRecord> = Vec::new();
    while !left.is_empty() {
        let missing: Vec<_> =
            left.iter().filter_map(|record| Some(format!("$ref({})", record.id.as_ref()?))).collect();
        let points =
            |value: &Json| missing.iter().any(|reference| value.to_string().contains(reference.as_str()));
        let (waiting, ready): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|record| record.values.values().any(points));
        left = if ready.is_empty() {
            let clear = |record: FixtureRecord| {
                let values = record.values.into_iter().filter(|(_, value)| !points(value)).collect();
                FixtureRecord { values, ..record }
            };
            waiting.into_iter().map(clear).collect()
        } else {
            waiting
        };
        ordered.extend(ready);
    }
    ordered
}

/// The calls of a turn, of agents that were asked too.
fn calls_of(steps: &[TraceStep]) -> Vec<&TraceCall> {
    let mut all = Vec::new();
    for call in steps.iter().flat_map(|step| &step.calls) {
        all.push(call);
        if let Some(asked) = &call.asked {
            all.extend(calls_of(&asked.steps));
        }
    }
    all
}

fn expected(calls: &[&TraceCall]) -> Expectations {
    let is_write = |call: &&&TraceCall| {
        call.outcome == Some("succeeded") && call.effect.is_some_and(|effect| effect != Effect::Read)
    };
    let writes: Vec<_> = calls.iter().filter(is_write).map(|call| call.operation.clone()).collect();
    if writes.is_empty() {
        let state = State { unchanged: true, ..State::default() };
        return Expectations { state: Some(state), ..Expectations::default() };
    }
    let calls = writes.into_iter().map(|operation| ExpectedCall {
        operation,
        arguments: None,
        arguments_match: ArgumentMatch::default(),
        predicates: BTreeMap::new(),
    });
    let trajectory = Trajectory { calls: calls.collect(), ..Trajectory::default() };
    Expectations { trajectory: Some(trajectory), ..Expectations::default() }
}

/// Every id in a JSON.
fn ids_in(json: &Json, found: &mut BTreeSet<Uuid>) {
    match json {
        Json::String(text) => found.extend(text.parse::<Uuid>().ok()),
        Json::Array(items) => items.iter().for_each(|item| ids_in(item, found)),
        Json::Object(members) => members.values().for_each(|member| ids_in(member, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
