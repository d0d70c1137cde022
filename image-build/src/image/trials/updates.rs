//! Updates that are kept, that are refused, and that are signed and bad all the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::super::Built;
use super::super::boot::{BOOT_LIMIT, Findings, Firmware, fresh_disk};
use super::samples::{self, Change};
use super::solo::{BARRED, Bench, COMMAND_LIMIT, FILES, Solo, plain_disk};
use super::watch::{Seen, Watcher};
use crate::process::{Finished, succeed};
use crate::ui::Screen;

/// The version of good updates; the box begins with the project's own, which is lower.
const NEWER: &str = "99.0.0";
/// A version that is higher still, of updates that come after it.
const NEWEST: &str = "99.1.0";
/// A rule that the family makes, and that every restart has to leave in force.
const KEPT: &str = "kept.example";
/// Time for an update to be fetched, checked and written.
pub(super) const UPDATE_LIMIT: Duration = Duration::from_secs(400);
/// Time for a trial, and for the way back: two starts, and what the trial takes.
pub(super) const TRIAL_LIMIT: Duration = Duration::from_secs(900);
/// Room of a slot, in bytes, which is less than an update may be told to have.
const TOO_LARGE: u64 = 81 << 20;

/// A box that has its household and a rule, switched on.
pub(super) struct Settled {
    pub(super) solo: Solo,
    /// Its disk.
    pub(super) disk: PathBuf,
    /// What tells this start from others.
    pub(super) start: String,
}

/// Switches a fresh box on, and gives it its household. `further` is put into its configuration.
pub(super) fn settled(bench: &Bench, built: &Built, name: &str, firmware: Firmware, further: &str) -> Result<Settled> {
    let disk = fresh_disk(&built.disk, name, &bench.settings()?)?;
    let solo = bench.start(name, &plain_disk(&disk), firmware)?;
    let start = solo.wait_good("", BOOT_LIMIT)?;
    solo.settle(further)?;
    solo.told(&format!("stairgate block {KEPT} for mia"))?;
    Ok(Settled { solo, disk, start })
}

/// Tries them all, with this firmware; `bad` are the bad ones to try.
pub(super) fn try_all(
    screen: &Screen,
    bench: &Bench,
    built: &Built,
    firmware: Firmware,
    bad: &[(Change, &str)],
) -> Result<Findings> {
    let mut findings = Findings::new();
    samples::pack(built, &bench.files, "good", NEWER, Change::None)?;
    let name = format!("updates-{firmware:?}").to_lowercase();
    let mut settled = screen.step("a fresh box", |_| self::settled(bench, built, &name, firmware, ""))?;
    screen.step("an update that is kept", |_| kept(&mut settled, &mut findings))?;
    screen.step("updates that are refused", |_| refused(bench, built, &mut settled, &mut findings))?;
    for (change, title) in bad {
        screen.step(&format!("an update with {title}"), |_| {
            samples::pack(built, &bench.files, "bad", NEWEST, *change)?;
            went_back(&mut settled, *change, title, &mut findings)
        })?;
    }
    screen.step("back to the version before", |_| older(bench, built, &mut settled, &mut findings))?;
    screen.step("the watchdog", |_| watchdog(&mut settled, &mut findings))?;
    settled.solo.pull_plug()?;
    Ok(findings)
}

/// What came of an update once a box is well again.
pub(super) struct After {
    /// The slot that runs.
    slot: String,
    /// What a command said that was run while the update was tried; nothing if there was no time for it.
    meanwhile: String,
    /// The outcome and the reason.
    outcome: String,
    /// Since the restart was asked for.
    took: Duration,
    /// What was seen meanwhile.
    seen: Seen,
}

