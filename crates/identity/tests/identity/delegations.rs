//! Tokens of software: never wider than what they are made of, and gone with it. Each attack names its source.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_core::{
    actor::Principal,
    grants::Action,
    ids::{AgentId, WorkspaceId},
    scope::Patterns,
};
use kontor_identity::{
    AgentTokens, BoundAgent, CodeRequest, Consent, Door, Exchange, MemberStatus, NewOAuthClient, Result,
};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::house::{House, OPERATOR, PASSWORD, acting, code, member, settings, sign_in};

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn exchanged(house: &House, token: &str, scope: &str) -> Result<AgentTokens> {
    let asked = Exchange {
        subject_token: token.to_owned(),
        scope: Some(scope.to_owned()).filter(|scope| !scope.is_empty()),
        ..Exchange::default()
    };
    house.identity.exchange(asked).await
}

async fn signed_in(house: &House, email: &str) -> String {
    house.identity.sign_in(sign_in(email, PASSWORD)).await.unwrap().access_token
}

fn clerk(operations: &[&str], role: &str) -> BoundAgent {
    BoundAgent {
        id: AgentId(Uuid::from_u128(77)),
        name: "clerk".to_owned(),
        label: "Clerk".to_owned(),
        role: role.to_owned(),
        operations: Patterns::new(operations.iter().map(|&one| one.to_owned()).collect()),
        is_active: true,
    }
}

