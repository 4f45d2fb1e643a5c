//! `kontor models`.

use kontor_core::{caller::Operator, environment::Environment, error::Fault as _};

use crate::{cli::Models, config::Config, error::Error, terminal, wiring, wiring::Services};

pub(crate) async fn run(config: Config, command: Models) -> Result<(), Error> {
    let Models::Test { workspace } = command;
    let checks = match workspace {
        None => of_installation(&config).await?,
        Some(name) => of_workspace(&config, &name).await?,
    };
    if checks.is_empty() {
        terminal::line("No provider of models is set.");
    }
    let mut failures = 0_usize;
    for (name, outcome) in checks {
        match outcome {
            Ok(fine) => terminal::line(&format!("ok    {name}: {fine}")),
            Err(why) => {
                failures += 1;
                terminal::line(&format!("FAIL  {name}: {why}"));
            }
        }
    }
    match failures {
        0 => Ok(()),
        1 => Err(Error::Usage("one provider cannot be used".to_owned())),
        more => Err(Error::Usage(format!("{more} providers cannot be used"))),
    }
}

type Checks = Vec<(String, Result<String, String>)>;

async fn of_installation(config: &Config) -> Result<Checks, Error> {
    let models = wiring::models(config, &Environment::system())?;
    let checks = models.check_providers().await;
    Ok(checks
        .into_iter()
        .map(|check| (check.provider, check.outcome.map_err(|error| error.problem().message)))
        .collect())
}

async fn of_workspace(config: &Config, name: &str) -> Result<Checks, Error> {
    let services = Services::open_beside(config).await?;
    let operator = Operator::of_this_installation;
    let known = services.identity.workspaces(operator()).await?;
    let found = known.into_iter().find(|known| known.name.to_lowercase() == name.to_lowercase());
    let found = found.ok_or_else(|| Error::Usage(format!("there is no workspace {name:?}")))?;
    let tests = services.agents.test_model_providers(operator(), found.id).await?;
    services.store.close().await;
    Ok(tests
        .into_iter()
        .map(|(name, test)| (name, if test.is_well { Ok(test.message) } else { Err(test.message) }))
        .collect())
}
