//! Where things are pinned, and under which names.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FlockOperation, Mode, OFlags, RenameFlags, flock, fstatfs, open, renameat_with, statfs};
use stairgate_abi::ABI_VERSION;
use stairgate_abi::hash::NameHash;

use super::error::Error;

/// `BPF_FS_MAGIC` of linux/magic.h.
const BPF_FS_MAGIC: u64 = 0xcafe_4a11;
/// How long to wait for an agent that is just ending: a process that it started may hold its descriptors until it runs
/// its own program.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
const LOCK_RETRY: Duration = Duration::from_millis(10);
const LINKS: &str = "links";
const PROGRAM_PREFIX: &str = "program-";

/// The pin directory, held by this process alone.
#[derive(Debug)]
pub(super) struct Pins {
    root: PathBuf,
    /// The lock lasts as long as the descriptor, and the kernel closes that however the process ends.
    _lock: OwnedFd,
}

impl Pins {
    /// Takes hold of the directory, which is made if need be.
    pub(super) fn open(root: &Path) -> Result<Self, Error> {
        let existing = root.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
        let system = statfs(existing).map_err(|error| Error::pin("looking at", existing)(error.into()))?;
        if system.f_type as u64 != BPF_FS_MAGIC {
            return Err(Error::NotBpffs { path: root.to_owned() });
        }
        let links = root.join(LINKS);
        fs::create_dir_all(&links).map_err(Error::pin("creating", &links))?;
        let lock = open(root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| Error::pin("opening", root)(error.into()))?;
        // The directory itself decides, in case something else was mounted on one of its parents.
        if !fstatfs(&lock).is_ok_and(|system| system.f_type as u64 == BPF_FS_MAGIC) {
            return Err(Error::NotBpffs { path: root.to_owned() });
        }
        let start = Instant::now();
        while flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            if start.elapsed() > LOCK_PATIENCE {
                return Err(Error::InUse { path: root.to_owned() });
            }
            std::thread::sleep(LOCK_RETRY);
        }
        Ok(Self { root: root.to_owned(), _lock: lock })
    }

    /// Directory of the set in force, if it is of this ABI.
    pub(super) fn current(&self) -> PathBuf {
        self.root.join(format!("v{ABI_VERSION}"))
    }

    /// Directory in which a set is built. Names with a dot are reserved on a BPF file system.
    pub(super) fn staged(&self) -> PathBuf {
        self.root.join(format!("v{ABI_VERSION}-staged"))
    }

    /// True if there is any set that is not the staged one.
    pub(super) fn has_set(&self) -> Result<bool, Error> {
        let staged = self.staged();
        Ok(self.sets()?.iter().any(|path| *path != staged))
    }

    /// Puts the staged set into force, in one step. A set of the same ABI that was in force takes its place.
    pub(super) fn promote_staged(&self) -> Result<(), Error> {
        let (staged, current) = (self.staged(), self.current());
        let flags = if current.exists() { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
        renameat_with(CWD, &staged, CWD, &current, flags)
            .map_err(|error| Error::pin("putting into force", staged)(error.into()))
    }

    /// Removes whatever is left of a set that was never finished.
    pub(super) fn remove_staged(&self) -> Result<(), Error> {
        let staged = self.staged();
        if staged.exists() {
            fs::remove_dir_all(&staged).map_err(Error::pin("removing", staged))?;
        }
        Ok(())
    }

    /// Removes every set except the one in force.
    pub(super) fn remove_other_sets(&self) -> Result<(), Error> {
        let current = self.current();
        for path in self.sets()?.into_iter().filter(|path| *path != current) {
            fs::remove_dir_all(&path).map_err(Error::pin("removing", path))?;
        }
        Ok(())
    }

    /// Where the link of an interface is pinned.
    pub(super) fn link(&self, interface: &str) -> PathBuf {
        self.root.join(LINKS).join(encode(interface))
    }

    /// Interfaces whose link is pinned.
    pub(super) fn linked(&self) -> Result<Vec<String>, Error> {
        let names = entries(&self.root.join(LINKS))?;
        Ok(names.iter().map(|name| decode(name)).collect())
    }

    /// Directories of all sets, of any ABI version, finished or not.
    fn sets(&self) -> Result<Vec<PathBuf>, Error> {
        let is_set = |name: &String| name.starts_with('v') && name.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        Ok(entries(&self.root)?.into_iter().filter(is_set).map(|name| self.root.join(name)).collect())
    }
}

/// Where a map of the set in `set` is pinned.
pub(super) fn map(set: &Path, name: &str) -> PathBuf {
    set.join("maps").join(name)
}

/// Where the program of `object` is pinned in the set in `set`: its name tells the object, so that pinning it is a
/// single step.
pub(super) fn program(set: &Path, object: &[u8]) -> PathBuf {
    set.join(format!("{PROGRAM_PREFIX}{:016x}", NameHash::root(0).child(object).0))
}

/// Removes the programs of other objects than `object` from the set in `set`.
pub(super) fn remove_other_programs(set: &Path, object: &[u8]) -> Result<(), Error> {
    let keep = program(set, object);
    let programs = entries(set)?.into_iter().filter(|name| name.starts_with(PROGRAM_PREFIX));
    for path in programs.map(|name| set.join(name)).filter(|path| *path != keep) {
        fs::remove_file(&path).map_err(Error::pin("removing", path))?;
    }
    Ok(())
}

/// Removes a pin that may be gone already.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::pin("removing", path)(error)),
        _ => Ok(()),
    }
}

fn entries(directory: &Path) -> Result<Vec<String>, Error> {
    fs::read_dir(directory)
        .and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned())).collect()
        })
        .map_err(Error::pin("reading", directory))
}

/// An interface's name without dots, which VLAN interfaces have and a BPF file system does not allow.
fn encode(interface: &str) -> String {
    interface.replace('%', "%25").replace('.', "%2e")
}

fn decode(name: &str) -> String {
    name.replace("%2e", ".").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_interfaces_survive_the_pin_directory() {
        for name in ["eth0", "br-lan.10", "a%2eb", "a%b.c", "%25"] {
            assert!(!encode(name).contains('.'));
            assert_eq!(decode(&encode(name)), name);
        }
    }

    #[test]
    fn objects_that_differ_have_different_pins() {
        assert_ne!(program(Path::new("v1"), b"one"), program(Path::new("v1"), b"two"));
    }

    #[test]
    fn a_directory_elsewhere_is_refused_with_the_remedy() {
        let error = Pins::open(&std::env::temp_dir().join("stairgate-no-bpffs")).unwrap_err();
        assert!(error.to_string().contains("mount -t bpf"), "{error}");
    }
}
