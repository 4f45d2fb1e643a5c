//! Fills a workspace through the API, as an import would.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use kontor_testkit::client::ApiClient;
use serde_json::{Value, json};

use super::people;
use crate::Result;

/// The records of one request.
const BATCH: u64 = 200;
/// Requests at the same time.
const LANES: usize = 4;

/// The ids of what was made.
#[derive(Debug)]
pub struct Filled {
    pub accounts: Vec<String>,
    pub contacts: Vec<String>,
}

/// Makes this many accounts and contacts of theirs.
///
/// # Errors
/// A server that does not answer, or that refuses a batch.
pub async fn fill(client: &ApiClient, accounts: u64, contacts: u64) -> Result<Filled> {
    let accounts = make(client, "accounts", accounts, people::account).await?;
    let contacts = make(client, "contacts", contacts, |number| people::contact(number, &accounts)).await?;
    Ok(Filled { accounts, contacts })
}

/// As [`fill`], with contacts who live in cities.
///
/// # Errors
/// As [`fill`].
pub async fn fill_cities(client: &ApiClient, accounts: u64, contacts: u64) -> Result<()> {
    let accounts = make(client, "accounts", accounts, people::account).await?;
    make(client, "contacts", contacts, |number| people::with_city(number, people::contact(number, &accounts)))
        .await
        .map(drop)
}

async fn make(
    client: &ApiClient,
    plural: &str,
    count: u64,
    record: impl Fn(u64) -> Value,
) -> Result<Vec<String>> {
    let path = format!("/api/records/{plural}/batch");
    let record = &record;
    let batches = (0..count.div_ceil(BATCH)).map(|batch| {
        let numbers = batch * BATCH..count.min((batch + 1) * BATCH);
        let path = &path;
        async move {
            let records: Vec<_> = numbers.map(record).collect();
            let answer = client.post(path, json!({ "create": records })).await?;
            if !answer.status.is_success() {
                return Err(format!("{path} answered {}: {}", answer.status, answer.body).into());
            }
            let made = answer.body["data"].as_array().map(Vec::as_slice).unwrap_or_default();
            Result::Ok(made.iter().filter_map(|record| record["id"].as_str().map(str::to_owned)).collect())
        }
    });
    let made: Vec<Vec<String>> = stream::iter(batches).buffered(LANES).try_collect().await?;
    Ok(made.into_iter().flatten().collect())
}
