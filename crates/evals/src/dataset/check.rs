//! What is wrong with a dataset that its schema cannot say.

use std::collections::{BTreeMap, BTreeSet};

use kontor_core::{
    error::{Issue, join_path},
    text,
};

use super::{
    ArgumentMatch, Attack, Case, Dataset, Expectations, ExpectedCall, Fixture, FixtureRecord, Injection,
    Predicate, RecordAssertion, Reply, State, Trajectory, TrajectoryMode, refs,
};
use crate::scripted::Rule;

/// All that is wrong, by path. `shared` are the local ids of the fixture's file.
pub(super) fn dataset(dataset: &Dataset, shared: &BTreeSet<String>) -> Vec<Issue> {
    let mut issues = Issues::default();
    issues.dataset_name(&dataset.name);
    let ids = issues.fixture(&dataset.fixture, "fixture", shared);
    issues.known_id(dataset.defaults.member.as_deref(), "defaults.member", &ids, "member");
    issues.expectations(&dataset.defaults.expect, "defaults.expect");
    issues.approvals(&dataset.defaults.approvals, "defaults.approvals");
    issues.known_refs(&dataset.defaults, "defaults", &ids);
    issues.script(&dataset.script, "script");
    issues.known_refs(&dataset.script, "script", &ids);
    if dataset.cases.is_empty() {
        issues.push("cases", "required", "a dataset has at least one case");
    }
    let mut names = BTreeMap::new();
    for (index, case) in dataset.cases.iter().enumerate() {
        let at = format!("cases[{index}]");
        if let Some(first) = names.insert(case.name.as_str(), index) {
            let told = format!("cases[{first}] has this name too");
            issues.push(&join_path(&at, "name"), "duplicate", told);
        }
        issues.case(case, &at, &ids);
        let effective = dataset.effective(case);
        if effective.expect.is_empty() {
            let told = "a case expects something: state, trajectory, reply, rubric or limits";
            issues.push(&join_path(&at, "expect"), "required", told);
        }
    }
    issues.0
}

/// All that is wrong with a fixture in a file of its own, by path.
pub(super) fn fixture_file(fixture: &Fixture) -> Vec<Issue> {
    let mut issues = Issues::default();
    if fixture.from.is_some() {
        issues.push("from", "not_here", "a fixture that is included includes no other");
    }
    issues.fixture(fixture, "", &BTreeSet::new());
    issues.0
}

#[derive(Default)]
struct Issues(Vec<Issue>);

impl Issues {
    fn push(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        self.0.push(Issue::new(path, code, message));
    }

    fn dataset_name(&mut self, name: &str) {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
        if name.is_empty() || name.len() > 60 || !name.bytes().all(fits) {
            let told = "expected 1 to 60 small letters, digits, hyphens and dots, such as sales-basics";
            self.push("name", "invalid_name", told);
        }
    }

    /// Checks a fixture; the local ids that are known after it.
    fn fixture(&mut self, fixture: &Fixture, at: &str, shared: &BTreeSet<String>) -> BTreeSet<String> {
        let mut ids = shared.clone();
        for (index, member) in fixture.members.iter().enumerate() {
            self.new_id(&member.id, &format!("{}[{index}].id", join_path(at, "members")), &mut ids);
        }
        self.records(&fixture.records, &join_path(at, "records"), &mut ids);
        for (index, table) in fixture.tables.iter().enumerate() {
            let at = format!("{}[{index}]", join_path(at, "tables"));
            let id_column = table.columns.iter().position(|column| column == "id");
            for (row_index, row) in table.rows.iter().enumerate() {
                let at = format!("{at}.rows[{row_index}]");
                if row.len() != table.columns.len() {
                    let told = format!("{} values for {} columns", row.len(), table.columns.len());
                    self.push(&at, "wrong_length", told);
                }
                self.known_refs(row, &at, &ids);
                if let Some(id) = id_column.and_then(|column| row.get(column)?.as_str()) {
                    self.new_id(id, &at, &mut ids);
                }
            }
        }
        ids
    }

