//! The provider's access concentrator (RFC 2516): a small machine of its own between the home's line and the provider's
//! network, because the kernel that all this runs on may know neither PPP nor VLANs.

use std::fmt;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use super::provider::{DELEGATED, Provider};
use crate::debian::Suite;
use crate::image::{FOLDER, KERNEL, SUITE, initramfs, root};
use crate::lab::namespace::Namespace;
use crate::modules::Kernel;
use crate::qemu::Machine;
use crate::workspace;

/// Packages that its programs come from.
const PACKAGES: [&str; 5] = ["busybox-static", "ppp", "pppoe", "radvd", "dibbler-server"];
const PROGRAMS: [&str; 5] = ["pppd", "pppoe", "pppoe-server", "radvd", "dibbler-server"];
const MODULES: [&str; 7] = ["virtio_pci", "virtio_net", "8021q", "bridge", "ppp_generic", "ppp_async", "af_packet"];
/// Our own files of it: where they lie, where they come to lie.
const FILES: [(&str, &str); 3] =
    [("init", "init"), ("ppp.options", "etc/ppp/pppoe-server-options"), ("ipv6-up", "etc/ppp/ipv6-up")];
const OWN: &str = "image-build/concentrator";
/// Folders, and links that programs expect.
const FOLDERS: [&str; 10] =
    ["dev", "proc", "sys", "run", "tmp", "etc/ppp", "etc/dibbler", "usr/bin", "usr/sbin", "var/lib/dibbler"];
const LINKS: [(&str, &str); 7] = [
    ("bin", "usr/bin"),
    ("sbin", "usr/sbin"),
    ("lib", "usr/lib"),
    ("lib64", "usr/lib64"),
    ("var/run", "/run"),
    ("var/log", "/run"),
    ("usr/sbin/modprobe", "../bin/busybox"),
];
/// The name and the password of the home's line. pppd has a meaning of its own for the marks in it.
pub(super) const ACCOUNT: (&str, &str) = ("family@provider.example", r#"correct "horse\battery# '"#);
/// The address that the home's line is given.
pub(super) const HOME_V4: &str = "100.64.0.10";
/// Its address in the provider's network.
const CORE_V4: &str = "198.51.100.2";
const CORE_V6: &str = "2001:db8:77::2";
const MEMORY_MIB: u32 = 256;
const BOOT_LIMIT: Duration = Duration::from_secs(240);

/// What a provider speaks on its line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Wan {
    /// DHCP on the Ethernet itself.
    Dhcp,
    /// PPP over Ethernet, with a name and a password.
    Pppoe,
}

/// How a line is spoken on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Access {
    /// What is spoken.
    pub(crate) wan: Wan,
    /// The VLAN that all of it is on.
    pub(crate) vlan: Option<u16>,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.vlan {
            Some(vlan) => write!(f, "{} on VLAN {vlan}", self.wan.word()),
            None => f.write_str(self.wan.word()),
        }
    }
}

impl Access {
    /// DHCP on the Ethernet itself, which takes no machine of its own.
    pub(crate) const PLAIN: Self = Self { wan: Wan::Dhcp, vlan: None };

    /// What the provider has behind such a line.
    pub(crate) const fn provider(self) -> Provider {
        match self.wan {
            Wan::Dhcp => Provider::Line,
            Wan::Pppoe => Provider::Concentrator,
        }
    }

    /// True if it takes no machine of its own.
    pub(super) fn is_plain(self) -> bool {
        self == Self::PLAIN
    }

    /// What `stairgate.conf` has to say of it. PPP that is spoken on the Ethernet itself, the box finds by itself.
    pub(super) fn settings(self) -> String {
        let mut text = String::new();
        if self.wan == Wan::Pppoe {
            text += &format!("ppp_user={}\nppp_password={}\n", ACCOUNT.0, ACCOUNT.1);
            text += if self.vlan.is_some() { "wan=pppoe\n" } else { "" };
        }
        if let Some(vlan) = self.vlan {
            text += &format!("wan_vlan={vlan}\n");
        }
        text
    }
}

/// Tells the provider's network the way to homes behind the concentrator.
pub(super) fn routes(network: &Namespace) -> Result<()> {
    network.ip(["route", "add", "100.64.0.0/24", "via", CORE_V4])?;
    network.ip(["-6", "route", "add", "2001:db8:78::/64", "via", CORE_V6])?;
    network.ip(["-6", "route", "add", &format!("{DELEGATED}/56"), "via", CORE_V6])
}

