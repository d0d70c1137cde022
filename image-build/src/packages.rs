//! The programs that the laboratory is made of, and how to get them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::geteuid;

use crate::process::succeed_within;
use crate::ui::Screen;

/// Programs, and the packages of Debian and Ubuntu that bring them. Of the servers, only unbound's package starts one by
/// itself, which listens on the loopback interface alone.
const PROGRAMS: [(&str, &str); 18] = [
    ("ip", "iproute2"),
    ("tc", "iproute2"),
    ("ss", "iproute2"),
    ("nft", "nftables"),
    ("ethtool", "ethtool"),
    ("sysctl", "procps"),
    ("ping", "iputils-ping"),
    ("dig", "bind9-dnsutils"),
    ("drill", "ldnsutils"),
    ("kdig", "knot-dnsutils"),
    ("curl", "curl"),
    ("openssl", "openssl"),
    ("iperf3", "iperf3"),
    ("dnsperf", "dnsperf"),
    ("dnsmasq", "dnsmasq-base"),
    ("unbound", "unbound"),
    ("apache2", "apache2-bin"),
    ("faketime", "faketime"),
];
/// Where programs of the system lie that a user's PATH may leave out.
const SYSTEM_FOLDERS: [&str; 4] = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin"];
const INSTALL_LIMIT: Duration = Duration::from_secs(600);

/// Fails with the next step unless this process may make namespaces and load BPF programs.
pub(crate) fn require_root() -> Result<()> {
    ensure!(
        geteuid().is_root(),
        "this makes network namespaces and loads a kernel program, which needs root; run it again as root (with sudo: \
         sudo -E env PATH=\"$PATH\" cargo xtask …)"
    );
    Ok(())
}

/// Installs what is missing, by apt-get where there is one.
pub(crate) fn require_programs(screen: &Screen) -> Result<()> {
    require(screen, &PROGRAMS)
}

/// Installs which of these programs, given with their packages, are missing.
pub(crate) fn require(screen: &Screen, programs: &[(&str, &'static str)]) -> Result<()> {
    install_missing(screen, programs, is_installed)
}

/// Installs the packages of which of these files are missing.
pub(crate) fn require_files(screen: &Screen, files: &[(&str, &'static str)]) -> Result<()> {
    install_missing(screen, files, |file| Path::new(file).is_file())
}

fn install_missing(screen: &Screen, wanted: &[(&str, &'static str)], is_there: impl Fn(&str) -> bool) -> Result<()> {
    let mut packages: Vec<&str> =
        wanted.iter().filter(|(name, _)| !is_there(name)).map(|&(_, package)| package).collect();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    if !is_installed("apt-get") {
        bail!("this needs programs that Debian calls {names}; install them by this system's own means");
    }
    screen.step(&format!("Installing {names}"), |progress| {
        if install(&packages).is_ok() {
            return Ok(());
        }
        // A new machine may never have fetched the package lists.
        progress.say("fetching the package lists");
        apt_get(&["update"])?;
        progress.say("");
        install(&packages)
    })
}

/// True if `program` can be started.
pub(crate) fn is_installed(program: &str) -> bool {
    find(program).is_ok()
}

/// The file of a program.
pub(crate) fn find(program: &str) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(SYSTEM_FOLDERS.iter().map(|folder| Path::new(folder).to_owned()));
    let mut files = folders.map(|folder| folder.join(program));
    files.find(|file| file.is_file()).with_context(|| format!("the program {program} is not installed"))
}

fn install(packages: &[&str]) -> Result<()> {
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    apt_get(&arguments)
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    succeed_within(&mut command, INSTALL_LIMIT).context("cannot install packages").map(drop)
}
