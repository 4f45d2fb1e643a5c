//! The workspace's own providers of models, over the pages.

use super::*;

const KEY: &str = "sk-test-0123456789-abcd";

#[tokio::test]
async fn a_provider_is_added_changed_and_removed_and_its_key_stands_in_no_page() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    ada.get("/settings").await.expect(200).shows("href=\"/settings/models\"");
    ada.get("/settings/models").await.expect(200).shows("None yet").shows("builtin").shows("Built in");
    ada.get("/settings/models/new").await.expect(200).shows("?kind=anthropic").shows("llama-server");
    ada.get("/settings/models/new?kind=mistral")
        .await
        .expect(200)
        .shows("value=\"mistral\"")
        .shows("https://api.mistral.ai/v1")
        .shows("console.mistral.ai")
        .hides("api_version");
    ada.get("/settings/models/new?kind=azure").await.expect(200).shows("api_version").shows("Azure portal");

    let added = ada.post("/settings/models/new", &[("kind", "mistral"), ("name", "own"), ("api_key", KEY)]);
    assert_eq!(added.await.expect(303).header("location"), "/settings/models?done=saved#provider-own");
    ada.get("/settings/models?done=saved")
        .await
        .expect(200)
        .shows("Saved.")
        .shows("Key ends in abcd")
        .shows("set by Ada Brandt")
        .shows("own/mistral-large-4")
        .shows("The workspace")
        .hides("0123456789");
    ada.get("/settings/models/new?kind=mistral").await.expect(200).shows("value=\"mistral\"");

    let form = ada.get("/settings/models/providers/own").await.expect(200);
    form.shows("Empty keeps the key that ends in abcd").hides("0123456789").hides("id=\"name\"");
    let path = "/settings/models/providers/own";
    ada.post(path, &[("kind", "mistral"), ("api_key", "")]).await.expect(303);
    // The key that is kept goes to no other address and no other kind.
    let elsewhere = [("kind", "mistral"), ("base_url", "https://collect.example.com/v1")];
    ada.post(path, &elsewhere).await.expect(422).shows("api_key-wrong").shows("collect.example.com");
    ada.get(&format!("{path}?kind=openai")).await.expect(200).hides("Empty keeps");
    ada.get(&format!("{path}?kind=")).await.expect(200).shows("/providers/own?kind=openai");

    ada.post(&format!("{path}/remove"), &[]).await.expect(303);
    ada.get("/settings/models?done=removed").await.expect(200).hides("provider-own");
    ada.post(&format!("{path}/remove"), &[]).await.expect(404);
    ada.post(path, &[("kind", "mistral"), ("api_key", KEY)]).await.expect(404);
}

#[tokio::test]
async fn what_is_wrong_with_a_provider_is_said_at_its_field_and_all_but_the_key_is_kept() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let wrong = [
        ("kind", "azure"),
        ("name", "Not A Name"),
        ("base_url", "ftp://example.com"),
        ("api_version", "a b"),
        ("api_key", "with a blank"),
    ];
    ada.post("/settings/models/new", &wrong)
        .await
        .expect(422)
        .shows("name-wrong")
        .shows("base_url-wrong")
        .shows("api_version-wrong")
        .shows("api_key-wrong")
        .shows("value=\"Not A Name\"")
        .shows("value=\"ftp://example.com\"")
        .shows("value=\"a b\"")
        .hides("with a blank");
    let one = [("kind", "mistral"), ("name", "own"), ("api_key", KEY)];
    ada.post("/settings/models/new", &one).await.expect(303);
    // Adding is not changing.
    ada.post("/settings/models/new", &one).await.expect(422).shows("already").hides(KEY);
    ada.post("/settings/models/new", &[("kind", "nobody"), ("name", "other")]).await.expect(400);
}

#[tokio::test]
async fn a_provider_is_tested_without_a_script() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let inside = [("kind", "openai-compatible"), ("name", "inside"), ("base_url", "http://127.0.0.1:9/v1")];
    ada.post("/settings/models/new", &inside).await.expect(303);
    let tested = ada.post("/settings/models/providers/inside/test", &[]).await.expect(200);
    let (_, told) = tested.body.split_once("id=\"told-inside\"").unwrap();
    let told = told.split("</p>").next().unwrap();
    assert!(told.contains("class=\"bad\"") && told.contains("127.0.0.1"), "{told}");
    ada.get("/settings/models").await.expect(200).hides("class=\"bad\"");
}

