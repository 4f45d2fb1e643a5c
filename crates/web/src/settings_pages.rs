//! The pages of the settings, one table: what navigation, palette and `/settings` show to those who may see it.

use kontor_core::grants::{Grants, Permission};

/// Whose settings a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// The reader's own, whoever they are.
    Reader,
    /// The workspace's.
    Workspace,
}

/// A page of the settings: an entry of the navigation, of the command palette and of `/settings`.
#[derive(Clone, Copy)]
pub(crate) struct SettingsPage {
    /// The path, without its first slash.
    pub place: &'static str,
    pub label: &'static str,
    /// What is there, by whose words the palette finds it too.
    pub holds: &'static str,
    pub icon: &'static str,
    pub about: About,
    /// What seeing it takes, one of these; nothing where it shows members what is their own.
    permissions: &'static [Permission],
}

const fn own(
    place: &'static str,
    label: &'static str,
    holds: &'static str,
    icon: &'static str,
) -> SettingsPage {
    SettingsPage { place, label, holds, icon, about: About::Reader, permissions: &[] }
}

const fn of_workspace(
    place: &'static str,
    label: &'static str,
    holds: &'static str,
    icon: &'static str,
    permissions: &'static [Permission],
) -> SettingsPage {
    SettingsPage { place, label, holds, icon, about: About::Workspace, permissions }
}

/// A page more is a line more.
const SETTINGS_PAGES: &[SettingsPage] = &[
    own(
        "settings",
        "Settings",
        "Your name, time zone and how dates are written; the workspace's time zone and currency",
        "settings",
    ),
    own("settings/sign-ins", "Sign-ins", "Where you are signed in, and ending it", "user"),
    own("settings/password", "Password", "Changing the password that you sign in with", "hand"),
    own("settings/programs", "Connected programs", "Programs that act for you, and withdrawing it", "agent"),
    of_workspace(
        "settings/members",
        "Member accounts",
        "The members of the workspace: invitations, roles, deactivation, sign-ins, passwords",
        "users",
        &[Permission::Members],
    ),
    of_workspace(
        "settings/roles",
        "Roles",
        "What members and agents may do, and who has which role",
        "users",
        &[Permission::Roles, Permission::Members],
    ),
    of_workspace(
        "settings/keys",
        "API keys",
        "Service accounts by which programs act: scopes, ends, last use, connecting clients",
        "hand",
        &[Permission::ApiKeys],
    ),
    of_workspace(
        "settings/authority",
        "Check access",
        "What somebody may do, and which rule decides",
        "check",
        &[],
    ),
    of_workspace(
        "settings/agents",
        "Agents",
        "What agents are, may do and are told; versions, labels and reviews of prompts",
        "agent",
        &[Permission::Agents, Permission::Prompts],
    ),
    of_workspace(
        "settings/evaluations",
        "Evaluations",
        "Datasets of cases, runs of them on agents, and what changed between two",
        "check",
        &[Permission::Evaluations],
    ),
    of_workspace(
        "settings/models",
        "Models",
        "Providers with their API keys, which models answer, what they can do and cost",
        "model",
        &[Permission::Settings],
    ),
    of_workspace("settings/usage", "Usage", "Tokens and cost by day, agent, member and model", "chart", &[]),
    of_workspace(
        "settings/budgets",
        "Budgets",
        "How much may be used up in a turn and in a day",
        "target",
        &[Permission::Settings],
    ),
    of_workspace(
        "settings/turns",
        "Turns",
        "What agents answer now, what waits and what is stuck",
        "agent",
        &[Permission::Conversations],
    ),
    of_workspace(
        "settings/feedback",
        "Feedback",
        "What members think of answers",
        "thumb-up",
        &[Permission::Conversations],
    ),
    of_workspace("audit", "Audit", "Who did what, people and agents", "record", &[Permission::Audit]),
    of_workspace(
        "jobs",
        "Jobs",
        "What waits, runs and has failed in the background",
        "task",
        &[Permission::Jobs],
    ),
];

/// The pages that are open to these grants.
pub(crate) fn settings_pages(grants: &Grants) -> impl Iterator<Item = SettingsPage> + '_ {
    let is_open = |page: &SettingsPage| {
        page.permissions.is_empty() || page.permissions.iter().any(|needed| grants.permits(*needed))
    };
    SETTINGS_PAGES.iter().copied().filter(is_open)
}

/// Those of them that are about the workspace.
pub(crate) fn workspace_pages(grants: &Grants) -> impl Iterator<Item = SettingsPage> + '_ {
    settings_pages(grants).filter(|page| page.about == About::Workspace)
}

/// Those of them that are about the reader, but for `/settings` itself, where they are shown.
pub(crate) fn own_pages(grants: &Grants) -> impl Iterator<Item = SettingsPage> + '_ {
    settings_pages(grants).filter(|page| page.about == About::Reader && page.place != "settings")
}
