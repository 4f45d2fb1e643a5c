//! The one way from a failure to what a person sees of it.

use askama::Template;
use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use kontor_core::error::{Chain, ErrorKind, Fault, Problem};
use kontor_http::{Authenticated, Services};
use kontor_identity::Door;

use crate::{assets, form::Fields, security::accepts_json, shell::Shell};

const HTML: &str = "text/html; charset=utf-8";

pub(crate) type Result<T, E = PageError> = std::result::Result<T, E>;

/// Why a page cannot be shown.
#[derive(Debug)]
pub(crate) enum PageError {
    Problem(Problem),
    /// Nobody is signed in; the sign-in page leads back to this path.
    SignedOut {
        back_to: String,
        /// What they had written, to be sent again once they have signed in.
        written: Option<KeptForm>,
    },
}

/// A form as it was sent, and where to.
#[derive(Debug, Clone)]
pub(crate) struct KeptForm {
    pub action: String,
    pub fields: Fields,
}

impl PageError {
    pub(crate) fn not_found() -> Self {
        Self::Problem(Problem::new(ErrorKind::NotFound, "not_found", "There is nothing at this address."))
    }
}

impl<E: Fault> From<E> for PageError {
    fn from(error: E) -> Self {
        Self::Problem(kontor_http::problem_of(&error))
    }
}

/// Carries a problem to [`render`], which knows what the client reads.
#[derive(Clone)]
struct Unrendered(Problem);

#[derive(Clone)]
struct SignedOut {
    back_to: String,
    written: Option<KeptForm>,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        match self {
            Self::Problem(problem) => {
                *response.status_mut() = kontor_http::status(&problem);
                response.extensions_mut().insert(Unrendered(problem));
            }
            Self::SignedOut { back_to, written } => {
                *response.status_mut() = StatusCode::UNAUTHORIZED;
                response.extensions_mut().insert(SignedOut { back_to, written });
            }
        }
        response
    }
}

/// A problem as this face writes it, once it is known what the client reads.
pub(crate) fn refuse(problem: Problem) -> Response {
    PageError::Problem(problem).into_response()
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    assets: &'a str,
    heading: &'static str,
    message: &'a str,
}

/// The same for somebody who is signed in, who goes on from it by the navigation.
#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    assets: &'a str,
    shell: Shell,
    heading: &'static str,
    message: &'a str,
}

/// Writes the failures of those who are signed in with the navigation around them. Where that cannot be made, the
/// failure stays for [`render`].
pub(crate) async fn within_shell(State(state): State<Services>, request: Request, next: Next) -> Response {
    let (headers, wants_json) = (request.headers().clone(), accepts_json(&request));
    let mut response = next.run(request).await;
    let problem = response.extensions().get::<Unrendered>().map(|Unrendered(problem)| problem.clone());
    let is_told = |problem: &Problem| !matches!(problem.kind, ErrorKind::Internal | ErrorKind::Unavailable);
    if let Some(problem) = problem.filter(is_told)
        && !wants_json
        && let Some(html) = framed(&state, &headers, &problem).await
    {
        response.extensions_mut().remove::<Unrendered>();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
        *response.body_mut() = Body::from(html);
    }
    response
}

async fn framed(state: &Services, headers: &HeaderMap, problem: &Problem) -> Option<String> {
    let Authenticated { caller, csrf, .. } = state.sender(headers, &Door::default()).await.ok()??;
    let schema = state.crm.schema(caller.workspace).await.ok()?;
    let heading = heading(problem.kind);
    let shell = Shell::new(state, &caller, &csrf?, &schema, heading, "").await.ok()?;
    FailurePage { assets: &assets::BASE, shell, heading, message: &problem.message }.render().ok()
}

/// Keeps what was written by somebody who is signed out.
#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOutPage<'a> {
    assets: &'a str,
    form: KeptForm,
}

/// Writes a failure as page or as JSON, whichever the client reads, with the headers that it had. Other responses
/// pass.
pub(crate) fn render(response: &mut Response, wants_json: bool) {
    let Some(mut rendered) = rendered(response, wants_json) else { return };
    let own = rendered.headers().clone();
    for (name, value) in response.headers() {
        // The type and the length are those of the body that was written.
        if !own.contains_key(name) && name != header::CONTENT_LENGTH {
            rendered.headers_mut().append(name, value.clone());
        }
    }
    *response = rendered;
}

fn rendered(response: &mut Response, wants_json: bool) -> Option<Response> {
    if let Some(SignedOut { back_to, written }) = response.extensions_mut().remove() {
        if wants_json {
            let problem = Problem::new(
                ErrorKind::Unauthenticated,
                "signed_out",
                "You are signed out. Reload the page.",
            );
            return Some((StatusCode::UNAUTHORIZED, Json(problem)).into_response());
        }
        let page = written.map(|form| SignedOutPage { assets: &assets::BASE, form }.render());
        return Some(match page {
            Some(Ok(html)) => (StatusCode::UNAUTHORIZED, Html(html)).into_response(),
            _ => sign_in_first(&back_to),
        });
    }
    let Unrendered(problem) = response.extensions_mut().remove()?;
    let status = response.status();
    let page = ErrorPage { assets: &assets::BASE, heading: heading(problem.kind), message: &problem.message };
    let wait = kontor_http::retry_after(&problem);
    let mut rendered = match page.render() {
        Ok(html) if !wants_json => (status, Html(html)).into_response(),
        _ => (status, Json(problem)).into_response(),
    };
    if let Some(wait) = wait {
        rendered.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
    }
    Some(rendered)
}

fn sign_in_first(back_to: &str) -> Response {
    let location = if back_to == "/" {
        "/sign-in".to_owned()
    } else {
        format!("/sign-in?next={}", crate::link::encode(back_to))
    };
    axum::response::Redirect::to(&location).into_response()
}

/// The status of a page that shows a form again with why it was refused.
pub(crate) fn status_again(problem: &Problem) -> StatusCode {
    match problem.kind {
        // What was written is wrong; a password too, for which no browser is to ask by itself.
        ErrorKind::Invalid | ErrorKind::Unauthenticated => StatusCode::UNPROCESSABLE_ENTITY,
        _ => kontor_http::status(problem),
    }
}

/// Why a form comes back, and the status of its page; what no form can put right is a page of its own.
pub(crate) fn refused(error: impl Into<PageError>) -> Result<(StatusCode, Problem)> {
    match error.into() {
        PageError::Problem(problem) if !matches!(problem.kind, ErrorKind::NotFound | ErrorKind::Internal) => {
            Ok((status_again(&problem), problem))
        }
        other => Err(other),
    }
}

fn heading(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Invalid => "Invalid request",
        ErrorKind::Unauthenticated => "Sign-in required",
        ErrorKind::Forbidden => "You may not do this",
        ErrorKind::NotFound => "Not found",
        ErrorKind::Conflict => "That has changed meanwhile",
        ErrorKind::Limited => "Too much at once",
        ErrorKind::Unavailable => "Not available at the moment",
        ErrorKind::Internal => "Something went wrong",
    }
}

/// A page that is rendered, or the fault of ours that it cannot be.
pub(crate) fn page(template: &impl Template) -> Result<Html<String>> {
    template.render().map(Html).map_err(|error| {
        tracing::error!(error = %Chain(&error), "a template failed");
        PageError::Problem(Problem::internal())
    })
}
