use super::*;

#[tokio::test]
async fn a_record_is_made_read_changed_put_aside_and_removed() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let made =
        ada.create("deals", json!({"name": "Crane", "amount": {"amount": 1250.5, "currency": "EUR"}})).await;
    let one = format!("/api/records/deals/{}", made.id());
    assert_eq!(made.header("location"), one);
    assert_eq!(made.header("etag"), "\"1\"");
    assert_eq!(made.body["stage"], "LEAD");

    let some = ada.get(&format!("{one}?fields=name,stage")).await.expect(200);
    assert!(some.body.get("amount").is_none() && some.body["name"] == "Crane", "{}", some.body);

    let matching = [("if-match", "\"1\"")];
    let changed = ada.send(Method::PATCH, &one, json!({"stage": "PROPOSAL"}), &matching).await.expect(200);
    assert_eq!(changed.header("etag"), "\"2\"");
    let stale = ada.send(Method::PATCH, &one, json!({"stage": "LEAD"}), &matching).await.expect(412);
    assert_eq!(stale.code(), "stale_version");
    ada.send(Method::DELETE, &one, Value::Null, &matching).await.expect(412);

    let timeline = ada.get(&format!("{one}/timeline")).await.expect(200).body;
    assert_eq!(timeline["data"][0]["name"], "deal.updated");
    assert_eq!(timeline["data"][0]["by"], "Ada Brandt");

    ada.delete(&one).await.expect(204);
    ada.get(&one).await.expect(404);
    let deleted = ada.get("/api/records/deals?deleted=true").await.expect(200).body;
    assert_eq!(deleted["data"].as_array().unwrap().len(), 1);
    ada.post(&format!("{one}/restore"), Value::Null).await.expect(200);
    ada.get(&one).await.expect(200);
    let destroy = format!("{one}/destroy");
    ada.send(Method::POST, &destroy, Value::Null, &matching).await.expect(412);
    let current = ada.get(&one).await.expect(200).header("etag").to_owned();
    ada.send(Method::POST, &destroy, Value::Null, &[("if-match", &current)]).await.expect(204);
    ada.post(&format!("{one}/restore"), Value::Null).await.expect(404);
    let left = ada.get(&format!("{one}/timeline?limit=1")).await.expect(200).body;
    assert_eq!(left["data"][0]["name"], "deal.destroyed");
    assert_eq!(left["data"][0]["record"], json!({"object": "deal", "id": made.id(), "label": "Crane"}));
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let names: Vec<_> = (0..7).map(|number| format!("Account {number}")).collect();
    let new: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
    let made = ada.post("/api/records/accounts/batch", json!({ "create": new })).await.expect(200).body;
    assert_eq!(made["data"].as_array().unwrap().len(), 7);

    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/api/records/accounts?sort=name&limit=3&total=true&fields=name&after={after}");
        let page = ada.get(&path).await.expect(200).body;
        assert_eq!(page["page"]["total"], 7);
        seen.extend(page["data"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap().to_owned()));
        assert_eq!(page["page"]["has_more"], !page["page"]["next"].is_null());
        match page["page"]["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, names);
    let filtered =
        ada.get("/api/records/accounts?filter=%7B%22name%22%3A%7B%22contains%22%3A%224%22%7D%7D").await;
    assert_eq!(filtered.expect(200).body["data"][0]["name"], "Account 4");
    let found = ada.get("/api/search?q=account&objects=account&limit=2").await.expect(200).body;
    assert_eq!(found["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn records_are_counted_and_added_up() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    for (stage, amount) in [("LEAD", 10), ("LEAD", 20), ("PROPOSAL", 5)] {
        let amount = json!({"amount": amount, "currency": "USD"});
        ada.create("deals", json!({"name": "Deal", "stage": stage, "amount": amount})).await;
    }
    let groups = ada.get("/api/records/deals/group?by=stage&aggregates=count,sum:amount").await.expect(200);
    insta::assert_json_snapshot!(groups.body);
    let path = "/api/records/deals/group?by=stage&aggregates=count:close_date&limit=1";
    let first = ada.get(path).await.expect(200).body;
    assert_eq!((&first["data"][0]["count"], &first["data"][0]["count.close_date"]), (&json!(2), &json!(0)));
    assert_eq!(first["page"], json!({"has_more": true, "next": null}));
    let wrong = ada.get("/api/records/deals/group?aggregates=count:stagee").await.expect(400).body;
    assert_eq!(wrong["errors"][0]["code"], "unknown_field");
    assert!(wrong["detail"].as_str().unwrap().ends_with("Did you mean stage?"), "{wrong}");
    let bare = ada.get("/api/records/deals/group?aggregates=count,sum").await.expect(400).body;
    assert_eq!(bare["errors"][0]["path"], "aggregates[1]");
}

#[tokio::test]
async fn a_batch_is_done_whole_or_not_at_all() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let batch = json!({"create": [{"name": "One"}, {"name": 7}]});
    let refused = ada.post("/api/records/accounts/batch", batch).await.expect(400);
    assert_eq!(refused.body["errors"][0]["path"], "create[1].name");
    for (batch, places) in [
        (json!({"create": vec![json!(null); 201]}), vec!["create"]),
        (json!({"create": [{"name": "One"}, null, 5]}), vec!["create[1]", "create[2]"]),
        (
            json!({"update": [{"name": "One"}, {"id": "nope"}, 7]}),
            vec!["update[0].id", "update[1].id", "update[2]"],
        ),
        (json!({"delete": ["nope", 3]}), vec!["delete[0]", "delete[1]"]),
    ] {
        let refused = ada.post("/api/records/accounts/batch", batch).await.expect(400);
        let errors = refused.body["errors"].as_array().unwrap().iter();
        assert_eq!(errors.map(|error| error["path"].as_str().unwrap()).collect::<Vec<_>>(), places);
    }
    assert!(ada.get("/api/records/accounts").await.body["data"].as_array().unwrap().is_empty());

    let made = ada.create("accounts", json!({"name": "One"})).await;
    let update = json!({"update": [{"id": made.id(), "name": "Uno"}]});
    let updated = ada.post("/api/records/accounts/batch", update).await.expect(200);
    assert_eq!(updated.body["data"][0]["name"], "Uno");
    let never = "018f2b6e-7c1a-7000-8000-000000000001";
    let missing =
        ada.post("/api/records/accounts/batch", json!({"delete": [made.id(), never]})).await.expect(404);
    assert_eq!(missing.body["errors"][0]["path"], "delete[1]");
    ada.post("/api/records/accounts/batch", json!({"delete": [made.id()]})).await.expect(200);
    ada.get(&format!("/api/records/accounts/{}", made.id())).await.expect(404);
}

