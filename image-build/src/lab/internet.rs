//! The internet: one namespace with a real DNS server, a real web server for every site, and iperf3.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::client::Ip;
use super::namespace::{Namespace, RunFolder};
use super::sites::Site;
use crate::interrupt;
use crate::process::{Daemon, run, succeed};

/// The DNS server that knows every site.
pub(crate) const DNS_V4: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 53);
/// See [`DNS_V4`].
pub(crate) const DNS_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x100, 0, 0, 0, 0, 0x53);
/// The name in the certificate of the DNS server that answers over TLS and HTTPS.
pub(crate) const DNS_NAME: &str = "dns.laboratory.test";
/// The name that computers ask for the time, and its address here. Who wants the time has to start a server for it.
pub(crate) const TIME: (&str, Ipv4Addr) = ("pool.ntp.org", Ipv4Addr::new(203, 0, 113, 253));
/// Where iperf3 listens, apart from all sites.
pub(crate) const IPERF_V4: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 80);
/// See [`IPERF_V4`].
pub(crate) const IPERF_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x100, 0, 0, 0, 0, 0x80);
/// Where the first iperf3 listens.
pub(crate) const FIRST_IPERF_PORT: u16 = 5201;
/// The page that never ends, on every site.
pub(crate) const ENDLESS_PAGE: &str = "film.bin";
/// Its size: a hole in a file, so that it takes no room.
const ENDLESS_PAGE_BYTES: u64 = 1 << 40;
/// What the front page of every site says.
pub(crate) const FRONT_PAGE: &str = "A page of the laboratory's internet.\n";

/// What a system asks, over plain HTTP, to learn whether it is online.
pub(crate) struct Check {
    /// The system.
    pub(crate) system: &'static str,
    /// The host that it asks.
    pub(crate) name: &'static str,
    /// What it asks for.
    pub(crate) path: &'static str,
    /// The status that means that it is online.
    pub(crate) status: &'static str,
    /// What comes with it.
    pub(crate) body: &'static str,
}

impl Check {
    const fn page(system: &'static str, name: &'static str, path: &'static str, body: &'static str) -> Self {
        Self { system, name, path, status: "200", body }
    }

    const fn nothing(system: &'static str, name: &'static str) -> Self {
        Self { system, name, path: NOTHING, status: "204", body: "" }
    }
}

/// A path at which every site answers that there is nothing.
const NOTHING: &str = "/generate_204";

/// The connection checks of common systems.
#[rustfmt::skip]
pub(crate) const CHECKS: [Check; 7] = [
    Check::page("Apple", "captive.apple.com", "/hotspot-detect.html",
        "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"),
    Check::nothing("Android and ChromeOS", "connectivitycheck.gstatic.com"),
    Check::nothing("Samsung", "d2uzsrnmmf6tds.cloudfront.net"),
    Check::nothing("Xiaomi", "connect.rom.miui.com"),
    Check::page("Windows", "www.msftconnecttest.com", "/connecttest.txt", "Microsoft Connect Test"),
    Check::page("Firefox", "detectportal.firefox.com", "/canonical.html",
        "<meta http-equiv=\"refresh\" content=\"0;url=https://support.mozilla.org/kb/captive-portal\"/>"),
    Check::page("GNOME", "nmcheck.gnome.org", "/check_network_status.txt", "NetworkManager is online"),
];

const PROVIDER_PORT: &str = "home0";
const MODULES: [&str; 6] = ["mpm_event", "authz_core", "alias", "dir", "ssl", "http2"];
const MODULES_FOLDER: &str = "/usr/lib/apache2/modules";

/// The address of the site with this number: TEST-NET-3 of RFC 5737.
pub(crate) const fn site_v4(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(203, 0, 113, number)
}

/// The address of the site with this number: the documentation prefix of RFC 3849.
pub(crate) const fn site_v6(number: u8) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 0x113, 0, 0, 0, 0, number as u16)
}

/// The internet. Its servers end with it.
pub(crate) struct Internet {
    servers: Vec<Daemon>,
    /// Its namespace.
    pub(crate) namespace: Namespace,
    /// The certificate that clients have to trust.
    pub(crate) authority: PathBuf,
}

