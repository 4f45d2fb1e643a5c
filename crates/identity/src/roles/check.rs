//! Grants as somebody writes them, held against the workspace's objects: all that is wrong at once.

use std::collections::BTreeSet;

use kontor_core::{
    error::{Issue, join_path},
    filter::{Readable as _, check_rule},
    grants::{Action, Grants, ObjectGrant, Permission},
    metadata::{Object, Schema},
    text,
};
use serde_json::{Map, Value as Json};

/// How many mistakes are named: the first ones help.
const MAX_ISSUES: usize = 50;
const MAX_RULES: usize = 20;
const MAX_AGENTS: usize = 200;
const MAX_AGENT: usize = 100;
const PARTS: [&str; 4] = ["default", "objects", "platform", "agents"];
const GRANT: [&str; 4] = ["actions", "read_fields", "update_fields", "rows"];

/// The grants that the JSON says.
///
/// # Errors
/// Every object, field, action, permission and filter that there is not, each with its path.
pub(super) fn grants(json: &Json, schema: &Schema, author: &Grants) -> Result<Grants, Vec<Issue>> {
    let mut check = Check { schema, author, issues: Vec::new() };
    check.grants(json);
    if !check.issues.is_empty() {
        check.issues.truncate(MAX_ISSUES);
        return Err(check.issues);
    }
    let read: Grants = serde_json::from_value(json.clone())
        .map_err(|error| vec![Issue::new("", "wrong_type", error.to_string())])?;
    Ok(settled(read, schema))
}

/// The same grants without what nobody can be given: records that nobody writes are read alone.
fn settled(grants: Grants, schema: &Schema) -> Grants {
    let kept = schema.objects().iter().filter(|object| object.is_read_only);
    kept.fold(grants, |grants, object| {
        let reading = grants.object(&object.name).intersect(&ObjectGrant::of([Action::Read]));
        if reading == *grants.object(&object.name) {
            grants
        } else {
            grants.with_object(object.name.clone(), reading)
        }
    })
}

struct Check<'s> {
    schema: &'s Schema,
    /// A rule names what its author may read, since whom it lets through tells of that.
    author: &'s Grants,
    issues: Vec<Issue>,
}

