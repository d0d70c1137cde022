//! The root file system: our own files, and the programs that they call, out of Debian's packages.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::program;
use crate::debian::Package;
use crate::modules::Kernel;
use crate::process::succeed;
use crate::workspace;

/// Packages that programs are taken from, with all that they depend on.
pub(super) const PACKAGES: [&str; 12] = [
    "busybox-static",
    "nftables",
    "dnsmasq-base",
    "iproute2",
    "dropbear-bin",
    "dhcpcd-base",
    "ppp",
    "chrony",
    "fdisk",
    "util-linux",
    "e2fsprogs",
    "base-files",
];
/// Programs that are taken; everything else is busybox's.
const PROGRAMS: [&str; 14] = [
    "nft",
    "dnsmasq",
    "ip",
    "bridge",
    "dropbear",
    "dropbearkey",
    "dhcpcd",
    "pppd",
    "pppoe-discovery",
    "chronyd",
    "sfdisk",
    "partx",
    "mkfs.ext4",
    "fsck.ext4",
];
/// What pppd loads at run time.
const PLUGINS: [&str; 1] = ["usr/lib/pppd/2.4.9/pppoe.so"];
/// Programs of busybox that stay away: the real one is there, or nobody needs it.
const UNWANTED: [&str; 12] =
    ["busybox", "dpkg", "dpkg-deb", "rpm", "rpm2cpio", "httpd", "telnetd", "telnet", "tftp", "su", "login", "passwd"];
/// Where programs lie in packages.
const PROGRAM_FOLDERS: [&str; 4] = ["usr/sbin", "usr/bin", "sbin", "bin"];
/// Where libraries lie in packages.
const LIBRARY_FOLDERS: [&str; 3] = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "lib64"];
/// Folders that are mounted on, or that links lead through.
const FOLDERS: [&str; 16] = [
    "boot/esp",
    "data",
    "dev",
    "etc",
    "proc",
    "root",
    "run",
    "sys",
    "tmp",
    "usr/bin",
    "usr/sbin",
    "usr/lib64",
    "usr/share",
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/dhcpcd",
    "var/lib",
];
/// The file system cannot be written; what has to change lies in memory, or on the data partition.
const LINKS: [(&str, &str); 15] = [
    ("bin", "usr/bin"),
    ("sbin", "usr/sbin"),
    ("lib", "usr/lib"),
    ("lib64", "usr/lib64"),
    ("var/run", "/run"),
    ("var/lock", "/run/lock"),
    ("var/log", "/run"),
    ("var/tmp", "/tmp"),
    ("var/lib/misc", "/data/leases"),
    ("var/lib/dhcpcd", "/data/dhcpcd"),
    ("etc/resolv.conf", "/run/resolv.conf"),
    ("etc/mtab", "/proc/self/mounts"),
    ("etc/stairgate", "/run/stairgate/etc"),
    ("usr/sbin/init", "../bin/busybox"),
    // Where the kernel looks when it needs a module itself.
    ("usr/sbin/modprobe", "../bin/busybox"),
];
/// Our own files.
const OWN: &str = "image-build/x86/root";
const MODULES: &str = include_str!("../../x86/modules.txt");

/// What tells this image from others.
pub(super) struct Identity<'a> {
    /// Its version.
    pub(super) version: &'a str,
    /// The key that its updates are signed with.
    pub(super) key: &'a str,
}

