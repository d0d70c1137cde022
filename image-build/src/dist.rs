//! `cargo xtask dist`: what is shipped, one static agent for each target, with a list of what is inside it and the
//! licences of that.
//!
//! ```text
//! target/dist/TARGET/stairgate             the agent, with the kernel program in it
//! target/dist/TARGET/stairgate.cdx.json    its parts (CycloneDX)
//! target/dist/TARGET/LICENCES.txt          their licences
//! target/dist/TARGET/*.ipk, *.apk, *.deb   packages of it
//! ```
//!
//! The same commit and the same compilers give the same bytes, in whatever folder it is built: `--check` tries it.

mod agent;
mod debian;
mod debian_root;
mod elf;
mod emulated;
mod libc;
mod licences;
mod manual;
mod openwrt;
mod package;
mod sbom;
pub(crate) mod target;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::process::succeed;
use crate::ui::{Screen, Tone};
use crate::{packages, workspace};

use agent::Purpose;
use libc::Libc;
pub(crate) use target::Target;

/// Bytes that an agent is meant to have at most.
const AGENT_BYTES: u64 = 6_000_000;
/// Bytes that a package is meant to have at most.
const PACKAGE_BYTES: u64 = 3_000_000;
/// The target that has to keep to these limits; for others they say what is large.
const LIMITED: &str = "x86_64";
/// Revision of the packages, for when they change and the program does not.
const REVISION: u32 = 1;
const SUMMARY: &str = "home-network filter for families";
const DESCRIPTION: &str = "Stairgate gives each child a profile and follows the family's time rules,\n\
                           in the kernel's packet path and as a resolver. It breaks no encryption,\n\
                           and tells nobody outside the home.";
const MAINTAINER: &str = "The Stairgate developers <stairgate@localhost>";
/// Where everything is put, from the workspace's root.
const FOLDER: &str = "target/dist";

/// Options of `cargo xtask dist`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Build for this target alone; all without it
    #[arg(long, value_parser = target::parse, value_name = "TARGET")]
    target: Option<&'static Target>,
    /// Build everything again in another folder, and fail if a byte differs
    #[arg(long)]
    check: bool,
    /// Try agents for other processors under emulation: their lists, names and pages. Needs root
    #[arg(long)]
    emulate: bool,
    /// With --emulate: try agents that are larger and slower than those that are shipped, and built sooner
    #[arg(long, requires = "emulate", conflicts_with_all = ["check", "debian"])]
    quick: bool,
    /// Install, upgrade and purge the package in a Debian system with nothing else in it. Needs root
    #[arg(long)]
    debian: bool,
}

/// What was built for a target.
pub(crate) struct Built {
    /// The static agent.
    pub(crate) agent: PathBuf,
    /// The list of its parts.
    pub(crate) sbom: PathBuf,
    /// The licences of its parts.
    pub(crate) licences: PathBuf,
    /// Packages of it.
    pub(crate) packages: Vec<PathBuf>,
}

/// What packages are made of.
struct Parts {
    agent: Vec<u8>,
    licences: Vec<u8>,
    sbom: Vec<u8>,
    /// When the commit was made, in seconds since 1970.
    time: u64,
}

/// Says why nothing can be built for shipping on this machine, if nothing can.
pub(crate) fn missing() -> Option<String> {
    if !packages::is_installed("apt-get") {
        return Some("the C library's source comes from Debian's archive, and there is no apt-get here".to_owned());
    }
    agent::missing()
}

/// Builds what the options name.
pub(crate) fn run(screen: &Screen, options: &Options) -> Result<()> {
    let mut targets = options.target.map_or_else(|| target::ALL.iter().collect(), |target| vec![target]);
    if options.quick {
        // Nothing is emulated for the others.
        targets.retain(|target| target.emulator.is_some());
    }
    let native = options.emulate.then(|| native(screen)).transpose()?;
    for target in targets {
        let agent = if options.quick {
            compile(screen, target, Purpose::Try, &workspace(), &workspace().join(FOLDER))?.0
        } else {
            let built = build(screen, target)?;
            report(screen, target, &built)?;
            if options.check {
                check(screen, target, &built)?;
            }
            if options.debian && target.emulator.is_none() {
                try_debian(screen, target, &built)?;
            }
            built.agent
        };
        if let Some(native) = &native {
            emulated::check(screen, target, &agent, native)?;
        }
    }
    Ok(())
}

/// The agent that is shipped for this machine, to compare others with.
fn native(screen: &Screen) -> Result<PathBuf> {
    packages::require_root()?;
    Ok(compile(screen, target::NATIVE, Purpose::Ship, &workspace(), &workspace().join(FOLDER))?.0)
}

/// Tries the package of this machine's processor in a Debian system, with a second revision to upgrade to.
fn try_debian(screen: &Screen, target: &Target, built: &Built) -> Result<()> {
    packages::require_root()?;
    let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let parts = Parts {
        agent: read(&built.agent)?,
        licences: read(&built.licences)?,
        sbom: read(&built.sbom)?,
        time: commit_time()?,
    };
    let folder = workspace().join(FOLDER);
    let mut files = Vec::new();
    for revision in [REVISION, REVISION + 1] {
        let (name, bytes) = debian::package(target, &parts, revision)?.context("Debian has no such processor")?;
        files.push(put(&folder, &name, &bytes)?);
    }
    debian_root::check(screen, &files[0], &files[1])
}

/// Builds the agent for `target` and what belongs beside it, or finds that it is there already: cargo knows.
pub(crate) fn build(screen: &Screen, target: &'static Target) -> Result<Built> {
    build_in(screen, target, &workspace(), &workspace().join(FOLDER))
}

