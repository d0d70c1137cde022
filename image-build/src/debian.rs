//! Packages of Debian, fetched and unpacked beside what this machine has installed.
//!
//! Each suite has package lists of its own beneath the build folder, so that a machine with any release of Debian builds
//! the same image. Packages are checked by apt against Debian's signatures, and only unpacked: none of their scripts run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::process::{succeed, succeed_within};
use crate::workspace;

/// Where lists, packages and what was unpacked lie, beneath the project's folder.
const FOLDER: &str = "target/debian";
/// The keys that Debian signs its archives with; every Debian machine has them.
pub(crate) const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// Names a mirror on machines whose own package lists do not.
const MIRROR_VARIABLE: &str = "STAIRGATE_DEBIAN_MIRROR";
/// Time for fetching lists or packages.
const FETCH_LIMIT: Duration = Duration::from_secs(600);

/// A release of Debian with the package lists for it.
pub(crate) struct Suite {
    folder: PathBuf,
    mirror: String,
}

/// A package that lies on this machine.
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// The source package that it is built from, and that one's version.
    pub(crate) source: (String, String),
    /// The folder that it was unpacked in.
    pub(crate) root: PathBuf,
}

impl Suite {
    /// Brings the package lists of the release `name` up to date.
    pub(crate) fn open(name: &str) -> Result<Self> {
        let mirror = mirror()?;
        let suite = Self { folder: workspace().join(FOLDER).join(name), mirror };
        for folder in ["lists/partial", "cache/archives/partial", "nowhere/partial", "empty"] {
            let folder = suite.folder.join(folder);
            fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let sources = suite.folder.join("sources.list");
        fs::write(&sources, suite.sources(name)?).with_context(|| format!("cannot write {}", sources.display()))?;
        suite.apt("apt-get", &["update"])?;
        Ok(suite)
    }

    fn sources(&self, name: &str) -> Result<String> {
        ensure!(Path::new(KEYS).is_file(), "{KEYS} is missing; apt-get install debian-archive-keyring");
        let mirror = &self.mirror;
        let security = mirror.replace("/debian", "/debian-security");
        Ok(format!(
            "deb [signed-by={KEYS}] {mirror} {name} main\ndeb [signed-by={KEYS}] {security} {name}-security main\n"
        ))
    }

    /// The newest kernel's package, to which the package `alias` leads, which has nothing in it.
    pub(crate) fn newest_kernel(&self, alias: &str) -> Result<String> {
        let mut needs = self.needs(alias)?.into_iter();
        needs.find(|name| name.starts_with("linux-image-")).with_context(|| format!("{alias} leads to no kernel"))
    }

    /// Fetches a kernel's package. From Debian 14 on there is nothing in it either, and the kernel, its modules, and what is
    /// known of them come in packages of their own.
    pub(crate) fn fetch_kernel(&self, name: &str) -> Result<Vec<Package>> {
        let mut names = self.needs(name)?;
        names.retain(|name| {
            ["linux-binary-", "linux-modules-", "linux-base-"].iter().any(|part| name.starts_with(part))
        });
        if names.is_empty() {
            names.push(name.to_owned());
        }
        names.iter().map(|name| self.fetch(name)).collect()
    }

    /// The packages that a package needs, without those that it merely can use.
    fn needs(&self, name: &str) -> Result<Vec<String>> {
        let text = self.apt("apt-cache", &["depends", "--important", name])?;
        Ok(text.lines().filter_map(|line| line.trim().strip_prefix("Depends: ")).map(str::to_owned).collect())
    }

    /// Fetches one package without what it depends on.
    pub(crate) fn fetch(&self, name: &str) -> Result<Package> {
        let file =
            self.file_names(&["download", name])?.pop().with_context(|| format!("there is no package {name}"))?;
        let archive = self.folder.join("cache/archives").join(&file);
        if !archive.is_file() {
            self.apt("apt-get", &["download", name])?;
        }
        unpack(&archive, &self.folder.join("unpacked"))
    }

    /// Fetches packages and everything that they depend on.
    pub(crate) fn fetch_all(&self, names: &[&str]) -> Result<Vec<Package>> {
        let install = [&["install", "--yes", "--no-install-recommends"], names].concat();
        let files = self.file_names(&install)?;
        let archives = self.folder.join("cache/archives");
        if files.iter().any(|file| !archives.join(file).is_file()) {
            self.apt("apt-get", &[&install[..], &["--download-only"]].concat())?;
        }
        files.iter().map(|file| unpack(&archives.join(file), &self.folder.join("unpacked"))).collect()
    }

    /// The files that apt-get would fetch if it had none of them yet.
    fn file_names(&self, arguments: &[&str]) -> Result<Vec<String>> {
        let nowhere = format!("Dir::Cache::archives={}/nowhere", self.folder.display());
        let mut command = self.command("apt-get", &[&["--print-uris", "-o", &nowhere], arguments].concat());
        Ok(file_names(&succeed_within(command.current_dir(self.folder.join("nowhere")), FETCH_LIMIT)?))
    }

    /// Runs a program of apt on this suite alone, as if nothing were installed.
    fn apt(&self, program: &str, arguments: &[&str]) -> Result<String> {
        succeed_within(&mut self.command(program, arguments), FETCH_LIMIT)
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let folder = self.folder.display();
        let mut command = Command::new(program);
        for option in [
            format!("Dir::State={folder}"),
            format!("Dir::State::Lists={folder}/lists"),
            "Dir::State::status=/dev/null".to_owned(),
            format!("Dir::Cache={folder}/cache"),
            format!("Dir::Etc::SourceList={folder}/sources.list"),
            format!("Dir::Etc::SourceParts={folder}/empty"),
            format!("Dir::Etc::PreferencesParts={folder}/empty"),
            "APT::Architecture=amd64".to_owned(),
            "APT::Architectures::=amd64".to_owned(),
            "APT::Sandbox::User=root".to_owned(),
            "Debug::NoLocking=1".to_owned(),
        ] {
            command.args(["-o", &option]);
        }
        command.args(arguments).current_dir(self.folder.join("cache/archives")).env("LC_ALL", "C");
        command
    }
}

/// The mirror that this machine's own packages come from.
pub(crate) fn mirror() -> Result<String> {
    if let Ok(mirror) = std::env::var(MIRROR_VARIABLE) {
        return Ok(mirror);
    }
    let text = succeed(Command::new("apt-get").args(["indextargets", "--format", "$(ORIGIN) $(REPO_URI)"]))?;
    let mirror = text.lines().find_map(|line| {
        let mirror = line.strip_prefix("Debian ")?.trim_end_matches('/');
        mirror.ends_with("/debian").then(|| mirror.to_owned())
    });
    match mirror {
        Some(mirror) => Ok(mirror),
        None => bail!(
            "this machine's package lists name no mirror of Debian; set {MIRROR_VARIABLE} to the address of one (it ends \
             in /debian)"
        ),
    }
}

/// The names of the files in what `apt-get --print-uris` says: `'ADDRESS' FILE SIZE HASH` a line.
fn file_names(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.starts_with('\''));
    lines.filter_map(|line| line.split_whitespace().nth(1)).map(str::to_owned).collect()
}

