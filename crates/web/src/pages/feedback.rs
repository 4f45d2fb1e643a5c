//! What members think of answers, for those who may see it.

use askama::Template;
use axum::{
    extract::{Request, State},
    response::Html,
};
use kontor_agents::{Feedback, FeedbackQuery, Rating};
use kontor_http::Services;

use crate::{
    assets,
    error::{Result, page},
    form::Fields,
    link::with_query,
    session::SignedIn,
    shell::Shell,
    show::{Clock, Shown, exact},
};

const SHOWN: u32 = 50;

#[derive(Template)]
#[template(path = "feedback.html")]
struct FeedbackPage {
    assets: &'static str,
    shell: Shell,
    /// The rating that is asked for, empty for all.
    rating: &'static str,
    feedback: Vec<(Shown, Feedback)>,
    older: Option<String>,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let rating = Rating::from_word(query.get("rating"));
    let after = Some(query.get("after").to_owned()).filter(|after| !after.is_empty());
    let wanted = FeedbackQuery { rating, limit: SHOWN, after, ..FeedbackQuery::default() };
    let found = state.agents.feedback(&caller, wanted).await?;
    let schema = state.crm.schema(caller.workspace).await?;
    let shell = Shell::new(&state, &caller, &csrf, &schema, "Feedback", "settings/feedback").await?;
    let clock = Clock::of(&state.environment, &caller);
    let rating = rating.map_or("", Rating::word);
    let older = |next: String| with_query("/settings/feedback", [("rating", rating), ("after", &next)]);
    page(&FeedbackPage {
        assets: &assets::BASE,
        shell,
        rating,
        older: found.next.map(older),
        feedback: found.feedback.into_iter().map(|given| (exact(given.given_at, clock), given)).collect(),
    })
}
