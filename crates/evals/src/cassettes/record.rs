//! A model whose answers are recorded.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{StreamExt as _, stream};
use kontor_core::error::Problem;
use kontor_models::{
    Breaker, Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, ModelError, ModelOverride, Pricing,
};

use super::{
    file::{Answer, Cassette, CassetteError, RecordedModel},
    request::Parts,
};

/// What is being recorded, by all takes of a run. Cloning is cheap.
#[derive(Clone, Default)]
pub struct Recording(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    cassette: Cassette,
    file: Option<Written>,
}

/// The file of a recording.
struct Written {
    path: PathBuf,
    file: File,
    /// What it has of the models.
    head: String,
}

impl Recording {
    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that was recorded until now.
    pub fn cassette(&self) -> Cassette {
        self.recorded().cassette.clone()
    }

    /// Keeps what is recorded in a file, each take as it ends. Of what stands there the takes that are `done` stay, and
    /// where none is, it is begun anew.
    ///
    /// # Errors
    /// A file that cannot be read or written, and one that lacks a take that is done.
    pub fn keep_in(&self, path: &Path, done: &BTreeSet<String>) -> Result<(), CassetteError> {
        let mut recorded = self.recorded();
        if !done.is_empty() {
            let text = match fs::read_to_string(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
                read => read?,
            };
            // A last line that was cut off is of a take that is not done.
            let whole = text.rfind('\n').map_or(0, |end| end + 1);
            recorded.cassette = Cassette::parse(text.get(..whole).unwrap_or_default())?;
            recorded.cassette.takes.retain(|take, _| done.contains(take));
            if let Some(take) = done.iter().find(|take| !recorded.cassette.takes.contains_key(*take)) {
                return Err(CassetteError::Gone { take: take.clone() });
            }
        }
        replace(path, &recorded.cassette.write())?;
        let file = OpenOptions::new().append(true).open(path)?;
        recorded.file = Some(Written { path: path.to_owned(), file, head: recorded.cassette.head() });
        Ok(())
    }

    /// Forgets a take, which is begun again.
    pub fn forget(&self, take: &str) {
        self.recorded().cassette.takes.remove(take);
    }

    /// Writes a take that has ended, where there is a file.
    pub(crate) fn ended(&self, take: &str) -> io::Result<()> {
        let Recorded { cassette, file } = &mut *self.recorded();
        let Some(written) = file else { return Ok(()) };
        let head = cassette.head();
        let mut text = cassette.take(take);
        if head != written.head {
            text = format!("{head}{text}");
            written.head = head;
        }
        written.file.write_all(text.as_bytes()).and_then(|()| written.file.sync_data())
    }

    /// Puts what stands in the file in the order of takes, whichever ended first.
    ///
    /// # Errors
    /// What the disk said.
    pub fn finish(&self) -> io::Result<()> {
        let Recorded { cassette, file } = &*self.recorded();
        file.as_ref().map_or(Ok(()), |written| replace(&written.path, &cassette.write()))
    }

    /// Keeps for which model a name stands.
    pub(crate) fn name(&self, name: &str, model: &str) {
        self.recorded().cassette.names.insert(name.to_owned(), model.to_owned());
    }

    fn add(&self, take: &str, model: &str, request: Parts, deltas: Vec<Delta>) {
        let key = request.key(model);
        let mut recorded = self.recorded();
        let of_take = recorded.cassette.takes.entry(take.to_owned()).or_default();
        let index = of_take.iter().filter(|answer| answer.key == key).count();
        let (take, model) = (take.to_owned(), model.to_owned());
        of_take.push(Answer { take, key, index, model, request, deltas });
    }
}

/// Writes a file whole, or leaves it as it was.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    fs::write(&beside, text)?;
    fs::rename(&beside, path)
}

/// A model that is asked, and whose whole answers are recorded. One that breaks off is not.
pub struct Recorder {
    model: Arc<dyn ChatModel>,
    take: Arc<str>,
    recording: Recording,
}

impl Recorder {
    /// Records a model for a take, such as `case 3, trial 2`.
    pub fn new(model: Arc<dyn ChatModel>, take: &str, recording: &Recording) -> Self {
        let known = RecordedModel {
            id: model.name().to_owned(),
            capabilities: model.capabilities(),
            pricing: model.pricing(),
        };
        recording.recorded().cassette.models.insert(known.id.clone(), known);
        Self { model, take: take.into(), recording: recording.clone() }
    }
}

impl ChatModel for Recorder {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.model.capabilities()
    }

    fn pricing(&self) -> Option<Pricing> {
        self.model.pricing()
    }

    fn known_otherwise(&self, known: &ModelOverride) -> Option<Arc<dyn ChatModel>> {
        let model = self.model.known_otherwise(known)?;
        Some(Arc::new(Self::new(model, &self.take, &self.recording)))
    }

    fn breaker(&self) -> Option<&Arc<Breaker>> {
        self.model.breaker()
    }

    fn problem_of(&self, error: &ModelError) -> Problem {
        self.model.problem_of(error)
    }

    fn stream(&self, request: ChatRequest) -> DeltaStream {
        let parts = Parts::of(&request);
        let (take, recording, name) =
            (self.take.clone(), self.recording.clone(), self.model.name().to_owned());
        let state = (self.model.stream(request), Vec::new(), Some(parts));
        stream::unfold(state, move |(mut answer, mut deltas, mut parts)| {
            let (take, recording, name) = (take.clone(), recording.clone(), name.clone());
            async move {
                let delta = answer.next().await?;
                if let Ok(delta) = &delta {
                    deltas.push(delta.clone());
                    if matches!(delta, Delta::Finish(_))
                        && let Some(parts) = parts.take()
                    {
                        recording.add(&take, &name, parts, std::mem::take(&mut deltas));
                    }
                }
                Some((delta, (answer, deltas, parts)))
            }
        })
        .boxed()
    }
}