/// Builds from the source in `source` into `folder`.
fn build_in(screen: &Screen, target: &'static Target, source: &Path, folder: &Path) -> Result<Built> {
    let (program, libc) = compile(screen, target, Purpose::Ship, source, folder)?;
    let bytes = fs::read(&program).with_context(|| format!("cannot read {}", program.display()))?;
    let out = folder.join(target.name);
    fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    let crates = tree::parts(target, source, &libc)?;
    let time = commit_time()?;
    let parts = Parts {
        agent: bytes,
        licences: licences::write(&crates)?.into_bytes(),
        sbom: sbom::write(target, &crates, time)?.into_bytes(),
        time,
    };
    let built = Built {
        agent: put(&out, "stairgate", &parts.agent)?,
        sbom: put(&out, "stairgate.cdx.json", &parts.sbom)?,
        licences: put(&out, "LICENCES.txt", &parts.licences)?,
        packages: packages(target, &parts, &out)?,
    };
    make_executable(&built.agent)?;
    Ok(built)
}

/// Compiles the agent, and the C library that it is linked with if that is not there. Returns the program and the library.
fn compile(
    screen: &Screen,
    target: &Target,
    purpose: Purpose,
    source: &Path,
    folder: &Path,
) -> Result<(PathBuf, Libc)> {
    if let Some(missing) = missing() {
        bail!("cannot build for {}: {missing}", target.name);
    }
    packages::require(screen, &[target.compiler, ("make", "make"), ("dpkg-source", "dpkg-dev")])?;
    let libc = libc::prepare(screen, target, &folder.join("libc"))?;
    let title = match purpose {
        Purpose::Ship => format!("Building the agent for {}", target.name),
        Purpose::Try => format!("Building an agent for {} to try", target.name),
    };
    let program = screen.step(&title, |_| agent::build(target, purpose, &libc, source, folder))?;
    let bytes = fs::read(&program).with_context(|| format!("cannot read {}", program.display()))?;
    let elf = elf::examine(&bytes).with_context(|| format!("{} is no program", program.display()))?;
    elf.require_static(target).with_context(|| format!("{} cannot be shipped", program.display()))?;
    Ok((program, libc))
}

fn packages(target: &Target, parts: &Parts, out: &Path) -> Result<Vec<PathBuf>> {
    let packages = openwrt::packages(target, parts)?.into_iter().chain(debian::package(target, parts, REVISION)?);
    packages.map(|(name, bytes)| put(out, &name, &bytes)).collect()
}

/// Seconds since 1970 that every file of a package is dated with: `SOURCE_DATE_EPOCH`, or when the commit was made.
pub(crate) fn commit_time() -> Result<u64> {
    let text = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => succeed(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(workspace()))
            .context("cannot tell when this source was made; set SOURCE_DATE_EPOCH to the seconds since 1970")?,
    };
    text.trim().parse().with_context(|| format!("`{}` is no time in seconds since 1970", text.trim()))
}

/// Says how large everything is, and what is larger than it is meant to be.
fn report(screen: &Screen, target: &Target, built: &Built) -> Result<()> {
    let mut too_large = 0;
    for path in [&built.agent].into_iter().chain(&built.packages) {
        let size = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
        let limit = if *path == built.agent { AGENT_BYTES } else { PACKAGE_BYTES };
        let line = format!("  {size:9} bytes  {}", path.display());
        if size <= limit {
            screen.line(screen.paint(Tone::Quiet, line));
        } else {
            too_large += 1;
            screen.line(screen.paint(Tone::Bad, format_args!("{line}, and is meant to have {limit}")));
        }
    }
    ensure!(
        too_large == 0 || target.name != LIMITED,
        "{too_large} files are larger than they are meant to be; find out which code is new, or which is there several times"
    );
    Ok(())
}

/// Builds a copy of the source in another folder and compares.
fn check(screen: &Screen, target: &'static Target, first: &Built) -> Result<()> {
    let folder = workspace().join(FOLDER).join("elsewhere");
    let source = folder.join("source");
    copy_source(&source)?;
    let second = build_in(screen, target, &source, &folder)?;
    let files = |built: &Built| {
        let Built { agent, sbom, licences, packages } = built;
        [agent, sbom, licences].into_iter().chain(packages).cloned().collect::<Vec<_>>()
    };
    for (one, other) in files(first).iter().zip(&files(&second)) {
        let same = fs::read(one).with_context(|| format!("cannot read {}", one.display()))?
            == fs::read(other).with_context(|| format!("cannot read {}", other.display()))?;
        ensure!(same, "{} and {} differ, although they come of the same source", one.display(), other.display());
    }
    screen.line(screen.paint(Tone::Good, format_args!("{}: the same bytes in two folders", target.name)));
    Ok(())
}

/// Copies every file that git knows of, as it is now.
fn copy_source(to: &Path) -> Result<()> {
    match fs::remove_dir_all(to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", to.display()));
        }
        _ => {}
    }
    let root = workspace();
    let names = succeed(Command::new("git").args(["ls-files", "-z"]).current_dir(&root))?;
    for name in names.split('\0').filter(|name| !name.is_empty() && root.join(name).is_file()) {
        let path = to.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        }
        fs::copy(root.join(name), &path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file into a folder, or leaves it alone if it is there already, so that what is built from it need not be built
/// again.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let path = folder.join(name);
    if !fs::read(&path).is_ok_and(|old| old == bytes) {
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(path)
}

fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", path.display()))
}
