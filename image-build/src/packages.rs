//! The programs that the laboratory is made of, and how to get them.

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::geteuid;

use crate::process::{Finished, describe, run};
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
    let mut packages: Vec<&str> =
        programs.iter().filter(|(program, _)| !is_installed(program)).map(|&(_, package)| package).collect();
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
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(SYSTEM_FOLDERS.iter().map(|folder| Path::new(folder).to_owned()));
    folders.into_iter().any(|folder| folder.join(program).is_file())
}

fn install(packages: &[&str]) -> Result<()> {
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    apt_get(&arguments)
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    let Finished { status, stderr, .. } = run(&mut command, INSTALL_LIMIT).context("cannot install packages")?;
    ensure!(status.success(), "{} failed: {}", describe(&command), stderr.trim());
    Ok(())
}
