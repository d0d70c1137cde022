//! A kernel's modules: which ones a system needs, together with those that they need themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::debian::Package;
use crate::process::succeed_within;

/// Time for reading all modules of a kernel.
const DEPMOD_LIMIT: Duration = Duration::from_secs(300);

/// What depmod reads besides the modules themselves.
const ABOUT: [&str; 3] = ["modules.order", "modules.builtin", "modules.builtin.modinfo"];

/// A kernel in unpacked packages.
pub(crate) struct Kernel {
    /// Its release, as `uname -r` says.
    pub(crate) release: String,
    /// The kernel itself.
    pub(crate) image: PathBuf,
    /// The folder that has the modules in `lib/modules`.
    root: PathBuf,
    /// Folders with files about the modules.
    about: Vec<PathBuf>,
}

impl Kernel {
    /// Finds the kernel in its packages.
    pub(crate) fn of(packages: &[Package]) -> Result<Self> {
        // From 6.13 on Debian's packages have the merged /usr.
        let roots = packages.iter().flat_map(|package| ["", "usr"].map(|usr| package.root.join(usr)));
        let modules = |root: &PathBuf| {
            let releases = fs::read_dir(root.join("lib/modules")).ok()?.flatten();
            // Where modules have a package of their own, the kernel's has the same folder without any.
            let mut releases = releases.filter(|release| release.path().join("kernel").is_dir());
            Some((root.clone(), releases.next()?.file_name().to_string_lossy().into_owned()))
        };
        let (root, release) = roots.clone().find_map(|root| modules(&root)).context("a kernel without modules")?;
        let places = [format!("boot/vmlinuz-{release}"), format!("lib/modules/{release}/vmlinuz")];
        let mut images = roots.clone().flat_map(|root| places.each_ref().map(|place| root.join(place)));
        let image = images.find(|image| image.is_file()).with_context(|| format!("{release} has no kernel"))?;
        let about =
            roots.map(|root| root.join("lib/modules").join(&release)).filter(|folder| folder.is_dir()).collect();
        Ok(Self { release, image, root, about })
    }

    /// Copies modules and what they need to `target`, uncompressed, with the indexes that modprobe reads. What is built
    /// into the kernel, or not known to it, is left out; the names of the latter are returned.
    pub(crate) fn copy_modules(&self, wanted: &[&str], target: &Path) -> Result<Vec<String>> {
        let folder = Path::new("lib/modules").join(&self.release);
        let from = self.root.join(&folder);
        let to = target.join(&folder);
        fs::create_dir_all(&to).with_context(|| format!("cannot make {}", to.display()))?;
        for name in ABOUT {
            let file = self.about.iter().map(|folder| folder.join(name)).find(|file| file.is_file());
            let file = file.with_context(|| format!("{} has no {name}", self.release))?;
            fs::copy(file, to.join(name)).with_context(|| format!("cannot copy {name}"))?;
        }
        // Once for each package: it is never written to otherwise.
        if !from.join("modules.dep").is_file() {
            depmod(&self.root, &self.release)?;
        }
        let read = |file: PathBuf| fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()));
        let chosen = closure(&read(from.join("modules.dep"))?, &read(to.join("modules.builtin"))?, wanted);
        for path in &chosen.files {
            copy_module(&from.join(path), &to.join(path))?;
        }
        depmod(target, &self.release)?;
        Ok(chosen.unknown)
    }
}

/// Writes the indexes of the modules beneath `root`.
fn depmod(root: &Path, release: &str) -> Result<()> {
    succeed_within(Command::new("depmod").arg("-b").arg(root).arg(release), DEPMOD_LIMIT).map(drop)
}

/// Writes a module without its compression: busybox hands files to the kernel as they are.
fn copy_module(from: &Path, to: &Path) -> Result<()> {
    let text = from.to_string_lossy();
    let (program, plain) = match (text.strip_suffix(".xz"), text.strip_suffix(".zst")) {
        (Some(_), _) => (Some("xz"), to.with_extension("")),
        (_, Some(_)) => (Some("zstd"), to.with_extension("")),
        (None, None) => (None, to.to_owned()),
    };
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    let copied = match program {
        None => fs::copy(from, &plain).map(drop),
        Some(program) => fs::File::create(&plain).and_then(|file| {
            let status = Command::new(program).args(["-d", "-c", "-q"]).arg(from).stdout(file).status()?;
            if status.success() { Ok(()) } else { Err(std::io::Error::other(format!("{program}: {status}"))) }
        }),
    };
    copied.with_context(|| format!("cannot copy {}", from.display()))
}

struct Chosen {
    files: BTreeSet<String>,
    unknown: Vec<String>,
}

/// The files of the wanted modules and of those that they need, by the texts of `modules.dep` and `modules.builtin`.
fn closure(dependencies: &str, builtin: &str, wanted: &[&str]) -> Chosen {
    let lines = dependencies.lines().filter_map(|line| line.split_once(':'));
    let by_name: BTreeMap<String, (&str, &str)> = lines.map(|(path, needs)| (name_of(path), (path, needs))).collect();
    let builtin: BTreeSet<String> = builtin.lines().map(name_of).collect();
    let mut chosen = Chosen { files: BTreeSet::new(), unknown: Vec::new() };
    for name in wanted.iter().map(|name| name_of(name)) {
        match by_name.get(&name) {
            Some((path, needs)) => {
                chosen.files.insert((*path).to_owned());
                chosen.files.extend(needs.split_whitespace().map(str::to_owned));
            }
            None if builtin.contains(&name) => {}
            None => chosen.unknown.push(name),
        }
    }
    chosen
}

/// A module's name, in which hyphens and underscores are the same.
fn name_of(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.split(".ko").next().unwrap_or(file).replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_come_with_what_they_need() {
        let dependencies = "kernel/a/net-one.ko.xz: kernel/b/two.ko.xz kernel/b/three.ko.xz\nkernel/b/two.ko.xz: \
                            kernel/b/three.ko.xz\nkernel/b/three.ko.xz:\nkernel/c/four.ko:\n";
        let chosen = closure(dependencies, "kernel/d/five.ko\n", &["net_one", "five", "six"]);
        let files: Vec<&str> = chosen.files.iter().map(String::as_str).collect();
        assert_eq!(files, ["kernel/a/net-one.ko.xz", "kernel/b/three.ko.xz", "kernel/b/two.ko.xz"]);
        assert_eq!(chosen.unknown, ["six"]);
    }
}
