//! What devices of the home call themselves by multicast DNS (RFC 6762): heard when they announce themselves, and asked
//! for now and then.
//!
//! Anyone in the home can say anything here, so a name is a suggestion for people and nothing else. It is kept for the
//! device that had the address that it was sent from, since another one may have the address tomorrow, and nothing is
//! answered. IPv4 only: who speaks multicast DNS speaks it there too.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::interfaces::{self, Neighbour};
use crate::locks::lock;
use crate::resolver::name::DnsName;
use crate::resolver::question::{CLASS_IN, query_type};
use crate::resolver::records::{Record, Records};
use crate::resolver::service::with_addresses;
use crate::text;

/// Where everybody talks (RFC 6762 §3).
const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const PORT: u16 = 5353;
/// Bytes of a message at most (RFC 6762 §17).
const MESSAGE_BYTES_MAX: usize = 9000;
/// Devices whose names are remembered; at one more, the name that was heard longest ago is forgotten. No more are asked.
const NAMES_MAX: usize = 512;
/// Devices that are asked for their names in one message.
const ASKED_AT_ONCE: usize = 24;
/// How often they are asked. Whoever joins says its name unasked (RFC 6762 §8.3).
const ASK: Duration = Duration::from_secs(10 * 60);
/// A name is remembered for this long after it was heard: a device that comes back with another address, as after a journey,
/// is known by the name that it had, and the name of one that is gone for good is not kept for ever.
const KEPT: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// A device whose name was not heard for this long is asked again: it may have another one by now.
const ASK_AGAIN: Duration = Duration::from_secs(30 * 60);
/// What the kernel says of who has which address is believed for this long while names are heard.
const NEIGHBOURS_KEPT: Duration = Duration::from_millis(100);
/// Interfaces are looked at this often.
const LOOK: Duration = Duration::from_secs(30);
/// The flag of a response (RFC 1035 §4.1.1), in the third byte.
const RESPONSE: u8 = 0x80;
/// The bits of a class; the one above them means something else in responses (RFC 6762 §10.2).
const CLASS_MASK: u16 = 0x7fff;

/// Names by hardware address; clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Names {
    heard: Arc<Mutex<HashMap<[u8; 6], Heard>>>,
}

/// What was heard from a device.
#[derive(Debug)]
struct Heard {
    name: String,
    at: Instant,
}

impl Names {
    /// What devices call themselves that said so not too long ago, those that have left among them.
    pub fn all(&self) -> HashMap<[u8; 6], String> {
        self.heard_within(KEPT, Instant::now())
    }

    fn heard_within(&self, age: Duration, now: Instant) -> HashMap<[u8; 6], String> {
        let heard = lock(&self.heard);
        let lately = heard.iter().filter(|(_, heard)| now.duration_since(heard.at) < age);
        lately.map(|(&mac, heard)| (mac, heard.name.clone())).collect()
    }

    /// Takes note of what `mac` calls itself at `now`.
    fn learn(&self, name: String, mac: [u8; 6], now: Instant) {
        let mut heard = lock(&self.heard);
        heard.retain(|_, heard| now.duration_since(heard.at) < KEPT);
        if heard.len() >= NAMES_MAX
            && !heard.contains_key(&mac)
            && let Some(oldest) = heard.iter().min_by_key(|(_, heard)| heard.at).map(|(&mac, _)| mac)
        {
            heard.remove(&oldest);
        }
        heard.insert(mac, Heard { name, at: now });
    }

    /// Listens at these interfaces, as far as they are there, for ever.
    pub async fn follow(self, interfaces: Vec<String>) {
        let mut listening: HashMap<String, (u32, JoinSet<()>, Arc<UdpSocket>)> = HashMap::new();
        let mut asked: Option<Instant> = None;
        loop {
            let links = interfaces::links().unwrap_or_default();
            let index_of = |name: &str| links.iter().find(|link| link.name == name).map(|link| link.index);
            listening.retain(|name, (index, ..)| index_of(name) == Some(*index));
            for name in with_addresses(&links, &interfaces) {
                let Some(index) = index_of(&name).filter(|_| !listening.contains_key(&name)) else { continue };
                match socket(&name, index) {
                    Ok(socket) => {
                        let socket = Arc::new(socket);
                        let mut task = JoinSet::new();
                        task.spawn(self.clone().listen(Arc::clone(&socket)));
                        listening.insert(name, (index, task, socket));
                    }
                    // Another program may hold the port alone; names are then those of DHCP.
                    Err(error) => tracing::debug!(interface = %name, %error, "multicast DNS is not heard"),
                }
            }
            if !listening.is_empty() && asked.is_none_or(|asked| asked.elapsed() >= ASK) {
                let (now, neighbours) = (Instant::now(), interfaces::neighbours().unwrap_or_default());
                asked = Some(now);
                for (index, _, socket) in listening.values() {
                    for question in self.questions(&neighbours, *index, now) {
                        if let Err(error) = socket.send_to(&question, (GROUP, PORT)).await {
                            tracing::debug!(%error, "devices could not be asked for their names");
                        }
                    }
                }
            }
            sleep(LOOK).await;
        }
    }

