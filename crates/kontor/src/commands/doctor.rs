//! `kontor doctor`: says what works and what does not.

use kontor_core::environment::Environment;
use kontor_models::Models;
use kontor_store::Store;

use crate::{config::Config, error::Error, terminal};

/// Checks data and models; it works beside a running server.
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
    let environment = Environment::system();
    match Store::open(config.store(), environment.clone()).await {
        Ok(store) => {
            for check in store.check().await? {
                report(&check.name, check.outcome);
            }
            store.close().await;
        }
        Err(error) => report("data", Err(Error::from(error).chain())),
    }
    match Models::new(config.models.clone(), environment) {
        Ok(models) => {
            models.probe().await;
            match models.default_model().await {
                Ok(model) => report("default model", Ok(model.name().to_owned())),
                Err(error) => report("default model", Err(Error::from(error).chain())),
            }
        }
        Err(error) => report("models", Err(Error::from(error).chain())),
    }
    match failures {
        0 => Ok(()),
        1 => Err(Error::Usage("one check failed".to_owned())),
        more => Err(Error::Usage(format!("{more} checks failed"))),
    }
}