impl Internet {
    /// Builds it with a server for each of `sites`.
    pub(crate) fn build(folder: &RunFolder, sites: &[Site]) -> Result<Self> {
        let namespace = Namespace::create("internet")?;
        namespace.sysctl(["net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0"])?;
        // Every address of these prefixes is this machine's, without listing them one by one.
        for prefix in ["203.0.113.0/24", "198.51.100.48/28", "198.51.100.80/32"] {
            namespace.ip(["route", "add", "local", prefix, "dev", "lo"])?;
        }
        namespace.ip(["-6", "route", "add", "local", "2001:db8:113::/64", "dev", "lo"])?;
        // For IPv6 that does not suffice to bind a socket to one of them.
        for address in [DNS_V6, IPERF_V6] {
            namespace.ip(["addr", "add", &format!("{address}/128"), "dev", "lo", "nodad"])?;
        }
        let authority = certificates(folder, sites)?;
        let servers = vec![name_server(&namespace, folder, sites)?, web_server(&namespace, folder)?];
        let mut internet = Self { servers, namespace, authority };
        internet.wait_listening(&[53, 80, 443])?;
        Ok(internet)
    }

    /// Connects a home's router by its interface `port`.
    pub(crate) fn plug_in(&self, router: &Namespace, port: &str) -> Result<()> {
        let namespace = &self.namespace;
        #[rustfmt::skip]
        namespace.ip(["link", "add", PROVIDER_PORT, "type", "veth", "peer", "name", port, "netns", router.name()])?;
        namespace.ip(["addr", "add", "198.51.100.1/28", "dev", PROVIDER_PORT])?;
        namespace.ip(["addr", "add", "2001:db8:77::1/64", "dev", PROVIDER_PORT, "nodad"])?;
        namespace.ip(["link", "set", PROVIDER_PORT, "up"])?;
        router.ip(["addr", "add", "198.51.100.2/28", "dev", port])?;
        router.ip(["addr", "add", "2001:db8:77::2/64", "dev", port, "nodad"])?;
        router.ip(["link", "set", port, "up"])?;
        Self::add_default_routes(router)?;
        namespace.ip(["-6", "route", "add", "fd77::/64", "via", "2001:db8:77::2"])
    }

    /// Tells a home's router the way here.
    pub(crate) fn add_default_routes(router: &Namespace) -> Result<()> {
        router.ip(["route", "add", "default", "via", "198.51.100.1"])?;
        router.ip(["-6", "route", "add", "default", "via", "2001:db8:77::1"])
    }

    /// Makes the line to the home as slow as an ordinary one, so that a film takes minutes.
    pub(crate) fn shape(&self, rate: &str) -> Result<()> {
        let mut command = self.namespace.command("tc");
        command.args(["qdisc", "replace", "dev", PROVIDER_PORT, "root", "tbf"]);
        command.args(["rate", rate, "burst", "64k", "latency", "20ms"]);
        succeed(&mut command).map(drop)
    }

    /// Takes the limit of [`Internet::shape`] away.
    pub(crate) fn unshape(&self) -> Result<()> {
        succeed(self.namespace.command("tc").args(["qdisc", "del", "dev", PROVIDER_PORT, "root"])).map(drop)
    }

    /// Starts `count` servers for iperf3, at the ports from [`FIRST_IPERF_PORT`]: each serves one client at a time.
    pub(crate) fn start_iperf(&mut self, folder: &RunFolder, count: u8) -> Result<()> {
        let ports: Vec<u16> = (FIRST_IPERF_PORT..).take(usize::from(count)).collect();
        for port in &ports {
            let mut command = self.namespace.command("iperf3");
            command.args(["--server", "--interval", "0", "--port", &port.to_string()]);
            self.servers.push(Daemon::start("iperf3", &mut command, &folder.path("iperf3.log"))?);
        }
        self.wait_listening(&ports)
    }

    fn wait_listening(&mut self, ports: &[u16]) -> Result<()> {
        let Self { servers, namespace, .. } = self;
        interrupt::wait_until("the start of the internet's servers", Duration::from_secs(15), || {
            servers.iter_mut().try_for_each(Daemon::check)?;
            let listening = run(namespace.command("ss").args(["-Hltn"]), Duration::from_secs(5))?.stdout;
            Ok(ports.iter().all(|port| listening.contains(&format!(":{port} "))))
        })
    }
}

/// A throw-away authority and one certificate for all sites. Returns the authority's certificate.
fn certificates(folder: &RunFolder, sites: &[Site]) -> Result<PathBuf> {
    let (authority, authority_key) = (folder.path("authority.crt"), folder.path("authority.key"));
    let mut command = request();
    command.args(["-subj", "/CN=Stairgate laboratory"]);
    succeed(command.arg("-keyout").arg(&authority_key).arg("-out").arg(&authority))?;
    let mut names = format!("DNS:laboratory.test,DNS:{DNS_NAME}");
    for site in sites {
        write!(names, ",DNS:{}", site.name)?;
    }
    certificate_for(folder, "sites", &names)?;
    Ok(authority)
}

