//! Reading on in a result of which the model was shown a page.

use kontor_core::{
    error::{ErrorKind, Issue, Problem},
    ids::TurnId,
    operation::Effect,
    turn::{CallPlace, ToolOutcome},
};
use kontor_models::surface::{DESCRIBE, READ_MORE};
use kontor_operations::Outcome;
use serde_json::Value;

use super::Run;
use crate::{
    error::Error,
    log,
    machine::{Call, Handle, Page},
    rows::turns,
};

impl Run<'_> {
    /// The page of a result that a handle names. Handles are of this session alone, which is one member's. What was
    /// read is read again, by what the member and the agent may read now, and where that is something else there is no
    /// more of it; what an act answered is told as long as the agent may do it.
    pub(super) async fn read_more(&self, call: &Call) -> Result<Outcome, Error> {
        let written = call.arguments.get("handle").and_then(Value::as_str);
        let Some(handle) = written.and_then(|written| written.parse::<Handle>().ok()) else {
            let message = "expected what stands under read_more in a result";
            return Ok(refused(Problem::invalid(vec![Issue::new("handle", "unknown_handle", message)])));
        };
        let source = self.source(handle).await?.filter(|source| source.operation != READ_MORE);
        let Some(source) = source else {
            let message = "there is no such result in this chat";
            return Ok(refused(Problem::invalid(vec![Issue::new("handle", "unknown_handle", message)])));
        };
        let Some(ToolOutcome::Succeeded { result }) = &source.outcome else { return Ok(refused(is_over())) };
        // What another agent answered was said, and is not looked up.
        let is_read = source.effect == Some(Effect::Read) && !source.asks_an_agent();
        if is_read {
            let kept = result.to_value();
            // It may have been read for a model of which no window was known: then a list was longer.
            let usual = Page::usual(&self.agents.0.settings.limits).room();
            let mut rooms = vec![self.page.room()];
            rooms.extend((usual != self.page.room()).then_some(usual));
            let mut is_the_same = false;
            for room in rooms {
                match self.looked_up(&source, room).await? {
                    Outcome::Succeeded(now) if now == kept => {
                        is_the_same = true;
                        break;
                    }
                    Outcome::Succeeded(_) => {}
                    other => return Ok(other),
                }
            }
            if !is_the_same {
                return Ok(refused(has_changed(&source.operation)));
            }
        } else if !source.asks_an_agent() {
            self.prepare().await?.allows(&source.operation).map_err(kontor_operations::Error::Refused)?;
        }
        let page = handle.page(result.as_str(), "text", self.page);
        Ok(page.map_or_else(|| refused(is_over()), Outcome::Succeeded))
    }

    /// Whether a turn is the member's own: what another was answered is read by nobody else.
    async fn is_of_this_member(&self, turn: TurnId) -> Result<bool, Error> {
        let member = self.member;
        let found = self
            .namespace
            .read((turn, member), |tx, &(turn, member)| Box::pin(turns::find(tx, turn, member)))
            .await?;
        Ok::<_, Error>(found.is_some())
    }

    /// The call whose result a handle names. What one agent was answered in a turn is not read on by another.
    async fn source(&self, handle: Handle) -> Result<Option<Call>, Error> {
        if handle.turn == self.turn {
            let place = CallPlace { step: handle.step, index: handle.index };
            return Ok(self.state.call_in_sight(place).cloned());
        }
        if self.state.part().is_some() {
            return Ok(None);
        }
        if self.session.is_shared && !self.is_of_this_member(handle.turn).await? {
            return Ok(None);
        }
        let session = self.session.id;
        let is_one_agent_s = self.session.routing.is_none();
        let logged = self
            .namespace
            .read((session, handle), |tx, &(session, Handle { turn, step, index, .. })| {
                Box::pin(log::call(tx, session, turn, step, index))
            })
            .await?;
        let found = Call::of(logged.iter().map(|logged| &*logged.event));
        // What another agent read is looked up again by what this one may read; what it did or was told is not told.
        let is_looked_up = |call: &Call| call.effect == Some(Effect::Read) && !call.asks_an_agent();
        Ok(found.filter(|call| is_one_agent_s || is_looked_up(call)))
    }
}

fn refused(problem: Problem) -> Outcome {
    Outcome::Failed(problem)
}

fn is_over() -> Problem {
    Problem::new(ErrorKind::NotFound, "no_more", "The result ends there.")
}

fn has_changed(operation: &str) -> Problem {
    let again = if operation == DESCRIBE { "describe it" } else { "look it up" };
    let message =
        format!("What this tells of has changed since, or what you may read of it. Now {again} again.");
    Problem::new(ErrorKind::Conflict, "result_changed", message)
}
