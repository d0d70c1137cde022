//! `cargo xtask test`: everything there is to check, with one summary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::browser::PARTS;
use crate::faults::SCENARIOS;
use crate::lab::Lab;
use crate::lab::agent::{self, Gate};
use crate::lab::home::Placement;
use crate::lab::sites::Names;
use crate::process::{Finished, cargo, describe, last_lines, run};
use crate::ui::{Screen, Tone};
use crate::{browser, dist, ebpf, fuzz, interrupt, packages, workspace};

/// Time for one step: the longest builds and runs every test of the workspace.
const STEP_LIMIT: Duration = Duration::from_secs(2400);
/// Lines of a failed command that are shown.
const FAILURE_LINES: usize = 60;
/// Seconds for each fuzz target.
const FUZZ_SECONDS: &str = "5";
/// What tests the programming interface by its document, from PyPI, and where it is installed beneath the build folder.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
const SCHEMATHESIS_FOLDER: &str = "target/schemathesis";
/// What checks licences, from crates.io, and where it is installed.
const CARGO_DENY: [&str; 2] = ["cargo-deny", "0.20.2"];
const CARGO_DENY_FOLDER: &str = "target/cargo-deny";
/// Time for installing either.
const INSTALL_LIMIT: Duration = Duration::from_secs(900);
/// Processors for which an agent is tried under emulation.
const EMULATED: [&str; 3] = ["aarch64", "armv7", "mipsel"];
/// Real captures, beside the project when somebody put them there.
const CAPTURES: &str = "../shared/data/pcaps/dev";

/// Checks everything.
#[derive(Args)]
pub(crate) struct Options {
    /// Only steps whose title contains this, such as `browser`.
    only: Option<String>,
    /// Name the steps and do nothing.
    #[arg(long)]
    list: bool,
}

/// What came of a step.
enum Outcome {
    Passed,
    Failed,
    Skipped(String),
}

type Work = Box<dyn Fn(&Screen) -> Result<Outcome>>;

/// Something to check.
struct Step {
    title: String,
    work: Work,
}

/// Runs every step, whatever comes of the ones before, and sums up.
pub(crate) fn test(screen: &Screen, options: &Options) -> Result<()> {
    let only = options.only.as_deref().unwrap_or_default();
    let steps: Vec<Step> = steps().into_iter().filter(|step| step.title.contains(only)).collect();
    ensure!(!steps.is_empty(), "no step's title contains '{only}'");
    if options.list {
        steps.iter().for_each(|step| screen.line(&step.title));
        return Ok(());
    }
    packages::require_root()?;
    packages::require_programs(screen)?;
    let mut results = Vec::new();
    for step in &steps {
        let started = Instant::now();
        let outcome = (step.work)(screen).unwrap_or_else(|error| {
            screen.line(format_args!("{}\n{error:#}", screen.paint(Tone::Bad, format_args!("{} failed:", step.title))));
            Outcome::Failed
        });
        interrupt::check()?;
        results.push((step, outcome, started.elapsed()));
    }
    summary(screen, &results)
}

fn summary(screen: &Screen, results: &[(&Step, Outcome, Duration)]) -> Result<()> {
    screen.heading("Summary");
    for (step, outcome, time) in results {
        let (mark, tone, aside) = match outcome {
            Outcome::Passed => ("✓", Tone::Good, String::new()),
            Outcome::Failed => ("✗", Tone::Bad, String::new()),
            Outcome::Skipped(why) => ("–", Tone::Quiet, format!("not done: {why}")),
        };
        let seconds = screen.paint(Tone::Quiet, format_args!("{:6.1} s  {aside}", time.as_secs_f32()));
        screen.line(format_args!("{} {:62} {seconds}", screen.paint(tone, mark), step.title));
    }
    let count = |wanted: fn(&Outcome) -> bool| results.iter().filter(|(_, outcome, _)| wanted(outcome)).count();
    let passed = count(|outcome| matches!(outcome, Outcome::Passed));
    let failed = count(|outcome| matches!(outcome, Outcome::Failed));
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
    screen.line(format_args!("\n{passed} passed, {failed} failed, {skipped} skipped"));
    if failed > 0 {
        bail!("{failed} of {} steps failed", results.len());
    }
    Ok(())
}