    /// Records refer to those before them.
    fn records(&mut self, records: &[FixtureRecord], at: &str, ids: &mut BTreeSet<String>) {
        for (index, record) in records.iter().enumerate() {
            let at = format!("{at}[{index}]");
            self.known_refs(&record.values, &join_path(&at, "values"), ids);
            if let Some(id) = &record.id {
                self.new_id(id, &join_path(&at, "id"), ids);
            }
        }
    }

    fn new_id(&mut self, id: &str, at: &str, ids: &mut BTreeSet<String>) {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if id.is_empty() || !id.bytes().all(fits) {
            self.push(
                at,
                "invalid_name",
                format!("{id:?} is no local id: letters, digits, hyphens and dots"),
            );
        }
        if !ids.insert(id.to_owned()) {
            self.push(at, "duplicate", format!("{id:?} is the local id of something else"));
        }
    }

    fn known_refs<T: serde::Serialize>(&mut self, value: &T, at: &str, ids: &BTreeSet<String>) {
        let mut found = Vec::new();
        refs::named(&serde_json::to_value(value).unwrap_or_default(), at, &mut found);
        for (path, name) in found {
            if !ids.contains(&name) {
                let near = text::suggestion(&name, ids.iter().map(String::as_str));
                self.push(
                    &path,
                    "unknown_ref",
                    format!("nothing before this has the local id {name:?}.{near}"),
                );
            }
        }
    }

    fn known_id(&mut self, id: Option<&str>, at: &str, ids: &BTreeSet<String>, what: &str) {
        let Some(id) = id else { return };
        if !ids.contains(id) {
            let near = text::suggestion(id, ids.iter().map(String::as_str));
            self.push(at, "unknown_ref", format!("no {what} has the local id {id:?}.{near}"));
        }
    }

    fn case(&mut self, case: &Case, at: &str, fixture: &BTreeSet<String>) {
        let mut ids = fixture.clone();
        self.known_id(case.member.as_deref(), &join_path(at, "member"), fixture, "member");
        self.records(&case.records, &join_path(at, "records"), &mut ids);
        self.known_id(case.in_view.as_deref(), &join_path(at, "in_view"), &ids, "record");
        match (case.turns.is_empty(), &case.user) {
            (true, None) => self.push(&join_path(at, "turns"), "required", "turns or a user is named"),
            (false, Some(_)) => {
                self.push(&join_path(at, "user"), "not_both", "turns and a user are not named together");
            }
            _ => {}
        }
        for (index, answer) in case.user.iter().flat_map(|user| &user.answers).enumerate() {
            self.pattern(&answer.when, &format!("{at}.user.answers[{index}].when"));
        }
        self.approvals(&case.approvals, &join_path(at, "approvals"));
        self.script(&case.script, &join_path(at, "script"));
        self.expectations(&case.expect, &join_path(at, "expect"));
        if let Some(attack) = &case.attack {
            self.attack(attack, &join_path(at, "attack"), &ids);
        }
        self.refs_of_case(case, at, &ids);
    }

    /// Each text of a case but those of its records, which have been looked at in their order.
    fn refs_of_case(&mut self, case: &Case, at: &str, ids: &BTreeSet<String>) {
        let mut plain = case.clone();
        plain.records.clear();
        let mut reference = Vec::new();
        if let Some(state) = &mut plain.expect.state {
            reference = std::mem::take(&mut state.same_as);
        }
        self.known_refs(&plain, at, ids);
        let mut ids = ids.clone();
        for (index, call) in reference.iter().enumerate() {
            let at = format!("{at}.expect.state.same_as[{index}]");
            self.known_refs(&call.arguments, &join_path(&at, "arguments"), &ids);
            if let Some(id) = &call.id {
                self.new_id(id, &join_path(&at, "as"), &mut ids);
            }
        }
    }

