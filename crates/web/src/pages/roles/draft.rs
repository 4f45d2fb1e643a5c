//! What a role allows as its form has it: a row of the matrix for each object, with its fields and rules.

use std::collections::BTreeSet;

use kontor_core::{
    grants::{Action, FieldSet, Grants, ObjectGrant, Permission},
    metadata::{Object, Schema},
};
use serde_json::{Map, Value as Json, json};

use crate::form::Fields;

/// The row of all objects that have none of their own; no object is named so.
pub(super) const EVERY_OTHER: &str = "*";

/// A role as the form shows it and sends it back.
pub(super) struct Draft {
    pub(super) rows: Vec<Row>,
    pub(super) permissions: Vec<(Permission, bool)>,
    /// Names and patterns of the agents that may be used, one after the other.
    pub(super) agents: String,
}

/// What may be done to the records of an object.
#[derive(Clone, PartialEq)]
pub(super) struct Row {
    pub(super) object: String,
    /// What is wrong with it is told at these.
    pub(super) row_input: String,
    pub(super) rules_input: String,
    pub(super) label: String,
    pub(super) actions: Vec<(Action, bool)>,
    /// Whether nobody writes these records, so that reading is all there is.
    pub(super) is_read_only: bool,
    pub(super) fields: Vec<FieldRow>,
    /// Whether fields to come may be read, and be written.
    pub(super) reads_new: bool,
    pub(super) writes_new: bool,
    /// The rules by action, as JSON; as it was written where it is none.
    pub(super) rules: String,
    /// Whether it says the same as the row of every other object.
    pub(super) is_usual: bool,
}

#[derive(Clone, PartialEq)]
pub(super) struct FieldRow {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) reads: bool,
    pub(super) writes: bool,
    /// Written by Kontor alone.
    pub(super) is_system: bool,
}

impl Row {
    fn of(grant: &ObjectGrant, object: Option<&Object>, usual: &ObjectGrant) -> Self {
        // Where nothing is allowed, no field bounds it: who ticks an action then means the whole record.
        let every_field = FieldSet::Except(BTreeSet::new());
        let (reads, writes) = match grant.actions().next() {
            Some(_) => (grant.read_fields(), grant.update_fields()),
            None => (&every_field, &every_field),
        };
        let has = |action: Action| grant.actions().any(|granted| granted == action);
        let row = |name: &str, label: &str, is_system| FieldRow {
            name: name.to_owned(),
            label: label.to_owned(),
            reads: reads.contains(name),
            writes: writes.contains(name),
            is_system,
        };
        let fields = match object {
            Some(object) => {
                let all = object.fields.iter();
                all.map(|field| row(&field.name, &field.label, field.is_system)).collect()
            }
            // Of every other object, those that its lists name.
            None => reads.named().union(writes.named()).map(|name| row(name, name, false)).collect(),
        };
        let mut rules: Map<String, Json> = Map::new();
        for (action, rule) in grant.rules() {
            let of_action = rules.entry(action.verb()).or_insert_with(|| json!([]));
            if let Json::Array(all) = of_action {
                all.push(rule.to_json());
            }
        }
        let name = object.map_or_else(|| EVERY_OTHER.to_owned(), |object| object.name.to_string());
        Self {
            row_input: format!("{name}.row"),
            rules_input: format!("{name}.rules"),
            object: name,
            label: object
                .map_or_else(|| "Every other object".to_owned(), |object| object.label_plural.clone()),
            actions: Action::ALL.map(|action| (action, has(action))).into(),
            is_read_only: object.is_some_and(|object| object.is_read_only),
            fields,
            reads_new: matches!(reads, FieldSet::Except(_)),
            writes_new: matches!(writes, FieldSet::Except(_)),
            rules: if rules.is_empty() {
                String::new()
            } else {
                serde_json::to_string_pretty(&rules).unwrap_or_default()
            },
            is_usual: object.is_some() && grant == usual,
        }
    }

    /// The row as it was sent.
    fn read(&self, fields: &Fields) -> Self {
        let name = |part: &str| format!("{}.{part}", self.object);
        let given = |part: &str| fields.all(&name(part)).map(str::to_owned).collect::<BTreeSet<_>>();
        let (actions, reads, writes) = (given("action"), given("read"), given("write"));
        let field = |field: &FieldRow| FieldRow {
            reads: reads.contains(field.name.as_str()),
            writes: if field.is_system { field.writes } else { writes.contains(field.name.as_str()) },
            ..field.clone()
        };
        Self {
            actions: self
                .actions
                .iter()
                .map(|(action, _)| (*action, actions.contains(action.verb())))
                .collect(),
            fields: self.fields.iter().map(field).collect(),
            reads_new: fields.get(&name("read_new")) == "yes",
            writes_new: fields.get(&name("write_new")) == "yes",
            // A browser ends lines by two characters.
            rules: fields.get(&name("rules")).replace("\r\n", "\n"),
            ..self.clone()
        }
    }

    /// As a grant's JSON; rules that are no JSON stay a text, which is refused where the role is checked.
    fn to_json(&self) -> Json {
        let list = |is_in: fn(&FieldRow) -> bool, with_new: bool| {
            let named = self.fields.iter().filter(|field| is_in(field) != with_new);
            let names: Vec<&str> = named.map(|field| field.name.as_str()).collect();
            if with_new { json!({ "except": names }) } else { json!({ "only": names }) }
        };
        let actions = self.actions.iter().filter(|(_, given)| *given).map(|(action, _)| action.verb());
        let rules = match self.rules.as_str() {
            "" => json!({}),
            text => serde_json::from_str(text).unwrap_or_else(|_| Json::from(text)),
        };
        json!({
            "actions": actions.collect::<Vec<_>>(),
            "read_fields": list(|field| field.reads, self.reads_new),
            "update_fields": list(|field| field.writes, self.writes_new),
            "rows": rules,
        })
    }
}

