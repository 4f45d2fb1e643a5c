//! What a workspace and its members set for themselves: names, time zones, the language of dates, the usual currency,
//! how long things are kept.

use kontor_core::{
    actor::Actor,
    caller::Caller,
    currency::Currency,
    error::Issue,
    grants::Permission,
    ids::{MemberId, WorkspaceId},
    locale::{DateLanguage, Locale, TimeZone},
    text,
};
use kontor_store::{AuditEntry, BoxFuture, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::{
    Error, Identity, Result, email,
    member_changes::{note, write_profile},
    rows::{
        members::{self, MemberUpdate},
        settings::{self, scope},
        users,
    },
};

/// The most days for which something can be kept: a hundred years.
const MAX_DAYS: u32 = 36_500;
/// The most labels that are protected.
const MAX_LABELS: usize = 20;
/// How many mistakes are named: the first few help.
const MAX_ISSUES: usize = 10;

/// The settings of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct WorkspaceSettings {
    /// Where the days begin of members who have set none of their own; nothing is UTC, and leaves it to their browsers.
    pub time_zone: Option<TimeZone>,
    /// How dates are written for members who have set nothing of their own; nothing is `en-GB`.
    pub date_language: Option<DateLanguage>,
    /// The currency of amounts that name none.
    #[schemars(with = "String")]
    pub currency: UsualCurrency,
    pub retention: RetentionDays,
    /// Labels of agents' prompts that move only when a second person agrees.
    pub protected_labels: Vec<String>,
}

/// A currency as settings name it, US dollars where nothing is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UsualCurrency(pub Currency);

/// For how many days what has happened is kept: 0 for ever, nothing as the installation is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct RetentionDays {
    /// Events of changes, for programs to be told.
    pub events: Option<u32>,
    /// Who did what to the workspace itself.
    pub audit: Option<u32>,
    /// Chats, after they have expired.
    pub chats: Option<u32>,
    /// Calls that reached outside, and jobs that failed.
    pub calls: Option<u32>,
}

/// The settings of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberSettings {
    /// Where the member's days begin; nothing as in the workspace.
    pub time_zone: Option<TimeZone>,
    /// How dates are written for the member; nothing as in the workspace.
    pub date_language: Option<DateLanguage>,
}

impl Default for UsualCurrency {
    fn default() -> Self {
        Self(Locale::default().currency)
    }
}

impl TryFrom<String> for UsualCurrency {
    type Error = String;

    fn try_from(code: String) -> Result<Self, String> {
        Currency::of(&code).map(Self).ok_or_else(|| format!("{code:?} is no currency"))
    }
}

impl From<UsualCurrency> for String {
    fn from(currency: UsualCurrency) -> Self {
        currency.0.code().to_owned()
    }
}

/// What follows from a member's settings and the workspace's.
pub(crate) struct MemberLocale {
    pub(crate) locale: Locale,
    /// Whether the time zone was set by either.
    pub(crate) is_zone_set: bool,
}

pub(crate) async fn of_member(tx: &mut Tx<'_>, member: MemberId) -> Result<MemberLocale> {
    let workspace = workspace_settings(tx).await?;
    let own: MemberSettings = settings::get(tx, scope(Some(member)), false).await?;
    let set = own.time_zone.or(workspace.time_zone);
    let dates = own.date_language.or(workspace.date_language).unwrap_or_default();
    let locale = Locale { time_zone: set.unwrap_or_default(), currency: workspace.currency.0, dates };
    Ok(MemberLocale { locale, is_zone_set: set.is_some() })
}

/// The settings of the workspace of a transaction.
pub fn workspace_settings<'t>(tx: &'t mut Tx<'_>) -> BoxFuture<'t, Result<WorkspaceSettings>> {
    Box::pin(settings::get(tx, scope(None), false))
}

impl Identity {
    /// The settings of the caller's workspace, which every member may know.
    ///
    /// # Errors
    /// What the database said.
    pub async fn workspace_settings(&self, caller: &Caller) -> Result<WorkspaceSettings> {
        self.namespace(caller.workspace).await?.read((), |tx, ()| workspace_settings(tx)).await
    }

