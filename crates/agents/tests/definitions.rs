//! Agents made, changed, copied, reset and deleted by those who may.

use kontor_agents::{AgentPatch, NewAgent, NewSession, SessionQuery};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Fault as _},
    grants::{Grants, Permission},
};
use kontor_identity::NewRole;
use kontor_store::{AuditQuery, AuditRecord, both_engines, testing::TestStore};
use serde_json::{Value, json};

use crate::house::{House, plan, texts};

pub(crate) fn new(value: Value) -> NewAgent {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn patch(value: Value) -> AgentPatch {
    serde_json::from_value(value).unwrap()
}

/// What was done to agents, the latest first.
pub(crate) async fn audited(house: &House) -> Vec<String> {
    let namespace = house.store.workspace(house.workspace).await.unwrap();
    let query = AuditQuery { limit: 50, ..AuditQuery::default() };
    let acts: Result<Vec<AuditRecord>, kontor_store::Error> =
        namespace.read(query, |tx, query| Box::pin(tx.audit_log(query))).await;
    let acts = acts.unwrap().into_iter().filter(|act| act.target.starts_with("agent:"));
    acts.map(|act| act.action).collect()
}

/// The caller with these permissions only.
fn permitted(caller: &Caller, permissions: impl IntoIterator<Item = Permission>) -> Caller {
    let grants = Grants::clone(&caller.grants).with_platform(permissions);
    Caller { grants: grants.into(), ..caller.clone() }
}

both_engines! {
    async fn an_agent_made_from_nothing_answers_and_its_name_is_its_own(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let made = agents
            .create_agent(&house.ada, new(json!({
                "name": "lead-finder", "role": "Viewer", "model": "scripted/small",
                "operations": ["lead.*", "*.find"], "prompt": "You are {{ agent.label }}.",
                "settings": {"temperature": 0.2, "max_output_tokens": 50},
            })))
            .await
            .unwrap();
        assert_eq!((made.version, made.prompt_version, made.active), (1, 1, true));
        assert_eq!(made.definition.label, "Lead finder");
        assert_eq!(made.prompt.as_deref(), Some("You are {{ agent.label }}."));
        let session = house.first.session(&house.ada, "lead-finder").await;
        let events = house.first.ask(&house.ada, session, plan(&[], "Here.")).await;
        assert_eq!(texts(&events), ["Here."]);
        let sent = house.server.requests().pop().unwrap();
        assert_eq!(sent["messages"][0]["content"], "You are Lead finder.");
        assert_eq!((&sent["temperature"], &sent["max_tokens"]), (&json!(0.2), &json!(50)));
        let again = agents.create_agent(&house.ada, new(json!({"name": "lead-finder", "role": "Viewer"}))).await;
        assert_eq!(again.unwrap_err().problem().code, "agent_exists");
        assert_eq!(audited(&house).await, ["agent.created"]);
        house.check();
    }

    async fn all_that_is_wrong_with_an_agent_is_told_at_its_place(store: TestStore) {
        let house = House::new(store).await;
        let wrong = new(json!({
            "name": "Lead Finder", "role": "Viewr", "label": "", "model": "scripted/smal", "icon": "<b>",
            "operations": ["contact.*", "a b"], "fallbacks": ["scripted/small", "scripted/small"],
            "settings": {"temperature": 3}, "limits": {"steps": 0}, "format": {"schema": {"type": "thing"}},
            "prompt": "{{ nobody }}",
        }));
        let refused = house.first.agents.create_agent(&house.ada, wrong).await.unwrap_err().problem();
        let paths: Vec<_> = refused.issues.iter().map(|issue| issue.path.as_str()).collect();
        let expected = [
            "name", "label", "icon", "model", "fallbacks[1]", "settings.temperature", "operations[1]",
            "format.schema", "limits.steps", "role", "prompt",
        ];
        assert_eq!(paths, expected, "{refused:?}");
        let role = refused.issues.iter().find(|issue| issue.path == "role").unwrap();
        assert!(role.message.contains("Did you mean Viewer?"), "{role}");
    }

    async fn a_change_made_of_an_older_version_says_who_changed_what(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let bo = house.member("Bo Lind", "Admin").await;
        let first = agents
            .change_agent(&bo, "analyst", patch(json!({"version": 1, "label": "Zahlen", "icon": "target"})))
            .await
            .unwrap();
        assert_eq!((first.version, first.definition.label.as_str()), (2, "Zahlen"));
        let stale = agents
            .change_agent(&house.ada, "analyst", patch(json!({"version": 1, "model": "fast"})))
            .await
            .unwrap_err()
            .problem();
        assert_eq!((stale.kind, stale.code.as_ref()), (ErrorKind::Conflict, "agent_changed"));
        assert!(stale.message.starts_with("Bo Lind changed the agent meanwhile: icon, label."), "{stale}");
        let unchanged = agents.change_agent(&house.ada, "analyst", patch(json!({"version": 2, "label": "Zahlen"})));
        assert_eq!(unchanged.await.unwrap().version, 2, "nothing is different");
        let versions = agents.agent_versions(&house.ada, "analyst").await.unwrap();
        let told: Vec<_> =
            versions.iter().map(|version| (version.version, version.made_by.to_string())).collect();
        assert_eq!(told, [(2, "Bo Lind".to_owned()), (1, "Kontor".to_owned())]);
        assert_eq!(versions[0].changed, ["label", "icon"]);
    }

    async fn a_version_that_never_was_is_told_as_that(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        for version in [0, 2, 99] {
            let patch = patch(json!({"version": version, "label": "Zahlen"}));
            let refused = agents.change_agent(&house.ada, "analyst", patch).await.unwrap_err().problem();
            assert_eq!((&*refused.code, refused.issues[0].path.as_str()), ("unknown_version", "version"));
            assert!(refused.message.contains(&format!("no version {version}: the latest is 1")), "{refused}");
            let refused = agents.delete_agent(&house.ada, "analyst", Some(version)).await.unwrap_err();
            assert_eq!(refused.problem().code, "unknown_version");
        }
    }

    async fn changes_that_name_no_version_are_all_made_however_many_come_at_once(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let changes = [
            json!({"label": "Zahlen"}), json!({"icon": "target"}), json!({"description": "Counts."}),
            json!({"operations": ["*.find"]}), json!({"suggested_questions": ["How many?"]}), json!({"model": "fast"}),
        ];
        let count = changes.len() as i64;
        let all = changes.map(|change| agents.change_agent(&house.ada, "analyst", patch(change)));
        for changed in futures::future::join_all(all).await {
            changed.unwrap();
        }
        let now = agents.agent_by_name(&house.ada, "analyst").await.unwrap();
        let told = (now.version, &*now.definition.label, &*now.definition.icon, &*now.definition.model);
        assert_eq!(told, (1 + count, "Zahlen", "target", "fast"));
        assert_eq!((&*now.definition.description, now.definition.suggested_questions.len()), ("Counts.", 1));
    }

    async fn a_role_is_kept_by_its_own_name_in_whatever_case_it_is_written(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let made = agents.create_agent(&house.ada, new(json!({"name": "scout", "role": " vIEWER "}))).await.unwrap();
        assert_eq!(made.definition.role, "Viewer");
        let same = agents.change_agent(&house.ada, "scout", patch(json!({"role": "viewer"}))).await.unwrap();
        assert_eq!((same.version, same.definition.role.as_str()), (1, "Viewer"), "nothing is different");
        let other = agents.change_agent(&house.ada, "scout", patch(json!({"role": "MEMBER"}))).await.unwrap();
        assert_eq!((other.version, other.definition.role.as_str()), (2, "Member"));
    }

    async fn agents_that_may_not_be_used_are_not_suggested(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let grants = json!({"default": {"actions": ["read"]}, "agents": ["sales-*"]});
        let rep = NewRole { name: "Rep".into(), grants: Some(grants), ..NewRole::default() };
        house.first.identity.create_role(&house.ada, rep).await.unwrap();
        let max = house.member("Max Okafor", "Rep").await;
        for (caller, is_told) in [(&house.ada, true), (&max, false)] {
            let search = SessionQuery { agent: Some("analist".to_owned()), ..SessionQuery::first(5) };
            let session = NewSession { agent: Some("analist".to_owned()), title: None, context: None };
            for told in [
                agents.agent_by_name(caller, "analist").await.unwrap_err().problem(),
                agents.sessions(caller, search).await.unwrap_err().problem(),
                agents.create_session(caller, session).await.unwrap_err().problem(),
            ] {
                assert_eq!(told.message.contains("Did you mean analyst?"), is_told, "{told}");
            }
        }
    }

    async fn nobody_gives_an_agent_a_role_that_allows_more_than_their_own(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let member = permitted(&house.member("Mia Berg", "Member").await, [Permission::Agents]);
        let refused = agents.create_agent(&member, new(json!({"name": "mighty", "role": "Admin"}))).await;
        assert_eq!(refused.unwrap_err().problem().code, "role_beyond_caller");
        agents.create_agent(&member, new(json!({"name": "humble", "role": "Viewer"}))).await.unwrap();
        let refused = agents.change_agent(&member, "humble", patch(json!({"role": "Admin"}))).await;
        assert_eq!(refused.unwrap_err().problem().code, "role_beyond_caller");
        agents.change_agent(&house.ada, "humble", patch(json!({"role": "Admin"}))).await.unwrap();
        let copied = agents.create_agent(&member, new(json!({"name": "copy", "copy_of": "humble"}))).await;
        assert_eq!(copied.unwrap_err().problem().code, "role_beyond_caller");
        // Of one that may do more they change nothing, but for putting it out of use.
        for change in [json!({"label": "Mine"}), json!({"role": "Viewer"}), json!({"active": false, "operations": ["deal.find"]})] {
            let refused = agents.change_agent(&member, "humble", patch(change)).await;
            assert_eq!(refused.unwrap_err().problem().code, "role_beyond_caller");
        }
        agents.change_agent(&member, "humble", patch(json!({"active": false}))).await.unwrap();
        let refused = agents.change_agent(&member, "humble", patch(json!({"active": true}))).await;
        assert_eq!(refused.unwrap_err().problem().code, "role_beyond_caller");
        let told = new(json!({"name": "told", "role": "Viewer", "prompt": "Say yes."}));
        assert_eq!(agents.create_agent(&member, told).await.unwrap_err().problem().code, "not_permitted");
        let nobody = permitted(&member, []);
        let refused = agents.create_agent(&nobody, new(json!({"name": "x", "role": "Viewer"}))).await;
        assert_eq!(refused.unwrap_err().problem().code, "not_permitted");
    }

    async fn a_copy_is_the_original_with_what_is_said_and_a_standard_agent_is_reset(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let copy = new(json!({"name": "my-analyst", "copy_of": "analyst", "model": "fast"}));
        let copy = agents.create_agent(&house.ada, copy).await.unwrap();
        let original = agents.agent_by_name(&house.ada, "analyst").await.unwrap();
        assert_eq!(copy.prompt, original.prompt);
        assert_eq!((copy.definition.role.as_str(), copy.definition.model.as_str()), ("Viewer", "fast"));
        assert!(!copy.is_standard && original.is_standard);
        let reset = agents.reset_agent(&house.ada, "my-analyst", None).await.unwrap_err();
        assert_eq!(reset.problem().code, "not_standard");

        agents.change_agent(&house.ada, "analyst", patch(json!({"label": "Zahlen", "role": "Member"}))).await.unwrap();
        let body = serde_json::from_value(json!({"body": "Count."})).unwrap();
        let saved = agents.save_prompt(&house.ada, "analyst", body).await.unwrap();
        let to = serde_json::from_value(json!({"version": saved.version, "expected": 1})).unwrap();
        agents.move_label(&house.ada, "analyst", "production", to).await.unwrap();
        let reset = agents.reset_agent(&house.ada, "analyst", None).await.unwrap();
        assert_eq!(reset.definition, original.definition);
        assert_eq!((reset.prompt, reset.prompt_version), (original.prompt, 3));
    }

    async fn an_agent_that_is_not_active_or_deleted_takes_no_messages_and_its_chats_stay_readable(store: TestStore) {
        let house = House::new(store).await;
        let agents = &house.first.agents;
        let member = house.member("Mia Berg", "Member").await;
        let session = house.first.session(&member, "analyst").await;
        house.first.ask(&member, session, plan(&[], "Before.")).await;
        agents.change_agent(&house.ada, "analyst", patch(json!({"active": false}))).await.unwrap();
        let names = |list: Vec<kontor_agents::AgentSummary>| list.into_iter().map(|a| a.name).collect::<Vec<_>>();
        assert!(!names(agents.agents(&member).await.unwrap()).contains(&"analyst".to_owned()));
        assert!(names(agents.agents(&house.ada).await.unwrap()).contains(&"analyst".to_owned()));
        let code = |error: kontor_agents::Error| error.problem().code.into_owned();
        let say = || agents.start_turn(&member, session, "more".to_owned(), None);
        let begin = || {
            let new = NewSession { agent: Some("analyst".to_owned()), title: None, context: None };
            agents.create_session(&member, new)
        };
        assert_eq!(code(say().await.unwrap_err()), "agent_inactive");
        assert_eq!(code(begin().await.unwrap_err()), "agent_inactive");

        let id = agents.agent_by_name(&house.ada, "analyst").await.unwrap().id.to_string();
        agents.delete_agent(&house.ada, "analyst", Some(1)).await.unwrap();
        assert_eq!(code(say().await.unwrap_err()), "agent_deleted");
        assert_eq!(code(begin().await.unwrap_err()), "agent_not_found");
        assert_eq!(agents.session(&member, session).await.unwrap().agent.unwrap().label, "Analyst");
        let listed = agents.sessions(&member, SessionQuery::first(10)).await.unwrap().sessions;
        let agent = listed[0].agent.as_ref().unwrap();
        assert_eq!((agent.name.as_str(), agent.label.as_str()), ("analyst", "Analyst"));
        assert_eq!(house.first.log(&member, session).await.len(), 5);

        // Its name is free, and taken it keeps the deleted one from coming back under it.
        agents.create_agent(&house.ada, new(json!({"name": "analyst", "role": "Viewer"}))).await.unwrap();
        assert_eq!(code(agents.restore_agent(&house.ada, &id).await.unwrap_err()), "agent_exists");
        agents.delete_agent(&house.ada, "analyst", None).await.unwrap();
        let back = agents.restore_agent(&house.ada, &id).await.unwrap();
        assert_eq!((back.name.as_str(), back.active), ("analyst", false));
        agents.change_agent(&house.ada, "analyst", patch(json!({"active": true}))).await.unwrap();
        house.first.ask(&member, session, plan(&[], "After.")).await;
        house.check();
    }
}
