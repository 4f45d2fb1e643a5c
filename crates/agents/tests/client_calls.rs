//! Calls of programs that a person is asked about, on both engines.

use kontor_agents::{ClientAnswer, ClientApproval, ClientCall, Decision, Error};
use kontor_core::ids::RecordId;
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::house::House;

fn deletion(deal: RecordId, key: Option<&str>) -> ClientCall {
    ClientCall {
        operation: "deal.delete".into(),
        arguments: json!({"id": deal}),
        key: key.map(str::to_owned),
    }
}

#[track_caller]
fn asked(answer: ClientAnswer) -> ClientApproval {
    let ClientAnswer::Asked(approval) = answer else { panic!("{answer:?}") };
    *approval
}

both_engines! {
    async fn what_a_person_agreed_to_is_done_once(store: TestStore) {
        let house = House::new(store).await;
        let (agents, ada) = (&house.first.agents, &house.ada);
        for key in [None, Some("k")] {
            let deal = house.deal("Acme renewal").await;
            let call = || agents.call_for_client(ada, deletion(deal, key));
            let waiting = asked(call().await.unwrap());
            assert_eq!(asked(call().await.unwrap()).id, waiting.id);
            assert_eq!(agents.approvals_waiting(ada).await.unwrap(), 1);
            let yes = Decision { approved: true, comment: String::new() };
            agents.answer_approval(ada, waiting.id, yes.clone()).await.unwrap();
            let closed = agents.answer_approval(ada, waiting.id, yes).await;
            assert!(matches!(closed, Err(Error::ApprovalClosed)), "{closed:?}");
            assert!(matches!(call().await.unwrap(), ClientAnswer::Done(_)));
            assert!(matches!(agents.client_answer(ada, waiting.id).await.unwrap(), ClientAnswer::Done(_)));
            assert_eq!(agents.approvals_waiting(ada).await.unwrap(), 0);
            if key.is_some() {
                // The key stands for that call.
                let other = house.deal("Another").await;
                let reused = agents.call_for_client(ada, deletion(other, key)).await;
                assert!(matches!(reused, Err(Error::Call(kontor_operations::Error::KeyReused))), "{reused:?}");
            }
        }
    }

    async fn two_who_send_the_same_call_at_once_are_asked_once(store: TestStore) {
        let house = House::new(store).await;
        let (agents, ada) = (&house.first.agents, &house.ada);
        let deal = house.deal("Acme renewal").await;
        let call = || agents.call_for_client(ada, deletion(deal, Some("k")));
        let (one, other) = tokio::join!(call(), call());
        assert_eq!(asked(one.unwrap()).id, asked(other.unwrap()).id);
    }
}
