//! What follows from a deal's stage.

use kontor_core::{error::ErrorKind, ids::RecordId};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value as Json, json};

use crate::support::{Fixture, Writes as _, issues, map, problem};

async fn patch(fixture: &Fixture, id: RecordId, fields: Json) -> Json {
    fixture.crm.update(&fixture.ada, "deal", id, map(fields), None).await.unwrap().record.to_json()
}

fn state(deal: &Json) -> (&Json, &Json, &Json) {
    (&deal["probability"], &deal["forecast_category"], &deal["close_date"])
}

fn today(fixture: &Fixture) -> Json {
    json!(fixture.crm.environment().now().date())
}

both_engines! {
    async fn a_deal_that_is_closed_has_no_chance_left_and_no_day_ahead(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let today = today(&fixture);
        for (stage, chance, category) in [("CLOSED_WON", 100, "CLOSED"), ("CLOSED_LOST", 0, "OMITTED")] {
            for close_date in [json!(null), json!("2999-01-01")] {
                let fields = json!({
                    "name": "D", "stage": "NEGOTIATION", "forecast_category": "COMMIT", "close_date": close_date, "probability": 60,
                });
                let deal = fixture.create("deal", fields).await;
                let closed = patch(&fixture, deal.id, json!({ "stage": stage })).await;
                assert_eq!(state(&closed), (&json!(chance), &json!(category), &today));
            }
            let made = fixture.create("deal", json!({ "name": "D", "stage": stage })).await.to_json();
            assert_eq!(state(&made), (&json!(chance), &json!(category), &today));
        }
    }

    async fn what_is_said_of_a_closed_deal_is_kept_where_it_fits(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "D", "forecast_category": "OMITTED", "close_date": "2020-02-03" })).await;
        // The day that was expected is past, and the deal was closed today.
        let today = json!(fixture.crm.environment().now().date());
        let won = patch(&fixture, deal.id, json!({ "stage": "CLOSED_WON" })).await;
        assert_eq!(state(&won), (&json!(100), &json!("OMITTED"), &today));
        let lost = patch(&fixture, deal.id, json!({ "stage": "CLOSED_LOST" })).await;
        assert_eq!(state(&lost), (&json!(0), &json!("OMITTED"), &today));
        let won = patch(&fixture, deal.id, json!({ "stage": "CLOSED_WON", "close_date": "2020-05-06", "probability": 100 })).await;
        assert_eq!(state(&won), (&json!(100), &json!("CLOSED"), &json!("2020-05-06")));
        // Emptied is as not said.
        let emptied = patch(&fixture, deal.id, json!({ "probability": null, "forecast_category": null })).await;
        assert_eq!(state(&emptied), (&json!(100), &json!("CLOSED"), &json!("2020-05-06")));
    }

    async fn what_contradicts_the_stage_is_refused(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let won = fixture.create("deal", json!({ "name": "W", "stage": "CLOSED_WON" })).await.id;
        let open = fixture.create("deal", json!({ "name": "O" })).await.id;
        for (id, fields, path) in [
            (won, json!({ "probability": 10 }), "probability"),
            (won, json!({ "forecast_category": "COMMIT" }), "forecast_category"),
            (open, json!({ "stage": "CLOSED_WON", "probability": 10 }), "probability"),
            (open, json!({ "stage": "CLOSED_LOST", "probability": 40 }), "probability"),
            (open, json!({ "stage": "CLOSED_LOST", "forecast_category": "BEST_CASE" }), "forecast_category"),
            (open, json!({ "forecast_category": "CLOSED" }), "forecast_category"),
            (won, json!({ "close_date": null }), "close_date"),
        ] {
            let found = problem(fixture.crm.update(&fixture.ada, "deal", id, map(fields.clone()), None).await);
            assert_eq!((found.kind, issues(&found)), (ErrorKind::Invalid, vec![(path, "contradicts_stage")]), "{fields}");
        }
        let both = map(json!({ "name": "y", "stage": "CLOSED_LOST", "probability": 40, "forecast_category": "COMMIT" }));
        let found = problem(fixture.crm.create(&fixture.ada, "deal", both).await);
        assert_eq!(issues(&found), [("probability", "contradicts_stage"), ("forecast_category", "contradicts_stage")]);
        assert_eq!(found.issues[0].message, "Probability is 0 % in Closed Lost, not 40 %; change the stage as well");
        let moved = patch(&fixture, won, json!({ "stage": "PROPOSAL", "probability": 55 })).await;
        assert_eq!(moved["probability"], 55);
    }

    async fn a_deal_that_is_opened_again_gets_back_what_its_closing_overwrote(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let fields = json!({ "name": "D", "stage": "NEGOTIATION", "forecast_category": "COMMIT", "close_date": "2999-01-01" });
        let deal = fixture.create("deal", fields).await.id;
        patch(&fixture, deal, json!({ "stage": "CLOSED_WON" })).await;
        patch(&fixture, deal, json!({ "amount": 5 })).await;
        patch(&fixture, deal, json!({ "stage": "CLOSED_LOST" })).await;
        let open = patch(&fixture, deal, json!({ "stage": "PROPOSAL" })).await;
        assert_eq!(state(&open), (&json!(50), &json!("COMMIT"), &json!("2999-01-01")));

        patch(&fixture, deal, json!({ "stage": "CLOSED_WON" })).await;
        let said = patch(&fixture, deal, json!({ "stage": "LEAD", "forecast_category": "OMITTED", "close_date": null })).await;
        assert_eq!(state(&said), (&json!(10), &json!("OMITTED"), &json!(null)));

        let made = fixture.create("deal", json!({ "name": "D", "stage": "CLOSED_WON", "close_date": "2020-01-02" })).await.id;
        let open = patch(&fixture, made, json!({ "stage": "LEAD" })).await;
        assert_eq!(state(&open), (&json!(10), &json!("PIPELINE"), &json!("2020-01-02")));
    }
}
