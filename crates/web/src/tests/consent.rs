//! Letting a program in: what it asks for in words, what of it is chosen, and withdrawing it.

use kontor_identity::NewOAuthClient;

use super::*;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

async fn client(server: &Server) -> String {
    let new = NewOAuthClient {
        client_name: Some("Helper".to_owned()),
        redirect_uris: vec!["https://helper.test/cb".to_owned()],
        ..NewOAuthClient::default()
    };
    server.services.identity.register_client(new).await.unwrap().client_id
}

fn path(client: &str, more: &str) -> String {
    format!(
        "/oauth/authorize?response_type=code&client_id={client}&redirect_uri=https%3A%2F%2Fhelper.test%2Fcb&state=xyz&code_challenge_method=S256&code_challenge={CHALLENGE}{more}"
    )
}

#[tokio::test]
async fn a_member_chooses_what_a_program_may_do_and_withdraws_it_without_a_script() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let client = client(&server).await;
    let page = ada.get(&path(&client, "")).await.expect(200);
    page.shows("Let Helper in?")
        .shows("helper.test")
        .shows("value=\"deal.find deal.get deal.group deal.timeline\"");
    page.shows("You withdraw it").shows("Deals: Delete");
    assert!(page.header("content-security-policy").contains("form-action 'self' https://helper.test;"));
    // A program that asks for little is offered no more.
    ada.get(&path(&client, "&scope=lead.find")).await.expect(200).shows("lead.find").hides("deal.find");
    let sent = |choices: &[(&'static str, &'static str)], decision: &'static str| {
        let mut form = vec![
            ("response_type", "code".to_owned()),
            ("client_id", client.clone()),
            ("redirect_uri", "https://helper.test/cb".to_owned()),
            ("state", "xyz".to_owned()),
            ("code_challenge", CHALLENGE.to_owned()),
            ("code_challenge_method", "S256".to_owned()),
            ("scope", "lead.*".to_owned()),
            ("decision", decision.to_owned()),
        ];
        form.extend(choices.iter().map(|(name, value)| (*name, (*value).to_owned())));
        form
    };
    let as_form = |form: &[(&'static str, String)]| {
        form.iter().map(|(name, value)| (*name, value.clone())).collect::<Vec<_>>()
    };
    let send = async |form: Vec<(&'static str, String)>| {
        let form = as_form(&form);
        let borrowed: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ada.post("/oauth/authorize", &borrowed).await
    };
    send(sent(&[], "allow")).await.expect(422).shows("Choose what it may do");
    let denied = send(sent(&[], "deny")).await.expect(303);
    assert!(denied.header("location").starts_with("https://helper.test/cb?error=access_denied&"));
    // More than was asked for is not granted, whatever the form says.
    let allowed =
        send(sent(&[("choice", "lead.find lead.get"), ("choice", "deal.find")], "allow")).await.expect(303);
    let location = allowed.header("location").to_owned();
    assert!(location.starts_with("https://helper.test/cb?code=kontor_code_"), "{location}");
    assert!(
        location.contains("iss=http%3A%2F%2Fkontor.test") && location.contains("state=xyz"),
        "{location}"
    );
    let code = location.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let request = kontor_identity::CodeRequest {
        code,
        client_id: client.clone(),
        redirect_uri: "https://helper.test/cb".to_owned(),
        // The example of RFC 7636, appendix B.
        verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
        resource: None,
    };
    let granted = server.services.identity.redeem_code(request).await.unwrap();
    assert_eq!(granted.scope, "lead.find lead.get");
    let programs = ada.get("/settings/programs").await.expect(200);
    programs.shows("Helper").shows("lead.get").hides("deal.find");
    let start = programs.body.find("action=\"/settings/programs/").expect(&programs.body) + "action=\"".len();
    let withdraw = programs.body[start..].split('"').next().unwrap().to_owned();
    ada.post(&withdraw, &[]).await.expect(303);
    assert!(server.services.identity.authenticate(&granted.access_token).await.is_err());
    ada.post(&withdraw, &[]).await.expect(404);
}

/// RFC 9700, sections 4.1.1 and 4.4: nobody is led to an address that the program did not name, nor without a challenge.
#[tokio::test]
async fn nobody_is_led_where_the_program_is_not() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let client = client(&server).await;
    ada.get(&path("kontor_client_unknown", "")).await.expect(400).shows("not known");
    let elsewhere = path(&client, "").replace("helper.test", "evil.test");
    ada.get(&elsewhere).await.expect(400).shows("not its own");
    let plain = path(&client, "").replace("S256", "plain");
    let refused = ada.get(&plain).await.expect(303);
    assert!(refused.header("location").starts_with("https://helper.test/cb?error=invalid_request&"));
}
