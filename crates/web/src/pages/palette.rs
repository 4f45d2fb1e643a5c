//! What the command palette finds: objects, recent chats and records.

use axum::{
    Json,
    extract::{Request, State},
};
use kontor_agents::SessionQuery;
use kontor_core::text::fold;
use kontor_http::Services;
use serde_json::{Value, json};

use crate::{
    error::Result,
    form::Fields,
    session::SignedIn,
    settings_pages::{About, settings_pages},
};

const SESSIONS: u32 = 50;
const SHOWN_SESSIONS: usize = 5;
const RECORDS: u32 = 12;

pub(crate) async fn find(
    State(state): State<Services>,
    SignedIn { caller, .. }: SignedIn,
    request: Request,
) -> Result<Json<Value>> {
    let query = Fields::of_query(&request);
    let words = query.get("q");
    let folded = fold(words);
    let fits = |label: &str| fold(label).contains(&folded);
    // By the beginning of a word, so that a few letters find no sentence.
    let tells_of =
        |about: &str| folded.len() > 2 && format!(" {}", fold(about)).contains(&format!(" {folded}"));
    let item = |label: &str, href: String, kind: &str| json!({ "label": label, "href": href, "kind": kind });

    let schema = state.crm.schema(caller.workspace).await?;
    let mut items = Vec::new();
    if fits("New chat") {
        items.push(item("New chat", "/chat".to_owned(), "Chat"));
    }
    if fits("Approvals") {
        items.push(item("Approvals", "/approvals".to_owned(), "Chat"));
    }
    for page in settings_pages(&caller.grants).filter(|page| fits(page.label) || tells_of(page.holds)) {
        let kind = if page.about == About::Reader { "You" } else { "Workspace" };
        items.push(item(page.label, format!("/{}", page.place), kind));
    }
    for object in caller.grants.readable(&schema).filter(|object| fits(&object.label_plural)) {
        items.push(item(&object.label_plural, format!("/records/{}", object.plural), "List"));
    }
    if !words.is_empty() {
        for hit in state.crm.search(&caller, words, None, RECORDS).await? {
            let href = format!("/records/{}/{}", hit.object.plural, hit.id);
            items.push(item(&hit.label, href, &hit.object.label));
        }
    }
    let sessions = state.agents.sessions(&caller, SessionQuery::first(SESSIONS)).await?.sessions;
    let sessions = sessions.iter().filter_map(|session| Some((session.id, session.title.as_deref()?)));
    for (id, title) in sessions.filter(|(_, title)| fits(title)).take(SHOWN_SESSIONS) {
        items.push(item(title, format!("/chat/{id}"), "Chat"));
    }
    Ok(Json(json!({ "items": items })))
}
