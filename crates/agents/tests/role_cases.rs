//! Random roles, edits and requests: what is explained, what happens, and what the role says in a reckoning of its own
//! never differ. `KONTOR_ROLE_CASES` says how many requests are made (10,000 for the full run), `KONTOR_SEED` which.

use std::collections::BTreeMap;

use kontor_agents::AgentSummary;
use kontor_core::{
    caller::Caller,
    environment::Environment,
    error::Fault as _,
    ids::{MemberId, RecordId},
    scope::Patterns,
};
use kontor_crm::{metadata::NewField, records::RecordWrite};
use kontor_identity::{NewRole, RoleChanges};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value, json};

use crate::house::{House, fields};

const USUAL_CASES: u64 = 400;
/// Requests made by the same roles.
const CASES_OF_ROLES: u64 = 25;
const ACTIONS: [&str; 5] = ["create", "update", "delete", "restore", "destroy"];
const FIELDS: [&str; 4] = ["name", "region", "amount", "owner"];

/// SplitMix64.
struct Dice(u64);

impl Dice {
    #[allow(clippy::print_stdout, reason = "what failed is to be run again")]
    fn new() -> Self {
        let any = || u64::from(u32::from_le_bytes(Environment::system().random()));
        let seed = std::env::var("KONTOR_SEED").ok().map_or_else(any, |seed| seed.parse().unwrap());
        println!("KONTOR_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    fn chance(&mut self, of_ten: usize) -> bool {
        self.below(10) < of_ten
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    fn some(&mut self, of: &[&str], of_ten: usize) -> Vec<String> {
        of.iter().filter(|_| self.chance(of_ten)).map(|&one| one.to_owned()).collect()
    }

    fn field_list(&mut self) -> Value {
        match self.below(4) {
            0 => json!({"only": self.some(&FIELDS, 7)}),
            1 => json!({"except": self.some(&FIELDS, 3)}),
            _ => json!({"except": []}),
        }
    }

    fn rule(&mut self) -> Value {
        match self.below(8) {
            0 | 1 => json!({"owner": {"eq": "$me"}}),
            2 => json!({"region": {"eq": "$me.region"}}),
            3 => json!({"region": {"neq": "$me.region"}}),
            4 => json!({"not": {"region": {"eq": "$me.region"}}}),
            5 => json!({"region": {"in": ["EMEA", "$me.region"]}}),
            6 => json!({"or": [{"owner": {"eq": "$me"}}, {"region": {"eq": "$me.region"}}]}),
            _ => json!({"region": {"is_empty": true}}),
        }
    }

    fn grants(&mut self) -> Value {
        let mut actions = self.some(&ACTIONS, 7);
        if self.chance(9) {
            actions.push("read".to_owned());
        } else {
            actions.clear();
        }
        let mut rows = serde_json::Map::new();
        for action in ["read", "create", "update", "delete", "restore"] {
            if self.chance(3) {
                rows.insert(action.to_owned(), json!([self.rule()]));
            }
        }
        let deal = json!({
            "actions": actions,
            "read_fields": self.field_list(),
            "update_fields": self.field_list(),
            "rows": rows,
        });
        let agents = if self.chance(2) { json!(["data-*"]) } else { json!(["*"]) };
        json!({"objects": {"deal": deal, "member": {"actions": ["read"]}}, "agents": agents})
    }
}

/// A role's grants on deals, reckoned from their JSON alone.
struct Reckoned<'g>(&'g Value);

impl Reckoned<'_> {
    fn deal(&self) -> &Value {
        &self.0["objects"]["deal"]
    }

    fn allows(&self, action: &str) -> bool {
        let holds = |word: &str| self.deal()["actions"].as_array().unwrap().contains(&word.into());
        holds("read") && holds(action)
    }

    fn lists(&self, list: &str, field: &str) -> bool {
        let list = &self.deal()[list];
        let names = |key: &str| list[key].as_array().map(|names| names.contains(&field.into()));
        names("only").unwrap_or_else(|| !names("except").unwrap())
    }

    fn reads(&self, field: &str) -> bool {
        self.lists("read_fields", field)
    }

    fn writes(&self, field: &str) -> bool {
        self.reads(field) && self.lists("update_fields", field)
    }

    fn rules(&self, action: &str) -> Vec<&Value> {
        let of = |action: &str| self.deal()["rows"][action].as_array().into_iter().flatten();
        if action == "read" { of("read").collect() } else { of("read").chain(of(action)).collect() }
    }

    fn lets(&self, action: &str, deal: &Deal, me: &Member) -> bool {
        self.rules(action).into_iter().all(|rule| matches(rule, deal, me) == Some(true))
    }

