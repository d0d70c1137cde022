//! The C library that agents are linked with: musl, built from Debian's source package.
//!
//! Debian's own binaries of it are not there for every processor (and for MIPS with floating-point instructions that
//! routers lack), so all are built alike. apt checks the source by the archive's signature.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use ring::digest::{SHA256, digest};

use super::{Target, hexadecimal};
use crate::debian::{KEYS, mirror};
use crate::process::succeed_within;
use crate::ui::Screen;

/// The release of Debian whose source is taken, so that every machine builds the same.
const SUITE: &str = "trixie";
/// Time for one of the commands here.
const LIMIT: Duration = Duration::from_secs(600);
/// What the compiler is told everywhere: no code of ours calls musl often enough for speed to count.
const C_FLAGS: &str = "-Os -pipe";

/// Bytes of the hash that a folder is named by.
const NAME_BYTES: usize = 8;
/// Stands in for an unwinder.
const UNWINDER: &str = include_str!("unwind.c");
/// Stands in for what GCC lays around a program, and the names by which GCC asks for it: for a program at a fixed address,
/// and for one that may lie anywhere.
const STARTUP: &str = include_str!("startup.c");
const STARTUP_OBJECTS: [&str; 2] = ["crtbeginT.o", "crtbeginS.o"];
const ENDING_OBJECTS: [&str; 2] = ["crtend.o", "crtendS.o"];

/// A C library for one target.
pub(crate) struct Libc {
    /// Folder with `include` and `lib`. Its name changes with what the library is made of: cargo, which does not look at
    /// libraries, then links anew.
    pub(crate) root: PathBuf,
    /// Version of the source package.
    pub(crate) version: String,
    /// The source's own statement of its copyright.
    pub(crate) copyright: PathBuf,
}

/// Builds the library for `target` beneath `folder`, unless it is there.
pub(crate) fn prepare(screen: &Screen, target: &Target, folder: &Path) -> Result<Libc> {
    let source = folder.join("source");
    if !source.join("version").is_file() {
        screen.step("Fetching the source of musl", |_| fetch(folder, &source))?;
    }
    let version = fs::read_to_string(source.join("version")).context("cannot read the version of musl")?;
    let made_of = format!("{version}\n{C_FLAGS} {}\n{UNWINDER}{STARTUP}", target.c_flags.join(" "));
    let hash = hexadecimal(&digest(&SHA256, made_of.as_bytes()).as_ref()[..NAME_BYTES]);
    let libc = Libc {
        root: folder.join(format!("{}-{hash}", target.name)),
        version,
        copyright: source.join("musl/COPYRIGHT"),
    };
    let done = libc.root.join("built");
    if !done.is_file() {
        screen
            .step(&format!("Building musl for {}", target.name), |_| build(target, &source.join("musl"), &libc.root))?;
        fs::write(&done, &made_of).with_context(|| format!("cannot write {}", done.display()))?;
    }
    Ok(libc)
}

/// Fetches the source package by apt, with lists and settings of its own, and unpacks it.
fn fetch(folder: &Path, source: &Path) -> Result<()> {
    let apt = folder.join("apt");
    for path in [source, &apt.join("lists/partial"), &apt.join("archives/partial")] {
        fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))?;
    }
    let list = apt.join("sources.list");
    fs::write(&list, format!("deb-src [signed-by={KEYS}] {} {SUITE} main\n", mirror()?))
        .with_context(|| format!("cannot write {}", list.display()))?;
    let settings = [
        format!("Dir::State::Lists={}", apt.join("lists").display()),
        format!("Dir::Cache={}", apt.display()),
        format!("Dir::Etc::sourcelist={}", list.display()),
        "Dir::Etc::sourceparts=/dev/null".to_owned(),
        // The files are root's, and apt would otherwise complain that another user cannot write them.
        "APT::Sandbox::User=root".to_owned(),
    ];
    let apt_get = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.arg("--quiet");
        settings.iter().for_each(|setting| {
            command.args(["--option", setting]);
        });
        command.args(arguments).current_dir(source);
        command
    };
    finish(&mut apt_get(&["update"]))?;
    finish(&mut apt_get(&["source", "--download-only", "musl"]))?;
    let names = fs::read_dir(source).with_context(|| format!("cannot read {}", source.display()))?;
    let description = names
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|ending| ending == "dsc"))
        .context("apt-get brought no source package of musl")?;
    let unpacked = source.join("musl");
    remove(&unpacked)?;
    // apt has checked the hashes that the signed index gives; the maintainer's own signature would need another keyring.
    finish(
        Command::new("dpkg-source")
            .args(["--no-check", "--extract"])
            .args([&description, &unpacked])
            .current_dir(source),
    )?;
    let text = fs::read_to_string(&description).with_context(|| format!("cannot read {}", description.display()))?;
    let version =
        text.lines().find_map(|line| line.strip_prefix("Version: ")).context("musl's source has no version")?;
    fs::write(source.join("version"), version.trim()).context("cannot write the version of musl")
}

fn build(target: &Target, source: &Path, root: &Path) -> Result<()> {
    let work = root.join("build");
    remove(root)?;
    fs::create_dir_all(&work).with_context(|| format!("cannot create {}", work.display()))?;
    let flags = format!("{C_FLAGS} {} -ffile-prefix-map={}=musl", target.c_flags.join(" "), source.display());
    finish(
        Command::new(source.join("configure"))
            .args(["--disable-shared", "--disable-gcc-wrapper"])
            .arg(format!("--target={}", target.tools))
            .arg(format!("--prefix={}", root.display()))
            .env("CC", format!("{}-gcc", target.tools))
            .env("AR", format!("{}-ar", target.tools))
            .env("RANLIB", format!("{}-ranlib", target.tools))
            .env("CFLAGS", flags)
            .current_dir(&work),
    )?;
    finish(Command::new("make").args(["--silent", "--jobs=2"]).current_dir(&work))?;
    finish(Command::new("make").args(["--silent", "install"]).current_dir(&work))?;
    beside(target, root, &work)?;
    remove(&work)
}

/// Puts beside the C library what else a program is linked with: the library that Rust's own asks for, and objects in the
/// place of GCC's, which it looks for there first.
fn beside(target: &Target, root: &Path, work: &Path) -> Result<()> {
    let library = root.join("lib");
    let unwinder = compile(target, work, "unwind", UNWINDER)?;
    // Without the time and owner of the file (D).
    let archive = library.join("libunwind.a");
    finish(Command::new(format!("{}-ar", target.tools)).arg("rcsD").arg(archive).arg(unwinder))?;
    let (startup, ending) = (compile(target, work, "startup", STARTUP)?, compile(target, work, "ending", "")?);
    let copies =
        STARTUP_OBJECTS.map(|name| (&startup, name)).into_iter().chain(ENDING_OBJECTS.map(|name| (&ending, name)));
    for (object, name) in copies {
        let path = library.join(name);
        fs::copy(object, &path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Compiles a file of C. Returns the object.
fn compile(target: &Target, work: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let source = format!("{name}.c");
    fs::write(work.join(&source), text).with_context(|| format!("cannot write {source}"))?;
    let mut compile = Command::new(format!("{}-gcc", target.tools));
    compile.args(target.c_flags).args(["-Os", "-fPIC", "-fno-asynchronous-unwind-tables", "-c", &source]);
    finish(compile.current_dir(work))?;
    Ok(work.join(format!("{name}.o")))
}

fn finish(command: &mut Command) -> Result<()> {
    succeed_within(command, LIMIT).map(drop)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
