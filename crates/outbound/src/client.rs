//! Requests and redirects, judged before they are sent.

use std::{sync::Arc, time::Duration};

use reqwest::{
    Method, Request, StatusCode,
    header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, LOCATION, PROXY_AUTHORIZATION},
    redirect::Policy,
};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::{
    allowed::Allowed,
    error::{Bounded, Error, RedirectFault, Wait},
    guard,
    limits::{Limits, MAX_REDIRECTS},
    request::RequestBuilder,
    resolver::{Lookup, Resolver, System},
    response::Response,
    tls,
};

/// Whose word it is where a request goes.
#[derive(Debug, Clone, Copy)]
pub enum Steered<'u> {
    /// This URL stands in the operator's configuration: its host is reached wherever it is.
    ByOperator(&'u Url),
    /// A workspace, a member or a model chose the URL: public addresses are reached, and what the operator allows.
    ByWorkspace,
}

/// Makes the clients of a process. Cheap to clone.
#[derive(Clone)]
pub struct Outbound {
    allowed: Allowed,
    lookup: Arc<dyn Lookup>,
}

impl Outbound {
    pub fn new(allowed: Allowed) -> Self {
        Self { allowed, lookup: Arc::new(System) }
    }

    #[cfg(test)]
    pub(crate) fn with_lookup(allowed: Allowed, lookup: Arc<dyn Lookup>) -> Self {
        Self { allowed, lookup }
    }

    /// A client, which keeps connections open for its next requests.
    ///
    /// # Errors
    /// The operator's URL is not one of HTTP, or TLS is needed and cannot be set up.
    pub fn client(&self, steered: Steered<'_>, limits: Limits) -> Result<Client, Error> {
        let mut allowed = self.allowed.clone();
        let mut is_secure = true;
        if let Steered::ByOperator(url) = steered {
            allowed = allowed.and(url.host().ok_or(Error::NoHost)?);
            guard::check(&allowed, url)?;
            is_secure = url.scheme() == "https" || limits.redirects > 0;
        }
        let allowed = Arc::new(allowed);
        let builder = reqwest::Client::builder()
            .dns_resolver(Resolver::new(self.lookup.clone(), allowed.clone()))
            .no_proxy()
            .connect_timeout(limits.connect)
            // They are followed here, where each is judged as the URL that it will be asked as.
            .redirect(Policy::none());
        let http = tls::with_tls(builder, is_secure)?
            .build()
            .map_err(|source| Error::Setup { source: source.into() })?;
        Ok(Client { http, allowed, limits })
    }
}

impl Default for Outbound {
    /// Of an operator who allows nothing beside the public internet.
    fn default() -> Self {
        Self::new(Allowed::default())
    }
}

/// Sends requests to where they may go. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    allowed: Arc<Allowed>,
    limits: Limits,
}

