//! The image, booted in QEMU between a provider and a home in network namespaces, and what the home gets of it.

mod awkward;
mod concentrator;
mod family;
mod outside;
mod provider;
mod remote;
mod surroundings;
mod time_server;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::ValueEnum;

pub(crate) use self::awkward::awkward;
pub(crate) use self::concentrator::{Access, Wan};
use self::family::Places;
pub(crate) use self::provider::Provider;
use self::surroundings::CARDS;
pub(crate) use self::surroundings::Surroundings;
pub(super) use self::surroundings::{UEFI, firmware_arguments};
use crate::lab::client::{Ip, Visit};
use crate::lab::internet::ENDLESS_PAGE;
use crate::lab::namespace::Namespace;
use crate::process::{run, succeed};
use crate::qemu::Machine;
use crate::{interrupt, workspace};

/// Time from switching on to the last service. A busy machine that emulates every instruction takes ten times what a
/// router's takes.
pub(super) const BOOT_LIMIT: Duration = Duration::from_secs(400);
/// Time for something that takes seconds on a router.
const PATIENCE: Duration = Duration::from_secs(90);
/// For how long a line fails: pppd notices after three echoes at intervals of ten seconds that nobody answers.
const LINE_LOST: Duration = Duration::from_secs(45);
/// After so long, nothing works any longer that only did by what was left of the line before.
const LINE_SETTLED: Duration = Duration::from_secs(20);
/// Time for a line to be found again: pppd asks at growing intervals.
const LINE_LIMIT: Duration = Duration::from_secs(180);
/// The category of a site that the guardian bars for the child.
const BARRED: &str = "dating";
/// What the console asks when no single port is the provider's.
const QUESTION: &str = "Which of these ports leads to the provider?";
/// The box, as the image has it unless somebody says otherwise.
const ROUTER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 77, 1));

/// How the machine starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Firmware {
    /// As PCs did for thirty years.
    Bios,
    /// As they do now.
    Uefi,
}

/// The kind of its network cards.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Nic {
    /// The driver runs XDP itself.
    Virtio,
    /// It does not.
    E1000e,
}

impl Nic {
    const fn device(self) -> &'static str {
        match self {
            Self::Virtio => "virtio-net-pci",
            Self::E1000e => "e1000e",
        }
    }
}

/// A machine to boot the image in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kind {
    /// How it starts.
    pub(crate) firmware: Firmware,
    /// Its network cards.
    pub(crate) nic: Nic,
}

