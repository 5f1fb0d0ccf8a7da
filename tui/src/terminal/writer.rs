//! The thread that writes to the terminal: it has room for one frame.

use crate::threads;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Bytes that are written at once; between two such pieces a frame can be given up.
const PIECE: usize = 1024;

/// Collects a frame's bytes in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    /// Takes what was collected.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut lock(&self.0))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the thread and its owner share.
#[derive(Debug, Default)]
struct State {
    /// What is to be written next.
    slot: Option<Vec<u8>>,
    /// Whether something is being written.
    busy: bool,
    /// Whether what is being written should be given up.
    abandon: bool,
    /// Whether the thread should end.
    stop: bool,
    /// Why nothing can be written any more.
    error: Option<(io::ErrorKind, String)>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// Hands bytes to the thread that writes them.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    ready: Arc<Notify>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(out: impl Write + Send + 'static) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared::default());
        let ready = Arc::new(Notify::new());
        let (theirs, notify) = (shared.clone(), ready.clone());
        threads::start("terminal", move || run(out, &theirs, &notify))?;
        Ok(Self { shared, ready })
    }

    /// Returns what is notified when everything was written, or nothing can be any more.
    pub(super) fn ready(&self) -> Arc<Notify> {
        self.ready.clone()
    }

    /// Returns whether everything was written.
    ///
    /// # Errors
    /// If nothing can be written any more.
    pub(super) fn is_idle(&self) -> io::Result<bool> {
        let state = lock(&self.shared.state);
        check(&state)?;
        Ok(state.slot.is_none() && !state.busy)
    }

    /// Hands over bytes, to be written as soon as what is in the works is.
    ///
    /// # Errors
    /// If nothing can be written any more.
    pub(super) fn submit(&self, bytes: Vec<u8>) -> io::Result<()> {
        let mut state = lock(&self.shared.state);
        check(&state)?;
        match &mut state.slot {
            Some(waiting) => waiting.extend_from_slice(&bytes),
            None => state.slot = Some(bytes),
        }
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Gives up what is in the works and writes these bytes instead; waits at most `patience`.
    /// Returns whether they were written.
    pub(super) fn finish(&self, bytes: &[u8], patience: Duration) -> bool {
        let mut state = lock(&self.shared.state);
        state.abandon = state.busy;
        state.slot = Some(bytes.to_vec());
        self.shared.changed.notify_all();
        drop(state);
        self.wait(patience)
    }

    /// Waits until everything was written, but at most `patience`. Returns whether it was.
    pub(super) fn wait(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut state = lock(&self.shared.state);
        while (state.slot.is_some() || state.busy) && state.error.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.error.is_none()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        lock(&self.shared.state).stop = true;
        self.shared.changed.notify_all();
    }
}

fn run(mut out: impl Write, shared: &Shared, ready: &Notify) {
    loop {
        let mut state = lock(&shared.state);
        let bytes = loop {
            if let Some(bytes) = state.slot.take() {
                break bytes;
            }
            if state.stop {
                return;
            }
            let waited = shared.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        };
        state.busy = true;
        drop(state);
        let written = write(&mut out, &bytes, shared);
        let mut state = lock(&shared.state);
        state.busy = false;
        state.abandon = false;
        if let Err(error) = written {
            state.error = Some((error.kind(), error.to_string()));
        }
        let over = state.error.is_some();
        drop(state);
        shared.changed.notify_all();
        ready.notify_one();
        if over {
            return;
        }
    }
}

fn write(out: &mut impl Write, bytes: &[u8], shared: &Shared) -> io::Result<()> {
    for piece in bytes.chunks(PIECE) {
        if lock(&shared.state).abandon {
            return Ok(());
        }
        out.write_all(piece)?;
    }
    out.flush()
}

fn check(state: &State) -> io::Result<()> {
    match &state.error {
        None => Ok(()),
        Some((kind, text)) => Err(io::Error::new(*kind, text.clone())),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// A terminal that takes a piece only when it is told to.
    struct Slow {
        may: Receiver<io::Result<()>>,
        took: Sender<Vec<u8>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.may.recv().unwrap_or(Ok(()))?;
            let _ = self.took.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Writer, Sender<io::Result<()>>, Receiver<Vec<u8>>) {
        let (go, may) = channel();
        let (took, taken) = channel();
        (Writer::start(Slow { may, took }).unwrap(), go, taken)
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_stalled_terminal_is_busy_until_it_takes_the_frame() {
        let (writer, go, taken) = slow();
        assert!(writer.is_idle().unwrap());
        writer.submit(b"frame".to_vec()).unwrap();
        assert!(!writer.is_idle().unwrap());
        assert!(!writer.wait(Duration::from_millis(1)));
        go.send(Ok(())).unwrap();
        assert_eq!(taken.recv_timeout(LONG).unwrap(), b"frame");
        assert!(writer.wait(LONG));
        assert!(writer.is_idle().unwrap());
    }

    #[test]
    fn leaving_gives_up_the_rest_of_a_frame() {
        let (writer, go, taken) = slow();
        writer.submit(vec![b'x'; 10 * PIECE]).unwrap();
        while lock(&writer.shared.state).slot.is_some() {
            std::thread::yield_now();
        }
        assert!(
            !writer.finish(b"bye", Duration::from_millis(1)),
            "it does not wait for ever"
        );
        go.send(Ok(())).unwrap();
        go.send(Ok(())).unwrap();
        go.send(Ok(())).unwrap();
        assert!(writer.wait(LONG));
        drop(go);
        let pieces: Vec<_> = taken.try_iter().collect();
        assert!(pieces.len() <= 3, "{} pieces", pieces.len());
        assert_eq!(pieces.last().unwrap(), b"bye");
    }

    #[test]
    fn a_terminal_that_is_gone_is_reported() {
        let (writer, go, _taken) = slow();
        writer.submit(b"frame".to_vec()).unwrap();
        go.send(Err(io::Error::from_raw_os_error(5))).unwrap();
        assert!(!writer.wait(LONG));
        assert!(writer.is_idle().is_err());
        assert!(writer.submit(b"more".to_vec()).is_err());
        assert!(!writer.finish(b"bye", LONG), "and nobody waits for it");
    }

    #[tokio::test]
    async fn a_written_frame_is_told() {
        let writer = Writer::start(io::sink()).unwrap();
        let ready = writer.ready();
        writer.submit(b"frame".to_vec()).unwrap();
        ready.notified().await;
        assert!(writer.is_idle().unwrap());
    }
}