    fn lets_agent(&self, agent: &str) -> bool {
        self.0["agents"] == json!(["*"]) || agent.starts_with("data-")
    }
}

/// Whether a deal matches a rule; nothing where that cannot be said.
fn matches(rule: &Value, deal: &Deal, me: &Member) -> Option<bool> {
    let (key, operand) = rule.as_object().unwrap().iter().next().unwrap();
    match key.as_str() {
        "owner" => Some(deal.owner == Some(me.id)),
        "not" => matches(operand, deal, me).map(|matches| !matches),
        "or" => {
            let all: Vec<_> =
                operand.as_array().unwrap().iter().map(|part| matches(part, deal, me)).collect();
            if all.contains(&Some(true)) {
                Some(true)
            } else {
                all.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
            }
        }
        _ => {
            let (operator, _) = operand.as_object().unwrap().iter().next().unwrap();
            let region = deal.region.as_deref();
            match operator.as_str() {
                "is_empty" => Some(region.is_none()),
                "in" => Some(region.is_some() && (region == Some("EMEA") || region == me.region)),
                "eq" => me.region.map(|own| region == Some(own)),
                _ => me.region.map(|own| region != Some(own)),
            }
        }
    }
}

#[derive(Clone)]
struct Member {
    id: MemberId,
    region: Option<&'static str>,
}

#[derive(Clone)]
struct Deal {
    owner: Option<MemberId>,
    region: Option<String>,
    is_deleted: bool,
}

struct Scene {
    house: House,
    members: Vec<Member>,
    deals: BTreeMap<RecordId, Deal>,
    agents: Vec<AgentSummary>,
}

impl Scene {
    async fn new(store: TestStore) -> Self {
        let house = House::new(store).await;
        let (crm, identity, ada) = (&house.first.crm, &house.first.identity, &house.ada);
        for object in ["deal", "member"] {
            let region: NewField = serde_json::from_value(json!({"name": "region", "kind": "text"})).unwrap();
            crm.add_field(ada, object, region).await.unwrap();
        }
        let role = NewRole { name: "Rep".to_owned(), grants: Some(json!({})), ..NewRole::default() };
        identity.create_role(ada, role).await.unwrap();
        let mut members = Vec::new();
        for (name, region) in [("Max Okafor", Some("EMEA")), ("Sam Lee", Some("APAC")), ("Pia Roth", None)] {
            let member = house.member(name, "Rep").await.member().unwrap();
            let id = RecordId(member.as_uuid());
            let fields = fields(json!({ "region": region }));
            crm.write_record(ada, "member", RecordWrite::Update { id, fields, if_match: None })
                .await
                .unwrap();
            members.push(Member { id: member, region });
        }
        let agents = house.first.agents.agents(ada).await.unwrap();
        let mut scene = Self { house, members, deals: BTreeMap::new(), agents };
        for index in 0..12 {
            let owner = scene.members[index % 3].id;
            let region = [Some("EMEA"), Some("APAC"), None, Some("AMER")][index % 4];
            scene.make_deal(&format!("Deal {index}"), owner, region).await;
        }
        scene
    }

    async fn make_deal(&mut self, name: &str, owner: MemberId, region: Option<&str>) {
        let fields = fields(json!({"name": name, "owner": owner, "region": region}));
        let made =
            self.house.first.crm.write_record(&self.house.ada, "deal", RecordWrite::Create(fields)).await;
        let deal = Deal { owner: Some(owner), region: region.map(str::to_owned), is_deleted: false };
        self.deals.insert(made.unwrap()[0].id, deal);
    }

    async fn set_role(&self, name: &str, grants: &Value) {
        let changes = RoleChanges { grants: Some(grants.clone()), ..RoleChanges::default() };
        self.house.first.identity.change_role(&self.house.ada, name, changes).await.unwrap();
    }
}

/// Who asks for what.
struct Case<'s> {
    me: &'s Member,
    agent: Option<&'s AgentSummary>,
    scope: Option<Patterns>,
    verb: &'static str,
    id: RecordId,
    field: &'static str,
    arguments: Value,
}

