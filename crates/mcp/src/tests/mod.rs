//! Requests through the whole router, on a real store and the real services.

mod approvals;
mod gate;
mod protocol;

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request},
};
use kontor_builtin::Builtin;
use kontor_core::caller::Caller;
use kontor_http::{
    RateLimitSettings, Services,
    testing::{Installation, PASSWORD},
};
use kontor_identity::SignIn;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::router;

/// A server without a socket, with Ada (Admin) and Vera (Viewer).
struct House {
    router: Router,
    services: Services,
    _installation: Installation,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The result of a call that succeeded.
    #[track_caller]
    fn done(&self) -> &Value {
        assert_eq!((self.status, &self.body["result"]["isError"]), (200, &json!(false)), "{}", self.body);
        &self.body["result"]["structuredContent"]
    }

    /// What a call said that did not.
    #[track_caller]
    fn refused(&self) -> &str {
        assert_eq!((self.status, &self.body["result"]["isError"]), (200, &json!(true)), "{}", self.body);
        self.body["result"]["content"][0]["text"].as_str().unwrap()
    }
}

impl House {
    async fn new() -> Self {
        let installation =
            Installation::with(Arc::new(Builtin::default()), RateLimitSettings::default()).await;
        installation.make_workspace().await;
        let services = installation.services.clone();
        Self { router: router(services.clone()), services, _installation: installation }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, 8 << 20).await.unwrap();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&bytes).into_owned()));
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    }

    async fn sign_in(&self, name: &str) -> Client<'_> {
        let sign_in = SignIn {
            email: format!("{name}@demo.test"),
            password: PASSWORD.into(),
            workspace: None,
            remote: None,
            user_agent: None,
            known_browser: String::new(),
        };
        let token = self.services.identity.sign_in(sign_in).await.unwrap().access_token;
        Client { house: self, token }
    }
}

/// A client with somebody's token.
struct Client<'h> {
    house: &'h House,
    token: String,
}

impl Client<'_> {
    async fn caller(&self) -> Caller {
        self.house.services.identity.authenticate(&self.token).await.unwrap()
    }

    fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", "kontor.test")
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let mut request = self.request(Method::POST, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.house.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// As clients of revisions before 2026-07-28 send it.
    async fn ask(&self, path: &str, method: &str, params: Value) -> Answer {
        let headers =
            [("mcp-protocol-version", "2025-11-25"), ("accept", "application/json, text/event-stream")];
        let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        self.post(path, &headers, body).await
    }

    /// As clients of 2026-07-28 send it.
    async fn ask_alone(&self, method: &str, mut params: Value, capabilities: Value) -> Answer {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        });
        let name = params["name"].as_str().or_else(|| params["uri"].as_str()).unwrap_or_default().to_owned();
        let mut headers = vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
        if !name.is_empty() {
            headers.push(("mcp-name", &name));
        }
        let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        self.post("/mcp", &headers, body).await
    }

    async fn call(&self, tool: &str, arguments: Value) -> Answer {
        self.ask("/mcp", "tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// The id of a new deal.
    async fn deal(&self, name: &str) -> String {
        let values = json!([{"field": "name", "value": name}, {"field": "stage", "value": "LEAD"}]);
        let made = self.call("create", json!({"object": "deal", "values": values})).await;
        made.done()["record"]["id"].as_str().unwrap().to_owned()
    }
}
