//! The turns that run, wait or are stuck, and stopping them.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{Html, Redirect},
};
use kontor_agents::{OpenTurn, OpenTurns, Standing};
use kontor_core::ids::TurnId;
use kontor_http::Services;

use crate::{
    assets,
    error::{Result, page},
    form::Fields,
    link::parsed,
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, Shown, exact, instant},
};

#[derive(Template)]
#[template(path = "open_turns.html")]
struct TurnsPage {
    assets: &'static str,
    shell: Shell,
    /// The state that is asked for, empty for all.
    status: &'static str,
    turns: Vec<TurnView>,
    /// Whether there are more than are shown.
    has_more: bool,
    is_stopped: bool,
}

struct TurnView {
    id: TurnId,
    state: &'static str,
    colour: &'static str,
    because: Option<&'static str>,
    member: String,
    agent: String,
    begun: Shown,
    deadline: Shown,
    lease: Shown,
    epoch: i64,
    may_stop: bool,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let wanted = Standing::from_word(query.get("status"));
    let OpenTurns { turns, has_more } = state.agents.open_turns(&caller, wanted).await?;
    let schema = state.crm.schema(caller.workspace).await?;
    let shell = Shell::new(&state, &caller, &csrf, &schema, "Turns", "settings/turns").await?;
    let clock = Clock::of(&state.environment, &caller);
    let view = |turn: OpenTurn| TurnView {
        id: turn.id,
        state: turn.standing.word(),
        colour: match turn.standing {
            Standing::Running => "blue",
            Standing::Waiting => "",
            Standing::Stuck => "red",
        },
        because: turn.because,
        member: turn.member.shown().to_owned(),
        agent: turn.agent.map_or_else(|| "To be chosen".to_owned(), |agent| agent.label),
        begun: exact(turn.started_at.unwrap_or(turn.created_at), clock),
        deadline: turn.deadline_at.map_or(Shown::Empty, |at| exact(at, clock)),
        lease: turn.lease.until.map_or(Shown::Empty, |at| instant(at, clock)),
        epoch: turn.lease.epoch,
        may_stop: !turn.cancel_requested,
    };
    page(&TurnsPage {
        assets: &assets::BASE,
        shell,
        status: wanted.map_or("", Standing::word),
        turns: turns.into_iter().map(view).collect(),
        has_more,
        is_stopped: query.get("done") == "stopped",
    })
}

pub(crate) async fn stop(
    State(state): State<Services>,
    Path(turn): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let turn: TurnId = parsed(&turn)?;
    state.agents.cancel_turn(&sent.caller, turn).await?;
    Ok(Redirect::to("/settings/turns?done=stopped"))
}
