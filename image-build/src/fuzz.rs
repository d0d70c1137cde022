//! `cargo xtask fuzz`: the fuzz targets of `image-build/fuzz`, one after the other, each for a while.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::process::{Finished, cargo_nightly, describe, last_lines, run, succeed};
use crate::ui::Screen;
use crate::workspace;

/// Real inputs to start from, beside the project when somebody put them there.
const SEEDS: &str = "../shared/data/fuzz";
/// Time for building the targets.
const BUILD_LIMIT: Duration = Duration::from_secs(1800);
/// Lines of a crash report that are shown.
const REPORT_LINES: usize = 20;

/// Runs the fuzz targets.
#[derive(Args)]
pub(crate) struct Options {
    /// Seconds for each target.
    #[arg(long, default_value_t = 600)]
    seconds: u32,
    /// Names of targets; without any, all of them.
    targets: Vec<String>,
}

/// Why fuzzing is not possible on this machine, with the next step; none if it is.
pub(crate) fn missing() -> Option<&'static str> {
    if !folder().join("Cargo.toml").exists() {
        return Some("there are no fuzz targets in image-build/fuzz");
    }
    let works = |mut command: Command| command.output().is_ok_and(|output| output.status.success());
    if !works(cargo_nightly(["--version"])) {
        return Some("fuzzing needs a nightly compiler: rustup toolchain install nightly");
    }
    if !works(cargo_nightly(["fuzz", "--version"])) {
        return Some("fuzzing needs cargo-fuzz: cargo install cargo-fuzz");
    }
    None
}

/// Fuzzes until the time is over or a target crashes.
pub(crate) fn fuzz(screen: &Screen, options: &Options) -> Result<()> {
    if let Some(problem) = missing() {
        bail!("{problem}");
    }
    let listed = succeed(cargo_nightly(["fuzz", "list", "--fuzz-dir"]).arg(folder()))?;
    let all: Vec<&str> = listed.split_whitespace().collect();
    ensure!(!all.is_empty(), "there are no fuzz targets in image-build/fuzz");
    if let Some(unknown) = options.targets.iter().find(|target| !all.contains(&target.as_str())) {
        bail!("there is no fuzz target '{unknown}'; the targets are {}", all.join(", "));
    }
    let wanted = |target: &&str| options.targets.is_empty() || options.targets.iter().any(|wanted| wanted == target);
    screen.step("Building the fuzz targets", |_| {
        let mut command = cargo_nightly(["fuzz", "build", "--fuzz-dir"]);
        let Finished { status, stderr, .. } = run(command.arg(folder()), BUILD_LIMIT)?;
        ensure!(status.success(), "{} failed:\n{}", describe(&command), last_lines(&stderr, REPORT_LINES));
        Ok(())
    })?;
    for target in all.into_iter().filter(wanted) {
        screen.step(&format!("Fuzzing {target}"), |_| run_target(target, options.seconds))?;
    }
    Ok(())
}

fn run_target(target: &str, seconds: u32) -> Result<()> {
    let corpus = folder().join("corpus").join(target);
    fs::create_dir_all(&corpus).with_context(|| format!("cannot make {}", corpus.display()))?;
    let mut command = cargo_nightly(["fuzz", "run", "--fuzz-dir"]);
    command.arg(folder()).arg(target).arg(&corpus);
    // libFuzzer writes to the first folder and only reads the others.
    let seeds = [folder().join("seeds").join(target), workspace().join(SEEDS)];
    command.args(seeds.iter().filter(|folder| folder.exists()));
    command.args(["--", &format!("-max_total_time={seconds}"), "-timeout=10", "-rss_limit_mb=2048"]);
    let Finished { status, stderr, .. } = run(&mut command, BUILD_LIMIT + Duration::from_secs(u64::from(seconds)))?;
    ensure!(status.success(), "the target {target} failed:\n{}", last_lines(&stderr, REPORT_LINES));
    Ok(())
}

fn folder() -> PathBuf {
    workspace().join("image-build/fuzz")
}