impl Check<'_> {
    fn fail(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        self.issues.push(Issue::new(path, code, message));
    }

    fn unknown(&mut self, path: &str, what: &str, name: &str, known: &[&str]) {
        let near = text::suggestion(name, known.iter().copied());
        let hint = if near.is_empty() { format!(" Known are: {}.", known.join(", ")) } else { near };
        let name = text::excerpt(name, 60);
        let message = format!("There is no {what} {name:?}.{}", text::excerpt(&hint, 400));
        self.fail(path, "unknown", message);
    }

    fn map<'j>(&mut self, json: &'j Json, path: &str, expected: &str) -> Option<&'j Map<String, Json>> {
        if json.as_object().is_none() {
            self.fail(path, "wrong_type", format!("expected an object such as {expected}"));
        }
        json.as_object()
    }

    /// The texts of a list.
    fn texts<'j>(&mut self, json: &'j Json, path: &str, what: &str) -> Vec<(String, &'j str)> {
        let Some(items) = json.as_array() else {
            self.fail(path, "wrong_type", format!("expected a list of {what}"));
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let at = format!("{path}[{index}]");
            match item.as_str() {
                Some(text) => texts.push((at, text)),
                None => self.fail(&at, "wrong_type", format!("expected the name of one of the {what}")),
            }
        }
        texts
    }

    fn grants(&mut self, json: &Json) {
        let expected = "{\"default\": {\"actions\": [\"read\"]}, \"objects\": {}, \"platform\": []}";
        let Some(map) = self.map(json, "", expected) else { return };
        for (key, value) in map {
            match key.as_str() {
                "default" => self.object_grant(value, "default", None),
                "objects" => self.objects(value),
                "platform" => {
                    let known = Permission::ALL.map(Permission::word);
                    for (at, word) in self.texts(value, "platform", "permissions") {
                        if !known.contains(&word) {
                            self.unknown(&at, "permission", word, &known);
                        }
                    }
                }
                "agents" => self.agents(value),
                other => self.unknown(&text::excerpt(other, 60), "part of grants", other, &PARTS),
            }
        }
    }

    fn agents(&mut self, json: &Json) {
        let patterns = self.texts(json, "agents", "agents");
        if patterns.len() > MAX_AGENTS {
            self.fail("agents", "too_many", format!("expected at most {MAX_AGENTS} names and patterns"));
        }
        for (at, pattern) in patterns {
            let is_name = |character: char| {
                character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | ' ' | '*')
            };
            if pattern.is_empty() || pattern.chars().count() > MAX_AGENT || !pattern.chars().all(is_name) {
                let message = "expected an agent's name, or a pattern of names such as \"sales-*\"";
                self.fail(&at, "invalid_pattern", message);
            }
        }
    }

    fn objects(&mut self, json: &Json) {
        let expected = "{\"deal\": {\"actions\": [\"read\"]}}";
        let Some(map) = self.map(json, "objects", expected) else { return };
        let schema = self.schema;
        for (name, grant) in map {
            let at = join_path("objects", &text::excerpt(name, 60));
            match schema.object(name) {
                Some(object) => self.object_grant(grant, &at, Some(object)),
                None => {
                    // What the author may not read they may name, and are not told of.
                    let author = self.author;
                    let known: Vec<_> = author.readable(schema).map(|object| object.name.as_str()).collect();
                    self.unknown(&at, "object", name, &known);
                }
            }
        }
    }

    /// The grant of an object, or that of all that are not named.
    fn object_grant(&mut self, json: &Json, path: &str, object: Option<&Object>) {
        let Some(map) = self.map(json, path, "{\"actions\": [\"read\"]}") else { return };
        for (key, value) in map {
            let at = join_path(path, &text::excerpt(key, 60));
            match key.as_str() {
                "actions" => self.actions(value, &at, object),
                "read_fields" | "update_fields" => self.fields(value, &at, object),
                "rows" => self.rows(value, &at, object),
                other => self.unknown(&at, "part of a grant", other, &GRANT),
            }
        }
    }

    fn actions(&mut self, json: &Json, path: &str, object: Option<&Object>) {
        let known = Action::ALL.map(Action::verb);
        let given = self.texts(json, path, "actions");
        let reads = given.iter().any(|(_, word)| *word == Action::Read.verb());
        let is_kept = object.is_some_and(|object| object.is_read_only);
        for (at, word) in &given {
            if !known.contains(word) {
                self.unknown(at, "action", word, &known);
            } else if is_kept && *word != Action::Read.verb() {
                self.fail(
                    at,
                    "read_only",
                    format!("these records are read alone, so nobody may {word} them"),
                );
            } else if !reads {
                let message =
                    format!("{word:?} takes \"read\" beside it: what cannot be seen cannot be changed");
                self.fail(at, "needs_read", message);
            }
        }
    }

    fn fields(&mut self, json: &Json, path: &str, object: Option<&Object>) {
        let Some(map) = self.map(json, path, "{\"except\": [\"amount\"]} or {\"only\": [\"name\"]}") else {
            return;
        };
        if map.len() != 1 {
            self.fail(path, "wrong_type", "expected one list, \"except\" or \"only\"");
        }
        let schema = self.schema;
        let of_object = |object: &Object| -> Vec<String> {
            object.fields.iter().map(|field| field.name.to_string()).collect()
        };
        let known: BTreeSet<String> = match object {
            Some(object) => of_object(object).into_iter().collect(),
            None => schema.objects().iter().flat_map(|object| of_object(object)).collect(),
        };
        let author = self.author;
        let is_told = |object: &Object, name: &str| author.can_read_field(&object.name, name);
        let told = |name: &&str| match object {
            Some(object) => is_told(object, name),
            None => {
                author.readable(schema).any(|object| object.field(name).is_some() && is_told(object, name))
            }
        };
        let told: Vec<&str> = known.iter().map(String::as_str).filter(told).collect();
        for (key, names) in map {
            let at = join_path(path, &text::excerpt(key, 60));
            if !matches!(key.as_str(), "except" | "only") {
                self.unknown(&at, "list of fields", key, &["except", "only"]);
                continue;
            }
            for (at, name) in self.texts(names, &at, "fields") {
                if !known.contains(name) {
                    self.unknown(&at, "field", name, &told);
                }
            }
        }
    }

    fn rows(&mut self, json: &Json, path: &str, object: Option<&Object>) {
        let Some(map) = self.map(json, path, "{\"read\": {\"owner\": {\"eq\": \"$me\"}}}") else { return };
        let known = Action::ALL.map(Action::verb);
        for (action, rules) in map {
            let at = join_path(path, &text::excerpt(action, 60));
            if !known.contains(&action.as_str()) {
                self.unknown(&at, "action", action, &known);
                continue;
            }
            match rules {
                Json::Array(several) => {
                    if several.len() > MAX_RULES {
                        self.fail(&at, "too_many", format!("expected at most {MAX_RULES} rules"));
                    }
                    for (index, rule) in several.iter().take(MAX_RULES).enumerate() {
                        self.rule(rule, &format!("{at}[{index}]"), object);
                    }
                }
                one => self.rule(one, &at, object),
            }
        }
    }

    /// A rule of all objects that are not named is one of some of them: where its fields are not, it lets no row through.
    fn rule(&mut self, json: &Json, path: &str, object: Option<&Object>) {
        let schema = self.schema;
        let author = self.author;
        let wrong = |object: &Object| check_rule(json, object, schema, author).err();
        if let Some(own) = own_choice(json) {
            let message = format!("{own} is what members set themselves, so it bounds nobody.");
            self.fail(path, "own_choice", message);
        }
        let found = match object {
            Some(object) => wrong(object),
            None => {
                let everything = Grants::everything();
                let mut fits = schema
                    .objects()
                    .iter()
                    .filter(|object| check_rule(json, object, schema, &everything).is_ok());
                // Of each object that it fits it is a rule, so its author may read what it names there.
                match fits.next() {
                    Some(first) => wrong(first).or_else(|| fits.find_map(|object| wrong(object))),
                    None => schema.objects().first().and_then(|first| wrong(first)),
                }
            }
        };
        self.issues.extend(found.into_iter().flatten().map(|issue| issue.within(path)));
    }
}

/// An operand of a filter that stands for what members change of their own record by themselves.
fn own_choice(json: &Json) -> Option<&str> {
    match json {
        Json::String(text) => {
            let own = text.strip_prefix("$me.")?.split('.').next()?;
            ["name", "time_zone"].contains(&own).then_some(text.as_str())
        }
        Json::Array(items) => items.iter().find_map(own_choice),
        Json::Object(map) => map.values().find_map(own_choice),
        _ => None,
    }
}
