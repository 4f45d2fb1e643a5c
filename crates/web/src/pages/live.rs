//! What changes while a page shows it.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::{
        Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{StreamExt as _, stream};
use kontor_crm::{Changed, Notice};
use kontor_http::{Admission, KEEP_ALIVE, Services};
use serde_json::json;

use crate::{
    error::{PageError, Result},
    session::SignedIn,
};

pub(crate) async fn follow(
    State(state): State<Services>,
    SignedIn { caller, credential, .. }: SignedIn,
) -> Result<Response> {
    let Admission { place, ended } = state.admit_stream(&caller, credential).map_err(PageError::Problem)?;
    let notices = state.feed.subscribe(&caller).await?;
    // The first says that the stream is there: what changed before, the page reads by itself.
    let begun = stream::iter([Notice::Missed]);
    let messages = begun.chain(notices).take_until(ended).map(move |notice| {
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
