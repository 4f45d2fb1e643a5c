//! A run that was made elsewhere, kept among those of a workspace.

use std::collections::BTreeSet;

use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Problem},
    grants::Permission,
};
use uuid::Uuid;

use super::{
    Error, Evaluations, Origin, RunState,
    rows::{
        runs::{self as rows, Ended, RunRow},
        trials::TrialRow,
    },
};
use crate::{report::Report, run::TrialRecord, stats::TrialOutcome};

impl Evaluations {
    /// Keeps the result of `kontor eval run`. It was made in a workspace of its own, so that no gate takes it.
    ///
    /// # Errors
    /// Without the permission `evaluations`; what the database said.
    pub async fn keep_report(
        &self,
        caller: &Caller,
        report: Report,
        prompt: Option<String>,
    ) -> Result<Uuid, Error> {
        caller.require(Permission::Evaluations)?;
        let now = self.0.environment.now();
        let names: Vec<_> = report.datasets.keys().map(String::as_str).collect();
        let agent = report.agent.clone().unwrap_or_else(|| "as written".to_owned());
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let models: BTreeSet<_> =
            report.results.iter().flat_map(|trial| trial.models.iter().cloned()).collect();
        let row = RunRow {
            id: self.0.environment.new_id(),
            dataset_id: None,
            dataset: names.join(", "),
            dataset_version: None,
            dataset_digest: report.digest.clone(),
            agent_id: None,
            agent,
            agent_version: None,
            prompt_version: None,
            label: None,
            subject: None,
            choice: report.model.clone(),
            model: None,
            models: models.into_iter().collect(),
            trials: report.trials,
            concurrency: 1,
            tags: Vec::new(),
            state: RunState::Running,
            problem: None,
            planned: count(report.totals.trials),
            done: count(report.totals.trials),
            passed: count(report.totals.passed),
            figures: None,
            origin: Origin::CommandLine,
            member: None,
            made_by: caller.actor(),
            created_at: now,
            started_at: Some(now),
            ended_at: None,
        };
        let unjudged = report.totals.unjudged;
        let told = || format!("{unjudged} of {} trials could not be run or judged.", report.totals.trials);
        let problem =
            (unjudged > 0).then(|| Problem::new(ErrorKind::Unavailable, "trials_not_judged", told()));
        let state = if unjudged > 0 { RunState::Failed } else { RunState::Completed };
        let results = report.results.clone();
        let report = Report { results: Vec::new(), ..report };
        let ended = Ended { state, problem, models: row.models.clone(), report: Some(report), at: now };
        let (id, prompt) = (row.id, prompt.unwrap_or_default());
        let namespace = self.namespace(caller.workspace).await?;
        namespace
            .write((row, prompt, results, ended), |tx, (row, prompt, results, ended)| {
                Box::pin(async move {
                    rows::insert(tx, row, prompt, None).await?;
                    let mut passed_so_far = 0;
                    for (number, record) in (1..).zip(results) {
                        let trial = trial(row, number, record, &mut passed_so_far);
                        tx.insert(&trial).await?;
                    }
                    rows::end(tx, row.id, ended).await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
        Ok(id)
    }
}

fn trial(run: &RunRow, number: i64, record: &TrialRecord, passed_so_far: &mut i64) -> TrialRow {
    let passed = record.grade.as_ref().is_some_and(|grade| TrialOutcome::of(grade).passed());
    *passed_so_far += i64::from(passed);
    TrialRow {
        run: run.id,
        number,
        dataset: record.key.dataset.clone(),
        case: record.key.case.clone(),
        attacked: record.key.attacked,
        trial: record.key.trial,
        passed,
        passed_so_far: *passed_so_far,
        record: record.clone(),
        ended_at: run.created_at,
    }
}
