//! What every page of a signed-in person has around it.

use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    locale::{DateLanguage, TimeZone},
    metadata::Schema,
};
use kontor_http::Services;
use kontor_identity::Csrf;

use crate::{
    error::Result,
    settings_pages::{SettingsPage, workspace_pages},
    show::Viewer,
};

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
    /// How many calls wait for the reader's word.
    pub approvals_waiting: u64,
    /// The pages of the workspace itself that the reader may see.
    pub workspace_pages: Vec<SettingsPage>,
    /// The reader's time zone, where one is set: the browser's own stands for it else.
    pub time_zone: Option<TimeZone>,
    /// The language that the reader reads dates in, where it is not the usual one.
    pub dates: Option<DateLanguage>,
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
            approvals_waiting: state.agents.approvals_waiting(caller).await?,
            workspace_pages: workspace_pages(&caller.grants).collect(),
            time_zone: Some(me.time_zone).filter(|_| me.is_time_zone_set),
            dates: Some(me.date_language).filter(|dates| *dates != DateLanguage::default()),
        })
    }
}

/// What shows values to this caller. It knows no more than the caller may read: what an agent wrote into a call
/// may name anything.
pub(crate) fn viewer(state: &Services, caller: &Caller, schema: &Schema) -> Viewer {
    let schema = Arc::new(caller.grants.readable_schema(schema));
    let (zone, dates) = (caller.locale.time_zone, caller.locale.dates);
    Viewer { schema, environment: state.environment.clone(), zone, dates }
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
