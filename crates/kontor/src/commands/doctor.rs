//! `kontor doctor`: says what works and what does not.

use kontor_core::{environment::Environment, error::Chain};
use kontor_identity::registered_workspaces;
use kontor_store::{Depth, Store};

use crate::{config::Config, error::Error, terminal, wiring};

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
    match Store::inspect(&config.store(), Depth::Files, Some(registered_workspaces)).await {
        Ok(checks) => checks.into_iter().for_each(|check| report(&check.name, check.outcome)),
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
    match failures {
        0 => Ok(()),
        1 => Err(Error::Usage("one check failed".to_owned())),
        more => Err(Error::Usage(format!("{more} checks failed"))),
    }
}
