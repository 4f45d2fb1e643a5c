//! The loops of a namespace's threads: group commit for writes, a snapshot for each read.

use std::time::{Duration, Instant};

use super::{
    Session, describe,
    job::{Job, Ran},
    queue::Queue,
    session::Role,
    space::Lane,
};

/// How many units share a commit at most, and how long they may be gathered: what bounds the first one's
/// wait.
const GROUP_SIZE: usize = 256;
const GROUP_TIME: Duration = Duration::from_millis(5);
/// A thread that had nothing to do for this long closes its connection and ends.
const IDLE: Duration = Duration::from_secs(10);

/// Runs units until none comes any more. One whose connection cannot be opened is answered with the reason.
pub(super) fn serve(lane: &mut Lane<'_>, queue: &Queue) {
    let role = lane.role();
    while let Some(mut job) = next(lane, queue) {
        match lane.session() {
            Ok(session) if role == Role::Reader => read(session, job),
            Ok(session) if job.may_share() => group(session, queue, job),
            Ok(session) => single(session, job),
            Err(error) => {
                job.fail(error);
                job.answer();
            }
        }
    }
    if let Some(session) = lane.opened()
        && session.patience().is_some()
    {
        index(session);
    }
    // The last connection to close a file does this as well, where there is no other.
    if role == Role::Writer
        && let Some(session) = lane.opened()
        && let Err(error) = session.batch("PRAGMA optimize")
    {
        tracing::debug!(%error, "SQLite could not be optimised at its end");
    }
}

/// The next unit, before which the search index takes what has waited for it long enough.
fn next(lane: &mut Lane<'_>, queue: &Queue) -> Option<Job> {
    if let Some(session) = lane.opened()
        && let Some(patience) = session.patience()
        && (patience.is_zero() || queue.is_quiet(patience))
    {
        index(session);
    }
    queue.next(IDLE)
}

/// Runs one reading unit on one snapshot.
fn read(session: &mut Session, mut job: Job) {
    if !job.is_awaited() {
        return;
    }
    match session.run("BEGIN") {
        Ok(()) => {
            job.run(session);
        }
        Err(error) => job.fail(describe(error)),
    }
    end(session);
    job.answer();
}

/// Runs units in one transaction, each under its own savepoint, as long as more are waiting. The first needs
/// none: when it fails, nothing else is lost. A unit that fails beside others is answered with them, since
/// what it met may be another's row that is not committed yet.
fn group(session: &mut Session, queue: &Queue, first: Job) {
    let started = Instant::now();
    let mut members: Vec<Job> = Vec::new();
    let mut next = Some(first);
    while let Some(mut job) = next.take() {
        let alone = members.is_empty();
        if let Err(error) =
            if alone { session.run("BEGIN IMMEDIATE") } else { session.run("SAVEPOINT member") }
        {
            job.fail(describe(error));
            job.answer();
        } else {
            let ran = job.run(session);
            let kept = session.in_transaction()
                && match ran {
                    Ran::Succeeded => alone || session.run("RELEASE member").is_ok(),
                    _ if alone => session.run("ROLLBACK").is_ok(),
                    _ => {
                        session.run("ROLLBACK TO member").and_then(|()| session.run("RELEASE member")).is_ok()
                    }
                };
            match ran {
                Ran::Failed if alone => {
                    end(session);
                    job.answer();
                }
                Ran::Succeeded | Ran::Failed if kept => members.push(job),
                _ => {
                    members.push(job);
                    return singly(session, members);
                }
            }
        }
        if members.len() < GROUP_SIZE && started.elapsed() < GROUP_TIME {
            next = queue.next_of_group();
        }
    }
    if members.is_empty() {
        return end(session);
    }
    if let Err(error) = session.run("COMMIT") {
        tracing::warn!(%error, members = members.len(), "a shared commit failed; its members are run singly");
        return singly(session, members);
    }
    members.into_iter().for_each(|job| job.answer());
}

/// Runs the members of a transaction that is gone again, each in its own.
fn singly(session: &mut Session, jobs: Vec<Job>) {
    end(session);
    for mut job in jobs {
        job.renew();
        single(session, job);
    }
}

/// Runs one unit in a transaction of its own.
fn single(session: &mut Session, mut job: Job) {
    match session.run("BEGIN IMMEDIATE") {
        Err(error) => job.fail(describe(error)),
        Ok(()) => {
            if job.run(session) == Ran::Succeeded
                && let Err(error) = session.run("COMMIT")
            {
                job.fail(describe(error));
            }
            end(session);
        }
    }
    job.answer();
}

/// Has the search index take what waits for it, in a transaction of its own.
fn index(session: &mut Session) {
    let indexed = session
        .run("BEGIN IMMEDIATE")
        .and_then(|()| session.index_pending())
        .and_then(|()| session.run("COMMIT"));
    if let Err(error) = indexed {
        tracing::warn!(%error, "documents were not indexed; they are found all the same, more slowly");
        session.forget_pending();
    }
    end(session);
}

/// Makes sure that no transaction is left open.
fn end(session: &Session) {
    if session.in_transaction()
        && let Err(error) = session.run("ROLLBACK")
    {
        tracing::error!(%error, "a transaction could not be rolled back");
    }
}
