//! Power cuts: during the very first start, during an update and its trial, and while rules and lists are saved.
//!
//! Each of the three is done once, with everything noted down that reaches the disk. Then the power goes at random moments
//! of that: the disk is put together as it may be at such a moment, and a box starts from it. It has to come up without
//! help, in a slot that works, with the gate at its ports and every rule in force that had been acknowledged by then.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::super::boot::{BOOT_LIMIT, Findings, Firmware, fresh_disk};
use super::super::{Built, disk};
use super::samples::{self, Change};
use super::solo::{BARRED, Bench, COMMAND_LIMIT, FILES, Solo, plain_disk, recorded_disk};
use super::updates::{seconds, settled};
use super::write_log::WriteLog;
use crate::interrupt;
use crate::process::{Finished, run, succeed};
use crate::ui::Screen;

/// The version of the update.
const NEWER: &str = "99.0.0";
/// For how long rules and lists are saved.
const SAVING: Duration = Duration::from_secs(60);
/// Time for a trial to end.
const TRIAL_LIMIT: Duration = Duration::from_secs(600);
/// Requests at the end of a phase that belong to its last step.
const LAST_STEP: usize = 24;
/// Names on the list, which is another one every time that it is fetched.
const LIST_NAMES: usize = 20_000;

/// What is cut, how often, and the number that decides about every chance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Plan {
    pub(super) cuts: usize,
    pub(super) seed: u64,
}

/// Something that was done to a box, with all that reached its disk.
struct Recording {
    title: &'static str,
    /// The disk before it.
    before: PathBuf,
    log: PathBuf,
    /// Rules that the family made, and the log's size in bytes when each had been acknowledged.
    acknowledged: Vec<(u64, String)>,
    /// The log's size in bytes at the end of each phase, and how many of ten cuts belong to it.
    phases: Vec<(&'static str, u64, usize)>,
}

impl Recording {
    fn size(&self) -> Result<u64> {
        Ok(fs::metadata(&self.log).context("there is no log")?.len())
    }

    fn acknowledge(&mut self, name: &str) -> Result<()> {
        let size = self.size()?;
        self.acknowledged.push((size, name.to_owned()));
        Ok(())
    }

