//! What agents are told: versions of prompts, drafts of them, and what differs between two.

use kontor_core::{
    actor::Actor, caller::Caller, environment::Environment, error::Issue, grants::Permission, time::Timestamp,
};
use kontor_identity::workspace_settings;
use kontor_store::Tx;
use serde::{Deserialize, Serialize};
use serde_json::json;
use similar::{ChangeTag, TextDiff};

use crate::{
    access::member_of,
    definition::{Agent, PromptDraft, PromptVersion},
    definitions::{audit, require_either},
    engine::Agents,
    error::Error,
    prompts::{self, Variable},
    rows::{
        agents,
        prompts::{self as rows, DraftRow, LabelRow, PromptRow},
    },
};

/// Versions that are listed at once.
const LISTED: u64 = 200;
const LONGEST_NOTE: usize = 500;
/// Characters of a draft, which may be what is no prompt yet.
const LONGEST_DRAFT: usize = 200_000;
/// Lines around a difference that are shown with it.
const AROUND: usize = 3;
/// How long two texts are compared at most.
const COMPARING: std::time::Duration = std::time::Duration::from_millis(300);

/// A prompt that is saved as the next version.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPrompt {
    pub body: String,
    /// What is different, for those who come after.
    #[serde(default)]
    pub note: String,
}

/// What an editor keeps of a prompt without saving it as a version.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDraft {
    pub body: String,
    /// The version that it was begun from.
    #[serde(default)]
    pub based_on: Option<i64>,
}

/// What differs between two versions of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PromptDiff {
    pub from: i64,
    pub to: i64,
    pub lines: Vec<DiffLine>,
    /// The same as a unified diff.
    pub unified: String,
}

/// A line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct DiffLine {
    pub change: LineChange,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineChange {
    Same,
    Added,
    Removed,
}

impl Agents {
    /// What a prompt may name.
    ///
    /// # Errors
    /// [`Error::NotAMember`].
    pub fn prompt_variables(&self, caller: &Caller) -> Result<Vec<Variable>, Error> {
        member_of(caller)?;
        Ok(prompts::variables())
    }

    /// The versions of an agent's prompt, the latest first, each with the labels that stand at it.
    ///
    /// # Errors
    /// Without the permission `agents` or `prompts`; [`Error::AgentNotFound`].
    pub async fn prompts(&self, caller: &Caller, name: &str) -> Result<Vec<PromptVersion>, Error> {
        require_either(caller)?;
        let agent = self.read_agent(caller, name).await?;
        let namespace = self.namespace(caller.workspace).await?;
        let (versions, labels) = namespace
            .read(agent.id, |tx, &id| {
                Box::pin(async move {
                    Ok::<_, Error>((rows::versions(tx, id, LISTED).await?, rows::labels(tx, id).await?))
                })
            })
            .await?;
        Ok(versions.into_iter().map(|row| version(row, &labels)).collect())
    }

    /// One version of an agent's prompt.
    ///
    /// # Errors
    /// As [`Agents::prompts`]; [`Error::PromptNotFound`].
    pub async fn prompt(&self, caller: &Caller, name: &str, number: i64) -> Result<PromptVersion, Error> {
        require_either(caller)?;
        let agent = self.read_agent(caller, name).await?;
        let namespace = self.namespace(caller.workspace).await?;
        namespace
            .read((agent.id, number), |tx, &(id, number)| {
                Box::pin(async move {
                    let row = rows::find(tx, id, number).await?.ok_or(Error::PromptNotFound(number))?;
                    let labels = rows::labels(tx, id).await?;
                    Ok::<_, Error>(version(row, &labels))
                })
            })
            .await
    }

    /// Saves a prompt as the agent's next version. No label moves by it; the draft of whoever saves it is done with.
    ///
    /// # Errors
    /// Without the permission `prompts`; [`Error::AgentNotFound`]; [`Error::Invalid`] with the lines and columns of
    /// what is wrong.
    pub async fn save_prompt(
        &self,
        caller: &Caller,
        name: &str,
        new: NewPrompt,
    ) -> Result<PromptVersion, Error> {
        caller.require(Permission::Prompts)?;
        let agent = self.present_agent(caller, name).await?;
        let mut issues = prompts::issues("body", &new.body);
        issues.extend(note_issue("note", &new.note));
        if !issues.is_empty() {
            return Err(Error::InvalidPrompt(issues));
        }
        let environment = self.0.environment.clone();
        let now = environment.now();
        let member = caller.member();
        let namespace = self.namespace(caller.workspace).await?;
        namespace
            .write(
                (environment, agent, new, caller.actor(), now),
                move |tx, (environment, agent, new, actor, now)| {
                    Box::pin(async move {
                        let (agent, now): (&Agent, _) = (agent, *now);
                        // Versions are numbered one after the other.
                        agents::lock(tx, agent.id).await?;
                        let (body, note) = (&new.body, new.note.trim());
                        let number = save(tx, environment, agent, body, note, actor, now).await?;
                        if let Some(member) = member {
                            rows::remove_draft(tx, agent.id, member).await?;
                        }
                        let row = rows::find(tx, agent.id, number).await?;
                        Ok(version(row.ok_or(Error::PromptNotFound(number))?, &[]))
                    })
                },
            )
            .await
    }

    /// What differs between two versions of a prompt.
    ///
    /// # Errors
    /// As [`Agents::prompt`].
    pub async fn prompt_diff(
        &self,
        caller: &Caller,
        name: &str,
        from: i64,
        to: i64,
    ) -> Result<PromptDiff, Error> {
        let (before, after) = (self.prompt(caller, name, from).await?, self.prompt(caller, name, to).await?);
        let diff = compared(&before.body, &after.body);
        let unified = diff
            .unified_diff()
            .context_radius(AROUND)
            .header(&format!("version {from}"), &format!("version {to}"))
            .to_string();
        Ok(PromptDiff { from, to, lines: lines(&diff), unified })
    }