impl<'s> Case<'s> {
    fn any(dice: &mut Dice, scene: &'s Scene) -> Self {
        let agent = (dice.chance(5)).then(|| &scene.agents[dice.below(scene.agents.len())]);
        let scope = dice.chance(2).then(|| Patterns::new(vec!["deal.get".to_owned(), "*.update".to_owned()]));
        let verb = dice.one(&["get", "find", "create", "update", "delete", "restore"]);
        let field = dice.one(&FIELDS);
        let id = *scene.deals.keys().nth(dice.below(scene.deals.len())).unwrap();
        let value = match field {
            "name" => json!(format!("Renamed {}", dice.below(100))),
            "region" => json!(dice.one(&["EMEA", "APAC", "AMER"])),
            "amount" => json!({"amount": dice.below(1_000), "currency": "USD"}),
            _ => json!(scene.members[dice.below(3)].id),
        };
        let arguments = match verb {
            "find" => json!({"filter": {field: {"is_empty": false}}}),
            "create" if field == "name" => json!({"name": value}),
            "create" => json!({"name": "New", field: value}),
            "update" => json!({"id": id, field: value}),
            _ => json!({ "id": id }),
        };
        Self { me: &scene.members[dice.below(3)], agent, scope, verb, id, field, arguments }
    }

