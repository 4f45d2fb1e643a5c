//! The one way from a failure to what a person sees of it.

use askama::Template;
use axum::{
    Json,
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use kontor_core::error::{Chain, ErrorKind, Fault, Problem};

use crate::{assets, form::Fields};

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
