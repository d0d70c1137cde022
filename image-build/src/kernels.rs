//! `cargo xtask kernels`: the agent's doctor and the tests of the kernel program on other kernels than this machine's.
//!
//! Each kernel boots in QEMU with the programs of this build in its memory: the very test binaries that run here, among
//! them the one that sends sixty thousand frames through kernel and host and lets them differ in nothing.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use rustix::fs::statfs;
use rustix::mount::{MountFlags, mount};

use crate::debian::Suite;
use crate::modules::Kernel;
use crate::process::{Finished, cargo, run, succeed, succeed_within};
use crate::qemu::{self, Machine};
use crate::ui::{Screen, Tone};
use crate::{packages, workspace};

/// Kernels of Debian: the suite, and the package without contents that leads to the kernel.
const KERNELS: [(&str, &str); 3] = [
    ("bookworm", "linux-image-amd64"),
    ("bookworm", "linux-image-6.12-amd64"),
    // The newest that there is.
    ("forky", "linux-image-amd64"),
];
/// What the tests make: cables, bridges, and devices whose driver has no XDP of its own.
const MODULES: [&str; 3] = ["veth", "bridge", "tun"];
/// Programs besides QEMU, with the packages that bring them.
const PROGRAMS: [(&str, &str); 5] =
    [("depmod", "kmod"), ("cpio", "cpio"), ("xz", "xz-utils"), ("zstd", "zstd"), ("busybox", "busybox-static")];
/// Where everything is put together, beneath the project's folder.
const FOLDER: &str = "target/kernels";
const MEMORY_MIB: u32 = 2048;
/// Time for building the programs.
const BUILD_LIMIT: Duration = Duration::from_secs(1800);
/// Time for a kernel to run all of them.
const TRIAL_LIMIT: Duration = Duration::from_secs(5400);
/// Where the agent pins what outlives it.
const BPF_FILE_SYSTEM: &str = "/sys/fs/bpf";
/// `BPF_FS_MAGIC` of the kernel's `magic.h`.
const BPF_FILE_SYSTEM_MAGIC: u64 = 0xcafe_4a11;
const INIT: &str = include_str!("../kernels/init");

/// Tries the agent on kernels.
#[derive(Args)]
pub(crate) struct Options {
    /// Only kernels whose release or suite contains this, such as 6.12; `here` is the running one
    only: Option<String>,
}

/// A program to run on every kernel, and what it is called with.
struct Trial {
    name: &'static str,
    program: PathBuf,
    arguments: &'static [&'static str],
}

/// What came of all trials on one kernel.
struct Row {
    kernel: String,
    results: Vec<(String, Ended)>,
}

/// How a program ended.
struct Ended {
    code: i32,
    output: String,
}

/// Runs every trial on every kernel; fails if one fails.
pub(crate) fn run_all(screen: &Screen, options: &Options) -> Result<()> {
    packages::require_root()?;
    packages::require(screen, &[&qemu::PROGRAMS[..], &PROGRAMS].concat())?;
    let trials = screen.step("building the agent and the tests", |_| build())?;
    let only = options.only.as_deref().unwrap_or_default();
    let mut rows = Vec::new();
    if "here".contains(only) {
        rows.push(screen.step("the running kernel", |_| here(&trials))?);
    }
    for (suite_name, alias) in KERNELS {
        let suite = Suite::open(suite_name)?;
        let name = suite.newest_kernel(alias)?;
        if !name.contains(only) && suite_name != only {
            continue;
        }
        let packages = screen.step(&format!("fetching {name}"), |_| suite.fetch_kernel(&name))?;
        let kernel = Kernel::of(&packages)?;
        let folder = workspace().join(FOLDER).join(&kernel.release);
        initramfs(&kernel, &trials, &folder)?;
        for hidden in [false, true] {
            let label = format!("{}{}", kernel.release, if hidden { ", its BTF hidden" } else { "" });
            rows.push(screen.step(&label, |_| boot(&label, &kernel, &folder, hidden))?);
        }
    }
    ensure!(!rows.is_empty(), "no kernel's name contains '{only}'");
    report(screen, &rows)
}

