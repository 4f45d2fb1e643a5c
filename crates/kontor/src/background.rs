//! What runs by itself: the jobs of this program, and when, and who reads events.

use std::time::Duration;

use futures::future::BoxFuture;
use kontor_agents::{ExpireApprovals, HandOver};
use kontor_core::caller::Operator;
use kontor_crm::records::FollowNames;
use kontor_evals::evaluations::RunEvaluations;
use kontor_identity::{Identity, RetentionDays};
use kontor_store::{
    Error as StoreError,
    jobs::{Job, JobError, JobRun, Registry},
    outbox,
    prune::{self, Prune},
};

use crate::{config::RetentionConfig, wiring::Services};

/// A call outside that was begun so long ago and did not end was cut off.
const CUT_OFF: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The jobs of this program.
pub(crate) fn jobs(services: &Services, retention: RetentionConfig) -> Registry {
    Registry::default()
        .with(ExpireApprovals(services.agents.clone()))
        .with(HandOver(services.agents.clone()))
        .with(RunEvaluations(services.evaluations.clone()))
        .reading(FollowNames::new(services.crm.clone()))
        .in_every_workspace(Retention(retention), "0 2 * * *")
        .in_directory(CleanUp(services.identity.clone()), "*/5 * * * *")
}

/// Removes what a workspace keeps for a time only: as long as the workspace has set, else as the installation has.
struct Retention(RetentionConfig);

impl Retention {
    /// What is removed, and at which age.
    fn of(&self, set: RetentionDays) -> Vec<(Prune, Duration)> {
        let RetentionConfig { events, unread_events, audit, chats, calls } = self.0;
        let calls = set.calls.unwrap_or(calls);
        let events = set.events.unwrap_or(events);
        // What is kept although everybody has had it is not removed since somebody has not.
        let unread_events = if events == 0 || unread_events == 0 { 0 } else { unread_events.max(events) };
        let kept: [(Prune, u32); 7] = [
            (outbox::prune, events),
            (outbox::prune_unread, unread_events),
            (prune::audit, set.audit.unwrap_or(audit)),
            (kontor_agents::prune_chats, set.chats.unwrap_or(chats)),
            (kontor_agents::prune_sent, set.chats.unwrap_or(chats)),
            (kontor_operations::outside::prune, calls),
            (kontor_store::jobs::prune, calls),
        ];
        let timed = kept.into_iter().filter(|(_, days)| *days > 0).map(|(prune, days)| (prune, DAY * days));
        // What is kept under an idempotency key says itself how long.
        let own: [(Prune, Duration); 3] = [
            (kontor_operations::requests::prune, Duration::ZERO),
            (kontor_operations::outside::give_up, CUT_OFF),
            (kontor_agents::prune_deleted_chats, DAY * kontor_agents::DAYS_TO_TAKE_BACK),
        ];
        own.into_iter().chain(timed).collect()
    }
}

impl Job for Retention {
    const NAME: &'static str = "retention";

    type Payload = ();

    fn run<'r>(&'r self, run: &'r JobRun, (): ()) -> BoxFuture<'r, Result<(), JobError>> {
        Box::pin(async move {
            let settings = run.namespace.read((), |tx, ()| kontor_identity::workspace_settings(tx)).await;
            for (prune, age) in self.of(settings.map_err(JobError::retry)?.retention) {
                let before = run.environment.now().minus(age);
                // Part by part, so that others can write in between.
                while run
                    .namespace
                    .write((prune, before), |tx, &(prune, before)| prune(tx, before))
                    .await
                    .map_err(|error: StoreError| error)?
                    > 0
                {}
            }
            Ok(())
        })
    }
}

/// Removes workspaces whose creation came to no end.
struct CleanUp(Identity);

impl Job for CleanUp {
    const NAME: &'static str = "workspaces.clean_up";

    type Payload = ();

    fn run<'r>(&'r self, _: &'r JobRun, (): ()) -> BoxFuture<'r, Result<(), JobError>> {
        Box::pin(async move {
            self.0.remove_abandoned(Operator::of_this_installation()).await.map(drop).map_err(JobError::retry)
        })
    }
}
