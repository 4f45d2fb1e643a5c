//! The requests that are measured, in Kontor's terms and in the bare server's.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use kontor_testkit::client::ApiClient;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Filled, Listing, PAGE, people};
use crate::Result;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);
/// The fields of the contacts that are read.
const FIELDS: &str =
    "name,emails,phones,job_title,account,lifecycle,source,lead_score,engagement_score,created_at,updated_at";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Get,
    List(Listing),
    Create,
    Batch,
    Update,
}

impl Operation {
    pub const ALL: [Self; 8] = [
        Self::Get,
        Self::List(Listing::Lifecycle),
        Self::List(Listing::LeadScore),
        Self::List(Listing::Engagement),
        Self::List(Listing::Search),
        Self::Create,
        Self::Batch,
        Self::Update,
    ];

    /// Whether it leaves everything as it is.
    pub fn is_reading(self) -> bool {
        matches!(self, Self::Get | Self::List(_))
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Get => "get by id",
            Self::List(Listing::Lifecycle) => "list 60, filter and order indexed",
            Self::List(Listing::LeadScore) => "list 60, a range by its index",
            Self::List(Listing::Engagement) => "list 60, unindexed",
            Self::List(Listing::Search) => "search, 60 rows",
            Self::Create => "create one",
            Self::Batch => "create a batch of 60",
            Self::Update => "update one",
        })
    }
}

/// Which server is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Kontor,
    Bare,
}

/// Makes requests over records that are there.
#[derive(Debug)]
pub struct Requests {
    filled: Filled,
    /// The number of the next person, so that no two have one address.
    next: AtomicU64,
}

impl Requests {
    pub fn new(filled: Filled) -> Self {
        let next = AtomicU64::new(filled.contacts.len() as u64);
        Self { filled, next }
    }

    /// Makes one request and waits for the whole answer.
    ///
    /// # Errors
    /// No answer, or one that tells of a failure.
    pub async fn perform(&self, client: &ApiClient, side: Side, operation: Operation) -> Result<()> {
        let response = self.request(client, side, operation).timeout(ANSWER).send().await?;
        let status = response.status();
        let body = response.bytes().await?;
        if status.is_success() {
            return Ok(());
        }
        Err(format!("{operation} on {side:?} answered {status}: {}", String::from_utf8_lossy(&body)).into())
    }

    /// The records that both sides answer to the same question.
    ///
    /// # Errors
    /// No answer, or fewer records than a page has.
    pub async fn sample(&self, client: &ApiClient, side: Side, operation: Operation) -> Result<Value> {
        self.next.store(self.filled.contacts.len() as u64, Ordering::Relaxed);
        let response = self.request(client, side, operation).send().await?.error_for_status()?;
        let mut answer: Value = response.json().await?;
        if matches!(operation, Operation::List(_)) {
            answer = answer["data"].take();
            let found = answer.as_array().map_or(0, Vec::len);
            if found != PAGE {
                return Err(format!("{operation} on {side:?} found {found} records, not {PAGE}").into());
            }
        }
        Ok(answer)
    }

    fn request(&self, client: &ApiClient, side: Side, operation: Operation) -> RequestBuilder {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        // A step without a common factor, so that consecutive requests are far apart.
        let contact = &self.filled.contacts[(number as usize * 7_919) % self.filled.contacts.len()];
        let root = match side {
            Side::Kontor => "/api/records/contacts",
            Side::Bare => "/contacts",
        };
        match (operation, side) {
            (Operation::Get, Side::Kontor) => {
                client.request(Method::GET, &format!("{root}/{contact}?fields={FIELDS}"))
            }
            (Operation::Get, Side::Bare) => client.request(Method::GET, &format!("{root}/{contact}")),
            (Operation::List(listing), Side::Kontor) => client
                .request(Method::GET, &format!("{root}?fields={FIELDS}&limit={PAGE}"))
                .query(listing.parameters()),
            (Operation::List(listing), Side::Bare) => client.request(Method::GET, listing.bare()),
            (Operation::Create, _) => {
                client.request(Method::POST, root).json(&people::contact(number, &self.filled.accounts))
            }
            (Operation::Batch, _) => {
                let page = PAGE as u64;
                let first = self.next.fetch_add(page, Ordering::Relaxed);
                let contacts: Vec<_> = (first..first + page)
                    .map(|number| people::contact(number, &self.filled.accounts))
                    .collect();
                client.request(Method::POST, &format!("{root}/batch")).json(&json!({ "create": contacts }))
            }
            (Operation::Update, _) => {
                let changes = json!({"lead_score": number % 101, "lifecycle": people::lifecycle(number)});
                client.request(Method::PATCH, &format!("{root}/{contact}")).json(&changes)
            }
        }
    }
}