/// Builds what is tried, as cargo builds it for the tests here.
fn build() -> Result<Vec<Trial>> {
    let tests = ["--test", "gate_lifecycle", "--test", "gate_concurrency", "--bin", "stairgate-xtask"];
    let mut command = cargo(["test", "--no-run", "--message-format=json", "-p", "stairgate", "-p", "stairgate-xtask"]);
    command.args(tests);
    let tests = executables(&mut command)?;
    let agent = executables(&mut cargo(["build", "--message-format=json", "-p", "stairgate"]))?;
    let find = |programs: &[(String, PathBuf)], name: &str| {
        let found = programs.iter().find(|(target, _)| target == name).map(|(_, path)| path.clone());
        found.with_context(|| format!("cargo built no {name}"))
    };
    Ok(vec![
        Trial { name: "doctor", program: find(&agent, "stairgate")?, arguments: &["doctor"] },
        Trial { name: "verdicts", program: find(&tests, "stairgate-xtask")?, arguments: &["replay::agreement"] },
        Trial { name: "lifecycle", program: find(&tests, "gate_lifecycle")?, arguments: &[] },
        Trial { name: "concurrency", program: find(&tests, "gate_concurrency")?, arguments: &[] },
    ])
}

/// Runs cargo and returns the programs that it built, by the names of their targets.
fn executables(command: &mut Command) -> Result<Vec<(String, PathBuf)>> {
    let stdout = succeed_within(command, BUILD_LIMIT)?;
    let messages = stdout.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let built = messages.filter_map(|message| {
        let path = message.get("executable")?.as_str()?;
        let name = message.get("target")?.get("name")?.as_str()?;
        Some((name.to_owned(), PathBuf::from(path)))
    });
    Ok(built.collect())
}

fn here(trials: &[Trial]) -> Result<Row> {
    let pins = Path::new(BPF_FILE_SYSTEM);
    // Init mounts it, where there is one; a container may have none.
    let found = statfs(pins).with_context(|| format!("cannot look at {}", pins.display()))?;
    if found.f_type as u64 != BPF_FILE_SYSTEM_MAGIC {
        mount("bpf", pins, "bpf", MountFlags::empty(), None)
            .with_context(|| format!("cannot mount a BPF file system at {}", pins.display()))?;
    }
    let mut results = Vec::new();
    for trial in trials {
        let Finished { status, stdout, stderr } = run(Command::new(&trial.program).args(trial.arguments), TRIAL_LIMIT)?;
        let ended = Ended { code: status.code().unwrap_or(-1), output: stdout + &stderr };
        results.push((trial.name.to_owned(), ended));
    }
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    Ok(Row { kernel: format!("{release}, here"), results })
}

/// Puts together the memory file system that a kernel starts with.
fn initramfs(kernel: &Kernel, trials: &[Trial], folder: &Path) -> Result<()> {
    let root = folder.join("root");
    let _ = fs::remove_dir_all(&root);
    for name in ["bin", "dev", "proc", "sys", "run", "tmp", "trial"] {
        fs::create_dir_all(root.join(name)).with_context(|| format!("cannot make {}", root.join(name).display()))?;
    }
    let unknown = kernel.copy_modules(&MODULES, &root)?;
    ensure!(unknown.is_empty(), "{} has no modules {unknown:?}", kernel.release);
    let copy = |from: &Path, to: &Path| {
        fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display())).map(drop)
    };
    copy(&packages::find("busybox")?, &root.join("bin/busybox"))?;
    let ip = packages::find("ip")?;
    copy(&ip, &root.join("bin/ip"))?;
    let (mut programs, mut list) = (vec![ip], String::new());
    for trial in trials {
        copy(&trial.program, &root.join("trial").join(trial.name))?;
        list += &format!("{} {}\n", trial.name, trial.arguments.join(" "));
        programs.push(trial.program.clone());
    }
    fs::write(root.join("trials"), list).context("cannot write the list of programs")?;
    for library in libraries(&programs)? {
        let target = root.join(library.strip_prefix("/").unwrap_or(&library));
        fs::create_dir_all(target.parent().context("a library lies nowhere")?).context("cannot make a folder")?;
        copy(&library, &target)?;
    }
    fs::write(root.join("init"), INIT).context("cannot write init")?;
    succeed(Command::new("chmod").arg("755").arg(root.join("init")))?;
    let list = succeed(Command::new("find").arg(".").current_dir(&root))?;
    let archive = File::create(folder.join("initramfs")).context("cannot write the initramfs")?;
    let list_file = folder.join("files");
    fs::write(&list_file, list).context("cannot write the list of files")?;
    let input = File::open(&list_file).context("cannot read the list of files")?;
    let mut cpio = Command::new("cpio");
    cpio.args(["--create", "--format=newc", "--quiet"]).current_dir(&root).stdin(input).stdout(archive);
    let status = cpio.status().context("cannot start cpio")?;
    ensure!(status.success(), "cpio failed ({status})");
    Ok(())
}