/// Unpacks an archive into a folder of its own, unless it has been before.
fn unpack(archive: &Path, folder: &Path) -> Result<Package> {
    let stem = archive.file_stem().context("a package's file has no name")?;
    let root = folder.join(stem);
    if !root.is_dir() {
        let partial = folder.join(format!("{}.partial", stem.to_string_lossy()));
        let _ = fs::remove_dir_all(&partial);
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut command = Command::new("dpkg-deb");
        command.arg("--extract").arg(archive).arg(&partial);
        succeed_within(&mut command, FETCH_LIMIT)?;
        fs::rename(&partial, &root).with_context(|| format!("cannot make {}", root.display()))?;
    }
    let show = "${Package}\n${Version}\n${source:Package}\n${source:Version}\n";
    let text = succeed(Command::new("dpkg-deb").arg("--show").arg(format!("--showformat={show}")).arg(archive))?;
    let mut lines = text.lines().map(str::to_owned);
    let mut next = || lines.next().with_context(|| format!("{} says nothing of itself", archive.display()));
    Ok(Package { name: next()?, version: next()?, source: (next()?, next()?), root })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_files() {
        let text = "Reading package lists...\n'http://mirror.example/pool/k.deb' k_1%3a2_amd64.deb 12 SHA256:00\n";
        assert_eq!(file_names(text), ["k_1%3a2_amd64.deb"]);
    }
}
