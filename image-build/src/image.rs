//! `cargo xtask image`: a router for a PC, as one disk image, and the updates that follow it.
//!
//! All files of our own are in `image-build/x86`; the rest is taken out of Debian's packages, which are unpacked and never
//! installed. Nothing is mounted, and no loop device is needed.

pub(crate) mod boot;
mod disk;
mod initramfs;
mod root;
#[cfg(test)]
mod scripts;
mod sign;
mod trials;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use crate::debian::Suite;
use crate::modules::Kernel;
use crate::process::succeed_within;
use crate::ui::Screen;
use crate::{dist, packages, workspace};

/// Programs that put the image together, and the packages of Debian and Ubuntu that bring them.
const PROGRAMS: [(&str, &str); 13] = [
    ("mksquashfs", "squashfs-tools"),
    ("mcopy", "mtools"),
    ("mkfs.vfat", "dosfstools"),
    ("sfdisk", "fdisk"),
    ("grub-mkimage", "grub-common"),
    ("readelf", "binutils"),
    ("depmod", "kmod"),
    ("cpio", "cpio"),
    ("xz", "xz-utils"),
    ("zstd", "zstd"),
    ("minisign", "minisign"),
    ("nft", "nftables"),
    ("dpkg-deb", "dpkg"),
];
/// GRUB's own parts, which are files and no programs.
const GRUB_PARTS: [(&str, &str); 2] =
    [("/usr/lib/grub/i386-pc/boot.img", "grub-pc-bin"), ("/usr/lib/grub/x86_64-efi/moddep.lst", "grub-efi-amd64-bin")];
/// The release of Debian that the image is made of, and the package that leads to its kernel.
const SUITE: &str = "bookworm";
const KERNEL: &str = "linux-image-6.12-amd64";
/// What `cargo xtask dist` calls the target.
const TARGET: &str = "x86_64";
/// Where everything is put together, beneath the project's folder.
const FOLDER: &str = "target/image";
/// Time for one of the programs.
const PROGRAM_LIMIT: Duration = Duration::from_secs(600);

/// Builds the image.
#[derive(Args)]
pub(crate) struct Options {
    /// The agent to put in, a program for x86_64; without it, what `cargo xtask dist` builds
    #[arg(long, value_name = "FILE")]
    agent: Option<PathBuf>,
    /// Boot the image, with this firmware, between a provider and a home in network namespaces
    #[arg(long, value_name = "FIRMWARE", num_args = 0..=1, default_missing_value = "bios")]
    boot: Option<boot::Firmware>,
    /// The network cards to boot it with
    #[arg(long, value_enum, default_value = "virtio")]
    nic: boot::Nic,
    /// Where it stands
    #[arg(long, value_enum, default_value = "router")]
    mode: Mode,
    /// What the provider speaks on the router's line
    #[arg(long, value_enum, default_value = "dhcp")]
    wan: boot::Wan,
    /// The VLAN that it is spoken on
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=4094))]
    wan_vlan: Option<u16>,
    /// Try updates, and what goes wrong with them, in QEMU
    #[arg(long, value_name = "PART", num_args = 0.., default_missing_values = ["updates", "uefi", "agent", "cuts"], conflicts_with = "boot")]
    trials: Vec<trials::Part>,
    #[command(flatten)]
    chances: trials::Chances,
    /// The secret key (minisign) to sign updates with; without it, one that this machine makes for itself
    #[arg(long, value_name = "FILE")]
    secret_key: Option<PathBuf>,
}

/// How the image is tried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Mode {
    /// As a router.
    Router,
    /// As a bridge behind a router of the provider's.
    Bridge,
    /// As a router where nothing is as it should be: wrong cables, two routers, the same network twice, a wrong clock, and
    /// a million names.
    Awkward,
}

/// Everything that came of a build.
pub(crate) struct Built {
    /// The disk, as it is to be written to one.
    pub(crate) disk: PathBuf,
    /// One slot's content, as an update brings it; its signature lies beside it.
    pub(crate) update: PathBuf,
    /// The agent alone, as an update brings it; its signature lies beside it.
    agent_update: PathBuf,
    /// The root file system that the update is packed from.
    tree: PathBuf,
    /// What the update is signed with.
    key: sign::Key,
    /// The version.
    version: String,
}

/// Builds the image and says what came of it.
pub(crate) fn image(screen: &Screen, options: &Options) -> Result<()> {
    let agent = match &options.agent {
        Some(agent) => agent.clone(),
        None => dist::build(screen, dist::target::parse(TARGET).map_err(anyhow::Error::msg)?)?.agent,
    };
    let built = build(screen, &agent, options.secret_key.as_deref())?;
    if let Some(firmware) = options.boot {
        return try_out(screen, &built, boot::Kind { firmware, nic: options.nic }, options);
    }
    if !options.trials.is_empty() {
        return trials::run(screen, &built, &options.trials, options.chances);
    }
    let packed = screen.step("compressing", |_| {
        let packed = built.disk.with_extension("img.zst");
        program(Command::new("zstd").args(["-19", "-T0", "-q", "-f"]).arg(&built.disk).arg("-o").arg(&packed))?;
        Ok(packed)
    })?;
    for (what, path) in [
        ("disk", &built.disk),
        ("disk, compressed", &packed),
        ("update", &built.update),
        ("update of the agent", &built.agent_update),
    ] {
        let bytes = fs::metadata(path).with_context(|| format!("cannot look at {}", path.display()))?.len();
        screen.note(format_args!("{what:20} {:6.1} MB  {}", bytes as f64 / 1e6, path.display()));
    }
    Ok(())
}

