//! Looks for what this machine lacks, says what that costs and what to do about it.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use crate::certificate::{self, ENDS_SOON, InForce};
use crate::config::{Config, Placement};
use crate::interfaces::{self, driver};
use crate::privileges;
use crate::resolver::capture::Whose;

/// The first kernel with everything that the gate calls: `bpf_xdp_load_bytes` came with 5.18.
const KERNEL_MIN: (u32, u32) = (5, 18);
/// `BPF_FS_MAGIC` of linux/magic.h.
const BPF_FS_MAGIC: u64 = 0xcafe_4a11;
/// Drivers that are known to run XDP natively, on kernels from [`KERNEL_MIN`] on.
const NATIVE_DRIVERS: [&str; 18] = [
    "veth",
    "virtio_net",
    "tun",
    "mtk_soc_eth",
    "mvneta",
    "mvpp2",
    "igb",
    "igc",
    "ixgbe",
    "ixgbevf",
    "i40e",
    "ice",
    "stmmac",
    "dwmac-sun8i",
    "mlx4_en",
    "mlx5_core",
    "bnxt_en",
    "ena",
];

/// How it stands with one thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Good,
    /// It works, but something is lost.
    Fair,
    /// The gate cannot work.
    Missing,
}

impl State {
    /// The state in a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fair => "fair",
            Self::Missing => "MISSING",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// How it stands.
    pub state: State,
    /// What was looked at.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What is lost; none if nothing is.
    pub cost: Option<String>,
    /// What to do; none if nothing is needed.
    pub remedy: Option<String>,
}

/// Looks at everything. Changes nothing, attaches nothing, loads nothing.
pub fn examine(config: Option<&Config>) -> Vec<Finding> {
    let pin_dir = config.map_or(Path::new("/sys/fs/bpf"), |config| &config.pin_dir);
    let gate = config.is_none_or(|config| config.gate);
    let mut findings = if gate {
        vec![processor(), kernel_version(), bpf_system_call(), jit(), bpf_file_system(pin_dir), btf(), rights()]
    } else {
        vec![no_gate()]
    };
    if let Some(config) = config {
        findings.push(state_directory(&config.state_dir));
        if gate {
            findings.extend(interfaces_of(config));
        }
        findings.extend(certificate_of(config));
        let captures = config.resolver.as_ref().is_some_and(|resolver| resolver.capture != Whose::Nobody);
        let leads = config.web.as_ref().is_some_and(|web| web.http.is_some());
        if (captures || leads) && matches!(config.placement, Placement::Router { .. }) {
            findings.push(nftables(captures));
        }
    }
    findings.push(clock());
    findings
}

fn good(what: &str, found: impl Into<String>) -> Finding {
    Finding { state: State::Good, what: what.to_owned(), found: found.into(), cost: None, remedy: None }
}

fn bad(state: State, what: &str, found: impl Into<String>, cost: &str, remedy: &str) -> Finding {
    let found = found.into();
    Finding { state, what: what.to_owned(), found, cost: Some(cost.to_owned()), remedy: Some(remedy.to_owned()) }
}

/// The kernel compiles programs that call functions of their own for some processors only, and interprets none that hand
/// functions to it, as loops do.
fn processor() -> Finding {
    let architecture = std::env::consts::ARCH;
    if !matches!(architecture, "arm" | "mips" | "mips64") {
        return good("processor", architecture);
    }
    bad(
        State::Missing,
        "processor",
        architecture,
        "the kernel cannot run the gate's program on this processor, so the agent refuses to start",
        "write `gate = false` and a section [resolver] into the configuration: then names are judged, and packets are not",
    )
}

fn no_gate() -> Finding {
    bad(
        State::Fair,
        "gate",
        "none, by the configuration",
        "only the names that devices ask for here are judged; running connections go on, and whoever asks elsewhere or \
         goes by address is not filtered; no minute of use is counted, so no quota ends",
        "remove `gate = false` where the kernel can run the gate",
    )
}

fn kernel_version() -> Finding {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy().into_owned();
    judge_kernel(&release)
}

fn judge_kernel(release: &str) -> Finding {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) >= KERNEL_MIN => good("kernel", release),
        _ => bad(
            State::Missing,
            "kernel",
            release,
            "the gate's program cannot be loaded, so nothing is filtered",
            "use Linux 5.18 or later; OpenWrt has it from 23.05 on with 6.x kernels",
        ),
    }
}

