//! `cargo xtask ebpf`: the kernel program, from source to the checked-in object.
//!
//! BPF bytecode runs on every processor, so the object is built once and checked in: a plain stable `cargo build`, and
//! the build of a package, need neither nightly nor bpf-linker. The build is reproducible, so that `--check` can tell
//! whether object and source belong together.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, bail};

use crate::process::cargo_nightly;
use crate::workspace;

/// The checked-in object, from the workspace's root.
pub(crate) const OBJECT: &str = "ebpf/gate/stairgate.bpf.o";
const TARGET: &str = "bpfel-unknown-none";
const LINKER_VERSION: &str = "0.10.4";

/// Options of `cargo xtask ebpf`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Build, and fail if the checked-in object differs, instead of replacing it
    #[arg(long)]
    check: bool,
}

/// Says why the object cannot be built on this machine, if it cannot.
pub(crate) fn missing() -> Option<String> {
    missing_compiler().or_else(|| match Command::new("bpf-linker").arg("--version").output() {
        Ok(Output { stdout, .. }) if String::from_utf8_lossy(&stdout).contains(LINKER_VERSION) => None,
        _ => Some(format!(
            "bpf-linker {LINKER_VERSION} is not installed; install it with `cargo +nightly install bpf-linker --version {LINKER_VERSION} --locked`"
        )),
    })
}

/// Says why nothing can be built with a library of its own on this machine, if it cannot.
pub(crate) fn missing_compiler() -> Option<String> {
    let Some(sysroot) = sysroot() else {
        return Some("there is no nightly toolchain; install one with `rustup toolchain install nightly`".into());
    };
    if !Path::new(&sysroot).join("lib/rustlib/src/rust/library/core/src/lib.rs").exists() {
        return Some(
            "the nightly toolchain has no library source; add it with `rustup component add rust-src --toolchain nightly`"
                .into(),
        );
    }
    None
}

/// Builds the object; writes it, or compares it with the one that is checked in.
pub(crate) fn run(options: &Options) -> Result<()> {
    if let Some(missing) = missing() {
        bail!("cannot build the kernel program: {missing}");
    }
    let built = build()?;
    let path = workspace().join(OBJECT);
    if !options.check {
        return std::fs::write(&path, built).with_context(|| format!("cannot write {}", path.display()));
    }
    let checked_in = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    if checked_in != built {
        bail!("{OBJECT} does not belong to the source; run `cargo xtask ebpf` and commit the result");
    }
    Ok(())
}

fn build() -> Result<Vec<u8>> {
    let root = workspace();
    let target_dir = root.join("target/ebpf");
    let home = cargo_home()?;
    let sysroot = PathBuf::from(sysroot().context("there is no nightly toolchain")?);
    // A name's bytes lie at any offset. Without the feature each word of them would be put together from eight loads; with
    // it the object needs a processor that reads anywhere, which all are that the kernel calls efficient at it.
    // Paths of this machine must not reach the object. Debug information is only needed for the BTF made from it, which
    // `bpf_loop` asks for.
    let flags = [
        "-Cdebuginfo=2".to_owned(),
        "-Clink-arg=--btf".to_owned(),
        "-Clink-arg=--cpu-features=+allows-misaligned-mem-access".to_owned(),
        format!("--remap-path-prefix={}=.", root.display()),
        format!("--remap-path-prefix={home}=cargo"),
        format!("--remap-path-prefix={}=rust", sysroot.display()),
    ];
    let status = cargo_nightly(["build", "--release", "--locked", "-Zbuild-std=core", "--target", TARGET])
        .args(["--package", "stairgate-gate", "--bin", "stairgate-gate", "--features", "kernel"])
        // What somebody set for quicker builds of their own makes other functions, and another stack, of the same source.
        .env_remove("CARGO_INCREMENTAL")
        .env("CARGO_TARGET_DIR", &target_dir)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .current_dir(&root)
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("the kernel program does not build; see above");
    }
    let built = target_dir.join(TARGET).join("release/stairgate-gate");
    let stripped = target_dir.join("stairgate.bpf.o");
    // DWARF is nine tenths of the object, and nothing reads it once BTF was made from it.
    let status = Command::new(objcopy(&sysroot).context("the nightly toolchain has no rust-objcopy; reinstall it")?)
        .env("LD_LIBRARY_PATH", sysroot.join("lib"))
        .arg("--strip-debug")
        .args([&built, &stripped])
        .status()?;
    if !status.success() {
        bail!("rust-objcopy could not strip {}", built.display());
    }
    std::fs::read(&stripped).with_context(|| format!("cannot read {}", stripped.display()))
}

/// The tool of that name which comes with the nightly compiler.
fn objcopy(sysroot: &Path) -> Option<PathBuf> {
    let targets = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?;
    targets.flatten().map(|target| target.path().join("bin/rust-objcopy")).find(|tool| tool.exists())
}

/// The folder in which cargo keeps what it downloads.
pub(crate) fn cargo_home() -> Result<String> {
    std::env::var("CARGO_HOME")
        .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")))
        .context("neither CARGO_HOME nor HOME is set")
}

/// The folder of the nightly toolchain.
pub(crate) fn sysroot() -> Option<String> {
    let Output { status, stdout, .. } = Command::new("rustc").args(["+nightly", "--print", "sysroot"]).output().ok()?;
    status.success().then(|| String::from_utf8_lossy(&stdout).trim().to_owned())
}
