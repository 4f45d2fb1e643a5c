//! Versions of prompts, the labels that stand at them, reviews, drafts and previews.

use kontor_agents::{LabelMove, NewDraft, NewPreview, NewPrompt, NewReview, ReviewAnswer, ReviewStatus};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Fault as _},
    grants::{Action, FieldSet, Grants, ObjectGrant},
    metadata::Name,
};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Map, Value, json};

use crate::{
    definitions::{audited, new},
    house::{House, plan},
};

fn prompt(body: &str) -> NewPrompt {
    serde_json::from_value(json!({"body": body, "note": "Shorter."})).unwrap()
}

fn to(version: i64, expected: Option<i64>) -> LabelMove {
    LabelMove { version, expected, reason: None }
}

fn code(error: kontor_agents::Error) -> String {
    error.problem().code.into_owned()
}

async fn protect(house: &House) {
    let changes = Map::from_iter([("protected_labels".to_owned(), json!(["production"]))]);
    house.first.identity.change_workspace_settings(&house.ada, &changes).await.unwrap();
}

both_engines! {
    async fn a_prompt_is_saved_as_a_version_and_used_when_production_stands_at_it(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let saved = agents.save_prompt(&house.ada, "analyst", prompt("You count for {{ member.name }}.")).await.unwrap();
        assert_eq!((saved.version, saved.note.as_str()), (2, "Shorter."));
        assert_eq!(saved.author.to_string(), "Ada Brandt");
        let session = house.first.session(&house.ada, "analyst").await;
        house.first.ask(&house.ada, session, plan(&[], "One.")).await;
        let told = |house: &House| house.server.requests().pop().unwrap()["messages"][0]["content"].clone();
        assert_ne!(told(&house), "You count for Ada Brandt.", "no label has moved");
        let moved = agents.move_label(&house.ada, "analyst", "production", to(2, Some(1))).await.unwrap();
        assert_eq!((moved.version, moved.moved_by.to_string()), (2, "Ada Brandt".to_owned()));
        house.first.ask(&house.ada, session, plan(&[], "Two.")).await;
        assert_eq!(told(&house), "You count for Ada Brandt.");
        // Rolled back.
        agents.move_label(&house.ada, "analyst", "production", to(1, Some(2))).await.unwrap();
        house.first.ask(&house.ada, session, plan(&[], "Three.")).await;
        assert_ne!(told(&house), "You count for Ada Brandt.");
        let all = agents.prompts(&house.ada, "analyst").await.unwrap();
        let standing: Vec<_> = all.iter().map(|one| (one.version, one.labels.clone())).collect();
        assert_eq!(standing, [(2, vec![]), (1, vec!["production".to_owned()])]);
        assert_eq!(agents.agent_by_name(&house.ada, "analyst").await.unwrap().version, 3);
        assert_eq!(audited(&house).await, ["label.moved", "label.moved", "prompt.saved"]);
        let diff = agents.prompt_diff(&house.ada, "analyst", 1, 2).await.unwrap();
        assert!(diff.unified.contains("+You count for {{ member.name }}."), "{}", diff.unified);
        house.check();
    }

    async fn of_two_who_move_a_label_at_once_one_is_told_of_the_other(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let bo = house.member("Bo Lind", "Admin").await;
        let (first, second) = tokio::join!(
            agents.save_prompt(&house.ada, "analyst", prompt("Ada's.")),
            agents.save_prompt(&bo, "analyst", prompt("Bo's.")),
        );
        let mut numbers = [first.unwrap().version, second.unwrap().version];
        numbers.sort_unstable();
        assert_eq!(numbers, [2, 3], "nobody's work is lost");
        let (first, second) = tokio::join!(
            agents.move_label(&house.ada, "analyst", "staging", to(2, None)),
            agents.move_label(&bo, "analyst", "staging", to(3, None)),
        );
        let (won, lost) = match (first, second) {
            (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
            other => panic!("{other:?}"),
        };
        let problem = lost.problem();
        assert_eq!((problem.kind, problem.code.as_ref()), (ErrorKind::Conflict, "label_moved"));
        let told = format!("{} moved staging to version {} meanwhile.", won.moved_by, won.version);
        assert!(problem.message.starts_with(&told), "{problem}");
        let labels = agents.labels(&house.ada, "analyst").await.unwrap();
        assert_eq!(labels.iter().map(|label| label.label.as_str()).collect::<Vec<_>>(), ["production", "staging"]);
        agents.remove_label(&house.ada, "analyst", "staging").await.unwrap();
        assert_eq!(code(agents.remove_label(&house.ada, "analyst", "staging").await.unwrap_err()), "label_not_found");
        assert_eq!(code(agents.remove_label(&house.ada, "analyst", "production").await.unwrap_err()), "label_needed");
        let nowhere = agents.move_label(&house.ada, "analyst", "staging", to(9, None)).await.unwrap_err();
        assert_eq!(code(nowhere), "prompt_not_found");
        let never = agents.move_label(&house.ada, "analyst", "production", to(2, Some(99))).await.unwrap_err().problem();
        assert_eq!((&*never.code, never.issues[0].path.as_str()), ("unknown_version", "expected"));
        assert!(never.message.contains("no version 99: the latest is 3"), "{never}");
        let odd = agents.move_label(&house.ada, "analyst", "Pro duction", to(2, None)).await.unwrap_err();
        assert_eq!(odd.problem().issues[0].code, "invalid_label");
    }

    async fn a_reset_that_needs_a_review_writes_nothing(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        agents.save_prompt(&house.ada, "analyst", prompt("Other.")).await.unwrap();
        agents.move_label(&house.ada, "analyst", "production", to(2, Some(1))).await.unwrap();
        protect(&house).await;
        assert_eq!(code(agents.reset_agent(&house.ada, "analyst", None).await.unwrap_err()), "review_required");
        let versions = agents.prompts(&house.ada, "analyst").await.unwrap();
        assert_eq!(versions.len(), 2, "{versions:?}");
        assert_eq!(agents.agent_by_name(&house.ada, "analyst").await.unwrap().version, 2);
    }

    async fn a_protected_label_moves_by_a_second_person_s_word_alone(store: TestStore) {
        let house = House::new(store).await;
        protect(&house).await;
        let agents = &house.first.agents;
        let bo = house.member("Bo Lind", "Admin").await;
        let cy = house.member("Cy Dahl", "Admin").await;
        let saved = agents.save_prompt(&house.ada, "analyst", prompt("Count.")).await.unwrap();
        let at_once = agents.move_label(&house.ada, "analyst", "production", to(2, Some(1))).await;
        assert_eq!(code(at_once.unwrap_err()), "review_required");
        assert!(agents.labels(&bo, "analyst").await.unwrap()[0].is_protected);
        // Who asks is not who wrote it, and neither is the second person.
        let asked: NewReview = serde_json::from_value(json!({
            "label": "production", "version": saved.version, "expected": 1, "note": "Please look.",
        }))
        .unwrap();
        let review = agents.request_review(&bo, "analyst", asked.clone()).await.unwrap();
        let answer = |decision: &str| -> ReviewAnswer {
            serde_json::from_value(json!({"decision": decision, "comment": "Fine."})).unwrap()
        };
        for who in [&house.ada, &bo] {
            let own = agents.answer_review(who, "analyst", review.id, answer("approve")).await;
            assert_eq!(code(own.unwrap_err()), "own_review");
        }
        let approved = agents.answer_review(&cy, "analyst", review.id, answer("approve")).await.unwrap();
        assert_eq!((approved.status, approved.comment.as_str()), (ReviewStatus::Approved, "Fine."));
        assert_eq!(agents.labels(&bo, "analyst").await.unwrap()[0].version, 2);
        assert_eq!(agents.agent_by_name(&bo, "analyst").await.unwrap().prompt_version, 2);
        let again = agents.answer_review(&cy, "analyst", review.id, answer("refuse")).await;
        assert_eq!(code(again.unwrap_err()), "review_closed");
        // What was asked for when the label stood elsewhere.
        assert_eq!(code(agents.request_review(&bo, "analyst", asked).await.unwrap_err()), "label_moved");
        let back: NewReview = serde_json::from_value(json!({"label": "production", "version": 1, "expected": 2})).unwrap();
        let back = agents.request_review(&bo, "analyst", back).await.unwrap();
        let taken = agents.answer_review(&cy, "analyst", back.id, answer("withdraw")).await;
        assert_eq!(code(taken.unwrap_err()), "review_not_found");
        agents.answer_review(&cy, "analyst", back.id, answer("refuse")).await.unwrap();
        assert_eq!(agents.labels(&bo, "analyst").await.unwrap()[0].version, 2);
        let told: Vec<_> = agents.reviews(&cy, "analyst").await.unwrap().iter().map(|one| one.status).collect();
        assert_eq!(told, [ReviewStatus::Refused, ReviewStatus::Approved]);
        let acts = ["review.refused", "review.requested", "label.moved", "review.approved", "review.requested", "prompt.saved"];
        assert_eq!(audited(&house).await, acts);
        // Nor is another agent put in the place of a deleted one.
        let other = || new(json!({"name": "other", "role": "Viewer"}));
        agents.create_agent(&house.ada, other()).await.unwrap();
        agents.delete_agent(&house.ada, "other", None).await.unwrap();
        assert_eq!(agents.create_agent(&house.ada, other()).await.unwrap_err().problem().issues[0].code, "name_kept");
    }

    async fn a_prompt_that_cannot_be_told_is_refused_with_its_line_and_column(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let refused = agents.save_prompt(&house.ada, "analyst", prompt("Hello\n{{ membr.name }}")).await;
        let problem = refused.unwrap_err().problem();
        assert_eq!(problem.code, "invalid_prompt");
        let issue = serde_json::to_value(&problem.issues[0]).unwrap();
        assert_eq!((&issue["path"], &issue["line"], &issue["column"]), (&json!("body"), &json!(2), &json!(4)));
        let viewer = house.member("Vera Holm", "Viewer").await;
        assert_eq!(code(agents.save_prompt(&viewer, "analyst", prompt("x")).await.unwrap_err()), "not_permitted");
        assert_eq!(code(agents.prompts(&viewer, "analyst").await.unwrap_err()), "not_permitted");
    }

    async fn each_editor_has_a_draft_until_they_save_it(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let bo = house.member("Bo Lind", "Admin").await;
        let draft = |body: &str| NewDraft { body: body.to_owned(), based_on: Some(1) };
        agents.keep_draft(&house.ada, "analyst", draft("Ada's {{ unfinished")).await.unwrap();
        agents.keep_draft(&bo, "analyst", draft("Bo's")).await.unwrap();
        agents.keep_draft(&bo, "analyst", draft("Bo's second")).await.unwrap();
        let of = async |who: &Caller| agents.prompt_draft(who, "analyst").await.unwrap().map(|draft| draft.body);
        assert_eq!(of(&house.ada).await.as_deref(), Some("Ada's {{ unfinished"));
        assert_eq!(of(&bo).await.as_deref(), Some("Bo's second"));
        agents.save_prompt(&bo, "analyst", prompt("Bo's third")).await.unwrap();
        assert_eq!(of(&bo).await, None);
        agents.discard_draft(&house.ada, "analyst").await.unwrap();
        assert_eq!(of(&house.ada).await, None);
    }

    async fn a_preview_shows_what_both_the_member_and_the_caller_may_see(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let deal = house.deal("Crane").await;
        let vera = house.member("Vera Holm", "Viewer").await;
        let asked = |value: Value| -> NewPreview { serde_json::from_value(value).unwrap() };
        let body = "{{ member.name }} as {{ member.role }} at {{ context.label if context else 'nothing' }}";
        let shown = agents
            .preview(&house.ada, "sales-assistant", asked(json!({
                "body": body, "member": vera.member(), "record": {"object": "deal", "id": deal},
            })))
            .await
            .unwrap();
        assert_eq!(shown.prompt, "Vera Holm as Viewer at Crane");
        assert_eq!(shown.tokens.total, shown.tokens.prompt + shown.tokens.tools);
        assert!(shown.tools.iter().any(|tool| tool.name == "find"));
        assert!(!shown.tools.iter().any(|tool| tool.name == "update"), "a viewer changes nothing");
        let own = agents.preview(&house.ada, "sales-assistant", asked(json!({"record": deal}))).await.unwrap();
        assert!(own.tools.iter().any(|tool| tool.name == "update"));
        assert!(own.prompt.contains("\"Crane\"") && own.prompt.contains("amount"));
        // It is what the model is sent.
        let session = house.first.session(&house.ada, "sales-assistant").await;
        house.first.ask(&house.ada, session, plan(&[], "Done.")).await;
        let plain = agents.preview(&house.ada, "sales-assistant", NewPreview::default()).await.unwrap();
        let sent = house.server.requests().pop().unwrap();
        assert_eq!(sent["messages"][0]["content"], plain.prompt);
        assert_eq!(sent["tools"].as_array().unwrap().len(), plain.tools.len());

        // An editor of prompts who may not read amounts does not read of them by looking as an admin.
        let hidden = FieldSet::Except([Name::literal("amount")].into());
        let grants = Grants::on_every_object([Action::Read])
            .with_object(Name::literal("deal"), ObjectGrant::of([Action::Read]).reading(hidden))
            .with_object(Name::literal("member"), ObjectGrant::nothing())
            .with_platform([kontor_core::grants::Permission::Prompts]);
        let editor = Caller { grants: grants.into(), ..vera.clone() };
        let as_ada = agents.preview(&editor, "sales-assistant", asked(json!({"member": house.ada.member()}))).await;
        assert_eq!(as_ada.unwrap_err().problem().issues[0].code, "unknown_member");
        let seen = agents.preview(&editor, "sales-assistant", asked(json!({"version": 1}))).await.unwrap();
        assert!(!seen.prompt.contains("amount money"), "{}", seen.prompt);
        let none = agents.preview(&house.ada, "analyst", asked(json!({"version": 9}))).await.unwrap_err();
        assert_eq!(code(none), "prompt_not_found");
        let unknown = asked(json!({"record": {"object": "deal", "id": uuid::Uuid::nil()}}));
        let unknown = agents.preview(&house.ada, "analyst", unknown).await.unwrap_err();
        assert_eq!(unknown.problem().issues[0].code, "unknown_record");
    }
}
