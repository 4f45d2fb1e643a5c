//! What is made of the roles that older versions wrote.

use kontor_core::grants::Permission;
use kontor_store::{BoxFuture, DataStep, PartResult, Tx};
use serde_json::Value as Json;

use crate::{Result, roles::ADMIN, rows::roles};

/// The permissions there were before `jobs`, most of which nothing ever asked for.
const BEFORE_JOBS: [&str; 13] = [
    "members",
    "roles",
    "data_model",
    "agents",
    "prompts",
    "evaluations",
    "api_keys",
    "webhooks",
    "workflows",
    "import",
    "export",
    "audit",
    "models",
];

const BEFORE_SETTINGS: [&str; 4] = ["members", "data_model", "audit", "jobs"];

/// Those that came with it are given one after the other.
const SINCE_SETTINGS: [&str; 5] = ["members", "data_model", "audit", "jobs", "settings"];

/// The steps of this crate.
pub fn data_steps() -> Vec<DataStep> {
    vec![
        DataStep { number: 2, name: "let admins see the jobs", alters: false, run: permit_jobs },
        DataStep { number: 4, name: "keep the permissions there are", alters: false, run: keep_known },
        DataStep { number: 9, name: "let admins change the settings", alters: false, run: permit_settings },
        DataStep { number: 12, name: "let admins manage the roles", alters: false, run: permit_roles },
        DataStep { number: 13, name: "let admins run agents and prompts", alters: false, run: permit_agents },
        DataStep {
            number: 14,
            name: "let admins see what agents do for others",
            alters: false,
            run: permit_conversations,
        },
        DataStep { number: 17, name: "let admins evaluate agents", alters: false, run: permit_evaluations },
        DataStep { number: 19, name: "let admins manage API keys", alters: false, run: permit_api_keys },
    ]
}

fn permit_jobs<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    permit(tx, &BEFORE_JOBS, &[Permission::Jobs])
}

fn permit_settings<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    permit(tx, &BEFORE_SETTINGS, &[Permission::Settings])
}

fn permit_roles<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    permit(tx, &SINCE_SETTINGS, &[Permission::Roles])
}

fn permit_agents<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    permit(tx, &SINCE_SETTINGS, &[Permission::Agents, Permission::Prompts])
}

fn permit_conversations<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    permit(tx, &SINCE_SETTINGS, &[Permission::Conversations])
}

fn permit_evaluations<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    permit(tx, &SINCE_SETTINGS, &[Permission::Evaluations, Permission::Publishing])
}

fn permit_api_keys<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    permit(tx, &SINCE_SETTINGS, &[Permission::ApiKeys])
}

/// Gives the standard role of admins new permissions, unless one of those that it had was taken from it.
fn permit<'t>(
    tx: &'t mut Tx<'_>,
    had: &'static [&'static str],
    new: &'static [Permission],
) -> BoxFuture<'t, PartResult> {
    Box::pin(async move {
        rewrite(tx, |is_admin, words| {
            if is_admin && had.iter().all(|word| words.contains(&Json::from(*word))) {
                for permission in new {
                    add(words, *permission);
                }
            }
        })
        .await?;
        Ok(None)
    })
}

fn add(words: &mut Vec<Json>, permission: Permission) {
    let word = Json::from(permission.word());
    if !words.contains(&word) {
        words.push(word);
    }
}

/// Takes the permissions from every role that nothing asks for.
fn keep_known<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    Box::pin(async move {
        rewrite(tx, |_, words| {
            words.retain(|word| Permission::ALL.iter().any(|known| *word == known.word()));
        })
        .await?;
        Ok(None)
    })
}

/// Changes the words of the permissions of each role, given whether it is the standard one of admins. Grants are
/// changed as they are stored: they may hold words that this version does not know.
async fn rewrite(tx: &mut Tx<'_>, change: impl Fn(bool, &mut Vec<Json>)) -> Result<()> {
    for role in roles::stored(tx).await? {
        let mut grants = role.grants;
        let Some(words) = grants.get_mut("platform").and_then(Json::as_array_mut) else { continue };
        let before = words.clone();
        change(role.is_standard && role.name == ADMIN, words);
        if *words != before {
            roles::set_grants(tx, role.id, &grants).await?;
        }
    }
    Ok(())
}
