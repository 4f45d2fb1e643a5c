//! Sessions that others read or take part in.

use futures::StreamExt as _;
use kontor_agents::{
    Access, Error, ForkPoint, NewFork, NewShare, Session, SessionQuery, ShareAccess, TurnStatus,
};
use kontor_core::{
    caller::Caller,
    error::Fault as _,
    ids::{MemberId, SessionId},
    turn::TurnEvent,
};
use kontor_identity::{MemberPatch, MemberStatus};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::house::{House, patient, plan, texts};

async fn share(house: &House, session: SessionId, with: &Caller, access: ShareAccess) {
    let share =
        house.first.agents.share_session(&house.ada, session, with.member().unwrap(), NewShare { access });
    share.await.unwrap();
}

fn code<T>(result: Result<T, Error>) -> String {
    result.err().expect("it is refused").problem().code.into_owned()
}

both_engines! {
    async fn a_session_is_offered_to_members_who_may_act_alone(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let (vera, max) = (house.member("Vera Nowak", "Viewer").await, house.member("Max Okafor", "Viewer").await);
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let out = MemberPatch { status: Some(MemberStatus::Inactive), ..MemberPatch::default() };
        agents.change_member(&house.ada, max.member().unwrap(), out).await.unwrap();
        let offered = agents.members_to_share_with(&house.ada, session).await.unwrap();
        assert_eq!(offered.iter().map(|member| member.id).collect::<Vec<_>>(), [vera.member().unwrap()]);
    }

    async fn a_reader_sees_what_was_said_and_nothing_that_tools_answered(store: TestStore) {
        let house = House::new(store).await;
        let deal = house.deal("Zanzibar renewal").await;
        let vera = house.member("Vera Nowak", "Viewer").await;
        let agents = &house.first.agents;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let message = plan(&[&[("deal.update", json!({"id": deal, "stage": "NEGOTIATION"}))]], "It is moved.");
        house.first.ask(&house.ada, session, message).await;
        assert_eq!(code(agents.session(&vera, session).await), "session_not_found");

        share(&house, session, &vera, ShareAccess::Read).await;
        let seen = agents.log(&vera, session, 0, 100).await.unwrap();
        let all: String = seen.iter().map(|logged| logged.data().to_owned()).collect();
        assert!(all.contains("It is moved.") && !all.contains("Zanzibar"), "{all}");
        let hers = agents.log(&house.ada, session, 0, 100).await.unwrap();
        assert!(hers.iter().any(|logged| logged.data().contains("Zanzibar")));
        let told: Session = agents.session(&vera, session).await.unwrap();
        assert_eq!((told.access, told.member.unwrap().name.as_deref()), (Access::Read, Some("Ada Brandt")));
        let listed = agents.sessions(&vera, SessionQuery::first(5)).await.unwrap().sessions;
        assert_eq!((listed.len(), listed[0].access), (1, Access::Read));

        // To be read, and not more.
        assert_eq!(code(agents.start_turn(&vera, session, "hi".into(), None).await), "session_read_only");
        let title = serde_json::from_value(json!({"title": "Mine"})).unwrap();
        assert_eq!(code(agents.update_session(&vera, session, title).await), "not_your_session");
        assert_eq!(code(agents.delete_session(&vera, session, false).await), "not_your_session");
        assert_eq!(code(agents.session_shares(&vera, session).await), "not_your_session");

        agents.unshare_session(&house.ada, session, vera.member().unwrap()).await.unwrap();
        assert_eq!(code(agents.log(&vera, session, 0, 100).await), "session_not_found");
        assert!(agents.sessions(&vera, SessionQuery::first(5)).await.unwrap().sessions.is_empty());
        house.check();
    }

    async fn who_takes_part_acts_with_their_own_grants_and_reads_no_results_of_others(store: TestStore) {
        let house = House::new(store).await;
        let deal = house.deal("Zanzibar renewal").await;
        let vera = house.member("Vera Nowak", "Viewer").await;
        let agents = &house.first.agents;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let found = plan(&[&[("deal.update", json!({"id": deal, "stage": "NEGOTIATION"}))]], "Found it.");
        house.first.ask(&house.ada, session, found).await;
        share(&house, session, &vera, ShareAccess::TakePart).await;

        let change = plan(&[&[("deal.update", json!({"id": deal, "stage": "PROPOSAL"}))]], "I may not.");
        let events = house.first.ask(&vera, session, change).await;
        assert!(matches!(&events[0], TurnEvent::TurnStarted { by: Some(by), .. } if Some(*by) == vera.member()));
        assert_eq!(crate::house::outcome(&events, 1, 0)["problem"]["code"], "unknown_operation");
        assert_eq!(house.stage(deal).await, "NEGOTIATION");
        // Her agent was told what was said before her, as what another said, and not what tools answered.
        let asked = house.server.requests().last().unwrap()["messages"].to_string();
        assert!(asked.contains("another_member_wrote") && asked.contains("Found it."), "{asked}");
        assert!(!asked.contains("Zanzibar"), "{asked}");
        let turn = agents.turn(&vera, events[0].turn()).await.unwrap();
        assert_eq!((Some(turn.member), turn.status), (vera.member(), TurnStatus::Completed));

        // And the owner's next turn is told of hers in the same way, and of her own in full.
        house.first.ask(&house.ada, session, plan(&[], "Well.")).await;
        let asked = house.server.requests().last().unwrap()["messages"].to_string();
        assert!(asked.contains("Zanzibar") && asked.contains("another_member_wrote"), "{asked}");
        let hers = agents.log(&house.ada, session, 0, 1_000).await.unwrap();
        assert!(hers.iter().any(|logged| logged.data().contains("Not shown")));
        house.check();
    }

    async fn a_stream_ends_when_a_session_is_shared_no_longer(store: TestStore) {
        let house = House::new(store).await;
        let vera = house.member("Vera Nowak", "Viewer").await;
        let agents = &house.first.agents;
        let session = house.first.session(&house.ada, "analyst").await;
        share(&house, session, &vera, ShareAccess::Read).await;
        let mut events = Box::pin(agents.subscribe(&vera, session, None).await.unwrap());
        house.first.ask(&house.ada, session, plan(&[], "Heard.")).await;
        assert!(patient(events.next()).await.is_some());
        agents.unshare_session(&house.ada, session, vera.member().unwrap()).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
        house.first.ask(&house.ada, session, plan(&[], "Unheard.")).await;
        let rest: Vec<_> = patient(events.map(|event| event.data().into_owned()).collect::<Vec<_>>()).await;
        assert!(rest.iter().all(|data| !data.contains("Unheard.")), "{rest:?}");
    }

    async fn a_session_is_shared_with_active_members_by_whose_it_is(store: TestStore) {
        let house = House::new(store).await;
        let (vera, max) = (house.member("Vera Nowak", "Viewer").await, house.member("Max Okafor", "Admin").await);
        let agents = &house.first.agents;
        let session = house.first.session(&house.ada, "analyst").await;
        let nobody: MemberId = "018f2b6e-7c1a-7000-8000-000000000009".parse().unwrap();
        let own = house.ada.member().unwrap();
        assert_eq!(code(agents.share_session(&house.ada, session, nobody, NewShare::default()).await), "member_not_found");
        assert_eq!(code(agents.share_session(&house.ada, session, own, NewShare::default()).await), "invalid_input");
        share(&house, session, &vera, ShareAccess::Read).await;
        let on = agents.share_session(&vera, session, max.member().unwrap(), NewShare::default()).await;
        assert_eq!(code(on), "not_your_session");
        let shares = agents.session_shares(&house.ada, session).await.unwrap();
        assert_eq!(shares.len(), 1);
        // Who does not want it leaves.
        agents.unshare_session(&vera, session, vera.member().unwrap()).await.unwrap();
        let gone = agents.unshare_session(&house.ada, session, vera.member().unwrap()).await;
        assert_eq!(code(gone), "share_not_found");
    }

    async fn a_fork_goes_on_from_a_message_and_does_nothing_again(store: TestStore) {
        let house = House::new(store).await;
        let deal = house.deal("Acme renewal").await;
        let agents = &house.first.agents;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let first = plan(&[&[("deal.update", json!({"id": deal, "stage": "NEGOTIATION"}))]], "Moved.");
        let first = house.first.ask(&house.ada, session, first).await[0].turn();
        house.first.ask(&house.ada, session, plan(&[], "Second.")).await;
        let timeline = house.timeline(deal).await.len();

        let fork = |at, before| agents.fork_session(&house.ada, session, NewFork { at, before });
        let forked = fork(Some(ForkPoint::Turn(first)), false).await.unwrap();
        assert_eq!((forked.forked_from, forked.access), (Some(session), Access::Owner));
        let log = agents.log(&house.ada, forked.id, 0, 100).await.unwrap();
        let events: Vec<TurnEvent> = log.iter().map(|logged| (*logged.event).clone()).collect();
        assert_eq!(texts(&events), ["Moved."]);
        assert!(log.iter().map(|logged| logged.seq).eq(1..=forked.last_seq), "{log:?}");
        assert!(events.iter().all(|event| event.turn() != first));
        house.first.ask(&house.ada, forked.id, plan(&[], "Otherwise.")).await;
        let asked = house.server.requests().last().unwrap()["messages"].to_string();
        assert!(asked.contains("NEGOTIATION") && asked.contains("Moved.") && !asked.contains("Second."), "{asked}");
        // Also read anew from the log, as after a restart.
        assert_eq!(house.timeline(deal).await.len(), timeline);

        // By the number of an event, and before a message.
        let last = agents.log(&house.ada, session, 0, 100).await.unwrap().last().unwrap().seq;
        let whole = fork(Some(ForkPoint::Event(last)), false).await.unwrap();
        assert_eq!(whole.last_seq, last - usages(&house, session).await);
        let empty = fork(Some(ForkPoint::Turn(first)), true).await.unwrap();
        assert_eq!((empty.last_seq, empty.title), (0, None));
        assert_eq!(code(fork(Some(ForkPoint::Event(9_999)), false).await), "invalid_input");
        house.check();
    }

    async fn a_reader_s_fork_has_no_results_and_the_words_of_another_stay_another_s(store: TestStore) {
        let house = House::new(store).await;
        let deal = house.deal("Zanzibar renewal").await;
        let vera = house.member("Vera Nowak", "Viewer").await;
        let agents = &house.first.agents;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let found = plan(&[&[("deal.update", json!({"id": deal, "stage": "NEGOTIATION"}))]], "Found it.");
        house.first.ask(&house.ada, session, found).await;
        share(&house, session, &vera, ShareAccess::Read).await;
        let forked = agents.fork_session(&vera, session, NewFork::default()).await.unwrap();
        house.first.ask(&vera, forked.id, plan(&[], "On.")).await;
        let asked = house.server.requests().last().unwrap()["messages"].to_string();
        assert!(asked.contains("another_member_wrote") && !asked.contains("Zanzibar"), "{asked}");
        let kept = agents.export_session(&vera, forked.id).await.unwrap();
        assert!(!serde_json::to_string(&kept).unwrap().contains("Zanzibar"));
        assert_eq!(code(agents.session(&house.ada, forked.id).await), "session_not_found");
    }
}

async fn usages(house: &House, session: SessionId) -> i64 {
    let log = house.first.agents.log(&house.ada, session, 0, 100).await.unwrap();
    let usages = log.iter().filter(|logged| matches!(*logged.event, TurnEvent::Usage { .. })).count();
    i64::try_from(usages).unwrap()
}
