//! Whether objects, fields and filters that a dataset names are there. What a dataset adds to the standard objects is
//! known to the workspace that it runs in; here it is not looked at.

use std::collections::{BTreeMap, BTreeSet};

use kontor_core::{
    environment::Environment,
    error::{Issue, join_path},
    filter::{Asker, OwnRecord, Readable, parse_filter},
    ids::MemberId,
    locale::Locale,
    metadata::{Object, Schema, system_fields},
    text,
    time::Timestamp,
    value::parse_value,
};
use serde_json::{Map, Value as Json};

use super::{Dataset, Fixture, FixtureRecord, RecordAssertion, refs};

/// The objects of a new workspace.
pub fn standard() -> Schema {
    let environment = Environment::reproducible(Timestamp::EPOCH, 1);
    Schema::new(1, kontor_crm::standard::objects(&environment))
}

/// All that is named and is not there, by path.
pub fn unknown(dataset: &Dataset, schema: &Schema) -> Vec<Issue> {
    let mut names =
        Names { schema, custom: Custom::of(&dataset.fixture), ids: BTreeMap::new(), issues: Vec::new() };
    names.know(&dataset.fixture.local_ids());
    names.records(&dataset.fixture.records, "fixture.records");
    for (index, table) in dataset.fixture.tables.iter().enumerate() {
        let at = format!("fixture.tables[{index}]");
        let records: Vec<_> = table.records().collect();
        for (row, record) in records.iter().enumerate() {
            names.record(record, &format!("{at}.rows[{row}]"));
        }
    }
    for (index, known) in dataset.fixture.known.iter().enumerate() {
        names.filter(&known.object, &known.filter, &format!("fixture.known[{index}]"));
    }
    names.state(dataset.defaults.expect.state.as_ref(), "defaults.expect.state");
    for (index, case) in dataset.cases.iter().enumerate() {
        let at = format!("cases[{index}]");
        names.know(&case.records.iter().filter_map(|record| record.id.clone()).collect());
        names.records(&case.records, &join_path(&at, "records"));
        names.state(case.expect.state.as_ref(), &join_path(&at, "expect.state"));
        if let Some(attack) = &case.attack {
            names.assertions(&attack.success.records, &join_path(&at, "attack.success.records"));
        }
    }
    names.issues
}

/// What a fixture adds to the standard objects.
struct Custom {
    objects: BTreeSet<String>,
    fields: BTreeSet<(String, String)>,
}

impl Custom {
    fn of(fixture: &Fixture) -> Self {
        let name = |body: &Map<String, Json>| body.get("name").and_then(Json::as_str).map(str::to_owned);
        let fields = fixture.fields.iter().flat_map(|(object, fields)| {
            fields.iter().filter_map(move |field| Some((object.clone(), name(field)?)))
        });
        Self { objects: fixture.objects.iter().filter_map(name).collect(), fields: fields.collect() }
    }
}

struct Everything;

impl Readable for Everything {
    fn can_read_field(&self, _object: &str, _field: &str) -> bool {
        true
    }
}

struct Names<'s> {
    schema: &'s Schema,
    custom: Custom,
    ids: refs::Ids,
    issues: Vec<Issue>,
}

impl<'s> Names<'s> {
    /// Local ids stand for ids whose form alone matters here.
    fn know(&mut self, ids: &BTreeSet<String>) {
        self.ids.extend(ids.iter().map(|id| (id.clone(), uuid::Uuid::nil().to_string())));
    }

    fn resolved(&self, json: &Json) -> Json {
        let mut json = json.clone();
        // An unknown local id has been told already.
        let _ = refs::resolve(&mut json, &self.ids);
        json
    }

    /// A standard object; nothing where there is none, which is told, or where the dataset makes it.
    fn object(&mut self, name: &str, at: &str) -> Option<&'s Object> {
        if let Some(object) = self.schema.object(name) {
            return Some(object);
        }
        if !self.custom.objects.contains(name) {
            let near =
                text::suggestion(name, self.schema.objects().iter().map(|object| object.name.as_str()));
            self.issues.push(Issue::new(at, "unknown_object", format!("there is no object {name:?}.{near}")));
        }
        None
    }

    fn is_custom_field(&self, object: &Object, field: &str) -> bool {
        self.custom.fields.contains(&(object.name.to_string(), field.to_owned()))
    }

    fn has_custom_fields(&self, object: &Object) -> bool {
        self.custom.fields.iter().any(|(of, _)| of == object.name.as_str())
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
        if let Err(issues) = parse_filter(&json, object, self.schema, &Everything, asker)
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
