//! Every address with an id in it, for programs and for people.

use std::{collections::BTreeSet, fs, path::Path};

use kontor_testkit::client::ApiClient;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    HERS, SECRET, agents, evaluations, members, people::of_people, records, tells, text, tryouts,
    two_workspaces, views,
};
use crate::{fixture::engines, pages::Pages};

/// The routes with a parameter: `GET /api/turns/{id}`.
fn declared() -> BTreeSet<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = Vec::new();
    read_sources(&crates.join("web/src"), &mut sources);
    // Those for programs are in the document that they are described by, which a test keeps fresh.
    let document = fs::read_to_string(crates.join("../docs/openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let mut routes = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.contains('{')) {
        routes.extend(
            item.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())),
        );
    }
    for source in sources {
        for call in source.split(".route(").skip(1) {
            let Some(path) = call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next())
            else {
                panic!("a route whose path is not written out: {call:.60}");
            };
            // Up to the next route or the end of the statement stand the methods of this one.
            let methods = call.split(['\n', ';']).next().unwrap_or_default();
            for (word, method) in [
                ("get(", "GET"),
                ("post(", "POST"),
                ("patch(", "PATCH"),
                ("delete(", "DELETE"),
                ("put(", "PUT"),
            ] {
                let is_method = |at: usize| matches!(methods[..at].chars().last(), Some(' ' | '.' | ','));
                if methods.match_indices(word).any(|(at, _)| is_method(at)) && path.contains('{') {
                    routes.insert(format!("{method} {path}"));
                }
            }
        }
    }
    routes
}

/// The sources of a folder, without tests.
pub(crate) fn read_sources(folder: &Path, sources: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "tests") {
                read_sources(&path, sources);
            }
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            sources.push(code.to_owned());
        }
    }
}

/// What of Ada's is tried.
pub(super) struct Prey {
    pub(super) deal: String,
    pub(super) account: String,
    pub(super) session: String,
    pub(super) turn: String,
    pub(super) approval: String,
    pub(super) job: String,
    pub(super) member: String,
    pub(super) invitation: String,
    /// The invitation's link as if it led to the workspace that is not hers.
    pub(super) link: String,
    pub(super) sign_in: String,
    pub(super) key: String,
    pub(super) delegation: String,
    pub(super) review: String,
    pub(super) tryout: String,
    pub(super) run: String,
    pub(super) view: String,
}

impl Prey {
    /// `elsewhere` is the workspace that is not hers.
    async fn of(ada: &ApiClient, elsewhere: &str) -> Self {
        let ids = records(ada, HERS).await;
        let field = json!({"name": "zanzibar", "label": "Zanzibar", "kind": "text"});
        ada.post("/api/objects/deal/fields", field).await.unwrap().ok();
        let role = json!({"name": "Keepers", "copy_of": "Viewer"});
        ada.post("/api/roles", role).await.unwrap().ok();
        // A provider with a key, at a place that only hers has.
        let provider = json!({
            "kind": "mistral", "base_url": format!("https://{SECRET}.example.com/v1"), "api_key": "k-1234567890",
        });
        ada.send(Method::PUT, "/api/models/providers/hers", Some(provider), &[]).await.unwrap().ok();
        let known = "/api/models/overrides?model=hers/mistral-large-4";
        ada.send(Method::PUT, known, Some(json!({"context_window": 8192})), &[]).await.unwrap().ok();
        let session = ada.session("sales-assistant").await.unwrap();
        let message = "delete the account Zanzibar Quellwasser";
        let turn = ada.turn(&session, message).await.unwrap();
        let approval = ada.approval_of(&session).await.expect("no approval was asked for");
        // The one that denies it when nobody answers.
        let jobs = ada.get("/api/jobs").await.unwrap().ok();
        let job = jobs["data"][0]["id"].as_str().unwrap().to_owned();
        let member = text(&ada.get("/api/me").await.unwrap().ok()["member"]["id"]);
        // A budget in tokens that no answer of the built-in commands uses up.
        let budget = format!("/api/budgets/member/{member}");
        ada.send(Method::PUT, &budget, Some(json!({"tokens": 4_711})), &[]).await.unwrap().ok();
        let invited = json!({"email": "guest@zanzibar.test", "role": "Viewer"});
        let invited = ada.post("/api/invitations", invited).await.unwrap().ok();
        let (invitation, link) =
            (text(&invited["id"]), members::led_elsewhere(&text(&invited["token"]), elsewhere));
        let sign_in = text(&ada.get("/api/me/sign-ins").await.unwrap().ok()["data"][0]["id"]);
        let key = json!({"name": "Zanzibar feed", "role": "Viewer", "scopes": ["deal.find"]});
        let key = text(&ada.post("/api/keys", key).await.unwrap().ok()["id"]);
        ada.exchange("deal.find").await.unwrap().ok();
        let delegation = text(&ada.get("/api/me/delegations").await.unwrap().ok()["data"][0]["id"]);
        let (deal, account) = (ids["deal"].clone(), ids["account"].clone());
        let review = agents::make(ada).await;
        let (tryout, view) = (tryouts::make(ada).await, views::make(ada).await);
        let run = evaluations::make(ada).await;
        Self {
            deal,
            account,
            session,
            turn,
            approval,
            job,
            member,
            invitation,
            link,
            sign_in,
            delegation,
            key,
            review,
            tryout,
            run,
            view,
        }
    }
}