    async fn listen(self, socket: Arc<UdpSocket>) {
        let mut buffer = vec![0; MESSAGE_BYTES_MAX];
        let mut senders = Senders::default();
        loop {
            match socket.recv_from(&mut buffer).await {
                // Only from this port is it multicast DNS (RFC 6762 §6).
                Ok((length, SocketAddr::V4(source))) if source.port() == PORT => {
                    let (source, now) = (*source.ip(), Instant::now());
                    // A device of which the kernel knows nothing yet is asked later.
                    if let Some(name) = name_of_sender(&buffer[..length], source)
                        && let Some(mac) = senders.mac(source, now)
                    {
                        self.learn(name, mac, now);
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "multicast DNS could not be heard");
                    sleep(LOOK).await;
                }
            }
        }
    }

    /// The messages that ask everyone at an interface whose name is not known, or was not heard lately. Those who never
    /// answer keep nobody else from being asked.
    fn questions(&self, neighbours: &[Neighbour], index: u32, now: Instant) -> Vec<Vec<u8>> {
        self.nameless(neighbours, index, now).chunks(ASKED_AT_ONCE).filter_map(question).collect()
    }

    /// Their addresses.
    fn nameless(&self, neighbours: &[Neighbour], index: u32, now: Instant) -> Vec<Ipv4Addr> {
        let named = self.heard_within(ASK_AGAIN, now);
        let here = neighbours.iter().filter(|neighbour| neighbour.index == index);
        let nameless = here.filter_map(|neighbour| match (neighbour.address, neighbour.mac?) {
            (IpAddr::V4(address), mac) => (!named.contains_key(&mac)).then_some(address),
            (IpAddr::V6(_), _) => None,
        });
        nameless.take(NAMES_MAX).collect()
    }
}

/// Who has which address, as the kernel said lately: many names may come at once.
#[derive(Default)]
struct Senders {
    looked_at: Option<Instant>,
    macs: HashMap<IpAddr, [u8; 6]>,
}

impl Senders {
    fn mac(&mut self, address: Ipv4Addr, now: Instant) -> Option<[u8; 6]> {
        if self.looked_at.is_none_or(|looked_at| now.duration_since(looked_at) >= NEIGHBOURS_KEPT) {
            let neighbours = interfaces::neighbours().unwrap_or_default().into_iter();
            self.macs = neighbours.filter_map(|neighbour| Some((neighbour.address, neighbour.mac?))).collect();
            self.looked_at = Some(now);
        }
        self.macs.get(&IpAddr::V4(address)).copied()
    }
}

/// A socket that hears the group at one interface, whoever else on this machine does.
fn socket(interface: &str, index: u32) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM.nonblocking(), Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind_device(Some(interface.as_bytes()))?;
    socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, PORT).into())?;
    socket.join_multicast_v4_n(&GROUP, &InterfaceIndexOrAddress::Index(index))?;
    socket.set_multicast_loop_v4(false)?;
    // RFC 6762 §11: others may take nothing with less.
    socket.set_multicast_ttl_v4(255)?;
    UdpSocket::from_std(socket.into())
}

/// One message that asks for the names of all these addresses; `None` if there are none.
fn question(addresses: &[Ipv4Addr]) -> Option<Vec<u8>> {
    let names: Vec<DnsName> = addresses.iter().filter_map(|&address| reverse(address)).collect();
    let count = u16::try_from(names.len()).ok().filter(|&count| count > 0)?;
    let mut message = vec![0; 12];
    message[4..6].copy_from_slice(&count.to_be_bytes());
    for name in names {
        message.extend_from_slice(name.as_wire());
        message.extend_from_slice(&query_type::PTR.to_be_bytes());
        message.extend_from_slice(&CLASS_IN.to_be_bytes());
    }
    Some(message)
}