fn bpf_system_call() -> Finding {
    // The kernel shows this switch only if it was built with the bpf system call.
    match fs::read_to_string("/proc/sys/kernel/unprivileged_bpf_disabled") {
        Ok(_) => good("BPF system call", "there"),
        Err(error) => bad(
            State::Missing,
            "BPF system call",
            format!("no sign of it: {error}"),
            "the gate's program cannot be loaded, so nothing is filtered",
            "build the kernel with CONFIG_BPF_SYSCALL=y",
        ),
    }
}

fn jit() -> Finding {
    match fs::read_to_string("/proc/sys/net/core/bpf_jit_enable").as_deref().map(str::trim) {
        Ok("1" | "2") => good("BPF compiler (JIT)", "on"),
        Ok("0") => bad(
            State::Fair,
            "BPF compiler (JIT)",
            "off",
            "every packet takes several times as long",
            "echo 1 > /proc/sys/net/core/bpf_jit_enable",
        ),
        Ok(other) => good("BPF compiler (JIT)", format!("{other:?}")),
        // Not shown to whoever lacks the rights, and always on where CONFIG_BPF_JIT_ALWAYS_ON hides the switch.
        Err(error) => bad(
            State::Fair,
            "BPF compiler (JIT)",
            format!("cannot be seen: {error}"),
            "if it is missing, every packet takes several times as long",
            "run the doctor as root; if it is still not seen, build the kernel with CONFIG_BPF_JIT=y",
        ),
    }
}

fn bpf_file_system(pin_dir: &Path) -> Finding {
    let existing = pin_dir.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    match rustix::fs::statfs(existing) {
        Ok(system) if system.f_type as u64 == BPF_FS_MAGIC => good("BPF file system", existing.display().to_string()),
        _ => bad(
            State::Missing,
            "BPF file system",
            format!("{} is not on one", pin_dir.display()),
            "the gate would end with the agent, so the agent refuses to start",
            "mount -t bpf bpf /sys/fs/bpf",
        ),
    }
}

fn btf() -> Finding {
    if Path::new("/sys/kernel/btf/vmlinux").exists() {
        good("kernel types (BTF)", "there, not needed")
    } else {
        good("kernel types (BTF)", "not there, not needed")
    }
}

fn rights() -> Finding {
    match privileges::missing() {
        Ok(missing) if missing.is_empty() => good("rights", "CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON"),
        Ok(missing) => {
            let names = missing.iter_names().map(|(name, _)| format!("CAP_{name}")).collect::<Vec<_>>().join(", ");
            bad(
                State::Missing,
                "rights",
                format!("without {names}"),
                "the gate cannot be loaded or attached by this user",
                "run as root; the agent gives up what it does not need by itself",
            )
        }
        Err(error) => bad(State::Fair, "rights", error.to_string(), "they cannot be judged", "run as root"),
    }
}

fn state_directory(directory: &Path) -> Finding {
    let existing = directory.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    match rustix::fs::access(existing, rustix::fs::Access::WRITE_OK) {
        Ok(()) => good("state directory", directory.display().to_string()),
        Err(error) => bad(
            State::Missing,
            "state directory",
            format!("{} cannot be written: {error}", existing.display()),
            "nothing that the family decides can be kept, so the agent refuses to start",
            "make it writable, or choose another state_dir",
        ),
    }
}

fn interfaces_of(config: &Config) -> Vec<Finding> {
    let names = match &config.placement {
        Placement::Router { lan_interfaces } => lan_interfaces.clone(),
        Placement::Bridge { home_interface, .. } => vec![home_interface.clone()],
    };
    let links = match interfaces::links() {
        Ok(links) => links,
        Err(error) => {
            let cost = "it cannot be told whether the gate fits them";
            return vec![bad(State::Fair, "interfaces", error.to_string(), cost, "run the doctor as root")];
        }
    };
    let mut findings = Vec::new();
    for name in names {
        let ports = interfaces::ports(&links, &name);
        if ports.is_empty() {
            findings.push(bad(
                State::Missing,
                &name,
                "no such interface, or a bridge without ports",
                "nothing is filtered there until it comes up",
                "`ip link` shows the names that there are; correct the configuration",
            ));
        }
        for port in ports {
            let driver = driver(port).unwrap_or_else(|| "unknown".to_owned());
            findings.push(match port.xdp {
                Some(xdp) if xdp.generic => bad(
                    State::Fair,
                    &port.name,
                    format!("generic XDP, driver {driver}"),
                    "each packet is copied into a buffer before it is judged: a few hundred nanoseconds more",
                    "a network card whose driver runs XDP itself saves that",
                ),
                Some(_) => good(&port.name, format!("native XDP, driver {driver}")),
                None if NATIVE_DRIVERS.contains(&driver.as_str()) => {
                    good(&port.name, format!("driver {driver} runs XDP natively; nothing is attached yet"))
                }
                None => bad(
                    State::Fair,
                    &port.name,
                    format!("driver {driver}; nothing is attached yet"),
                    "if the driver does not run XDP itself, the slower generic mode is used",
                    "nothing needs to be done; `stairgate status` tells the mode once the agent runs",
                ),
            });
        }
    }
    findings
}

