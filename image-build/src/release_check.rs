//! `cargo xtask release-check`: everything that takes too long for every change, one after the other, with one summary.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::interrupt;
use crate::process::{Finished, last_lines, run};
use crate::ui::Screen;

/// Time for one step: the kernels are emulated, instruction by instruction.
const STEP_LIMIT: Duration = Duration::from_secs(3 * 3600);
/// Lines of a step that has failed that are shown.
const FAILURE_LINES: usize = 60;

/// What is run: its title, and the arguments of this tool.
const STEPS: [(&str, &[&str]); 11] = [
    (
        "what is shipped for every target runs there, emulated, and in a Debian system",
        &["dist", "--emulate", "--debian"],
    ),
    ("what is shipped is the same byte for byte, built in two folders", &["dist", "--target", "x86_64", "--check"]),
    ("other kernels load the gate and judge alike", &["kernels"]),
    ("the image boots by BIOS, and a family uses it", &["image", "--boot", "bios"]),
    ("the image boots by UEFI with cards without native XDP", &["image", "--boot", "uefi", "--nic", "e1000e"]),
    ("the provider's line speaks PPPoE, fails and comes back", &["image", "--boot", "bios", "--wan", "pppoe"]),
    ("the same on a VLAN", &["image", "--boot", "bios", "--wan", "pppoe", "--wan-vlan", "7"]),
    ("the provider's line is a VLAN", &["image", "--boot", "bios", "--wan-vlan", "7"]),
    ("it stands as a bridge behind a provider's router", &["image", "--boot", "bios", "--mode", "bridge"]),
    ("nothing in the home is as it should be", &["image", "--boot", "bios", "--mode", "awkward"]),
    (
        "updates are kept or left, and 30 power cuts survived",
        &["image", "--trials", "updates", "uefi", "agent", "cuts"],
    ),
];

/// Runs every step, whatever comes of the ones before.
pub(crate) fn release_check(screen: &Screen) -> Result<()> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut results = Vec::new();
    for (title, arguments) in STEPS {
        let started = Instant::now();
        let outcome = screen.step(title, |_| {
            let Finished { status, stdout, stderr } = run(Command::new(&program).args(arguments), STEP_LIMIT)?;
            let [out, err] = [&stdout, &stderr].map(|text| last_lines(text, FAILURE_LINES));
            ensure!(status.success(), "it ended with {status}:\n{err}\n{out}");
            Ok(out)
        });
        interrupt::check()?;
        match &outcome {
            Ok(said) => screen.note(said),
            Err(error) => screen.note(format_args!("{error:#}")),
        }
        results.push((title, outcome.is_ok(), started.elapsed()));
    }
    screen.heading("Summary");
    for (title, held, time) in &results {
        screen.verdict(*held, format_args!("{title:62} {:6.1} s", time.as_secs_f32()));
    }
    let failed = results.iter().filter(|(_, held, _)| !held).count();
    ensure!(failed == 0, "{failed} of {} steps failed", results.len());
    Ok(())
}