/// The name under which an address has its own name (RFC 1035 §3.5).
fn reverse(address: Ipv4Addr) -> Option<DnsName> {
    let [a, b, c, d] = address.octets();
    DnsName::from_dotted(&format!("{d}.{c}.{b}.{a}.in-addr.arpa")).ok()
}

/// What the sender of a response at `source` calls itself: the host that it says has this address.
pub fn name_of_sender(message: &[u8], source: Ipv4Addr) -> Option<String> {
    if message.get(2)? & RESPONSE == 0 {
        return None;
    }
    let mut records = Records::unasked(message).ok()?;
    let own = reverse(source)?;
    while let Some(record) = records.next_record().ok()? {
        let host = match record.record_type {
            _ if record.class & CLASS_MASK != CLASS_IN => None,
            query_type::A if message.get(record.data()) == Some(&source.octets()) => Some(record.owner),
            query_type::PTR if record.owner == own => name_in(&records, &record),
            _ => None,
        };
        if let Some(name) = host.and_then(|host| local_host(&host)) {
            return Some(name);
        }
    }
    None
}

fn name_in(records: &Records<'_>, record: &Record) -> Option<DnsName> {
    records.name_in(record).ok()
}

/// The host's own part of a name such as `tablet.local` (RFC 6762 §3); `None` for other names, and if it cannot be shown.
fn local_host(name: &DnsName) -> Option<String> {
    let mut labels = name.labels();
    let (domain, host) = (labels.next()?, labels.next()?);
    if domain != b"local" || labels.next().is_some() {
        return None;
    }
    text::heard_name(&String::from_utf8_lossy(host))
}

#[cfg(test)]
mod tests {
    use super::query_type::{A, PTR};
    use super::*;

