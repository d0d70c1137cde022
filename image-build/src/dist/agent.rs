//! Builds the agent: nightly, with a standard library built for the purpose, because the one that comes with stable
//! brings backtraces along and is not there for every target.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::Target;
use super::libc::Libc;
use crate::ebpf;
use crate::process::{cargo_nightly, succeed_within};

/// Time for a build from nothing.
const LIMIT: Duration = Duration::from_secs(2400);

/// How an agent is built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// As it is shipped.
    Ship,
    /// To be tried: the same source, in a fraction of the time. It is larger and slower.
    Try,
}

impl Purpose {
    /// The profile in the workspace's manifest.
    const fn profile(self) -> &'static str {
        match self {
            Self::Ship => "dist",
            Self::Try => "trial",
        }
    }
}

/// Says why no agent can be built on this machine, if none can.
pub(crate) fn missing() -> Option<String> {
    ebpf::missing_compiler()
}

/// Builds the agent of the workspace in `source`. Returns the program.
pub(crate) fn build(target: &Target, purpose: Purpose, libc: &Libc, source: &Path, folder: &Path) -> Result<PathBuf> {
    let home = ebpf::cargo_home()?;
    let sysroot = ebpf::sysroot().context("there is no nightly toolchain")?;
    let target_dir = folder.join("build");
    let library = libc.root.join("lib");
    // Paths of this machine must not reach the program; where several match, the last one counts.
    let mut flags = vec![
        "-Clink-self-contained=no".to_owned(),
        "-Ctarget-feature=+crt-static".to_owned(),
        // A panic ends the agent, so nobody reads how to unwind, which would be an eighth of the program. It ends it at
        // once: the words and places that panics would have are a sixteenth. A panic is a bug that shows in a build of
        // the same source with them.
        "-Cforce-unwind-tables=no".to_owned(),
        "-Zunstable-options".to_owned(),
        "-Cpanic=immediate-abort".to_owned(),
        "-Zlocation-detail=none".to_owned(),
        // Messages are not made of derived `Debug`; where one is of a library's, the variant's name is enough.
        "-Zfmt-debug=shallow".to_owned(),
        // The linker that comes with the compiler is the same everywhere, knows all processors, keeps one of functions
        // that are alike, describes addresses in a program that may lie anywhere by a bit each, and puts side by side what
        // is similar: packages are a fifteenth smaller for it.
        format!("-Clink-arg=-B{}", linker(&sysroot)?.display()),
        "-Clink-arg=-fuse-ld=lld".to_owned(),
        "-Clink-arg=-Wl,--icf=all,--pack-dyn-relocs=relr,--bp-compression-sort=both".to_owned(),
        format!("-Lnative={}", library.display()),
        format!("-Clink-arg=-B{}", library.display()),
        format!("--remap-path-prefix={home}=cargo"),
        format!("--remap-path-prefix={sysroot}=rust"),
        format!("--remap-path-prefix={}=.", source.display()),
        format!("--remap-path-prefix={}=target", target_dir.display()),
    ];
    flags.extend(target.c_flags.iter().map(|flag| format!("-Clink-arg={flag}")));
    flags.extend(target.rust_flags.iter().map(|flag| (*flag).to_owned()));
    let c_flags = format!(
        "{} -fno-asynchronous-unwind-tables -isystem {} -ffile-prefix-map={home}=cargo -ffile-prefix-map={}=target",
        target.c_flags.join(" "),
        libc.root.join("include").display(),
        target_dir.display()
    );
    let underscored = target.triple.replace('-', "_");
    let mut command = cargo_nightly([
        "build",
        "--locked",
        "--profile",
        purpose.profile(),
        "-Zbuild-std=std,panic_abort",
        "-Zbuild-std-features=optimize_for_size",
        "--target",
        target.triple,
        "--package=stairgate",
        "--bin=stairgate",
    ]);
    command
        .current_dir(source)
        // What somebody set for quicker builds of their own must not reach what is shipped.
        .env_remove("CARGO_INCREMENTAL")
        .env("CARGO_TARGET_DIR", &target_dir)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .env(format!("CARGO_TARGET_{}_LINKER", underscored.to_uppercase()), format!("{}-gcc", target.tools))
        .env(format!("CC_{underscored}"), format!("{}-gcc", target.tools))
        .env(format!("AR_{underscored}"), format!("{}-ar", target.tools))
        .env(format!("CFLAGS_{underscored}"), c_flags);
    succeed_within(&mut command, LIMIT)?;
    let program = target_dir.join(target.triple).join(purpose.profile()).join("stairgate");
    ensure!(fs::exists(&program).unwrap_or(false), "the build left no {}", program.display());
    if !target.leftovers.is_empty() {
        let mut strip = Command::new(format!("{}-objcopy", target.tools));
        strip.args(target.leftovers.iter().map(|section| format!("--remove-section={section}")));
        succeed_within(strip.arg(&program), LIMIT)?;
    }
    Ok(program)
}

/// The folder with the linker of the nightly toolchain.
fn linker(sysroot: &str) -> Result<PathBuf> {
    let folders =
        fs::read_dir(Path::new(sysroot).join("lib/rustlib")).context("the nightly toolchain is incomplete")?;
    let mut folders = folders.flatten().map(|folder| folder.path().join("bin/gcc-ld"));
    folders.find(|folder| folder.join("ld.lld").exists()).context("the nightly toolchain has no linker; reinstall it")
}
