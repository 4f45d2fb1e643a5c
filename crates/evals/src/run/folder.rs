//! The folder of a run: what is to be run, and each trial that has ended, so that a run that was stopped goes on.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{Error, TrialRecord};

const PLAN: &str = "run.json";
const TRIALS: &str = "trials.jsonl";

/// A run's folder. Each trial is a line of `trials.jsonl`, on the disk before the next number is told.
pub struct RunFolder {
    path: PathBuf,
    trials: Mutex<File>,
    done: Vec<TrialRecord>,
}

/// What a folder was begun for.
#[derive(Serialize, Deserialize)]
struct Begun {
    /// Of all that decides on a run's numbers.
    digest: String,
}

impl RunFolder {
    /// Begins a run's folder, or goes on with one that was begun for the same run. A last line that was cut off is of a
    /// trial that is run again.
    ///
    /// # Errors
    /// [`Error::Asked`] where it was begun for another run, or holds a line that is none; what the disk said.
    pub fn open(path: &Path, digest: &str) -> Result<Self, Error> {
        let wrong = |source| Error::Folder { path: path.display().to_string(), source };
        fs::create_dir_all(path).map_err(wrong)?;
        let plan = path.join(PLAN);
        match fs::read(&plan) {
            Ok(text) => {
                let begun: Begun = serde_json::from_slice(&text)
                    .map_err(|error| Error::Asked(format!("{}: {error}", plan.display())))?;
                if begun.digest != digest {
                    let told = format!(
                        "{} is the folder of another run: datasets, agents, prompts, models, trials, cassette or program differ",
                        path.display()
                    );
                    return Err(Error::Asked(told));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let begun = Begun { digest: digest.to_owned() };
                // Whole or not at all: a folder without it is begun anew.
                let beside = path.join("run.json.new");
                fs::write(&beside, serde_json::to_vec(&begun).unwrap_or_default()).map_err(wrong)?;
                fs::rename(&beside, &plan).map_err(wrong)?;
            }
            Err(error) => return Err(wrong(error)),
        }
        let file = path.join(TRIALS);
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(wrong(error)),
        };
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let done = text[..whole].lines().enumerate().map(|(index, line)| {
            let told = |error| Error::Asked(format!("{}:{}: {error}", file.display(), index + 1));
            serde_json::from_str(line).map_err(told)
        });
        let mut done = done.collect::<Result<Vec<TrialRecord>, Error>>()?;
        // What kept others from being run or judged may be gone.
        done.retain(TrialRecord::is_judged);
        let trials = OpenOptions::new().create(true).append(true).open(&file).map_err(wrong)?;
        trials.set_len(u64::try_from(whole).unwrap_or(u64::MAX)).map_err(wrong)?;
        Ok(Self { path: path.to_owned(), trials: Mutex::new(trials), done })
    }

    /// The trials that had been run when it was opened.
    pub(super) fn done(&self) -> &[TrialRecord] {
        &self.done
    }

    /// Keeps a trial that has ended.
    pub(super) fn keep(&self, trial: &TrialRecord) -> Result<(), Error> {
        let mut line = serde_json::to_vec(trial).unwrap_or_default();
        line.push(b'\n');
        let mut file = self.trials.lock().unwrap_or_else(PoisonError::into_inner);
        let written = file.write_all(&line).and_then(|()| file.sync_data());
        written.map_err(|source| Error::Folder { path: self.path.display().to_string(), source })
    }
}
