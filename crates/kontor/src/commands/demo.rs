//! `kontor serve --demo`: a workspace with a small business in it, and three people who can sign in.

use kontor_core::{
    caller::{Caller, Operator},
    environment::Environment,
    ids::{MemberId, WorkspaceId},
};
use kontor_crm::{
    demo::{self, DemoMember, DemoMembers},
    records::ListQuery,
};
use kontor_identity::{NewMember, NewWorkspace};

use crate::{error::Error, wiring::Services};

const OPERATOR: Operator = Operator::of_this_installation();
/// The demonstration's workspace.
const WORKSPACE: &str = "Demo";
/// Who signs in: name, mail address, role.
const PEOPLE: [(&str, &str, &str); 3] = [
    ("Ada Brandt", "ada@demo.test", "Admin"),
    ("Max Okafor", "max@demo.test", "Member"),
    ("Vera Lindqvist", "vera@demo.test", "Viewer"),
];

/// How to sign in to the demonstration.
pub(crate) struct SignIns {
    pub(crate) password: String,
    pub(crate) people: Vec<(String, String)>,
}

/// Makes what is missing of the demonstration, keeps what is there, and renews the passwords. A start that
/// was killed half way is so made good by the next.
pub(crate) async fn prepare(services: &Services) -> Result<SignIns, Error> {
    let password = match std::env::var("KONTOR_DEMO_PASSWORD") {
        Ok(password) => password,
        Err(_) => random_password(&services.environment),
    };
    let identity = &services.identity;
    let existing =
        identity.workspaces(OPERATOR).await?.into_iter().find(|workspace| workspace.name == WORKSPACE);
    let is_new = existing.is_none();
    let workspace = match existing {
        Some(workspace) => workspace.id,
        None => create(services, &password).await?,
    };
    let people = people(services, workspace, &password).await?;
    if !is_new {
        for (_, email, _) in PEOPLE {
            identity.set_password(OPERATOR, email, &password).await?;
        }
    }
    if is_new || is_empty(services, workspace).await? {
        fill(services, workspace, people).await?;
    }
    let people = PEOPLE.iter().map(|(_, email, role)| ((*email).to_owned(), (*role).to_owned())).collect();
    Ok(SignIns { password, people })
}

async fn create(services: &Services, password: &str) -> Result<WorkspaceId, Error> {
    let [(name, email, _), ..] = PEOPLE;
    let new = NewWorkspace {
        name: WORKSPACE.to_owned(),
        admin_name: name.to_owned(),
        email: email.to_owned(),
        password: password.to_owned(),
    };
    Ok(services.identity.create_workspace(OPERATOR, new).await?.0)
}

/// The three people as members of the workspace, those added who are not there yet.
async fn people(services: &Services, workspace: WorkspaceId, password: &str) -> Result<[MemberId; 3], Error> {
    let known = services.identity.members(&OPERATOR.in_workspace(workspace)).await?;
    let find = |email: &str| known.iter().find(|member| member.email == email).map(|member| member.id);
    let [(_, admin, _), max, vera] = PEOPLE;
    // Its first admin came with the workspace: without her it is somebody's own that has the same name.
    let Some(ada) = find(admin) else {
        return Err(Error::Usage(format!(
            "there is a workspace {WORKSPACE:?} that is not the demonstration: use another data folder"
        )));
    };
    let mut ids = [ada; 3];
    for (id, (name, email, role)) in ids[1..].iter_mut().zip([max, vera]) {
        *id = match find(email) {
            Some(id) => id,
            None => {
                let new = NewMember {
                    name: name.to_owned(),
                    email: email.to_owned(),
                    role: role.to_owned(),
                    password: password.to_owned(),
                };
                services.identity.add_member(&OPERATOR.in_workspace(workspace), new).await?
            }
        };
    }
    Ok(ids)
}

/// Whether there never was an account: the business is written whole or not at all.
async fn is_empty(services: &Services, workspace: WorkspaceId) -> Result<bool, Error> {
    for deleted in [false, true] {
        let query = ListQuery { limit: 1, deleted, ..ListQuery::default() };
        let page = services.crm.list(&Caller::system(workspace), "account", query).await?;
        if !page.records.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn fill(services: &Services, workspace: WorkspaceId, people: [MemberId; 3]) -> Result<(), Error> {
    let [ada, max, _] = people;
    let today = services.environment.now().date();
    let named = |id, (name, ..): (&str, &str, &str)| DemoMember { id, name: name.to_owned() };
    let members = DemoMembers { ada: named(ada, PEOPLE[0]), max: named(max, PEOPLE[1]) };
    services
        .crm
        .write(&Caller::system(workspace), members, move |work, members| {
            Box::pin(demo::fill(work, members, today))
        })
        .await?;
    Ok(())
}

/// Sixteen letters and digits that are hard to confuse: 5 bits each, 80 in all.
fn random_password(environment: &Environment) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes = environment.random::<16>();
    let letters: Vec<_> = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    async fn total(services: &Services, workspace: WorkspaceId, object: &str) -> Option<u64> {
        let query = ListQuery { limit: 1, total: true, ..ListQuery::default() };
        services.crm.list(&Caller::system(workspace), object, query).await.unwrap().total
    }

    #[tokio::test]
    async fn a_first_start_that_was_cut_short_is_completed_once_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data_dir: folder.path().join("data"), ..Config::default() };
        let services = Services::open(&config, "http://127.0.0.1:7700").await.unwrap();
        let workspace = create(&services, "correct-horse-battery").await.unwrap();
        for _ in 0..2 {
            prepare(&services).await.unwrap();
            assert_eq!(total(&services, workspace, "account").await, Some(30));
            assert_eq!(total(&services, workspace, "member").await, Some(3));
        }
        services.store.close().await;
    }

    #[tokio::test]
    async fn a_workspace_of_the_same_name_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data_dir: folder.path().join("data"), ..Config::default() };
        let services = Services::open(&config, "http://127.0.0.1:7700").await.unwrap();
        let new = NewWorkspace {
            name: WORKSPACE.to_owned(),
            admin_name: "Someone".to_owned(),
            email: "someone@example.test".to_owned(),
            password: "correct-horse-battery".to_owned(),
        };
        let (workspace, _) = services.identity.create_workspace(OPERATOR, new).await.unwrap();
        assert!(matches!(prepare(&services).await, Err(Error::Usage(_))));
        assert_eq!(total(&services, workspace, "member").await, Some(1));
        services.store.close().await;
    }
}