/// The shared libraries that programs of this machine are linked with, and the loader.
fn libraries(programs: &[PathBuf]) -> Result<BTreeSet<PathBuf>> {
    let mut libraries = BTreeSet::new();
    for program in programs {
        let text = succeed(Command::new("ldd").arg(program))?;
        libraries.extend(text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from));
    }
    Ok(libraries)
}

fn boot(label: &str, kernel: &Kernel, folder: &Path, hidden: bool) -> Result<Row> {
    let mut line = "console=ttyS0 quiet panic=-1".to_owned();
    if hidden {
        line += " stairgate.btf=hidden";
    }
    let text = |path: &Path| path.display().to_string();
    let arguments =
        ["-no-reboot", "-smp", "1", "-kernel", &text(&kernel.image), "-initrd", &text(&folder.join("initramfs"))];
    let arguments: Vec<String> = arguments.into_iter().chain(["-append", &line]).map(str::to_owned).collect();
    let mut machine = Machine::start(Command::new("qemu-system-x86_64"), folder, MEMORY_MIB, &arguments)?;
    machine.wait_off(TRIAL_LIMIT)?;
    let results = read_console(&machine.console());
    if results.is_empty() {
        bail!("{label} ran nothing; its console is {}", folder.join("console.log").display());
    }
    Ok(Row { kernel: label.to_owned(), results })
}

/// What every program printed between its beginning and its end.
fn read_console(text: &str) -> Vec<(String, Ended)> {
    let mut results = Vec::new();
    for part in text.split("== begin ").skip(1) {
        let (name, rest) = part.split_once('\n').unwrap_or((part, ""));
        let (output, code) = match rest.split_once(&format!("== end {name} ")) {
            Some((output, code)) => (output, code.lines().next().and_then(|code| code.trim().parse().ok())),
            None => (rest, None),
        };
        results.push((name.to_owned(), Ended { code: code.unwrap_or(-1), output: output.to_owned() }));
    }
    results
}

fn report(screen: &Screen, rows: &[Row]) -> Result<()> {
    screen.heading("Kernels");
    let mut failed = 0;
    for Row { kernel, results } in rows {
        for (name, ended) in results {
            let held = ended.code == 0;
            failed += usize::from(!held);
            screen.verdict(held, format_args!("{kernel:34} {name:12} {}", in_short(name, ended)));
            if !held {
                screen.line(screen.paint(Tone::Quiet, ended.output.trim()));
            }
        }
    }
    ensure!(failed == 0, "{failed} programs failed");
    Ok(())
}

/// What a program found, on one line.
fn in_short(name: &str, ended: &Ended) -> String {
    if name == "doctor" {
        let fair = ended.output.lines().filter(|line| line.starts_with("fair") || line.starts_with("MISSING"));
        let names: Vec<&str> = fair.collect();
        return if names.is_empty() { "nothing is missing".to_owned() } else { names.join("; ") };
    }
    let result = ended.output.lines().find_map(|line| line.strip_prefix("test result: "));
    result.unwrap_or("it did not come to an end").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consoles_are_read() {
        let text = "booting\n== begin doctor\ngood kernel\n== end doctor 0\n== begin verdicts\nrunning\npanicked";
        let results = read_console(text);
        let seen: Vec<_> = results.iter().map(|(name, ended)| (name.as_str(), ended.code, &*ended.output)).collect();
        assert_eq!(seen, [("doctor", 0, "good kernel\n"), ("verdicts", -1, "running\npanicked")]);
    }
}