    /// Changes what is named of the workspace's settings; what is `null` becomes what it was at first.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `settings`; [`Error::Input`] with all that is wrong, each with
    /// its path.
    pub async fn change_workspace_settings(
        &self,
        caller: &Caller,
        changes: &Map<String, Json>,
    ) -> Result<WorkspaceSettings> {
        caller.require(Permission::Settings)?;
        let changed: Result<WorkspaceSettings> = self
            .namespace(caller.workspace)
            .await?
            .write(
                (self.environment().clone(), caller.actor(), changes.clone(), self.now()),
                |tx, (environment, actor, changes, now)| {
                    Box::pin(async move {
                        let before: WorkspaceSettings = settings::get(tx, scope(None), true).await?;
                        let after = before.clone().changed(changes).map_err(Error::Input)?;
                        if before == after {
                            return Ok(after);
                        }
                        settings::set(tx, scope(None), &after, *now).await?;
                        let details = json!({ "before": before, "after": after });
                        let entry = AuditEntry::new("settings.changed", "workspace", details);
                        tx.audit(environment, *now, actor, entry).await?;
                        Ok(after)
                    })
                },
            )
            .await;
        // Every member's locale may be another now.
        self.0.members.clear();
        self.0.api_keys.clear();
        changed
    }

    /// The caller's own settings.
    ///
    /// # Errors
    /// [`Error::MemberNotFound`] for a caller who is no member.
    pub async fn member_settings(&self, caller: &Caller) -> Result<MemberSettings> {
        let member = caller.member().ok_or(Error::MemberNotFound)?;
        self.namespace(caller.workspace)
            .await?
            .read(member, |tx, &member| Box::pin(settings::get(tx, scope(Some(member)), false)))
            .await
    }

    /// Sets the caller's time zone to the one that their browser says, where neither they nor the workspace have set
    /// one.
    ///
    /// # Errors
    /// [`Error::MemberNotFound`] for a caller who is no member; [`Error::Input`].
    pub async fn offer_time_zone(&self, caller: &Caller, zone: &str) -> Result<()> {
        let own = self.member_settings(caller).await?.time_zone;
        if own.or(self.workspace_settings(caller).await?.time_zone).is_none() {
            let changes = Map::from_iter([("time_zone".to_owned(), Json::from(zone))]);
            self.change_member_settings(caller, &changes).await?;
        }
        Ok(())
    }

    /// Changes what is named of the caller's own settings, and their name; what is `null` is as in the workspace again.
    /// The member's record tells their name and time zone.
    ///
    /// # Errors
    /// [`Error::MemberNotFound`] for a caller who is no member; [`Error::Input`].
    pub async fn change_member_settings(
        &self,
        caller: &Caller,
        changes: &Map<String, Json>,
    ) -> Result<MemberSettings> {
        let member = caller.member().ok_or(Error::MemberNotFound)?;
        let (name, changes) = split_name(changes);
        let renamed = name.as_ref().is_ok_and(Option::is_some);
        let workspace = caller.workspace;
        let changed: Result<(MemberSettings, String)> = self
            .namespace(workspace)
            .await?
            .write(
                (self.clone(), caller.actor(), name, changes),
                move |tx, (identity, actor, name, changes)| {
                    Box::pin(change_own(tx, identity, (workspace, member), actor, name, changes))
                },
            )
            .await;
        self.0.members.remove(&(workspace, member));
        let (settings, name) = changed?;
        if renamed {
            let user = self.user_of(caller).await?;
            let kept: Result<()> = self
                .directory()
                .write((user, name), |tx, (user, name)| Box::pin(users::rename(tx, *user, name)))
                .await;
            kept?;
        }
        Ok(settings)
    }
}