/// A request with something of Ada's in it, and the answers that are right.
pub(super) struct Attempt {
    /// The route as it is declared.
    route: &'static str,
    path: String,
    body: Option<Value>,
    right: &'static [u16],
}

pub(super) fn attempt(
    route: &'static str,
    path: String,
    body: Option<Value>,
    right: &'static [u16],
) -> Attempt {
    Attempt { route, path, body, right }
}

/// The requests of a program.
fn of_programs(prey: &Prey, own: &str, own_session: &str) -> Vec<Attempt> {
    let Prey { deal, account, session, turn, approval, job, member, .. } = prey;
    let one = format!("/api/records/deals/{deal}");
    let filter =
        |path: &str| format!("/api/records/deals{path}filter=%7B%22id%22:%7B%22eq%22:%22{deal}%22%7D%7D");
    let context = json!({"object": "deal", "id": deal});
    vec![
        attempt("GET /api/records/{plural}", filter("?"), None, &[200]),
        attempt("GET /api/records/{plural}", "/api/records/deals?search=quellwasser".into(), None, &[200]),
        attempt("GET /api/records/{plural}", "/api/records/deals?deleted=true".into(), None, &[200]),
        attempt(
            "POST /api/records/{plural}",
            "/api/records/notes".into(),
            Some(json!({"title": "x", "deal": deal})),
            &[400],
        ),
        attempt(
            "POST /api/records/{plural}",
            "/api/records/notes".into(),
            Some(json!({"title": "x", "target": context})),
            &[400],
        ),
        attempt(
            "POST /api/records/{plural}",
            "/api/records/deals".into(),
            Some(json!({"name": "x", "account": account})),
            &[400],
        ),
        attempt(
            "POST /api/records/{plural}/batch",
            "/api/records/deals/batch".into(),
            Some(json!({"create": [{"name": "fine"}, {"name": "x", "account": account}]})),
            &[400],
        ),
        attempt(
            "POST /api/records/{plural}/batch",
            "/api/records/deals/batch".into(),
            Some(json!({"update": [{"id": deal, "name": "stolen"}]})),
            &[404],
        ),
        attempt(
            "POST /api/records/{plural}/batch",
            "/api/records/deals/batch".into(),
            Some(json!({"delete": [deal]})),
            &[404],
        ),
        attempt("GET /api/records/{plural}/group", filter("/group?by=name&"), None, &[200]),
        attempt(
            "GET /api/records/{plural}/duplicates",
            format!("/api/records/accounts/duplicates?id={account}"),
            None,
            &[404],
        ),
        attempt(
            "POST /api/records/{plural}/duplicates",
            "/api/records/accounts/duplicates".into(),
            Some(json!({"name": "Zanzibar Quellwasser"})),
            &[200],
        ),
        attempt("GET /api/records/{plural}/{id}", one.clone(), None, &[404]),
        attempt("GET /api/records/{plural}/{id}", format!("{one}?include=account"), None, &[404]),
        attempt("PATCH /api/records/{plural}/{id}", one.clone(), Some(json!({"name": "stolen"})), &[404]),
        attempt(
            "PATCH /api/records/{plural}/{id}",
            format!("/api/records/deals/{own}"),
            Some(json!({"account": account})),
            &[400],
        ),
        attempt("DELETE /api/records/{plural}/{id}", one.clone(), None, &[404]),
        attempt("POST /api/records/{plural}/{id}/restore", format!("{one}/restore"), Some(json!({})), &[404]),
        attempt("POST /api/records/{plural}/{id}/destroy", format!("{one}/destroy"), Some(json!({})), &[404]),
        attempt("GET /api/records/{plural}/{id}/timeline", format!("{one}/timeline"), None, &[404]),
        attempt("GET /api/objects/{name}", "/api/objects/deal".into(), None, &[200]),
        attempt(
            "POST /api/objects/{name}/fields",
            "/api/objects/deal/fields".into(),
            Some(json!({"name": "ottos", "label": "Otto's", "kind": "text"})),
            &[201],
        ),
        attempt(
            "POST /api/operations/{name}",
            "/api/operations/deal.get".into(),
            Some(json!({"id": deal})),
            &[404],
        ),
        attempt("GET /api/sessions/{id}", format!("/api/sessions/{session}"), None, &[404]),
        attempt(
            "PATCH /api/sessions/{id}",
            format!("/api/sessions/{session}"),
            Some(json!({"title": "stolen"})),
            &[404],
        ),
        attempt(
            "POST /api/sessions/{id}/turns",
            format!("/api/sessions/{session}/turns"),
            Some(json!({"message": "hi"})),
            &[404],
        ),
        attempt("GET /api/sessions/{id}/events", format!("/api/sessions/{session}/events"), None, &[404]),
        attempt(
            "PATCH /api/sessions/{id}",
            format!("/api/sessions/{session}"),
            Some(json!({"agent": "analyst"})),
            &[404],
        ),
        attempt("DELETE /api/sessions/{id}", format!("/api/sessions/{session}"), None, &[404]),
        attempt("DELETE /api/sessions/{id}", format!("/api/sessions/{session}?at_once=true"), None, &[404]),
        attempt("POST /api/sessions/{id}/restore", format!("/api/sessions/{session}/restore"), None, &[404]),
        attempt(
            "POST /api/sessions/{id}/fork",
            format!("/api/sessions/{session}/fork"),
            Some(json!({})),
            &[404],
        ),
        attempt("GET /api/sessions/{id}/export", format!("/api/sessions/{session}/export"), None, &[404]),
        attempt("GET /api/sessions/{id}/shares", format!("/api/sessions/{session}/shares"), None, &[404]),
        attempt(
            "PUT /api/sessions/{id}/shares/{member}",
            format!("/api/sessions/{session}/shares/{member}"),
            Some(json!({"access": "read"})),
            &[404],
        ),
        // A member of another workspace is none of this one.
        attempt(
            "PUT /api/sessions/{id}/shares/{member}",
            format!("/api/sessions/{own_session}/shares/{member}"),
            Some(json!({"access": "read"})),
            &[404],
        ),
        attempt(
            "DELETE /api/sessions/{id}/shares/{member}",
            format!("/api/sessions/{session}/shares/{member}"),
            None,
            &[404],
        ),
        attempt("GET /api/sessions", "/api/sessions?search=zanzibar".into(), None, &[200]),
        attempt("GET /api/turns/{id}/trace", format!("/api/turns/{turn}/trace"), None, &[404]),
        attempt(
            "PUT /api/turns/{id}/feedback",
            format!("/api/turns/{turn}/feedback"),
            Some(json!({"rating": "up"})),
            &[404],
        ),
        attempt("DELETE /api/turns/{id}/feedback", format!("/api/turns/{turn}/feedback"), None, &[404]),
        attempt("GET /api/turns", "/api/turns".into(), None, &[200]),
        attempt("GET /api/feedback", "/api/feedback".into(), None, &[200]),
        attempt("GET /api/turns/{id}", format!("/api/turns/{turn}"), None, &[404]),
        attempt("POST /api/turns/{id}/cancel", format!("/api/turns/{turn}/cancel"), Some(json!({})), &[404]),
        attempt("POST /api/turns/{id}/go_on", format!("/api/turns/{turn}/go_on"), None, &[404]),
        attempt("POST /api/jobs/{id}/run", format!("/api/jobs/{job}/run"), None, &[404]),
        attempt(
            "POST /api/approvals/{id}",
            format!("/api/approvals/{approval}"),
            Some(json!({"decision": "approve"})),
            &[404],
        ),
        attempt("DELETE /api/models/providers/{name}", "/api/models/providers/hers".into(), None, &[404]),
        attempt(
            "POST /api/models/providers/{name}/test",
            "/api/models/providers/hers/test".into(),
            None,
            &[404],
        ),
        // Without a key of one's own there is none.
        attempt(
            "PUT /api/models/providers/{name}",
            "/api/models/providers/hers".into(),
            Some(json!({"kind": "mistral"})),
            &[400, 422],
        ),
        attempt("GET /api/models/providers", "/api/models/providers".into(), None, &[200]),
        attempt(
            "PUT /api/budgets/{scope}/{subject}",
            format!("/api/budgets/member/{member}"),
            Some(json!({"tokens": 0})),
            &[400],
        ),
        attempt(
            "DELETE /api/budgets/{scope}/{subject}",
            format!("/api/budgets/member/{member}"),
            None,
            &[404],
        ),
        attempt("DELETE /api/budgets/{scope}", "/api/budgets/member".into(), None, &[404]),
        attempt(
            "PUT /api/budgets/{scope}",
            "/api/budgets/turn".into(),
            Some(json!({"tokens": 5_000})),
            &[200],
        ),
        attempt("GET /api/budgets", "/api/budgets".into(), None, &[200]),
        attempt("GET /api/usage", format!("/api/usage?by=member&member={member}"), None, &[200]),
        attempt("GET /api/models/settings", "/api/models/settings".into(), None, &[200]),
        attempt(
            "PUT /api/models/settings",
            "/api/models/settings".into(),
            Some(json!({"fast": "hers/small"})),
            &[400, 422],
        ),
        attempt("GET /api/models/overrides", "/api/models/overrides".into(), None, &[200]),
        attempt(
            "PUT /api/models/overrides",
            "/api/models/overrides?model=hers/mistral-large-4".into(),
            Some(json!({"context_window": 8192})),
            &[400, 422],
        ),
        attempt(
            "DELETE /api/models/overrides",
            "/api/models/overrides?model=hers/mistral-large-4".into(),
            None,
            &[404],
        ),
        attempt("GET /api/models", "/api/models".into(), None, &[200]),
        attempt("GET /api/roles/{name}", "/api/roles/Keepers".into(), None, &[404]),
        attempt("PATCH /api/roles/{name}", "/api/roles/Keepers".into(), Some(json!({"label": "x"})), &[404]),
        attempt("DELETE /api/roles/{name}", "/api/roles/Keepers".into(), None, &[404]),
        attempt("POST /api/roles/{name}/reset", "/api/roles/Keepers/reset".into(), None, &[404]),
        attempt("GET /api/roles", "/api/roles".into(), None, &[200]),
        attempt("GET /api/members/{id}/authority", format!("/api/members/{member}/authority"), None, &[404]),
        attempt(
            "POST /api/authority/explain",
            "/api/authority/explain".into(),
            Some(json!({"caller": {}, "request": {"operation": "deal.get", "arguments": {"id": deal}}})),
            &[200],
        ),
        // Addresses without a parameter that take ids all the same.
        attempt("GET /api/approvals", format!("/api/approvals?status=all&session={session}"), None, &[200]),
        attempt("GET /api/search", "/api/search?q=quellwasser".into(), None, &[200]),
        attempt(
            "POST /api/sessions",
            "/api/sessions".into(),
            Some(json!({"agent": "analyst", "context": context})),
            &[201, 400, 404],
        ),
    ]
}

