use kontor_core::{caller::Caller, ids::MemberId};
use kontor_crm::{
    demo::{self, DemoMember, DemoMembers},
    records::{self, ListQuery},
};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value as Json, json};

use crate::support::{Fixture, map};

/// A workspace with the demonstration in it, and its two members.
async fn filled(store: &TestStore) -> (Fixture, [MemberId; 2]) {
    filled_on(store, 0).await
}

/// The same, as it was so many days ago.
async fn filled_on(store: &TestStore, days_ago: i64) -> (Fixture, [MemberId; 2]) {
    let fixture = Fixture::new(store).await;
    let ada = DemoMember { id: fixture.member, name: "Ada Brandt".to_owned() };
    let max = DemoMember { id: fixture.crm.environment().new_id(), name: "Max Keller".to_owned() };
    let ids = [ada.id, max.id];
    fixture
        .crm
        .write(&Caller::system(fixture.workspace), DemoMembers { ada, max }, move |work, members| {
            Box::pin(async move {
                let object = work.schema.object("member").unwrap().clone();
                let fields = map(json!({ "name": members.max.name }));
                records::create_with_id(work, &object, members.max.id.as_uuid().into(), &fields).await?;
                let today = work.now.date().plus_days(-days_ago);
                demo::fill(work, members, today).await
            })
        })
        .await
        .unwrap();
    (fixture, ids)
}

async fn count(fixture: &Fixture, object: &str, filter: Json) -> u64 {
    let query = ListQuery { filter: Some(filter), limit: 1, total: true, ..ListQuery::default() };
    fixture.list(object, query).await.total.unwrap()
}

/// All records of an object as text, with the members' ids, which differ, replaced by their names.
async fn everything((fixture, members): &(Fixture, [MemberId; 2]), object: &str) -> Vec<String> {
    let mut records = Vec::new();
    let mut after = None;
    loop {
        let query = ListQuery { limit: 200, after, ..ListQuery::default() };
        let page = fixture.list(object, query).await;
        records.extend(page.records.iter().map(|record| {
            let text = record.to_json().to_string();
            text.replace(&members[0].to_string(), "ada").replace(&members[1].to_string(), "max")
        }));
        after = page.next;
        if after.is_none() {
            return records;
        }
    }
}

both_engines! {
    async fn the_demonstration_is_a_business_in_full_swing(store: TestStore) {
        let (fixture, members) = filled(&store).await;
        for (object, expected) in
            [("account", 30), ("contact", 120), ("deal", 60), ("activity", 300), ("task", 30), ("note", 24), ("lead", 27)]
        {
            assert_eq!(count(&fixture, object, json!({})).await, expected, "{object}");
        }
        for stage in ["LEAD", "QUALIFIED", "PROPOSAL", "NEGOTIATION", "CLOSED_WON", "CLOSED_LOST"] {
            let found = count(&fixture, "deal", json!({"stage": {"eq": stage}})).await;
            assert!(found >= 5, "{found} deals in {stage}");
        }
        let today = fixture.crm.environment().now().date();
        let open = json!({"not": {"stage": {"in": ["CLOSED_WON", "CLOSED_LOST"]}}});
        let upcoming = json!({"and": [open, {"close_date": {"gt": today}}]});
        let late = json!({"and": [open, {"close_date": {"lt": today}}]});
        assert!(count(&fixture, "deal", upcoming).await >= 25);
        assert!(count(&fixture, "deal", late).await >= 1);
        assert_eq!(
            count(&fixture, "deal", json!({"stage": {"in": ["CLOSED_WON", "CLOSED_LOST"]}, "close_date": {"gt": today}}))
                .await,
            0
        );
        for currency in ["USD", "EUR"] {
            assert!(count(&fixture, "deal", json!({"amount.currency": {"eq": currency}})).await >= 5);
        }
        for member in members {
            for object in ["account", "deal", "activity", "task", "lead"] {
                let owned = count(&fixture, object, json!({"owner": {"eq": member}})).await;
                assert!(owned >= 5, "{owned} of {object}");
            }
        }
    }

    async fn its_history_runs_forward_and_ends_before_now(store: TestStore) {
        let (fixture, _) = filled(&store).await;
        let now = fixture.crm.environment().now();
        assert_eq!(count(&fixture, "activity", json!({"happened_at": {"gt": now}})).await, 0);
        let won = ListQuery {
            filter: Some(json!({"stage": {"eq": "CLOSED_WON"}})),
            sort: Some("created_at".to_owned()),
            limit: 1,
            ..ListQuery::default()
        };
        let deal = fixture.list("deal", won).await.records.remove(0);
        let timeline = fixture.crm.timeline(&fixture.ada, "deal", deal.id, 60, None).await.unwrap();
        let moves: Vec<_> =
            timeline.entries.iter().filter(|entry| entry.name.starts_with("deal.")).collect();
        let stages: Vec<_> = moves
            .iter()
            .filter_map(|entry| Some(entry.changes.get("stage")?.after.as_str()?.to_owned()))
            .collect();
        assert_eq!(stages, ["CLOSED_WON", "NEGOTIATION", "PROPOSAL", "QUALIFIED", "LEAD"]);
        assert!(moves.windows(2).all(|pair| pair[0].happened_at > pair[1].happened_at));
        assert!(now.since(moves[0].happened_at).as_secs() > 86_400 / 2);
    }

    async fn the_second_largest_open_deal_can_be_moved_to_negotiation_on_any_day(store: TestStore) {
        for days_ago in [0, 1, 6, 31] {
            let (fixture, _) = filled_on(&store, days_ago).await;
            let open = json!({"and": [
                {"stage": {"not_in": ["CLOSED_WON", "CLOSED_LOST"]}},
                {"amount": {"gt": 10_000}},
            ]});
            let query =
                ListQuery { filter: Some(open), sort: Some("-amount".to_owned()), ..ListQuery::default() };
            let deals: Vec<Json> = fixture.list("deal", query).await.records.iter().map(|deal| deal.to_json()).collect();
            assert!(deals.len() >= 20, "{}", deals.len());
            let amount = |place: usize| deals[place]["amount"]["amount"].as_f64().unwrap();
            assert!(amount(0) > amount(1) && amount(1) > amount(2), "{deals:?}");
            assert!(["QUALIFIED", "PROPOSAL"].contains(&deals[1]["stage"].as_str().unwrap()), "{}", deals[1]);
        }
    }

    async fn it_is_the_same_on_every_run_of_a_day(store: TestStore) {
        let (one, other) = (filled(&store).await, filled(&store).await);
        for object in ["account", "contact", "deal", "lead", "activity", "task", "note"] {
            assert_eq!(everything(&one, object).await, everything(&other, object).await, "{object}");
        }
    }
}
