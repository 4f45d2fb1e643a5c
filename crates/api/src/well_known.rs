//! What other programs look up about us (RFC 8615): the keys that access tokens are signed with, and how
//! tokens are got.

use aide::axum::{ApiRouter, routing::get_with};
use axum::{Json, extract::State};
use serde_json::{Value, json};

use kontor_http::Services;

use crate::{oauth::GRANT_TYPES, openapi::Describe as _};

pub(crate) fn routes() -> ApiRouter<Services> {
    let jwks = get_with(jwks, |op| {
        op.is("get_jwks", "The keys that access tokens are signed with").tag("Sign-in").public()
    });
    let server = get_with(authorization_server, |op| {
        op.is("get_authorization_server", "How tokens are got (RFC 8414)").tag("Sign-in").public()
    });
    let resource = get_with(protected_resource, |op| {
        op.is("get_protected_resource", "Who gives tokens for this server (RFC 9728)").tag("Sign-in").public()
    });
    let mcp = get_with(protected_mcp, |op| {
        op.is("get_protected_mcp", "Who gives tokens for MCP (RFC 9728)").tag("Sign-in").public()
    });
    let mcp_reading = get_with(protected_mcp_reading, |op| {
        op.is("get_protected_mcp_reading", "Who gives tokens for MCP that only reads (RFC 9728)")
            .tag("Sign-in")
            .public()
    });
    ApiRouter::new()
        .api_route("/.well-known/jwks.json", jwks)
        .api_route("/.well-known/oauth-authorization-server", server)
        .api_route("/.well-known/oauth-protected-resource", resource)
        .api_route("/.well-known/oauth-protected-resource/mcp", mcp)
        .api_route("/.well-known/oauth-protected-resource/mcp/read", mcp_reading)
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
        "authorization_endpoint": format!("{url}/oauth/authorize"),
        "registration_endpoint": format!("{url}/oauth/register"),
        "revocation_endpoint": format!("{url}/oauth/revoke"),
        "grant_types_supported": GRANT_TYPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_post", "client_secret_basic"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

/// RFC 9728, section 2.
async fn protected_resource(State(state): State<Services>) -> Json<Value> {
    Json(resource(&state, ""))
}

async fn protected_mcp(State(state): State<Services>) -> Json<Value> {
    Json(resource(&state, "/mcp"))
}

async fn protected_mcp_reading(State(state): State<Services>) -> Json<Value> {
    Json(resource(&state, "/mcp/read"))
}

fn resource(state: &Services, path: &str) -> Value {
    let url = &state.public_url;
    json!({
        "resource": format!("{url}{path}"),
        "resource_name": "Kontor",
        "authorization_servers": [&**url],
        "bearer_methods_supported": ["header"],
    })
}
