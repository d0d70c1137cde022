//! Updates to try: a good one, one that is older, and correctly signed ones that cannot work.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::super::{Built, initramfs, program, squash};

/// What is done to a root file system to make it a bad one, or just another version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Change {
    /// Nothing but the version.
    None,
    /// The kernel is no kernel: GRUB cannot load it.
    NoKernel,
    /// The first program ends at once: the kernel panics.
    InitEnds,
    /// The start never ends: nobody feeds the watchdog.
    StartHangs,
    /// The agent ends as soon as it is started.
    AgentEnds,
    /// The file system of the family's data is not there.
    NoData,
    /// Another program than the agent answers, and refuses every name.
    NamesRefused,
    /// The agent runs without its pages.
    NoPages,
    /// The kernel crashes in the middle of the trial.
    Crash,
}

impl Change {
    /// The bad ones, with the words for them.
    pub(super) const BAD: [(Self, &'static str); 8] = [
        (Self::NoKernel, "a kernel that is none"),
        (Self::InitEnds, "an initramfs whose program ends"),
        (Self::StartHangs, "a start that hangs"),
        (Self::Crash, "a kernel that crashes while it is watched"),
        (Self::AgentEnds, "an agent that ends at once"),
        (Self::NoData, "a kernel that cannot read the family's data"),
        (Self::NamesRefused, "a resolver that refuses every name"),
        (Self::NoPages, "an agent without pages"),
    ];

    fn apply(self, tree: &Path, folder: &Path) -> Result<()> {
        let script = |name: &str, text: &str| replace(&tree.join(name), text.as_bytes());
        let append = |name: &str, text: &str| {
            let before = fs::read_to_string(tree.join(name)).with_context(|| format!("cannot read {name}"))?;
            script(name, &(before + text))
        };
        match self {
            Self::None => Ok(()),
            Self::NoKernel => replace(&tree.join("boot/vmlinuz"), &[0x55; 1 << 16]),
            Self::InitEnds => {
                let initrd = initramfs::of_script("#!/bin/busybox sh\nexit 1\n", &folder.join("initramfs"), tree)?;
                replace(&tree.join("boot/initrd"), &fs::read(initrd).context("cannot read the initramfs")?)
            }
            Self::StartHangs => append("etc/init.d/start", "sleep 100000\n"),
            Self::AgentEnds => script("usr/sbin/stairgate", "#!/bin/sh\nexit 1\n"),
            Self::NoData => remove_module(&tree.join("lib/modules"), "ext4"),
            Self::NamesRefused => {
                append(
                    "usr/lib/router/configure",
                    "sed -i '/^\\[resolver\\]/a enabled = false' /run/stairgate/etc/stairgate.toml\n",
                )?;
                // Without servers to ask it refuses.
                append("usr/lib/router/lan-address", "sed -i 's/^port=0/no-resolv/' /run/router/dnsmasq.conf\n")
            }
            Self::NoPages => append(
                "usr/lib/router/configure",
                "printf '[web]\\nhttp_port = 0\\nhttps_port = 0\\n' >>/run/stairgate/etc/stairgate.toml\n",
            ),
            Self::Crash => {
                let before = fs::read_to_string(tree.join("usr/lib/router/health")).context("cannot read health")?;
                let crash = before.replacen("\n. ", "\necho c >/proc/sysrq-trigger\n. ", 1);
                script("usr/lib/router/health", &crash)
            }
        }
    }
}

/// Removes a module of the kernel, wherever beneath `folder` it is.
fn remove_module(folder: &Path, name: &str) -> Result<()> {
    let begin = format!("{name}.ko");
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&begin)) {
                return fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()));
            }
        }
    }
    bail!("there is no module {name} beneath {}", folder.display())
}

/// Replaces a file's content and keeps its mode. The file may be one that other trees share, so it is another afterwards.
fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let permissions = fs::metadata(path).with_context(|| format!("there is no {}", path.display()))?.permissions();
    fs::remove_file(path)
        .and_then(|()| fs::write(path, content))
        .and_then(|()| fs::set_permissions(path, permissions))
        .with_context(|| format!("cannot replace {}", path.display()))
}

/// Packs and signs the update `name` of `version` in `files`.
pub(super) fn pack(built: &Built, files: &Path, name: &str, version: &str, change: Change) -> Result<PathBuf> {
    let folder = files.with_file_name("sample");
    let tree = folder.join("root");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    program(Command::new("cp").arg("-al").arg(&built.tree).arg(&tree))?;
    replace(&tree.join("etc/stairgate-version"), format!("{version}\n").as_bytes())?;
    change.apply(&tree, &folder)?;
    let update = files.join(name);
    squash(&tree, &update, super::super::Effort::Quick)?;
    built.key.sign(&update, &format!("stairgate-image x86_64 {version}"))?;
    Ok(update)
}
