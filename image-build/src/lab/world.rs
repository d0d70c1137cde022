//! What the home's resolver asks: unbound, which knows a small world of names and answers over plain DNS, TLS and
//! HTTPS.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Lab;
use super::ask::Asker;
use super::client::Ip;
use super::home::Who;
use super::household::Household;
use super::internet::{CHECKS, DNS_NAME, site_v4, site_v6};
use super::survey::Server;
use crate::interrupt;
use crate::process::{COMMAND_LIMIT, Daemon, run, succeed};

/// Its addresses on the internet, apart from the server that knows the sites.
pub(crate) const WORLD_V4: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 54);
/// See [`WORLD_V4`].
const WORLD_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x100, 0, 0, 0, 0, 0x54);
/// Where it answers DNS over HTTPS: the web server has port 443 of every address.
const HTTPS_PORT: u16 = 8443;
/// The set of servers that are asked over TLS.
const TLS_SET: &str = "over-tls";
/// The set of servers that are asked over HTTPS.
const HTTPS_SET: &str = "over-https";
/// The category that the tracker's domain is listed in.
const TRACKERS: &str = "ads";
const TRACKER: &str = "tracker.example";
const START_LIMIT: Duration = Duration::from_secs(15);
/// Number of the first of the names' addresses, beyond those of all sites.
const FIRST_NUMBER: u8 = 200;

/// A name that everybody may have; the server that knows the sites says that it does not exist.
pub(crate) const ORDINARY_NAME: &str = "meadow.example";
/// Beneath it there is every name, with [`WILD_V4`].
pub(crate) const WILD_ZONE: &str = "wild.example";
/// As [`WILD_ZONE`], but what it says holds for a second only.
pub(crate) const BRIEF_ZONE: &str = "brief.example";
/// A name that can always be reached.
pub(crate) const HELPLINE: &str = "childline.org.uk";
/// The address of all names of these zones.
pub(crate) const WILD_V4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 191);
/// Hosts with an address of each IP version.
const HOSTS: [&str; 24] = [
    ORDINARY_NAME,
    "shop.example",
    "collect.tracker.example",
    "www.google.com",
    "forcesafesearch.google.com",
    "www.bing.com",
    "strict.bing.com",
    "duckduckgo.com",
    "safe.duckduckgo.com",
    "www.youtube.com",
    "restrict.youtube.com",
    "restrictmoderate.youtube.com",
    "use-application-dns.net",
    "mask.icloud.com",
    "mask-h2.icloud.com",
    "resolver.example",
    HELPLINE,
    CHECKS[0].name,
    CHECKS[1].name,
    CHECKS[2].name,
    CHECKS[3].name,
    CHECKS[4].name,
    CHECKS[5].name,
    CHECKS[6].name,
];

/// Everything else. A public name with the home router's addresses is what a rebinding attack answers with; the `ech`
/// parameter is a list of one configuration with a key of no consequence.
const RECORDS: &str = "\
metrics.shop.example. CNAME collect.tracker.example.
lure.example. A 192.168.77.1
lure.example. AAAA fd77::1
shop.example. HTTPS 1 . alpn=h2 ech=AEX+DQBBTQAgACBzl1pbPUvgTqUlAxoUcMBkuWeTgO3gRmqLAMfhmKkJSQAEAAEAAQASY2xvdWRmbGFyZS1lY2guY29tAAA=
www.google.com. HTTPS 1 . alpn=h2,h3
_dns.resolver.arpa. SVCB 1 resolver.example. alpn=dot
*.wild.example. A 203.0.113.191
*.brief.example. 1 A 203.0.113.191
";

/// The addresses of a host of this world, IPv4 and IPv6; none if it has none of its own.
pub(crate) fn addresses(name: &str) -> Option<(Ipv4Addr, Ipv6Addr)> {
    let place = HOSTS.iter().position(|host| *host == name)?;
    let number = FIRST_NUMBER + u8::try_from(place).ok()?;
    Some((site_v4(number), site_v6(number)))
}

/// The hosts of this world whose addresses are somewhere in `text`.
pub(crate) fn hosts_in(text: &str) -> Vec<&'static str> {
    let is_in = |host: &&str| {
        addresses(host).is_some_and(|(v4, v6)| text.contains(&v4.to_string()) || text.contains(&v6.to_string()))
    };
    HOSTS.into_iter().filter(is_in).collect()
}

/// The family of the laboratory with an agent that resolves names by this world: Mia's over TLS, Jonas's over HTTPS, and
/// everybody else's over plain DNS. A tracker's domain is on a list.
pub(crate) fn household(lab: &Lab) -> Result<Household> {
    household_with(lab, "", "")
}

