//! What changes while a page shows it.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Request, State},
    response::{
        Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{StreamExt as _, stream};
use kontor_crm::{Changed, Notice};
use kontor_identity::Credential;
use serde_json::json;

use crate::{
    error::{PageError, Result},
    session::SignedIn,
    state::WebState,
};

const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Then the browser comes back by itself, and shows again who is looking.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

pub(crate) async fn follow(
    State(state): State<WebState>,
    SignedIn { caller, .. }: SignedIn,
    request: Request,
) -> Result<Response> {
    let cookie = Credential::Cookie(state.cookie_value(request.headers()).unwrap_or_default().to_owned());
    let place = state.streams.enter(&caller, &cookie).map_err(PageError::Problem)?;
    let notices = state.feed.subscribe(&caller).await?;
    let (identity, shutdown) = (state.identity.clone(), state.shutdown.clone());
    let ends = async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = identity.until_revoked(cookie, caller) => {}
            () = tokio::time::sleep(LIFETIME) => {}
        }
    };
    // The first says that the stream is there: what changed before, the page reads by itself.
    let begun = stream::iter([Notice::Missed]);
    let messages = begun.chain(notices).take_until(Box::pin(ends)).map(move |notice| {
        let _held = &place;
        sse(&notice)
    });
    let events = Sse::new(messages).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(kontor_http::event_stream(events))
}

fn sse(notice: &Notice) -> Result<Event, Infallible> {
    let event = Event::default().retry(Duration::from_secs(3));
    Ok(match notice {
        Notice::Missed => event.event("missed").data("{}"),
        Notice::Changed(changes) => {
            let changes = changes.iter().map(|Changed { object, record, action }| {
                json!({ "object": object, "id": record, "action": action })
            });
            event.event("changed").data(json!(changes.collect::<Vec<_>>()).to_string())
        }
    })
}
