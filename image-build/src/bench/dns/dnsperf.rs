//! One run of dnsperf.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::interrupt;

/// What came of it.
#[derive(Default)]
pub(super) struct Run {
    pub(super) queries_per_second: f64,
    pub(super) completed: f64,
    lost: f64,
    /// Lines with a response code, as they are printed.
    codes: String,
}

impl Run {
    /// An error if the server did not really answer.
    pub(super) fn check(&self) -> Result<()> {
        ensure!(self.completed > 0.0, "dnsperf got no answers");
        ensure!(self.lost < self.completed / 50.0, "{} of {} questions were lost", self.lost, self.completed);
        let failed = ["SERVFAIL", "REFUSED", "FORMERR"].iter().any(|code| self.codes.contains(code));
        ensure!(!failed, "questions were answered by errors: {}", self.codes);
        Ok(())
    }
}

/// A process that does not outlive this value.
struct Running(Child);

impl Running {
    /// Asks it to end and print its figures.
    fn interrupt(&self) {
        if let Some(pid) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::INT);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs dnsperf to its end, or until `ended`, and hands on the latency of each answer in seconds, if it is told them.
pub(super) fn run(mut command: Command, ended: &AtomicBool, mut latency: impl FnMut(f64)) -> Result<Run> {
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().context("cannot start dnsperf")?;
    let output = child.stdout.take().context("dnsperf has no output")?;
    let running = Running(child);
    let mut asked_to_end = false;
    let mut run = Run::default();
    for line in BufReader::new(output).lines() {
        interrupt::check()?;
        let line = line.context("cannot read what dnsperf says")?;
        if let Some(answer) = line.strip_prefix("> ") {
            // The code, the question and the seconds that it took.
            if let Some(seconds) = answer.rsplit(' ').next().and_then(|seconds| seconds.parse().ok()) {
                latency(seconds);
            }
        } else {
            run.take_note(&line);
        }
        if !asked_to_end && ended.load(Ordering::Relaxed) {
            running.interrupt();
            asked_to_end = true;
        }
    }
    Ok(run)
}

impl Run {
    fn take_note(&mut self, line: &str) {
        let Some((key, value)) = line.trim().split_once(':') else { return };
        let number = || value.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default();
        match key {
            "Queries per second" => self.queries_per_second = number(),
            "Queries completed" => self.completed = number(),
            "Queries lost" => self.lost = number(),
            "Response codes" => value.trim().clone_into(&mut self.codes),
            _ => {}
        }
    }
}
