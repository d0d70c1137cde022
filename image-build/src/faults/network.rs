//! Faults of the network.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::Stage;
use crate::interrupt;
use crate::lab::agent::attached;
use crate::lab::client::{Ip, dig};
use crate::lab::home::{CLIENT_PORT, Who};
use crate::lab::survey::{Server, survey};
use crate::process::{run, succeed, succeed_with_input};

/// How soon the gate has to stand at a new port.
const ATTACH_LIMIT: Duration = Duration::from_secs(5);
/// Gives every packet that leaves a sender of its own: a counter in the lower four bytes of its hardware address.
const STORM: &str = "table netdev storm {
    chain out {
        type filter hook egress device \"eth0\" priority 0
        @ll,64,32 set numgen inc mod 10000
    }
}
";
/// Packets of the storm: every address twice.
const STORM_PACKETS: &str = "20000";

pub(super) fn port_comes_back(stage: &mut Stage<'_>) -> Result<()> {
    let (lab, port) = (stage.lab, Who::Mia.port());
    for round in 1..=3 {
        lab.home.set_plugged(Who::Mia, false)?;
        interrupt::sleep(Duration::from_millis(200))?;
        lab.home.set_plugged(Who::Mia, true)?;
        interrupt::wait_until("the return of the gate to a port", ATTACH_LIMIT, || {
            Ok(attached(&stage.gate.status(lab.home.gate_host())?, port))
        })?;
        stage.check_gate(&format!("after port {round} came back"))?;
    }
    Ok(())
}

pub(super) fn device_storm(stage: &mut Stage<'_>) -> Result<()> {
    let lab = stage.lab;
    let visitor = lab.home.of(Who::Visitor);
    // The storm's answers go to addresses that do not exist; the router must not wait for them one by one.
    lab.home.router.ip([
        "neigh",
        "replace",
        &Who::Visitor.v4().to_string(),
        "lladdr",
        Who::Visitor.mac(),
        "dev",
        "br-lan",
    ])?;
    succeed_with_input(visitor.command("nft").args(["-f", "-"]), STORM.as_bytes())?;
    let mut ping = visitor.command("ping");
    ping.args(["-q", "-f", "-c", STORM_PACKETS, "-W", "1", "-I", CLIENT_PORT, "192.168.77.1"]);
    // That answers get lost is expected; that the packets were sent shows in the count of strangers.
    run(&mut ping, Duration::from_secs(120))?;
    stage.check_gate("after the storm")?;
    succeed(visitor.command("nft").args(["delete", "table", "netdev", "storm"]))?;
    let status = stage.gate.status(lab.home.gate_host())?;
    let unknown = status.get("unknown_devices").and_then(serde_json::Value::as_u64).unwrap_or_default();
    ensure!(unknown > 0, "the agent heard of no unknown device");
    // The visitor is still served by the rules for unknown devices, and everybody else by their own.
    let sites = [stage.blocked()?, stage.open()?];
    for reach in survey(lab, &[Who::Visitor, Who::Parent], &sites)? {
        let should = reach.who == Who::Parent || reach.site == 1;
        ensure!(reach.is_open() == Some(should), "{} after the storm: {}", reach.who.title(), reach.ways());
    }
    ensure!(dig(visitor, Server::Router.address(Ip::V4), &sites[1].name, Ip::V4, false)?.is_open(), "no DNS any more");
    Ok(())
}
