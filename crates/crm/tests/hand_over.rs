//! The records of a member who goes are given to another.

use kontor_core::{
    grants::{Action, Grants, ObjectGrant},
    ids::MemberId,
    metadata::Name,
};
use kontor_crm::{Error, HandOverOf, HandedOver};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value as Json, json};

use crate::support::{Fixture, Writes as _};

impl Fixture {
    /// Another member of the workspace.
    async fn colleague(&self) -> MemberId {
        let id = MemberId(self.crm.environment().new_id());
        let namespace = self.crm.store().workspace(self.workspace).await.unwrap();
        let arguments = (self.crm.environment().clone(), self.workspace);
        let written: Result<(), Error> = namespace
            .write(arguments, move |tx, (environment, workspace)| {
                Box::pin(async move {
                    let (name, email) = ("Max Okafor", "max@demo.test");
                    let record = kontor_crm::MemberRecord { id, name, email, time_zone: None };
                    kontor_crm::Crm::write_member(tx, environment, *workspace, record, environment.now())
                        .await
                })
            })
            .await;
        written.unwrap();
        id
    }

    /// Hands over as often as it takes.
    async fn hand_over(&self, caller: &kontor_core::caller::Caller, of: HandOverOf) -> (HandedOver, usize) {
        let namespace = self.crm.store().workspace(self.workspace).await.unwrap();
        let (mut all, mut units) = (HandedOver::default(), 0);
        loop {
            let arguments = (self.crm.clone(), caller.clone(), all.place.clone());
            let done: Result<HandedOver, Error> = namespace
                .write(arguments, move |tx, (crm, caller, place)| {
                    let now = crm.environment().now();
                    Box::pin(async move { crm.hand_over(tx, caller, of, place.as_deref(), now).await })
                })
                .await;
            let done = done.unwrap();
            units += 1;
            all.handed_over += done.handed_over;
            all.left_over += done.left_over;
            all.has_hidden |= done.has_hidden;
            all.place = done.place;
            if all.place.is_none() {
                return (all, units);
            }
        }
    }
}

both_engines! {
    async fn every_record_gets_its_new_owner_in_bounded_units_with_its_traces(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let max = fixture.colleague().await;
        let of = HandOverOf { from: fixture.member, to: max };
        let me = json!(fixture.member);
        let mut deals = Vec::new();
        for number in 0..60 {
            deals.push(fixture.create("deal", json!({ "name": format!("Deal {number}"), "owner": me })).await.id);
        }
        let task = fixture.create("task", json!({ "title": "Call", "owner": me })).await.id;
        let others = fixture.create("deal", json!({ "name": "Theirs", "owner": max })).await.id;
        let gone = fixture.create("account", json!({ "name": "Gone", "owner": me })).await.id;
        fixture.crm.delete(&fixture.ada, "account", gone).await.unwrap();
        let logged = json!({ "type": "CALL", "subject": "Hello", "owner": me });
        let activity = fixture.create("activity", logged).await.id;

        let (done, units) = fixture.hand_over(&fixture.ada, of).await;
        assert_eq!((done.handed_over, done.left_over), (62, 0));
        assert!(units >= 2, "{units}");
        let deal = fixture.get("deal", deals[0]).await;
        assert_eq!((&deal["owner"]["id"], &deal["version"]), (&json!(max), &json!(2)));
        assert_eq!(deal["updated_by"]["name"], fixture.ada.principal.name());
        let task = fixture.get("task", task).await;
        assert_eq!((&task["owner"]["id"], &task["assignee"]["id"], &task["version"]), (&json!(max), &json!(max), &json!(2)));
        assert_eq!(fixture.get("deal", others).await["version"], 1);
        // Who did something did it.
        let activity = fixture.get("activity", activity).await;
        assert_eq!((&activity["owner"]["id"], &activity["performed_by"]["id"]), (&json!(max), &me));
        let timeline = fixture.crm.timeline(&fixture.ada, "deal", deals[59], 10, None).await.unwrap();
        assert_eq!(timeline.entries.len(), 2);
        let (again, _) = fixture.hand_over(&fixture.ada, of).await;
        assert_eq!((again.handed_over, again.left_over), (0, 0));
    }

    async fn what_the_caller_may_not_change_stays_and_is_counted(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let max = fixture.colleague().await;
        let me: Json = json!(fixture.member);
        let deal = fixture.create("deal", json!({ "name": "Crane", "owner": me })).await.id;
        let account = fixture.create("account", json!({ "name": "Acme", "owner": me })).await.id;
        let grants = Grants::on_every_object([Action::Read, Action::Update])
            .with_object(Name::literal("account"), ObjectGrant::of([Action::Read]));
        let caller = fixture.with(grants);
        let of = HandOverOf { from: fixture.member, to: max };
        let (done, _) = fixture.hand_over(&caller, of).await;
        assert_eq!((done.handed_over, done.left_over, done.has_hidden), (1, 1, false));
        assert_eq!(fixture.get("deal", deal).await["owner"]["id"], json!(max));
        assert_eq!(fixture.get("account", account).await["owner"]["id"], me);
        // How many there are that the caller may not read is not told.
        let grants = Grants::on_every_object([Action::Read, Action::Update])
            .with_object(Name::literal("account"), ObjectGrant::nothing());
        let (done, _) = fixture.hand_over(&fixture.with(grants), of).await;
        assert_eq!((done.handed_over, done.left_over, done.has_hidden), (0, 0, true));
    }
}
