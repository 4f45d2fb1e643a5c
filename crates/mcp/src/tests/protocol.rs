use super::*;

#[tokio::test]
async fn a_client_of_an_older_revision_begins_lists_and_calls() {
    let house = House::new().await;
    let ada = house.sign_in("ada").await;
    for revision in ["2025-11-25", "2025-06-18"] {
        let hello = json!({
            "protocolVersion": revision,
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        });
        let body = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello});
        let begun = ada.post("/mcp", &[("accept", "application/json, text/event-stream")], body).await;
        let result = &begun.body["result"];
        assert_eq!((begun.status, &result["protocolVersion"]), (200, &json!(revision)), "{}", begun.body);
        assert_eq!(result["serverInfo"]["name"], "kontor");
        assert!(result["instructions"].as_str().unwrap().contains("- deal (Deals): "));
        assert_eq!(begun.header("mcp-session-id"), "");
        let noted = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        assert_eq!(ada.post("/mcp", &[("mcp-protocol-version", revision)], noted).await.status, 202);
    }
    let id = ada.deal("Acme renewal").await;
    let found = ada
        .call(
            "find",
            json!({"object": "deal", "limit": 5.0, "where": [{"field": "name", "operator": "contains", "value": "acme"}]}),
        )
        .await;
    assert_eq!(found.done()["records"][0]["id"], id.as_str());
    let changed = ada
        .call(
            "update",
            json!({"object": "deal", "id": id, "values": [{"field": "stage", "value": "PROPOSAL"}]}),
        )
        .await;
    assert_eq!(changed.done()["record"]["stage"], "PROPOSAL");
    assert!(changed.body["result"].get("resultType").is_none());
}

#[tokio::test]
async fn a_client_of_the_stateless_revision_discovers_lists_and_calls() {
    let house = House::new().await;
    let ada = house.sign_in("ada").await;
    let found = ada.ask_alone("server/discover", json!({}), json!({})).await;
    assert_eq!(found.status, 200, "{}", found.body);
    let supported = found.body["result"]["supportedVersions"].as_array().unwrap().clone();
    assert!(supported.contains(&json!("2026-07-28")) && supported.contains(&json!("2025-11-25")));
    let listed = ada.ask_alone("tools/list", json!({}), json!({})).await;
    assert_eq!(listed.body["result"]["cacheScope"], "private", "{}", listed.body);
    assert_eq!(listed.body["result"]["resultType"], "complete");
    let described = ada
        .ask_alone("tools/call", json!({"name": "describe", "arguments": {"object": "deal"}}), json!({}))
        .await;
    assert_eq!(described.done()["object"], "deal");
}