impl Draft {
    /// What a role allows.
    pub(super) fn of(grants: &Grants, schema: &Schema) -> Self {
        let usual = grants.default_grant();
        let own =
            schema.objects().iter().map(|object| Row::of(grants.object(&object.name), Some(object), usual));
        let agents = grants.agents().lists().next();
        Self {
            rows: std::iter::once(Row::of(usual, None, usual)).chain(own).collect(),
            permissions: Permission::ALL.map(|permission| (permission, grants.permits(permission))).into(),
            agents: agents.map_or_else(
                || "*".to_owned(),
                |patterns| patterns.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
            ),
        }
    }

    /// What was sent of it. A row that said the same as that of every other object, and was not touched, still does,
    /// whatever became of that one.
    pub(super) fn read(&self, fields: &Fields) -> Self {
        let usual = |row: &Row, sent: &Row| row.is_usual && Row { is_usual: true, ..sent.clone() } == *row;
        let rows = self.rows.iter().map(|row| {
            let sent = row.read(fields);
            Row { is_usual: usual(row, &sent), ..sent }
        });
        let permitted: BTreeSet<_> = fields.all("permission").collect();
        let permissions = self.permissions.iter();
        Self {
            rows: rows.collect(),
            permissions: permissions
                .map(|(permission, _)| (*permission, permitted.contains(permission.word())))
                .collect(),
            agents: fields.get("agents").to_owned(),
        }
    }

    /// As the grants' JSON.
    pub(super) fn to_json(&self) -> Json {
        let mut objects = Map::new();
        let mut usual = json!({});
        for row in &self.rows {
            if row.object == EVERY_OTHER {
                usual = row.to_json();
            } else if !row.is_usual {
                objects.insert(row.object.clone(), row.to_json());
            }
        }
        let platform = self.permissions.iter().filter(|(_, given)| *given).map(|(word, _)| word.word());
        let agents = self.agents.split(',').map(str::trim).filter(|name| !name.is_empty());
        json!({
            "default": usual,
            "objects": objects,
            "platform": platform.collect::<Vec<_>>(),
            "agents": agents.collect::<Vec<_>>(),
        })
    }
}

/// The input that an issue's path is about: the row of its object, or one of the inputs beside the matrix.
pub(super) fn input_of(path: &str) -> String {
    let Some(path) = path.strip_prefix("grants.") else { return path.to_owned() };
    let part = |rest: &str| {
        let part = rest.split(['.', '[']).next().unwrap_or_default();
        if part == "rows" { "rules".to_owned() } else { "row".to_owned() }
    };
    if let Some(rest) = path.strip_prefix("default.") {
        return format!("{EVERY_OTHER}.{}", part(rest));
    }
    if let Some((object, rest)) = path.strip_prefix("objects.").and_then(|rest| rest.split_once('.')) {
        return format!("{object}.{}", part(rest));
    }
    path.split(['.', '[']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(json: Json) -> Grants {
        serde_json::from_value(json).unwrap()
    }

    /// What a browser sends of a draft.
    fn sent(draft: &Draft) -> Fields {
        let mut fields = Vec::new();
        for row in &draft.rows {
            let name = |part: &str| format!("{}.{part}", row.object);
            for (action, given) in &row.actions {
                fields.extend(given.then(|| (name("action"), action.verb().to_owned())));
            }
            for field in &row.fields {
                fields.extend(field.reads.then(|| (name("read"), field.name.clone())));
                fields
                    .extend((field.writes && !field.is_system).then(|| (name("write"), field.name.clone())));
            }
            for (part, is_on) in [("read_new", row.reads_new), ("write_new", row.writes_new)] {
                fields.extend(is_on.then(|| (name(part), "yes".to_owned())));
            }
            fields.push((name("rules"), row.rules.clone()));
        }
        for (permission, given) in &draft.permissions {
            fields.extend(given.then(|| ("permission".to_owned(), permission.word().to_owned())));
        }
        fields.push(("agents".to_owned(), draft.agents.clone()));
        let pairs = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Fields::parse(pairs.as_bytes())
    }

    #[test]
    fn a_form_that_is_sent_as_it_was_shown_changes_nothing() {
        let role = grants(json!({
            "default": {"actions": ["read"], "rows": {"read": {"owner": {"eq": "$me"}}}},
            "platform": ["audit"],
            "agents": ["analyst", "sales-*"],
        }));
        let draft = Draft::of(&role, &Schema::default());
        assert_eq!(grants(draft.read(&sent(&draft)).to_json()), role);
        let everything = Draft::of(&Grants::everything(), &Schema::default());
        assert_eq!(grants(everything.read(&sent(&everything)).to_json()), Grants::everything());
    }

    #[test]
    fn an_action_that_is_ticked_where_nothing_was_allowed_is_about_every_field() {
        let mut draft = Draft::of(&grants(json!({})), &Schema::default());
        draft.rows[0].actions[0].1 = true;
        let expected = grants(json!({"default": {"actions": ["read"]}}));
        assert_eq!(grants(draft.to_json()).default_grant(), expected.default_grant());
    }

    #[test]
    fn what_is_wrong_is_told_at_its_row() {
        for (path, input) in [
            ("label", "label"),
            ("grants.platform[0]", "platform"),
            ("grants.default.actions[0]", "*.row"),
            ("grants.objects.deal.rows.read[0].amount", "deal.rules"),
            ("grants.objects.deal.read_fields.only[1]", "deal.row"),
        ] {
            assert_eq!(input_of(path), input);
        }
    }
}
