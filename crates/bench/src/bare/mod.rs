//! The yardstick: what axum and the same drivers do with the same tables when everything is written by hand
//! for one kind of record, with no permissions, validation, timeline or outbox. What is made is found by the search.

mod contact;
mod postgres;
mod sqlite;
mod statements;

use std::path::PathBuf;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use kontor_core::environment::Environment;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;
use uuid::Uuid;

use self::{
    contact::{Changes, Contact, NewContact},
    postgres::Postgres,
    sqlite::Sqlite,
};
use crate::records::{Listing, PAGE};

/// Where the tables are.
#[derive(Debug, Clone)]
pub enum Tables {
    /// The workspace's file.
    Sqlite(PathBuf),
    /// The database and the workspace's schema in it.
    Postgres { url: String, schema: String },
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("there is no such thing")]
    Unknown,
    #[error("SQLite failed")]
    Sqlite(#[from] rusqlite::Error),
    #[error("PostgreSQL failed")]
    Postgres(#[from] sqlx::Error),
    #[error("a task ended early")]
    Task(#[from] tokio::task::JoinError),
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(json!({ "error": format!("{self:?}") }))).into_response()
    }
}

#[derive(Clone)]
enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// A server of these tables on this listener; it ends with its process.
///
/// # Errors
/// Tables that cannot be opened, or a listener that fails.
pub async fn serve(tables: Tables, listener: TcpListener) -> crate::Result<()> {
    let environment = Environment::system();
    let engine = match tables {
        Tables::Sqlite(file) => Engine::Sqlite(Sqlite::open(&file, environment)?),
        Tables::Postgres { url, schema } => {
            Engine::Postgres(Postgres::connect(&url, &schema, environment).await?)
        }
    };
    let routes = Router::new()
        .route("/contacts", post(create))
        .route("/contacts/batch", post(batch))
        .route("/contacts/{id}", get(read).patch(update))
        .route("/lists/{listing}/{value}", get(list))
        .with_state(engine);
    Ok(axum::serve(listener, routes).await?)
}

async fn read(State(engine): State<Engine>, Path(id): Path<Uuid>) -> Result<Json<Contact>, Failure> {
    let found = match engine {
        Engine::Sqlite(engine) => engine.get(id).await?,
        Engine::Postgres(engine) => engine.get(id).await?,
    };
    found.map(Json).ok_or(Failure::Unknown)
}

async fn list(
    State(engine): State<Engine>,
    Path((listing, value)): Path<(Listing, String)>,
) -> Result<Response, Failure> {
    let mut found = match engine {
        Engine::Sqlite(engine) => engine.list(listing, value).await?,
        Engine::Postgres(engine) => engine.list(listing, value).await?,
    };
    let has_more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| has_more).map(Contact::id);
    Ok(Json(Page { data: found, page: Place { has_more, next } }).into_response())
}

#[derive(Serialize)]
struct Page {
    data: Vec<Contact>,
    page: Place,
}

#[derive(Serialize)]
struct Place {
    has_more: bool,
    next: Option<Uuid>,
}

#[derive(Serialize)]
struct Whole {
    data: Vec<Contact>,
}

#[derive(Deserialize)]
struct Batch {
    create: Vec<NewContact>,
}

async fn create(
    State(engine): State<Engine>,
    Json(contact): Json<NewContact>,
) -> Result<(StatusCode, Json<Contact>), Failure> {
    let made = make(engine, vec![contact]).await?.pop().ok_or(Failure::Unknown)?;
    Ok((StatusCode::CREATED, Json(made)))
}

async fn batch(State(engine): State<Engine>, Json(batch): Json<Batch>) -> Result<Json<Whole>, Failure> {
    let made = make(engine, batch.create).await?;
    Ok(Json(Whole { data: made }))
}

async fn make(engine: Engine, contacts: Vec<NewContact>) -> Result<Vec<Contact>, Failure> {
    match engine {
        Engine::Sqlite(engine) => engine.create(contacts).await,
        Engine::Postgres(engine) => engine.create(contacts).await,
    }
}

async fn update(
    State(engine): State<Engine>,
    Path(id): Path<Uuid>,
    Json(changes): Json<Changes>,
) -> Result<Json<Contact>, Failure> {
    let updated = match engine {
        Engine::Sqlite(engine) => engine.update(id, changes).await?,
        Engine::Postgres(engine) => engine.update(id, changes).await?,
    };
    updated.map(Json).ok_or(Failure::Unknown)
}
