//! What happens to records, as server-sent events for programs.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::StreamExt as _;
use kontor_core::error::ErrorKind;
use kontor_crm::{EventFilter, Followed};
use kontor_http::{Admission, KEEP_ALIVE, Services};
use serde_json::json;

use super::{EventStream, LAST_EVENT_ID};
use crate::{
    extract::{Holds, Parameter, Parameters, StreamCaller},
    problem::{ApiError, Result},
};

pub(crate) const KNOWN: [Parameter; 3] = [
    Parameter::new(
        "after",
        Holds::Form("^[0-9]{1,18}$"),
        "The number of the last event that is known. `Last-Event-ID` counts more; without either it begins now.",
    ),
    Parameter::new("object", Holds::Names, "Of these objects alone."),
    Parameter::new(
        "action",
        Holds::Names,
        "`create`, `update`, `delete`, `restore`, `destroy`: of these alone.",
    ),
];

pub(super) async fn follow(
    State(state): State<Services>,
    StreamCaller(caller, credential): StreamCaller,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<EventStream> {
    let parameters = parameters.knowing(&KNOWN)?;
    let after = match headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) {
        None => parameters.parsed("after", "The number of an event")?,
        Some(value) => {
            let number =
                value.to_str().ok().and_then(|text| text.parse::<i64>().ok()).filter(|number| *number >= 0);
            Some(number.ok_or_else(|| {
                let message = "The number of an event is expected in the header Last-Event-ID.";
                ApiError::new(ErrorKind::Invalid, "invalid_event_id", message)
            })?)
        }
    };
    let names = |name: &str| -> Vec<String> {
        let words = parameters.text(name).unwrap_or_default().split(',').map(str::trim);
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let filter = EventFilter { objects: names("object"), actions: names("action") };
    let Admission { place, ended } = state.admit_stream(&caller, credential).map_err(ApiError::of)?;
    let events = state.crm.follow(&state.feed, caller, filter, after).await?;
    let told = events.take_until(ended).map(move |event| {
        // Held for as long as the stream is.
        let _place = &place;
        encode(event)
    });
    let stream = Sse::new(told).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(EventStream(kontor_http::event_stream(stream)))
}

fn encode(event: Followed) -> Result<Event, Infallible> {
    let told = Event::default().retry(Duration::from_secs(3));
    Ok(match event {
        Followed::Event { number, name, json } => {
            told.id(number.to_string()).event(name).data(json.to_string())
        }
        Followed::Missed { through } => {
            told.id(through.to_string()).event("missed").data(json!({"through": through}).to_string())
        }
    })
}
