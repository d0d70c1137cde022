//! The provider's servers: DHCP, router advertisements, and DHCPv6 with prefix delegation.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::lab::namespace::{Namespace, RunFolder};
use crate::process::Daemon;

/// The provider's own addresses on the line.
pub(super) const ADDRESSES: [&str; 2] = ["198.51.100.1/28", "2001:db8:77::1/64"];
/// What it delegates: a prefix of 56 bits.
pub(super) const DELEGATED: &str = "2001:db8:aa00::";

/// Starts them.
pub(super) fn start(network: &Namespace, folder: &RunFolder) -> Result<Vec<Daemon>> {
    let write = |name: &str, text: &str| {
        let path = folder.path(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display())).map(|()| path)
    };
    let leases = |name: &str| write(name, "");
    let dhcp = write(
        "provider-dnsmasq.conf",
        "port=0\ninterface=home0\nbind-dynamic\nuser=root\nno-ping\ndhcp-authoritative\n\
         dhcp-range=198.51.100.4,198.51.100.12,255.255.255.240,1h\ndhcp-option=option:dns-server,198.51.100.53\n",
    )?;
    let advertise = write(
        "radvd.conf",
        "interface home0 {\n AdvSendAdvert on;\n AdvManagedFlag on;\n MinRtrAdvInterval 3;\n MaxRtrAdvInterval 4;\n \
         prefix 2001:db8:77::/64 { AdvAutonomous off; };\n};\n",
    )?;
    let delegate = write(
        "dhcpd6.conf",
        &format!(
            "default-lease-time 3600;\noption dhcp6.name-servers 2001:db8:100::53;\nsubnet6 2001:db8:77::/64 {{\n range6 \
             2001:db8:77::100 2001:db8:77::1ff;\n prefix6 {DELEGATED} {DELEGATED} /56;\n}}\n"
        ),
    )?;
    let mut servers = Vec::new();
    let mut start = |name: &str, command: &mut Command| -> Result<()> {
        servers.push(Daemon::start(name, command, &folder.path(&format!("{name}.log")))?);
        Ok(())
    };
    let file = |path: &Path| path.display().to_string();
    let dhcp_leases = leases("provider.leases")?;
    start(
        "provider-dnsmasq",
        network
            .command("dnsmasq")
            .args(["-k", "--pid-file=", &format!("--dhcp-leasefile={}", file(&dhcp_leases))])
            .arg(format!("--conf-file={}", file(&dhcp))),
    )?;
    start(
        "radvd",
        network
            .command("radvd")
            .args(["-n", "-m", "stderr", "-p", &file(&folder.path("radvd.pid")), "-C"])
            .arg(&advertise),
    )?;
    let leases6 = leases("dhcpd6.leases")?;
    let mut dhcpd = network.command("dhcpd");
    dhcpd.args(["-6", "-f", "-q", "-user", "root", "-group", "root", "-cf", &file(&delegate), "-lf", &file(&leases6)]);
    start("dhcpd", dhcpd.args(["-pf", &file(&folder.path("dhcpd.pid")), "home0"]))?;
    Ok(servers)
}