/// A copy of the image to boot, with the settings that somebody wrote on its boot partition.
pub(crate) fn fresh_disk(image: &Path, name: &str, settings: &str) -> Result<PathBuf> {
    let folder = workspace().join(super::FOLDER).join("machines").join(name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let disk = folder.join("disk.img");
    succeed(Command::new("cp").args(["--sparse=always", "--reflink=auto"]).arg(image).arg(&disk))?;
    // Real disks are larger than the image; the first start has to notice.
    fs::File::options().write(true).open(&disk).and_then(|file| file.set_len(512 << 20)).context("cannot enlarge")?;
    let conf = folder.join("stairgate.conf");
    fs::write(&conf, settings).context("cannot write the settings")?;
    let partition = format!("{}@@{}", disk.display(), super::disk::boot_partition_start());
    let mut command = Command::new("mcopy");
    succeed(command.env("MTOOLS_SKIP_CHECK", "1").args(["-o", "-i", &partition]).arg(&conf).arg("::/stairgate.conf"))?;
    Ok(disk)
}

/// What was found, as lines of a table: what, and how it was.
pub(crate) type Findings = Vec<(String, String)>;

/// Boots the image and lets a family use it as its router.
pub(crate) fn router(image: &Path, kind: Kind, surroundings: &Surroundings, findings: &mut Findings) -> Result<()> {
    as_router(image, kind, surroundings, ("router", ""), findings).map(drop)
}

/// Boots the image behind a line with VLAN, PPP over Ethernet or both.
pub(crate) fn line(
    image: &Path,
    kind: Kind,
    surroundings: &Surroundings,
    access: Access,
    findings: &mut Findings,
) -> Result<()> {
    let name = format!("line-{:?}-{}", access.wan, access.vlan.unwrap_or(0)).to_lowercase();
    if access.wan == Wan::Pppoe {
        provider::silence_path_mtu(&surroundings.internet.namespace)?;
    }
    let mut machine = as_router(image, kind, surroundings, (&name, &access.settings()), findings)?;
    let time = download(surroundings, &surroundings.parent)?;
    found(findings, "2 MB by IPv4 and by IPv6, no word on too large packets", format!("{:.1} s", time.as_secs_f32()));
    if access.wan == Wan::Pppoe {
        let out = ways_out(&ask_state(&mut machine)?);
        ensure!(out.contains(&concentrator::HOME_V4.parse()?), "the line's address is {out:?}");
        let back = line_returns(&mut machine, surroundings);
        let back = explained(&mut machine, back)?;
        found(findings, "the line fails: IPv4 and IPv6 after it is back", format!("{:.0} s", back.as_secs_f32()));
    }
    Ok(())
}

/// The line goes, for longer than the box takes to notice, and comes back. Returns the time until both IP versions work.
fn line_returns(machine: &mut Machine, surroundings: &Surroundings) -> Result<Duration> {
    let Surroundings { sites, internet, parent, .. } = surroundings;
    let site = sites.first_of(None)?;
    let is_open = |ip| -> Result<bool> {
        let visit = Visit { address: Some(site.address(ip)), ip, ..Visit::of(&site.name, &internet.authority) };
        Ok(visit.make(parent)?.is_open())
    };
    machine.set_cable(CARDS[0], false)?;
    interrupt::sleep(LINE_LOST)?;
    machine.set_cable(CARDS[0], true)?;
    let started = Instant::now();
    for ip in Ip::ALL {
        interrupt::wait_until(&format!("a visit by {} over the line that is back", ip.title()), LINE_LIMIT, || {
            is_open(ip)
        })?;
    }
    let back = started.elapsed();
    interrupt::sleep(LINE_SETTLED)?;
    for ip in Ip::ALL {
        ensure!(is_open(ip)?, "{} no longer works {LINE_SETTLED:?} after the line is back", ip.title());
    }
    Ok(back)
}

/// Boots the image, lets a family use it as its router, and looks at it from the internet.
fn as_router(
    image: &Path,
    kind: Kind,
    surroundings: &Surroundings,
    (name, settings): (&str, &str),
    findings: &mut Findings,
) -> Result<Machine> {
    let disk = fresh_disk(image, &format!("{name}-{:?}-{:?}", kind.firmware, kind.nic).to_lowercase(), settings)?;
    let folder = disk.parent().context("a disk lies nowhere")?.to_owned();
    let mut machine = surroundings.start(&disk, kind, &folder)?;
    let code = wait_code(&mut machine)?;
    found(findings, "from switching on to the one-time code", format!("{:.0} s", machine.on_for().as_secs_f32()));
    let (child, parent) = (&surroundings.child, &surroundings.parent);
    let used = (|| {
        let lease = surroundings.lease(parent)?;
        ensure!(lease[1] == ROUTER && lease[2] == ROUTER, "the lease names {} and {}", lease[1], lease[2]);
        surroundings.lease(child)?;
        found(findings, "leases", format!("{}, router and names {}", lease[0], lease[1]));
        let address = surroundings.wait_ipv6(child)?;
        found(findings, "IPv6 by prefix delegation", address.clone());
        family::use_it(surroundings, Places { pages: ROUTER, names: ROUTER }, &code, findings)?;
        outside::own_address(surroundings, parent, findings)?;
        Ok(address)
    })();
    let address = explained(&mut machine, used)?;
    let state = well(&mut machine, findings)?;
    ensure!(!is_open(parent, ROUTER, 22), "SSH is open in the home, although nobody gave a key");
    let child_v6 = address.split('/').next().and_then(|address| address.parse().ok());
    outside::look(surroundings, &ways_out(&state), ROUTER, child_v6, findings)?;
    Ok(machine)
}

/// Boots the image as a bridge between the provider's router and the home.
pub(crate) fn bridge(image: &Path, kind: Kind, surroundings: &Surroundings, findings: &mut Findings) -> Result<()> {
    let name = format!("bridge-{:?}-{:?}", kind.firmware, kind.nic).to_lowercase();
    let disk = fresh_disk(image, &name, "mode=bridge\n")?;
    let folder = disk.parent().context("a disk lies nowhere")?.to_owned();
    let mut machine = surroundings.start(&disk, kind, &folder)?;
    let code = wait_code(&mut machine)?;
    found(findings, "from switching on to the one-time code", format!("{:.0} s", machine.on_for().as_secs_f32()));
    let (child, parent) = (&surroundings.child, &surroundings.parent);
    let lease = surroundings.lease(parent)?;
    let router: IpAddr = surroundings.provider.address().parse().context("the provider's router has no address")?;
    ensure!(lease[1] == router && lease[2] == router, "the lease names {} and {}", lease[1], lease[2]);
    surroundings.lease(child)?;
    found(findings, "leases", format!("{}, router and names {}, the provider's router", lease[0], lease[1]));
    found(findings, "IPv6 from the provider's router", surroundings.wait_ipv6(child)?);
    let pages = machine.wait_for("the address of the pages", PATIENCE, printed_page)?;
    found(findings, "the pages, as the console says", format!("http://{pages}"));
    let places = Places { pages, names: router };
    explained(&mut machine, family::use_it(surroundings, places, &code, findings))?;
    let title = succeed(parent.command("curl").args(["-sSL", "--max-time", "10", "http://stairgate/"]))?;
    ensure!(title.contains("Stairgate"), "http://stairgate/ is another page: {title}");
    found(findings, "by the name that the provider's router has for it", "http://stairgate/".to_owned());
    let state = well(&mut machine, findings)?;
    let global: Vec<IpAddr> = ways_out(&state).into_iter().filter(IpAddr::is_ipv6).collect();
    ensure!(!global.is_empty(), "the box has no address of IPv6:\n{state}");
    for address in global {
        ensure!(!is_open(&surroundings.internet.namespace, address, 80), "the internet reaches the pages at {address}");
    }
    found(findings, "the pages, from the internet by IPv6", "not reached".to_owned());
    machine.pull_plug()?;
    let mut machine = surroundings.start(&disk, kind, &folder)?;
    let visits = closed_until_open(surroundings);
    let visits = explained(&mut machine, visits)?;
    found(findings, "a barred site, visited from switching on until others open", format!("closed {visits} times"));
    machine.pull_plug()?;
    Ok(())
}

/// Visits a site that is barred for the child until the guardian can visit it: it must never open for the child, however
/// early it asks. Returns how often it asked.
fn closed_until_open(surroundings: &Surroundings) -> Result<u32> {
    let Surroundings { child, parent, sites, internet, .. } = surroundings;
    let barred = sites.first_of(Some(BARRED))?;
    let visit = Visit { address: Some(barred.address(Ip::V4)), ..Visit::of(&barred.name, &internet.authority) };
    let mut visits = 0;
    interrupt::wait_until("the guardian's way out after a restart", BOOT_LIMIT, || {
        let outcome = visit.make(child)?;
        ensure!(!outcome.is_open(), "it opened for the child before the gate stood");
        visits += 1;
        Ok(visit.make(parent)?.is_open())
    })?;
    Ok(visits)
}

/// What came of the family's visit; if nothing good, the box's console tells more.
fn explained<T>(machine: &mut Machine, outcome: Result<T>) -> Result<T> {
    if outcome.is_err() {
        machine.type_text("s\nl\n")?;
        interrupt::sleep(Duration::from_secs(20))?;
    }
    outcome.with_context(|| format!("the console is in {}", machine.console_file().display()))
}

/// Asks the box how it is, which has to be well.
fn well(machine: &mut Machine, findings: &mut Findings) -> Result<String> {
    let state = ask_state(machine)?;
    ensure!(state.contains("health: good"), "the box is not well:\n{state}");
    found(findings, "XDP", line_with(&state, "XDP").context("the state names no mode of XDP")?);
    found(findings, "memory used of 256 MiB", used_memory(&state)?);
    Ok(state)
}

/// Fetches two million bytes by each IP version, and returns the time that the slower one took.
fn download(surroundings: &Surroundings, from: &Namespace) -> Result<Duration> {
    let Surroundings { sites, internet, .. } = surroundings;
    let site = sites.first_of(None)?;
    let mut slowest = Duration::ZERO;
    for ip in Ip::ALL {
        let started = Instant::now();
        let mut curl = from.command("curl");
        curl.args(["-sS", ip.switch(), "--max-time", "60", "--range", "0-1999999", "-o", "/dev/null"]);
        curl.args(["-w", "%{size_download}", "--cacert"]).arg(&internet.authority);
        curl.args(["--resolve", &format!("{}:443:{}", site.name, site.address(ip))]);
        let finished = run(curl.arg(format!("https://{}/{ENDLESS_PAGE}", site.name)), PATIENCE)?;
        ensure!(
            finished.stdout == "2000000",
            "over {}: {} bytes; {}",
            ip.title(),
            finished.stdout,
            finished.stderr.trim()
        );
        slowest = slowest.max(started.elapsed());
    }
    Ok(slowest)
}

/// True if somebody listens there.
fn is_open(from: &Namespace, address: IpAddr, port: u16) -> bool {
    let server = SocketAddr::new(address, port);
    from.inside(|| Ok(TcpStream::connect_timeout(&server, Duration::from_secs(5)).is_ok())).unwrap_or(false)
}

/// Waits for the one-time code on the console. A box that asks for its ports instead would wait for ever.
pub(crate) fn wait_code(machine: &mut Machine) -> Result<String> {
    let asked = |console: &str| console.contains(QUESTION).then(|| Err(anyhow!("the box asks for its ports")));
    machine.wait_for("the one-time code on the console", BOOT_LIMIT, |console| {
        printed_code(console).map(Ok).or_else(|| asked(console))
    })?
}

/// The first one-time code that the console has shown.
fn printed_code(console: &str) -> Option<String> {
    let (_, rest) = console.split_once("code     ")?;
    let (code, _) = rest.split_once("   (")?;
    Some(code.to_owned())
}

/// Asks the console for the state, and returns what it says.
pub(crate) fn ask_state(machine: &mut Machine) -> Result<String> {
    let before = machine.console().len();
    machine.type_text("s\n")?;
    machine.wait_for("the state on the console", PATIENCE, |console| {
        let said = console.get(before..)?;
        said.split_once("Swap:").map(|(state, _)| state.to_owned())
    })
}

/// The addresses that the console's state shows of the way out, without those that are good on a link only.
fn ways_out(state: &str) -> Vec<IpAddr> {
    let line = state.lines().find(|line| line.contains("way out:")).unwrap_or_default();
    // What stands behind "peer" is the other end's.
    let own = line.split_whitespace().scan("", |before, word| Some((std::mem::replace(before, word), word)));
    let own = own.filter(|(before, _)| *before != "peer");
    let words = own.filter_map(|(_, word)| word.split('/').next()?.parse().ok());
    words.filter(|address| !matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())).collect()
}