/// Puts the file system together in `tree`.
pub(super) fn assemble(
    tree: &Path,
    donors: &[Package],
    kernel: &Kernel,
    agent: &Path,
    identity: &Identity<'_>,
) -> Result<()> {
    let _ = fs::remove_dir_all(tree);
    for folder in FOLDERS {
        fs::create_dir_all(tree.join(folder)).with_context(|| format!("cannot make {folder}"))?;
    }
    for (name, target) in LINKS {
        symlink(target, tree.join(name)).with_context(|| format!("cannot link {name}"))?;
    }
    program(Command::new("cp").args(["-rT", "--preserve=mode"]).arg(workspace().join(OWN)).arg(tree))?;
    fs::write(tree.join("etc/stairgate-version"), format!("{}\n", identity.version))
        .context("cannot write the version")?;
    fs::write(tree.join("etc/stairgate-update.pub"), identity.key).context("cannot write the key")?;
    // Nobody logs in by a password, but the file that says so is root's alone all the same.
    mode(&tree.join("etc/shadow"), 0o600)?;

    let agent = copy(agent, &tree.join("usr/sbin/stairgate"), 0o755)?;
    take(tree, donors, &PROGRAMS, &PLUGINS, &[agent])?;

    fs::copy(&kernel.image, tree.join("boot/vmlinuz")).context("cannot copy the kernel")?;
    let wanted: Vec<&str> = modules("initramfs").chain(modules("root")).collect();
    let unknown = kernel.copy_modules(&wanted, tree)?;
    ensure!(unknown.is_empty(), "the kernel {} has no modules {unknown:?}", kernel.release);
    Ok(())
}

/// Takes programs, what they load at run time, and busybox for all the rest out of packages, with the libraries that these
/// need, and that the programs in `own`, which are there already, need.
pub(super) fn take(
    tree: &Path,
    donors: &[Package],
    programs: &[&str],
    plugins: &[&str],
    own: &[PathBuf],
) -> Result<()> {
    let mut binaries = own.to_vec();
    for name in programs {
        binaries.push(take_program(tree, donors, name)?);
    }
    for plugin in plugins {
        let (_, file) = in_packages(donors, &[], plugin).with_context(|| format!("no package has {plugin}"))?;
        binaries.push(copy(&file, &tree.join(plugin), 0o644)?);
    }
    take_libraries(tree, donors, binaries)?;
    busybox(tree, donors)
}

/// The modules of a section of the list.
pub(super) fn modules(section: &str) -> impl Iterator<Item = &'static str> {
    let begin = format!("[{section}]\n");
    let (_, rest) = MODULES.split_once(&begin).unwrap_or_default();
    let text = rest.split("\n[").next().unwrap_or_default();
    text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace)
}

/// The file `name` in one of `folders`, or `name` itself, of the first package that has it.
fn in_packages<'a>(donors: &'a [Package], folders: &[&str], name: &str) -> Option<(&'a Package, PathBuf)> {
    donors.iter().find_map(|package| {
        let inside = |folder: &&str| package.root.join(folder).join(name);
        let found = if folders.is_empty() {
            Some(package.root.join(name)).filter(|path| path.exists())
        } else {
            folders.iter().map(inside).find(|path| path.exists())
        };
        // A link may lead through a folder that another package has; then that package's file is the one.
        found.and_then(|path| path.canonicalize().ok()).filter(|path| path.is_file()).map(|path| (package, path))
    })
}

fn take_program(tree: &Path, donors: &[Package], name: &str) -> Result<PathBuf> {
    let (_, file) =
        in_packages(donors, &PROGRAM_FOLDERS, name).with_context(|| format!("no package has the program {name}"))?;
    let folder = if name == "ip" || name == "bridge" { "usr/bin" } else { "usr/sbin" };
    copy(&file, &tree.join(folder).join(name), 0o755)
}

/// Copies the libraries that programs are linked with, and those that these need.
fn take_libraries(tree: &Path, donors: &[Package], programs: Vec<PathBuf>) -> Result<()> {
    let mut taken = BTreeSet::new();
    let mut open = programs;
    while let Some(binary) = open.pop() {
        let text = succeed(Command::new("readelf").args(["--dynamic", "--program-headers", "--wide"]).arg(&binary))?;
        for name in needed(&text) {
            if !taken.insert(name.to_owned()) {
                continue;
            }
            let (_, file) = in_packages(donors, &LIBRARY_FOLDERS, name)
                .with_context(|| format!("no package has {name}, which {} needs", binary.display()))?;
            let loader = name.starts_with("ld-linux");
            let folder = if loader { "usr/lib64" } else { "usr/lib/x86_64-linux-gnu" };
            open.push(copy(&file, &tree.join(folder).join(name), if loader { 0o755 } else { 0o644 })?);
        }
    }
    Ok(())
}

