//! One update at a time, and how far it is: what pages begin, watch and call off.
//!
//! The work itself is [`crate::update::update`], which is handed in, so that the rules here can be tried without a disk to
//! write to.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use stairgate_webui::view::{Update, UpdateFailure, UpdatePhase};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};
use tokio_stream::{Stream, StreamExt as _};

use crate::kernel::with_causes;
use crate::locks::lock;
use crate::update::{Place, Progress, SIGNATURE_BYTES_MAX, Step, UPDATE_BYTES_MAX, UpdateError, Watch, Written};

/// Updates begin at least this far apart: each reads or fetches up to 128 MiB.
const APART: Duration = Duration::from_secs(10);
/// A browser that sends nothing for so long is gone.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// A part has to be there after this time: as long as fetching one may take.
const RECEIVE_LIMIT: Duration = Duration::from_secs(30 * 60);
/// Pieces that wait for the disk; a browser's are up to 16 KiB.
const PIECES: usize = 16;

/// What is being done about an update. Clones are of the same.
#[derive(Clone, Debug)]
pub struct Updating(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Where an update lies that is received.
    folder: PathBuf,
    state: watch::Sender<Update>,
    called_off: AtomicBool,
    /// When the latest one began, in time of a clock that never goes back.
    begun: Mutex<Option<Duration>>,
}

/// Why no update begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TurnError {
    /// One is being worked on.
    #[error("an update is under way; wait until it has ended")]
    UnderWay,
    /// One began a moment ago.
    #[error("an update began less than {} seconds ago; wait a moment", APART.as_secs())]
    TooSoon,
}

/// A part of an update that is received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The signature.
    Signature,
    /// The update itself.
    Update,
}

impl Part {
    const fn file(self) -> &'static str {
        match self {
            Self::Signature => "update.minisig",
            Self::Update => "update",
        }
    }

    const fn bytes_max(self) -> u64 {
        match self {
            Self::Signature => SIGNATURE_BYTES_MAX,
            Self::Update => UPDATE_BYTES_MAX,
        }
    }
}

impl Updating {
    /// Nothing is being done yet; what is received is kept in `folder`.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self(Arc::new(Shared {
            folder,
            state: watch::Sender::new(Update::Idle),
            called_off: AtomicBool::new(false),
            begun: Mutex::default(),
        }))
    }

    /// How it is now.
    #[must_use]
    pub fn state(&self) -> Update {
        self.0.state.borrow().clone()
    }

    /// Tells whenever that changes.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Update> {
        self.0.state.subscribe()
    }

    /// Begins an update at `now`, in time of a clock that never goes back.
    ///
    /// # Errors
    /// If another one is under way, or began a moment ago.
    pub fn begin(&self, phase: UpdatePhase, now: Duration) -> Result<Turn, TurnError> {
        let mut begun = lock(&self.0.begun);
        if matches!(*self.0.state.borrow(), Update::Busy { .. }) {
            return Err(TurnError::UnderWay);
        }
        if begun.is_some_and(|begun| now.saturating_sub(begun) < APART) {
            return Err(TurnError::TooSoon);
        }
        *begun = Some(now);
        self.0.called_off.store(false, Ordering::Relaxed);
        self.0.state.send_replace(Update::Busy { phase, percent: None });
        Ok(Turn { updating: self.clone() })
    }

    /// Calls off what can still be called off; false if there is nothing of that kind.
    pub fn call_off(&self) -> bool {
        let can = matches!(*self.0.state.borrow(), Update::Busy { phase, .. } if phase.can_be_cancelled());
        if can {
            self.0.called_off.store(true, Ordering::Relaxed);
        }
        can
    }

    /// Removes what was received.
    pub(super) fn forget_received(&self) {
        let folder = &self.0.folder;
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, folder = %folder.display(), "a received update still takes room");
            }
            _ => {}
        }
    }

    fn is_called_off(&self) -> bool {
        self.0.called_off.load(Ordering::Relaxed)
    }

    /// Tells of it if it shows: in whole hundredths.
    fn tell(&self, phase: UpdatePhase, done: u64, total: Option<u64>) {
        let hundredths = |total: u64| u8::try_from(done.saturating_mul(100) / total.max(1)).unwrap_or(100).min(100);
        let next = Update::Busy { phase, percent: total.map(hundredths) };
        self.0.state.send_if_modified(|state| {
            let changed = *state != next;
            if changed {
                *state = next;
            }
            changed
        });
    }
}