    fn end_phase(&mut self, title: &'static str, share: usize) -> Result<()> {
        let size = self.size()?;
        self.phases.push((title, size, share));
        Ok(())
    }
}

/// Records all three, and cuts each a third of the plan's times.
pub(super) fn try_all(screen: &Screen, bench: &Bench, built: &Built, plan: Plan) -> Result<Findings> {
    screen.note(format_args!("--seed {} tries the same moments again, if the same is written", plan.seed));
    let mut chance = Chance(plan.seed);
    samples::pack(built, &bench.files, "good", NEWER, Change::None)?;
    let first = screen.step("recording the very first start", |_| first_start(bench, built))?;
    let base = screen.step("a box with a household", |_| household(bench, built))?;
    let update = screen.step("recording an update", |_| an_update(bench, &base))?;
    let saving = screen.step("recording rules and lists", |_| rules_and_lists(bench, &base))?;
    let mut findings = Findings::new();
    let mut failed = 0;
    for (number, recording) in [first, update, saving].iter().enumerate() {
        let mut log = WriteLog::open(&recording.log)?;
        let cuts = (plan.cuts + 2 - number) / 3;
        for (phase, moment) in moments(recording, &log, cuts, &mut chance) {
            let place = format!("{}, {phase}: after {moment} of {} writes", recording.title, log.len());
            let outcome = screen.step(&place, |_| cut(bench, recording, &mut log, moment, &mut chance));
            interrupt::check()?;
            findings.push((
                place,
                match outcome {
                    Ok(said) => said,
                    Err(error) => {
                        failed += 1;
                        format!("FAILED: {error:#}")
                    }
                },
            ));
        }
    }
    findings.iter().for_each(|(what, how)| screen.line(format_args!("  {what:70} {how}")));
    ensure!(failed == 0, "{failed} of {} power cuts were not survived; the seed was {}", plan.cuts, plan.seed);
    Ok(vec![(format!("{} power cuts, seed {}", plan.cuts, plan.seed), "all survived".to_owned())])
}

/// The moments of a recording at which the power goes: the phase, and how many requests had reached the disk.
fn moments(recording: &Recording, log: &WriteLog, cuts: usize, chance: &mut Chance) -> Vec<(&'static str, usize)> {
    let mut from = 0;
    let mut ranges = Vec::new();
    for &(title, size, share) in &recording.phases {
        let to = log.requests_at(size);
        ranges.extend(std::iter::repeat_n((title, from, to), share));
        from = to;
    }
    let one = |number: usize| {
        let (title, from, to) = ranges[number * ranges.len() / cuts];
        (title, from + usize::try_from(chance.below((to - from) as u64 + 1)).unwrap_or_default())
    };
    if ranges.is_empty() { Vec::new() } else { (0..cuts).map(one).collect() }
}

fn first_start(bench: &Bench, built: &Built) -> Result<Recording> {
    let before = fresh_disk(&built.disk, "cuts-first", &bench.settings()?)?;
    let mut recording = begin("the first start", bench, "first", &before)?;
    let solo = bench.start(
        "first",
        &recorded_disk(&recording.before.with_extension("run"), &recording.log)?,
        Firmware::Bios,
    )?;
    solo.wait_good("", BOOT_LIMIT)?;
    recording.end_phase("until it is at work", 8)?;
    solo.settle("")?;
    recording.acknowledge(BARRED)?;
    acknowledge(&solo, &mut recording, "first.example")?;
    recording.end_phase("first settings", 2)?;
    solo.pull_plug()?;
    Ok(recording)
}

/// The disk of a box that has a household, switched off in order.
fn household(bench: &Bench, built: &Built) -> Result<PathBuf> {
    let settled = settled(
        bench,
        built,
        "cuts-base",
        Firmware::Bios,
        &format!("[[list]]\nname = \"games\"\nurl = \"{FILES}/list\"\ncategory = \"gambling\"\n"),
    )?;
    let disk = settled.disk.clone();
    settled.solo.switch_off()?;
    Ok(disk)
}

fn an_update(bench: &Bench, base: &Path) -> Result<Recording> {
    let mut recording = begin("an update", bench, "update", base)?;
    let solo = bench.start(
        "update",
        &recorded_disk(&recording.before.with_extension("run"), &recording.log)?,
        Firmware::Bios,
    )?;
    let start = solo.wait_good("", BOOT_LIMIT)?;
    recording.acknowledge(BARRED)?;
    acknowledge(&solo, &mut recording, "before.example")?;
    recording.end_phase("before it", 0)?;
    let said = solo.shell(&format!("stairgate update {FILES}/good"), COMMAND_LIMIT * 3)?;
    ensure!(said.status.success(), "the update was not taken: {}", said.stderr);
    let (log, size) = (WriteLog::open(&recording.log)?, recording.size()?);
    let written = log.size_after(log.requests_at(size).saturating_sub(LAST_STEP));
    recording.phases.push(("writing it", written, 4));
    acknowledge(&solo, &mut recording, "written.example")?;
    recording.end_phase("having it tried", 2)?;
    let _ = solo.shell("reboot", COMMAND_LIMIT)?;
    solo.wait_good(&start, BOOT_LIMIT)?;
    recording.end_phase("its first start", 2)?;
    wait_kept(&solo)?;
    recording.end_phase("its trial", 2)?;
    solo.pull_plug()?;
    Ok(recording)
}

fn rules_and_lists(bench: &Bench, base: &Path) -> Result<Recording> {
    let mut recording = begin("rules and lists", bench, "saving", base)?;
    let list = bench.files.join("list");
    write_list(&list, 0)?;
    let solo = bench.start(
        "saving",
        &recorded_disk(&recording.before.with_extension("run"), &recording.log)?,
        Firmware::Bios,
    )?;
    solo.wait_good("", BOOT_LIMIT)?;
    recording.acknowledge(BARRED)?;
    recording.end_phase("before it", 0)?;
    let mut ssh = solo.ssh(
        "(while true; do stairgate lists update >/dev/null; done) & number=0; while true; do number=$((number + 1)); \
         stairgate block rule$number.example for mia >/dev/null && echo rule$number.example; done",
    );
    let mut saving = ssh.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot start ssh")?;
    let output = saving.stdout.take().context("ssh says nothing")?;
    let log = recording.log.clone();
    let reader = thread::spawn(move || -> Result<Vec<(u64, String)>> {
        let mut acknowledged = Vec::new();
        for line in BufReader::new(output).lines() {
            let Ok(name) = line else { break };
            acknowledged.push((fs::metadata(&log).context("there is no log")?.len(), name));
        }
        Ok(acknowledged)
    });
    let begun = Instant::now();
    let mut edition = 0;
    while begun.elapsed() < SAVING {
        edition += 1;
        write_list(&list, edition)?;
        interrupt::sleep(Duration::from_secs(2))?;
    }
    recording.end_phase("while they are saved", 10)?;
    solo.pull_plug()?;
    let _ = saving.kill();
    saving.wait().context("cannot wait for ssh")?;
    let acknowledged = reader.join().map_err(|_| anyhow::anyhow!("whoever reads the rules has crashed"))??;
    ensure!(!acknowledged.is_empty(), "no rule was saved in {SAVING:?}");
    recording.acknowledged.extend(acknowledged);
    Ok(recording)
}

/// An edition of the list; no two editions are the same.
fn write_list(list: &Path, edition: usize) -> Result<()> {
    let names: String = (0..LIST_NAMES).map(|number| format!("game{number}-{edition}.example\n")).collect();
    let unfinished = list.with_extension("new");
    fs::write(&unfinished, names).and_then(|()| fs::rename(&unfinished, list)).context("cannot write the list")
}

/// Begins a recording: `before` stays as it is, and a copy of it is for the machine.
fn begin(title: &'static str, bench: &Bench, name: &str, disk: &Path) -> Result<Recording> {
    let before = bench.folder.join(format!("{name}.img"));
    copy(disk, &before)?;
    copy(disk, &before.with_extension("run"))?;
    let log = bench.folder.join(format!("{name}.log"));
    Ok(Recording { title, before, log, acknowledged: Vec::new(), phases: Vec::new() })
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    succeed(Command::new("cp").args(["--sparse=always", "--reflink=auto"]).arg(from).arg(to)).map(drop)
}

/// Makes a rule, and notes down when that was acknowledged.
fn acknowledge(solo: &Solo, recording: &mut Recording, name: &str) -> Result<()> {
    solo.told(&format!("stairgate block {name} for mia"))?;
    recording.acknowledge(name)
}

/// Waits until a trial has ended well.
fn wait_kept(solo: &Solo) -> Result<()> {
    interrupt::wait_until("the end of the trial", TRIAL_LIMIT, || {
        let outcome = solo.shell("sed -n 's/^outcome=//p' /data/router/last-update", Duration::from_secs(40));
        Ok(outcome.is_ok_and(|said| said.stdout.trim() == "kept"))
    })
}

/// Lets the power go after `moment` requests, and looks at what becomes of the box.
fn cut(bench: &Bench, recording: &Recording, log: &mut WriteLog, moment: usize, chance: &mut Chance) -> Result<String> {
    let disk = bench.folder.join("cut.img");
    copy(&recording.before, &disk)?;
    log.replay(moment, &disk, |possibilities| chance.below(possibilities))?;
    let solo = bench.start("cut", &plain_disk(&disk), Firmware::Bios)?;
    let begun = Instant::now();
    solo.wait_good("", BOOT_LIMIT)?;
    let took = begun.elapsed();
    let mut state = solo.told("boot_word slot; boot_word trial; cat /etc/stairgate-version")?.replace('\n', " ");
    if state.contains("yes") {
        wait_kept(&solo)?;
        state += ", kept";
    }
    let due: Vec<&str> = recording
        .acknowledged
        .iter()
        .filter(|(size, _)| log.requests_at(*size) <= moment)
        .map(|(_, name)| name.as_str())
        .collect();
    for name in &due {
        // The rules are in force a moment after the agent says that it is there.
        interrupt::wait_until(&format!("the acknowledged rule for {name}"), COMMAND_LIMIT, || solo.is_barred(name))?;
    }
    solo.pull_plug()?;
    sound(&disk)?;
    Ok(format!("well after {}: slot {state}; {} acknowledged rules in force", seconds(took), due.len()))
}

/// Checks the family's file system, after what its journal still has to say.
fn sound(image: &Path) -> Result<()> {
    // Out of the disk: e2fsck opens it anew after the journal, and forgets where in the disk it began.
    let partition = image.with_file_name("data.img");
    let mut copy = Command::new("dd");
    copy.args(["bs=1M", "iflag=skip_bytes", "conv=sparse", "status=none"]);
    copy.arg(format!("skip={}", disk::data_partition_start()));
    succeed(copy.arg(format!("if={}", image.display())).arg(format!("of={}", partition.display())))?;
    for (arguments, done) in
        [(["-E", "journal_only", "-y"].as_slice(), "read its journal"), (&["-f", "-n"], "is sound")]
    {
        let Finished { status, stdout, stderr } =
            run(Command::new("e2fsck").args(arguments).arg(&partition), COMMAND_LIMIT)?;
        ensure!(matches!(status.code(), Some(0 | 1)), "no file system that {done} ({status}): {stdout}{stderr}");
    }
    Ok(())
}

/// Numbers that look random and follow from a first one (SplitMix64, Steele, Lea and Flood 2014).
struct Chance(u64);

impl Chance {
    /// A number below `bound`, or 0.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same() {
        // The first two numbers of the reference implementation for the seed 0.
        let mut chance = Chance(0);
        assert_eq!([chance.below(u64::MAX), chance.below(u64::MAX)], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
        assert_eq!(chance.below(0), 0);
        assert!((0..1000).all(|_| chance.below(3) < 3));
    }
}
