//! Every route and every operation for every kind of role, on own and on foreign records, against what the role's
//! grants say. A route or a permission that is new and stands in no row fails the test.

use std::collections::BTreeSet;

use kontor_testkit::client::{Answer, ApiClient};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Fixture, engines, kontor, said};

mod rows;

use rows::{
    Takes,
    Takes::{All, Membership, Nothing, One, Record},
    rows,
};

/// A kind of role, and what its grants come to on deals.
struct Kind {
    name: String,
    grants: Value,
    actions: Vec<&'static str>,
    permissions: Vec<String>,
    /// Whether only one's own deals are let through.
    own_alone: bool,
    /// Whether the amount is hidden.
    hides_amount: bool,
}

const ACTIONS: [&str; 6] = ["read", "create", "update", "delete", "restore", "destroy"];

fn kinds(permissions: &[String]) -> Vec<Kind> {
    let kind = |name: &str, actions: &[&'static str], own_alone, hides_amount| {
        let mut deal = json!({ "actions": actions });
        if own_alone {
            deal["rows"] = json!({"read": {"owner": {"eq": "$me"}}});
        }
        if hides_amount {
            deal["read_fields"] = json!({"except": ["amount"]});
        }
        let member = json!({"actions": ["read"]});
        let grants = json!({"objects": {"deal": deal, "member": member}, "platform": []});
        let (name, actions) = (name.to_owned(), actions.to_vec());
        Kind { name, grants, actions, permissions: Vec::new(), own_alone, hides_amount }
    };
    let mut kinds = vec![
        kind("nothing", &[], false, false),
        kind("viewer", &["read"], false, false),
        kind("member", &["read", "create", "update", "delete", "restore"], false, false),
        kind("everything", &ACTIONS, false, false),
        kind("creates only", &["read", "create"], false, false),
        kind("hides a field", &["read", "create", "update"], false, true),
        kind("own alone", &ACTIONS, true, false),
    ];
    for permission in permissions {
        let mut one = kind(&format!("permission {permission}"), &["read"], false, false);
        one.grants["platform"] = json!([permission]);
        one.permissions = vec![permission.clone()];
        kinds.push(one);
    }
    let mut all = kind("every permission", &[], false, false);
    all.grants["platform"] = json!(permissions);
    all.permissions = permissions.to_vec();
    kinds.push(all);
    kinds
}

impl Kind {
    fn allows(&self, action: &str, is_own: bool) -> bool {
        self.actions.contains(&"read") && self.actions.contains(&action) && (is_own || !self.own_alone)
    }

    fn has(&self, takes: Takes) -> bool {
        let permits = |word: &&str| self.permissions.iter().any(|permitted| permitted == word);
        match takes {
            One(words) => words.iter().any(permits),
            All(words) => words.iter().all(permits),
            Nothing | Membership | Record => true,
        }
    }
}

struct Scene {
    ada: ApiClient,
    probe: ApiClient,
    me: String,
}

impl Scene {
    /// A new deal of the one who tries, or of Ada.
    async fn deal(&self, is_own: bool, is_deleted: bool) -> String {
        let mut deal = json!({"name": "Matrix", "amount": {"amount": 5, "currency": "USD"}});
        if is_own {
            deal["owner"] = json!(self.me);
        }
        let made = self.ada.post("/api/records/deals", deal).await.unwrap().ok();
        let id = made["id"].as_str().unwrap().to_owned();
        if is_deleted {
            self.ada.delete(&format!("/api/records/deals/{id}")).await.unwrap().ok();
        }
        id
    }
}

fn check(kind: &Kind, what: &str, is_allowed: bool, answer: &Answer) {
    let status = answer.status.as_u16();
    let is_right = if is_allowed { (200..300).contains(&status) } else { matches!(status, 403 | 404) };
    assert!(is_right, "{} for {what} ({is_allowed}): {status} {}", kind.name, answer.body);
}

