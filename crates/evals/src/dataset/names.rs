//! Whether objects, fields, filters, roles and agents that a dataset names are there. Fields that a dataset adds are known
//! to the workspace that it runs in; what they hold is not looked at here.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use kontor_core::{
    environment::Environment,
    error::{Issue, join_path},
    filter::{Asker, OwnRecord, parse_filter},
    ids::MemberId,
    locale::Locale,
    metadata::{Field, Object, Schema, system_fields},
    text,
    time::Timestamp,
    value::parse_value,
};
use serde_json::{Map, Value as Json};

use super::{Case, Dataset, Fixture, FixtureRecord, Injection, RecordAssertion, refs};

/// What a workspace has that a dataset may name.
pub struct Known {
    pub schema: Arc<Schema>,
    /// The names of its roles.
    pub roles: Vec<String>,
    /// The names of its agents.
    pub agents: Vec<String>,
}

/// What a new workspace has.
pub fn standard() -> Known {
    let environment = Environment::reproducible(Timestamp::EPOCH, 1);
    Known {
        schema: Arc::new(Schema::new(1, kontor_crm::standard::objects(&environment))),
        roles: kontor_identity::standard_roles(),
        agents: kontor_agents::standard_agents(),
    }
}

/// All that is named and is not there, by path.
pub fn unknown(dataset: &Dataset, known: &Known) -> Vec<Issue> {
    let fixture = &dataset.fixture;
    let mut names = Names {
        schema: &known.schema,
        fields: fields_of(fixture),
        roles: with(&known.roles, &fixture.roles),
        agents: with(&known.agents, &fixture.agents),
        local: BTreeMap::new(),
        ids: BTreeMap::new(),
        issues: Vec::new(),
    };
    for member in &fixture.members {
        names.know(&member.id, MEMBER);
    }
    for record in fixture.all_records() {
        names.know_record(&record);
    }
    for (index, member) in fixture.members.iter().enumerate() {
        names.role(&member.role, &format!("fixture.members[{index}].role"));
    }
    names.records(&fixture.records, "fixture.records");
    for (index, table) in fixture.tables.iter().enumerate() {
        let at = format!("fixture.tables[{index}]");
        for (row, record) in table.records().enumerate() {
            names.record(&record, &format!("{at}.rows[{row}]"));
        }
    }
    let defaults = &dataset.defaults;
    names.member(defaults.member.as_deref(), "defaults.member");
    names.agent(defaults.agent.as_deref(), "defaults.agent");
    names.state(defaults.expect.state.as_ref(), "defaults.expect.state");
    for (index, case) in dataset.cases.iter().enumerate() {
        names.case(case, &format!("cases[{index}]"));
    }
    names.issues
}

/// The fields that a fixture adds to the standard objects, by object.
fn fields_of(fixture: &Fixture) -> BTreeSet<(String, String)> {
    let fields = fixture.fields.iter().flat_map(|(object, fields)| {
        fields.iter().filter_map(move |field| Some((object.clone(), name_of(field)?)))
    });
    fields.collect()
}

fn name_of(body: &Map<String, Json>) -> Option<String> {
    body.get("name").and_then(Json::as_str).map(str::to_owned)
}

/// Names that a workspace has, with those that a fixture adds.
fn with(known: &[String], added: &[Map<String, Json>]) -> Vec<String> {
    known.iter().cloned().chain(added.iter().filter_map(name_of)).collect()
}

/// The object of members.
const MEMBER: &str = "member";

struct Names<'s> {
    schema: &'s Schema,
    /// Those that the fixture adds, with their object before them.
    fields: BTreeSet<(String, String)>,
    roles: Vec<String>,
    agents: Vec<String>,
    /// The objects of what has a local id.
    local: BTreeMap<String, String>,
    /// Local ids stand for ids whose form alone matters here.
    ids: refs::Ids,
    issues: Vec<Issue>,
}

impl<'s> Names<'s> {
    fn know(&mut self, local: &str, object: &str) {
        self.local.insert(local.to_owned(), object.to_owned());
        self.ids.insert(local.to_owned(), uuid::Uuid::nil().to_string());
    }

