//! The image, booted in QEMU between a provider and a home in network namespaces, and what the home gets of it.

mod family;
mod provider;
mod surroundings;

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;

pub(crate) use self::surroundings::Surroundings;
use crate::process::succeed;
use crate::qemu::Machine;
use crate::{interrupt, workspace};

/// Time from switching on to the last service. A busy machine that emulates every instruction takes ten times what a
/// router's takes.
pub(super) const BOOT_LIMIT: Duration = Duration::from_secs(400);
/// Time for something that takes seconds on a router.
const PATIENCE: Duration = Duration::from_secs(90);
/// The box, as the image has it unless somebody says otherwise.
const ROUTER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 77, 1));

/// How the machine starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Firmware {
    /// As PCs did for thirty years.
    Bios,
    /// As they do now.
    Uefi,
}

/// The kind of its network cards.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Nic {
    /// The driver runs XDP itself.
    Virtio,
    /// It does not.
    E1000e,
}

impl Nic {
    const fn device(self) -> &'static str {
        match self {
            Self::Virtio => "virtio-net-pci",
            Self::E1000e => "e1000e",
        }
    }
}

/// A machine to boot the image in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kind {
    /// How it starts.
    pub(crate) firmware: Firmware,
    /// Its network cards.
    pub(crate) nic: Nic,
}

/// A copy of the image to boot, with the settings that somebody wrote on its boot partition.
pub(crate) fn fresh_disk(image: &Path, name: &str, settings: &str) -> Result<PathBuf> {
    let folder = workspace().join(super::FOLDER).join("machines").join(name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let disk = folder.join("disk.img");
    succeed(Command::new("cp").args(["--sparse=always", "--reflink=auto"]).arg(image).arg(&disk))?;
    // Real disks are larger than the image; the first start has to notice.
    fs::File::options().write(true).open(&disk).and_then(|file| file.set_len(512 << 20)).context("cannot enlarge")?;
    let conf = folder.join("stairgate.conf");
    fs::write(&conf, settings).context("cannot write the settings")?;
    let partition = format!("{}@@{}", disk.display(), super::disk::boot_partition_start());
    let mut command = Command::new("mcopy");
    succeed(command.env("MTOOLS_SKIP_CHECK", "1").args(["-o", "-i", &partition]).arg(&conf).arg("::/stairgate.conf"))?;
    Ok(disk)
}

/// What was found, as lines of a table: what, and how it was.
pub(crate) type Findings = Vec<(String, String)>;

/// Boots the image and lets a family use it as its router.
pub(crate) fn router(image: &Path, kind: Kind, surroundings: &Surroundings) -> Result<Findings> {
    let mut findings = Findings::new();
    let name = format!("{:?}-{:?}", kind.firmware, kind.nic).to_lowercase();
    let disk = fresh_disk(image, &name, "")?;
    let folder = disk.parent().context("a disk lies nowhere")?.to_owned();
    let mut machine = surroundings.start(&disk, kind, &folder)?;
    let code = wait_code(&mut machine)?;
    found(&mut findings, "from switching on to the one-time code", format!("{:.0} s", machine.on_for().as_secs_f32()));
    let (child, parent) = (&surroundings.child, &surroundings.parent);
    let lease = surroundings.lease(parent)?;
    ensure!(lease[1] == ROUTER && lease[2] == ROUTER, "the lease names {} and {}", lease[1], lease[2]);
    surroundings.lease(child)?;
    found(&mut findings, "leases", format!("{}, router and names {}", lease[0], lease[1]));
    found(&mut findings, "IPv6 by prefix delegation", surroundings.wait_ipv6(child)?);
    if let Err(error) = family::use_it(surroundings, &code, &mut findings) {
        machine.type_text("s\nl\n")?;
        interrupt::sleep(Duration::from_secs(20))?;
        return Err(error.context(format!("the console is in {}", folder.join("console.log").display())));
    }
    let state = ask_state(&mut machine)?;
    ensure!(state.contains("health: good"), "the box is not well:\n{state}");
    found(&mut findings, "XDP", line_with(&state, "XDP").context("the state names no mode of XDP")?);
    found(&mut findings, "memory used of 256 MiB", used_memory(&state)?);
    machine.pull_plug()?;
    Ok(findings)
}

/// Waits for the one-time code on the console.
pub(crate) fn wait_code(machine: &mut Machine) -> Result<String> {
    let digits = |console: &str| {
        let (_, rest) = console.split_once("code     ")?;
        let (code, _) = rest.split_once("   (")?;
        Some(code.to_owned())
    };
    machine.wait_for("the one-time code on the console", BOOT_LIMIT, digits)
}

/// Asks the console for the state, and returns what it says.
pub(crate) fn ask_state(machine: &mut Machine) -> Result<String> {
    let before = machine.console().len();
    machine.type_text("s\n")?;
    machine.wait_for("the state on the console", PATIENCE, |console| {
        let said = console.get(before..)?;
        said.split_once("Swap:").map(|(state, _)| state.to_owned())
    })
}

fn line_with(text: &str, word: &str) -> Option<String> {
    let line = text.lines().find(|line| line.contains(word))?;
    Some(line.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The second number of the line `Mem:` of `free -m`.
fn used_memory(state: &str) -> Result<String> {
    let line = state.lines().find(|line| line.starts_with("Mem:")).context("the state says nothing of memory")?;
    let Some(used) = line.split_whitespace().nth(2) else { bail!("a strange line on memory: {line}") };
    Ok(format!("{used} MiB"))
}

fn found(findings: &mut Findings, what: &str, how: String) {
    findings.push((what.to_owned(), how));
}
