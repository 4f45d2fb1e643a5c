//! Requests through the whole router, on a real store and the real services.

mod auth;
mod bad_input;
mod catalogue;
mod chat;
mod events;
mod health;
mod keys;
mod limits;
mod models;
mod oauth;
mod openapi;
mod people;
mod programs;
mod records;
mod streams;
mod usage;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use kontor_builtin::Builtin;
use kontor_http::{
    RateLimitSettings, Services,
    testing::{Installation, PASSWORD, PricedModel},
};
use kontor_identity::SignIn;
use kontor_store::Store;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::router;

/// A server without a socket, with Ada (Admin) and Vera (Viewer).
struct Server {
    router: Router,
    services: Services,
    store: Store,
    _installation: Installation,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
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

    fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    fn id(&self) -> &str {
        self.body["id"].as_str().unwrap()
    }
}

impl Server {
    async fn start() -> Self {
        Self::with(RateLimitSettings::default()).await
    }

    async fn with(rate_limits: RateLimitSettings) -> Self {
        Self::around(Installation::with(Arc::new(Builtin::default()), rate_limits).await).await
    }

    /// With a language model that costs something.
    async fn with_priced_model() -> Self {
        Self::around(Installation::with(Arc::new(PricedModel), RateLimitSettings::default()).await).await
    }

    async fn around(installation: Installation) -> Self {
        installation.make_workspace().await;
        let (services, store) = (installation.services.clone(), installation.store.clone());
        Self { router: router(services.clone()), services, store, _installation: installation }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, 8 << 20).await.unwrap();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&bytes).into_owned()))
        };
        Answer { status: head.status, headers: head.headers, body }
    }

    async fn sign_in(&self, name: &str) -> Client<'_> {
        let tokens = self.services.identity.sign_in(sign_in(name)).await.unwrap();
        Client { server: self, token: tokens.access_token }
    }
}

fn sign_in(name: &str) -> SignIn {
    SignIn {
        email: format!("{name}@demo.test"),
        password: PASSWORD.into(),
        workspace: None,
        remote: None,
        user_agent: None,
        known_browser: String::new(),
    }
}

/// Someone with an access token.
struct Client<'s> {
    server: &'s Server,
    token: String,
}

impl Client<'_> {
    fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let authorization = format!("Bearer {}", self.token);
        Request::builder().method(method).uri(path).header("authorization", authorization)
    }

    async fn get(&self, path: &str) -> Answer {
        self.server.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.server.send(self.request(Method::DELETE, path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, body, &[]).await
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, body, &[]).await
    }

    async fn send(&self, method: Method, path: &str, body: Value, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.request(method, path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.server.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    async fn create(&self, plural: &str, fields: Value) -> Answer {
        self.post(&format!("/api/records/{plural}"), fields).await.expect(201)
    }
}
