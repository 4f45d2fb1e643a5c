//! A workspace on one of the engines, from which throw-away ones are copied.

use std::{sync::Arc, time::Duration};

use kontor_agents::{AgentParts, AgentSettings, Agents, WorkspaceSetup};
use kontor_builtin::Builtin;
use kontor_core::{
    caller::{Caller, Operator},
    environment::Environment,
    ids::{MemberId, RecordId, WorkspaceId},
};
use kontor_crm::{Crm, RecordOperations, records::RecordWrite};
use kontor_evals::sandbox::{SandboxParts, Sandboxes, Source};
use kontor_identity::{Identity, IdentitySettings, MasterSecret, NewMember, NewWorkspace, PasswordCost};
use kontor_models::{Models, ModelsConfig};
use kontor_operations::{
    ApprovalPolicy, Contributor, OperationSettings, Operations, testing::CountedEffects,
};
use kontor_store::{
    DataStep, Store,
    jobs::{JobSettings, Jobs},
    testing::TestStore,
};
use serde_json::{Map, Value, json};

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct House {
    pub(crate) source: Source,
    pub(crate) crm: Crm,
    pub(crate) workspace: WorkspaceId,
    /// The admin.
    pub(crate) ada: Caller,
}

/// The command interpreter beside a scripted model, where there is one.
pub(crate) fn models(scripted: Option<&str>, environment: &Environment) -> Models {
    let default = if scripted.is_some() { "scripted/scripted" } else { "builtin" };
    let providers = match scripted {
        Some(url) => json!({"scripted": {"base_url": url, "models": [
            {"name": "scripted", "price": {"input": 3, "output": 15}},
        ]}}),
        None => json!({}),
    };
    let config = json!({"default": default, "ollama_url": "", "providers": providers});
    let config: ModelsConfig = serde_json::from_value(config).unwrap();
    Models::new(config, &Default::default(), Arc::new(Builtin::default()), environment.clone()).unwrap()
}

pub(crate) fn data_steps() -> Vec<DataStep> {
    [kontor_crm::data_steps(), kontor_identity::data_steps(), kontor_agents::data_steps()].concat()
}

fn contributors() -> Vec<Arc<dyn Contributor>> {
    vec![Arc::new(RecordOperations), Arc::new(CountedEffects::default())]
}

pub(crate) fn sandboxes(folder: &std::path::Path, models: Models) -> Sandboxes {
    Sandboxes::new(SandboxParts {
        folder: folder.to_owned(),
        models,
        contributors: contributors(),
        data_steps: data_steps(),
        policy: ApprovalPolicy::default(),
        agents: AgentSettings::default(),
        environment: Environment::system(),
        operator: Operator::of_this_installation(),
    })
}

impl House {
    pub(crate) async fn new(store: &TestStore, models: Models) -> Self {
        let environment = Environment::system();
        let store: Store = Store::clone(store);
        let crm = Crm::new(store.clone(), environment.clone());
        let operations = Operations::new(
            store.clone(),
            environment.clone(),
            Arc::new(crm.clone()),
            contributors(),
            OperationSettings::default(),
        );
        let identity = Identity::open(
            store.clone(),
            environment.clone(),
            MasterSecret::new(b"the master secret of these tests".to_vec()),
            Arc::new(WorkspaceSetup::new(environment.clone())),
            IdentitySettings {
                password_cost: PasswordCost { memory_kib: 8, iterations: 1, lanes: 1 },
                ..IdentitySettings::default()
            },
        );
        let identity = identity.await.unwrap();
        let agents = Agents::new(
            AgentParts {
                store: store.clone(),
                crm: crm.clone(),
                operations,
                jobs: Jobs::new(store.clone(), environment.clone(), JobSettings::default()),
                identity: identity.clone(),
                models,
                environment,
            },
            AgentSettings::default(),
        );
        let new = NewWorkspace {
            name: "Acme".to_owned(),
            admin_name: "Ada Brandt".to_owned(),
            email: "ada@acme.test".to_owned(),
            password: "correct horse battery".to_owned(),
        };
        let (workspace, ada) =
            identity.create_workspace(Operator::of_this_installation(), new).await.unwrap();
        let ada = identity.caller_of_member(workspace, ada).await.unwrap();
        Self { source: Source { store, identity, agents }, crm, workspace, ada }
    }

    pub(crate) async fn member(&self, name: &str, role: &str) -> Caller {
        let new = NewMember {
            name: name.to_owned(),
            email: format!("{}@acme.test", name.to_lowercase().replace(' ', ".")),
            role: role.to_owned(),
            password: "correct horse battery".to_owned(),
        };
        let member: MemberId =
            self.source.identity.add_member(&Caller::system(self.workspace), new).await.unwrap();
        self.source.identity.caller_of_member(self.workspace, member).await.unwrap()
    }

    pub(crate) async fn make(&self, object: &str, values: Value) -> RecordId {
        self.crm.write_record(&self.ada, object, RecordWrite::Create(fields(values))).await.unwrap()[0].id
    }
}

pub(crate) fn fields(values: Value) -> Map<String, Value> {
    values.as_object().unwrap().clone()
}
