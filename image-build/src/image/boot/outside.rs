//! What the internet reaches of the box and of the home behind it, which is to be nothing.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::family::PACE;
use super::surroundings::Surroundings;
use super::{Findings, PATIENCE, found};
use crate::interrupt;
use crate::lab::client::Ip;
use crate::lab::download::Download;
use crate::lab::namespace::Namespace;
use crate::process::succeed;

/// Where the box has its services: SSH, names, DHCP, pages, time, DHCPv6, names over TLS, names of the neighbourhood.
const PORTS: [u16; 10] = [22, 53, 67, 80, 123, 443, 546, 547, 853, 5353];
/// Time for an answer on a line that takes a millisecond, to a machine that is emulated.
const ANSWER_LIMIT: Duration = Duration::from_millis(1500);
/// A question for the root's name servers (RFC 1035 §4.1), which a name server answers, and other servers at least refuse.
const QUESTION: [u8; 17] = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
/// Where a device in the home listens for this check.
const DEVICE_PORT: u16 = 8080;

/// Looks from the internet at the box's `addresses` on its way out, at its addresses in the home, and, where it has one, at
/// the child's device.
pub(super) fn look(
    surroundings: &Surroundings,
    addresses: &[IpAddr],
    inside: IpAddr,
    child: Option<Ipv6Addr>,
    findings: &mut Findings,
) -> Result<()> {
    let Surroundings { internet, parent, .. } = surroundings;
    ensure!(!addresses.is_empty(), "the box has no address at its way out");
    // From the home, the same look has to find something, or it would find nothing anywhere.
    let seen = answers(parent, inside)?;
    ensure!(seen.contains(&"80/tcp".to_owned()) && seen.contains(&"53/udp".to_owned()), "the home sees only {seen:?}");
    for address in addresses {
        let seen = answers(&internet.namespace, *address)?;
        ensure!(seen.is_empty(), "the internet gets answers at {address} from {seen:?}");
    }
    let text: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    found(findings, &format!("answers to the internet, {} ports, TCP and UDP", PORTS.len()), {
        format!("none at {}", text.join(", "))
    });
    if let Some(address) = child {
        let server = SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEVICE_PORT));
        let listener =
            surroundings.child.inside(|| TcpListener::bind(server).context("the child's device cannot listen"))?;
        let device = SocketAddr::from((address, DEVICE_PORT));
        let reaches = |from: &Namespace| from.inside(|| Ok(TcpStream::connect_timeout(&device, ANSWER_LIMIT).is_ok()));
        ensure!(reaches(parent)?, "not even the home reaches the child's device at {device}");
        ensure!(!reaches(&internet.namespace)?, "the internet reaches the child's device at {device}");
        drop(listener);
        found(findings, "a device in the home, from the internet by IPv6", "not reached".to_owned());
    }
    Ok(())
}

/// A device is known out there by its own address of IPv6: nothing on the way translates it.
pub(super) fn own_address(surroundings: &Surroundings, device: &Namespace, findings: &mut Findings) -> Result<()> {
    let Surroundings { internet, sites, .. } = surroundings;
    let address = surroundings.wait_ipv6(device)?;
    let address = address.split('/').next().unwrap_or(&address);
    let download = Download::start_paced(PACE, device, sites.first_of(None)?, Ip::V6, &internet.authority)?;
    interrupt::wait_until("a download by IPv6", PATIENCE, || Ok(download.received().bytes > 0))?;
    let peers = succeed(internet.namespace.command("ss").args(["-Htn6", "state", "established"]))?;
    ensure!(peers.contains(&format!("[{address}]:")), "the internet knows {address} by another address:\n{peers}");
    found(findings, "a device's address of IPv6, seen from the internet", "its own".to_owned());
    Ok(())
}

/// The ports at which anything at all comes back, be it a refusal.
fn answers(from: &Namespace, address: IpAddr) -> Result<Vec<String>> {
    from.inside(|| {
        Ok(thread::scope(|scope| {
            let tcp = PORTS
                .map(|port| scope.spawn(move || tcp(SocketAddr::new(address, port)).then(|| format!("{port}/tcp"))));
            let udp = PORTS
                .map(|port| scope.spawn(move || udp(SocketAddr::new(address, port)).then(|| format!("{port}/udp"))));
            tcp.into_iter().chain(udp).filter_map(|thread| thread.join().ok().flatten()).collect()
        }))
    })
}

fn tcp(server: SocketAddr) -> bool {
    match TcpStream::connect_timeout(&server, ANSWER_LIMIT) {
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::ConnectionRefused || error.kind() == ErrorKind::ConnectionReset,
    }
}

fn udp(server: SocketAddr) -> bool {
    let any = if server.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    let Ok(socket) = UdpSocket::bind((any, 0)) else { return false };
    let asked = socket
        .connect(server)
        .and_then(|()| socket.set_read_timeout(Some(ANSWER_LIMIT)))
        .and_then(|()| socket.send(&QUESTION));
    if asked.is_err() {
        return false;
    }
    match socket.recv(&mut [0; 512]) {
        Ok(_) => true,
        // "Port unreachable" tells that there is a machine.
        Err(error) => error.kind() == ErrorKind::ConnectionRefused,
    }
}
