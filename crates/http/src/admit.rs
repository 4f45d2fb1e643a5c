//! The one way in: who sends a request, and whether they may send one more. Both are known before anything else is
//! done for it.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    middleware::Next,
    response::Response,
};
use kontor_core::error::{Fault as _, Problem};
use kontor_identity::Door;

use crate::{
    Authenticated, Services,
    caller::{Credentials, csrf_header, is_safe},
    failure::problem_of,
    surround::Refuse,
};

/// What [`admit`] needs: the services, and how a face refuses.
#[derive(Clone)]
pub struct Entrance {
    services: Services,
    refuse: Refuse,
}

/// Who sends a request, as a handler finds it there; nobody, where it carries nothing to sign in by.
#[derive(Clone)]
struct Sender(Result<Option<Authenticated>, Problem>);

impl Entrance {
    pub fn new(services: Services, refuse: Refuse) -> Self {
        Self { services, refuse }
    }
}

impl Services {
    /// Who sends a request with these headers to a door; `None` for one that carries nothing to sign in by.
    ///
    /// # Errors
    /// Where what it carries is no credential, or none any more.
    pub async fn sender(
        &self,
        headers: &HeaderMap,
        door: &Door<'_>,
    ) -> Result<Option<Authenticated>, Problem> {
        let Some(credentials) = Credentials::find(headers, self.cookie)? else { return Ok(None) };
        self.authenticate(credentials, door).await.map(Some).map_err(|error| problem_of(&error))
    }
}

/// Finds out who sends a request and counts it: for whoever is signed in, or else, whatever it carries, for its
/// address. Where there were too many it is refused; every response says how many are left.
pub async fn admit(State(entrance): State<Entrance>, request: Request, next: Next) -> Response {
    let Entrance { services, refuse } = entrance;
    let (mut parts, body) = request.into_parts();
    let from = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| from.ip());
    let sender = services.sender(&parts.headers, &Door { from, path: Some(parts.uri.path()) }).await;
    let standing = match &sender {
        Ok(Some(found)) => services.rate_limits.count(&found.caller, &found.credential),
        Ok(None) | Err(_) => services.rate_limits.count_address(from),
    };
    let mut response = match standing.and_then(|standing| standing.refusal()) {
        Some(refusal) => refuse(refusal),
        None => {
            parts.extensions.insert(Sender(sender));
            next.run(Request::from_parts(parts, body)).await
        }
    };
    if let Some(standing) = standing {
        standing.write(response.headers_mut());
    }
    name_metadata(&mut response, &services.public_url);
    response
}

/// Says in a challenge where is told who gives tokens for this server (RFC 9728, section 5.1), unless its face has said
/// so for an address of its own.
fn name_metadata(response: &mut Response, public_url: &str) {
    let headers = response.headers_mut();
    let Some(challenge) = headers.get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()) else {
        return;
    };
    if challenge.contains("resource_metadata=") {
        return;
    }
    let metadata = format!("{public_url}/.well-known/oauth-protected-resource");
    if let Ok(value) = HeaderValue::try_from(format!("{challenge}, resource_metadata=\"{metadata}\"")) {
        headers.insert(header::WWW_AUTHENTICATE, value);
    }
}

/// Who sends a request; `None` for one that carries nothing to sign in by. One that may change something and came by
/// the cookie of the pages comes from one of them: it has their token in [`CSRF_HEADER`](crate::CSRF_HEADER).
///
/// # Errors
/// Where what it carries is no credential, or none any more, and where that token is missing. Internal where the
/// request did not come through [`admit`], or was asked about before.
pub fn sender(parts: &mut Parts) -> Result<Option<Authenticated>, Problem> {
    let found = sender_of_form(parts)?;
    if let Some(csrf) = found.as_ref().and_then(|found| found.csrf.as_ref())
        && !is_safe(&parts.method)
    {
        csrf.verify(csrf_header(&parts.headers).unwrap_or_default()).map_err(|error| error.problem())?;
    }
    Ok(found)
}

/// The same for a form, whose token is one of its fields: who calls this checks it before anything is done.
///
/// # Errors
/// As [`sender`], but for the token.
pub fn sender_of_form(parts: &mut Parts) -> Result<Option<Authenticated>, Problem> {
    parts.extensions.remove::<Sender>().map_or_else(|| Err(Problem::internal()), |Sender(found)| found)
}