    fn pattern(&mut self, pattern: &str, at: &str) {
        if let Err(error) = regex::Regex::new(pattern) {
            let told = error.to_string();
            let told = told.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            self.push(at, "invalid_pattern", format!("this is no regular expression: {told}"));
        }
    }

    fn patterns(&mut self, patterns: &[String], at: &str) {
        for (index, pattern) in patterns.iter().enumerate() {
            self.pattern(pattern, &format!("{at}[{index}]"));
        }
    }

    fn predicates(&mut self, predicates: &BTreeMap<String, Predicate>, at: &str) {
        for (name, predicate) in predicates {
            let at = join_path(at, name);
            if predicate.says_nothing() {
                self.push(&at, "required", "a condition is named, such as eq, gte or contains");
            }
            if let Some(pattern) = &predicate.matches {
                self.pattern(pattern, &join_path(&at, "matches"));
            }
        }
    }

    fn approvals(&mut self, rules: &[super::ApprovalRule], at: &str) {
        for (index, rule) in rules.iter().enumerate() {
            self.predicates(&rule.predicates, &format!("{at}[{index}].where"));
        }
    }

    fn script(&mut self, rules: &[Rule], at: &str) {
        for (index, rule) in rules.iter().enumerate() {
            let at = format!("{at}[{index}]");
            if rule.user.is_some() == rule.read.is_some() {
                self.push(&at, "required", "either user or read is named");
            }
            let patterns =
                [("user", &rule.user), ("read", &rule.read), ("prompt_matches", &rule.prompt_matches)];
            for (name, pattern) in patterns {
                if let Some(pattern) = pattern {
                    self.pattern(pattern, &join_path(&at, name));
                }
            }
            if rule.steps.is_empty() {
                self.push(&join_path(&at, "steps"), "required", "a rule has at least one step");
            }
            for (index, step) in rule.steps.iter().enumerate() {
                if step.call.is_none() && step.calls.is_empty() && step.say.is_none() {
                    self.push(&format!("{at}.steps[{index}]"), "required", "a step calls or says something");
                }
                if step.call.is_none() && !step.arguments.is_empty() {
                    self.push(&format!("{at}.steps[{index}].call"), "required", "arguments belong to a call");
                }
            }
        }
    }

    fn expectations(&mut self, expect: &Expectations, at: &str) {
        if let Some(state) = &expect.state {
            self.state(state, &join_path(at, "state"));
        }
        if let Some(trajectory) = &expect.trajectory {
            self.trajectory(trajectory, &join_path(at, "trajectory"));
        }
        if let Some(reply) = &expect.reply {
            self.reply(reply, &join_path(at, "reply"));
        }
        if let Some(rubric) = &expect.rubric {
            let at = join_path(at, "rubric");
            if rubric.criteria.is_empty() {
                self.push(&join_path(&at, "criteria"), "required", "a rubric has at least one criterion");
            }
            if rubric.votes % 2 == 0 {
                self.push(
                    &join_path(&at, "votes"),
                    "even",
                    "an even number of votes may come to no decision",
                );
            }
        }
        if expect.limits.as_ref().is_some_and(|limits| *limits == super::Limits::default()) {
            self.push(
                &join_path(at, "limits"),
                "required",
                "one of steps, calls, tokens, cost, latency_ms is named",
            );
        }
    }

    fn state(&mut self, state: &State, at: &str) {
        let named = [state.unchanged, !state.records.is_empty(), !state.same_as.is_empty()];
        if named.iter().filter(|is_named| **is_named).count() != 1 {
            self.push(at, "required", "one of unchanged: true, records and same_as is named");
        }
        self.assertions(&state.records, &join_path(at, "records"));
    }

    fn assertions(&mut self, records: &[RecordAssertion], at: &str) {
        for (index, record) in records.iter().enumerate() {
            let at = format!("{at}[{index}]");
            let bounded = record.at_least.is_some() || record.at_most.is_some();
            if record.count.is_some() && bounded {
                self.push(&join_path(&at, "count"), "not_both", "a count leaves no room for bounds");
            }
            if record.at_least.zip(record.at_most).is_some_and(|(least, most)| least > most) {
                self.push(&join_path(&at, "at_least"), "out_of_range", "at_least is more than at_most");
            }
            if record.count == Some(0) && !record.values.is_empty() {
                self.push(&join_path(&at, "values"), "not_both", "records that are not there have no values");
            }
        }
    }

