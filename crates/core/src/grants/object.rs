use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::FieldSet;

/// What can be done to a record.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Read,
    Create,
    Update,
    /// Delete, so that it can be restored.
    Delete,
    Restore,
    /// Remove for good.
    Destroy,
}

impl Action {
    pub const ALL: [Self; 6] =
        [Self::Read, Self::Create, Self::Update, Self::Delete, Self::Restore, Self::Destroy];

    /// The action as a verb in a sentence.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Restore => "restore",
            Self::Destroy => "destroy",
        }
    }
}

/// A filter that a row must match, as JSON text in one canonical form (keys sorted), so that equal rules are
/// equal texts. It is read against the object's metadata where it is used; one that cannot be read any more
/// matches no row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowRule(String);

impl RowRule {
    pub fn new(filter: &serde_json::Value) -> Self {
        Self(canonical(filter))
    }

    /// Whether it means something else for each member, `"$me"`.
    pub fn asks_for_member(&self) -> bool {
        self.0.contains("\"$me\"") || self.asks_for_own_fields()
    }

    /// Whether it asks for a field of the caller's own member record, `"$me.region"`.
    pub fn asks_for_own_fields(&self) -> bool {
        self.0.contains("\"$me.")
    }

    pub fn to_json(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or(serde_json::Value::Null)
    }
}

impl schemars::JsonSchema for RowRule {
    fn schema_name() -> Cow<'static, str> {
        "RowRule".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A filter that a record must match; \"$me\" stands for the caller, and \"$me.region\" for a field of their own member record.",
            "type": "object",
            "examples": [{"owner": {"eq": "$me"}}],
        })
    }
}

impl Serialize for RowRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RowRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        if json.is_object() {
            Ok(Self::new(&json))
        } else {
            Err(D::Error::custom("a row rule is a filter object"))
        }
    }
}

fn canonical(json: &serde_json::Value) -> String {
    match json {
        serde_json::Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            let parts: Vec<_> = sorted
                .into_iter()
                .map(|(key, value)| format!("{}:{}", serde_json::Value::from(key.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", parts.join(","))
        }
        serde_json::Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// What may be done to the records of one object.
///
/// As JSON, a list of fields that is left out bounds nothing: the actions alone say what may be done then.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectGrant {
    #[serde(default)]
    actions: BTreeSet<Action>,
    #[serde(default = "FieldSet::all")]
    read_fields: FieldSet,
    #[serde(default = "FieldSet::all")]
    update_fields: FieldSet,
    /// The rules that a row must match for an action. The rules of reading hold for every action: what
    /// cannot be seen cannot be changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "rules")]
    rows: BTreeMap<Action, BTreeSet<RowRule>>,
}

/// A rule of an action may stand alone or in a list.
fn rules<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Action, BTreeSet<RowRule>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(RowRule),
        Several(BTreeSet<RowRule>),
    }
    let written = BTreeMap::<Action, Written>::deserialize(deserializer)?;
    let sets = written.into_iter().map(|(action, rules)| match rules {
        Written::One(rule) => (action, [rule].into()),
        Written::Several(rules) => (action, rules),
    });
    Ok(sets.filter(|(_, rules)| !rules.is_empty()).collect())
}

impl ObjectGrant {
    /// Nothing at all.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Every action on every field of every row.
    pub fn everything() -> Self {
        Self::of(Action::ALL)
    }

    /// These actions on every field of every row.
    pub fn of(actions: impl IntoIterator<Item = Action>) -> Self {
        Self {
            actions: actions.into_iter().collect(),
            read_fields: FieldSet::all(),
            update_fields: FieldSet::all(),
            rows: BTreeMap::new(),
        }
    }

    /// The same, with only these fields to read.
    #[must_use]
    pub fn reading(mut self, fields: FieldSet) -> Self {
        self.read_fields = fields;
        self
    }

    /// The same, with only these fields to write.
    #[must_use]
    pub fn updating(mut self, fields: FieldSet) -> Self {
        self.update_fields = fields;
        self
    }

    /// The same, with one more rule for the rows of an action.
    #[must_use]
    pub fn for_rows(mut self, action: Action, rule: RowRule) -> Self {
        self.rows.entry(action).or_default().insert(rule);
        self
    }

    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let mut rows = self.rows.clone();
        for (action, rules) in &other.rows {
            rows.entry(*action).or_default().extend(rules.iter().cloned());
        }
        Self {
            actions: &self.actions & &other.actions,
            read_fields: self.read_fields.intersect(&other.read_fields),
            update_fields: self.update_fields.intersect(&other.update_fields),
            rows,
        }
    }

    /// The same without what has no effect.
    pub(super) fn effective(&self) -> Self {
        let actions: BTreeSet<_> =
            self.actions.iter().copied().filter(|action| self.allows(*action)).collect();
        if actions.is_empty() {
            return Self::nothing();
        }
        let rows = self.rows.iter().filter(|(action, _)| actions.contains(action));
        Self {
            rows: rows.map(|(action, rules)| (*action, rules.clone())).collect(),
            read_fields: self.read_fields.clone(),
            update_fields: self.update_fields.clone(),
            actions,
        }
    }

    /// The actions as they are listed, with reading or without.
    pub fn actions(&self) -> impl Iterator<Item = Action> {
        self.actions.iter().copied()
    }

    /// The rules of each action, as they are written.
    pub fn rules(&self) -> impl Iterator<Item = (Action, &RowRule)> {
        self.rows.iter().flat_map(|(action, rules)| rules.iter().map(|rule| (*action, rule)))
    }

    /// Whether the action is granted. Every action needs reading too.
    pub fn allows(&self, action: Action) -> bool {
        self.actions.contains(&Action::Read) && self.actions.contains(&action)
    }

    pub fn read_fields(&self) -> &FieldSet {
        &self.read_fields
    }

    pub fn update_fields(&self) -> &FieldSet {
        &self.update_fields
    }

    /// The rules a row must match for an action: those of reading and its own.
    pub fn row_rules(&self, action: Action) -> impl Iterator<Item = &RowRule> {
        let own = if action == Action::Read { None } else { self.rows.get(&action) };
        self.rows.get(&Action::Read).into_iter().chain(own).flatten()
    }
}