/// The name among what a member changes of themselves, and the settings.
fn split_name(changes: &Map<String, Json>) -> (Result<Option<String>, Vec<Issue>>, Map<String, Json>) {
    let mut settings = changes.clone();
    let name = match settings.remove("name") {
        None => Ok(None),
        Some(Json::String(name)) => match email::name("name", &name) {
            Ok(name) => Ok(Some(name)),
            Err(Error::Input(issues)) => Err(issues),
            Err(_) => Err(Vec::new()),
        },
        Some(_) => Err(vec![Issue::new("name", "wrong_type", "expected a name")]),
    };
    (name, settings)
}

/// The settings then, and the name.
async fn change_own(
    tx: &mut Tx<'_>,
    identity: &Identity,
    (workspace, member): (WorkspaceId, MemberId),
    actor: &Actor,
    name: &Result<Option<String>, Vec<Issue>>,
    changes: &Map<String, Json>,
) -> Result<(MemberSettings, String)> {
    let (of_member, now) = (scope(Some(member)), identity.now());
    let before: MemberSettings = settings::get(tx, of_member, true).await?;
    let (after, name) = match (before.changed(changes), name) {
        (Ok(after), Ok(name)) => (after, name),
        (after, name) => {
            let wrong = [after.err(), name.as_ref().err().cloned()];
            return Err(Error::Input(wrong.into_iter().flatten().flatten().collect()));
        }
    };
    let known = members::find(tx, member).await?.ok_or(Error::MemberNotFound)?.summary;
    let name = name.as_ref().unwrap_or(&known.name);
    if before == after && *name == known.name {
        return Ok((after, known.name));
    }
    settings::set(tx, of_member, &after, now).await?;
    if *name != known.name {
        let (status, version) = (known.status, known.version + 1);
        let update = MemberUpdate { name, role: None, status, version, by: actor.principal.name() };
        members::update(tx, member, &update, now).await?;
        let details = json!({ "before": known.name, "after": name });
        note(tx, identity, actor, member, "member.renamed", details, now).await?;
    }
    write_profile(tx, identity, workspace, &known, name, after.time_zone, now).await?;
    if before != after {
        let details = json!({ "before": before, "after": after });
        note(tx, identity, actor, member, "member.settings_changed", details, now).await?;
    }
    Ok((after, name.clone()))
}

impl WorkspaceSettings {
    fn changed(mut self, changes: &Map<String, Json>) -> Result<Self, Vec<Issue>> {
        let mut issues = Vec::new();
        let initial = Self::default();
        for (name, json) in changes {
            let done = match name.as_str() {
                "time_zone" => read_zone(json).map(|zone| self.time_zone = zone),
                "date_language" => read_dates(json).map(|dates| self.date_language = dates),
                "currency" => {
                    read_currency(json).map(|usual| self.currency = usual.unwrap_or(initial.currency))
                }
                "retention" => match json {
                    Json::Null => {
                        self.retention = initial.retention;
                        Ok(())
                    }
                    Json::Object(days) => {
                        issues.extend(self.retention.change(days));
                        Ok(())
                    }
                    _ => Err(Issue::new("", "wrong_type", "expected an object")),
                },
                "protected_labels" => match read_labels(json) {
                    Ok(labels) => {
                        self.protected_labels = labels;
                        Ok(())
                    }
                    Err(wrong) => {
                        issues.extend(wrong.into_iter().map(|issue| issue.within(name)));
                        Ok(())
                    }
                },
                _ => Err(unknown(
                    name,
                    &["time_zone", "date_language", "currency", "retention", "protected_labels"],
                )),
            };
            issues.extend(done.err().map(|issue| issue.within(name)));
        }
        issues.truncate(MAX_ISSUES);
        if issues.is_empty() { Ok(self) } else { Err(issues) }
    }
}