    /// The caller's draft of an agent's prompt, where there is one.
    ///
    /// # Errors
    /// Without the permission `prompts`; [`Error::AgentNotFound`].
    pub async fn prompt_draft(&self, caller: &Caller, name: &str) -> Result<Option<PromptDraft>, Error> {
        caller.require(Permission::Prompts)?;
        let member = member_of(caller)?;
        let agent = self.present_agent(caller, name).await?;
        let namespace = self.namespace(caller.workspace).await?;
        let found: Option<DraftRow> = namespace
            .read((agent.id, member), |tx, &(id, member)| Box::pin(rows::draft(tx, id, member)))
            .await?;
        Ok(found.map(|row| PromptDraft { body: row.body, based_on: row.based_on, saved_at: row.saved_at }))
    }

    /// Keeps the caller's draft of an agent's prompt, which may be what no agent could be told yet.
    ///
    /// # Errors
    /// As [`Agents::prompt_draft`]; [`Error::Invalid`].
    pub async fn keep_draft(&self, caller: &Caller, name: &str, new: NewDraft) -> Result<PromptDraft, Error> {
        caller.require(Permission::Prompts)?;
        let member = member_of(caller)?;
        if new.body.chars().count() > LONGEST_DRAFT || new.body.contains('\0') {
            let told = format!("expected at most {LONGEST_DRAFT} characters, none of them NUL");
            return Err(Error::invalid("body", "too_long", told));
        }
        let agent = self.present_agent(caller, name).await?;
        let row = DraftRow {
            agent: agent.id,
            member,
            body: new.body,
            based_on: new.based_on,
            saved_at: self.0.environment.now(),
        };
        let namespace = self.namespace(caller.workspace).await?;
        let () = namespace.write(row.clone(), |tx, row| Box::pin(rows::put_draft(tx, row))).await?;
        Ok::<_, Error>(PromptDraft { body: row.body, based_on: row.based_on, saved_at: row.saved_at })
    }

    /// Does away with the caller's draft.
    ///
    /// # Errors
    /// As [`Agents::prompt_draft`].
    pub async fn discard_draft(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        caller.require(Permission::Prompts)?;
        let member = member_of(caller)?;
        let agent = self.present_agent(caller, name).await?;
        let namespace = self.namespace(caller.workspace).await?;
        namespace
            .write((agent.id, member), |tx, &(id, member)| Box::pin(rows::remove_draft(tx, id, member)))
            .await
    }
}

/// Writes a prompt as the next version of an agent whose row is locked.
pub(crate) async fn save(
    tx: &mut Tx<'_>,
    environment: &Environment,
    agent: &Agent,
    body: &str,
    note: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<i64, Error> {
    let version = prompts::add_prompt(tx, environment, agent.id, body, note, actor, now).await?;
    let details = json!({"version": version, "note": note});
    audit(tx, environment, actor, "prompt.saved", &agent.name, details, now).await?;
    Ok(version)
}

/// Two texts compared by lines. Where they have little in common, what is found in time is told.
fn compared<'t>(before: &'t str, after: &'t str) -> TextDiff<'t, 't, 't, str> {
    TextDiff::configure().timeout(COMPARING).diff_lines(before, after)
}

/// The lines of two texts, with what happened to each.
pub fn compare_lines(before: &str, after: &str) -> Vec<DiffLine> {
    lines(&compared(before, after))
}

fn lines<'t>(diff: &TextDiff<'t, 't, '_, str>) -> Vec<DiffLine> {
    let line = |change: similar::Change<&'t str>| DiffLine {
        change: match change.tag() {
            ChangeTag::Equal => LineChange::Same,
            ChangeTag::Insert => LineChange::Added,
            ChangeTag::Delete => LineChange::Removed,
        },
        text: change.value().trim_end_matches(['\r', '\n']).to_owned(),
    };
    diff.iter_all_changes().map(line).collect()
}

pub(crate) fn note_issue(path: &str, note: &str) -> Option<Issue> {
    let is_wrong = note.chars().count() > LONGEST_NOTE || note.contains('\0');
    let told = || format!("expected at most {LONGEST_NOTE} characters, none of them NUL");
    is_wrong.then(|| Issue::new(path, "too_long", told()))
}

fn version(row: PromptRow, labels: &[LabelRow]) -> PromptVersion {
    let standing = labels.iter().filter(|label| label.version == row.version);
    let labels = standing.map(|label| label.label.clone()).collect();
    PromptVersion {
        version: row.version,
        body: row.body,
        note: row.note,
        author: row.author,
        created_at: row.created_at,
        labels,
    }
}

/// Whether a label moves only when a second person agrees.
pub(crate) async fn is_protected(tx: &mut Tx<'_>, label: &str) -> Result<bool, Error> {
    Ok(protected_labels(tx).await?.iter().any(|protected| protected == label))
}

/// The labels that move only when a second person agrees.
pub(crate) async fn protected_labels(tx: &mut Tx<'_>) -> Result<Vec<String>, Error> {
    Ok(workspace_settings(tx).await?.protected_labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_tells_what_happened_to_each_line() {
        let found: Vec<_> = compare_lines("a\nb\nc\n", "a\nB\nc\nd")
            .into_iter()
            .map(|line| (line.change, line.text))
            .collect();
        let expected = [
            (LineChange::Same, "a"),
            (LineChange::Removed, "b"),
            (LineChange::Added, "B"),
            (LineChange::Same, "c"),
            (LineChange::Added, "d"),
        ];
        assert_eq!(found, expected.map(|(change, text)| (change, text.to_owned())));
    }
}
