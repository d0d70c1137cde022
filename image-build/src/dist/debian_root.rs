//! Tries the Debian package in a system with nothing else in it: install, upgrade, remove and purge, what systemd says of
//! the unit, and the unit itself, confined as it is, in a container that systemd starts: the gate is attached there,
//! stays while the package is upgraded, and is gone with it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::lab::namespace::RunFolder;
use crate::process::succeed_within;
use crate::ui::Screen;
use crate::{packages, workspace};

/// The release that is tried.
const SUITE: &str = "bookworm";
/// What the package needs, what it is started by, and what looks at its unit.
const PACKAGES: &str = "nftables,systemd";
/// Time for making the system from the archive.
const BUILD_LIMIT: Duration = Duration::from_secs(900);
const LIMIT: Duration = Duration::from_secs(120);
/// The system, from the workspace's root; it is made once.
const FOLDER: &str = "target/dist/debian-root";
const CONFIGURATION: &str = "etc/stairgate/stairgate.toml";
const PROBE: &str = include_str!("../../debian/tests/probe.sh");
const PROBE_UNIT: &str = include_str!("../../debian/tests/probe.service");
/// What the probe is to find.
const FOUND: [&str; 5] = [
    "started: active\n",
    "status: host0      filtered, native XDP\n",
    "upgraded: active, ",
    "gate=\"adopted as it was\"",
    "removed: 0 pins, 0 tables\n",
];
/// Exposure, of ten, that systemd may find at most: what is called "OK" ends at five.
const EXPOSURE_MAX: f32 = 3.0;

/// Installs `first`, upgrades to `second`, removes and purges it.
///
/// # Errors
/// What went otherwise than it should.
pub(super) fn check(screen: &Screen, first: &Path, second: &Path) -> Result<()> {
    packages::require(screen, &[("mmdebstrap", "mmdebstrap"), ("systemd-nspawn", "systemd-container")])?;
    let clean = workspace().join(FOLDER);
    let done = clean.join("etc/debian_version");
    if !done.exists() {
        screen.step("Making a Debian system with nothing in it", |_| bootstrap(&clean))?;
    }
    let system = System { root: clean.with_extension("tried") };
    system.copy_from(&clean)?;
    screen.step("Debian: install, upgrade, remove and purge leave what they should", |_| system.life(first, second))?;
    screen.step("Debian: systemd takes the unit and finds it confined", |_| system.unit(first))?;
    screen.step("Debian: the gate is on from the start, through an upgrade, until the removal", |_| system.boot(second))
}

fn bootstrap(root: &Path) -> Result<()> {
    let mut command = Command::new("mmdebstrap");
    command.args(["--quiet", "--mode=root", "--variant=minbase", "--include", PACKAGES, SUITE]).arg(root);
    succeed_within(&mut command, BUILD_LIMIT).map(drop)
}

struct System {
    root: PathBuf,
}

impl System {
    fn copy_from(&self, clean: &Path) -> Result<()> {
        succeed_within(Command::new("rm").args(["-rf", "--one-file-system"]).arg(&self.root), LIMIT)?;
        succeed_within(Command::new("cp").arg("-a").args([clean, &self.root]), LIMIT).map(drop)
    }

    /// A command inside, with a mount and process namespace of its own.
    fn inside(&self, words: &[&str]) -> Result<String> {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--net", "--fork", "--kill-child", "chroot"]).arg(&self.root).args(words);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
        succeed_within(&mut command, LIMIT)
    }

    fn install(&self, package: &Path) -> Result<()> {
        let inside = self.root.join("stairgate.deb");
        fs::copy(package, &inside).with_context(|| format!("cannot write {}", inside.display()))?;
        self.inside(&["dpkg", "--install", "/stairgate.deb"])?;
        fs::remove_file(&inside).with_context(|| format!("cannot remove {}", inside.display()))
    }

