//! PostgreSQL by hand: a pool of connections on the workspace's own schema, by a user who may do all.

use std::{str::FromStr as _, sync::Arc, time::Duration};

use kontor_core::{environment::Environment, time::Timestamp};
use sqlx::{
    AssertSqlSafe, PgPool, Postgres as Driver, QueryBuilder, Row as _,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
    types::{Json, time::OffsetDateTime},
};
use uuid::Uuid;

use super::{
    Failure,
    contact::{Cells, Changes, Contact, NewContact, WRITER},
    statements::{Statements, alternatives},
};
use crate::records::Listing;

const CONNECTIONS: u32 = 20;

#[derive(Clone)]
pub(super) struct Postgres(Arc<Inner>);

struct Inner {
    statements: Statements,
    /// The start of an insertion into the index, up to its rows.
    index: String,
    pool: PgPool,
    environment: Environment,
}

impl Postgres {
    pub(super) async fn connect(url: &str, schema: &str, environment: Environment) -> Result<Self, Failure> {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(Duration::from_secs(10))
            .test_before_acquire(false)
            .connect_with(PgConnectOptions::from_str(url)?)
            .await?;
        let found = format!(
            "SELECT d.record_id FROM {schema}.search_documents d \
             WHERE d.tokens @@ (SELECT CAST($1 AS tsquery)) AND d.object = 'contact'"
        );
        let statements = Statements::new(&format!("{schema}."), &found);
        let index = format!("INSERT INTO {schema}.search_documents (object, record_id, tokens) ");
        Ok(Self(Arc::new(Inner { statements, index, pool, environment })))
    }

    pub(super) async fn get(&self, id: Uuid) -> Result<Option<Contact>, Failure> {
        let query = sqlx::query(AssertSqlSafe(self.0.statements.get.clone())).bind(id);
        let row = query.fetch_optional(&self.0.pool).await?;
        Ok(row.as_ref().map(Contact::read).transpose()?)
    }

    pub(super) async fn list(&self, listing: Listing, value: String) -> Result<Vec<Contact>, Failure> {
        let statement = self.0.statements.list(listing).ok_or(Failure::Unknown)?;
        let query = sqlx::query(AssertSqlSafe(statement));
        let query = match listing {
            Listing::Lifecycle => query.bind(value),
            Listing::LeadScore | Listing::Engagement => query.bind(value.parse::<i64>().unwrap_or_default()),
            Listing::Search => query.bind(alternatives(&value, " | ", |token| format!("'ct{token}':*"))),
        };
        let rows = query.fetch_all(&self.0.pool).await?;
        Ok(rows.iter().map(Contact::read).collect::<Result<_, _>>()?)
    }

    pub(super) async fn create(&self, contacts: Vec<NewContact>) -> Result<Vec<Contact>, Failure> {
        let now = self.0.environment.now();
        let contacts: Vec<_> =
            contacts.into_iter().map(|contact| (self.0.environment.new_id(), contact)).collect();
        let mut insert = QueryBuilder::<Driver>::new(format!("WITH made AS ({}", self.0.statements.insert));
        insert.push_values(&contacts, |mut row, (id, contact)| {
            let list = |list: &Vec<String>| (!list.is_empty()).then(|| Json(list.clone()));
            let (kind, name) = WRITER;
            let instant = now.to_offset();
            row.push_bind::<Uuid>(*id)
                .push_bind(1_i64)
                .push_bind(contact.name.first.clone())
                .push_bind(contact.name.last.clone())
                .push_bind(contact.folded_name())
                .push_bind(contact.emails.primary.clone())
                .push_bind(list(&contact.emails.additional))
                .push_bind(contact.phones.primary.clone())
                .push_bind(list(&contact.phones.additional))
                .push_bind(contact.job_title.clone())
                .push_bind(contact.folded_title())
                .push_bind(contact.account)
                .push_bind(contact.lifecycle.clone())
                .push_bind(contact.source.clone())
                .push_bind(contact.lead_score)
                .push_bind(contact.engagement_score)
                .push_bind(now.micros() as f64)
                .push_bind(instant)
                .push_bind(instant)
                .push_bind(kind)
                .push_bind(name)
                .push_bind(kind)
                .push_bind(name);
        });
        insert.push(") ").push(&self.0.index);
        insert.push_values(&contacts, |mut row, (id, contact)| {
            row.push("'contact'").push_bind::<Uuid>(*id);
            row.push("array_to_tsvector(")
                .push_bind_unseparated(marked(contact.tokens()))
                .push_unseparated(")");
        });
        insert.build().execute(&self.0.pool).await?;
        Ok(contacts.into_iter().map(|(id, contact)| contact.made(id, now)).collect())
    }

    pub(super) async fn update(&self, id: Uuid, changes: Changes) -> Result<Option<Contact>, Failure> {
        let query = sqlx::query(AssertSqlSafe(self.0.statements.update.clone()))
            .bind(changes.lead_score)
            .bind(changes.lifecycle)
            .bind(self.0.environment.now().to_offset())
            .bind(id);
        let row = query.fetch_optional(&self.0.pool).await?;
        Ok(row.as_ref().map(Contact::read).transpose()?)
    }
}

impl Cells for PgRow {
    type Error = sqlx::Error;

    fn uuid(&self, index: usize) -> sqlx::Result<Option<Uuid>> {
        self.try_get(index)
    }

    fn text(&self, index: usize) -> sqlx::Result<Option<String>> {
        self.try_get(index)
    }

    fn integer(&self, index: usize) -> sqlx::Result<Option<i64>> {
        self.try_get(index)
    }

    fn texts(&self, index: usize) -> sqlx::Result<Vec<String>> {
        Ok(self.try_get::<Option<Json<Vec<String>>>, _>(index)?.map(|list| list.0).unwrap_or_default())
    }

    fn instant(&self, index: usize) -> sqlx::Result<Timestamp> {
        self.try_get::<OffsetDateTime, _>(index).map(Timestamp::from_offset)
    }
}

/// Tokens as the index has those of contacts.
fn marked(tokens: Vec<String>) -> Vec<String> {
    tokens.into_iter().map(|token| format!("ct{token}")).collect()
}
