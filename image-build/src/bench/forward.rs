//! Throughput of a router with the gate and without, over three network namespaces.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, anyhow};
use aya::programs::XdpMode;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;
use stairgate_abi::maps::names;

use super::domains::Domains;
use super::kernel::{BASELINE, Kernel};
use super::{median, report};
use crate::interrupt;
use crate::lab::namespace::{Namespace, RunFolder};
use crate::process::{COMMAND_LIMIT, Daemon, run, succeed};

/// Rounds, each of one transfer in every arrangement.
const ROUNDS: usize = 5;
/// Seconds of one transfer that count.
const SECONDS: &str = "3";
const SERVER: &str = "198.51.100.2";
/// The router's port towards the home.
const LAN: &str = "lan0";
/// The device that is filtered; see [`super::frames::CHILD`].
const CHILD: &str = "02:00:00:00:00:01";

/// Measures the three arrangements in turn, so that what else the machine does meets all of them.
pub(super) fn measure(domains: &Domains) -> Result<()> {
    let folder = RunFolder::create()?;
    let [client, router, server] = ["client", "router", "server"].map(Namespace::create);
    let (client, router, server) = (client?, router?, server?);
    connect(&client, &router, &server)?;
    let mut listener = server.command("iperf3");
    let _listener = Daemon::start("iperf3", listener.arg("--server"), &folder.path("iperf3.log"))?;
    interrupt::wait_until("iperf3", COMMAND_LIMIT, || {
        let mut probe = server.command("ss");
        Ok(run(probe.args(["-Hltn", "sport = :5201"]), COMMAND_LIMIT)?.stdout.contains(":5201"))
    })?;

    let mut kernel = Kernel::load(&domains.compile()?)?;
    let (mut plain, mut bare, mut gated) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plain.push(transfer(&client)?);
        bare.push(with_program(&mut kernel, BASELINE, &router, || transfer(&client))?);
        gated.push(with_program(&mut kernel, names::PROGRAM, &router, || transfer(&client))?);
    }
    let ratio = |ours: &[f64], base: &[f64]| median(ours.iter().zip(base).map(|(ours, base)| ours / base).collect());
    report("forward_ratio", ratio(&gated, &plain), "1", Some(1.0));
    report("forward_ratio_to_bare_xdp", ratio(&gated, &bare), "1", Some(1.0));
    report("forward_gbit", median(gated), "Gbit/s", Some(median(plain)));
    Ok(())
}

/// Client, router and server in a row. Frames have the size of a real network's: without offloads, since a home's
/// port hands the router one frame at a time.
fn connect(client: &Namespace, router: &Namespace, server: &Namespace) -> Result<()> {
    let ends = [(client, "eth0", LAN, "192.168.1.2", "192.168.1.1"), (server, "eth0", "wan0", SERVER, "198.51.100.1")];
    for (host, port, router_port, address, gateway) in ends {
        router.ip(["link", "add", router_port, "type", "veth", "peer", "name", port, "netns", host.name()])?;
        router.ip(["address", "add", &format!("{gateway}/24"), "dev", router_port])?;
        host.ip(["address", "add", &format!("{address}/24"), "dev", port])?;
        for (end, port) in [(host, port), (router, router_port)] {
            succeed(end.command("ethtool").args(["-K", port, "tso", "off", "gso", "off", "gro", "off"]))?;
            end.ip(["link", "set", port, "up"])?;
        }
        host.ip(["route", "add", "default", "via", gateway])?;
    }
    client.ip(["link", "set", "eth0", "address", CHILD])?;
    router.sysctl(["net.ipv4.ip_forward=1"])
}

/// Gigabits per second from client to server: the gate sees every byte.
fn transfer(client: &Namespace) -> Result<f64> {
    let mut command = client.command("iperf3");
    command.args(["--json", "--client", SERVER, "--time", SECONDS, "--omit", "1"]);
    let report: Value = serde_json::from_str(&run(&mut command, COMMAND_LIMIT)?.stdout)?;
    let received = report.pointer("/end/sum_received/bits_per_second").and_then(Value::as_f64);
    Ok(received.with_context(|| format!("iperf3 has no result: {}", report["error"]))? / 1e9)
}

/// Does `work` while the program is attached, natively, to the router's port towards the home.
fn with_program<T>(
    kernel: &mut Kernel,
    program: &str,
    router: &Namespace,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let xdp = kernel.program_mut(program)?;
    let attach = || -> Result<_> {
        let namespace = File::open(Path::new("/run/netns").join(router.name()))?;
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
        xdp.attach(LAN, XdpMode::Driver).with_context(|| format!("cannot attach {program} natively"))
    };
    // A thread of its own: it does not come back from the router's namespace.
    let link = thread::scope(|scope| scope.spawn(attach).join().unwrap_or_else(|_| Err(anyhow!("attaching failed"))))?;
    let result = work();
    kernel.program_mut(program)?.detach(link)?;
    result
}
