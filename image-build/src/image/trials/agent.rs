//! Updates of the agent alone: the gate filters on while the agent is exchanged, and whatever the new one is like.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::super::Built;
use super::super::boot::{Findings, Firmware};
use super::samples::{self, Change};
use super::solo::{Bench, COMMAND_LIMIT, FILES};
use super::updates::{self, Settled, TRIAL_LIMIT, UPDATE_LIMIT, rules_hold, seconds, settled};
use super::watch::{Seen, Watcher};
use crate::interrupt;
use crate::ui::Screen;

/// The version of the agents, and of a system that is as new.
const NEWER: &str = "99.0.0";
const NEWEST: &str = "99.1.0";
/// Where a kept agent is.
const KEPT: &str = "/data/router/agent/kept/stairgate";
/// Agents that cannot work, though a script is an agent as far as a signature goes.
const BAD: [(&str, &str); 2] = [
    ("an agent that ends at once", "#!/bin/sh\nexit 1\n"),
    ("an agent that does nothing", "#!/bin/sh\nwhile true; do sleep 1; done\n"),
];

/// Tries them all.
pub(super) fn try_all(screen: &Screen, bench: &Bench, built: &Built) -> Result<Findings> {
    let mut findings = Findings::new();
    let mut settled = screen.step("a fresh box", |_| settled(bench, built, "agent", Firmware::Bios, ""))?;
    let program = fs::read(&built.agent_update).context("cannot read the agent")?;
    screen.step("an agent that is kept", |_| {
        offer(built, &bench.files, NEWER, &program)?;
        let (outcome, seen, took) = update(&settled)?;
        ensure!(outcome == "kept", "what came of it: {outcome}");
        ensure!(chosen(&settled)? == KEPT, "{} runs", chosen(&settled)?);
        let silence = seconds(seen.silence);
        findings.push(("a newer agent, and nothing else".to_owned(), format!("kept after {}", seconds(took))));
        findings.push(("nobody answers the home meanwhile for".to_owned(), silence));
        findings
            .push(("the barred name meanwhile".to_owned(), format!("refused {} times, never answered", seen.refused)));
        Ok(())
    })?;
    for (title, script) in BAD {
        screen.step(title, |_| {
            offer(built, &bench.files, NEWEST, script.as_bytes())?;
            let (outcome, seen, took) = update(&settled)?;
            ensure!(outcome.starts_with("went-back"), "what came of it: {outcome}");
            interrupt::wait_until("the agent before it", TRIAL_LIMIT, || {
                Ok(chosen(&settled)? == KEPT && is_well(&settled))
            })?;
            let how = format!(
                "{outcome}; after {}, the barred name never answered in {} questions",
                seconds(took),
                seen.refused
            );
            findings.push((title.to_owned(), how));
            Ok(())
        })?;
    }
    screen.step("a restart", |_| {
        restart(&mut settled)?;
        ensure!(chosen(&settled)? == KEPT, "{} runs after a restart", chosen(&settled)?);
        findings.push(("a restart of the box".to_owned(), "the kept agent runs".to_owned()));
        Ok(())
    })?;
    screen.step("a newer system that goes back", |_| {
        samples::pack(built, &bench.files, "bad", NEWEST, Change::NoPages)?;
        let said = settled.solo.shell(&format!("stairgate update {FILES}/bad"), UPDATE_LIMIT)?;
        ensure!(said.status.success(), "the update was not taken: {}", said.stderr);
        updates::restart(&mut settled, &["went-back"], "true")?;
        ensure!(chosen(&settled)? == KEPT, "{} runs after a newer system went back", chosen(&settled)?);
        rules_hold(&settled)?;
        findings.push(("a newer system that goes back".to_owned(), "the kept agent runs".to_owned()));
        Ok(())
    })?;
    screen.step("a system that is as new", |_| {
        samples::pack(built, &bench.files, "good", NEWER, Change::None)?;
        let said = settled.solo.shell(&format!("stairgate update {FILES}/good"), UPDATE_LIMIT)?;
        ensure!(said.status.success(), "the update was not taken: {}", said.stderr);
        updates::restart(&mut settled, &["kept"], "true")?;
        let runs = chosen(&settled)?;
        ensure!(runs == "/usr/sbin/stairgate", "{runs} runs in a system that is as new");
        // The way back was still open then.
        restart(&mut settled)?;
        ensure!(
            !settled.solo.shell(&format!("test -e {KEPT}"), COMMAND_LIMIT)?.status.success(),
            "the old agent is still there"
        );
        findings.push(("a system that is as new as the kept agent".to_owned(), "its own agent runs".to_owned()));
        Ok(())
    })?;
    settled.solo.pull_plug()?;
    Ok(findings)
}

/// Packs and signs an agent as the file `agent`.
fn offer(built: &Built, files: &Path, version: &str, program: &[u8]) -> Result<()> {
    let update = files.join("agent");
    fs::write(&update, program).context("cannot write the agent")?;
    built.key.sign(&update, &format!("stairgate-agent x86_64 {version}"))
}

/// Brings the agent to the box, and waits until it is known what came of it.
fn update(settled: &Settled) -> Result<(String, Seen, Duration)> {
    let watcher = Watcher::of(&settled.solo);
    let begun = Instant::now();
    let said = settled.solo.shell(&format!("stairgate update {FILES}/agent"), UPDATE_LIMIT)?;
    ensure!(said.status.success(), "the update was not taken: {}", said.stderr);
    let mut outcome = String::new();
    interrupt::wait_until("the end of the trial", TRIAL_LIMIT, || {
        outcome =
            settled.solo.told("sed -n 's/^outcome=//p;s/^reason=//p' /data/router/last-update")?.replace('\n', ": ");
        Ok(outcome.starts_with("kept") || outcome.starts_with("went-back"))
    })?;
    let took = begun.elapsed();
    interrupt::wait_until("the rules", TRIAL_LIMIT, || Ok(is_well(settled)))?;
    let seen = watcher.stop()?;
    ensure!(seen.passed == 0, "the barred name was answered {} times", seen.passed);
    ensure!(seen.refused > 0, "nobody asked for the barred name");
    rules_hold(settled)?;
    Ok((outcome.trim_end_matches(": ").to_owned(), seen, took))
}

fn is_well(settled: &Settled) -> bool {
    settled.solo.told("/usr/lib/router/health").is_ok_and(|said| said == "good")
}

/// Which agent runs.
fn chosen(settled: &Settled) -> Result<String> {
    settled.solo.told("readlink /run/router/bin/stairgate")
}

fn restart(settled: &mut Settled) -> Result<()> {
    let _ = settled.solo.shell("reboot", COMMAND_LIMIT)?;
    settled.start = settled.solo.wait_good(&settled.start, TRIAL_LIMIT)?;
    rules_hold(settled)
}
