use kontor_agents::{AnyApproval, Decision, Error};
use kontor_core::{ids::ApprovalId, scope::Patterns};

use super::*;

fn approval(answer: &Answer) -> ApprovalId {
    assert_eq!(answer.done()["approval"]["status"], "pending");
    answer.done()["approval"]["id"].as_str().unwrap().parse().unwrap()
}

async fn say(ada: &Client<'_>, id: ApprovalId, approved: bool) {
    let decision = Decision { approved, comment: if approved { String::new() } else { "Keep it.".into() } };
    ada.house.services.agents.answer_approval(&ada.caller().await, id, decision).await.unwrap();
}

#[tokio::test]
async fn a_call_that_must_ask_waits_for_the_person_and_then_runs_once() {
    let house = House::new().await;
    let ada = house.sign_in("ada").await;
    for key in [None, Some("k-1")] {
        let id = ada.deal("Acme renewal").await;
        let mut delete = json!({"object": "deal", "id": id});
        if let Some(key) = key {
            delete["idempotency_key"] = json!(key);
        }
        let asked = ada.call("delete", delete.clone()).await;
        let waiting = approval(&asked);
        assert_eq!(asked.done()["approval"]["url"], "http://kontor.test/approvals");
        assert!(
            ada.call("get", json!({"object": "deal", "id": id})).await.done()["record"]["id"] == id.as_str()
        );
        // Asked once, however often it is sent.
        assert_eq!(approval(&ada.call("delete", delete.clone()).await), waiting);
        assert_eq!(approval(&ada.call("get_approval", json!({"id": waiting})).await), waiting);
        let caller = ada.caller().await;
        assert_eq!(house.services.agents.approvals_waiting(&caller).await.unwrap(), 1);
        let listed = house.services.agents.all_approvals(&caller, None).await.unwrap();
        let Some(AnyApproval::OfClient(first)) = listed.first() else { panic!("{listed:?}") };
        assert_eq!(
            (first.id, first.question.record.as_ref().unwrap().name.as_str()),
            (waiting, "Acme renewal")
        );

        say(&ada, waiting, true).await;
        let decision = Decision { approved: true, comment: String::new() };
        let twice = house.services.agents.answer_approval(&caller, waiting, decision).await;
        assert!(matches!(twice, Err(Error::ApprovalClosed)), "{twice:?}");
        let done = if key.is_some() {
            ada.call("delete", delete.clone()).await
        } else {
            ada.call("get_approval", json!({"id": waiting})).await
        };
        assert_eq!(done.done()["record"]["id"], id.as_str());
        assert!(!ada.call("get", json!({"object": "deal", "id": id})).await.refused().is_empty());
        // It is used up: restored and deleted again, it is asked about again, and what was answered is not done again.
        ada.call("restore", json!({"object": "deal", "id": id})).await.done();
        assert_eq!(ada.call("get_approval", json!({"id": waiting})).await.done(), done.done());
        assert!(
            ada.call("get", json!({"object": "deal", "id": id})).await.done()["record"]["id"] == id.as_str()
        );
        if key.is_none() {
            assert_ne!(approval(&ada.call("delete", delete).await), waiting);
            let newest = house.services.agents.all_approvals(&caller, None).await.unwrap();
            let Some(AnyApproval::OfClient(newest)) = newest.into_iter().next() else { panic!() };
            say(&ada, newest.id, false).await;
            let denied = ada.call("get_approval", json!({"id": newest.id})).await;
            assert_eq!(denied.done()["approval"]["comment"], "Keep it.");
        }
    }
}

#[tokio::test]
async fn no_program_and_nobody_else_answers_what_a_person_is_asked() {
    let house = House::new().await;
    let (ada, vera) = (house.sign_in("ada").await, house.sign_in("vera").await);
    let id = ada.deal("Acme renewal").await;
    let waiting = approval(&ada.call("delete", json!({"object": "deal", "id": id})).await);
    let agents = &house.services.agents;
    let yes = || Decision { approved: true, comment: String::new() };
    let mut narrowed = ada.caller().await;
    narrowed.scope = narrowed.scope.narrowed(&Patterns::new(vec!["*".into()]));
    assert!(matches!(agents.answer_approval(&narrowed, waiting, yes()).await, Err(Error::NotAPerson)));
    let other = agents.answer_approval(&vera.caller().await, waiting, yes()).await;
    assert!(matches!(other, Err(Error::ApprovalNotFound(_))), "{other:?}");
    let polled = vera.call("get_approval", json!({"id": waiting})).await;
    assert!(
        polled.body["error"]["code"] == -32602 || polled.body["result"]["isError"] == true,
        "{}",
        polled.body
    );
    assert_eq!(approval(&ada.call("get_approval", json!({"id": waiting})).await), waiting);
}

#[tokio::test]
async fn a_client_that_can_show_an_address_is_asked_to() {
    let house = House::new().await;
    let ada = house.sign_in("ada").await;
    let id = ada.deal("Acme renewal").await;
    let call = || json!({"name": "delete", "arguments": {"object": "deal", "id": id}});
    let shows = json!({"elicitation": {"url": {}}});
    let asked = ada.ask_alone("tools/call", call(), shows.clone()).await;
    let result = &asked.body["result"];
    assert_eq!((asked.status, &result["resultType"]), (200, &json!("input_required")), "{}", asked.body);
    let request = &result["inputRequests"]["approval"];
    assert_eq!(request["method"], "elicitation/create");
    assert_eq!(
        (&request["params"]["mode"], &request["params"]["url"]),
        (&json!("url"), &json!("http://kontor.test/approvals"))
    );
    let mut again = call();
    again["inputResponses"] = json!({"approval": {"action": "accept"}});
    let told = ada.ask_alone("tools/call", again.clone(), shows.clone()).await;
    say(&ada, approval(&told), true).await;
    let done = ada.ask_alone("tools/call", again, shows).await;
    assert_eq!(done.done()["record"]["id"], id.as_str());
}
