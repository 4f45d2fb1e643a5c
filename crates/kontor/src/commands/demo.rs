//! `kontor serve --demo`: a workspace with a small business in it, and three people who can sign in.

use kontor_core::{caller::Caller, environment::Environment};
use kontor_crm::demo::{self, DemoMember, DemoMembers};
use kontor_identity::{NewMember, NewWorkspace};

use crate::{error::Error, wiring::Services};

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

/// Makes the workspace where it is missing, keeps it where it is there, and renews the passwords.
pub(crate) async fn prepare(services: &Services) -> Result<SignIns, Error> {
    let password = match std::env::var("KONTOR_DEMO_PASSWORD") {
        Ok(password) => password,
        Err(_) => random_password(&services.environment),
    };
    let existing =
        services.identity.workspaces().await?.into_iter().find(|workspace| workspace.name == WORKSPACE);
    match existing {
        Some(_) => {
            for (_, email, _) in PEOPLE {
                services.identity.set_password(email, &password).await?;
            }
        }
        None => fill(services, &password).await?,
    }
    let people = PEOPLE.iter().map(|(_, email, role)| ((*email).to_owned(), (*role).to_owned())).collect();
    Ok(SignIns { password, people })
}

async fn fill(services: &Services, password: &str) -> Result<(), Error> {
    let person = |(name, email, role): (&str, &str, &str)| NewMember {
        name: name.to_owned(),
        email: email.to_owned(),
        role: role.to_owned(),
        password: password.to_owned(),
    };
    let [ada, max, vera] = PEOPLE.map(person);
    let new = NewWorkspace {
        name: WORKSPACE.to_owned(),
        admin_name: ada.name,
        email: ada.email,
        password: ada.password,
    };
    let (workspace, ada) = services.identity.create_workspace(new).await?;
    let max = services.identity.add_member(workspace, max).await?;
    services.identity.add_member(workspace, vera).await?;
    let today = services.environment.now().date();
    let named = |id, (name, ..): (&str, &str, &str)| DemoMember { id, name: name.to_owned() };
    let members = DemoMembers { ada: named(ada, PEOPLE[0]), max: named(max, PEOPLE[1]) };
    services
        .crm
        .write(&Caller::system(workspace), move |work| {
            let members = members.clone();
            Box::pin(async move { demo::fill(work, &members, today).await })
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
