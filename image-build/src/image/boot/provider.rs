//! The provider's end: its addresses, and its servers for DHCP, router advertisements and prefix delegation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::concentrator;
use crate::lab::internet::DNS_V4;
use crate::lab::namespace::{Namespace, RunFolder};
use crate::process::{Daemon, succeed};

/// What it delegates: a prefix of 56 bits.
pub(super) const DELEGATED: &str = "2001:db8:aa00::";
/// What a router of the provider's advertises to the home.
const ADVERTISED: &str = "2001:db8:77::";
/// Its address on the line, with the prefix length.
const ADDRESS_V6: &str = "2001:db8:77::1/64";
/// Its end of the line.
const PORT: &str = "home0";

/// What the provider has at its end of the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Provider {
    /// An address by DHCP, and a prefix by DHCPv6.
    Line,
    /// The same, from the very network that the home has unless somebody says otherwise.
    SameNetwork,
    /// A router of its own, which is the home's: a network for all devices, names, and router advertisements.
    Router,
    /// Nothing but the way to its access concentrator, which does all that.
    Concentrator,
}

/// Addresses of IPv4 on the line.
struct Network {
    /// The provider's own, with the prefix length.
    own: &'static str,
    /// The first and the last that are handed out, and the mask.
    range: &'static str,
}

impl Provider {
    const fn network(self) -> Network {
        match self {
            Self::Line | Self::Concentrator => {
                Network { own: "198.51.100.1/28", range: "198.51.100.4,198.51.100.12,255.255.255.240" }
            }
            Self::SameNetwork => {
                Network { own: "192.168.77.1/24", range: "192.168.77.100,192.168.77.120,255.255.255.0" }
            }
            Self::Router => Network { own: "192.168.178.1/24", range: "192.168.178.20,192.168.178.100,255.255.255.0" },
        }
    }

    /// Its address on the line.
    pub(super) fn address(self) -> &'static str {
        let own = self.network().own;
        own.split_once('/').map_or(own, |(address, _)| address)
    }

    /// How the addresses begin that devices in the home have of IPv6.
    pub(super) const fn home_prefix(self) -> &'static str {
        match self {
            Self::Router => ADVERTISED,
            Self::Line | Self::SameNetwork | Self::Concentrator => DELEGATED,
        }
    }

    /// Gives the end of the line its addresses, and starts the servers.
    pub(super) fn start(self, network: &Namespace, folder: &RunFolder) -> Result<Vec<Daemon>> {
        for address in [self.network().own, ADDRESS_V6] {
            network.ip(["addr", "add", address, "dev", PORT])?;
        }
        network.ip(["link", "set", PORT, "up"])?;
        let mut servers = Vec::new();
        match self {
            Self::Line | Self::SameNetwork => {
                servers.push(self.dhcp(
                    network,
                    folder,
                    &format!("port=0\ndhcp-option=option:dns-server,{DNS_V4}\n"),
                )?);
                servers.push(advertise(network, folder, "off")?);
                servers.push(delegate(network, folder)?);
            }
            Self::Router => {
                // It answers names itself, those of devices in the home too.
                let names = format!("except-interface=lo\nno-resolv\nserver={DNS_V4}\ndomain-needed\n");
                servers.push(self.dhcp(network, folder, &names)?);
                servers.push(advertise(network, folder, "on")?);
            }
            Self::Concentrator => concentrator::routes(network)?,
        }
        Ok(servers)
    }

    fn dhcp(self, network: &Namespace, folder: &RunFolder, names: &str) -> Result<Daemon> {
        dhcp_server(network, PORT, self.network().range, names, folder)
    }
}

/// dnsmasq handing out addresses at an interface; `names` is what its configuration says of DNS.
pub(super) fn dhcp_server(at: &Namespace, port: &str, range: &str, names: &str, folder: &RunFolder) -> Result<Daemon> {
    let leases = write(folder, &format!("{port}.leases"), "")?;
    let config = write(
        folder,
        &format!("{port}-dnsmasq.conf"),
        &format!(
            "interface={port}\nbind-dynamic\nuser=root\nno-ping\ndhcp-authoritative\nno-hosts\ndhcp-range={range},1h\n\
             dhcp-leasefile={}\n{names}",
            leases.display()
        ),
    )?;
    let mut command = at.command("dnsmasq");
    command.args(["--keep-in-foreground", "--pid-file="]).arg(format!("--conf-file={}", config.display()));
    start("dhcp-dnsmasq", &mut command, folder)
}

/// radvd; with `own_addresses` on, devices make their addresses themselves.
fn advertise(network: &Namespace, folder: &RunFolder, own_addresses: &str) -> Result<Daemon> {
    let managed = if own_addresses == "on" { "off" } else { "on" };
    let config = write(
        folder,
        "radvd.conf",
        &format!(
            "interface {PORT} {{\n AdvSendAdvert on;\n AdvManagedFlag {managed};\n MinRtrAdvInterval 3;\n \
             MaxRtrAdvInterval 4;\n prefix {ADVERTISED}/64 {{ AdvAutonomous {own_addresses}; }};\n}};\n"
        ),
    )?;
    let mut command = network.command("radvd");
    command.args(["-n", "-m", "stderr", "-p"]).arg(folder.path("radvd.pid")).arg("-C").arg(config);
    start("radvd", &mut command, folder)
}

/// ISC's DHCP server, which dnsmasq is not for prefixes.
fn delegate(network: &Namespace, folder: &RunFolder) -> Result<Daemon> {
    let config = write(
        folder,
        "dhcpd6.conf",
        &format!(
            "default-lease-time 3600;\noption dhcp6.name-servers 2001:db8:100::53;\nsubnet6 2001:db8:77::/64 {{\n range6 \
             2001:db8:77::100 2001:db8:77::1ff;\n prefix6 {DELEGATED} {DELEGATED} /56;\n}}\n"
        ),
    )?;
    let leases = write(folder, "dhcpd6.leases", "")?;
    let mut command = network.command("dhcpd");
    command.args(["-6", "-f", "-q", "-user", "root", "-group", "root", "-cf"]).arg(config);
    command.arg("-lf").arg(leases).arg("-pf").arg(folder.path("dhcpd.pid")).arg(PORT);
    start("dhcpd", &mut command, folder)
}

/// Has packets of the line that are too large vanish without a word on their way from the internet, as they do behind
/// many a provider's firewall.
pub(super) fn silence_path_mtu(network: &Namespace) -> Result<()> {
    let rules = "add table inet silent; add chain inet silent input { type filter hook input priority 0; }; \
                 add rule inet silent input icmp type destination-unreachable icmp code frag-needed drop; \
                 add rule inet silent input icmpv6 type packet-too-big drop";
    succeed(network.command("nft").arg(rules)).map(drop)
}

fn start(name: &str, command: &mut Command, folder: &RunFolder) -> Result<Daemon> {
    Daemon::start(name, command, &folder.path(&format!("{name}.log")))
}

fn write(folder: &RunFolder, name: &str, text: &str) -> Result<PathBuf> {
    let path: &Path = &folder.path(name);
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path.to_owned())
}
