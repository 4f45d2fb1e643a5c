//! A session's stream for its page.

use std::{convert::Infallible, pin::Pin, time::Duration};

use axum::{
    extract::{Path, Request, State},
    response::{
        Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::future::BoxFuture;
use futures::{Stream, StreamExt as _, stream};
use kontor_agents::{EventId, StreamEvent};
use kontor_core::{caller::Caller, error::Chain, ids::SessionId, turn::TurnEvent};
use kontor_http::{Admission, KEEP_ALIVE, Services, StreamPlace};
use kontor_identity::Csrf;
use tokio::time::Instant;

use super::answers::around;
use super::chat::{learn_name, learn_names, transcript};
use crate::{
    chat::{Encoder, Fragments, Message, Room},
    error::{PageError, Result},
    form::Fields,
    link::parsed,
    session::SignedIn,
    shell::viewer,
};

/// Text in flight is rendered and sent at most this often.
const RENDER_EVERY: Duration = Duration::from_millis(50);

pub(crate) async fn stream(
    State(state): State<Services>,
    SignedIn { caller, csrf, credential }: SignedIn,
    Path(session): Path<String>,
    request: Request,
) -> Result<Response> {
    let id: SessionId = parsed(&session)?;
    let after = position(&request);
    let admission = state.admit_stream(&caller, credential).map_err(PageError::Problem)?;
    follow(state, caller, csrf, id, after, admission, &Room::Workspace).await
}

/// Where a request goes on.
pub(crate) fn position(request: &Request) -> EventId {
    let query = Fields::of_query(request);
    // A browser that comes back names the last event it saw, which is later than the page's.
    let last = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    last.unwrap_or_else(|| query.get("after")).parse().unwrap_or_else(|_| EventId::default())
}

/// The stream of a chat in a room, for one who was let in.
pub(crate) async fn follow(
    state: Services,
    caller: Caller,
    csrf: Csrf,
    id: SessionId,
    after: EventId,
    Admission { place, ended }: Admission,
    room: &Room,
) -> Result<Response> {
    let schema = state.crm.schema(caller.workspace).await?;
    let fragments = Fragments::new(viewer(&state, &caller, &schema), csrf.token())
        .with(around(&state, &caller, &state.agents.session(&caller, id).await?).await?)
        .at(room);
    // What comes concerns the turn that had begun by then, and those after it.
    let begun = after.seq.saturating_add(1);
    let from = state.agents.turn_starts(&caller, id, Some(begun), 1).await?.first().copied().unwrap_or(1);
    let (transcript, last) = transcript(&state, &caller, id, from, after.seq).await?;
    // Without an offset the text in flight is given from its beginning, to be rendered as a whole.
    let events = state.agents.subscribe(&caller, id, Some(EventId { seq: last, offset: None })).await?;
    learn_names(&state, &caller, &fragments, &transcript).await;
    let follower = Follower {
        state,
        caller,
        ended,
        room: room.clone(),
        events: Box::pin(events),
        encoder: Encoder::new(transcript, last, fragments),
        render_at: Instant::now(),
        _place: place,
    };
    let messages = stream::unfold(follower, |mut follower| async move {
        let mut messages = follower.next().await?;
        messages.iter_mut().for_each(|message| follower.room.shown_in(&mut message.data));
        Some((stream::iter(messages.into_iter().map(sse)), follower))
    });
    let events = Sse::new(messages.flatten()).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(kontor_http::event_stream(events))
}

struct Follower {
    state: Services,
    caller: Caller,
    ended: BoxFuture<'static, ()>,
    room: Room,
    events: Pin<Box<dyn Stream<Item = StreamEvent> + Send>>,
    encoder: Encoder,
    /// Before this moment, text is gathered.
    render_at: Instant,
    _place: StreamPlace,
}

impl Follower {
    /// What to send next; `None` at the end.
    async fn next(&mut self) -> Option<Vec<Message>> {
        loop {
            let event = tokio::select! {
                // What has happened goes before the rendering of what was said until then.
                biased;
                () = &mut self.ended => return None,
                event = self.events.next() => event?,
                () = tokio::time::sleep_until(self.render_at), if self.encoder.has_grown() => {
                    return Some(self.render());
                }
            };
            let messages = match event {
                StreamEvent::Logged(logged) => {
                    self.learn_schema().await;
                    if let TurnEvent::ApprovalRequested { operation, arguments, .. }
                    | TurnEvent::ToolCalled { operation, arguments, .. } = logged.event.inner()
                    {
                        let (state, caller) = (&self.state, &self.caller);
                        learn_name(state, caller, self.encoder.fragments(), operation, arguments).await;
                    }
                    self.encoder.set_now(logged.at);
                    self.encoder.logged(logged.seq, &logged.event)
                }
                StreamEvent::TextDelta { turn, step, text, .. } => {
                    let before = self.encoder.text(turn, step, &text);
                    if before.is_empty() && Instant::now() >= self.render_at { self.render() } else { before }
                }
                StreamEvent::ReasoningDelta { turn, step, text, .. } => {
                    let before = self.encoder.thought(turn, step, &text);
                    if before.is_empty() && Instant::now() >= self.render_at { self.render() } else { before }
                }
            };
            if !messages.is_empty() {
                return Some(messages);
            }
        }
    }

    /// Fields may have come since the page was opened.
    async fn learn_schema(&mut self) {
        match self.state.crm.schema(self.caller.workspace).await {
            Ok(schema) => self.encoder.fragments_mut().know(schema),
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "a page's stream goes on with the fields it knows");
            }
        }
    }

    fn render(&mut self) -> Vec<Message> {
        let messages = self.encoder.flush();
        self.render_at = Instant::now() + self.encoder.rest().max(RENDER_EVERY);
        messages
    }
}

fn sse(message: Message) -> Result<Event, Infallible> {
    let event = Event::default().id(message.id.to_string()).event(message.name);
    Ok(event.data(message.data.to_string()).retry(Duration::from_secs(1)))
}