/// Restarts the box and waits until it is known what came of an update. `meanwhile` is run once while it is tried.
pub(super) fn restart(settled: &mut Settled, outcome: &[&str], meanwhile: &str) -> Result<After> {
    let watcher = Watcher::of(&settled.solo);
    let begun = Instant::now();
    // The connection may end before the command does.
    let _ = settled.solo.shell("reboot", COMMAND_LIMIT)?;
    let last = "sed -n 's/^outcome=//p;s/^reason=//p' /data/router/last-update";
    let mut said = String::new();
    let mut told = String::new();
    crate::interrupt::wait_until("the end of the trial", TRIAL_LIMIT, || {
        let Ok(Finished { status, stdout, .. }) = settled.solo.shell(last, Duration::from_secs(40)) else {
            return Ok(false);
        };
        said = stdout.trim().replace('\n', ": ");
        if said.starts_with("trying")
            && told.is_empty()
            && let Ok(Finished { stdout, stderr, .. }) = settled.solo.shell(meanwhile, COMMAND_LIMIT)
        {
            told = stdout + &stderr;
        }
        Ok(status.success() && outcome.iter().any(|word| said.starts_with(word)))
    })
    .with_context(|| format!("the box says '{said}' of it; its console ends:\n{}", settled.solo.console()))?;
    // What went back may have been told before the way back.
    settled.start = settled.solo.wait_good(&settled.start, TRIAL_LIMIT)?;
    if said.starts_with("went-back") {
        crate::interrupt::wait_until("the way back", TRIAL_LIMIT, || {
            Ok(settled.solo.told("boot_word trial").is_ok_and(|trial| trial == "no"))
        })?;
        settled.start = settled.solo.wait_good("", TRIAL_LIMIT)?;
    }
    let took = begun.elapsed();
    let seen = watcher.stop()?;
    let slot = settled.solo.told("boot_word slot")?;
    Ok(After { slot, meanwhile: told, outcome: said, took, seen })
}

fn kept(settled: &mut Settled, findings: &mut Findings) -> Result<()> {
    let begun = Instant::now();
    let said = settled.solo.shell(&format!("stairgate update {FILES}/good"), UPDATE_LIMIT)?;
    ensure!(said.status.success(), "the update was not taken: {}", said.stderr);
    findings.push(("an update by HTTP is fetched, checked and written in".to_owned(), seconds(begun.elapsed())));
    let after = restart(settled, &["kept"], "true")?;
    ensure!(after.slot == "b", "the update runs in slot {}", after.slot);
    let version = settled.solo.told("cat /etc/stairgate-version")?;
    ensure!(version == NEWER, "version {version} runs");
    rules_hold(settled)?;
    findings.push(("it is started, found to work and kept in".to_owned(), seconds(after.took)));
    findings.push(("the box does not answer meanwhile for".to_owned(), seconds(after.seen.silence)));
    ensure!(after.seen.passed == 0, "the barred name was answered {} times", after.seen.passed);
    // Nothing is left of the trial: another start is the new slot's too.
    let _ = settled.solo.shell("reboot", COMMAND_LIMIT)?;
    settled.start = settled.solo.wait_good(&settled.start, BOOT_LIMIT)?;
    ensure!(settled.solo.told("boot_word slot; boot_word trial")? == "b\nno", "the next start is another's");
    Ok(())
}

/// What the family has decided is in force.
pub(super) fn rules_hold(settled: &Settled) -> Result<()> {
    for name in [BARRED, KEPT] {
        ensure!(settled.solo.is_barred(name)?, "{name} is no longer barred");
    }
    Ok(())
}

fn refused(bench: &Bench, built: &Built, settled: &mut Settled, findings: &mut Findings) -> Result<()> {
    let path = |name: &str| bench.files.join(name);
    let good = fs::read(path("good")).context("cannot read the update")?;
    let write = |name: &str, content: &[u8]| {
        fs::write(path(name), content).with_context(|| format!("cannot write the sample {name}"))
    };
    let sign = |name: &str, comment: &str| built.key.sign(&path(name), comment);
    write("truncated", &good[..good.len() / 2])?;
    fs::copy(path("good.minisig"), path("truncated.minisig")).context("cannot copy a signature")?;
    let mut changed = good;
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    write("changed", &changed)?;
    fs::copy(path("good.minisig"), path("changed.minisig")).context("cannot copy a signature")?;
    write("another", b"of another kind")?;
    sign("another", &format!("stairgate-image aarch64 {NEWEST}"))?;
    let stranger = super::super::sign::Key::at(None, &bench.folder)?;
    write("stranger", b"of somebody else")?;
    stranger.sign(&path("stranger"), &format!("stairgate-image x86_64 {NEWEST}"))?;
    write("older", b"of another time")?;
    sign("older", "stairgate-image x86_64 0.0.1")?;
    fs::File::create(path("large")).and_then(|file| file.set_len(TOO_LARGE)).context("cannot write a large sample")?;
    sign("large", &format!("stairgate-image x86_64 {NEWEST}"))?;
    let watcher = Watcher::of(&settled.solo);
    for (name, title, wanted) in [
        ("truncated", "half of it", "does not belong to this update"),
        ("changed", "one bit of it changed", "does not belong to this update"),
        ("stranger", "signed by another key", "does not belong to this update"),
        ("another", "signed for another kind of box", "does not run"),
        ("older", "older than what runs", "--allow-older"),
        ("large", "larger than a slot", "there is room for"),
        ("nothing", "an address with nothing there", "cannot fetch"),
    ] {
        let Finished { status, stderr, .. } =
            settled.solo.shell(&format!("stairgate update {FILES}/{name}"), UPDATE_LIMIT)?;
        ensure!(!status.success() && stderr.contains(wanted), "the sample '{name}' was answered with: {stderr}");
        findings.push((format!("refused: {title}"), stderr.trim().trim_start_matches("stairgate: ").to_owned()));
    }
    let seen = watcher.stop()?;
    rules_hold(settled)?;
    ensure!(seen.passed == 0, "the barred name was answered {} times", seen.passed);
    findings.push(("the box's longest silence meanwhile".to_owned(), seconds(seen.silence)));
    ensure!(settled.solo.told("boot_variable try")?.is_empty(), "a refused update would be tried");
    // The slot that was not written to can still be started.
    let same = fs::read(path("good")).context("cannot read the update")?;
    let digest =
        settled.solo.told(&format!("head -c {} $(partition root-b) | sha256sum | cut -d' ' -f1", same.len()))?;
    let wanted = succeed(Command::new("sha256sum").arg(path("good")))?;
    ensure!(wanted.starts_with(&digest), "the running slot was changed");
    Ok(())
}

