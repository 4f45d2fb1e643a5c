use std::time::Duration;

use futures::StreamExt as _;

use super::*;

/// A stream that is open.
async fn open(client: &Client<'_>, path: &str, last: Option<i64>) -> Body {
    let mut request = client.request(Method::GET, path);
    if let Some(last) = last {
        request = request.header("last-event-id", last.to_string());
    }
    let response = client.server.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    response.into_body()
}

/// What it says until it has told of so many events.
async fn told(stream: Body, events: usize) -> Vec<(i64, String, Value)> {
    let mut body = stream.into_data_stream();
    let mut text = String::new();
    let reading = async {
        while text.matches("\n\n").count() < events {
            text.push_str(std::str::from_utf8(&body.next().await.unwrap().unwrap()).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading).await.unwrap();
    let field = |event: &str, name: &str| {
        event.lines().find_map(|line| line.strip_prefix(name).map(|rest| rest.trim().to_owned())).unwrap()
    };
    let read = |event: &str| {
        let data = serde_json::from_str(&field(event, "data:")).unwrap();
        (field(event, "id:").parse().unwrap(), field(event, "event:"), data)
    };
    text.split("\n\n").filter(|event| event.contains("data:")).map(read).collect()
}

#[tokio::test]
async fn programs_follow_records_from_a_number_on() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    // The members of a new workspace are records, too.
    let workspace = server.services.identity.authenticate(&ada.token).await.unwrap().workspace;
    let begun = server.services.crm.last_event(workspace).await.unwrap();
    let from = |rest: &str| format!("/api/events?after={begun}{rest}");
    let deal = ada.create("deals", json!({"name": "Acme renewal", "stage": "LEAD"})).await;
    ada.create("contacts", json!({"name": "Cy Young"})).await;
    ada.patch(&format!("/api/records/deals/{}", deal.id()), json!({"stage": "PROPOSAL"})).await.expect(200);
    let all = told(open(&ada, &from(""), None).await, 3).await;
    let names: Vec<_> = all.iter().map(|(_, name, _)| name.as_str()).collect();
    assert_eq!(names, ["deal.created", "contact.created", "deal.updated"]);
    let (_, _, update) = &all[2];
    assert_eq!(update["changes"]["stage"]["after"], "PROPOSAL");
    assert_eq!(
        (&update["object"], &update["action"], &update["record"]["id"]),
        (&json!("deal"), &json!("update"), &json!(deal.id()))
    );
    // The header says where to go on, and counts more than the address.
    let rest = told(open(&ada, &from("&object=deal"), Some(all[0].0)).await, 1).await;
    assert_eq!(rest, [all[2].clone()]);
    let created = told(open(&ada, &from("&action=create&object=deal,contact"), None).await, 2).await;
    assert_eq!(created.len(), 2);
    for (path, code) in
        [("/api/events?object=dael", "invalid_input"), ("/api/events?action=fly", "invalid_input")]
    {
        assert_eq!(ada.get(path).await.expect(400).code(), code);
    }
}

#[tokio::test]
async fn who_follows_is_told_what_happens_next() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let following = open(&vera, "/api/events?object=deal", None).await;
    ada.create("deals", json!({"name": "New", "stage": "LEAD"})).await;
    assert_eq!(told(following, 1).await[0].1, "deal.created");
}