#[tokio::test]
async fn fast_smart_and_fallbacks_are_chosen_and_what_is_wrong_is_said_at_its_input() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let one = [("kind", "mistral"), ("name", "own"), ("api_key", KEY)];
    ada.post("/settings/models/new", &one).await.expect(303);
    let chosen = [
        ("fast", "own/ministral"),
        ("smart", ""),
        ("fallback", ""),
        ("fallback", "own/mistral-large-4"),
        ("fallback", "builtin"),
    ];
    let answer = ada.post("/settings/models/use", &chosen).await.expect(303);
    assert_eq!(answer.header("location"), "/settings/models?done=chosen");
    ada.get("/settings/models")
        .await
        .expect(200)
        .shows("name=\"fast\" list=\"known\" value=\"own/ministral\"")
        .shows("id=\"fallback-0\" name=\"fallback\" list=\"known\" value=\"own/mistral-large-4\"")
        .shows("id=\"fallback-1\" name=\"fallback\" list=\"known\" value=\"builtin\"")
        .shows("<option value=\"own/ministral\">");
    let wrong = [("fast", "nobody/nothing"), ("fallback", "builtin"), ("fallback", "builtin")];
    ada.post("/settings/models/use", &wrong)
        .await
        .expect(422)
        .shows("fast-wrong")
        .shows("fallback-1-wrong")
        .shows("value=\"nobody/nothing\"")
        .hides("fallback-0-wrong");
    ada.get("/settings/models").await.expect(200).hides("nobody/nothing");
}

#[tokio::test]
async fn what_the_workspace_knows_of_a_model_is_written_shown_and_forgotten() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let one = [("kind", "mistral"), ("name", "own"), ("api_key", KEY)];
    ada.post("/settings/models/new", &one).await.expect(303);
    let page = "/settings/models/facts?model=own%2Fmistral-large-4";
    ada.get("/settings/models").await.expect(200).shows(page).hides("model=builtin").hides("changed here");
    ada.get(page).await.expect(200).shows("placeholder=\"1,048,576\"").hides("/facts/forget");
    let model = ("model", "own/mistral-large-4");
    let wrong = [model, ("context_window", "many"), ("input", "0,80")];
    ada.post("/settings/models/facts", &wrong)
        .await
        .expect(422)
        .shows("context_window-wrong")
        .shows("input-wrong")
        .shows("output-wrong")
        .shows("value=\"0,80\"");
    ada.post("/settings/models/facts", &[model, ("context_window", "12")])
        .await
        .expect(422)
        .shows("context_window-wrong");
    ada.post("/settings/models/facts", &[model]).await.expect(422).shows("role=\"alert\"");
    let known = [model, ("context_window", "32k"), ("input", "0.5"), ("output", "1.5")];
    ada.post("/settings/models/facts", &known).await.expect(303);
    ada.get("/settings/models").await.expect(200).shows("changed here").shows("32,000").shows(">0.50<");
    ada.get(page).await.expect(200).shows("value=\"32,000\"").shows("/facts/forget");
    // A window that is too small for an agent is told with its numbers.
    ada.get("/settings/models").await.expect(200).hides("too small for");
    ada.post("/settings/models/facts", &[model, ("context_window", "2k")]).await.expect(303);
    ada.get("/settings/models").await.expect(200).shows("too small for").hides("notice warn");
    ada.post("/settings/models/use", &[("smart", model.1)]).await.expect(303);
    let warned = ada.get("/settings/models").await.expect(200);
    warned.shows("notice warn").shows("holds 2,000 tokens. Sales assistant needs");
    ada.post("/settings/models/facts/forget", &[model]).await.expect(303);
    ada.get("/settings/models").await.expect(200).hides("changed here");
    ada.post("/settings/models/facts/forget", &[model]).await.expect(404);
    ada.get("/settings/models/facts?model=own").await.expect(404);
}

#[tokio::test]
async fn whoever_may_not_change_settings_finds_none_and_is_told_why() {
    let server = Server::start().await;
    let vera = server.sign_in("vera").await;
    vera.get("/settings").await.expect(200).hides("/settings/models");
    vera.get("/palette?q=models").await.expect(200).hides("/settings/models");
    let facts = "/settings/models/facts?model=builtin";
    for path in ["/settings/models", "/settings/models/new", "/settings/models/providers/own", facts] {
        vera.get(path).await.expect(403).shows("You may not do this").shows("settings");
    }
    let one = [("kind", "mistral"), ("name", "own"), ("api_key", KEY)];
    let paths = [
        "new",
        "use",
        "facts",
        "facts/forget",
        "providers/own",
        "providers/own/test",
        "providers/own/remove",
    ];
    for path in paths {
        vera.post(&format!("/settings/models/{path}"), &one).await.expect(403).hides(KEY);
    }
    let ada = server.sign_in("ada").await;
    ada.get("/palette?q=api+keys").await.expect(200).shows("/settings/models");
}
