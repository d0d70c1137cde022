//! Network namespaces of this run, their folder, and clearing up after runs that could not do it themselves.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::process::succeed;

/// Where the folders of runs lie: a memory file system on every distribution.
const RUNS: &str = "/run/stairgate-lab";
/// Where `ip netns` keeps the names of namespaces.
const NAMESPACES: &str = "/run/netns";
/// Where `ip netns exec` looks for a namespace's own /etc files.
const NAMESPACE_ETC: &str = "/etc/netns";
/// What every namespace of the lab is called by, before the process id of its run.
const PREFIX: &str = "stairgate";

/// The folder of this run. Dropped, it goes away with everything that is mounted in it.
pub(crate) struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder, with a BPF file system at [`RunFolder::pins`].
    pub(crate) fn create() -> Result<Self> {
        let path = Path::new(RUNS).join(process::id().to_string());
        let folder = Self { path };
        let pins = folder.pins();
        fs::create_dir_all(&pins).with_context(|| format!("cannot make {}", pins.display()))?;
        // The web server drops to another user, who has to get at its pages.
        fs::set_permissions(&folder.path, fs::Permissions::from_mode(0o755)).context("cannot open the run's folder")?;
        // `ip netns exec` covers /sys with a fresh one, so pins lie in a BPF file system of our own outside it.
        mount("bpf", &pins, "bpf", MountFlags::empty(), None)
            .context("cannot mount a BPF file system; is this root?")?;
        Ok(folder)
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The BPF file system for pins.
    pub(crate) fn pins(&self) -> PathBuf {
        self.path("bpf")
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        remove_run_folder(&self.path);
    }
}

/// A network namespace. Dropped, it goes away with every process in it.
pub(crate) struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes an empty namespace for `role` with the loopback interface up.
    pub(crate) fn create(role: &str) -> Result<Self> {
        let name = format!("{PREFIX}{}-{role}", process::id());
        succeed(Command::new("ip").args(["netns", "add", &name])).context("cannot make a network namespace")?;
        let namespace = Self { name };
        namespace.ip(["link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    /// Its name, as `ip netns` knows it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A command that will run inside.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    /// Runs `ip` on the namespace.
    pub(crate) fn ip<const N: usize>(&self, arguments: [&str; N]) -> Result<()> {
        succeed(Command::new("ip").args(["-n", &self.name]).args(arguments)).map(drop)
    }

    /// Sets kernel switches (`name=value`) of the namespace.
    pub(crate) fn sysctl<const N: usize>(&self, settings: [&str; N]) -> Result<()> {
        succeed(self.command("sysctl").arg("-qw").args(settings)).map(drop)
    }

    /// Moves the calling thread inside, for good. Threads that it starts then are inside, too.
    pub(crate) fn enter(&self) -> Result<()> {
        let path = Path::new(NAMESPACES).join(&self.name);
        let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
            .with_context(|| format!("cannot enter the network namespace {}", self.name))
    }

    /// Does `work` inside, on a thread of its own.
    pub(crate) fn inside<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let entered = || {
            self.enter()?;
            work()
        };
        thread::scope(|scope| scope.spawn(entered).join()).unwrap_or_else(|_| Err(anyhow!("a thread failed")))
    }

    /// Makes programs inside see `text` as /etc/`file`.
    pub(crate) fn etc(&self, file: &str, text: &str) -> Result<()> {
        let folder = Path::new(NAMESPACE_ETC).join(&self.name);
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(folder.join(file), text))
            .with_context(|| format!("cannot write {}", folder.join(file).display()))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        remove_namespace(&self.name);
    }
}

/// Removes what runs left behind that were ended the hard way, told by their process ids.
pub(crate) fn clear_leftovers() {
    for name in entries(NAMESPACES).into_iter().chain(entries(NAMESPACE_ETC)) {
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')).map(|(owner, _)| owner);
        if owner.and_then(|owner| owner.parse().ok()).is_some_and(is_gone) {
            remove_namespace(&name);
        }
    }
    for name in entries(RUNS) {
        if name.parse().is_ok_and(is_gone) {
            remove_run_folder(&Path::new(RUNS).join(name));
        }
    }
}

fn entries(folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// True if no process of this tool has this id: the id may since belong to another program.
fn is_gone(owner: u32) -> bool {
    let own_name = fs::read("/proc/self/comm");
    let their_name = fs::read(format!("/proc/{owner}/comm"));
    match (own_name, their_name) {
        (Ok(own), Ok(theirs)) => own != theirs,
        _ => true,
    }
}

/// Clears as much as it can; what fails is left for the next run.
fn remove_namespace(name: &str) {
    let pids = in_any_case(["netns", "pids", name]);
    for pid in pids.split_whitespace().filter_map(|pid| pid.parse().ok()).filter_map(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
    if Path::new(NAMESPACES).join(name).exists() {
        in_any_case(["netns", "del", name]);
    }
    let _ = fs::remove_dir_all(Path::new(NAMESPACE_ETC).join(name));
    // Only if nothing else is in it.
    let _ = fs::remove_dir(NAMESPACE_ETC);
}

/// Runs `ip` also after an interruption, which is when clearing up happens, and returns what it printed.
fn in_any_case<const N: usize>(arguments: [&str; N]) -> String {
    let output = Command::new("ip").args(arguments).process_group(0).stdin(Stdio::null()).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// Unmounts what lies in the folder, the deepest first, and removes it.
fn remove_run_folder(folder: &Path) {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mut inside: Vec<&str> = mounts
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .filter(|target| Path::new(target).starts_with(folder))
        .collect();
    inside.sort_by_key(|target| std::cmp::Reverse(target.len()));
    for target in inside {
        let _ = unmount(target, UnmountFlags::DETACH);
    }
    let _ = fs::remove_dir_all(folder);
    // The common parent stays while another run still has a folder in it.
    let _ = fs::remove_dir(RUNS);
}