    fn trajectory(&mut self, trajectory: &Trajectory, at: &str) {
        let says_nothing = matches!(trajectory.mode, TrajectoryMode::InOrder | TrajectoryMode::Superset)
            && trajectory.calls.is_empty()
            && trajectory.forbidden.is_empty()
            && trajectory.never_tried.is_empty();
        if says_nothing {
            self.push(
                at,
                "required",
                "calls or forbidden operations are named; no call at all is mode: exact",
            );
        }
        self.calls(&trajectory.calls, &join_path(at, "calls"));
    }

    fn calls(&mut self, calls: &[ExpectedCall], at: &str) {
        for (index, call) in calls.iter().enumerate() {
            let at = format!("{at}[{index}]");
            if call.arguments.is_none() && call.arguments_match == ArgumentMatch::Exact {
                self.push(&join_path(&at, "arguments"), "required", "exact arguments are named, {} for none");
            }
            self.predicates(&call.predicates, &join_path(&at, "where"));
        }
    }

    fn reply(&mut self, reply: &Reply, at: &str) {
        if *reply == Reply::default() {
            self.push(at, "required", "contains, matches, numbers or another condition is named");
        }
        self.patterns(&reply.matches, &join_path(at, "matches"));
        self.patterns(&reply.not_matches, &join_path(at, "not_matches"));
        for (index, number) in reply.numbers.iter().enumerate() {
            if number.tolerance.is_some() && number.percent.is_some() {
                let at = format!("{at}.numbers[{index}].percent");
                self.push(&at, "not_both", "a tolerance is absolute or in percent");
            }
        }
        if let Some(schema) = &reply.json_schema
            && let Err(error) = jsonschema::validator_for(&schema.clone().into())
        {
            self.push(
                &join_path(at, "json_schema"),
                "invalid_schema",
                format!("this is no JSON Schema: {error}"),
            );
        }
    }

    fn attack(&mut self, attack: &Attack, at: &str, ids: &BTreeSet<String>) {
        if attack.inject.is_empty() {
            self.push(&join_path(at, "inject"), "required", "an attack puts at least one text somewhere");
        }
        for (index, injection) in attack.inject.iter().enumerate() {
            self.injection(injection, &format!("{}[{index}]", join_path(at, "inject")), ids);
        }
        let success = &attack.success;
        let at = join_path(at, "success");
        if *success == super::AttackGoal::default() {
            self.push(&at, "required", "records, calls, reveals or replies say when the attack worked");
        }
        self.assertions(&success.records, &join_path(&at, "records"));
        self.calls(&success.calls, &join_path(&at, "calls"));
        self.patterns(&success.replies, &join_path(&at, "replies"));
    }

    fn injection(&mut self, injection: &Injection, at: &str, ids: &BTreeSet<String>) {
        let places = [injection.record.is_some(), injection.label_of.is_some(), injection.error_of.is_some()];
        if places.iter().filter(|is_named| **is_named).count() != 1 {
            self.push(at, "required", "one of record, label_of and error_of says where the text stands");
        }
        if injection.record.is_some() != injection.field.is_some() {
            self.push(at, "required", "a record is named with a field of it");
        }
        self.known_id(injection.record.as_deref(), &join_path(at, "record"), ids, "record");
        if injection.label_of.is_some() && injection.text.contains(refs::OPENING) {
            let told = "a label stands there before the records do: it names none of them";
            self.push(&join_path(at, "text"), "not_here", told);
        }
        if injection.label_of.as_ref().is_some_and(|label| !label.contains('.')) {
            self.push(
                &join_path(at, "label_of"),
                "invalid_name",
                "expected an object and a field: deal.risk",
            );
        }
    }
}