    fn know_record(&mut self, record: &FixtureRecord) {
        if let Some(local) = &record.id {
            self.know(local, &record.object);
        }
    }

    fn case(&mut self, case: &Case, at: &str) {
        case.records.iter().for_each(|record| self.know_record(record));
        self.records(&case.records, &join_path(at, "records"));
        self.member(case.member.as_deref(), &join_path(at, "member"));
        self.agent(case.agent.as_deref(), &join_path(at, "agent"));
        if let Some(role) = &case.role {
            self.role(role, &join_path(at, "role"));
        }
        self.not_a_member(case.in_view.as_deref(), &join_path(at, "in_view"));
        self.state(case.expect.state.as_ref(), &join_path(at, "expect.state"));
        if let Some(attack) = &case.attack {
            let at = join_path(at, "attack");
            self.assertions(&attack.success.records, &join_path(&at, "success.records"));
            for (index, injection) in attack.inject.iter().enumerate() {
                self.injection(injection, &format!("{at}.inject[{index}]"));
            }
        }
    }

    fn injection(&mut self, injection: &Injection, at: &str) {
        self.not_a_member(injection.record.as_deref(), &join_path(at, "record"));
        let is_made = |path: &str| {
            path.split_once('.')
                .is_none_or(|(object, field)| self.fields.contains(&(object.to_owned(), field.to_owned())))
        };
        if let Some(path) = injection.label_of.as_ref().filter(|path| !is_made(path)) {
            let told =
                format!("the fixture makes no field {path}, so that its label cannot be the attacker's");
            self.issues.push(Issue::new(join_path(at, "label_of"), "unknown_field", told));
        }
    }

    fn role(&mut self, name: &str, at: &str) {
        if !self.roles.iter().any(|known| kontor_identity::is_same_role(known, name)) {
            let near = text::suggestion(name, self.roles.iter().map(String::as_str));
            self.issues.push(Issue::new(at, "unknown_role", format!("there is no role {name:?}.{near}")));
        }
    }

    fn agent(&mut self, name: Option<&str>, at: &str) {
        let Some(name) = name else { return };
        if !self.agents.iter().any(|known| known == name) {
            let near = text::suggestion(name, self.agents.iter().map(String::as_str));
            self.issues.push(Issue::new(at, "unknown_agent", format!("there is no agent {name:?}.{near}")));
        }
    }

    fn member(&mut self, local: Option<&str>, at: &str) {
        // One that nothing has was told already.
        let object = local.and_then(|local| self.local.get(local)).filter(|object| *object != MEMBER);
        if let (Some(local), Some(object)) = (local, object) {
            let told = format!("{local:?} is the local id of a record of {object}, and a member is expected");
            self.issues.push(Issue::new(at, "wrong_object", told));
        }
    }

    fn not_a_member(&mut self, local: Option<&str>, at: &str) {
        if let Some(local) = local
            && self.local.get(local).is_some_and(|object| object == MEMBER)
        {
            let told = format!("{local:?} is the local id of a member, and a record is expected");
            self.issues.push(Issue::new(at, "wrong_object", told));
        }
    }

    /// A field that leads to records of an object is given a local id of such a one.
    fn reference(&mut self, field: &Field, json: &Json, at: &str) {
        let local = json.as_str().and_then(|text| text.trim().strip_prefix(refs::OPENING)?.strip_suffix(')'));
        let Some((local, object)) = local.and_then(|local| self.local.get_key_value(local.trim())) else {
            return;
        };
        let fits = match (field.kind.relation(), field.kind.targets()) {
            (Some(expected), _) => expected.as_str() == object,
            (None, Some(expected)) => expected.iter().any(|expected| expected.as_str() == object),
            (None, None) => true,
        };
        if !fits {
            let told = format!(
                "{local:?} is the local id of a record of {object}, to which {} does not lead",
                field.name
            );
            self.issues.push(Issue::new(at, "wrong_object", told));
        }
    }

    fn resolved(&self, json: &Json) -> Json {
        let mut json = json.clone();
        // An unknown local id has been told already.
        let _ = refs::resolve(&mut json, &self.ids);
        json
    }

