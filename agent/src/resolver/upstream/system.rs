//! The servers that the system was told of by its provider, from a file in the manner of resolv.conf(5).

use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tracing::info;

use super::ServerMaker;
use super::address::{Protocol, ServerAddress};
use super::set::Set;
use crate::locks::lock;

/// Where the provider's servers are written: OpenWrt, systemd, and everybody else. On the first two the last one only
/// names a server on the machine itself.
pub(super) const PATHS: [&str; 4] = [
    "/tmp/resolv.conf.d/resolv.conf.auto",
    "/tmp/resolv.conf.auto",
    "/run/systemd/resolve/resolv.conf",
    "/etc/resolv.conf",
];
/// How often the files are looked at, at most.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Bytes of a file that are read.
const FILE_MAX: u64 = 16 << 10;
/// Servers that are used at most.
const SERVERS_MAX: usize = 8;

/// The set of the system's servers as they are now.
pub(super) struct SystemServers {
    paths: Vec<PathBuf>,
    own_addresses: Vec<IpAddr>,
    maker: ServerMaker,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    looked_at: Option<Instant>,
    addresses: Vec<SocketAddr>,
    set: Set,
}

impl SystemServers {
    pub(super) fn new(paths: Option<Vec<PathBuf>>, own_addresses: Vec<IpAddr>, maker: ServerMaker) -> Self {
        let paths = paths.unwrap_or_else(|| PATHS.iter().map(PathBuf::from).collect());
        Self { paths, own_addresses, maker, known: Mutex::default() }
    }

    /// The servers, looked up anew if that was some time ago. What is known of them is lost only if they change.
    pub(super) fn set(&self) -> Set {
        let mut known = lock(&self.known);
        let now = Instant::now();
        if known.looked_at.is_none_or(|at| now.duration_since(at) >= LOOK_EVERY) {
            known.looked_at = Some(now);
            let addresses = self.look();
            if addresses != known.addresses {
                info!(?addresses, "the system names these servers");
                known.set = self.maker.set(addresses.iter().copied().map(ServerAddress::plain).collect());
                known.addresses = addresses;
            }
        }
        known.set.clone()
    }

    /// The servers of the first file that has any.
    fn look(&self) -> Vec<SocketAddr> {
        let servers = self.paths.iter().map(|path| {
            let mut servers = parse(&read(path), interface_index);
            // This resolver is what the machine itself asks.
            servers.retain(|server| !server.ip().is_loopback() && !self.own_addresses.contains(&server.ip()));
            servers.truncate(SERVERS_MAX);
            servers
        });
        servers.into_iter().find(|servers| !servers.is_empty()).unwrap_or_default()
    }
}

/// The servers in the text of a file. What is not understood is passed over, as the system's own resolver does.
fn parse(text: &str, interface_index: impl Fn(&str) -> Option<u32>) -> Vec<SocketAddr> {
    let port = Protocol::Udp.default_port();
    let server = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let address = words.next().filter(|word| *word == "nameserver").and(words.next())?;
        match address.split_once('%') {
            None => Some(SocketAddr::new(address.parse().ok()?, port)),
            // A link-local address means nothing without its link.
            Some((address, link)) => {
                let address: Ipv6Addr = address.parse().ok()?;
                let scope = link.parse().ok().or_else(|| interface_index(link))?;
                Some(SocketAddrV6::new(address, port, 0, scope).into())
            }
        }
    };
    let mut servers = Vec::new();
    for server in text.lines().filter_map(server) {
        if !server.ip().is_unspecified() && !servers.contains(&server) {
            servers.push(server);
        }
    }
    servers
}

/// The file's text; none if it cannot be read, since not every system has every file.
fn read(path: &Path) -> String {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(FILE_MAX).read_to_end(&mut bytes)) {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

fn interface_index(name: &str) -> Option<u32> {
    let is_name = !name.is_empty() && !name.starts_with('.') && !name.contains('/');
    let index = is_name.then(|| std::fs::read_to_string(format!("/sys/class/net/{name}/ifindex")))?.ok()?;
    index.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;

    #[test]
    fn servers_of_the_file() {
        let text = "# Interface wan\nnameserver 192.0.2.1\nnameserver  192.0.2.1 # again\n search example\n\
                    nameserver 2001:db8::1\nnameserver fe80::1%wan\nnameserver fe80::2%7\nnameserver fe80::3%none\n\
                    nameserver\nnameserver example.com\nnameservers 192.0.2.9\nnameserver 0.0.0.0\noptions edns0";
        let servers = parse(text, |name| (name == "wan").then_some(3));
        let expected =
            ["192.0.2.1:53", "[2001:db8::1]:53", "[fe80::1%3]:53", "[fe80::2%7]:53"].map(|text| text.parse().unwrap());
        assert_eq!(servers, expected);
        assert_eq!(parse("", |_| None), []);
    }

    #[tokio::test]
    async fn a_changed_file_is_noticed_and_the_resolver_itself_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let paths = ["missing", "first", "second"].map(|name| directory.path().join(name));
        std::fs::write(&paths[1], "nameserver 127.0.0.1\nnameserver 192.0.2.53\n").unwrap();
        std::fs::write(&paths[2], "nameserver 192.0.2.2\n").unwrap();
        let maker =
            ServerMaker { tls: super::super::tls::Clients::new(None).unwrap(), sockets: Arc::new(Semaphore::new(1)) };
        let own = vec!["192.0.2.53".parse().unwrap()];
        let system = SystemServers::new(Some(paths.to_vec()), own, maker);
        system.set();
        let addresses = || system.known.lock().unwrap().addresses.clone();
        assert_eq!(addresses(), ["192.0.2.2:53".parse().unwrap()]);
        std::fs::write(&paths[1], "nameserver 192.0.2.1\n").unwrap();
        system.set();
        assert_eq!(addresses(), ["192.0.2.2:53".parse().unwrap()], "not looked at for every question");
        system.known.lock().unwrap().looked_at = Some(Instant::now() - LOOK_EVERY);
        system.set();
        assert_eq!(addresses(), ["192.0.2.1:53".parse().unwrap()]);
    }
}