#[tokio::test]
async fn another_workspaces_ids_lead_nowhere_through_any_address() {
    for engine in engines() {
        let (fixture, ada, otto) = two_workspaces(engine, None).await;
        let elsewhere = text(&otto.get("/api/me").await.unwrap().ok()["workspace"]["id"]);
        let prey = Prey::of(&ada, &elsewhere).await;
        let own = otto.post("/api/records/deals", json!({"name": "Mine"})).await.unwrap().ok();
        let own_session = otto.session("analyst").await.unwrap();
        let before = ada.get(&format!("/api/records/deals/{}", prey.deal)).await.unwrap().ok();
        let mut left = declared();
        assert!(left.len() > 25, "{left:?}");

        let tried = of_programs(&prey, &text(&own["id"]), &own_session)
            .into_iter()
            .chain(agents::of_programs(&prey.review))
            .chain(evaluations::of_programs(&prey.run))
            .chain(tryouts::of_programs(&prey))
            .chain(members::of_programs(&prey))
            .chain(views::of_programs(&prey));
        for Attempt { route, path, body, right } in tried {
            let method: Method = route.split(' ').next().unwrap().parse().unwrap();
            let answer = otto.send(method, &path, body.clone(), &[]).await.unwrap();
            let shown = format!("{engine:?} {route} {path} {body:?}: {} {}", answer.status, answer.body);
            assert!(right.contains(&answer.status.as_u16()), "{shown}");
            assert!(!tells(&answer.body.to_string()), "{shown}");
            if path.contains("filter=") || path.contains("search") {
                let counted = answer.body["data"].as_array().map(Vec::len);
                assert_eq!(counted, Some(0), "{shown}");
            }
            left.remove(route);
        }
        // A session's context is a record that is not there, to whoever asks and to the agent.
        let context = json!({"context": {"object": "deal", "id": prey.deal}});
        let patched = otto.patch(&format!("/api/sessions/{own_session}"), context).await.unwrap();
        assert!(matches!(patched.status.as_u16(), 200 | 400 | 404) && !tells(&patched.body.to_string()));
        let events = otto.chat(&own_session, "show it").await.unwrap();
        assert!(!events.iter().any(|event| tells(&event.data.to_string())), "{events:?}");

        let pages = Pages::sign_in(fixture.url(), "otto").await;
        let tried = of_people(&prey, &own_session)
            .into_iter()
            .chain(agents::of_people(&prey.review))
            .chain(evaluations::of_people(&prey.run, &prey.turn))
            .chain(tryouts::of_people(&prey))
            .chain(members::of_people(&prey))
            .chain(views::of_people(&prey));
        for Attempt { route, path, body, right } in tried {
            let page = match &body {
                None => pages.get(&path).await,
                Some(form) => {
                    let form = form.as_object().unwrap().iter();
                    let form: Vec<_> = form.map(|(name, value)| (name.as_str(), text(value))).collect();
                    pages.post(&path, &form).await
                }
            };
            let shown = format!("{engine:?} {route} {path} {body:?}: {} {}", page.status, page.body);
            assert!(right.contains(&page.status), "{shown}");
            assert!(!tells(&page.body), "{shown}");
            left.remove(route);
        }
        // A chat about a record that is not there.
        let about = [
            ("agent", "analyst".to_owned()),
            ("message", "show it".to_owned()),
            ("about", format!("deal:{}", prey.deal)),
        ];
        let begun = pages.post("/chat", &about).await;
        if begun.status == 303 {
            assert!(!tells(&pages.get(&begun.location).await.body));
        }
        assert!(left.is_empty(), "nothing was tried through {left:?}");

        // Nothing of Ada's was touched.
        let after = ada.get(&format!("/api/records/deals/{}", prey.deal)).await.unwrap().ok();
        assert_eq!(after, before, "{engine:?}");
        let turn = ada.get(&format!("/api/turns/{}", prey.turn)).await.unwrap().ok();
        assert_eq!(turn["status"], "waiting_for_approval", "{engine:?}");
        let object = ada.get("/api/objects/deal").await.unwrap().ok().to_string();
        assert!(object.contains("zanzibar") && !object.contains("ottos"), "{engine:?}: {object}");
        fixture.end().await;
    }
}