    /// What the roles say, by a reckoning that knows nothing of how grants are kept.
    fn expected(&self, scene: &Scene, rep: &Value, member: &Value) -> bool {
        let operation = format!("deal.{}", self.verb);
        let viewer = json!({
            "objects": {"deal": {"actions": ["read"], "read_fields": {"except": []}, "update_fields": {"except": []}}},
            "agents": ["*"],
        });
        let mut roles = vec![Reckoned(rep)];
        if let Some(agent) = self.agent {
            if !Reckoned(rep).lets_agent(&agent.name) || !agent.definition.operations.allow(&operation) {
                return false;
            }
            roles.push(Reckoned(if agent.definition.role == "Viewer" { &viewer } else { member }));
        }
        if self.scope.as_ref().is_some_and(|scope| !scope.allow(&operation)) {
            return false;
        }
        let all = |says: &dyn Fn(&Reckoned<'_>) -> bool| roles.iter().all(says);
        let action = if matches!(self.verb, "get" | "find") { "read" } else { self.verb };
        if !all(&|role| role.allows(action)) {
            return false;
        }
        let deal = &scene.deals[&self.id];
        let lets = |deal: &Deal| all(&|role| role.lets(action, deal, self.me));
        match self.verb {
            "get" => !deal.is_deleted && lets(deal),
            "find" => all(&|role| role.reads(self.field)),
            "delete" => !deal.is_deleted && lets(deal),
            "restore" => deal.is_deleted && lets(deal),
            "update" => {
                let after = self.after(deal.clone());
                all(&|role| role.writes(self.field)) && !deal.is_deleted && lets(deal) && lets(&after)
            }
            _ => {
                // What is made without an owner is one's own.
                let made = Deal { owner: Some(self.me.id), region: None, is_deleted: false };
                all(&|role| role.writes("name") && role.writes(self.field)) && lets(&self.after(made))
            }
        }
    }

    fn after(&self, mut deal: Deal) -> Deal {
        match self.field {
            "region" => deal.region = self.arguments["region"].as_str().map(str::to_owned),
            "owner" => deal.owner = serde_json::from_value(self.arguments["owner"].clone()).unwrap(),
            _ => {}
        }
        deal
    }

    fn subject(&self) -> Value {
        let agent = self.agent.map(|agent| &agent.name);
        json!({"member": self.me.id, "agent": agent, "scope": self.scope})
    }

    async fn explained(&self, scene: &Scene) -> kontor_agents::Explanation {
        let request = json!({"operation": format!("deal.{}", self.verb), "arguments": self.arguments});
        let question = serde_json::from_value(json!({"caller": self.subject(), "request": request})).unwrap();
        scene.house.first.agents.explain(&scene.house.ada, question).await.unwrap()
    }

    /// Does it.
    async fn done(&self, scene: &Scene) -> bool {
        let (identity, workspace) = (&scene.house.first.identity, scene.house.workspace);
        let mut caller: Caller = identity.caller_of_member(workspace, self.me.id).await.unwrap();
        if let Some(agent) = self.agent {
            if !caller.grants.agents().contains(&agent.name) {
                return false;
            }
            let role = identity.role_grants(workspace, &agent.definition.role).await.unwrap();
            caller =
                caller.through_agent(agent.id, &agent.definition.label, &role, &agent.definition.operations);
        }
        if let Some(scope) = &self.scope {
            caller.scope = caller.scope.narrowed(scope);
        }
        let name = format!("deal.{}", self.verb);
        scene.house.first.operations.execute(&caller, &name, self.arguments.clone(), None).await.is_ok()
    }
}

/// How many cases, and which.
fn cases() -> u64 {
    std::env::var("KONTOR_ROLE_CASES").ok().map_or(USUAL_CASES, |cases| cases.parse().unwrap())
}

both_engines! {
    async fn what_is_explained_what_happens_and_what_the_roles_say_never_differ(store: TestStore) {
        let mut dice = Dice::new();
        let mut scene = Scene::new(store).await;
        let (mut rep, mut member) = (json!({}), json!({}));
        let (mut granted, mut asked) = (0_u64, 0_u64);
        for index in 0..cases() {
            if index % CASES_OF_ROLES == 0 {
                (rep, member) = (dice.grants(), dice.grants());
                scene.set_role("Rep", &rep).await;
                scene.set_role("Member", &member).await;
            }
            let case = Case::any(&mut dice, &scene);
            let expected = case.expected(&scene, &rep, &member);
            let explained = case.explained(&scene).await;
            let done = case.done(&scene).await;
            let told = || format!(
                "case {index}: {} of {} as {} with {rep} and {member}: {explained:?}",
                case.verb, case.arguments, case.subject(),
            );
            assert_eq!(done, expected, "what happens is not what the roles say, {}", told());
            assert_eq!(explained.allowed, done, "what is explained is not what happens, {}", told());
            let asks = done && case.agent.is_some() && case.verb == "delete";
            assert_eq!(explained.asks, asks, "{}", told());
            granted += u64::from(done);
            asked += u64::from(asks);
            if done {
                let (id, verb) = (case.id, case.verb);
                let after = case.after(scene.deals[&id].clone());
                let deal = scene.deals.get_mut(&id).unwrap();
                match verb {
                    "update" => *deal = after,
                    "delete" => deal.is_deleted = true,
                    "restore" => deal.is_deleted = false,
                    _ => {}
                }
            }
        }
        assert!(granted * 20 > cases(), "only {granted} of {} were allowed", cases());
        assert!(asked > 0 || cases() < 5_000, "no call was asked about");
    }

    async fn no_sequence_of_edits_gives_anybody_more_than_their_editor_has(store: TestStore) {
        let mut dice = Dice::new();
        let scene = Scene::new(store).await;
        let identity = &scene.house.first.identity;
        let own = json!({
            "objects": {
                "deal": {
                    "actions": ["read", "create", "update"],
                    "read_fields": {"except": ["amount"]},
                    "update_fields": {"only": ["name", "region"]},
                    "rows": {"read": [{"owner": {"eq": "$me"}}]},
                },
                "member": {"actions": ["read"]},
            },
            "platform": ["members", "roles"],
            "agents": ["data-*"],
        });
        let steward = NewRole { name: "Steward".to_owned(), grants: Some(own.clone()), ..NewRole::default() };
        identity.create_role(&scene.house.ada, steward).await.unwrap();
        let steward = scene.house.member("Stella Brink", "Steward").await;
        scene.set_role("Rep", &json!({"agents": []})).await;
        let (mut taken, mut held) = (0_u32, json!({}));
        for _ in 0..(cases() / 4).max(200) {
            let mut wanted = dice.grants();
            if dice.chance(7) {
                // Near to what may be given.
                let mut actions = dice.some(&["create", "update"], 6);
                actions.extend(["read".to_owned()].into_iter().chain(dice.some(&["delete"], 1)));
                wanted["objects"]["deal"]["actions"] = json!(actions);
                wanted["objects"]["deal"]["rows"]["read"] = json!([{"owner": {"eq": "$me"}}]);
                wanted["objects"]["deal"]["read_fields"] = json!({"except": ["amount", "owner"]});
                wanted["objects"]["deal"]["update_fields"] = json!({"only": dice.some(&["name", "region"], 5)});
                wanted["agents"] = json!(["data-*"]);
            }
            let changes = RoleChanges { grants: Some(wanted.clone()), ..RoleChanges::default() };
            match identity.change_role(&steward, "Rep", changes).await {
                Ok(_) => {
                    taken += 1;
                    held = wanted;
                }
                Err(error) => assert_eq!(error.problem().code, "role_beyond_caller"),
            }
            let (mine, theirs) = (Reckoned(&own), Reckoned(&held));
            if taken == 0 || !theirs.allows("read") {
                continue;
            }
            for action in ["read", "create", "update", "delete", "restore", "destroy"] {
                assert!(!theirs.allows(action) || mine.allows(action), "{action}: {held}");
                assert!(!theirs.allows(action) || theirs.rules(action).contains(&&json!({"owner": {"eq": "$me"}})));
            }
            for field in FIELDS {
                assert!(!theirs.reads(field) || mine.reads(field), "{field}: {held}");
                assert!(!theirs.writes(field) || mine.writes(field), "{field}: {held}");
            }
            assert!(!theirs.lets_agent("sales-assistant"));
        }
        assert!(taken > 5, "only {taken} edits were taken");
    }
}
