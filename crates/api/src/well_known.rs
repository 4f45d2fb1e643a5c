//! What other programs look up about us (RFC 8615): the keys that access tokens are signed with, and how
//! tokens are got.

use axum::{Json, Router, extract::State, routing::get};
use serde_json::{Value, json};

use kontor_http::Services;

pub(crate) fn routes() -> Router<Services> {
    Router::new()
        .route("/.well-known/jwks.json", get(jwks))
        .route("/.well-known/oauth-authorization-server", get(authorization_server))
        .route("/.well-known/oauth-protected-resource", get(protected_resource))
}

async fn jwks(State(state): State<Services>) -> Json<Value> {
    Json(state.identity.jwks())
}

/// RFC 8414, section 2.
async fn authorization_server(State(state): State<Services>) -> Json<Value> {
    let url = &state.public_url;
    Json(json!({
        "issuer": &**url,
        "token_endpoint": format!("{url}/oauth/token"),
        "jwks_uri": format!("{url}/.well-known/jwks.json"),
        "grant_types_supported": ["refresh_token"],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["none"],
    }))
}

/// RFC 9728, section 2.
async fn protected_resource(State(state): State<Services>) -> Json<Value> {
    let url = &state.public_url;
    Json(json!({
        "resource": &**url,
        "authorization_servers": [&**url],
        "bearer_methods_supported": ["header"],
    }))
}