    fn life(&self, first: &Path, second: &Path) -> Result<()> {
        let before = self.files()?;
        self.install(first)?;
        let group = fs::read_to_string(self.root.join("etc/group")).context("cannot read the groups")?;
        ensure!(group.contains("\nstairgate:"), "there is no group `stairgate`");
        let said = self.inside(&["stairgate", "check"])?;
        ensure!(said.contains("br-lan"), "`stairgate check` says\n{said}");

        let configuration = self.root.join(CONFIGURATION);
        let text = fs::read_to_string(&configuration).context("there is no configuration")?;
        let changed = text.replace("br-lan", "enp3s0");
        fs::write(&configuration, &changed).context("cannot change the configuration")?;
        let state = self.root.join("var/lib/stairgate");
        fs::create_dir_all(&state).and_then(|()| fs::write(state.join("stairgate.redb"), "a family"))?;
        self.install(second)?;
        ensure!(fs::read_to_string(&configuration)? == changed, "the upgrade changed the configuration");
        ensure!(state.join("stairgate.redb").exists(), "the upgrade lost the database");

        self.inside(&["dpkg", "--remove", "stairgate"])?;
        ensure!(configuration.exists() && state.exists(), "the removal took what belongs to the family");
        ensure!(!self.root.join("usr/bin/stairgate").exists(), "the removal left the program");
        self.inside(&["dpkg", "--purge", "stairgate"])?;
        let after = self.files()?;
        let left: Vec<&PathBuf> = after.difference(&before).collect();
        let lost: Vec<&PathBuf> = before.difference(&after).collect();
        ensure!(left.is_empty() && lost.is_empty(), "the purge left {left:?} and took {lost:?}");
        let group = fs::read_to_string(self.root.join("etc/group")).context("cannot read the groups")?;
        ensure!(!group.contains("\nstairgate:"), "the purge left the group `stairgate`");
        Ok(())
    }

    fn unit(&self, package: &Path) -> Result<()> {
        self.install(package)?;
        let unit = "/usr/lib/systemd/system/stairgate.service";
        let verified = self.inside(&["systemd-analyze", "verify", "--man=no", unit])?;
        ensure!(verified.is_empty(), "systemd says of the unit:\n{verified}");
        let text = self.inside(&["systemd-analyze", "security", "--offline=yes", "--no-pager", unit])?;
        let exposure =
            text.lines().find_map(|line| line.split_once("stairgate.service: ")?.1.split(' ').next()?.parse().ok());
        let exposure: f32 = exposure.with_context(|| format!("systemd does not judge the unit:\n{text}"))?;
        ensure!(exposure <= EXPOSURE_MAX, "systemd finds the unit exposed by {exposure}:\n{text}");
        Ok(())
    }

    /// Starts the system, with the package installed, and looks at what the probe in it finds.
    fn boot(&self, second: &Path) -> Result<()> {
        let write = |name: &str, bytes: &[u8]| {
            let path = self.root.join(name);
            fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
        };
        let configuration = fs::read_to_string(self.root.join(CONFIGURATION)).context("there is no configuration")?;
        write(CONFIGURATION, configuration.replace("br-lan", "host0").as_bytes())?;
        write("second.deb", &fs::read(second).with_context(|| format!("cannot read {}", second.display()))?)?;
        write("probe.sh", PROBE.as_bytes())?;
        write("etc/systemd/system/probe.service", PROBE_UNIT.as_bytes())?;
        self.inside(&["systemctl", "enable", "stairgate.service"])?;
        self.inside(&["systemctl", "add-wants", "multi-user.target", "probe.service"])?;
        let folder = RunFolder::create()?;
        let mut command = Command::new("systemd-nspawn");
        // There is no systemd on the outside that would have to know of it.
        command.args(["--quiet", "--boot", "--register=no", "--keep-unit", "--console=pipe", "--network-veth"]);
        command.args(["--capability=CAP_NET_ADMIN,CAP_BPF,CAP_PERFMON", "--system-call-filter=bpf"]);
        command.arg(format!("--bind={}:/sys/fs/bpf", folder.pins().display())).arg("--directory").arg(&self.root);
        succeed_within(&mut command, LIMIT)?;
        let found = fs::read_to_string(self.root.join("probe.log")).context("the probe did not run")?;
        for expected in FOUND {
            ensure!(found.contains(expected), "`{expected}` is not among what the probe found:\n{found}");
        }
        Ok(())
    }

    /// Every file and folder but what dpkg and the log keep of what happened.
    fn files(&self) -> Result<BTreeSet<PathBuf>> {
        const ASIDE: [&str; 4] = ["var/lib/dpkg", "var/log", "var/cache", "dev"];
        let mut files = BTreeSet::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
                let path = entry?.path();
                let inside = path.strip_prefix(&self.root)?.to_owned();
                // The former group file, which whoever changes groups leaves behind.
                if ASIDE.iter().any(|aside| inside.starts_with(aside)) || inside.to_string_lossy().ends_with('-') {
                    continue;
                }
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path);
                }
                files.insert(inside);
            }
        }
        Ok(files)
    }
}
