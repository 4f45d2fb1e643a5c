//! A session's log, and what happens to records, as server-sent events: what came after the given event, then what
//! happens.

mod encode;
mod records;

use std::{convert::Infallible, time::Duration};

use aide::axum::{ApiRouter, routing::get_with};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use futures::{Stream, StreamExt as _, stream};
use kontor_agents::EventId;
use kontor_core::{error::ErrorKind, ids::SessionId};
use kontor_http::{Admission, KEEP_ALIVE, Services, StreamPlace};

use self::encode::Sent;
use crate::{
    extract::{Holds, Parameter, Parameters, Segments, StreamChatting},
    openapi::Describe as _,
    problem::{ApiError, Result},
};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How many events that are there already go out in one piece.
const BATCH: usize = 64;

pub(crate) const KNOWN: [Parameter; 1] = [Parameter::new(
    "after",
    Holds::Form("^[0-9]{1,18}([.][0-9]{1,9})?$"),
    "The id of the last event that is known, such as `12` or `12.345`. `Last-Event-ID` counts more.",
)];

pub(crate) fn routes() -> ApiRouter<Services> {
    let events = get_with(events, |op| {
        op.is("follow_session", "What was logged in a session, then what happens").tag("Chat").queries(&KNOWN)
    });
    let records = get_with(records::follow, |op| {
        op.is("follow_records", "What happens to records, from a number on")
            .tag("Records")
            .queries(&records::KNOWN)
    });
    ApiRouter::new().api_route("/sessions/{id}/events", events).api_route("/events", records)
}

/// A session's events as they come.
pub(crate) struct EventStream(Response);

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        self.0
    }
}

async fn events(
    State(state): State<Services>,
    StreamChatting(caller, credential): StreamChatting,
    Segments(session): Segments<SessionId>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<EventStream> {
    let after = position(&headers, parameters)?;
    let Admission { place, ended } = state.admit_stream(&caller, credential).map_err(ApiError::of)?;
    let events = state.agents.subscribe(&caller, session, after).await?;
    Ok(answer(events.take_until(ended), place))
}

/// Events as they come, which have a place among the streams that are open.
pub(crate) fn answer(
    events: impl Stream<Item = impl Sent> + Send + 'static,
    place: StreamPlace,
) -> EventStream {
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))];
    let pieces = pieces(events, KEEP_ALIVE).map(move |piece| {
        // Held for as long as the stream is.
        let _place = &place;
        piece
    });
    EventStream(kontor_http::event_stream((kind, Body::from_stream(pieces))))
}

/// Where to go on. A browser that lost its connection says it by the header, which is then newer than the
/// parameter of its first request.
pub(crate) fn position(headers: &HeaderMap, parameters: Parameters) -> Result<Option<EventId>> {
    let parameters = parameters.knowing(&KNOWN)?;
    let expected = "An event's id such as 12 or 12.345";
    match headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) {
        None => parameters.parsed("after", expected),
        Some(value) => value.to_str().ok().and_then(|text| text.parse().ok()).map(Some).ok_or_else(|| {
            let message = format!("{expected} is expected in the header Last-Event-ID.");
            ApiError::new(ErrorKind::Invalid, "invalid_event_id", message)
        }),
    }
}

/// The events as the pieces of a body. Whatever is there already goes out together; a silence is filled with
/// comments.
fn pieces(
    events: impl Stream<Item = impl Sent> + Send,
    silence: Duration,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let batches = Box::pin(events.ready_chunks(BATCH));
    let following = stream::unfold(batches, move |mut batches| async move {
        match tokio::time::timeout(silence, batches.next()).await {
            Ok(None) => None,
            Err(_) => Some((encode::KEEP_ALIVE, batches)),
            Ok(Some(batch)) => {
                let mut buffer = BytesMut::new();
                for event in &batch {
                    event.append(&mut buffer);
                }
                Some((buffer.freeze(), batches))
            }
        }
    });
    stream::once(async { encode::OPENING }).chain(following).map(Ok)
}

#[cfg(test)]
mod tests {
    use kontor_agents::StreamEvent;
    use kontor_core::ids::TurnId;
    use uuid::Uuid;

    use super::*;

    fn delta(text: &str) -> StreamEvent {
        let id = EventId { seq: 2, offset: Some(text.chars().count() as u64) };
        StreamEvent::TextDelta { id, turn: TurnId(Uuid::nil()), step: 1, text: text.to_owned() }
    }

    #[tokio::test]
    async fn events_that_are_there_go_out_together_and_silence_is_filled() {
        let events = stream::iter([delta("Hel\n"), delta("lo")]).chain(stream::pending());
        let pieces: Vec<_> = pieces(events, Duration::from_millis(1)).take(3).collect().await;
        let text: Vec<_> =
            pieces.iter().map(|piece| std::str::from_utf8(piece.as_ref().unwrap()).unwrap()).collect();
        insta::assert_snapshot!(text.join("(next piece)\n"));
    }

    #[test]
    fn the_header_of_one_who_returns_counts_more_than_the_parameter() {
        let given = |header: Option<&str>, query: &str| {
            let mut headers = HeaderMap::new();
            if let Some(value) = header {
                headers.insert(LAST_EVENT_ID, HeaderValue::from_str(value).unwrap());
            }
            position(&headers, Parameters::parse(query)).map(|id| id.map(|id| id.to_string()))
        };
        assert_eq!(given(None, "").unwrap(), None);
        assert_eq!(given(None, "after=3").unwrap().as_deref(), Some("3"));
        assert_eq!(given(Some("7.12"), "after=3").unwrap().as_deref(), Some("7.12"));
        assert_eq!(given(Some("x"), "").unwrap_err().problem().code, "invalid_event_id");
        assert!(given(None, "after=-1").is_err());
    }
}