both_engines! {
    async fn a_members_token_is_narrowed_and_says_who_acts_for_whom(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        *house.furnisher.clerk.lock().unwrap() = Some(clerk(&["*.find", "*.get"], "Viewer"));
        let token = signed_in(&house, "ada@acme.test").await;
        let asked = Exchange {
            subject_token: token.clone(),
            scope: Some("deal.* chat".to_owned()),
            agent: Some("clerk".to_owned()),
            resource: Some("kontor/mcp".to_owned()),
        };
        let made = house.identity.exchange(asked).await.unwrap();
        assert_eq!((made.token_type, made.scope.as_str(), made.expires_in), ("Bearer", "deal.* chat", 600));
        assert_eq!(made.issued_token_type, Some("urn:ietf:params:oauth:token-type:access_token"));
        let (own, claims) = (part(&token, 1), part(&made.access_token, 1));
        assert_eq!((&claims["type"], &claims["sub"], &claims["workspace_id"]), (&json!("agent"), &own["sub"], &json!(workspace)));
        assert_eq!((&claims["workspace_member_id"], &claims["aud"]), (&json!(ada), &json!("kontor/mcp")));
        let agent = json!(Uuid::from_u128(77));
        assert_eq!(claims["act"], json!({"sub": agent, "kind": "agent", "name": "Clerk"}));
        assert_eq!(claims["agent_id"], agent);
        assert!(claims["agent_session_id"].is_string() && claims["jti"].is_string());
        let caller = house.identity.authenticate(&made.access_token).await.unwrap();
        assert_eq!(caller.principal, Principal::Member { id: ada, name: "Ada Brandt".to_owned() });
        assert_eq!(caller.agent.as_ref().unwrap().name, "Clerk");
        assert!(caller.scope.allows("deal.find") && !caller.scope.allows("deal.update") && !caller.scope.allows("lead.find"));
        assert!(!caller.grants.allows("deal", Action::Update) && !caller.is_in_person());
        let account = house.identity.agent_account(&made.access_token).await.unwrap().unwrap();
        assert_eq!((account.name.as_str(), account.expires_at.micros() / 1_000_000), ("Clerk", claims["exp"].as_i64().unwrap()));
    }

    /// RFC 8693, section 5: a token that is exchanged must not gain; OWASP Agentic 2026, ASI03.
    async fn scope_escalation_by_exchange_and_by_chains_of_exchanges_gains_nothing(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let token = signed_in(&house, "ada@acme.test").await;
        let first = exchanged(&house, &token, "deal.find deal.get").await.unwrap();
        for wider in ["contact.find", "deal.update", "chat", "search"] {
            assert_eq!(code(exchanged(&house, &first.access_token, wider).await), "invalid_scope", "{wider}");
        }
        for (asked, granted) in [("*", "deal.find deal.get"), ("deal.*", "deal.find deal.get"), ("*.get lead.find", "deal.get")] {
            let narrowed = exchanged(&house, &first.access_token, asked).await.unwrap();
            assert_eq!(narrowed.scope, granted, "{asked}");
            let again = exchanged(&house, &narrowed.access_token, "deal.*").await.unwrap();
            let caller = house.identity.authenticate(&again.access_token).await.unwrap();
            assert!(!caller.scope.allows("deal.update") && !caller.grants.allows("deal", Action::Update));
            let acts = part(&again.access_token, 1)["act"].clone();
            assert!(acts["act"]["act"].is_object() || again.scope == narrowed.scope, "{acts}");
        }
        // And not for ever.
        let mut last = exchanged(&house, &token, "deal.find deal.get").await.unwrap().access_token;
        let mut depth = 0;
        while let Ok(next) = exchanged(&house, &last, if depth % 2 == 0 { "deal.find *" } else { "* deal.find" }).await {
            if part(&next.access_token, 1)["agent_session_id"] == part(&last, 1)["agent_session_id"] { break; }
            last = next.access_token;
            depth += 1;
            assert!(depth < 10, "a chain has an end");
        }
        for wrong in ["", "Deal.find", "deal.find!"] {
            assert_eq!(code(exchanged(&house, &token, wrong).await), "invalid_scope", "{wrong:?}");
        }
        // A member who may less is not more by a scope.
        let operator = OPERATOR.in_workspace(house.identity.authenticate(&token).await.unwrap().workspace);
        house.identity.add_member(&operator, member("vera@acme.test", "Viewer")).await.unwrap();
        let vera = signed_in(&house, "vera@acme.test").await;
        let everything = exchanged(&house, &vera, "*").await.unwrap();
        let caller = house.identity.authenticate(&everything.access_token).await.unwrap();
        assert!(!caller.grants.allows("deal", Action::Update));
        assert!(!house.identity.authenticate(&first.access_token).await.unwrap().is_in_person());
    }

    /// MCP authorization, "Access Token Privilege Restriction" and RFC 8707: a token is taken where it is meant for.
    async fn audience_swap_is_refused(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let token = signed_in(&house, "ada@acme.test").await;
        let bound = |subject: &str, resource: &str| Exchange {
            subject_token: subject.to_owned(),
            scope: Some("deal.find".to_owned()),
            resource: Some(resource.to_owned()),
            ..Exchange::default()
        };
        let mcp = house.identity.exchange(bound(&token, "kontor/mcp")).await.unwrap().access_token;
        let at = |path| Door { from: None, path: Some(path) };
        house.identity.authenticate_at(&mcp, &at("/mcp")).await.unwrap();
        for path in ["/api/records/deals", "/mcpx", "/"] {
            assert_eq!(code(house.identity.authenticate_at(&mcp, &at(path)).await), "invalid_token", "{path}");
        }
        for foreign in ["https://other.test/mcp", "kontor.evil.test", "kontor/../x", "kontor/a?b"] {
            assert_eq!(code(house.identity.exchange(bound(&token, foreign)).await), "invalid_target", "{foreign}");
        }
        assert_eq!(code(house.identity.exchange(bound(&mcp, "kontor/api")).await), "invalid_target");
    }

    /// RFC 8725, sections 2.1 and 3.1: no other algorithm, no key of the token's own choosing.
    async fn algorithm_and_kid_tricks_are_refused(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let token = signed_in(&house, "ada@acme.test").await;
        let agent = exchanged(&house, &token, "deal.find").await.unwrap().access_token;
        let (header, claims) = (part(&agent, 0), part(&agent, 1));
        let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signature = agent.rsplit('.').next().unwrap();
        let mut wider = claims.clone();
        wider["scope"] = json!("*");
        let mut person = claims.clone();
        person["type"] = json!("access");
        let with = |field: &str, value: Value| {
            let mut changed = header.clone();
            changed[field] = value;
            changed
        };
        for (header, claims, signature) in [
            (header.clone(), wider.clone(), signature),
            (header.clone(), person, signature),
            (with("alg", json!("none")), wider.clone(), ""),
            (with("alg", json!("HS256")), wider.clone(), signature),
            (with("kid", json!("../../dev/null")), wider.clone(), signature),
            (with("jwk", house.identity.jwks()["keys"][0].clone()), wider.clone(), signature),
            (with("kid", json!(null)), claims.clone(), signature),
        ] {
            let forged = format!("{}.{}.{signature}", encode(&header), encode(&claims));
            assert_eq!(code(house.identity.authenticate(&forged).await), "invalid_token", "{header} {claims}");
        }
    }

    /// Expired and revoked in the middle of a turn (mastra-ai/mastra #24796 resumed what had ended): what goes on under
    /// a token asks anew, and so does every other server within five seconds.
    async fn a_token_ends_with_its_time_its_session_its_member_and_its_agent(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let elsewhere = house.reopened(settings()).await;
        *house.furnisher.clerk.lock().unwrap() = Some(clerk(&["*"], "Admin"));
        let operator = OPERATOR.in_workspace(workspace);
        let max = house.identity.add_member(&operator, member("max@acme.test", "Member")).await.unwrap();
        let everywhere = async |token: &str| {
            house.advance(5);
            for identity in [&house.identity, &elsewhere] {
                assert_eq!(code(identity.authenticate(token).await), "invalid_token");
            }
        };
        let make = async |agent: Option<&str>| {
            let tokens = house.identity.sign_in(sign_in("max@acme.test", PASSWORD)).await.unwrap();
            let asked = Exchange {
                subject_token: tokens.access_token.clone(),
                scope: Some("deal.*".to_owned()),
                agent: agent.map(str::to_owned),
                ..Exchange::default()
            };
            let made = house.identity.exchange(asked).await.unwrap().access_token;
            let chained = exchanged(&house, &made, "deal.find").await.unwrap().access_token;
            for identity in [&house.identity, &elsewhere] {
                identity.authenticate(&made).await.unwrap();
                identity.authenticate(&chained).await.unwrap();
            }
            (tokens, made, chained)
        };
        let (tokens, made, chained) = make(None).await;
        house.identity.sign_out(&tokens.refresh_token).await.unwrap();
        everywhere(&made).await;
        everywhere(&chained).await;
        let (_, made, chained) = make(None).await;
        house.identity.revoke_token(&made).await.unwrap();
        assert_eq!(code(house.identity.authenticate(&made).await), "invalid_token");
        everywhere(&chained).await;
        let session: Uuid = part(&chained, 1)["agent_session_id"].as_str().unwrap().parse().unwrap();
        assert_eq!(code(house.identity.caller_of_delegation(session).await), "invalid_token");
        let (_, made, chained) = make(Some("clerk")).await;
        *house.furnisher.clerk.lock().unwrap() = Some(BoundAgent { is_active: false, ..clerk(&["*"], "Admin") });
        everywhere(&made).await;
        everywhere(&chained).await;
        let (_, made, chained) = make(None).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        house.identity.change_member(&admin, max, acting(MemberStatus::Inactive), None).await.unwrap();
        everywhere(&made).await;
        everywhere(&chained).await;
        // It lasts for minutes, and is renewed while what it came from lives.
        let token = signed_in(&house, "ada@acme.test").await;
        let short = exchanged(&house, &token, "deal.find").await.unwrap().access_token;
        house.advance(500);
        let renewed = exchanged(&house, &short, "").await.unwrap().access_token;
        assert_eq!(part(&renewed, 1)["agent_session_id"], part(&short, 1)["agent_session_id"]);
        house.advance(100);
        assert_eq!(code(house.identity.authenticate(&short).await), "token_expired");
        assert_eq!(code(exchanged(&house, &short, "").await), "invalid_grant");
        house.identity.authenticate(&renewed).await.unwrap();
    }

    /// A token of one workspace names no other (OWASP API 2023, API1).
    async fn a_token_of_one_workspace_is_nothing_in_another(store: TestStore) {
        let (house, ..) = House::with_acme(&store).await;
        let mut other = crate::house::acme();
        other.name = "Other".to_owned();
        other.email = "otto@other.test".to_owned();
        let (foreign, _) = house.identity.create_workspace(OPERATOR, other).await.unwrap();
        let token = signed_in(&house, "ada@acme.test").await;
        let made = exchanged(&house, &token, "deal.find").await.unwrap().access_token;
        let caller = house.identity.authenticate(&made).await.unwrap();
        assert_ne!(caller.workspace, foreign);
        let session: Uuid = part(&made, 1)["agent_session_id"].as_str().unwrap().parse().unwrap();
        let otto = house.identity.authenticate(&signed_in(&house, "otto@other.test").await).await.unwrap();
        assert_eq!(code(house.identity.end_own_delegation(&otto, session).await), "delegation_not_found");
        assert!(house.identity.own_delegations(&otto).await.unwrap().is_empty());
        house.identity.authenticate(&made).await.unwrap();
        let _: WorkspaceId = foreign;
    }

    /// RFC 9700, sections 2.1.1 and 4.5, RFC 7636: a code is used once, by who asked for it.
    async fn a_code_is_fetched_once_by_who_asked_and_ends_all_when_it_is_shown_again(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let described = NewOAuthClient {
            client_name: Some("Helper".to_owned()),
            redirect_uris: vec!["https://helper.test/cb".to_owned()],
            ..NewOAuthClient::default()
        };
        let client = house.identity.register_client(described).await.unwrap();
        let verifier = "a verifier that nobody can guess, of forty-three characters";
        let consent = || Consent {
            client: client.clone(),
            redirect_uri: "https://helper.test/cb".to_owned(),
            challenge: URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)),
            scope: Patterns::new(vec!["deal.find".to_owned()]),
            resource: Some("kontor/mcp".to_owned()),
        };
        let request = |code: &str| CodeRequest {
            code: code.to_owned(),
            client_id: client.client_id.clone(),
            redirect_uri: "https://helper.test/cb".to_owned(),
            verifier: verifier.to_owned(),
            resource: None,
        };
        let text = house.identity.consent(&admin, consent()).await.unwrap();
        for wrong in [
            CodeRequest { verifier: "another".to_owned(), ..request(&text) },
            CodeRequest { client_id: "another".to_owned(), ..request(&text) },
            CodeRequest { redirect_uri: "https://helper.test/other".to_owned(), ..request(&text) },
            CodeRequest { resource: Some("kontor/other".to_owned()), ..request(&text) },
            request("kontor_code_x"),
        ] {
            assert_eq!(code(house.identity.redeem_code(wrong).await), "invalid_grant");
        }
        let granted = house.identity.redeem_code(request(&text)).await.unwrap();
        let caller = house.identity.authenticate(&granted.access_token).await.unwrap();
        assert_eq!(caller.agent.as_ref().unwrap().name, "Helper");
        assert_eq!(part(&granted.access_token, 1)["aud"], "kontor/mcp");
        let refresh = granted.refresh_token.unwrap();
        let renewed = house.identity.renew_delegation(&refresh, Some(&client.client_id), None).await.unwrap();
        house.identity.authenticate(&renewed.access_token).await.unwrap();
        assert_eq!(house.identity.own_delegations(&admin).await.unwrap()[0].name, "Helper");
        // The code again ends what came of it.
        assert_eq!(code(house.identity.redeem_code(request(&text)).await), "invalid_grant");
        assert_eq!(code(house.identity.authenticate(&renewed.access_token).await), "invalid_token");

        // So does a refresh token that was used.
        let text = house.identity.consent(&admin, consent()).await.unwrap();
        let granted = house.identity.redeem_code(request(&text)).await.unwrap();
        let first = granted.refresh_token.unwrap();
        assert_eq!(code(house.identity.renew_delegation(&first, Some("another"), None).await), "invalid_grant");
        assert_eq!(code(house.identity.renew_delegation(&first, None, Some("deal.*")).await), "invalid_scope");
        let second = house.identity.renew_delegation(&first, None, None).await.unwrap();
        assert_eq!(code(house.identity.renew_delegation(&first, None, None).await), "invalid_grant");
        assert_eq!(code(house.identity.authenticate(&second.access_token).await), "invalid_token");

        // One that lies is not fetched any more.
        let text = house.identity.consent(&admin, consent()).await.unwrap();
        house.advance(60);
        assert_eq!(code(house.identity.redeem_code(request(&text)).await), "invalid_grant");
    }

    async fn a_key_gets_tokens_as_a_client_and_they_end_with_it(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let new = kontor_identity::NewApiKey {
            name: "Sync".to_owned(),
            role: "Member".to_owned(),
            scopes: vec!["deal.*".to_owned(), "*.get".to_owned()],
            expires_in_days: None,
            networks: None,
        };
        let (key, secret) = house.identity.create_api_key(&admin, new).await.unwrap();
        let (id, door) = (key.id.to_string(), Door::default());
        let ask = async |id: &str, secret: &str, scope: Option<&str>| {
            house.identity.key_token(id, secret, scope, None, &door).await
        };
        assert_eq!(code(ask("another", secret.as_str(), None).await), "invalid_client");
        assert_eq!(code(ask(&id, "kontor_x", None).await), "invalid_client");
        assert_eq!(code(ask(&id, secret.as_str(), Some("contact.find")).await), "invalid_scope");
        let token = ask(&id, secret.as_str(), Some("deal.find")).await.unwrap();
        assert_eq!(token.scope, "deal.find");
        let caller = house.identity.authenticate(&token.access_token).await.unwrap();
        assert_eq!(caller.principal, Principal::ApiKey { id: key.id, name: "Sync".to_owned() });
        assert!(caller.scope.allows("deal.find") && !caller.scope.allows("deal.update") && !caller.scope.allows("deal.get"));
        house.identity.revoke_api_key(&admin, key.id).await.unwrap();
        assert_eq!(code(house.identity.authenticate(&token.access_token).await), "invalid_token");
    }
}