/// Every address of records and every operation on deals.
async fn of_records(scene: &Scene, kind: &Kind) {
    let probe = &scene.probe;
    for is_own in [true, false] {
        for action in ["read", "update", "delete", "restore", "destroy"] {
            let allowed = kind.allows(action, is_own);
            let is_deleted = action == "restore";
            let by_address = async |id: &str| {
                let one = format!("/api/records/deals/{id}");
                match action {
                    "read" => probe.get(&one).await.unwrap(),
                    "update" => probe.patch(&one, json!({"name": "Renamed"})).await.unwrap(),
                    "delete" => probe.delete(&one).await.unwrap(),
                    _ => probe.post(&format!("{one}/{action}"), json!({})).await.unwrap(),
                }
            };
            let answer = by_address(&scene.deal(is_own, is_deleted).await).await;
            check(kind, &format!("{action} by address, own {is_own}"), allowed, &answer);
            if allowed && action == "read" {
                assert_eq!(answer.body.get("amount").is_none(), kind.hides_amount, "{}", answer.body);
            }
            if action != "destroy" {
                let verb = if action == "read" { "get" } else { action };
                let mut arguments = json!({"id": scene.deal(is_own, is_deleted).await});
                if action == "update" {
                    arguments["name"] = json!("Renamed");
                }
                let answer = probe.post(&format!("/api/operations/deal.{verb}"), arguments).await.unwrap();
                check(kind, &format!("deal.{verb}, own {is_own}"), allowed, &answer);
            }
            if matches!(action, "update" | "delete") {
                let id = scene.deal(is_own, false).await;
                let one = if action == "update" { json!({"id": id, "name": "Renamed"}) } else { json!(id) };
                let answer = probe.post("/api/records/deals/batch", json!({ action: [one] })).await.unwrap();
                check(kind, &format!("{action} in a batch, own {is_own}"), allowed, &answer);
            }
        }
        let id = scene.deal(is_own, false).await;
        let reads = kind.allows("read", is_own);
        let timeline = probe.get(&format!("/api/records/deals/{id}/timeline")).await.unwrap();
        check(kind, "a timeline", reads, &timeline);
        // Lists, groups and search hold what may be read, and nothing else.
        let filter = format!("filter=%7B%22id%22:%7B%22eq%22:%22{id}%22%7D%7D");
        let listed = probe.get(&format!("/api/records/deals?{filter}")).await.unwrap();
        let groups = probe.get(&format!("/api/records/deals/group?by=name&{filter}")).await.unwrap();
        for found in [&listed, &groups] {
            check(kind, "a list", kind.allows("read", true), found);
            let rows = found.body["data"].as_array().map_or(0, Vec::len);
            assert_eq!(rows, usize::from(reads), "{}: {}", kind.name, found.body);
        }
    }
    for made in [
        probe.post("/api/records/deals", json!({"name": "Made"})).await.unwrap(),
        probe.post("/api/records/deals/batch", json!({"create": [{"name": "Made"}]})).await.unwrap(),
        probe.post("/api/operations/deal.create", json!({"name": "Made"})).await.unwrap(),
    ] {
        check(kind, "making a deal", kind.allows("create", true), &made);
    }
    let amount = json!({"name": "Made", "amount": {"amount": 1, "currency": "USD"}});
    let made = probe.post("/api/records/deals", amount).await.unwrap();
    let allowed = kind.allows("create", true) && !kind.hides_amount;
    assert_eq!(made.status.is_success(), allowed, "{}: {}", kind.name, made.body);
    check(kind, "the object", kind.allows("read", true), &probe.get("/api/objects/deal").await.unwrap());
    let hidden = probe.get("/api/records/contacts").await.unwrap();
    check(kind, "another object", false, &hidden);
}

