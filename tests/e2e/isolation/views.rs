//! The addresses of one workspace's views, tried from another.

use kontor_testkit::client::ApiClient;
use serde_json::json;

use super::{
    routes::{Attempt, Prey, attempt},
    text,
};

/// A view of Ada's that everybody in her workspace sees; its id.
pub(super) async fn make(ada: &ApiClient) -> String {
    let view = json!({"object": "deal", "name": "Zanzibar", "visibility": "WORKSPACE"});
    text(&ada.post("/api/views", view).await.unwrap().ok()["id"])
}

/// The requests of a program.
pub(super) fn of_programs(prey: &Prey) -> Vec<Attempt> {
    let one = format!("/api/views/{}", prey.view);
    vec![
        attempt("GET /api/views", "/api/views?object=deal".to_owned(), None, &[200]),
        attempt("GET /api/views/{id}", one.clone(), None, &[404]),
        attempt("PATCH /api/views/{id}", one.clone(), Some(json!({"name": "stolen"})), &[404]),
        attempt("DELETE /api/views/{id}", one, None, &[404]),
    ]
}

/// The requests of a browser.
pub(super) fn of_people(prey: &Prey) -> Vec<Attempt> {
    let one = format!("/records/deals/views/{}", prey.view);
    let list = format!("/records/deals?view={}", prey.view);
    let from = json!({"name": "Mine", "view": prey.view});
    vec![
        attempt("GET /records/{plural}", list, None, &[404]),
        attempt("POST /records/{plural}/views", "/records/deals/views".to_owned(), Some(from), &[404]),
        attempt("POST /records/{plural}/views/{view}", one.clone(), Some(json!({"name": "x"})), &[404]),
        attempt(
            "POST /records/{plural}/views/{view}/delete",
            format!("{one}/delete"),
            Some(json!({})),
            &[404],
        ),
        attempt(
            "POST /records/{plural}/views/{view}/move",
            format!("/records/deals/views/{}/move", prey.view),
            Some(json!({"record": prey.deal, "to": "LEAD"})),
            &[404],
        ),
    ]
}
