//! A wall clock that is set while the agent runs.
//!
//! The machine's own clock belongs to everybody on it and has no namespace, so it is left alone. The agent alone sees
//! another one, through libfaketime. The kernel therefore does not tell it that its clock was set, and it has to find
//! out by itself; what it does then is the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use super::Stage;
use crate::interrupt;
use crate::lab::home::Who;
use crate::lab::household::{Household, Minute};
use crate::lab::survey::survey;

/// Where Debian and its relatives keep the library, below a folder for the processor.
const LIBRARIES: &str = "/usr/lib";
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";
/// How soon the agent has to find out that its clock was set. It compares its clocks every half minute.
const NOTICE_LIMIT: Duration = Duration::from_secs(60);
/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;
/// Time until bedtime by the machine's clock, which therefore shows day throughout.
const UNTIL_BEDTIME: Duration = Duration::from_secs(2 * 60 * 60);
/// Minutes from bedtime to morning.
const NIGHT: i64 = 2 * 60;
/// Seconds from now to the middle of that night.
const TO_NIGHT: i64 = 3 * 60 * 60;
/// How long before bedtime the agent is killed: it has to find out about the clock before that.
const BEFORE_BEDTIME: Duration = Duration::from_secs(70);

/// The clock that the agent sees.
struct Clock {
    file: PathBuf,
}

impl Clock {
    /// The machine's clock, in a file of `folder`.
    fn new(folder: &Path) -> Result<Self> {
        let clock = Self { file: folder.join("clock") };
        clock.set(0)?;
        Ok(clock)
    }

    /// What makes a program see it.
    fn environment(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(LIBRARIES).with_context(|| format!("cannot read {LIBRARIES}"))?;
        let library = entries.flatten().map(|entry| entry.path().join(LIBRARY)).find(|path| path.exists());
        let library = library.with_context(|| format!("there is no {LIBRARY} in any folder of {LIBRARIES}"))?;
        Ok(vec![
            format!("LD_PRELOAD={}", library.display()),
            format!("FAKETIME_TIMESTAMP_FILE={}", self.file.display()),
            "FAKETIME_NO_CACHE=1".to_owned(),
            "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
            "FAKETIME_DISABLE_SHM=1".to_owned(),
            "NO_FAKE_STAT=1".to_owned(),
        ])
    }

    /// Sets it so many seconds ahead of the machine's clock.
    fn set(&self, seconds: i64) -> Result<()> {
        let new = self.file.with_extension("new");
        // It may be read at any moment, and must be whole then.
        fs::write(&new, format!("{seconds:+}\n"))
            .and_then(|()| fs::rename(&new, &self.file))
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}

/// The clock goes a day forth and two back, by day and by night; then bedtime comes by it without the agent.
pub(super) fn set_forth_and_back(stage: &mut Stage<'_>) -> Result<()> {
    let lab = stage.lab;
    let clock = Clock::new(&lab.folder.path(""))?;
    stage.gate.remove()?;
    stage.gate.set_environment(clock.environment()?);
    let bedtime = full_minute(SystemTime::now() + UNTIL_BEDTIME);
    let household = Household::new(lab).plan(Who::Mia, "asleep", Minute::of(bedtime), Minute::of(bedtime).plus(NIGHT));
    stage.gate.set_up(lab, &household)?;
    stage.check_gate("by the right clock")?;
    for (words, seconds, asleep) in [
        ("a day ahead, at night", DAY + TO_NIGHT, true),
        ("a day ahead, by day", DAY, false),
        ("a day back, at night", TO_NIGHT - DAY, true),
        ("a day back, by day", -DAY, false),
        ("a month back, at night", TO_NIGHT - 30 * DAY, true),
    ] {
        clock.set(seconds)?;
        stage.wait_asleep(asleep, words)?;
    }
    // A day back again, shortly before bedtime.
    let boundary = SystemTime::now() + BEFORE_BEDTIME;
    let ahead = bedtime.duration_since(boundary).context("bedtime is over")?;
    clock.set(i64::try_from(ahead.as_secs())? - DAY)?;
    stage.wait_asleep(false, "a day back, shortly before bedtime")?;
    stage.gate.kill()?;
    let left = boundary.duration_since(SystemTime::now()).context("the agent took too long to find out")?;
    interrupt::sleep(left.saturating_sub(Duration::from_secs(5)))?;
    ensure!(stage.is_asleep()? == Some(false), "bedtime came too early by the clock that was set");
    interrupt::sleep(boundary.duration_since(SystemTime::now()).unwrap_or_default() + Duration::from_secs(2))?;
    ensure!(stage.is_asleep()? == Some(true), "bedtime did not come by the clock that was set");
    clock.set(0)?;
    stage.gate.start(lab.home.gate_host())?;
    stage.gate.wait_ready(lab)?;
    stage.wait_asleep(false, "by the right clock again")
}

impl Stage<'_> {
    /// True if Mia gets nothing, false if she gets what she gets by day; none if it is neither.
    fn is_asleep(&self) -> Result<Option<bool>> {
        let reaches = survey(self.lab, &[Who::Mia], &[self.open()?])?;
        Ok(reaches[0].is_open().map(|open| !open))
    }

    /// Waits until Mia is, or is not, asleep. Nobody else must notice anything.
    fn wait_asleep(&mut self, asleep: bool, when: &str) -> Result<()> {
        let what = if asleep { "night" } else { "day" };
        interrupt::wait_until(&format!("{what} with the clock {when}"), NOTICE_LIMIT, || {
            self.gate.check()?;
            Ok(self.is_asleep()? == Some(asleep))
        })?;
        let sites = [self.open()?, self.blocked()?];
        for reach in survey(self.lab, &[Who::Parent], &sites)? {
            ensure!(reach.is_open() == Some(true), "the parent is filtered with the clock {when}: {}", reach.ways());
        }
        if asleep { Ok(()) } else { self.check_gate(&format!("with the clock {when}")) }
    }
}

/// The minute that `time` is in, from its beginning.
fn full_minute(time: SystemTime) -> SystemTime {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    UNIX_EPOCH + Duration::from_secs(seconds / 60 * 60)
}