impl RetentionDays {
    fn change(&mut self, changes: &Map<String, Json>) -> Vec<Issue> {
        let mut issues = Vec::new();
        for (name, json) in changes {
            let days = match json {
                Json::Null => Ok(None),
                json => json
                    .as_u64()
                    .and_then(|days| u32::try_from(days).ok())
                    .filter(|days| *days <= MAX_DAYS)
                    .map(Some)
                    .ok_or_else(|| {
                        let message =
                            format!("expected a whole number of days from 0 (for ever) to {MAX_DAYS}");
                        Issue::new("", "out_of_range", message)
                    }),
            };
            let place = match name.as_str() {
                "events" => Ok(&mut self.events),
                "audit" => Ok(&mut self.audit),
                "chats" => Ok(&mut self.chats),
                "calls" => Ok(&mut self.calls),
                _ => Err(unknown(name, &["events", "audit", "chats", "calls"])),
            };
            match (place, days) {
                (Ok(place), Ok(days)) => *place = days,
                (Err(issue), _) | (Ok(_), Err(issue)) => {
                    issues.push(issue.within(&format!("retention.{name}")))
                }
            }
        }
        issues
    }
}

impl MemberSettings {
    fn changed(mut self, changes: &Map<String, Json>) -> Result<Self, Vec<Issue>> {
        let mut issues = Vec::new();
        for (name, json) in changes {
            let done = match name.as_str() {
                "time_zone" => read_zone(json).map(|zone| self.time_zone = zone),
                "date_language" => read_dates(json).map(|dates| self.date_language = dates),
                _ => Err(unknown(name, &["name", "time_zone", "date_language"])),
            };
            issues.extend(done.err().map(|issue| issue.within(name)));
        }
        issues.truncate(MAX_ISSUES);
        if issues.is_empty() { Ok(self) } else { Err(issues) }
    }
}

fn read_labels(json: &Json) -> Result<Vec<String>, Vec<Issue>> {
    let labels = match json {
        Json::Null => return Ok(Vec::new()),
        Json::Array(labels) if labels.len() <= MAX_LABELS => labels,
        _ => {
            let message = format!("expected a list of at most {MAX_LABELS} labels, such as [\"production\"]");
            return Err(vec![Issue::new("", "wrong_type", message)]);
        }
    };
    let (mut read, mut wrong) = (Vec::new(), Vec::new());
    for (index, label) in labels.iter().enumerate() {
        match label.as_str().filter(|label| text::is_label(label)) {
            Some(label) if read.iter().any(|known| known == label) => {}
            Some(label) => read.push(label.to_owned()),
            None => wrong.push(Issue::new(format!("[{index}]"), "invalid_label", text::label_expected())),
        }
    }
    if wrong.is_empty() { Ok(read) } else { Err(wrong) }
}

fn read_zone(json: &Json) -> Result<Option<TimeZone>, Issue> {
    match json {
        Json::Null => Ok(None),
        Json::String(name) => name.parse().map(Some).map_err(|error| {
            let near = text::suggestion(name, TimeZone::names());
            Issue::new("", "unknown_time_zone", format!("{error}.{near}"))
        }),
        _ => Err(Issue::new("", "wrong_type", "expected the name of a time zone such as Europe/Berlin")),
    }
}

fn read_dates(json: &Json) -> Result<Option<DateLanguage>, Issue> {
    let known = || DateLanguage::all().map(DateLanguage::tag);
    match json {
        Json::Null => Ok(None),
        json => json.as_str().and_then(|tag| tag.parse().ok()).map(Some).ok_or_else(|| {
            let message = format!("expected one of {}", known().collect::<Vec<_>>().join(", "));
            Issue::new("", "unknown_date_language", message)
        }),
    }
}

fn read_currency(json: &Json) -> Result<Option<UsualCurrency>, Issue> {
    let wrong = || Issue::new("", "unknown_currency", "expected a currency of ISO 4217 such as EUR");
    match json {
        Json::Null => Ok(None),
        json => json.as_str().and_then(Currency::of).map(UsualCurrency).map(Some).ok_or_else(wrong),
    }
}

fn unknown(name: &str, known: &[&str]) -> Issue {
    let near = text::suggestion(name, known.iter().copied());
    let message = format!("there is no setting {:?}.{near}", text::excerpt(name, 60));
    Issue::new("", "unknown_setting", message)
}
