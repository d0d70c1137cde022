//! The first file system of a start: busybox, and the drivers of disks.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::{program, root};
use crate::modules::Kernel;
use crate::process::succeed;

const INIT: &str = "image-build/x86/initramfs/init";

/// Packs it in `folder`, with busybox from the root file system `tree`, and returns its file.
pub(super) fn pack(folder: &Path, tree: &Path, kernel: &Kernel) -> Result<PathBuf> {
    let files = folder.join("files");
    let _ = fs::remove_dir_all(folder);
    for name in ["bin", "dev", "proc", "sys", "root"] {
        fs::create_dir_all(files.join(name)).with_context(|| format!("cannot make {name} in the initramfs"))?;
    }
    fs::copy(tree.join("usr/bin/busybox"), files.join("bin/busybox")).context("cannot copy busybox")?;
    program(Command::new("cp").arg("--preserve=mode").arg(crate::workspace().join(INIT)).arg(&files))?;
    let wanted: Vec<&str> = root::modules("initramfs").collect();
    kernel.copy_modules(&wanted, &files)?;
    archive(&files, &folder.join("initrd"), "-19")
}

/// Packs one whose only program is this script, and returns its file.
pub(super) fn of_script(script: &str, folder: &Path, tree: &Path) -> Result<PathBuf> {
    let files = folder.join("files");
    fs::create_dir_all(files.join("bin")).context("cannot make the initramfs")?;
    fs::copy(tree.join("usr/bin/busybox"), files.join("bin/busybox")).context("cannot copy busybox")?;
    let init = files.join("init");
    fs::write(&init, script).context("cannot write the initramfs's program")?;
    fs::set_permissions(&init, fs::Permissions::from_mode(0o755)).context("cannot set a mode")?;
    archive(&files, &folder.join("initrd"), "-3")
}

/// Packs a folder as the kernel unpacks it, with nothing in it that differs from build to build.
/// `level` is zstd's switch for how hard it tries.
pub(super) fn archive(files: &Path, to: &Path, level: &str) -> Result<PathBuf> {
    succeed(Command::new("find").arg(files).args(["-exec", "touch", "-h", "-d", "@0", "{}", "+"]))?;
    let list = succeed(Command::new("find").args([".", "-mindepth", "1"]).current_dir(files))?;
    let mut names: Vec<&str> = list.lines().collect();
    names.sort_unstable();
    let list = to.with_extension("list");
    fs::write(&list, names.join("\n") + "\n").context("cannot write the list of files")?;
    let mut cpio = Command::new("cpio");
    cpio.args(["--create", "--format=newc", "--quiet", "--reproducible", "--owner=0:0"]).current_dir(files);
    let input = File::open(&list).context("cannot read the list of files")?;
    let mut packing = cpio.stdin(input).stdout(Stdio::piped()).spawn().context("cannot start cpio")?;
    let archive = packing.stdout.take().context("cpio writes nowhere")?;
    let output = File::create(to).with_context(|| format!("cannot write {}", to.display()))?;
    let status = Command::new("zstd").args([level, "-q", "-c"]).stdin(archive).stdout(output).status();
    let status = status.context("cannot start zstd")?;
    ensure!(status.success() && packing.wait().is_ok_and(|status| status.success()), "the initramfs cannot be packed");
    Ok(to.to_owned())
}