/// The first address of the pages that the console has shown.
fn printed_page(console: &str) -> Option<IpAddr> {
    let (_, rest) = console.split_once("page     http://")?;
    // It may be on its way still.
    rest.split_once('/')?.0.parse().ok()
}

fn line_with(text: &str, word: &str) -> Option<String> {
    let line = text.lines().find(|line| line.contains(word))?;
    Some(line.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The second number of the line `Mem:` of `free -m`.
fn used_memory(state: &str) -> Result<String> {
    let line = state.lines().find(|line| line.starts_with("Mem:")).context("the state says nothing of memory")?;
    let Some(used) = line.split_whitespace().nth(2) else { bail!("a strange line on memory: {line}") };
    Ok(format!("{used} MiB"))
}

fn found(findings: &mut Findings, what: &str, how: String) {
    findings.push((what.to_owned(), how));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consoles_are_read() {
        let state = "health: good\nway out: ppp0  UNKNOWN  100.64.0.10 peer 100.64.0.1/32 2001:db8::5/64 fe80::1/64\n\
                     Mem:  225  101  20\n";
        let addresses: Vec<IpAddr> = ["100.64.0.10", "2001:db8::5"].map(|a| a.parse().unwrap()).into();
        assert_eq!(ways_out(state), addresses);
        assert!(ways_out("nothing").is_empty());
        assert_eq!(used_memory(state).unwrap(), "101 MiB");
        let page = "code     1234 5678   (good)\npage     http://192.168.1.5/setup\n";
        assert_eq!(printed_page(page), Some(IpAddr::from([192, 168, 1, 5])));
        assert_eq!(printed_page("page     http://192.168.1.5"), None);
    }
}
