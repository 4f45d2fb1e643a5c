//! The real binary as a child process, as a test or a benchmark runs it.

use std::{
    io::{self, BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

/// How long a server may take to say that it is ready, a loaded machine and a debug build included.
const READY: Duration = Duration::from_secs(60);
/// The key sent to the model server, which checks that no request repeats it.
const MODEL_KEY: &str = "sk-scripted-model-key";
/// The password of the demonstration's people.
pub const PASSWORD: &str = "correct-horse-battery";

/// How a server is started.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    pub binary: PathBuf,
    pub data_dir: PathBuf,
    /// Fill the demonstration workspace.
    pub demo: bool,
    /// A PostgreSQL address instead of SQLite.
    pub database_url: Option<String>,
    /// The base URL of an OpenAI-compatible server that is made the default model.
    pub model: Option<String>,
    /// The address to listen on; port 0 takes a free one.
    pub listen: String,
    pub environment: Vec<(String, String)>,
}

impl ServerOptions {
    /// The demonstration on SQLite with the built-in commands as model.
    pub fn demo(binary: impl Into<PathBuf>, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            binary: binary.into(),
            data_dir: data_dir.into(),
            demo: true,
            database_url: None,
            model: None,
            listen: "127.0.0.1:0".to_owned(),
            environment: Vec::new(),
        }
    }

    /// The command that starts the server.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("serve").arg("--listen").arg(&self.listen).arg("--data-dir").arg(&self.data_dir);
        if self.demo {
            command.arg("--demo").env("KONTOR_DEMO_PASSWORD", PASSWORD);
        }
        command.env_remove("KONTOR_DATABASE_URL");
        if let Some(url) = &self.database_url {
            command.env("KONTOR_DATABASE_URL", url);
        }
        // No test asks a model that happens to run on the machine.
        command.env("KONTOR_MODELS__OLLAMA_URL", "");
        // One member sends what many would.
        for limit in ["TOKEN", "MEMBER", "ADDRESS"] {
            command.env(format!("KONTOR_RATE_LIMITS__PER_{limit}"), "0");
        }
        if let Some(model) = &self.model {
            command.env("KONTOR_MODELS__DEFAULT", format!("scripted/{}", crate::scripted::MODEL));
            command.env("KONTOR_MODELS__PROVIDERS__SCRIPTED__BASE_URL", model);
            command.env("KONTOR_MODELS__PROVIDERS__SCRIPTED__API_KEY", MODEL_KEY);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.data_dir.parent().unwrap_or(Path::new("/")));
        command
    }
}

/// A running server; dropping it kills it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens, without a slash at the end.
    pub url: String,
    /// All lines it printed up to the ready line.
    pub greeting: Vec<String>,
    /// From the start of the process to the ready line.
    pub started_in: Duration,
}

impl Server {
    /// Starts a server and waits until it says that it is ready.
    ///
    /// # Errors
    /// What it printed, when it ends or does not get ready in time.
    pub fn start(options: &ServerOptions) -> io::Result<Self> {
        Self::start_logging_to(options, Stdio::inherit())
    }

    /// As [`Server::start`], with what the server's log is written to. A pipe has its reading end in
    /// [`Server::take_log`].
    pub fn start_logging_to(options: &ServerOptions, log: Stdio) -> io::Result<Self> {
        let mut command = options.command();
        let begun = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("the server has no output"))?;
        let (sender, lines) = mpsc::channel();
        // Reads on after the ready line, so that the server never writes into a full pipe.
        std::thread::Builder::new().name("server-output".to_owned()).spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        })?;
        let mut greeting = Vec::new();
        loop {
            match lines.recv_timeout(READY.saturating_sub(begun.elapsed())) {
                Ok(line) => {
                    let url = line.strip_prefix("Kontor is ready at ").map(str::to_owned);
                    greeting.push(line);
                    if let Some(url) = url {
                        return Ok(Self { child, url, greeting, started_in: begun.elapsed() });
                    }
                }
                Err(_) => {
                    let _ = child.kill();
                    let status = child.wait()?;
                    return Err(io::Error::other(format!(
                        "the server was not ready ({status}): {greeting:?}"
                    )));
                }
            }
        }
    }

    /// The reading end of the pipe that the log is written to, once. Dropped, it leaves the pipe closed.
    pub fn take_log(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// The address and port it listens on, to start it again at the same.
    pub fn address(&self) -> &str {
        self.url.split_once("://").map_or(self.url.as_str(), |(_, address)| address)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it comes to its end by itself within this time.
    pub fn ends_within(&mut self, patience: Duration) -> bool {
        let begun = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(None) if begun.elapsed() < patience => std::thread::sleep(Duration::from_millis(10)),
                ended => return !matches!(ended, Ok(None)),
            }
        }
    }

    /// `kill -9`.
    pub fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Asks the server to end, as a service manager does, and waits for it.
    pub fn stop(mut self) -> io::Result<std::process::ExitStatus> {
        Command::new("kill").arg("-TERM").arg(self.pid().to_string()).status()?;
        self.child.wait()
    }

    /// Resident memory in bytes, from `/proc`.
    pub fn resident_bytes(&self) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        status
            .lines()
            .find_map(|line| {
                line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
            })
            .map(|kilobytes| kilobytes * 1_024)
            .ok_or_else(|| io::Error::other("no VmRSS"))
    }

    /// The processor time that the process has used in all its threads, its own and the kernel's for it, in steps of
    /// 10 ms (Linux counts 100 a second, whatever its own clock does).
    ///
    /// # Errors
    /// When the process is gone, or the system is not Linux.
    pub fn processor_time(&self) -> io::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid()))?;
        // The name, which may have blanks, ends with the last parenthesis; what follows begins with field 3.
        let ticks = stat.rsplit_once(')').and_then(|(_, fields)| {
            let mut fields = fields.split_whitespace().skip(11);
            Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
        });
        ticks
            .map(|ticks| Duration::from_millis(ticks * 10))
            .ok_or_else(|| io::Error::other("no times of the process"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
