use super::*;

const OWN: &str = "/api/models/overrides?model=own/mistral-large-4";

async fn with_a_provider(ada: &Client<'_>) {
    let provider = json!({"kind": "mistral", "api_key": "k-0123456789"});
    ada.send(Method::PUT, "/api/models/providers/own", provider, &[]).await.expect(200);
}

#[tokio::test]
async fn which_models_are_used_is_set_whole_and_told_again() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    with_a_provider(&ada).await;
    let unset = json!({"fast": null, "smart": null, "fallbacks": []});
    assert_eq!(ada.get("/api/models/settings").await.expect(200).body, unset);
    let wanted = json!({"smart": "own/mistral-large-4", "fallbacks": ["builtin"]});
    let set = ada.send(Method::PUT, "/api/models/settings", wanted, &[]).await.expect(200).body;
    assert_eq!(set, json!({"fast": null, "smart": "own/mistral-large-4", "fallbacks": ["builtin"]}));
    assert_eq!(ada.get("/api/models/settings").await.expect(200).body, set);
    let wrong = json!({"fallbacks": ["builtin", "own/"]});
    let refused = ada.send(Method::PUT, "/api/models/settings", wrong, &[]).await.expect(400).body;
    assert_eq!(refused["errors"][0]["path"], "fallbacks[1]", "{refused}");
    let in_use = ada.delete("/api/models/providers/own").await.expect(409).body;
    assert_eq!(in_use["code"], "in_use", "{in_use}");
    vera.get("/api/models/settings").await.expect(403);
    vera.send(Method::PUT, "/api/models/settings", unset, &[]).await.expect(403);
}

#[tokio::test]
async fn what_is_known_otherwise_of_a_model_is_told_with_it() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    with_a_provider(&ada).await;
    let known = json!({"context_window": 8192, "price": {"input": 1.5, "output": 2}});
    ada.send(Method::PUT, OWN, known.clone(), &[]).await.expect(200);
    let models = vera.get("/api/models").await.expect(200).body;
    let is_own = |model: &&Value| model["id"] == "own/mistral-large-4";
    let own = models["data"].as_array().unwrap().iter().find(is_own).unwrap();
    assert_eq!((&own["capabilities"]["context_window"], &own["is_overridden"]), (&json!(8192), &json!(true)));
    assert_eq!(own["pricing"], json!({"price": {"input": 1.5, "output": 2.0}}));
    let listed = ada.get("/api/models/overrides").await.expect(200).body;
    assert_eq!(listed["data"][0]["model"], "own/mistral-large-4");

    vera.send(Method::PUT, OWN, known.clone(), &[]).await.expect(403);
    vera.delete(OWN).await.expect(403);
    let unnamed = ada.send(Method::PUT, "/api/models/overrides", known, &[]).await.expect(400).body;
    assert_eq!(unnamed["errors"][0]["path"], "model", "{unnamed}");
    ada.delete(OWN).await.expect(204);
    ada.delete(OWN).await.expect(404);
}
