//! Logs and traces. Traces of turns are sent over OTLP where that is set. Logs go to standard error, by `KONTOR_LOG` (as in `info,kontor_agents=debug`), as text or JSON lines.
//!
//! No part of the program waits for its log or fails by it: lines go through a bounded queue to a thread that
//! writes them. Where the reader is slow or gone, or the disk is full, lines are dropped and counted, and the
//! count is written once writing is possible again.

mod lines;
mod otlp;

use std::{
    io,
    panic::PanicHookInfo,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tracing_subscriber::EnvFilter;

use crate::{config::LogFormat, error::Error};
use lines::Lines;
pub(crate) use otlp::{Exporter, TelemetryConfig};

/// How long the end of the process waits for what is in the queue.
const FLUSH: Duration = Duration::from_secs(1);

static LINES: OnceLock<Arc<Lines>> = OnceLock::new();

/// Starts logging for the process; a second start, in a test, keeps the first.
///
/// # Errors
/// When the operating system gives no thread to write with.
pub(crate) fn start(format: LogFormat) -> Result<(), Error> {
    let filter = EnvFilter::try_from_env("KONTOR_LOG").unwrap_or_else(|_| EnvFilter::new("warn,kontor=info"));
    let lines = Lines::start(io::stderr()).map_err(Error::io("the log cannot be written"))?;
    let lines = LINES.get_or_init(|| lines).clone();
    // What the layer says of its own errors it prints to standard error, and panics where that fails.
    let builder = tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false);
    let builder = builder.with_writer(move || lines.writer());
    let _ = match format {
        LogFormat::Text => builder.compact().try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// How many lines were dropped since the start of the process.
pub(crate) fn dropped() -> u64 {
    LINES.get().map_or(0, |lines| lines.dropped())
}

/// Writes what is in the queue, at the end of the process.
pub(crate) fn flush() {
    if let Some(lines) = LINES.get() {
        lines.flush(FLUSH);
    }
}

/// A panic is a line of the log: the standard hook would write to standard error itself, and wait for it.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let said = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    tracing::error!(thread = thread.name().unwrap_or("unnamed"), place, "a panic: {said}");
}
