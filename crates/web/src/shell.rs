//! What every page of a signed-in person has around it.

use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    grants::{Grants, Permission},
    locale::TimeZone,
    metadata::Schema,
};
use kontor_http::Services;
use kontor_identity::Csrf;

use crate::{error::Result, show::Viewer};

pub(crate) struct Shell {
    pub title: String,
    /// Which entry of the navigation is the current one.
    pub place: String,
    pub csrf: String,
    pub person: String,
    pub first_name: String,
    pub initials: String,
    pub role: String,
    pub workspace: String,
    pub objects: Vec<ObjectLink>,
    /// The pages of the workspace itself that the reader may see.
    pub workspace_pages: Vec<WorkspacePage>,
    /// The reader's time zone, where one is set: the browser's own stands for it else.
    pub time_zone: Option<TimeZone>,
}

/// A page of the workspace itself: an entry of the navigation, of the command palette and of the settings.
#[derive(Clone, Copy)]
pub(crate) struct WorkspacePage {
    pub place: &'static str,
    pub label: &'static str,
    /// What is there, by whose words the palette finds it too.
    pub about: &'static str,
    pub icon: &'static str,
    /// What seeing it takes, one of these; nothing where it shows members what is their own.
    permission: &'static [Permission],
}

const WORKSPACE_PAGES: [WorkspacePage; 10] = [
    WorkspacePage {
        place: "settings/roles",
        label: "Roles",
        about: "What members and agents may do, and who has which role",
        icon: "users",
        permission: &[Permission::Roles],
    },
    WorkspacePage {
        place: "settings/authority",
        label: "What may … do",
        about: "Whether somebody might do something, and which rule decides",
        icon: "check",
        permission: &[],
    },
    WorkspacePage {
        place: "settings/agents",
        label: "Agents",
        about: "What agents are, may do and are told; versions, labels and reviews of prompts",
        icon: "agent",
        permission: &[Permission::Agents, Permission::Prompts],
    },
    WorkspacePage {
        place: "settings/models",
        label: "Models",
        about: "Providers with their API keys, which models answer, what they can do and cost",
        icon: "model",
        permission: &[Permission::Settings],
    },
    WorkspacePage {
        place: "settings/usage",
        label: "Usage",
        about: "Tokens and cost by day, agent, member and model",
        icon: "chart",
        permission: &[],
    },
    WorkspacePage {
        place: "settings/budgets",
        label: "Budgets",
        about: "How much may be used up in a turn and in a day",
        icon: "target",
        permission: &[Permission::Settings],
    },
    WorkspacePage {
        place: "settings/turns",
        label: "Turns",
        about: "What agents answer now, what waits and what is stuck",
        icon: "agent",
        permission: &[Permission::Conversations],
    },
    WorkspacePage {
        place: "settings/feedback",
        label: "Feedback",
        about: "What members think of answers",
        icon: "thumb-up",
        permission: &[Permission::Conversations],
    },
    WorkspacePage {
        place: "audit",
        label: "Audit",
        about: "Who did what, people and agents",
        icon: "record",
        permission: &[Permission::Audit],
    },
    WorkspacePage {
        place: "jobs",
        label: "Jobs",
        about: "What waits, runs and has failed in the background",
        icon: "task",
        permission: &[Permission::Jobs],
    },
];

/// The pages of the workspace itself that are open to these grants.
pub(crate) fn workspace_pages(grants: &Grants) -> impl Iterator<Item = WorkspacePage> + '_ {
    let is_open = |page: &WorkspacePage| {
        page.permission.is_empty() || page.permission.iter().any(|needed| grants.permits(*needed))
    };
    WORKSPACE_PAGES.into_iter().filter(is_open)
}

/// An object in the navigation.
pub(crate) struct ObjectLink {
    pub plural: String,
    pub label: String,
    pub icon: &'static str,
}

impl Shell {
    pub(crate) async fn new(
        state: &Services,
        caller: &Caller,
        csrf: &Csrf,
        schema: &Schema,
        title: impl Into<String>,
        place: impl Into<String>,
    ) -> Result<Self> {
        let me = state.identity.me(caller).await?;
        let (kept, own): (Vec<_>, Vec<_>) =
            caller.grants.readable(schema).partition(|object| object.is_read_only);
        let objects = own
            .into_iter()
            .chain(kept)
            .map(|object| ObjectLink {
                plural: object.plural.to_string(),
                label: object.label_plural.clone(),
                icon: icon(&object.icon),
            })
            .collect();
        let person = me.member.name;
        Ok(Self {
            title: title.into(),
            place: place.into(),
            csrf: csrf.token().to_owned(),
            first_name: person.split_whitespace().next().unwrap_or_default().to_owned(),
            initials: initials(&person),
            person,
            role: me.member.role,
            workspace: me.workspace.name,
            objects,
            workspace_pages: workspace_pages(&caller.grants).collect(),
            time_zone: Some(me.time_zone).filter(|_| me.is_time_zone_set),
        })
    }
}

/// What shows values to this caller. It knows no more than the caller may read: what an agent wrote into a call
/// may name anything.
pub(crate) fn viewer(state: &Services, caller: &Caller, schema: &Schema) -> Viewer {
    let schema = Arc::new(caller.grants.readable_schema(schema));
    Viewer { schema, environment: state.environment.clone(), zone: caller.locale.time_zone }
}

/// The drawing of an object's icon, a plain card for one that we have not drawn.
pub(crate) fn icon(name: &str) -> &'static str {
    match name {
        "building" => "building",
        "user" => "user",
        "users" => "users",
        "target" => "target",
        "sparkles" => "lead",
        "calendar" => "calendar",
        "check" => "task",
        "file" => "note",
        _ => "record",
    }
}

fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next();
    first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}
