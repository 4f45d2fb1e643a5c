//! Operations that reach outside for tests: each writes a line to a file, in which a test counts them. There are none
//! in release builds.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use futures::future::BoxFuture;
use kontor_core::{
    error::{ErrorKind, Problem},
    grants::Grants,
    metadata::Schema,
    operation::{Definition, Effect},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::{
    Contributor, LookedUp, Operation, Outcome, Outside, OutsideCall, WhenUnknown, arguments, schema,
};

/// The variable that names the file.
const FILE: &str = "KONTOR_TEST_EFFECTS";

/// Contributes `effect.repeat`, `effect.look_up` and `effect.ask`, one for each [`WhenUnknown`]; none without a file.
#[derive(Debug, Clone, Default)]
pub struct CountedEffects {
    pub file: Option<PathBuf>,
}

impl CountedEffects {
    /// The file is the one that `KONTOR_TEST_EFFECTS` names.
    pub fn from_environment() -> Self {
        Self { file: std::env::var_os(FILE).map(PathBuf::from) }
    }
}

impl Contributor for CountedEffects {
    fn operations(&self, _: &Arc<Schema>, _: &Grants) -> Vec<Operation> {
        let Some(file) = &self.file else { return Vec::new() };
        let rules = [
            ("effect.repeat", WhenUnknown::Repeat),
            ("effect.look_up", WhenUnknown::LookUp),
            ("effect.ask", WhenUnknown::AskPerson),
        ];
        let operation = |(name, rule)| {
            let definition = Definition {
                name: String::from(name),
                description: "Have an effect outside that a test counts.".to_owned(),
                parameters: schema::<Arguments>(),
                effect: Effect::External,
            };
            Operation::Outside(Arc::new(Counted { definition, rule, file: file.clone() }))
        };
        rules.into_iter().map(operation).collect()
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// How many milliseconds pass before the effect, and again before its answer.
    #[serde(default)]
    #[schemars(range(max = 60_000))]
    takes_ms: u32,
    /// Refuse, without an effect.
    #[serde(default)]
    refuse: bool,
}

struct Counted {
    definition: Definition,
    rule: WhenUnknown,
    file: PathBuf,
}

impl Counted {
    /// Whether the file has the key. It stands for what the other side knows.
    fn happened(&self, key: &str) -> std::io::Result<bool> {
        let mut lines = String::new();
        File::options().read(true).append(true).create(true).open(&self.file)?.read_to_string(&mut lines)?;
        Ok(lines.lines().any(|line| line == key))
    }

    fn append(&self, key: &str) -> std::io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(&self.file)?;
        file.write_all(format!("{key}\n").as_bytes())
    }
}

impl Outside for Counted {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn when_unknown(&self) -> WhenUnknown {
        self.rule
    }

    fn run<'r>(&'r self, call: OutsideCall<'r>, json: &'r Json) -> BoxFuture<'r, Outcome> {
        Box::pin(async move {
            let Arguments { takes_ms, refuse } = match arguments(json) {
                Ok(arguments) => arguments,
                Err(problem) => return Outcome::Failed(problem),
            };
            if refuse {
                let problem =
                    Problem::new(ErrorKind::Conflict, "refused", "The other side does not want it.");
                return Outcome::Failed(problem);
            }
            let pause = Duration::from_millis(takes_ms.into());
            tokio::time::sleep(pause).await;
            // The other side of an operation that is safe to repeat knows the keys it has seen.
            let is_known = self.rule == WhenUnknown::Repeat && self.happened(call.key).unwrap_or(true);
            if !is_known && self.append(call.key).is_err() {
                return Outcome::Unknown;
            }
            tokio::time::sleep(pause).await;
            Outcome::Succeeded(json!({ "happened": call.key }))
        })
    }

    fn look_up<'r>(&'r self, call: OutsideCall<'r>, _: &'r Json) -> BoxFuture<'r, LookedUp> {
        Box::pin(async move {
            match self.happened(call.key) {
                Ok(true) => LookedUp::Happened(Outcome::Succeeded(json!({ "happened": call.key }))),
                Ok(false) => LookedUp::NeverHappened,
                Err(_) => LookedUp::Unclear,
            }
        })
    }
}