#[tokio::test]
async fn a_viewer_reads_and_changes_nothing() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let made = ada.create("accounts", json!({"name": "Acme"})).await;
    let one = format!("/api/records/accounts/{}", made.id());
    vera.get(&one).await.expect(200);
    vera.patch(&one, json!({"name": "Mine"})).await.expect(403);
    vera.delete(&one).await.expect(403);
    vera.post(&format!("{one}/destroy"), Value::Null).await.expect(403);
    vera.post("/api/records/accounts", json!({"name": "Mine"})).await.expect(403);
    vera.post("/api/objects/account/fields", json!({"name": "region", "kind": "text"})).await.expect(403);
    let update = json!({"id": made.id(), "name": "Mine"});
    vera.post("/api/operations/account.update", update).await.expect(404);
}

#[tokio::test]
async fn a_write_sent_again_under_its_key_has_one_effect_and_the_same_answer() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let vera = server.sign_in("vera").await;
    let key = [("idempotency-key", "first")];
    let new = json!({"name": "Crane", "domain": "crane.test"});
    let send = || ada.send(Method::POST, "/api/records/accounts", new.clone(), &key);
    let made = send().await.expect(201);
    let again = send().await.expect(201);
    assert_eq!((again.id(), &again.body), (made.id(), &made.body));
    assert_eq!(again.header("location"), made.header("location"));
    let other = ada.send(Method::POST, "/api/records/accounts", json!({"name": "Other"}), &key).await;
    assert_eq!(other.expect(409).code(), "idempotency_key_reused");
    ada.send(Method::POST, "/api/records/contacts", new.clone(), &key).await.expect(409);
    vera.send(Method::POST, "/api/records/accounts", new.clone(), &key).await.expect(403);

    let one = format!("/api/records/accounts/{}", made.id());
    let key = [("idempotency-key", "second"), ("if-match", "\"1\"")];
    let change = || ada.send(Method::PATCH, &one, json!({"name": "Heron"}), &key);
    let changed = change().await.expect(200);
    let again = change().await.expect(200);
    assert_eq!((again.header("etag"), &again.body), ("\"2\"", &changed.body));

    let key = [("idempotency-key", "third")];
    for _ in 0..2 {
        ada.send(Method::DELETE, &one, Value::Null, &key).await.expect(204);
    }
    let batch = json!({"create": [{"name": "A"}, {"name": "B"}]});
    let key = [("idempotency-key", "fourth")];
    let send = || ada.send(Method::POST, "/api/records/accounts/batch", batch.clone(), &key);
    assert_eq!(send().await.expect(200).body, send().await.expect(200).body);
    let key = [("idempotency-key", "fifth")];
    let new = json!({"name": "C"});
    let send = || ada.send(Method::POST, "/api/operations/account.create", new.clone(), &key);
    assert_eq!(send().await.expect(200).body, send().await.expect(200).body);
    let listed = ada.get("/api/records/accounts?total=true").await.expect(200).body;
    assert_eq!(listed["page"]["total"], 3);
}

#[tokio::test]
async fn a_write_that_failed_may_be_sent_again_under_its_key() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let key = [("idempotency-key", "k")];
    ada.send(Method::POST, "/api/records/accounts", json!({"name": 1}), &key).await.expect(400);
    ada.send(Method::POST, "/api/records/accounts", json!({"name": "Crane"}), &key).await.expect(201);
}