/// Switches it on in `place`, between the taps `line` and `core`, and waits until it serves.
pub(super) fn start(place: &Namespace, access: Access) -> Result<Machine> {
    let folder = workspace().join(FOLDER).join("concentrator");
    let (kernel, initrd) = build(&folder)?;
    let mut arguments: Vec<String> = vec!["-smp".into(), "1".into()];
    for (card, mac) in [("line", "52:54:00:00:01:01"), ("core", "52:54:00:00:01:02")] {
        arguments.extend(["-netdev".into(), format!("tap,id={card},ifname={card},script=no,downscript=no")]);
        arguments.extend(["-device".into(), format!("virtio-net-pci,netdev={card},mac={mac}")]);
    }
    let mut words = format!("console=ttyS0 quiet panic=1 concentrator.line={}", access.wan.word());
    if let Some(vlan) = access.vlan {
        words += &format!(" concentrator.vlan={vlan}");
    }
    arguments.extend(["-kernel".into(), kernel.display().to_string(), "-initrd".into(), initrd.display().to_string()]);
    arguments.extend(["-append".into(), words]);
    let mut machine = Machine::start(place.command("qemu-system-x86_64"), &folder, MEMORY_MIB, &arguments)?;
    let ready = |console: &str| console.contains("concentrator: ready").then_some(());
    machine.wait_for("the access concentrator's start", BOOT_LIMIT, ready)?;
    Ok(machine)
}

impl Wan {
    const fn word(self) -> &'static str {
        match self {
            Self::Dhcp => "dhcp",
            Self::Pppoe => "pppoe",
        }
    }
}

/// A word as pppd reads it in its files.
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', r"\\").replace('"', r#"\""#))
}

/// Puts its kernel and its memory file system together.
fn build(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let suite = Suite::open(SUITE)?;
    let packages = suite.fetch_kernel(&suite.newest_kernel(KERNEL)?)?;
    let donors = suite.fetch_all(&PACKAGES)?;
    let kernel = Kernel::of(&packages)?;
    let tree = folder.join("files");
    let _ = fs::remove_dir_all(&tree);
    for name in FOLDERS {
        fs::create_dir_all(tree.join(name)).with_context(|| format!("cannot make {name}"))?;
    }
    for (name, target) in LINKS {
        symlink(target, tree.join(name)).with_context(|| format!("cannot link {name}"))?;
    }
    // pppd looks for the first two, and radvd for who it is.
    for (name, text) in
        [("etc/ppp/options", ""), ("etc/ppp/pap-secrets", ""), ("etc/passwd", "root:x:0:0:root:/:/bin/sh\n")]
    {
        fs::write(tree.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    fs::write(tree.join("etc/ppp/chap-secrets"), format!("{} * {} *\n", quoted(ACCOUNT.0), quoted(ACCOUNT.1)))
        .context("cannot write the account")?;
    for (from, to) in FILES {
        fs::copy(workspace().join(OWN).join(from), tree.join(to)).with_context(|| format!("cannot copy {from}"))?;
    }
    root::take(&tree, &donors, &PROGRAMS, &[], &[])?;
    let unknown = kernel.copy_modules(&MODULES, &tree)?;
    ensure!(unknown.is_empty(), "the kernel {} has no modules {unknown:?}", kernel.release);
    let initrd = initramfs::archive(&tree, &folder.join("initrd"), "-3")?;
    Ok((kernel.image, initrd))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted() {
        assert_eq!(quoted(r#"a "b\"#), r#""a \"b\\""#);
    }

    #[test]
    fn lines_need_settings() {
        let both = Access { wan: Wan::Pppoe, vlan: Some(7) };
        assert_eq!(
            both.settings(),
            format!("ppp_user={}\nppp_password={}\nwan=pppoe\nwan_vlan=7\n", ACCOUNT.0, ACCOUNT.1)
        );
        let found = Access { vlan: None, ..both };
        assert!(!found.settings().contains("wan=") && !found.is_plain());
        let plain = Access::PLAIN;
        assert!(plain.settings().is_empty() && plain.is_plain());
    }
}
