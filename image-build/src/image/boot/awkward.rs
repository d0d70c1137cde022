//! Homes in which nothing is as it should be: cables in the wrong ports or none, two servers that hand out addresses, a
//! provider with the home's own network, a clock without a battery, and a million names to remember.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};

use super::family::{Family, Places};
use super::remote::{self, Key};
use super::surroundings::{CARDS, Setup, Surroundings, WAN_MAC};
use super::{
    Access, BOOT_LIMIT, Findings, Kind, PATIENCE, Provider, QUESTION, ROUTER, ask_state, explained, found, fresh_disk,
    outside, printed_code, printed_page, provider, ways_out,
};
use crate::interrupt;
use crate::lab::client::{Ip, dig};
use crate::lab::home::Who;
use crate::lab::namespace::Namespace;
use crate::process::{Daemon, run, succeed};
use crate::ui::Screen;

/// When a PC's clock without a battery begins.
const BATTERY_EMPTY: &str = "2000-01-01T00:00:00";
/// How far the box's clock may be off once it is set: ssh and the emulation take their time.
const CLOCK_OFF: u64 = 5;
/// Where a home goes whose network the provider has.
const MOVED: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 77, 77, 1));
/// What stands on the console once all is up.
const MENU: &str = "[c] one-time code";
/// A router that somebody has plugged in at the home's side: its address, and what it hands out.
const STRAY_ROUTER: (&str, &str) = ("192.168.1.1", "192.168.1.50,192.168.1.60,255.255.255.0");
/// Names of a large list.
const NAMES: u32 = 1_000_000;
/// Time to fetch and compile it on an emulated processor.
const LIST_LIMIT: Duration = Duration::from_secs(300);
/// What the box may use with it, of a machine with 256 MiB.
const MEMORY_MARK_MIB: u64 = 128;
/// Writes what memory is used for, twice a second: a line of names and KiB.
const WATCH: &str = "while :; do awk '/^(MemTotal|MemAvailable|VmRSS|VmHWM):/ { printf \"%s%s \", $1, $2 } END { print \"\" }' \
                     /proc/meminfo /proc/$(pidof stairgate)/status; sleep 0.5; done";

/// Boots the image in two such homes, one after the other. What was found until something went wrong stands in `findings`.
pub(crate) fn awkward(screen: &Screen, image: &Path, kind: Kind, findings: &mut Findings) -> Result<()> {
    let first = screen.step("two servers hand out addresses, and the clock is wrong", |_| {
        let surroundings = Surroundings::build(screen)?;
        doubtful(image, kind, &surroundings, findings)
    })?;
    let second =
        screen.step("no cables at first, then swapped ones, and the provider has the home's network", |_| {
            let surroundings = Surroundings::of(screen, Provider::SameNetwork, Access::PLAIN)?;
            moved(image, kind, &surroundings, findings)
        })?;
    ensure!(first != second, "two boxes have the same host key: {first}");
    found(findings, "host keys of two boxes for SSH", "two".to_owned());
    Ok(())
}

/// Two servers answer, one on each side: the console asks. Returns the box's host key.
fn doubtful(image: &Path, kind: Kind, surroundings: &Surroundings, findings: &mut Findings) -> Result<String> {
    let Surroundings { child, parent, folder, .. } = surroundings;
    let stray = StrayRouter::plug_in(surroundings)?;
    let key = Key::make(folder)?;
    let disk = fresh_disk(image, "doubtful", &format!("ssh_key={}\n", key.public))?;
    let at = disk.parent().context("a disk lies nowhere")?.to_owned();
    let mut machine =
        surroundings.start_as(&disk, kind, &at, Setup { clock: Some(BATTERY_EMPTY), ..Setup::ORDINARY })?;
    let number = machine.wait_for("the question for the port", BOOT_LIMIT, provider_number)?;
    nothing_passes(surroundings)?;
    drop(stray);
    machine.type_text(&format!("{number}\n"))?;
    found(findings, "servers at both ports", "nothing passes, the console asks, an answer is kept".to_owned());

    let code = machine.wait_for("the one-time code", BOOT_LIMIT, printed_code)?;
    for device in [parent, child] {
        let lease = surroundings.lease(device)?;
        ensure!(lease[1] == ROUTER, "the lease names the router {}", lease[1]);
    }
    surroundings.wait_ipv6(child)?;
    let places = Places { pages: ROUTER, names: ROUTER };
    let evening = (|| {
        let mut family = Family::settle(surroundings, places, &code)?;
        family.browse(findings)?;
        wait_right_time(&key, parent, findings)?;
        family.bedtime(findings)?;
        Ok(family)
    })();
    let mut family = explained(&mut machine, evening)?;
    let refused = remote::without_key(parent, ROUTER)?;
    ensure!(refused.contains("(publickey)"), "without a key, the box says: {refused}");
    found(findings, "SSH from the home", "with the key; without it, no password is asked for".to_owned());
    let state = ask_state(&mut machine)?;
    outside::look(surroundings, &ways_out(&state), ROUTER, None, findings)?;
    let host_key = remote::host_key(parent, ROUTER)?;

    machine.pull_plug()?;
    let stray = StrayRouter::plug_in(surroundings)?;
    let mut machine = surroundings.start(&disk, kind, &at)?;
    machine.wait_for("the second start", BOOT_LIMIT, |console| console.contains(MENU).then_some(()))?;
    drop(stray);
    ensure!(!machine.console().contains(QUESTION), "the answer was forgotten");
    surroundings.lease(parent)?;
    let again = remote::host_key(parent, ROUTER)?;
    ensure!(again == host_key, "the box has another host key after a restart");
    let home = family.guardian.get("/")?;
    ensure!(home.status == 200, "after the restart, the guardian's page answers {}", home.status);
    found(findings, "after a restart with both servers there", "not asked again; the household is there".to_owned());
    Ok(host_key)
}