/// The same with further `settings` of the `[resolver]` section, and with further `tables` of it.
pub(crate) fn household_with(lab: &Lab, settings: &str, tables: &str) -> Result<Household> {
    let mut household = Household::new(lab);
    household.set_resolver(format!(
        "[resolver]\n{settings}https_port = 443\nupstreams = [\"udp://{WORLD_V4}\", \"udp://[{WORLD_V6}]\"]\n\
         certificates = \"{}\"\n\n[resolver.upstream_sets]\n{TLS_SET} = [\"tls://{DNS_NAME}@[{WORLD_V6}]\"]\n\
         {HTTPS_SET} = [\"https://{DNS_NAME}@{WORLD_V4}:{HTTPS_PORT}/dns-query\"]\n{tables}",
        lab.internet.authority.display()
    ));
    // Names are asked of the usual port over HTTPS, so the pages are served without.
    household.set_web("[web]\nhttps_port = 0\n".to_owned());
    household.set_upstreams(Who::Mia, TLS_SET);
    household.set_upstreams(Who::Jonas, HTTPS_SET);
    household.add_list(lab, TRACKERS, &[TRACKER])?;
    Ok(household)
}

/// Waits until the agent answers what Mia asks of it, and of servers on the internet. Those alone would not do: before it
/// redirects questions, they answer by themselves.
pub(crate) fn wait_answering(lab: &Lab) -> Result<()> {
    interrupt::wait_until("the agent's answers", START_LIMIT, || {
        for server in [Server::Router, Server::Foreign] {
            for ip in Ip::ALL {
                let reply = Asker::Dig.ask(lab.home.of(Who::Mia), server.address(ip), ORDINARY_NAME, "A")?;
                if reply.is_none_or(|reply| reply.status != "NOERROR") {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    })
}

/// Questions that it was asked.
pub(crate) struct Asked {
    /// Over UDP and TCP, unencrypted.
    pub(crate) plain: u64,
    /// Over TLS.
    pub(crate) tls: u64,
    /// Over HTTPS.
    pub(crate) https: u64,
}

/// The server. It ends with this value.
pub(crate) struct World {
    _server: Daemon,
    configuration: PathBuf,
}

impl World {
    /// Starts it in the laboratory's internet.
    pub(crate) fn start(lab: &Lab) -> Result<Self> {
        let internet = &lab.internet.namespace;
        internet.ip(["addr", "replace", &format!("{WORLD_V6}/128"), "dev", "lo", "nodad"])?;
        let zone = lab.folder.path("world.zone");
        fs::write(&zone, zone_text()?).with_context(|| format!("cannot write {}", zone.display()))?;
        let configuration = lab.folder.path("unbound.conf");
        let text = configuration_text(&lab.folder.path(""))?;
        fs::write(&configuration, text).with_context(|| format!("cannot write {}", configuration.display()))?;
        let mut command = internet.command("unbound");
        command.arg("-d").arg("-c").arg(&configuration);
        let mut server = Daemon::start("unbound", &mut command, &lab.folder.path("unbound.log"))?;
        interrupt::wait_until("the start of unbound", START_LIMIT, || {
            server.check()?;
            Ok(run(control(&configuration).arg("status"), COMMAND_LIMIT)?.status.success())
        })?;
        Ok(Self { _server: server, configuration })
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Result<Asked> {
        let text = succeed(control(&self.configuration).arg("stats_noreset"))?;
        let count = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.and_then(|number| number.parse::<u64>().ok()).with_context(|| format!("unbound does not tell {key}"))
        };
        // unbound counts a question over HTTPS as one over TLS too.
        let (all, tls, https) = (count("total.num.queries")?, count("num.query.tls")?, count("num.query.https")?);
        Ok(Asked { plain: all.saturating_sub(tls), tls: tls.saturating_sub(https), https })
    }
}

fn control(configuration: &Path) -> Command {
    let mut command = Command::new("unbound-control");
    command.arg("-c").arg(configuration);
    command
}

fn zone_text() -> Result<String> {
    let mut text = String::from(
        "$ORIGIN .\n$TTL 300\n. SOA ns.world.example. hostmaster.world.example. 1 3600 900 86400 60\n\
         . NS ns.world.example.\nns.world.example. A 127.0.0.1\n",
    );
    for host in HOSTS {
        let (v4, v6) = addresses(host).context("a host of the world has no address")?;
        writeln!(text, "{host}. A {v4}\n{host}. AAAA {v6}")?;
    }
    text += RECORDS;
    Ok(text)
}

fn configuration_text(folder: &Path) -> Result<String> {
    let folder = folder.display();
    let mut text = format!(
        "server:
  directory: \"{folder}\"
  username: \"\"
  chroot: \"\"
  pidfile: \"\"
  use-syslog: no
  do-daemonize: no
  module-config: \"iterator\"
  extended-statistics: yes
  access-control: 0.0.0.0/0 allow
  access-control: ::0/0 allow
  tls-service-key: \"{folder}sites.key\"
  tls-service-pem: \"{folder}sites.crt\"
  https-port: {HTTPS_PORT}
auth-zone:
  name: \".\"
  zonefile: \"{folder}world.zone\"
  for-downstream: no
  for-upstream: yes
  fallback-enabled: no
remote-control:
  control-enable: yes
  control-interface: \"{folder}unbound.sock\"
  control-use-cert: no
server:
"
    );
    for port in [53, 853, HTTPS_PORT] {
        writeln!(text, "  interface: {WORLD_V4}@{port}\n  interface: {WORLD_V6}@{port}")?;
    }
    Ok(text)
}