/// Whether browsers trust the pages, and what devices have to be told then.
fn certificate_of(config: &Config) -> Vec<Finding> {
    let Some((web, port)) = config.web.as_ref().and_then(|web| Some((web, web.https?))) else { return Vec::new() };
    let status = certificate::examine(&config.state_dir, web.certificate.clone(), web.hosts.clone());
    judge_certificate(status, port, Timestamp::now())
}

fn judge_certificate(status: certificate::Status, port: u16, now: Timestamp) -> Vec<Finding> {
    const WHAT: &str = "certificate";
    const COST: &str = "browsers warn of the pages, and passkeys do not work";
    let InForce { name, not_after, .. } = match status {
        certificate::Status { problem: Some(problem), .. } => {
            let remedy = "the family's page about the certificate and the log say the same once it is mended";
            return vec![bad(State::Fair, WHAT, problem, COST, remedy)];
        }
        certificate::Status { in_force: Some(in_force), .. } => in_force,
        certificate::Status { in_force: None, .. } => {
            return vec![good(WHAT, "the box's own, of which browsers warn")];
        }
    };
    let until = format!("of {name} until {not_after}");
    if not_after.duration_since(now) < ENDS_SOON {
        return vec![bad(State::Fair, WHAT, until, COST, "renew it; it is read again without a restart")];
    }
    let [dhcp4, dhcp6] = certificate::portal_options(&certificate::origin(&name, port));
    let option = Finding {
        remedy: Some(format!("where dnsmasq gives out addresses, write {dhcp4} and {dhcp6}")),
        ..good("captive portal option (RFC 8910)", "devices can be told by themselves why they are paused")
    };
    vec![good(WHAT, until), option]
}

/// Whether closed devices can be led to the pages and, if it `captures`, questions to other servers to the resolver.
fn nftables(captures: bool) -> Finding {
    let found = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|folder| folder.join("nft")).find(|program| program.is_file())
    });
    match found {
        Some(program) => good("nftables", program.display().to_string()),
        None => bad(
            State::Fair,
            "nftables",
            "no program `nft`",
            if captures {
                "names that devices ask of other servers do not come here, and closed devices are not shown why"
            } else {
                "closed devices are not shown why everything is closed"
            },
            if captures {
                "install nftables, or write capture = \"nobody\" under [resolver]"
            } else {
                "install nftables"
            },
        ),
    }
}

fn clock() -> Finding {
    let now = crate::clock::Moment::now();
    if now.clock_is_unset() {
        bad(
            State::Fair,
            "clock",
            format!("{} is in the past", now.wall),
            "bedtimes and other times of day come at the wrong time",
            "set the clock, or let the machine reach a time server",
        )
    } else {
        good("clock", now.wall.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_versions_are_judged() {
        for (release, state) in [
            ("6.18.0-stairgate", State::Good),
            ("5.18.0", State::Good),
            ("5.17.9", State::Missing),
            ("4.19.325", State::Missing),
            ("10.0", State::Good),
            ("strange", State::Missing),
        ] {
            assert_eq!(judge_kernel(release).state, state, "{release}");
        }
    }

    #[test]
    fn certificates_are_judged() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let status = |days: Option<i64>, problem: Option<&str>| certificate::Status {
            configured: true,
            in_force: days.map(|days| InForce {
                name: "gate.example.net".to_owned(),
                names: vec!["gate.example.net".to_owned()],
                not_after: now + jiff::SignedDuration::from_hours(24 * days),
            }),
            problem: problem.map(str::to_owned),
        };
        for (status, state, said) in [
            (status(None, None), State::Good, "the box's own"),
            (status(Some(60), None), State::Good, "gate.example.net until 2027-01-21"),
            (status(Some(13), None), State::Fair, "gate.example.net until 2026-12-05"),
            (status(Some(60), Some("the key does not fit")), State::Fair, "the key does not fit"),
        ] {
            let findings = judge_certificate(status, 8443, now);
            assert!(findings[0].state == state && findings[0].found.contains(said), "{findings:?}");
        }
        let findings = judge_certificate(status(Some(60), None), 8443, now);
        let option = "dhcp-option-force=114,https://gate.example.net:8443/captive-portal/api";
        assert!(findings[1].remedy.as_ref().unwrap().contains(option), "{findings:?}");
    }
}
