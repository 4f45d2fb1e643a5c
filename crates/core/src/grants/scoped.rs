//! What a token's scope leaves of grants.

use std::collections::BTreeSet;

use super::{Action, AgentSet, FieldSet, Grants, ObjectGrant, Permissions};
use crate::{
    metadata::Name,
    scope::{CHAT, Patterns},
};

/// The verbs of operations that read records of one object.
const READING: [&str; 4] = ["find", "get", "group", "timeline"];

/// Each other action with the verbs of the operations that take it.
const CHANGING: [(Action, &[&str]); 5] = [
    (Action::Create, &["create", "upsert", "log"]),
    (Action::Update, &["update", "upsert"]),
    (Action::Delete, &["delete"]),
    (Action::Restore, &["restore"]),
    (Action::Destroy, &["destroy"]),
];

/// The verbs of the operations that take an action.
pub fn verbs_of(action: Action) -> impl Iterator<Item = &'static str> {
    let changing =
        CHANGING.iter().filter(move |(of, _)| *of == action).flat_map(|(_, verbs)| verbs.iter().copied());
    let reading = READING.into_iter().filter(move |_| action == Action::Read);
    changing.chain(reading)
}

/// The verbs of operations on records of one object, by which scopes name them.
pub fn scope_verbs() -> impl Iterator<Item = &'static str> {
    let changing = CHANGING.iter().flat_map(|(_, verbs)| verbs.iter().copied());
    let all: BTreeSet<&str> = READING.into_iter().chain(changing).collect();
    all.into_iter()
}

/// What a record that is only mentioned is called by, whatever its object.
const NAMES: [&str; 3] = ["name", "subject", "title"];

/// Stands for every object that is not named; no object is called so.
const ANY_OTHER: &str = "\u{1}";

impl Grants {
    /// What the operations of a scope take of these grants: of the objects that it names the actions of its operations,
    /// and of every other the names of records, since those are told where records point to them. `search` and its
    /// like, which name no object, reach those that the scope names, or where it names none all of them. Permissions
    /// on the workspace, which no operation stands for, are left to a scope of everything.
    #[must_use]
    pub fn within_scope(&self, scope: &Patterns) -> Self {
        if scope.are_everything() {
            return self.clone();
        }
        let names_objects = scope.iter().any(|pattern| pattern.contains(['.', '*']));
        let reads_all = !names_objects && scope.iter().any(|pattern| pattern != CHAT);
        let named = scope.iter().filter_map(|pattern| pattern.split_once('.')?.0.parse::<Name>().ok());
        let objects: BTreeSet<Name> = self.objects.keys().cloned().chain(named).collect();
        let agents = if scope.allow(CHAT) { AgentSet::all() } else { AgentSet::of(Vec::<String>::new()) };
        let all = Self {
            default: granted(scope, ANY_OTHER, reads_all),
            objects: objects
                .into_iter()
                .map(|name| (name.clone(), granted(scope, &name, reads_all)))
                .collect(),
            platform: Permissions::default(),
            agents,
        };
        self.intersect(&all)
    }
}

fn granted(scope: &Patterns, object: &str, reads_all: bool) -> ObjectGrant {
    let has = |verb: &&str| scope.allow(&format!("{object}.{verb}"));
    let changing = CHANGING.iter().filter(|(_, verbs)| verbs.iter().any(has));
    let mut actions: BTreeSet<Action> = changing.map(|(action, _)| *action).collect();
    let is_named = !actions.is_empty() || reads_all || READING.iter().any(has);
    actions.insert(Action::Read);
    let grant = ObjectGrant::of(actions);
    if is_named { grant } else { grant.reading(FieldSet::Only(NAMES.map(Name::literal).into())) }
}