/// The catalogue is what the grants say of every operation that there is.
async fn of_operations(scene: &Scene, kind: &Kind, all: &[String]) {
    let listed = scene.probe.get("/api/operations").await.unwrap().ok();
    let listed: BTreeSet<_> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect();
    for name in all {
        let (object, verb) = name.split_once('.').unwrap_or(("", name.as_str()));
        let expected = match (object, verb) {
            ("", "search" | "figures") => true,
            ("", "batch") => {
                ["create", "update", "delete", "restore"].iter().any(|verb| kind.allows(verb, true))
            }
            (_, "upsert") => false,
            ("activity", "log") => false,
            ("deal", "get" | "find" | "group" | "timeline") => kind.allows("read", true),
            ("deal", verb) if ACTIONS.contains(&verb) => kind.allows(verb, true),
            ("member", "get" | "find" | "group" | "timeline") => true,
            (_, "get" | "find" | "group" | "timeline" | "create" | "update" | "delete" | "restore") => false,
            _ => panic!("the operation {name} has no row"),
        };
        assert_eq!(listed.contains(name), expected, "{name} for {}", kind.name);
        if !expected {
            let answer = scene.probe.post(&format!("/api/operations/{name}"), json!({})).await.unwrap();
            assert_eq!(answer.body["code"], "unknown_operation", "{name} for {}: {}", kind.name, answer.body);
        }
    }
    assert!(listed.iter().all(|name| all.contains(name)), "{}: {listed:?}", kind.name);
}

async fn of_routes(scene: &Scene, kind: &Kind) {
    for (route, takes, path, body) in rows() {
        let (method, _) = route.split_once(' ').unwrap();
        if matches!(takes, Nothing | Record) || (matches!(takes, Membership) && method != "GET") {
            continue;
        }
        let body = Some(body).filter(|body| !body.is_null());
        let method: Method = method.parse().unwrap();
        let answer = scene.probe.send(method, &path, body, &[]).await.unwrap();
        let is_refused = answer.body["code"] == "not_permitted";
        assert_eq!(
            is_refused,
            !kind.has(takes),
            "{route} for {}: {} {}",
            kind.name,
            answer.status,
            answer.body
        );
        assert!(!is_refused || answer.status == 403, "{route} for {}: {}", kind.name, answer.status);
    }
}

#[tokio::test]
async fn every_route_and_operation_does_for_every_kind_of_role_what_its_grants_say() {
    for engine in engines() {
        let fixture = Fixture::start(engine, None).await;
        let ada = fixture.sign_in("ada").await;
        let document = ada.get("/openapi.json").await.unwrap().ok();
        let known: BTreeSet<_> = rows().into_iter().map(|(route, ..)| route.to_owned()).collect();
        let mut declared = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            declared.extend(
                item.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())),
            );
        }
        let missing: Vec<_> = declared.difference(&known).collect();
        assert!(missing.is_empty(), "routes without a row: {missing:?}");
        let gone: Vec<_> = known.difference(&declared).collect();
        assert!(gone.is_empty(), "rows without a route: {gone:?}");

        ada.post("/api/roles", json!({"name": "Probe", "grants": {}})).await.unwrap().ok();
        let add = ["user", "add", "probe@demo.test", "--name", "Pia Probe", "--role", "Probe"];
        let added = kontor(&fixture, &add);
        assert!(added.status.success(), "{}", said(&added));
        let probe = fixture.sign_in("probe").await;
        let me = probe.get("/api/me").await.unwrap().ok()["member"]["id"].as_str().unwrap().to_owned();
        let permissions = ada.get("/api/me").await.unwrap().ok()["permissions"].clone();
        let permissions: Vec<String> = serde_json::from_value(permissions).unwrap();
        let operations = ada.get("/api/operations").await.unwrap().ok();
        let operations: Vec<String> = operations["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect();
        let scene = Scene { ada, probe, me };
        for kind in kinds(&permissions) {
            scene.ada.patch("/api/roles/Probe", json!({"grants": kind.grants})).await.unwrap().ok();
            of_routes(&scene, &kind).await;
            if kind.name.starts_with("permission") {
                continue;
            }
            of_records(&scene, &kind).await;
            of_operations(&scene, &kind, &operations).await;
        }
        fixture.end().await;
    }
}
