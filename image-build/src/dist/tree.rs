//! What is inside an agent: the crates that its target really links, the standard library and the C library.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Target;
use super::libc::Libc;
use crate::process::{cargo, succeed_within};

const LIMIT: Duration = Duration::from_secs(300);
/// How the names of files with a licence begin, in lower case.
const LICENCE_FILES: [&str; 5] = ["licen", "copying", "copyright", "notice", "unlicense"];
/// The agent's own package.
pub(crate) const ROOT: &str = "stairgate";

/// One part of the agent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Part {
    /// What it is called.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its licence, as an SPDX expression.
    pub(crate) licence: String,
    /// Who wrote it, as its package says.
    pub(crate) authors: Vec<String>,
    /// Files in which its licence stands.
    pub(crate) texts: Vec<PathBuf>,
    /// Where it comes from, as a package URL.
    pub(crate) purl: String,
    /// SHA-256 of its package in hexadecimal, if it has been downloaded.
    pub(crate) checksum: Option<String>,
    /// Package URLs of the parts that it uses itself.
    pub(crate) uses: Vec<String>,
    /// Whether it is this project's own.
    pub(crate) own: bool,
}

/// All parts of the agent for `target`, this project's own included, in the order of their names.
///
/// # Errors
/// If cargo does not tell, or tells of something without a licence.
pub(crate) fn parts(target: &Target, source: &Path, libc: &Libc) -> Result<Vec<Part>> {
    let linked = linked(target, source)?;
    let metadata = metadata(target, source)?;
    let lock = fs::read_to_string(source.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let checksums = checksums(&lock);
    let packages = metadata["packages"].as_array().context("cargo tells of no packages")?;
    let mut purls = BTreeMap::new();
    for package in packages {
        let key = (text(package, "name")?, text(package, "version")?);
        if linked.contains(&key) {
            purls.insert(text(package, "id")?, purl(&key.0, &key.1));
        }
    }
    ensure!(purls.len() == linked.len(), "cargo tree and cargo metadata differ about what is linked");
    let mut parts = Vec::new();
    for package in packages {
        let id = text(package, "id")?;
        let Some(purl) = purls.get(&id) else { continue };
        let (name, version) = (text(package, "name")?, text(package, "version")?);
        let folder = PathBuf::from(text(package, "manifest_path")?);
        let folder = folder.parent().context("a manifest lies nowhere")?;
        let authors = package["authors"].as_array().into_iter().flatten();
        parts.push(Part {
            licence: expression(package["license"].as_str().with_context(|| format!("{name} names no licence"))?),
            authors: authors.filter_map(Value::as_str).map(str::to_owned).collect(),
            texts: licence_files(folder)?,
            checksum: checksums.get(&(name.clone(), version.clone())).cloned(),
            uses: uses(&metadata, &id, &purls),
            own: package["source"].is_null(),
            purl: purl.clone(),
            name,
            version,
        });
    }
    parts.push(standard_library()?);
    parts.push(c_library(libc));
    parts.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    Ok(parts)
}

/// Names and versions of the crates whose code is linked: neither build scripts and what they use, nor macros.
fn linked(target: &Target, source: &Path) -> Result<BTreeSet<(String, String)>> {
    let mut command = cargo(["tree", "--locked", "--edges=normal,no-proc-macro", "--prefix=none", "--format={p}"]);
    command.args(["--package", ROOT, "--target", target.triple]).current_dir(source);
    let mut linked = BTreeSet::new();
    for line in succeed_within(&mut command, LIMIT)?.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let version = words.next().and_then(|word| word.strip_prefix('v')).context("cargo tree speaks otherwise")?;
        linked.insert((name.to_owned(), version.to_owned()));
    }
    Ok(linked)
}

fn metadata(target: &Target, source: &Path) -> Result<Value> {
    let mut command = cargo(["metadata", "--locked", "--format-version=1", "--filter-platform", target.triple]);
    let output = succeed_within(command.current_dir(source), LIMIT)?;
    serde_json::from_str(&output).context("what cargo metadata prints is no JSON")
}

fn text(value: &Value, key: &str) -> Result<String> {
    value[key].as_str().map(str::to_owned).with_context(|| format!("cargo metadata has no `{key}` where one belongs"))
}

/// Which of the linked parts the package with this id uses.
fn uses(metadata: &Value, id: &str, purls: &BTreeMap<String, String>) -> Vec<String> {
    let nodes = metadata["resolve"]["nodes"].as_array().into_iter().flatten();
    let node = nodes.into_iter().find(|node| node["id"] == id);
    let dependencies = node.and_then(|node| node["deps"].as_array()).into_iter().flatten();
    let normal = |dependency: &&Value| {
        let kinds = dependency["dep_kinds"].as_array().into_iter().flatten();
        kinds.into_iter().any(|kind| kind["kind"].is_null())
    };
    let used = dependencies.filter(normal).filter_map(|dependency| purls.get(dependency["pkg"].as_str()?));
    used.cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

fn purl(name: &str, version: &str) -> String {
    format!("pkg:cargo/{name}@{version}")
}

/// An expression of today from one of yesterday, when a stroke stood for "or".
fn expression(licence: &str) -> String {
    licence.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ")
}

/// SHA-256 of every package in a lock file, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'));
        line.map(str::to_owned)
    };
    let blocks = lock.split("[[package]]");
    blocks
        .filter_map(|block| Some(((value(block, "name")?, value(block, "version")?), value(block, "checksum")?)))
        .collect()
}

fn licence_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_file() && LICENCE_FILES.iter().any(|start| name.starts_with(start)) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn standard_library() -> Result<Part> {
    let mut command = Command::new("rustc");
    let version = succeed_within(command.args(["+nightly", "--version"]).env_remove("RUSTUP_TOOLCHAIN"), LIMIT)?;
    let version = version.trim().trim_start_matches("rustc ").to_owned();
    Ok(Part {
        name: "rust-std".to_owned(),
        purl: format!("pkg:generic/rust-std@{}", version.split(' ').next().unwrap_or_default()),
        version,
        licence: "MIT OR Apache-2.0".to_owned(),
        authors: vec!["The Rust Project Developers".to_owned()],
        texts: Vec::new(),
        checksum: None,
        uses: Vec::new(),
        own: false,
    })
}

fn c_library(libc: &Libc) -> Part {
    Part {
        name: "musl".to_owned(),
        version: libc.version.clone(),
        licence: "MIT".to_owned(),
        authors: vec!["Rich Felker and others".to_owned()],
        texts: vec![libc.copyright.clone()],
        purl: format!("pkg:deb/debian/musl@{}?arch=source", libc.version),
        checksum: None,
        uses: Vec::new(),
        own: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_tells_what_packages_hash_to() {
        let lock = "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n]\n\n\
                    [[package]]\nname = \"a\"\nversion = \"1.2.3\"\nsource = \"registry\"\nchecksum = \"00ff\"\n";
        let expected = [(("a".to_owned(), "1.2.3".to_owned()), "00ff".to_owned())];
        assert_eq!(checksums(lock), BTreeMap::from(expected));
    }

    #[test]
    fn old_expressions_are_written_anew() {
        assert_eq!(expression("Apache-2.0/MIT"), "Apache-2.0 OR MIT");
        assert_eq!(expression("(MIT OR Apache-2.0) AND Unicode-3.0"), "(MIT OR Apache-2.0) AND Unicode-3.0");
    }
}