    const TABLET: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 20);
    const MIAS: [u8; 6] = [2, 0, 0, 0, 0, 1];
    const VISITORS: [u8; 6] = [2, 0, 0, 0, 0, 9];

    /// A message without questions, with these answers: owner, type and data.
    fn response(answers: &[(&[u8], u16, &[u8])]) -> Vec<u8> {
        let mut message = vec![0, 0, 0x84, 0, 0, 0, 0, answers.len() as u8, 0, 0, 0, 0];
        for (owner, record_type, data) in answers {
            for label in owner.split(|&byte| byte == b'.') {
                message.push(label.len() as u8);
                message.extend_from_slice(label);
            }
            message.push(0);
            message.extend_from_slice(&record_type.to_be_bytes());
            // The bit that says that there is no other record like it.
            message.extend_from_slice(&0x8001_u16.to_be_bytes());
            message.extend_from_slice(&120_u32.to_be_bytes());
            message.extend_from_slice(&(data.len() as u16).to_be_bytes());
            message.extend_from_slice(data);
        }
        message
    }

    #[test]
    fn a_device_is_known_by_what_it_says_of_its_own_address() {
        let own = TABLET.octets();
        let pointer = b"\x06tablet\x05local\0".as_slice();
        for (answers, name) in [
            (vec![(b"Mias-iPad.local".as_slice(), A, own.as_slice())], Some("mias-ipad")),
            (vec![(b"_http._tcp.local", PTR, pointer), (b"x.local", A, &own)], Some("x")),
            (vec![(b"20.1.168.192.in-addr.arpa", PTR, pointer)], Some("tablet")),
            (vec![(b"router.local", A, &[192, 168, 1, 1])], None),
            (vec![(b"21.1.168.192.in-addr.arpa", PTR, pointer)], None),
            (vec![(b"tablet.example", A, &own)], None),
            (vec![(b"a.tablet.local", A, &own)], None),
            (vec![(b"local", A, &own)], None),
            (vec![(b"tablet.local", A, &own[..3])], None),
            (vec![(b"\xff\xfe\x01.local", A, &own)], None),
            (vec![], None),
        ] {
            assert_eq!(name_of_sender(&response(&answers), TABLET).as_deref(), name, "{answers:?}");
        }
    }

    #[test]
    fn nonsense_and_questions_are_no_names() {
        let message = response(&[(b"tablet.local", A, &TABLET.octets())]);
        for length in 0..message.len() {
            assert_eq!(name_of_sender(&message[..length], TABLET), None, "{length}");
        }
        let mut query = message.clone();
        query[2] = 0;
        assert_eq!(name_of_sender(&query, TABLET), None);
        let mut endless = message;
        // A name that points to itself.
        endless[12..14].copy_from_slice(&[0xc0, 12]);
        assert_eq!(name_of_sender(&endless, TABLET), None);
    }

    #[test]
    fn names_that_would_disturb_are_shown_without_what_disturbs() {
        let owner = "<script>\u{202e}evil\u{7}.local";
        let message = response(&[(owner.as_bytes(), A, &TABLET.octets())]);
        assert_eq!(name_of_sender(&message, TABLET).as_deref(), Some("<script>evil"));
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let names = Names::default();
        for number in 0..3 * NAMES_MAX as u16 {
            let [high, low] = number.to_be_bytes();
            names.learn("x".to_owned(), [6, 0, 0, 0, high, low], Instant::now());
            // One of them speaks now and then.
            names.learn("mias-ipad".to_owned(), MIAS, Instant::now());
            assert!(names.all().len() <= NAMES_MAX);
        }
        assert_eq!(names.all().len(), NAMES_MAX);
        assert_eq!(names.all()[&MIAS], "mias-ipad", "the oldest is forgotten");
    }

    #[test]
    fn names_are_asked_for_again_before_they_are_forgotten() {
        let names = Names::default();
        let begun = Instant::now();
        let other = Ipv4Addr::new(192, 168, 1, 21);
        let neighbour = |index, address: IpAddr, mac| Neighbour { index, address, mac, silent_s: None };
        let neighbours = [
            neighbour(2, TABLET.into(), Some(MIAS)),
            neighbour(2, other.into(), None),
            neighbour(3, other.into(), Some(VISITORS)),
            neighbour(2, "fe80::1".parse().unwrap(), Some(MIAS)),
        ];
        assert_eq!(names.nameless(&neighbours, 2, begun), [TABLET]);
        names.learn("mias-ipad".to_owned(), MIAS, begun);
        let known = |after| names.heard_within(KEPT, begun + after) == HashMap::from([(MIAS, "mias-ipad".to_owned())]);
        assert!(names.nameless(&neighbours, 2, begun).is_empty());
        assert!(known(KEPT - Duration::from_secs(1)));
        assert_eq!(names.nameless(&neighbours, 2, begun + ASK_AGAIN), [TABLET]);
        assert!(!known(KEPT));
        let visitors = [neighbour(2, TABLET.into(), Some(VISITORS))];
        assert_eq!(names.nameless(&visitors, 2, begun), [TABLET], "another device at the same address");
        names.learn("guest".to_owned(), VISITORS, begun + KEPT);
        assert_eq!(names.heard.lock().unwrap().len(), 1, "what is too old is gone");
    }

    #[test]
    fn whoever_stands_behind_those_who_never_answer_is_asked_too() {
        let addresses: Vec<Ipv4Addr> = (0..60).map(|number| Ipv4Addr::new(192, 168, 1, 20 + number)).collect();
        let neighbours: Vec<Neighbour> = addresses
            .iter()
            .map(|&address| Neighbour { index: 2, address: address.into(), mac: Some(MIAS), silent_s: None })
            .collect();
        let messages = Names::default().questions(&neighbours, 2, Instant::now());
        assert_eq!(messages.len(), 3);
        for address in addresses {
            let name = reverse(address).unwrap();
            let is_asked = |message: &Vec<u8>| message.windows(name.as_wire().len()).any(|part| part == name.as_wire());
            assert_eq!(messages.iter().filter(|message| is_asked(message)).count(), 1, "{address}");
        }
        // What no Ethernet frame carries whole may get lost in part.
        assert!(messages.iter().all(|message| message.len() <= 1400));
    }

    #[test]
    fn one_message_asks_for_many() {
        assert_eq!(question(&[]), None);
        let message = question(&[TABLET, Ipv4Addr::new(192, 168, 1, 21)]).unwrap();
        assert_eq!(message[..12], [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]);
        let (name, length) = DnsName::from_wire(&message[12..]).unwrap();
        assert_eq!((Some(name), &message[12 + length..][..4]), (reverse(TABLET), &[0, 12, 0, 1][..]));
    }
}
