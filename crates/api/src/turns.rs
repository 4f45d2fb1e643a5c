//! Turns: one message of the caller and all that the agent does in answer to it.

use axum::{
    Json as Answer, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use kontor_agents::{StartedTurn, Turn};
use kontor_core::{
    error::ErrorKind,
    ids::{SessionId, TurnId},
};
use serde::Deserialize;

use crate::{
    extract::{Json, Segments, SignedIn},
    problem::{ApiError, Result},
    state::ApiState,
};

const MAX_KEY: usize = 200;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/sessions/{id}/turns", post(start))
        .route("/turns/{id}", get(one))
        .route("/turns/{id}/cancel", post(cancel))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTurn {
    message: String,
}

async fn start(
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    Segments(session): Segments<SessionId>,
    headers: HeaderMap,
    Json(turn): Json<NewTurn>,
) -> Result<(StatusCode, Answer<StartedTurn>)> {
    let key = idempotency_key(&headers)?;
    let started = state.agents.start_turn(&caller, session, turn.message, key).await?;
    Ok((StatusCode::ACCEPTED, Answer(started)))
}

async fn one(
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    Segments(turn): Segments<TurnId>,
) -> Result<Answer<Turn>> {
    Ok(Answer(state.agents.turn(&caller, turn).await?))
}

async fn cancel(
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    Segments(turn): Segments<TurnId>,
) -> Result<(StatusCode, Answer<Turn>)> {
    Ok((StatusCode::ACCEPTED, Answer(state.agents.cancel_turn(&caller, turn).await?)))
}

/// The key under which the same request, sent again, starts no second turn.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>> {
    let mut keys = headers.get_all("idempotency-key").iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let text = key.to_str().ok().filter(|text| !text.is_empty() && text.len() <= MAX_KEY);
    match (text, keys.next()) {
        (Some(text), None) => Ok(Some(text.to_owned())),
        _ => Err(ApiError::new(
            ErrorKind::Invalid,
            "invalid_idempotency_key",
            format!("Idempotency-Key takes one text of 1 to {MAX_KEY} plain characters."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_key_is_one_short_plain_text() {
        let given = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("idempotency-key", HeaderValue::from_bytes(value).unwrap());
            }
            idempotency_key(&headers)
        };
        assert_eq!(given(&[]).unwrap(), None);
        assert_eq!(given(&[b"k-1"]).unwrap().as_deref(), Some("k-1"));
        let long = [b'k'; MAX_KEY + 1];
        for wrong in [vec![b"a".as_slice(), b"b"], vec![b""], vec![&long], vec![b"\xff"]] {
            assert_eq!(given(&wrong).unwrap_err().problem().code, "invalid_idempotency_key");
        }
    }
}
