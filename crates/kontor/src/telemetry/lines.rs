//! The queue between whoever logs and the thread that writes.

use std::{
    io::{self, Write},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::Builder,
    time::Duration,
};

/// How many bytes may wait to be written.
const ROOM: usize = 1 << 20;

/// Lines on their way to a writer.
pub(super) struct Lines {
    state: Mutex<State>,
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// How many lines `waiting` holds.
    lines: u64,
    /// The thread has taken lines that it has not written yet.
    is_writing: bool,
    /// Dropped since the count was last written.
    unreported: u64,
}

impl Lines {
    /// Starts the thread that writes to `out` for as long as the process lives.
    pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<Arc<Self>> {
        let lines =
            Arc::new(Self { state: Mutex::default(), changed: Condvar::new(), dropped: AtomicU64::new(0) });
        let writing = Arc::clone(&lines);
        // It is never joined: a write to a full pipe may never end.
        Builder::new().name("log".to_owned()).spawn(move || writing.write_to(out))?;
        Ok(lines)
    }

    /// What a line is written to; never waits and never fails.
    pub(super) fn writer(self: &Arc<Self>) -> Writer {
        Writer(Arc::clone(self))
    }

    /// How many lines were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until all lines are written, and no longer than `patience`.
    pub(super) fn flush(&self, patience: Duration) {
        let is_busy = |state: &mut State| state.is_writing || !state.waiting.is_empty();
        let waited = self.changed.wait_timeout_while(self.lock(), patience, is_busy);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        if state.waiting.len() + line.len() > ROOM {
            drop(state);
            self.drop_lines(1);
            return;
        }
        state.waiting.extend_from_slice(line);
        state.lines += 1;
        drop(state);
        self.changed.notify_all();
    }

    fn write_to(&self, mut out: impl Write) {
        loop {
            let (text, lines, unreported) = self.next();
            if unreported > 0 {
                let report = format!("{unreported} lines of the log could not be written and were dropped\n");
                if out.write_all(report.as_bytes()).is_ok() {
                    self.lock().unreported -= unreported;
                }
            }
            if out.write_all(&text).and_then(|()| out.flush()).is_err() {
                self.drop_lines(lines);
            }
            self.lock().is_writing = false;
            self.changed.notify_all();
        }
    }

    /// The lines that wait, once there are any; with how many they are, and how many were dropped.
    fn next(&self) -> (Vec<u8>, u64, u64) {
        let waited = self.changed.wait_while(self.lock(), |state| state.waiting.is_empty());
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.is_writing = true;
        let lines = std::mem::take(&mut state.lines);
        (std::mem::take(&mut state.waiting), lines, state.unreported)
    }

    fn drop_lines(&self, lines: u64) {
        self.dropped.fetch_add(lines, Ordering::Relaxed);
        self.lock().unreported += lines;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Writer(Arc<Lines>);

impl Write for Writer {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{atomic::AtomicBool, mpsc};

    use super::*;

    const FLUSH_TIMEOUT: Duration = Duration::from_secs(20);

    /// A writer that fails while it is told to, and gives on what it writes.
    struct Failing(Arc<AtomicBool>, mpsc::Sender<String>);

    impl Write for Failing {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            if self.0.load(Ordering::SeqCst) {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            self.1.send(String::from_utf8_lossy(text).into_owned()).map_err(io::Error::other)?;
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_and_told_of_once_writing_is_possible_again() {
        let (fails, (sender, written)) = (Arc::new(AtomicBool::new(true)), mpsc::channel());
        let lines = Lines::start(Failing(fails.clone(), sender)).unwrap();
        for _ in 0..3 {
            lines.writer().write_all(b"lost\n").unwrap();
            lines.flush(FLUSH_TIMEOUT);
        }
        assert_eq!(lines.dropped(), 3);
        fails.store(false, Ordering::SeqCst);
        lines.writer().write_all(b"kept\n").unwrap();
        lines.writer().write_all(b"kept as well\n").unwrap();
        lines.flush(FLUSH_TIMEOUT);
        let told: String = written.try_iter().collect();
        let report = "3 lines of the log could not be written and were dropped\n";
        assert_eq!(told, format!("{report}kept\nkept as well\n"));
        assert_eq!(lines.dropped(), 3);
    }

    /// A writer that never comes back, as a pipe that nobody reads.
    struct Stuck(mpsc::Receiver<()>);

    impl Write for Stuck {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Err(io::Error::from(io::ErrorKind::BrokenPipe))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_a_log_that_is_not_read_and_its_memory_is_bounded() {
        let (_held, stuck) = mpsc::channel();
        let lines = Lines::start(Stuck(stuck)).unwrap();
        let line = [b'x'; 1_000];
        for _ in 0..3_000 {
            lines.writer().write_all(&line).unwrap();
        }
        assert!(lines.lock().waiting.len() <= ROOM);
        assert!(lines.dropped() >= 3_000 - 2 * (ROOM as u64 / 1_000) - 1, "{}", lines.dropped());
        lines.flush(Duration::from_millis(10));
    }
}
