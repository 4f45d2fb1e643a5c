//! Which agents may be used, what roles do to turns that run, and what is told of what somebody may do.

use kontor_agents::{Layer, NewSession, Question, Subject};
use kontor_core::{error::Fault as _, grants::Permission, ids::RecordId};
use kontor_crm::{metadata::NewField, records::RecordWrite};
use kontor_identity::{MemberPatch, MemberStatus, NewRole, RoleChanges};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value, json};

use crate::house::{House, fields, names, outcome, plan};

fn role(name: &str, grants: Value) -> NewRole {
    NewRole { name: name.to_owned(), grants: Some(grants), ..NewRole::default() }
}

fn to(grants: Value) -> RoleChanges {
    RoleChanges { grants: Some(grants), ..RoleChanges::default() }
}

fn asked(caller: Value, request: Value) -> Question {
    serde_json::from_value(json!({"caller": caller, "request": request})).unwrap()
}

fn everything(agents: Value) -> Value {
    json!({"default": {"actions": ["read", "create", "update", "delete", "restore"]}, "agents": agents})
}

both_engines! {
    async fn only_the_agents_of_a_role_are_listed_begun_with_and_written_to(store: TestStore) {
        let house = House::new(store).await;
        let (agents, identity) = (&house.first.agents, &house.first.identity);
        identity.create_role(&house.ada, role("Rep", everything(json!(["*"])))).await.unwrap();
        let max = house.member("Max Okafor", "Rep").await;
        let session = house.first.session(&max, "sales-assistant").await;
        house.first.ask(&max, session, plan(&[], "Hello.")).await;

        identity.change_role(&house.ada, "Rep", to(everything(json!(["anal*"])))).await.unwrap();
        let max = identity.caller_of_member(house.workspace, max.member().unwrap()).await.unwrap();
        let listed = agents.agents(&max).await.unwrap();
        assert_eq!(listed.iter().map(|agent| agent.name.as_str()).collect::<Vec<_>>(), ["analyst"]);
        let refused = agents.start_turn(&max, session, "Again".to_owned(), None).await.unwrap_err().problem();
        assert_eq!(refused.code, "agent_not_allowed");
        let new = NewSession { agent: Some("sales-assistant".to_owned()), title: None, context: None };
        assert_eq!(agents.create_session(&max, new).await.unwrap_err().problem().code, "agent_not_allowed");
        house.first.session(&max, "analyst").await;
    }

    async fn a_role_changed_in_the_middle_of_a_turn_holds_from_its_next_operation(store: TestStore) {
        let house = House::new(store).await;
        let identity = &house.first.identity;
        identity.create_role(&house.ada, role("Rep", everything(json!(["*"])))).await.unwrap();
        let max = house.member("Max Okafor", "Rep").await;
        let deal = house.deal("Acme renewal").await;
        let session = house.first.session(&max, "sales-assistant").await;
        let update = |stage: &str| ("deal.update", json!({"id": deal, "stage": stage}));
        let message = plan(&[&[update("QUALIFIED")], &[update("PROPOSAL")]], "Done.");
        let turn = house.first.say(&max, session, &message).await;
        house.first.until(&max, session, |event| event.name() == "tool.result").await;
        identity.change_role(&house.ada, "Rep", to(json!({"default": {"actions": ["read"]}}))).await.unwrap();
        let events = house.first.until_ended(&max, session, turn).await;
        assert_eq!(outcome(&events, 1, 0)["status"], "succeeded");
        let second = outcome(&events, 2, 0);
        let stage = house.stage(deal).await;
        // The second call may have been under way; if it was not, it was refused.
        assert_eq!(second["status"] == "succeeded", stage == "PROPOSAL", "{second}");
        let more = house.first.ask(&max, session, plan(&[&[update("NEGOTIATION")]], "Done.")).await;
        assert_eq!(outcome(&more, 1, 0)["problem"]["code"], "unknown_operation", "{:?}", names(&more));
        house.check();
    }

    async fn each_layer_says_that_it_decides(store: TestStore) {
        let house = House::new(store).await;
        let (agents, identity, crm) = (&house.first.agents, &house.first.identity, &house.first.crm);
        let region: NewField = serde_json::from_value(json!({"name": "region", "kind": "text"})).unwrap();
        crm.add_field(&house.ada, "member", region).await.unwrap();
        let deal = |extra: Value| {
            let mut deal = json!({
                "actions": ["read", "create", "update", "delete"],
                "read_fields": {"except": ["amount"]},
                "update_fields": {"except": ["stage"]},
                "rows": {"read": {"owner": {"eq": "$me"}}, "delete": {"name": {"eq": "Mine to delete"}}},
            });
            deal.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            json!({"objects": {"deal": deal, "member": {"actions": ["read"]}}, "agents": ["sales-*", "data-*"]})
        };
        identity.create_role(&house.ada, role("Rep", deal(json!({})))).await.unwrap();
        let max = house.member("Max Okafor", "Rep").await;
        let made = fields(json!({"name": "Max’s", "owner": max.member()}));
        let own = crm.write_record(&house.ada, "deal", RecordWrite::Create(made)).await.unwrap()[0].id;
        let foreign = house.deal("Ada’s").await;
        let nothing = RecordId(house.workspace.as_uuid());
        let of = |extra: Value| {
            let mut subject = json!({"member": max.member()});
            subject.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            subject
        };
        let call = |name: &str, arguments: Value| json!({"operation": name, "arguments": arguments});
        let alone = || of(json!({}));
        let rename = |id: RecordId| call("deal.update", json!({"id": id, "name": "Other"}));
        for (caller, request, allowed, asks, layer) in [
            (alone(), rename(own), true, false, Layer::Granted),
            (alone(), rename(foreign), false, false, Layer::RowRule),
            (alone(), rename(nothing), false, false, Layer::Record),
            (alone(), call("deal.update", json!({"id": own, "stage": "PROPOSAL"})), false, false, Layer::FieldList),
            (alone(), call("deal.find", json!({"filter": {"amount": {"is_empty": true}}})), false, false, Layer::FieldList),
            (alone(), call("deal.update", json!({"id": own, "nmae": "x"})), false, false, Layer::Request),
            (alone(), call("deal.restore", json!({"id": own})), false, false, Layer::Role),
            (alone(), call("contact.find", json!({})), false, false, Layer::Role),
            (alone(), call("deal.fnid", json!({})), false, false, Layer::Request),
            (alone(), call("deal.delete", json!({"id": own})), false, false, Layer::RowRule),
            (of(json!({"agent": "sales-assistant"})), rename(own), true, false, Layer::Granted),
            (of(json!({"agent": "data-steward"})), call("deal.create", json!({"name": "x"})), false, false, Layer::AgentOperations),
            (of(json!({"agent": "analyst"})), rename(own), false, false, Layer::Agents),
            (of(json!({"scope": ["*.find"]})), rename(own), false, false, Layer::Scope),
            (json!({"role": "Viewer", "agent": "analyst"}), rename(own), false, false, Layer::Role),
            (json!({"role": "Member", "agent": "analyst"}), rename(own), false, false, Layer::AgentRole),
            (json!({"role": "Member", "agent": "sales-assistant"}), call("deal.delete", json!({"id": own})), true, true, Layer::Granted),
            (alone(), json!({"object": "deal", "action": "update", "record": own, "fields": ["name"]}), true, false, Layer::Granted),
            (alone(), json!({"object": "deal", "action": "update", "record": own, "fields": ["stage"]}), false, false, Layer::FieldList),
            (alone(), json!({"object": "deal", "action": "read", "record": foreign}), false, false, Layer::RowRule),
            (alone(), json!({"object": "deal", "action": "destroy"}), false, false, Layer::Role),
        ] {
            let shown = format!("{caller} {request}");
            let told = agents.explain(&house.ada, asked(caller, request)).await.unwrap();
            assert_eq!((told.allowed, told.asks, told.decided_by), (allowed, asks, layer), "{shown}: {told:?}");
        }
        assert_eq!(house.stage(own).await, "LEAD", "something was done");
        let kept = crm.get(&house.ada, "deal", own, None, vec![]).await.unwrap();
        assert_eq!((kept.label.as_str(), kept.version), ("Max’s", 1));
        let told = agents.explain(&house.ada, asked(alone(), rename(foreign))).await.unwrap();
        assert_eq!((told.role.as_deref(), told.rule), (Some("Rep"), Some(json!({"owner": {"eq": "$me"}}))));

        let system = kontor_core::caller::Caller::system(house.workspace);
        let out = MemberPatch { status: Some(MemberStatus::Inactive), ..MemberPatch::default() };
        identity.change_member(&system, max.member().unwrap(), out, None).await.unwrap();
        let told = agents.explain(&house.ada, asked(alone(), rename(own))).await.unwrap();
        assert_eq!((told.allowed, told.decided_by), (false, Layer::Member));
    }

    async fn nobody_learns_of_records_by_asking_what_others_may_do(store: TestStore) {
        let house = House::new(store).await;
        let (agents, identity) = (&house.first.agents, &house.first.identity);
        let keeper = json!({
            "objects": {"deal": {"actions": ["read"], "rows": {"read": {"owner": {"eq": "$me"}}}}},
            "platform": ["roles"],
        });
        identity.create_role(&house.ada, role("Keeper", keeper)).await.unwrap();
        let keeper = house.member("Kai Ito", "Keeper").await;
        let vera = house.member("Vera Nowak", "Viewer").await;
        let hidden = house.deal("Hidden").await;
        let nothing = RecordId(house.workspace.as_uuid());
        let ask = async |caller, subject: Value, id: RecordId| {
            let request = json!({"operation": "deal.get", "arguments": {"id": id}});
            agents.explain(caller, asked(subject, request)).await
        };
        let about_ada = json!({"member": house.ada.member()});
        let told = ask(&keeper, about_ada.clone(), hidden).await.unwrap();
        assert_eq!(told, ask(&keeper, about_ada.clone(), nothing).await.unwrap());
        assert!(!told.allowed);
        let unique = json!({"operation": "account.create", "arguments": {"name": "x", "domain": "hidden.example"}});
        let told = agents.explain(&keeper, asked(about_ada.clone(), unique)).await.unwrap();
        assert!(told.allowed, "what is stored was looked at: {told:?}");
        // About oneself, what is told is what is told when it is done.
        let told = ask(&keeper, json!({}), hidden).await.unwrap();
        assert_eq!((told.decided_by, &told.reason), (Layer::Record, &ask(&keeper, json!({}), nothing).await.unwrap().reason));
        for subject in [about_ada, json!({"role": "Admin"})] {
            assert_eq!(ask(&vera, subject, hidden).await.unwrap_err().problem().code, "not_permitted");
        }
        assert!(ask(&vera, json!({"member": vera.member()}), hidden).await.unwrap().allowed);
    }

    async fn a_rule_on_a_field_that_may_not_be_read_tells_nothing_of_it(store: TestStore) {
        let house = House::new(store).await;
        let (agents, identity) = (&house.first.agents, &house.first.identity);
        let rich = json!({"objects": {"deal": {"actions": ["read"], "rows": {"read": {"amount": {"gt": 5000}}}}}});
        identity.create_role(&house.ada, role("Rich", rich.clone())).await.unwrap();
        let blind = json!({
            "objects": {"deal": {"actions": ["read"], "read_fields": {"except": ["amount"]}}},
            "platform": ["roles"],
        });
        identity.create_role(&house.ada, role("Blind", blind)).await.unwrap();
        let blind = house.member("Kai Ito", "Blind").await;
        let deal = house.deal("Secret").await;
        let request = json!({"object": "deal", "action": "read", "record": deal});
        let of_role = json!({"role": "Rich"});
        let told = agents.explain(&blind, asked(of_role.clone(), request)).await.unwrap();
        assert_eq!((told.allowed, told.decided_by, &told.rule), (false, Layer::RowRule, &None));
        // The same where it lets the record through, in every form in which its id is read.
        let id = deal.as_uuid().simple().to_string();
        let request = json!({"operation": "deal.get", "arguments": {"id": id}});
        let also = agents.explain(&blind, asked(of_role, request)).await.unwrap();
        assert_eq!(also, told);
        // Nor may they write such a rule.
        let refused = identity.create_role(&blind, role("Probe", rich)).await.unwrap_err().problem();
        assert_eq!((refused.code, refused.issues[0].path.as_str()), ("invalid_role".into(), "grants.objects.deal.rows.read.amount"));
    }

    async fn the_effective_view_tells_what_holds_and_where_it_comes_from(store: TestStore) {
        let house = House::new(store).await;
        let (agents, identity) = (&house.first.agents, &house.first.identity);
        let grants = json!({
            "objects": {"deal": {"actions": ["read", "update"], "read_fields": {"except": ["amount"]},
                                 "rows": {"read": {"amount": {"is_empty": false}}}}},
            "platform": ["audit"],
        });
        identity.create_role(&house.ada, role("Rep", grants)).await.unwrap();
        let max = house.member("Max Okafor", "Rep").await;
        let of_max = Subject { member: max.member(), agent: Some("analyst".to_owned()), ..Subject::default() };
        let seen = agents.authority(&house.ada, of_max.clone()).await.unwrap();
        assert_eq!((seen.role.as_str(), seen.agent_role.as_deref()), ("Rep", Some("Viewer")));
        assert_eq!(seen.permissions, Vec::<Permission>::new());
        let deal = seen.objects.iter().find(|object| object.object == *"deal").unwrap();
        let action = |word: &str| {
            let found = deal.actions.iter().find(|source| source.what.verb() == word).unwrap();
            (found.allowed, found.decided_by)
        };
        assert_eq!(action("read"), (true, Layer::Granted));
        assert_eq!(action("update"), (false, Layer::AgentRole));
        assert_eq!(action("delete"), (false, Layer::Role));
        assert_eq!(deal.rules[0].what, json!({"amount": {"is_empty": false}}));
        let amount = deal.fields.iter().find(|field| field.field == *"amount").unwrap();
        assert_eq!((amount.read, amount.decided_by), (false, Layer::Role));

        let own = serde_json::to_string(&agents.authority(&max, of_max).await.unwrap()).unwrap();
        assert!(own.contains("\"is_bounded\":true") && !own.contains("amount") && !own.contains("\"object\":\"contact\""), "{own}");
        let of_ada = Subject { member: house.ada.member(), ..Subject::default() };
        assert_eq!(agents.authority(&max, of_ada).await.unwrap_err().problem().code, "not_permitted");
    }
}