/// Boots the image, lets a family use it, and prints what was found.
fn try_out(screen: &Screen, built: &Built, kind: boot::Kind, options: &Options) -> Result<()> {
    let access = boot::Access { wan: options.wan, vlan: options.wan_vlan };
    let special = access != boot::Access::PLAIN;
    ensure!(!special || options.mode == Mode::Router, "--wan and --wan-vlan are for --mode router");
    let disk = &built.disk;
    let around = |provider| screen.step("a provider and a home", |_| boot::Surroundings::of(screen, provider, access));
    let family = "a family at the box";
    let mut findings = boot::Findings::new();
    let outcome = match options.mode {
        Mode::Awkward => boot::awkward(screen, disk, kind, &mut findings),
        Mode::Bridge => {
            let around = around(boot::Provider::Router)?;
            screen.step(family, |_| boot::bridge(disk, kind, &around, &mut findings))
        }
        Mode::Router if special => {
            let around = around(access.provider())?;
            screen.step(family, |_| boot::line(disk, kind, &around, access, &mut findings))
        }
        Mode::Router => {
            let around = around(boot::Provider::Line)?;
            screen.step(family, |_| boot::router(disk, kind, &around, &mut findings))
        }
    };
    let line = if special { format!(", {access}") } else { String::new() };
    screen.heading(&format!("{:?}, {:?}, {:?}{line}", kind.firmware, kind.nic, options.mode));
    findings.iter().for_each(|(what, how)| screen.line(format_args!("  {what:52} {how}")));
    outcome
}

/// Builds the image with this agent.
pub(crate) fn build(screen: &Screen, agent: &Path, secret_key: Option<&Path>) -> Result<Built> {
    require(screen)?;
    ensure!(agent.is_file(), "there is no program {}", agent.display());
    let folder = workspace().join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let key = sign::Key::at(secret_key, &folder)?;
    let (kernel, donors) = screen.step("fetching Debian's packages", |_| {
        let suite = Suite::open(SUITE)?;
        let kernel = suite.fetch_kernel(&suite.newest_kernel(KERNEL)?)?;
        let mut donors = suite.fetch_all(&root::PACKAGES)?;
        let release = Kernel::of(&kernel)?;
        donors.extend(kernel);
        Ok((release, donors))
    })?;
    let version = version()?;
    let update = folder.join(format!("stairgate-{version}-x86_64.update"));
    let tree = folder.join("root");
    screen.step("putting the root file system together", |_| {
        let identity = root::Identity { version: &version, key: &key.public };
        root::assemble(&tree, &donors, &kernel, agent, &identity)?;
        let initrd = initramfs::pack(&folder.join("initramfs"), &tree, &kernel)?;
        fs::copy(initrd, tree.join("boot/initrd")).context("cannot copy the initramfs")?;
        root::licences(&folder.join("licences"), &donors)?;
        squash(&tree, &update, Effort::Best)
    })?;
    key.sign(&update, &format!("stairgate-image x86_64 {version}"))?;
    let agent_update = folder.join(format!("stairgate-agent-{version}-x86_64.update"));
    fs::copy(agent, &agent_update).context("cannot copy the agent")?;
    key.sign(&agent_update, &format!("stairgate-agent x86_64 {version}"))?;
    let disk = folder.join(format!("stairgate-{version}-x86_64.img"));
    screen.step("writing the disk", |_| disk::write(&disk, &folder, &update))?;
    Ok(Built { disk, update, agent_update, tree, key, version })
}

/// The version of what is built.
fn version() -> Result<String> {
    Ok(env!("CARGO_PKG_VERSION").to_owned())
}

fn require(screen: &Screen) -> Result<()> {
    packages::require_root()?;
    packages::require(screen, &PROGRAMS)?;
    packages::require_files(screen, &GRUB_PARTS)
}

/// How small a squashfs gets, for its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Effort {
    /// As small as it gets.
    Best,
    /// Soon done: nobody has to carry it anywhere.
    Quick,
}

/// Makes a squashfs of a folder. GRUB reads the kernel from it, and knows this compression and no newer one.
fn squash(tree: &Path, to: &Path, effort: Effort) -> Result<()> {
    let mut command = Command::new("mksquashfs");
    command.arg(tree).arg(to).args(["-comp", "gzip", "-b", "128K", "-all-root", "-noappend", "-no-xattrs"]);
    command.args(["-mkfs-time", "0", "-all-time", "0", "-quiet", "-no-progress"]);
    if effort == Effort::Quick {
        command.args(["-Xcompression-level", "1"]);
    }
    program(&mut command)
}

/// Runs a program that has to succeed.
fn program(command: &mut Command) -> Result<()> {
    succeed_within(command, PROGRAM_LIMIT).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood() {
        use clap::Parser as _;
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            options: Options,
        }
        let line = Line::try_parse_from(["image", "--boot", "--wan", "pppoe", "--wan-vlan", "7"]).unwrap();
        assert_eq!(line.options.boot, Some(boot::Firmware::Bios));
        assert_eq!((line.options.wan, line.options.wan_vlan), (boot::Wan::Pppoe, Some(7)));
        assert!(Line::try_parse_from(["image", "--wan-vlan", "4095"]).is_err());
    }
}
