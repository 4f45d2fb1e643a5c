//! Requests through the whole router, on a real store and the real services.

mod agents;
mod bad_input;
mod chat;
mod compression;
mod consent;
mod doors;
mod forms;
mod hidden;
mod keys;
mod lists;
mod models;
mod people;
mod records;
mod roles;
mod settings;
mod usage;
mod views;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use kontor_builtin::Builtin;
use kontor_core::{
    caller::Caller,
    grants::{Action, Grants, ObjectGrant},
    ids::WorkspaceId,
    metadata::Name,
};
use kontor_crm::records::RecordWrite;
use kontor_http::{
    RateLimitSettings, Services,
    testing::{Installation, PASSWORD, PricedModel},
};
use kontor_store::Store;
use kontor_testkit::waiting::eventually;
use sea_query::{Expr, ExprTrait as _, Query};
use serde_json::{Value as Json, json};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use url::form_urlencoded::Serializer;

use crate::router;

/// A server without a socket, with Ada (Admin) and Vera (Viewer).
struct Server {
    router: Router,
    services: Services,
    workers: TaskTracker,
    store: Store,
    workspace: WorkspaceId,
    _installation: Installation,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    #[track_caller]
    fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    #[track_caller]
    fn shows(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "{text} is not in {}", self.body);
        self
    }

    #[track_caller]
    fn hides(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "{text} is in {}", self.body);
        self
    }
}

impl Server {
    /// With no workspace yet.
    async fn empty() -> Self {
        Self::with(RateLimitSettings::default()).await
    }

    /// With no workspace yet, and limits of its own.
    async fn with(rate_limits: RateLimitSettings) -> Self {
        Self::around(Installation::with(Arc::new(Builtin::default()), rate_limits).await)
    }

    fn around(installation: Installation) -> Self {
        let (services, store) = (installation.services.clone(), installation.store.clone());
        let workspace = services.environment.new_id();
        let (router, workers) = (router(services.clone()), TaskTracker::new());
        Self { router, services, workers, store, workspace, _installation: installation }
    }

    async fn start() -> Self {
        Self::settle(Self::empty().await).await
    }

    /// With a workspace and a language model that costs something.
    async fn with_priced_model() -> Self {
        let installation = Installation::with(Arc::new(PricedModel), RateLimitSettings::default()).await;
        Self::settle(Self::around(installation)).await
    }

    async fn settle(mut server: Self) -> Self {
        server.workspace = server._installation.make_workspace().await;
        server
    }

    /// Lets agents run.
    fn work(&self) {
        self.workers.spawn(self.services.agents.worker().run(self.services.shutdown.clone()));
        self.workers.close();
    }

    async fn stop(self) {
        self.services.shutdown.cancel();
        self.workers.close();
        self.workers.wait().await;
        self.store.close().await;
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, 8 << 20).await.unwrap();
        let body = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: head.status, headers: head.headers, body }
    }

    async fn sign_in(&self, name: &str) -> Browser<'_> {
        let form = [("email", format!("{name}@demo.test")), ("password", PASSWORD.to_owned())];
        let answer = self.send(post("/sign-in").body(body(&form)).unwrap()).await.expect(303);
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        let mut browser = Browser { server: self, cookie, csrf: String::new() };
        let page = browser.get("/chat").await.expect(200);
        let marker = "<meta name=\"csrf\" content=\"";
        let start = page.body.find(marker).unwrap() + marker.len();
        browser.csrf = page.body[start..].split('"').next().unwrap().to_owned();
        browser
    }

    /// A chat's page when all its turns have ended.
    async fn settled(&self, browser: &Browser<'_>, page: &str) -> Answer {
        let ended = eventually(Duration::from_secs(20), || async {
            let shown = browser.get(page).await.expect(200);
            let is_open = ["queued", "running", "waiting"]
                .iter()
                .any(|state| shown.body.contains(&format!("data-state=\"{state}\"")));
            (!is_open).then_some(shown)
        });
        ended.await.expect("the turns did not end")
    }

    /// The caller that a member's requests come from.
    async fn caller(&self, name: &str) -> Caller {
        let members = self.services.identity.members(&Caller::system(self.workspace)).await.unwrap();
        let email = format!("{name}@demo.test");
        let member = members.iter().find(|member| member.email == email).unwrap().id;
        self.services.identity.caller_of_member(self.workspace, member).await.unwrap()
    }

    /// Takes an object from the role of viewers.
    async fn keep_from_viewers(&self, object: &'static str) {
        let nothing = ObjectGrant::nothing();
        self.grant_viewers(
            &Grants::on_every_object([Action::Read]).with_object(Name::literal(object), nothing),
        )
        .await;
    }

    /// Gives the role of viewers other grants.
    async fn grant_viewers(&self, grants: &Grants) {
        let grants = serde_json::to_string(grants).unwrap();
        let namespace = self.store.workspace(self.workspace).await.unwrap();
        let changed = namespace.write(grants, |tx, grants| {
            let update = Query::update()
                .table(tx.table("roles"))
                .value("grants", grants.as_str())
                .and_where(Expr::col("name").eq("Viewer"))
                .take();
            Box::pin(async move { tx.execute(&update).await })
        });
        assert_eq!(changed.await.unwrap(), 1);
    }

    async fn create(&self, object: &str, fields: Json) -> String {
        let caller = Caller::system(self.workspace);
        let write = RecordWrite::Create(fields.as_object().unwrap().clone());
        self.services.crm.write_record(&caller, object, write).await.unwrap()[0].id.to_string()
    }
}

/// A person's browser.
struct Browser<'s> {
    server: &'s Server,
    cookie: String,
    csrf: String,
}

impl Browser<'_> {
    async fn get(&self, path: &str) -> Answer {
        let request = Request::builder().uri(path).header("cookie", &self.cookie);
        self.server.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form as a page of ours does.
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let mut form: Vec<_> = form.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        form.push(("csrf", self.csrf.clone()));
        let request = post(path).header("cookie", &self.cookie);
        self.server.send(request.body(body(&form)).unwrap()).await
    }
}

fn post(path: &str) -> axum::http::request::Builder {
    Request::builder()
        .method("POST")
        .uri(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
}

fn body(form: &[(&str, String)]) -> Body {
    Body::from(Serializer::new(String::new()).extend_pairs(form).finish())
}