/// An update that has begun. Nobody else can begin one until it has ended or was dropped, which is a failure.
#[derive(Debug)]
pub struct Turn {
    updating: Updating,
}

impl Turn {
    /// Takes up a part, of which `total` bytes are expected in all, piece by piece; nothing is kept in memory.
    ///
    /// # Errors
    /// Why it is not there whole, which ends the update.
    pub async fn receive<E>(
        &self,
        part: Part,
        total: Option<u64>,
        mut pieces: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<(), UpdateFailure> {
        let folder = self.updating.0.folder.clone();
        let (sender, mut waiting) = mpsc::channel::<Bytes>(PIECES);
        // A disk can be slow, and others wait for this thread.
        let writer = tokio::task::spawn_blocking(move || {
            fs::create_dir_all(&folder)?;
            let mut file = File::create(folder.join(part.file()))?;
            while let Some(piece) = waiting.blocking_recv() {
                file.write_all(&piece)?;
            }
            file.flush()
        });
        let mut done = 0;
        let end = Instant::now() + RECEIVE_LIMIT;
        let received = loop {
            if self.updating.is_called_off() {
                break Err(UpdateFailure::Cancelled);
            }
            let wait = end.min(Instant::now() + PATIENCE);
            let Ok(piece) = timeout_at(wait, pieces.next()).await else { break Err(UpdateFailure::BrokenOff) };
            let Some(piece) = piece else { break Ok(()) };
            let Ok(piece) = piece else { break Err(UpdateFailure::BrokenOff) };
            done += piece.len() as u64;
            if done > part.bytes_max() {
                break Err(match part {
                    Part::Signature => UpdateFailure::NotSigned,
                    Part::Update => UpdateFailure::TooLarge,
                });
            }
            // What writes has given up, and says why below.
            if sender.send(piece).await.is_err() {
                break Ok(());
            }
            if part == Part::Update {
                self.updating.tell(UpdatePhase::Receiving, done, total);
            }
        };
        drop(sender);
        let written = writer.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        let (failure, detail) = match (received, written) {
            (Ok(()), Ok(())) => return Ok(()),
            (Err(failure), _) => (failure, String::new()),
            (Ok(()), Err(error)) => (UpdateFailure::Disk, format!("cannot keep what is received: {error}")),
        };
        self.fail(failure, detail);
        Err(failure)
    }

    /// The update that was received, as a path.
    #[must_use]
    pub fn received(&self) -> String {
        self.updating.0.folder.join(Part::Update.file()).display().to_string()
    }

    /// Ends the update as a failure.
    pub fn fail(&self, failure: UpdateFailure, detail: String) {
        self.updating.0.state.send_replace(Update::Failed { failure, detail });
    }

    /// Does `work`, which takes minutes and blocks; gives what was written, or nothing if it came to nothing, which the
    /// state then says.
    pub fn work(self, work: impl FnOnce(&mut Watch<'_>) -> Result<Written, UpdateError>) -> Option<Written> {
        let updating = &self.updating;
        let done = work(&mut |Progress { step, done, total }| {
            let phase = phase(step);
            // At its beginning, nothing is written yet.
            let in_time = phase.can_be_cancelled() || (phase == UpdatePhase::Writing && done == 0);
            if in_time && updating.is_called_off() {
                return ControlFlow::Break(());
            }
            updating.tell(phase, done, total);
            ControlFlow::Continue(())
        });
        match done {
            Ok(written) => {
                updating.0.state.send_replace(match written.place {
                    Place::Slot(_) => Update::Written { version: written.version.clone() },
                    // It is being tried already.
                    Place::Agent => Update::Idle,
                });
                Some(written)
            }
            Err(UpdateError::CalledOff) => {
                self.fail(UpdateFailure::Cancelled, String::new());
                None
            }
            Err(error) => {
                tracing::warn!(error = %with_causes(&error), "the update came to nothing");
                self.fail(failure(&error), with_causes(&error));
                None
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if matches!(*self.updating.0.state.borrow(), Update::Busy { .. }) {
            self.fail(UpdateFailure::BrokenOff, String::new());
        }
        self.updating.forget_received();
    }
}

const fn phase(step: Step) -> UpdatePhase {
    match step {
        Step::Fetching => UpdatePhase::Fetching,
        Step::Checking => UpdatePhase::Checking,
        Step::Writing => UpdatePhase::Writing,
        Step::CheckingWritten => UpdatePhase::Comparing,
    }
}

/// What pages say about it, with the next step.
const fn failure(error: &UpdateError) -> UpdateFailure {
    match error {
        UpdateError::Fetch { .. } => UpdateFailure::Unreachable,
        UpdateError::Malformed { .. } => UpdateFailure::NotSigned,
        UpdateError::WrongSignature => UpdateFailure::WrongSignature,
        UpdateError::OtherKind(_) => UpdateFailure::OtherKind,
        UpdateError::Older { .. } | UpdateError::NotNewerThanSlot { .. } => UpdateFailure::Older,
        UpdateError::TooLarge { .. } => UpdateFailure::TooLarge,
        UpdateError::NotTheImage | UpdateError::Io { .. } => UpdateFailure::Disk,
        UpdateError::NotTried { .. } => UpdateFailure::NotTried,
        UpdateError::OnTrial => UpdateFailure::OnTrial,
        UpdateError::CalledOff => UpdateFailure::Cancelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    fn updating() -> (tempfile::TempDir, Updating) {
        let folder = tempfile::tempdir().unwrap();
        let updating = Updating::new(folder.path().join("received"));
        (folder, updating)
    }

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    fn pieces(pieces: &[&'static str], breaks_off: bool) -> impl Stream<Item = Result<Bytes, ()>> + Unpin + use<> {
        let pieces = pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes())));
        tokio_stream::iter(pieces.chain(breaks_off.then_some(Err(()))).collect::<Vec<_>>())
    }

    fn progress(step: Step, done: u64) -> Progress {
        Progress { step, done, total: Some(200) }
    }

    fn busy(phase: UpdatePhase, percent: Option<u8>) -> Update {
        Update::Busy { phase, percent }
    }

    #[test]
    fn there_is_one_update_at_a_time_and_not_one_after_the_other() {
        let (_folder, updating) = updating();
        let turn = updating.begin(UpdatePhase::Fetching, NOW).unwrap();
        assert_eq!(updating.begin(UpdatePhase::Fetching, NOW + APART).unwrap_err(), TurnError::UnderWay);
        drop(turn);
        assert_eq!(updating.state(), Update::Failed { failure: UpdateFailure::BrokenOff, detail: String::new() });
        assert_eq!(updating.begin(UpdatePhase::Fetching, NOW).unwrap_err(), TurnError::TooSoon);
        assert!(updating.begin(UpdatePhase::Fetching, NOW + APART).is_ok());
    }

    #[test]
    fn what_is_received_lies_there_while_it_is_worked_on_and_not_longer() {
        let (folder, updating) = updating();
        let turn = updating.begin(UpdatePhase::Receiving, NOW).unwrap();
        run(turn.receive(Part::Signature, None, pieces(&["signed"], false))).unwrap();
        run(turn.receive(Part::Update, Some(8), pieces(&["an ", "upd"], false))).unwrap();
        assert_eq!(updating.state(), busy(UpdatePhase::Receiving, Some(75)));
        let path = turn.received();
        let written = turn.work(|watch| {
            assert_eq!(fs::read_to_string(&path).unwrap(), "an upd");
            assert_eq!(fs::read_to_string(format!("{path}.minisig")).unwrap(), "signed");
            assert!(watch(progress(Step::Writing, 50)).is_continue());
            assert_eq!(updating.state(), busy(UpdatePhase::Writing, Some(25)));
            Ok(Written { version: "0.3.0".to_owned(), place: Place::Slot('b') })
        });
        assert_eq!(written.unwrap().version, "0.3.0");
        assert_eq!(updating.state(), Update::Written { version: "0.3.0".to_owned() });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_does_not_arrive_whole_or_is_too_large_is_not_worked_on() {
        let long: &'static str = "x".repeat(SIGNATURE_BYTES_MAX as usize).leak();
        for (part, sent, breaks_off, failure) in [
            (Part::Update, &["an "][..], true, UpdateFailure::BrokenOff),
            (Part::Signature, &[long, "x"], false, UpdateFailure::NotSigned),
        ] {
            let (folder, updating) = updating();
            let turn = updating.begin(UpdatePhase::Receiving, NOW).unwrap();
            assert_eq!(run(turn.receive(part, None, pieces(sent, breaks_off))), Err(failure));
            drop(turn);
            assert!(matches!(updating.state(), Update::Failed { failure: told, .. } if told == failure));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_full_disk_is_said() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("taken"), "").unwrap();
        let updating = Updating::new(folder.path().join("taken/received"));
        let turn = updating.begin(UpdatePhase::Receiving, NOW).unwrap();
        let received = run(turn.receive(Part::Signature, None, pieces(&["signed"], false)));
        assert_eq!(received, Err(UpdateFailure::Disk));
        assert!(matches!(updating.state(), Update::Failed { detail, .. } if detail.starts_with("cannot keep")));
    }

    #[test]
    fn an_update_is_called_off_until_it_is_written_and_no_longer() {
        for (step, done, breaks) in [
            (Step::Fetching, 10, true),
            (Step::Checking, 199, true),
            (Step::Writing, 0, true),
            (Step::Writing, 10, false),
            (Step::CheckingWritten, 0, false),
        ] {
            let (_folder, updating) = updating();
            assert!(!updating.call_off(), "there is nothing yet");
            let turn = updating.begin(UpdatePhase::Checking, NOW).unwrap();
            assert!(updating.call_off());
            let written = turn.work(|watch| match watch(progress(step, done)) {
                ControlFlow::Break(()) => Err(UpdateError::CalledOff),
                ControlFlow::Continue(()) => Ok(Written { version: "1".to_owned(), place: Place::Agent }),
            });
            assert_eq!(written.is_none(), breaks, "{step:?} {done}");
            let cancelled = Update::Failed { failure: UpdateFailure::Cancelled, detail: String::new() };
            assert_eq!(updating.state(), if breaks { cancelled } else { Update::Idle });
        }
        let (_folder, updating) = updating();
        let turn = updating.begin(UpdatePhase::Checking, NOW).unwrap();
        let _ = turn.work(|watch| {
            assert!(watch(progress(Step::Writing, 10)).is_continue());
            assert!(!updating.call_off(), "it is being written");
            Err(UpdateError::WrongSignature)
        });
        assert!(matches!(updating.state(), Update::Failed { failure: UpdateFailure::WrongSignature, .. }));
    }

    #[test]
    fn whoever_watches_is_told_in_whole_hundredths() {
        let (_folder, updating) = updating();
        let mut changes = updating.changes();
        let turn = updating.begin(UpdatePhase::Fetching, NOW).unwrap();
        let _ = turn.work(|watch| {
            let _ = watch(progress(Step::Fetching, 100));
            changes.mark_unchanged();
            let _ = watch(progress(Step::Fetching, 101));
            assert!(!changes.has_changed().unwrap());
            let _ = watch(progress(Step::Fetching, 102));
            assert!(changes.has_changed().unwrap());
            let _ = watch(Progress { step: Step::Fetching, done: 9, total: Some(0) });
            assert_eq!(updating.state(), busy(UpdatePhase::Fetching, Some(100)));
            Err(UpdateError::CalledOff)
        });
    }
}