    /// An object; nothing where there is none, which is told.
    fn object(&mut self, name: &str, at: &str) -> Option<&'s Object> {
        if let Some(object) = self.schema.object(name) {
            return Some(object);
        }
        let near = text::suggestion(name, self.schema.objects().iter().map(|object| object.name.as_str()));
        self.issues.push(Issue::new(at, "unknown_object", format!("there is no object {name:?}.{near}")));
        None
    }

    fn is_custom_field(&self, object: &Object, field: &str) -> bool {
        self.fields.contains(&(object.name.to_string(), field.to_owned()))
    }

    fn has_custom_fields(&self, object: &Object) -> bool {
        self.fields.iter().any(|(of, _)| of == object.name.as_str())
    }

    fn records(&mut self, records: &[FixtureRecord], at: &str) {
        for (index, record) in records.iter().enumerate() {
            self.record(record, &format!("{at}[{index}]"));
        }
    }

    fn record(&mut self, record: &FixtureRecord, at: &str) {
        let Some(object) = self.object(&record.object, &join_path(at, "object")) else { return };
        self.values(object, &record.values, &join_path(at, "values"));
    }

    fn values(&mut self, object: &Object, values: &Map<String, Json>, at: &str) {
        for (name, json) in values {
            let at = join_path(at, name);
            match object.field(name) {
                Some(field) if field.is_system && field.name != *system_fields::POSITION => {
                    self.issues.push(Issue::new(
                        at,
                        "read_only",
                        format!("{name} is written by Kontor alone"),
                    ));
                }
                Some(field) => {
                    let wrong = parse_value(field, &self.resolved(json), None, &Locale::default()).err();
                    let of_field = wrong.into_iter().flatten().map(|issue| issue.within(&at));
                    self.issues.extend(of_field);
                    self.reference(field, json, &at);
                }
                None if self.is_custom_field(object, name) => {}
                None => {
                    let known = object.fields.iter().filter(|field| !field.is_system);
                    let near = text::suggestion(name, known.map(|field| field.name.as_str()));
                    let told = format!("{} has no field {name:?}.{near}", object.name);
                    self.issues.push(Issue::new(at, "unknown_field", told));
                }
            }
        }
    }

    fn filter(&mut self, object: &str, filter: &Map<String, Json>, at: &str) {
        let Some(object) = self.object(object, &join_path(at, "object")) else { return };
        let own = OwnRecord::new();
        let me = Some(MemberId(uuid::Uuid::nil()));
        let asker = Asker { me, own: &own, now: Timestamp::EPOCH, locale: Locale::default() };
        let json = self.resolved(&filter.clone().into());
        // A condition on a field of the dataset's own cannot be read here.
        if let Err(issues) = parse_filter(&json, object, self.schema, &crate::grade::Everything, asker)
            && !self.has_custom_fields(object)
        {
            let at = join_path(at, "where");
            self.issues.extend(issues.into_iter().map(|issue| issue.within(&at)));
        }
    }

    fn state(&mut self, state: Option<&super::State>, at: &str) {
        let Some(state) = state else { return };
        self.assertions(&state.records, &join_path(at, "records"));
        for (index, pattern) in state.ignore.iter().enumerate() {
            let at = format!("{at}.ignore[{index}]");
            let (object, field) =
                pattern.split_once('.').map_or((pattern.as_str(), None), |(o, f)| (o, Some(f)));
            if object == "*" {
                continue;
            }
            let Some(object) = self.object(object, &at) else { continue };
            let is_there = |field: &str| object.field(field).is_some() || self.is_custom_field(object, field);
            if let Some(field) = field.filter(|field| !is_there(field)) {
                let near = text::suggestion(field, object.fields.iter().map(|field| field.name.as_str()));
                let told = format!("{} has no field {field:?}.{near}", object.name);
                self.issues.push(Issue::new(at, "unknown_field", told));
            }
        }
    }

    fn assertions(&mut self, records: &[RecordAssertion], at: &str) {
        for (index, record) in records.iter().enumerate() {
            let at = format!("{at}[{index}]");
            self.filter(&record.object, &record.filter, &at);
            if let Some(object) = self.schema.object(&record.object) {
                self.values(object, &record.values, &join_path(&at, "values"));
            }
        }
    }
}
