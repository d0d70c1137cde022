//! Looks at a box all the time while something is done to it: for how long names stay unanswered, and whether what the
//! child may not have is ever answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use super::solo::{BARRED, OWN_NAME, Solo, ask_at, is_refusal};

/// Time between two rounds of questions.
const ROUND: Duration = Duration::from_millis(50);

/// What was seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Seen {
    /// The longest time for which the box answered nobody.
    pub(super) silence: Duration,
    /// Questions for the barred name that were answered by a refusal.
    pub(super) refused: usize,
    /// Questions for it that were answered by an address.
    pub(super) passed: usize,
}

/// Somebody who asks a box again and again, until told to stop.
pub(super) struct Watcher {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<Result<Seen>>,
}

impl Watcher {
    /// Begins to ask.
    pub(super) fn of(solo: &Solo) -> Self {
        let (port, ended) = (solo.dns, Arc::new(AtomicBool::new(false)));
        let end = Arc::clone(&ended);
        Self { ended, thread: thread::spawn(move || look(port, &end)) }
    }

    /// Ends it, and returns what was seen.
    pub(super) fn stop(self) -> Result<Seen> {
        self.ended.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("whoever watches the box has crashed"))?
    }
}

fn look(port: u16, ended: &AtomicBool) -> Result<Seen> {
    let mut seen = Seen::default();
    let mut heard = Instant::now();
    while !ended.load(Ordering::Relaxed) {
        match ask_at(port, BARRED)? {
            Some(reply) if is_refusal(&reply) => seen.refused += 1,
            Some(reply) if !reply.addresses.is_empty() => seen.passed += 1,
            // Nobody was there, or it could not be told.
            _ => {}
        }
        if ask_at(port, OWN_NAME)?.is_some_and(|reply| !reply.addresses.is_empty()) {
            heard = Instant::now();
        }
        seen.silence = seen.silence.max(heard.elapsed());
        thread::sleep(ROUND);
    }
    Ok(seen)
}
