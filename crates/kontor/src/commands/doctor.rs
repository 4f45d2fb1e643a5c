//! `kontor doctor`: says what works and what does not.

use kontor_core::{caller::Operator, environment::Environment, error::Chain};
use kontor_identity::registered_workspaces;
use kontor_store::{Depth, Store};

use crate::{config::Config, error::Error, terminal, wiring, wiring::Services};

/// Checks data and models, and changes nothing; it works beside a running server.
pub(crate) async fn run(config: Config) -> Result<(), Error> {
    let mut failures = 0_usize;
    let mut report = |name: &str, outcome: Result<String, String>| {
        match outcome {
            Ok(fine) => terminal::line(&format!("ok    {name}: {fine}")),
            Err(why) => {
                failures += 1;
                terminal::line(&format!("FAIL  {name}: {why}"));
            }
        };
    };
    report(
        "configuration",
        Ok(format!("listens on {}, data in {}", config.listen, config.data_dir.display())),
    );
    config.remarks.iter().for_each(|remark| terminal::line(&format!("note  environment: {remark}")));
    let mut is_whole = false;
    match Store::inspect(&config.store(), Depth::Files, Some(registered_workspaces)).await {
        Ok(checks) => {
            let has_workspaces = checks.iter().any(|check| check.name.starts_with("workspace"));
            is_whole = has_workspaces && checks.iter().all(|check| check.outcome.is_ok());
            checks.into_iter().for_each(|check| report(&check.name, check.outcome));
        }
        Err(error) => report("data", Err(Chain(&error).to_string())),
    }
    match wiring::models(&config, &Environment::system()) {
        Ok(models) => {
            models.probe().await;
            match models.default_model().await {
                Ok(model) => report("default model", Ok(model.name().to_owned())),
                Err(error) => report("default model", Err(Chain(&error).to_string())),
            }
            for check in models.check_providers().await {
                let name = format!("model provider {}", check.provider);
                report(&name, check.outcome.map_err(|error| Chain(&error).to_string()));
            }
        }
        Err(error) => report("models", Err(Chain(&error).to_string())),
    }
    // Data that is not as it should be is not opened, which would change it.
    if is_whole {
        match windows(&config).await {
            Ok(found) if found.is_empty() => {
                report("context windows", Ok("large enough for the agents".to_owned()))
            }
            Ok(found) => found
                .into_iter()
                .for_each(|(workspace, why)| report(&format!("agents of {workspace}"), Err(why))),
            Err(error) => report("agents", Err(Chain(&error).to_string())),
        }
    }
    match failures {
        0 => Ok(()),
        1 => Err(Error::Usage("one check failed".to_owned())),
        more => Err(Error::Usage(format!("{more} checks failed"))),
    }
}

/// The agents of every workspace that the window of their model is too small for.
async fn windows(config: &Config) -> Result<Vec<(String, String)>, Error> {
    let services = Services::open_beside(config).await?;
    services.models.probe().await;
    let operator = Operator::of_this_installation;
    let mut found = Vec::new();
    for workspace in services.identity.workspaces(operator()).await? {
        let warnings = services.agents.window_warnings_of(operator(), workspace.id).await?;
        let in_use = warnings.into_iter().filter(|warning| warning.is_in_use);
        found.extend(in_use.map(|warning| (workspace.name.clone(), warning.words())));
    }
    services.store.close().await;
    Ok(found)
}