fn steps() -> Vec<Step> {
    let mut steps = vec![
        cargo_step("the code is formatted", &["fmt", "--all", "--check"]),
        cargo_step("clippy has no complaint", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
        step("the licences of all dependencies are fine", licences),
        step("the kernel program in the repository is what its source builds to", kernel_program),
        cargo_step("the tests of all crates", &["test", "--workspace"]),
        step("programs are answered as the interface's document says (schemathesis)", interface),
        step("a short run of every fuzz target", short_fuzz),
        step("captures are read alike by kernel and host", replay),
        step("what is shipped for x86_64 is static, packs, and lives in a Debian system (dist)", |screen| {
            shipped(screen, &["--target", "x86_64", "--debian"])
        }),
        step("a router's image boots by BIOS, and a family uses it (image --boot)", |screen| {
            if let Some(why) = dist::missing() {
                return Ok(Outcome::Skipped(why));
            }
            own_tool(screen, "image --boot bios", &["image", "--boot", "bios"])
        }),
        step("a family's evening (demo --once)", |screen| own_tool(screen, "a family's evening", &["demo", "--once"])),
        step("a family's evening behind a bridge (demo --bridge --once)", |screen| {
            own_tool(screen, "a family's evening behind a bridge", &["demo", "--bridge", "--once"])
        }),
    ];
    steps.extend(EMULATED.map(|target| {
        step(&format!("an agent for {target} compiles lists and answers alike, emulated (dist)"), move |screen| {
            // Built as they are shipped, they would take as long as all other tests together.
            shipped(screen, &["--target", target, "--emulate", "--quick"])
        })
    }));
    steps.extend((0..SCENARIOS.len()).map(|number| Step {
        title: format!("fault: {}", SCENARIOS[number].title),
        work: Box::new(move |screen| fault(screen, number)),
    }));
    steps.extend((0..PARTS.len()).map(|number| Step {
        title: format!("browser: {}", PARTS[number].title),
        work: Box::new(move |screen| in_browser(screen, number)),
    }));
    steps
}

fn step(title: &str, work: impl Fn(&Screen) -> Result<Outcome> + 'static) -> Step {
    Step { title: title.to_owned(), work: Box::new(work) }
}

fn cargo_step(title: &'static str, arguments: &'static [&'static str]) -> Step {
    step(title, move |screen| {
        let mut command = cargo([]);
        command.args(arguments);
        command_step(screen, title, command)
    })
}

/// Runs a command in the project's folder; what it printed is shown only if it fails.
fn command_step(screen: &Screen, title: &str, mut command: Command) -> Result<Outcome> {
    command.current_dir(workspace());
    screen.step(title, |_| {
        let Finished { status, stdout, stderr } = run(&mut command, STEP_LIMIT)?;
        // Tests fail on one, and what builds them speaks on the other.
        let [out, err] = [&stdout, &stderr].map(|text| last_lines(text, FAILURE_LINES));
        ensure!(status.success(), "{} ended with {status}:\n{err}\n{out}", describe(&command));
        Ok(Outcome::Passed)
    })
}

/// Runs another of the project's tools.
fn own_tool(screen: &Screen, title: &str, arguments: &[&str]) -> Result<Outcome> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut command = Command::new(program);
    command.args(arguments);
    command_step(screen, title, command)
}

fn licences(screen: &Screen) -> Result<Outcome> {
    let folder = workspace().join(CARGO_DENY_FOLDER);
    let [name, version] = CARGO_DENY;
    let mut install = cargo(["install", "--quiet", "--locked", "--version", version, "--root"]);
    install.arg(&folder).arg("--target-dir").arg(folder.join("build")).arg(name);
    // What is built for other systems only, which it reads too, no build here has fetched.
    let mut fetch = cargo(["fetch", "--quiet", "--locked"]);
    // Both do nothing if everything is there.
    for (command, what) in [(&mut install, "installed"), (&mut fetch, "told what it is to check")] {
        match run(command, INSTALL_LIMIT) {
            Ok(Finished { status, .. }) if status.success() => {}
            Ok(Finished { stderr, .. }) => {
                return Ok(Outcome::Skipped(format!("{name} cannot be {what}: {}", last_lines(&stderr, 1))));
            }
            Err(error) => return Ok(Outcome::Skipped(format!("{name} cannot be {what}: {error:#}"))),
        }
    }
    let mut command = Command::new(folder.join("bin").join(name));
    command.args(["--offline", "check", "licenses", "bans", "sources"]);
    command_step(screen, "the licences of all dependencies are fine", command)
}

fn kernel_program(screen: &Screen) -> Result<Outcome> {
    if let Some(why) = ebpf::missing() {
        return Ok(Outcome::Skipped(why));
    }
    own_tool(screen, "the kernel program in the repository is what its source builds to", &["ebpf", "--check"])
}

fn interface(screen: &Screen) -> Result<Outcome> {
    let folder = workspace().join(SCHEMATHESIS_FOLDER);
    if let Some(why) = install_schemathesis(&folder)? {
        return Ok(Outcome::Skipped(why));
    }
    let test = "schemathesis_finds_no_answer_that_the_document_lacks";
    let mut command = cargo(["test", "--package", "stairgate", "--test", "api", "--", "--ignored", test]);
    command.env("STAIRGATE_SCHEMATHESIS", folder.join("bin/schemathesis"));
    command_step(screen, "programs are answered as the interface's document says (schemathesis)", command)
}

/// Installs schemathesis in a folder of its own, unless this version is there. If it cannot be had, the reason.
fn install_schemathesis(folder: &Path) -> Result<Option<String>> {
    let installed = folder.join("installed");
    if fs::read_to_string(&installed).is_ok_and(|version| version == SCHEMATHESIS) {
        return Ok(None);
    }
    if !packages::is_installed("python3") {
        return Ok(Some("python3 is not installed".to_owned()));
    }
    let mut environment = Command::new("python3");
    environment.args(["-m", "venv", "--clear"]).arg(folder);
    if !run(&mut environment, INSTALL_LIMIT)?.status.success() {
        return Ok(Some("python3 makes no environments here (apt-get install python3-venv)".to_owned()));
    }
    let mut install = Command::new(folder.join("bin/pip"));
    install.args(["install", "--quiet", "--disable-pip-version-check", SCHEMATHESIS]);
    let Ok(Finished { status, stderr, .. }) = run(&mut install, INSTALL_LIMIT) else {
        return Ok(Some(format!("{SCHEMATHESIS} was not installed in time; is PyPI in reach?")));
    };
    if !status.success() {
        return Ok(Some(format!("{SCHEMATHESIS} cannot be installed: {}", last_lines(&stderr, 1))));
    }
    fs::write(&installed, SCHEMATHESIS).with_context(|| format!("cannot write {}", installed.display()))?;
    Ok(None)
}

/// Builds and tries what is shipped, where there are compilers for it.
fn shipped(screen: &Screen, options: &[&str]) -> Result<Outcome> {
    if let Some(why) = dist::missing() {
        return Ok(Outcome::Skipped(why));
    }
    let arguments = [&["dist"], options].concat();
    own_tool(screen, &format!("dist {}", options.join(" ")), &arguments)
}

fn short_fuzz(screen: &Screen) -> Result<Outcome> {
    if let Some(why) = fuzz::missing() {
        return Ok(Outcome::Skipped(why.to_owned()));
    }
    own_tool(screen, "a short run of every fuzz target", &["fuzz", "--seconds", FUZZ_SECONDS])
}

fn replay(screen: &Screen) -> Result<Outcome> {
    let folder = workspace().join(CAPTURES);
    if !folder.is_dir() {
        return Ok(Outcome::Skipped("there are no captures beside the project".to_owned()));
    }
    let mut files = Vec::new();
    collect_files(&folder, &mut files)?;
    let is_capture = |file: &PathBuf| {
        let name = file.to_string_lossy();
        [".pcap", ".pcapng", ".cap", ".pcap.gz", ".pcapng.gz"].iter().any(|ending| name.ends_with(ending))
    };
    files.retain(is_capture);
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut command = Command::new(program);
    command.arg("replay").args(&files);
    command_step(screen, "captures are read alike by kernel and host", command)
}

fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        if path.is_dir() {
            collect_files(&path, files)?;
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

fn fault(screen: &Screen, number: usize) -> Result<Outcome> {
    let scenario = &SCENARIOS[number];
    let program = agent::build(screen)?;
    let mut measured = Vec::new();
    let outcome = screen.step(&format!("fault: {}", scenario.title), |_| {
        let lab = Lab::build(Names::Invented, Placement::Router)?;
        let mut gate = Gate::new(&lab, program);
        scenario.run(&lab, &mut gate, &mut measured)?;
        Ok(Outcome::Passed)
    });
    measured.iter().for_each(|words| screen.note(words));
    outcome
}

fn in_browser(screen: &Screen, number: usize) -> Result<Outcome> {
    packages::require(screen, &browser::PROGRAMS)?;
    let program = agent::build(screen)?;
    let lab = screen
        .step(&format!("browser: {}", PARTS[number].title), |_| Lab::build(Names::Invented, Placement::Router))?;
    let mut gate = Gate::new(&lab, program);
    let mut measured = Vec::new();
    let outcome = PARTS[number].run(screen, &lab, &mut gate, &mut measured);
    measured.iter().for_each(|words| screen.note(words));
    outcome.map(|()| Outcome::Passed)
}