/// No cables at first, then the provider's in the second port, and it has the home's network. Returns the box's host key.
fn moved(image: &Path, kind: Kind, surroundings: &Surroundings, findings: &mut Findings) -> Result<String> {
    let Surroundings { child, parent, folder, .. } = surroundings;
    let key = Key::make(folder)?;
    let disk = fresh_disk(image, "moved", &format!("ssh_key={}\n", key.public))?;
    let at = disk.parent().context("a disk lies nowhere")?.to_owned();
    let setup = Setup { swapped: true, plugged: false, ..Setup::ORDINARY };
    let mut machine = surroundings.start_as(&disk, kind, &at, setup)?;
    machine.wait_for("the question for the port", BOOT_LIMIT, |console| console.contains(QUESTION).then_some(()))?;
    CARDS.iter().try_for_each(|card| machine.set_cable(card, true))?;
    found(findings, "no cable, then the provider's in the second port", "found by its DHCP".to_owned());

    let code = machine.wait_for("the one-time code", BOOT_LIMIT, printed_code)?;
    let page = machine.wait_for("the address of the pages", PATIENCE, printed_page)?;
    ensure!(page == MOVED, "the home is at {page}");
    for device in [parent, child] {
        let lease = surroundings.lease(device)?;
        ensure!(lease[1] == MOVED && lease[2] == MOVED, "the lease names {} and {}", lease[1], lease[2]);
    }
    surroundings.wait_ipv6(child)?;
    let places = Places { pages: MOVED, names: MOVED };
    let visit = (|| {
        let mut family = Family::settle(surroundings, places, &code)?;
        family.browse(findings)?;
        family.bar(findings)?;
        found(findings, "the provider has the home's network", format!("the home is at {MOVED}, and leases follow"));
        million_names(surroundings, &key, &mut family, findings)
    })();
    explained(&mut machine, visit)?;
    let host_key = remote::host_key(parent, MOVED)?;

    machine.pull_plug()?;
    let mut machine = surroundings.start_as(&disk, kind, &at, Setup { plugged: true, ..setup })?;
    machine.wait_for("the second start", BOOT_LIMIT, |console| console.contains(MENU).then_some(()))?;
    let lease = surroundings.lease(parent)?;
    ensure!(lease[1] == MOVED, "after a restart, the lease names the router {}", lease[1]);
    interrupt::wait_until("the list's effect after a restart", LIST_LIMIT, || {
        Ok(!dig(child, MOVED, &listed_name(NAMES - 1), Ip::V4, false)?.is_open())
    })?;
    found(findings, "after a restart", "port, network and names are remembered".to_owned());
    Ok(host_key)
}

/// A router that hands out addresses in the home. Dropped, it is gone.
struct StrayRouter {
    _server: Daemon,
    _namespace: Namespace,
}

impl StrayRouter {
    fn plug_in(surroundings: &Surroundings) -> Result<Self> {
        let namespace = surroundings.another_device(Who::Visitor)?;
        namespace.ip(["addr", "add", &format!("{}/24", STRAY_ROUTER.0), "dev", "eth0"])?;
        let server = provider::dhcp_server(&namespace, "eth0", STRAY_ROUTER.1, "port=0\n", &surroundings.folder)?;
        Ok(Self { _server: server, _namespace: namespace })
    }
}

/// The number that the console gives the provider's port, once it asks.
fn provider_number(console: &str) -> Option<u32> {
    let (_, rest) = console.split_once(QUESTION)?;
    // Once this stands there, the list is complete.
    let (list, _) = rest.split_once("Number:")?;
    let line = list.lines().find(|line| line.contains(WAN_MAC))?;
    line.split_whitespace().next()?.parse().ok()
}

/// As long as nobody has answered, no frame passes from the home to the provider.
fn nothing_passes(surroundings: &Surroundings) -> Result<()> {
    let parent = &surroundings.parent;
    let provider = surroundings.provider.address();
    let hears = |address: &str| -> Result<bool> {
        let mut command = parent.command("busybox");
        command.args(["arping", "-q", "-c", "3", "-w", "4", "-I", "eth0", address]);
        Ok(run(&mut command, PATIENCE)?.status.success())
    };
    for address in ["192.168.1.77/24", "198.51.100.9/28"] {
        parent.ip(["addr", "add", address, "dev", "eth0"])?;
    }
    ensure!(hears(STRAY_ROUTER.0)?, "not even the router in the home is heard");
    ensure!(!hears(provider)?, "the provider is heard through a box that does not know its ports");
    parent.ip(["addr", "flush", "dev", "eth0"])
}

