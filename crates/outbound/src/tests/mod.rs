//! Clients against servers of these tests, behind names that a double looks up.

mod limits;
mod names;
mod redirects;
mod server;

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use reqwest::{Method, Request};
use tokio::sync::OwnedSemaphorePermit;
use url::Url;

use crate::{Allowed, Client, Error, Limits, Outbound, Response, Steered, resolver::Lookup};

/// Answers of name servers, one after the other; the last for ever. It counts how often it is asked.
#[derive(Default)]
pub(crate) struct Names {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub(crate) fn answering(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        let answers = Mutex::new(answers.iter().map(parse).collect());
        Arc::new(Self { answers, asked: Mutex::default() })
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Lookup for Names {
    fn addresses(&self, name: &str, _: OwnedSemaphorePermit) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        Box::pin(async move { Ok(answer) })
    }
}

/// Short enough for a test that waits for one of them to end.
pub(crate) fn limits() -> Limits {
    Limits { head: Duration::from_secs(5), total: Duration::from_secs(5), ..Limits::default() }
}

/// A client for whatever a workspace asks, in a process whose operator allows this much.
pub(crate) fn client(allowed: &str, limits: Limits) -> Client {
    let outbound = Outbound::new(Allowed::parse(allowed).unwrap());
    outbound.client(Steered::ByWorkspace, limits).unwrap()
}

pub(crate) fn client_with(allowed: &str, names: &Arc<Names>, limits: Limits) -> Client {
    let outbound = Outbound::with_lookup(Allowed::parse(allowed).unwrap(), names.clone());
    outbound.client(Steered::ByWorkspace, limits).unwrap()
}

pub(crate) async fn get(client: &Client, url: &str) -> Result<Response, Error> {
    client.execute(Request::new(Method::GET, Url::parse(url).unwrap())).await
}

/// The body of an answer as text.
pub(crate) async fn text(answer: Result<Response, Error>) -> String {
    String::from_utf8(answer.unwrap().bytes().await.unwrap().to_vec()).unwrap()
}