/// Has the laboratory's authority make a certificate for these alternative names, as OpenSSL writes them. Returns the files
/// `STEM.crt` and `STEM.key`.
pub(crate) fn certificate_for(folder: &RunFolder, stem: &str, names: &str) -> Result<(PathBuf, PathBuf)> {
    let (certificate, key) = (folder.path(&format!("{stem}.crt")), folder.path(&format!("{stem}.key")));
    let names = format!("subjectAltName={names}");
    let mut command = request();
    command.args(["-subj", "/CN=laboratory.test", "-addext", &names, "-addext", "basicConstraints=critical,CA:FALSE"]);
    command.arg("-CA").arg(folder.path("authority.crt")).arg("-CAkey").arg(folder.path("authority.key"));
    succeed(command.arg("-keyout").arg(&key).arg("-out").arg(&certificate))?;
    Ok((certificate, key))
}

/// OpenSSL, about to make a key and a certificate.
fn request() -> Command {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "60"]);
    command
}

/// dnsmasq as the authority for every site; any other name does not exist.
fn name_server(namespace: &Namespace, folder: &RunFolder, sites: &[Site]) -> Result<Daemon> {
    let mut config = String::from("no-resolv\nno-hosts\nlocal=/#/\nlocal-ttl=1\nbind-interfaces\nuser=root\n");
    config.push_str("edns-packet-max=1232\ncache-size=10000\n");
    for address in [DNS_V4.to_string(), DNS_V6.to_string()] {
        writeln!(config, "listen-address={address}")?;
    }
    writeln!(config, "host-record={},{}", TIME.0, TIME.1)?;
    for site in sites {
        writeln!(config, "host-record={},{},{}", site.name, site.address(Ip::V4), site.address(Ip::V6))?;
    }
    let path = folder.path("dnsmasq.conf");
    fs::write(&path, config).with_context(|| format!("cannot write {}", path.display()))?;
    let mut command = namespace.command("dnsmasq");
    command.args(["--keep-in-foreground", "--pid-file="]).arg(format!("--conf-file={}", path.display()));
    Daemon::start("dnsmasq", &mut command, &folder.path("dnsmasq.log"))
}

/// Apache with TLS and HTTP/2 for every site.
fn web_server(namespace: &Namespace, folder: &RunFolder) -> Result<Daemon> {
    let pages = folder.path("pages");
    fs::create_dir_all(&pages).context("cannot make the pages' folder")?;
    fs::write(pages.join("index.html"), FRONT_PAGE).context("cannot write the front page")?;
    let endless = File::create(pages.join(ENDLESS_PAGE)).and_then(|file| file.set_len(ENDLESS_PAGE_BYTES));
    endless.context("cannot make the endless page")?;
    for check in CHECKS.iter().filter(|check| !check.body.is_empty()) {
        fs::write(pages.join(&check.path[1..]), check.body).context("cannot write a connection check")?;
    }
    let mut config = String::new();
    for module in MODULES {
        writeln!(config, "LoadModule {module}_module {MODULES_FOLDER}/mod_{module}.so")?;
    }
    let root = folder.path("");
    let root = root.display();
    write!(
        config,
        "ServerRoot {root}
ServerName laboratory.test
PidFile {root}apache.pid
ErrorLog {root}apache-errors.log
User www-data
Group www-data
Listen 80
Listen 443
DocumentRoot {root}pages
DirectoryIndex index.html
Redirect 204 {NOTHING}
<Directory {root}pages>
    Require all granted
</Directory>
KeepAliveTimeout 5
Timeout 30
# Mapping a hole of a memory file system would fill it with memory.
EnableMMAP Off
EnableSendfile Off
SSLSessionCache none
<VirtualHost *:443>
    SSLEngine on
    SSLCertificateFile {root}sites.crt
    SSLCertificateKeyFile {root}sites.key
    Protocols h2 http/1.1
</VirtualHost>
"
    )?;
    let path = folder.path("apache.conf");
    fs::write(&path, config).with_context(|| format!("cannot write {}", path.display()))?;
    let mut command = namespace.command("apache2");
    command.arg("-DFOREGROUND").arg("-f").arg(&path);
    Daemon::start("apache2", &mut command, &folder.path("apache.log"))
}
