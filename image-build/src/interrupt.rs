//! Ctrl-C and its relatives: a flag that every wait looks at, so that guards get to clean up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Signals belong to the whole process, and so does the flag.
static ASKED_TO_STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// How often waits look at the flag.
pub(crate) const POLL: Duration = Duration::from_millis(5);

/// Catches SIGINT, SIGTERM and SIGHUP from now on. The second one ends the process at once; the next run then clears up.
pub(crate) fn catch_signals() -> Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // Order matters: the first signal finds the flag unset, sets it, and only a second one finds it set.
        flag::register_conditional_shutdown(signal, 130, Arc::clone(&ASKED_TO_STOP))
            .and_then(|_| flag::register(signal, Arc::clone(&ASKED_TO_STOP)))
            .context("cannot catch signals")?;
    }
    Ok(())
}

/// True once somebody asked to stop.
pub(crate) fn asked() -> bool {
    ASKED_TO_STOP.load(Ordering::Relaxed)
}

/// An error once somebody asked to stop, so that `?` unwinds to the guards.
pub(crate) fn check() -> Result<()> {
    if asked() {
        bail!("interrupted");
    }
    Ok(())
}

/// Sleeps, but not through an interruption.
pub(crate) fn sleep(time: Duration) -> Result<()> {
    let until = Instant::now() + time;
    loop {
        check()?;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(POLL));
    }
}

/// Waits until `ready` says so, at most `limit`; `what` names it in the error.
pub(crate) fn wait_until(what: &str, limit: Duration, mut ready: impl FnMut() -> Result<bool>) -> Result<()> {
    let until = Instant::now() + limit;
    while !ready()? {
        if Instant::now() >= until {
            bail!("{what} did not happen within {limit:?}");
        }
        sleep(Duration::from_millis(20))?;
    }
    Ok(())
}