fn went_back(settled: &mut Settled, change: Change, title: &str, findings: &mut Findings) -> Result<()> {
    let slot = settled.solo.told("boot_word slot")?;
    let said = settled.solo.shell(&format!("stairgate update {FILES}/bad"), UPDATE_LIMIT)?;
    ensure!(said.status.success(), "the update was not taken: {}", said.stderr);
    let another = format!("stairgate update {FILES}/bad");
    let after = restart(settled, &["went-back"], &another)?;
    ensure!(after.slot == slot, "slot {} runs, not {slot}", after.slot);
    rules_hold(settled)?;
    ensure!(after.seen.passed == 0, "the barred name was answered {} times", after.seen.passed);
    // All but the pages works, for as long as a trial takes.
    if change == Change::NoPages {
        let told = after.meanwhile.trim();
        ensure!(told.contains("still being tried"), "another update while one is tried was answered with: {told}");
        findings.push(("another update while one is tried".to_owned(), told.to_owned()));
    }
    let how = format!(
        "{}; in the old slot again after {}, silent for {}",
        after.outcome,
        seconds(after.took),
        seconds(after.seen.silence)
    );
    findings.push((format!("signed, with {title}"), how));
    Ok(())
}

fn older(bench: &Bench, built: &Built, settled: &mut Settled, findings: &mut Findings) -> Result<()> {
    let own = Path::new("own");
    fs::copy(&built.update, bench.files.join(own)).context("cannot copy the update")?;
    let signature = built.update.with_extension("update.minisig");
    fs::copy(signature, bench.files.join("own.minisig")).context("cannot copy the signature")?;
    // From a file this time, as it would come by SSH or from a memory stick.
    settled.solo.told(&format!("for name in own own.minisig; do wget -q -O /data/$name {FILES}/$name; done"))?;
    let said = settled.solo.shell("stairgate update --allow-older /data/own", UPDATE_LIMIT)?;
    ensure!(said.status.success(), "the update was not taken: {}", said.stderr);
    settled.solo.told("rm /data/own /data/own.minisig")?;
    let after = restart(settled, &["kept"], "true")?;
    ensure!(after.slot == "a", "the update runs in slot {}", after.slot);
    let version = settled.solo.told("cat /etc/stairgate-version")?;
    ensure!(version == built.version, "version {version} runs");
    rules_hold(settled)?;
    findings.push((
        format!("back to {version} by --allow-older, from a file"),
        "kept; the family's rules are in force".to_owned(),
    ));
    Ok(())
}

/// What feeds the watchdog hangs, as it would if nothing ran any longer.
fn watchdog(settled: &mut Settled, findings: &mut Findings) -> Result<()> {
    let begun = Instant::now();
    settled.solo.told("killall -STOP watchdog")?;
    settled.start = settled.solo.wait_good(&settled.start, TRIAL_LIMIT)?;
    rules_hold(settled)?;
    findings.push(("the watchdog is no longer fed: at work again after".to_owned(), seconds(begun.elapsed())));
    settled.solo.told("killall -KILL watchdog; sleep 40; pidof watchdog")?;
    let start = settled.solo.wait_good("", BOOT_LIMIT)?;
    ensure!(start == settled.start, "the box has restarted although what feeds the watchdog was started again");
    findings.push(("what feeds it is killed".to_owned(), "started again; no restart".to_owned()));
    Ok(())
}

pub(super) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f32())
}
