//! `cargo xtask`: the tools of the project.

mod bench;
mod browser;
mod debian;
mod demo;
mod dist;
mod ebpf;
mod faults;
mod fuzz;
mod image;
mod interrupt;
mod kernels;
mod lab;
mod load;
mod look_around;
mod modules;
mod packages;
mod process;
mod qemu;
mod release_check;
mod replay;
mod test;
mod ui;
mod vendors;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use ui::{Screen, Tone};

/// The tools of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    tool: Tool,
}

#[derive(Subcommand)]
enum Tool {
    /// Build the kernel program from source and check it in.
    Ebpf(ebpf::Options),
    /// Build what is shipped: static agents for routers, and what is inside them.
    Dist(dist::Options),
    /// Show what each person at home gets, by day, while paused, at homework time and at bedtime.
    Demo(demo::Options),
    /// Check everything: format, lints, every test, the demonstration, and what happens when things break.
    Test(test::Options),
    /// Build a home in network namespaces and leave it open to look around, until Ctrl-C.
    Lab(look_around::Options),
    /// Measure what the gate costs: throughput, processor time and latency with it and without it.
    Load(load::Options),
    /// Send captures through the kernel program and through the host's path, and compare. Needs root.
    Replay(replay::Options),
    /// Measure the cost of each kind of packet, of lists and of the agent; print it as JSON.
    Bench(bench::Options),
    /// Run the fuzz targets.
    Fuzz(fuzz::Options),
    /// Build the router for a PC: a disk image, and the update that leads to it. Needs root.
    Image(image::Options),
    /// Run everything that takes too long for every change. Needs root, and hours.
    ReleaseCheck(release_check::Options),
    /// Try the agent and its kernel program on Debian's kernels, in QEMU. Needs root.
    Kernels(kernels::Options),
    /// Make the table of who makes devices anew, from the IEEE's registry.
    Vendors(vendors::Options),
}

fn main() -> ExitCode {
    let Arguments { tool } = Arguments::parse();
    let screen = Screen::new();
    let result = interrupt::catch_signals().and_then(|()| match tool {
        Tool::Ebpf(options) => ebpf::run(&options),
        Tool::Dist(options) => dist::run(&screen, &options),
        Tool::Demo(options) => demo::run(&screen, &options),
        Tool::Test(options) => test::test(&screen, &options),
        Tool::Lab(options) => look_around::run(&screen, &options),
        Tool::Load(options) => load::run(&screen, &options),
        Tool::Replay(options) => replay::run(&screen, &options),
        Tool::Bench(options) => bench::run(&options),
        Tool::Fuzz(options) => fuzz::fuzz(&screen, &options),
        Tool::Image(options) => image::image(&screen, &options),
        Tool::ReleaseCheck(options) => release_check::release_check(&screen, &options),
        Tool::Kernels(options) => kernels::run_all(&screen, &options),
        Tool::Vendors(options) => vendors::run(&screen, &options),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if interrupt::asked() => {
            screen.line(screen.paint(Tone::Quiet, "Stopped; everything is cleared up."));
            ExitCode::from(130)
        }
        Err(error) => {
            screen.line(format_args!("{} {error:#}", screen.paint(Tone::Bad, "error:")));
            ExitCode::FAILURE
        }
    }
}

/// The folder of the whole project.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}
