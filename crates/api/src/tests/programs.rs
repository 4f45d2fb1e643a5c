//! Operations for programs: several as one, made or changed, and figures of several objects.

use super::*;

fn operation(name: &str, arguments: Value) -> Value {
    json!({"operation": name, "arguments": arguments})
}

#[tokio::test]
async fn a_batch_does_all_or_nothing_and_refers_to_what_it_did() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let both = json!({"operations": [
        operation("account.create", json!({"name": "Acme"})),
        operation("deal.create", json!({"name": "Renewal", "stage": "LEAD", "account": "$1.id"})),
        operation("deal.update", json!({"id": "$2.id", "stage": "PROPOSAL"})),
    ]});
    let mut rehearsed = both.clone();
    rehearsed["dry_run"] = json!(true);
    let told = ada.post("/api/operations/batch", rehearsed).await.expect(200).body;
    assert_eq!(told["results"].as_array().unwrap().len(), 3);
    assert_eq!(ada.get("/api/records/deals").await.body["data"], json!([]));

    let done = ada.post("/api/operations/batch", both.clone()).await.expect(200).body;
    let (account, deal) = (&done["results"][0]["record"]["id"], &done["results"][1]["record"]["id"]);
    let found = ada.get(&format!("/api/records/deals/{}", deal.as_str().unwrap())).await.expect(200).body;
    assert_eq!((&found["account"]["id"], &found["stage"]), (account, &json!("PROPOSAL")), "{found}");

    let broken = json!({"operations": [
        operation("account.create", json!({"name": "Gone"})),
        operation("deal.create", json!({"name": "X", "stage": "NOWHERE"})),
    ]});
    let refused = ada.post("/api/operations/batch", broken).await.expect(400).body;
    assert_eq!(refused["errors"][0]["path"], "operations[1].arguments.stage");
    assert_eq!(ada.get("/api/records/accounts").await.body["data"].as_array().unwrap().len(), 1);
    for (operations, path) in [
        (json!([operation("deal.get", json!({"id": "$1.id"}))]), "operations[0].arguments.id"),
        (json!([]), "operations"),
        (json!(vec![operation("deal.find", json!({})); 51]), "operations"),
    ] {
        let refused =
            ada.post("/api/operations/batch", json!({"operations": operations})).await.expect(400).body;
        assert_eq!(refused["errors"][0]["path"], path, "{refused}");
    }
    let unknown = json!({"operations": [operation("batch", json!({"operations": []}))]});
    ada.post("/api/operations/batch", unknown).await.expect(404);

    // Under a key it is done once.
    let key = [("idempotency-key", "b-1")];
    let first = ada.send(Method::POST, "/api/operations/batch", both.clone(), &key).await.expect(200).body;
    let again = ada.send(Method::POST, "/api/operations/batch", both, &key).await.expect(200).body;
    assert_eq!(first, again);
    // Who only reads has none.
    let vera = server.sign_in("vera").await;
    vera.post("/api/operations/batch", json!({"operations": [operation("deal.find", json!({}))]}))
        .await
        .expect(404);
}

#[tokio::test]
async fn an_upsert_says_what_became_of_it() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let upsert =
        async |fields: Value| ada.post("/api/operations/account.upsert", fields).await.expect(200).body;
    let made = upsert(json!({"name": "Acme", "domain": "acme.test"})).await;
    assert_eq!(made["outcome"], "created");
    let same = upsert(json!({"name": "Acme", "domain": "acme.test"})).await;
    assert_eq!((&same["outcome"], &same["record"]["id"]), (&json!("unchanged"), &made["record"]["id"]));
    let changed = upsert(json!({"name": "Acme Ltd", "domain": "ACME.test", "by": "domain"})).await;
    assert_eq!((&changed["outcome"], &changed["record"]["id"]), (&json!("updated"), &made["record"]["id"]));
    assert_eq!(changed["changes"]["name"]["after"], "Acme Ltd");
    let untold = ada.post("/api/operations/account.upsert", json!({"name": "Acme"})).await.expect(400).body;
    assert!(untold["detail"].as_str().unwrap().contains("domain"), "{untold}");

    // Mail addresses of a contact: one that it has among others stays where it is, and two of two contacts are ambiguous.
    let contact =
        async |fields: Value| ada.post("/api/operations/contact.upsert", fields).await.expect(200).body;
    let emails = |all: &[&str]| json!({"primary": all[0], "additional": all[1..]});
    let cy = contact(json!({"name": {"first": "Cy"}, "emails": emails(&["cy@a.test", "cy@b.test"])})).await;
    assert_eq!(cy["outcome"], "created", "{cy}");
    let known = contact(json!({"name": {"first": "Cy"}, "emails": {"primary": "cy@b.test"}})).await;
    assert_eq!(
        (&known["outcome"], &known["record"]["id"]),
        (&json!("unchanged"), &cy["record"]["id"]),
        "{known}"
    );
    contact(json!({"name": {"first": "Di"}, "emails": emails(&["di@a.test"])})).await;
    let both = contact(json!({"name": {"first": "X"}, "emails": emails(&["cy@a.test", "di@a.test"])})).await;
    assert_eq!(both["outcome"], "ambiguous", "{both}");
    assert_eq!(both["candidates"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn figures_of_several_objects_are_of_one_moment_and_joined() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let acme = ada.create("accounts", json!({"name": "Acme", "industry": "Steel"})).await;
    for amount in [10, 20] {
        let amount = json!({"amount": amount, "currency": "EUR"});
        ada.create("deals", json!({"name": "D", "stage": "LEAD", "account": acme.id(), "amount": amount}))
            .await;
    }
    ada.create("contacts", json!({"name": {"first": "Cy"}, "account": acme.id()})).await;
    let asked = json!({"join": true, "queries": [
        {"object": "deal", "by": ["account.name"], "aggregates": [{"function": "sum", "field": "amount"}]},
        {"name": "people", "object": "contact", "by": ["account.name"], "filter": "{\"account\": {\"is_empty\": false}}"},
    ]});
    let told = ada.post("/api/operations/figures", asked).await.expect(200).body;
    assert_eq!(told["figures"][0]["groups"][0]["count"], 2, "{told}");
    let row = &told["rows"][0];
    assert_eq!(
        (&row["by"], &row["deal"]["count"], &row["people"]["count"]),
        (&json!(["Acme"]), &json!(2), &json!(1)),
        "{told}"
    );
    assert_eq!(row["deal"]["sum"]["amount"], json!([{"amount": 30, "currency": "EUR"}]));
    let wrong = json!({"queries": [{"object": "deal"}, {"name": "x", "object": "deal", "by": ["stag"]}]});
    let refused = ada.post("/api/operations/figures", wrong).await.expect(400).body;
    assert_eq!(refused["errors"][0]["path"], "queries[1].by[0]");
}