impl Client {
    /// A request to be put together and sent by this client.
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        RequestBuilder::new(self.clone(), self.http.request(method, url))
    }

    /// Sends a request, and follows redirects as far as the limits say. Whatever its status, the answer is one.
    ///
    /// # Errors
    /// The URL is not one of HTTP, leads to an address that is refused, or no answer came of it in time. A redirect is
    /// an error where it is followed and leads where it must not.
    pub(crate) async fn execute(&self, mut request: Request) -> Result<Response, Error> {
        let within = request.timeout_mut().take().map_or(self.limits.total, |own| own.min(self.limits.total));
        let deadline = deadline(within);
        let mut left = self.limits.redirects.min(MAX_REDIRECTS);
        loop {
            let url = request.url().clone();
            guard::check(&self.allowed, &url)?;
            let host = guard::place(&url);
            self.check_head(&request, &host)?;
            let is_followed =
                self.limits.redirects > 0 && matches!(*request.method(), Method::GET | Method::HEAD);
            let again = if is_followed { request.try_clone() } else { None };
            let answer = self.send(request, &host, deadline).await?;
            let (Some(again), true) = (again, is_redirect(answer.status())) else {
                return Ok(Response::new(answer, host, self.limits, deadline));
            };
            let fault = |fault| Error::Redirect { host: host.clone(), fault };
            left = left.checked_sub(1).ok_or_else(|| fault(RedirectFault::TooMany))?;
            let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let next = next(&url, location).map_err(fault)?;
            request = redirected(again, next);
        }
    }

    async fn send(
        &self,
        request: Request,
        host: &str,
        deadline: Instant,
    ) -> Result<reqwest::Response, Error> {
        let head = Instant::now() + self.limits.head;
        let (until, wait) = if head < deadline { (head, Wait::Head) } else { (deadline, Wait::Total) };
        match timeout_at(until, self.http.execute(request)).await {
            Ok(answer) => answer.map_err(|error| Error::of(host, error, wait)),
            Err(_) => Err(Error::Timeout { host: host.to_owned(), wait }),
        }
    }

    fn check_head(&self, request: &Request, host: &str) -> Result<(), Error> {
        let headers = request.headers().iter();
        let length = headers.map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>();
        let length = (length + request.url().as_str().len()) as u64;
        let limit = self.limits.request_head;
        if length <= limit {
            return Ok(());
        }
        Err(Error::TooLarge { host: host.to_owned(), what: Bounded::RequestHead, limit })
    }
}

/// A time so far away that it cannot be reckoned is in thirty years.
fn deadline(within: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(within).unwrap_or_else(|| now + Duration::from_secs(86_400 * 365 * 30))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    )
}

/// Where a redirect leads to; credentials in it are not taken.
fn next(from: &Url, location: Option<&str>) -> Result<Url, RedirectFault> {
    let unreadable = RedirectFault::Unreadable;
    let mut next = from.join(location.ok_or(unreadable)?).map_err(|_| unreadable)?;
    if from.scheme() == "https" && next.scheme() == "http" {
        return Err(RedirectFault::Downgrade);
    }
    // Neither fails where there is a host; a URL without one is refused before it is asked.
    let _ = next.set_username("");
    let _ = next.set_password(None);
    Ok(next)
}

/// The request at its next place. What was meant for the first alone is left behind where that is another: credentials,
/// cookies, and every header that is marked as sensitive.
fn redirected(mut request: Request, next: Url) -> Request {
    if request.url().origin() != next.origin() {
        let kept = request.headers().iter().filter(|(name, value)| {
            !value.is_sensitive() && ![AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, HOST].contains(name)
        });
        let kept: HeaderMap = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        *request.headers_mut() = kept;
    }
    *request.url_mut() = next;
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(from: &str, location: &str) -> Result<String, RedirectFault> {
        next(&Url::parse(from).unwrap(), Some(location)).map(String::from)
    }

    #[test]
    fn a_redirect_may_lead_to_https_but_not_back_and_brings_no_credentials() {
        assert_eq!(leads("http://a.example/b/c", "https://d.example/").unwrap(), "https://d.example/");
        assert_eq!(leads("https://a.example/b/c", "d?e").unwrap(), "https://a.example/b/d?e");
        assert_eq!(leads("https://a.example/", "http://a.example/"), Err(RedirectFault::Downgrade));
        assert_eq!(leads("http://a.example/", "//ada:pass@b.example/").unwrap(), "http://b.example/");
        assert_eq!(leads("http://a.example/", "http://0x7f.1/").unwrap(), "http://127.0.0.1/");
    }

    #[test]
    fn credentials_stay_with_an_origin() {
        let kept = |next: &str| {
            let mut request = Request::new(Method::GET, Url::parse("https://a.example/").unwrap());
            request.headers_mut().insert(AUTHORIZATION, "Bearer a".parse().unwrap());
            let request = redirected(request, Url::parse(next).unwrap());
            request.headers().contains_key(AUTHORIZATION)
        };
        assert!(kept("https://a.example/other") && kept("https://a.example:443/"));
        assert!(
            !kept("https://a.example:8443/") && !kept("http://a.example/") && !kept("https://b.a.example/")
        );
    }
}
