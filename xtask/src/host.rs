//! What this machine has, and how it gets what it lacks.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// The folder for what the commands here download or make: beside the build's own output.
pub(crate) fn cache() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from).join("xtask")
}

/// Cargo, in the project's folder.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

/// The first of these programs that is there, on the path or in these folders.
pub(crate) fn find(programs: &[&str], folders: &[PathBuf]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let searched: Vec<_> = folders.iter().cloned().chain(env::split_paths(&path)).collect();
    programs
        .iter()
        .flat_map(|program| searched.iter().map(move |folder| folder.join(program)))
        .find(|candidate| candidate.is_file())
}

/// The versioned folders of Debian's PostgreSQL, the newest first.
pub(crate) fn postgres_folders() -> Vec<PathBuf> {
    let mut folders: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    folders.sort();
    folders.reverse();
    folders
}

/// Installs Debian packages, as root.
///
/// # Errors
/// What is missing and how to get it, where it cannot be installed.
pub(crate) fn install(what: &str, packages: &[&str]) -> Result<(), String> {
    let by_hand =
        format!("{what} is missing: install it (on Debian: apt-get install {})", packages.join(" "));
    if !is_root() || find(&["apt-get"], &[]).is_none() {
        return Err(by_hand);
    }
    eprintln!("xtask: installing {what}");
    let apt = |arguments: &[&str]| {
        Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    // An outdated package list may still do.
    apt(&["update"]);
    if apt(&arguments) { Ok(()) } else { Err(by_hand) }
}

/// The Python of an environment of its own, made in this folder where there is none yet.
///
/// # Errors
/// What is missing and how to get it.
pub(crate) fn python(folder: &Path) -> Result<PathBuf, String> {
    let python = folder.join("bin/python");
    if python.is_file() {
        return Ok(python);
    }
    let make = || Command::new("python3").args(["-m", "venv"]).arg(folder).status();
    if !make().is_ok_and(|status| status.success()) {
        install("Python", &["python3", "python3-venv"])?;
        run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    }
    Ok(python)
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16, String> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("no port is free: {error}"))
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown} ended with {status}")),
        Err(error) => Err(format!("{shown} did not start: {error}")),
    }
}
