//! Nothing of one workspace is reached from another: by no address and by no operation, of which none may be
//! left out.

mod agents;
mod evaluations;
mod members;
mod operations;
mod people;
mod routes;
mod tryouts;
mod views;

use std::process::Command;

use kontor_testkit::{client::ApiClient, server::PASSWORD};
use serde_json::{Value, json};

pub(crate) use self::routes::read_sources;
use crate::fixture::{Engine, Fixture, binary};

/// A word that stands in everything of Ada's that is told apart, and in nothing of Otto's.
const SECRET: &str = "zanzibar";

/// What Ada's records are called: a word that must not come back, and one to look for.
const HERS: (&str, &str) = ("Zanzibar", "Quellwasser");

/// Whether something says what only Ada's workspace says.
fn tells(text: &str) -> bool {
    text.to_lowercase().contains(SECRET)
}

/// Every object with what its records are called by.
const OBJECTS: [(&str, &str, &str); 7] = [
    ("account", "accounts", "name"),
    ("contact", "contacts", "name"),
    ("deal", "deals", "name"),
    ("lead", "leads", "name"),
    ("activity", "activities", "subject"),
    ("task", "tasks", "title"),
    ("note", "notes", "title"),
];

/// A record of each object, all called alike; their ids by the object's name, the member's own among them.
async fn records(client: &ApiClient, name: (&str, &str)) -> std::collections::BTreeMap<String, String> {
    let mut ids = std::collections::BTreeMap::new();
    for (object, plural, field) in OBJECTS {
        let (first, last) = name;
        let label = match object {
            "contact" | "lead" => json!({ "first": first, "last": last }),
            _ => json!(format!("{first} {last}")),
        };
        let mut record = json!({ field: label });
        if object == "activity" {
            record["type"] = json!("CALL");
        }
        let made = client.post(&format!("/api/records/{plural}"), record).await.unwrap().ok();
        ids.insert(object.to_owned(), text(&made["id"]));
    }
    let me = client.get("/api/me").await.unwrap().ok();
    ids.insert("member".to_owned(), text(&me["member"]["id"]));
    ids
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text was expected: {value}")).to_owned()
}

/// The demonstration beside a second workspace whose admin is Otto.
async fn two_workspaces(engine: Engine, model: Option<&str>) -> (Fixture, ApiClient, ApiClient) {
    let mut fixture = Fixture::start(engine, model).await;
    fixture.server.take().unwrap().stop().unwrap();
    let mut command = Command::new(binary());
    command
        .args([
            "workspace",
            "add",
            "Other",
            "--email",
            "otto@demo.test",
            "--admin",
            "Otto Other",
            "--data-dir",
        ])
        .arg(&fixture.options.data_dir)
        .env("KONTOR_PASSWORD", PASSWORD)
        .current_dir(fixture.folder());
    if let Some(url) = &fixture.options.database_url {
        command.env("KONTOR_DATABASE_URL", url);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fixture.launch();
    let (ada, otto) = (fixture.sign_in("ada").await, fixture.sign_in("otto").await);
    (fixture, ada, otto)
}

#[tokio::test]
async fn a_token_of_one_server_is_nothing_to_another() {
    let (one, other) = (Fixture::builtin().await, Fixture::builtin().await);
    let ada = one.sign_in("ada").await;
    let stranger = ada.at(other.url());
    assert_eq!(stranger.get("/api/me").await.unwrap().status, 401);
}