#[tokio::test]
async fn every_tool_says_what_it_does_and_has_schemas_that_every_client_takes() {
    let house = House::new().await;
    let ada = house.sign_in("ada").await;
    let listed = ada.ask("/mcp", "tools/list", json!({})).await;
    let tools = listed.body["result"]["tools"].as_array().unwrap();
    assert!(listed.body["result"].get("nextCursor").is_none());
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted());
    for name in ["create", "delete", "describe", "find", "get", "get_approval", "log_activity", "update"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for tool in tools {
        let name = tool["name"].as_str().unwrap();
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{name}");
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(tool["annotations"][hint].is_boolean(), "{name} {hint}");
        }
        for schema in ["inputSchema", "outputSchema"] {
            assert_eq!(tool[schema]["type"], "object", "{name} {schema}");
            for (property, said) in tool[schema]["properties"].as_object().unwrap() {
                assert!(said.is_object(), "{name} {schema} {property}");
            }
        }
        let own = ["get_approval", "ask_agent"].contains(&name);
        let takes_key = tool["inputSchema"]["properties"].get("idempotency_key").is_some();
        let reads = tool["annotations"]["readOnlyHint"] == true;
        assert_eq!(takes_key, !reads && !own, "{name}");
    }
    let hints = |name: &str| &tools.iter().find(|tool| tool["name"] == name).unwrap()["annotations"];
    assert_eq!(hints("find")["readOnlyHint"], true);
    assert_eq!(
        (&hints("create")["destructiveHint"], &hints("create")["idempotentHint"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(
        (&hints("update")["destructiveHint"], &hints("update")["idempotentHint"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(hints("delete")["destructiveHint"], true);
}

#[tokio::test]
async fn the_address_for_reading_changes_nothing() {
    let house = House::new().await;
    let ada = house.sign_in("ada").await;
    let listed = ada.ask("/mcp/read", "tools/list", json!({})).await;
    let tools = listed.body["result"]["tools"].as_array().unwrap();
    assert!(!tools.is_empty() && tools.iter().all(|tool| tool["annotations"]["readOnlyHint"] == true));
    for (tool, arguments) in [
        ("create", json!({"object": "deal", "values": [{"field": "name", "value": "X"}]})),
        ("deal.create", json!({"name": "X"})),
        ("get_approval", json!({"id": "00000000-0000-0000-0000-000000000000"})),
    ] {
        let answer = ada.ask("/mcp/read", "tools/call", json!({"name": tool, "arguments": arguments})).await;
        assert_eq!(answer.body["error"]["code"], -32602, "{tool}: {}", answer.body);
    }
    let found =
        ada.ask("/mcp/read", "tools/call", json!({"name": "find", "arguments": {"object": "deal"}})).await;
    assert_eq!(found.done()["records"], json!([]));
}

#[tokio::test]
async fn a_caller_sees_and_does_what_their_role_allows_alone() {
    let house = House::new().await;
    let (ada, vera) = (house.sign_in("ada").await, house.sign_in("vera").await);
    let id = ada.deal("Acme renewal").await;
    let listed = vera.ask("/mcp", "tools/list", json!({})).await;
    let names: Vec<_> =
        listed.body["result"]["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
    assert!(names.contains(&&json!("find")) && !names.contains(&&json!("update")), "{names:?}");
    let refused =
        vera.call("deal_update", json!({"id": id, "values": [{"field": "name", "value": "Mine"}]})).await;
    assert_eq!((refused.status, &refused.body["error"]["code"]), (200, &json!(-32602)));
    let unknown = ada.call("fly", json!({})).await;
    assert_eq!(unknown.body["error"]["code"], -32602);
    let wrong = ada
        .call("create", json!({"object": "deal", "values": [{"field": "stage", "value": "NOWHERE"}]}))
        .await;
    assert!(wrong.refused().contains("stage"), "{}", wrong.body);
    let nowhere =
        ada.call("get", json!({"object": "deal", "id": "01a00000-0000-7000-8000-000000000000"})).await;
    assert!(!nowhere.refused().is_empty());
}

#[tokio::test]
async fn a_change_under_a_key_is_made_once() {
    let house = House::new().await;
    let ada = house.sign_in("ada").await;
    let create = |name: &str| json!({"object": "deal", "idempotency_key": "k-1", "values": [{"field": "name", "value": name}]});
    let first = ada.call("create", create("Once")).await;
    let again = ada.call("create", create("Once")).await;
    assert_eq!(first.done()["record"]["id"], again.done()["record"]["id"]);
    assert!(ada.call("create", create("Another")).await.refused().contains("idempotency key"));
    let found = ada.call("find", json!({"object": "deal"})).await;
    assert_eq!(found.done()["records"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn objects_and_records_are_resources_and_suggested_questions_prompts() {
    let house = House::new().await;
    let ada = house.sign_in("ada").await;
    let id = ada.deal("Acme renewal").await;
    let listed = ada.ask("/mcp", "resources/list", json!({})).await;
    let uris: Vec<_> =
        listed.body["result"]["resources"].as_array().unwrap().iter().map(|one| &one["uri"]).collect();
    assert!(uris.contains(&&json!("kontor://objects/deal")), "{uris:?}");
    let templates = ada.ask("/mcp", "resources/templates/list", json!({})).await;
    assert_eq!(
        templates.body["result"]["resourceTemplates"][0]["uriTemplate"],
        "kontor://records/{object}/{id}"
    );
    for (uri, expected) in [
        ("kontor://objects/deal".to_owned(), "\"stage\""),
        (format!("kontor://records/deal/{id}"), "Acme renewal"),
    ] {
        let read = ada.ask("/mcp", "resources/read", json!({"uri": uri})).await;
        let text = read.body["result"]["contents"][0]["text"].as_str().unwrap_or_default();
        assert!(text.contains(expected), "{}", read.body);
    }
    for uri in [
        "kontor://records/deal/01a00000-0000-7000-8000-000000000000",
        "kontor://objects/dael",
        "file:///etc/passwd",
    ] {
        let read = ada.ask("/mcp", "resources/read", json!({"uri": uri})).await;
        assert_eq!(read.body["error"]["code"], -32002, "{}", read.body);
    }
    let prompts = ada.ask("/mcp", "prompts/list", json!({})).await;
    let first = &prompts.body["result"]["prompts"][0];
    let got = ada.ask("/mcp", "prompts/get", json!({"name": first["name"]})).await;
    assert_eq!(got.body["result"]["messages"][0]["content"]["text"], first["description"], "{}", got.body);
    let none = ada.ask("/mcp", "prompts/get", json!({"name": "nobody_9"})).await;
    assert_eq!(none.body["error"]["code"], -32602);
}

#[tokio::test]
async fn an_agent_is_asked_and_its_answer_waited_for() {
    let house = House::new().await;
    let ada = house.sign_in("ada").await;
    let shutdown = house.services.shutdown.clone();
    let asking = async {
        ada.deal("Acme renewal").await;
        let asked = json!({"agent": "sales-assistant", "message": "find deals"});
        let answer = ada.call("ask_agent", asked).await;
        let said = answer.done();
        assert_eq!(said["status"], "completed", "{}", answer.body);
        assert!(said["text"].as_str().unwrap().contains("Acme renewal"), "{}", answer.body);
        let again = ada.call("ask_agent", json!({"turn": said["turn"]})).await;
        assert_eq!(again.done()["text"], said["text"]);
        let vera = house.sign_in("vera").await;
        assert!(!vera.call("ask_agent", json!({"turn": said["turn"]})).await.refused().is_empty());
        shutdown.cancel();
    };
    tokio::join!(house.services.agents.worker().run(shutdown.clone()), asking);
}