/// The names of the libraries, and of the loader, in what readelf says of a binary.
fn needed(text: &str) -> Vec<&str> {
    let between = |line: &'_ str, before: &str| -> Option<(usize, usize)> {
        let from = line.find(before)? + before.len();
        Some((from, from + line.get(from..)?.find(']')?))
    };
    let mut names = Vec::new();
    for line in text.lines() {
        if let Some((from, to)) = between(line, "(NEEDED)             Shared library: [") {
            names.push(&line[from..to]);
        } else if let Some((from, to)) = between(line, "Requesting program interpreter: ") {
            names.extend(line[from..to].rsplit('/').next());
        }
    }
    names
}

/// Copies busybox and makes a link for each of its programs.
fn busybox(tree: &Path, donors: &[Package]) -> Result<()> {
    let (_, file) = in_packages(donors, &PROGRAM_FOLDERS, "busybox").context("no package has busybox")?;
    let busybox = copy(&file, &tree.join("usr/bin/busybox"), 0o755)?;
    for name in succeed(Command::new(&busybox).arg("--list"))?.lines() {
        let there = PROGRAM_FOLDERS[..2].iter().any(|folder| tree.join(folder).join(name).exists());
        if !UNWANTED.contains(&name) && !there {
            let link = tree.join("usr/bin").join(name);
            symlink("busybox", &link).with_context(|| format!("cannot link {}", link.display()))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path, permissions: u32) -> Result<PathBuf> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    mode(to, permissions)?;
    Ok(to.to_owned())
}

fn mode(path: &Path, permissions: u32) -> Result<()> {
    let permissions = fs::Permissions::from_mode(permissions);
    fs::set_permissions(path, permissions).with_context(|| format!("cannot set the mode of {}", path.display()))
}

/// Writes what whoever passes the image on has to pass on with it: each package's terms, and where its source is.
pub(super) fn licences(folder: &Path, donors: &[Package]) -> Result<()> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let sources: BTreeMap<&(String, String), Vec<&Package>> =
        donors.iter().fold(BTreeMap::new(), |mut all, package| {
            all.entry(&package.source).or_insert_with(Vec::new).push(package);
            all
        });
    let mut text = String::from("source\tsource version\tpackages\n");
    for ((source, version), packages) in sources {
        let names: Vec<String> =
            packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect();
        writeln!(text, "{source}\t{version}\t{}", names.join(", "))?;
    }
    fs::write(folder.join("sources.tsv"), text).context("cannot write the list of sources")?;
    for package in donors {
        let file = package.root.join("usr/share/doc").join(&package.name).join("copyright");
        // Some packages of one source share their file with the first of them, by a link.
        if file.is_file() {
            copy(&file, &folder.join(format!("{}.copyright", package.name)), 0o644)?;
        }
        let common = package.root.join("usr/share/common-licenses");
        for entry in fs::read_dir(common).into_iter().flatten().flatten() {
            if entry.path().is_file() {
                copy(&entry.path(), &folder.join("common-licenses").join(entry.file_name()), 0o644)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_say_what_they_need() {
        let text = "      [Requesting program interpreter: /lib64/ld-linux-x86-64.so.2]\n \
                    0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]\n";
        assert_eq!(needed(text), ["ld-linux-x86-64.so.2", "libc.so.6"]);
    }

    #[test]
    fn modules_are_listed() {
        assert!(modules("initramfs").any(|name| name == "nvme"));
        assert!(modules("root").any(|name| name == "igc"));
        assert!(!modules("initramfs").any(|name| name == "igc" || name.starts_with('[')));
    }
}