/// Waits until the box's clock is right, which was decades behind when it started.
fn wait_right_time(key: &Key, parent: &Namespace, findings: &mut Findings) -> Result<()> {
    interrupt::wait_until("the right time on the box", PATIENCE, || {
        let text = key.run(parent, ROUTER, "date +%s")?;
        let there: u64 = text.trim().parse().with_context(|| format!("a strange time: {text}"))?;
        let here =
            SystemTime::now().duration_since(UNIX_EPOCH).context("this machine's clock is before 1970")?.as_secs();
        Ok(there.abs_diff(here) <= CLOCK_OFF)
    })?;
    found(findings, "a clock that began in 2000", "set by NTP before the one-time code is shown".to_owned());
    Ok(())
}

/// The guardian subscribes to a list of a million names; how much memory that takes, at most and in the end.
fn million_names(
    surroundings: &Surroundings,
    key: &Key,
    family: &mut Family<'_>,
    findings: &mut Findings,
) -> Result<()> {
    let Surroundings { child, parent, sites, folder, .. } = surroundings;
    let path = folder.path("pages/million.txt");
    let mut file = BufWriter::new(File::create(&path).with_context(|| format!("cannot write {}", path.display()))?);
    (0..NAMES).try_for_each(|number| writeln!(file, "{}", listed_name(number))).context("cannot write the list")?;
    file.into_inner().context("cannot write the list")?;
    let log = folder.path("memory.log");
    let watch = Daemon::start("ssh", &mut key.command(parent, MOVED, WATCH), &log)?;
    let source = format!("http://{}/million.txt", sites.first_of(None)?.name);
    let list = [("name", "million"), ("source", source.as_str()), ("tag", "gambling")];
    family.guardian.submit("/lists", "/lists", &list)?;
    interrupt::wait_until("the effect of a list of a million names", LIST_LIMIT, || {
        let last = dig(child, MOVED, &listed_name(NAMES - 1), Ip::V4, false)?;
        Ok(last == dig(child, MOVED, &listed_name(0), Ip::V4, false)? && last.to_string().contains("extended error 15"))
    })?;
    interrupt::sleep(Duration::from_secs(15))?;
    drop(watch);
    let text = std::fs::read_to_string(&log).context("nobody watched the memory")?;
    let samples: Vec<Sample> = text.lines().filter_map(Sample::read).collect();
    let last = samples.last().context("the memory was never read")?;
    let peak = samples.iter().map(|sample| sample.used).max().unwrap_or(last.used);
    found(findings, "memory with a million names, of 256 MiB", {
        format!("{} MiB, {peak} at most while they are compiled; of it, the agent {} MiB", last.used, last.agent)
    });
    found(findings, "the agent's memory at most", format!("{} MiB", last.agent_peak));
    let killed = key.run(parent, MOVED, "dmesg | grep -ci 'out of memory' || true")?;
    ensure!(killed.trim() == "0", "the kernel ended programs for want of memory");
    ensure!(last.used <= MEMORY_MARK_MIB, "the box uses {} MiB, and is to use {MEMORY_MARK_MIB} at most", last.used);
    succeed(std::process::Command::new("rm").arg(&path)).map(drop)
}

/// What memory is used for at a moment, in MiB.
struct Sample {
    /// All that programs could not have, as `free` counts it: total less available.
    used: u64,
    /// Resident in the agent, the shared table included.
    agent: u64,
    /// The same at its highest.
    agent_peak: u64,
}

impl Sample {
    /// Reads a line of [`WATCH`].
    fn read(line: &str) -> Option<Self> {
        let mib = |name: &str| {
            let word = line.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix(':'))?;
            word.parse::<u64>().ok().map(|kib| kib / 1024)
        };
        let used = mib("MemTotal")?.checked_sub(mib("MemAvailable")?)?;
        Some(Self { used, agent: mib("VmRSS")?, agent_peak: mib("VmHWM")? })
    }
}

/// A name of the list: as long as real ones are on average, and no two alike.
fn listed_name(number: u32) -> String {
    format!("site-{number:06x}.listed{:02x}.example", number % 251)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_found_by_their_number() {
        let console = format!("{QUESTION}\n  1  52:54:00:00:00:02  cable\n  2  {WAN_MAC}  cable\nNumber: ");
        assert_eq!(provider_number(&console), Some(2));
        assert_eq!(provider_number(QUESTION), None);
    }

    #[test]
    fn samples_are_read() {
        let sample = Sample::read("MemTotal:204800 MemAvailable:102400 VmHWM:40960 VmRSS:30720 ").unwrap();
        assert_eq!((sample.used, sample.agent, sample.agent_peak), (100, 30, 40));
        assert!(Sample::read("MemTotal:204800 ").is_none());
    }
}
