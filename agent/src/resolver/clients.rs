//! Who asks: from a client's address to its device and its profile.
//!
//! The kernel's neighbour table says which hardware address has an IP address, for both IP versions, and so knows
//! privacy addresses too. It forgets who was quiet for a minute, so what it said is remembered here until it says
//! otherwise: a child's first query in the morning must not pass for a stranger's. What it never said, the DHCP leases may
//! know.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use stairgate_abi::maps::PROFILE_UNKNOWN;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::limits::ClientKey;
use crate::interfaces::{self, Neighbour, NeighbourWatch};
use crate::locks;

/// Addresses kept at most, four times what the kernel keeps unless told otherwise.
const ADDRESSES_MAX: usize = 4096;
/// The neighbour table is asked for unknown addresses at most this often in the long run, in nanoseconds.
const LOOK_INTERVAL: u64 = 50_000_000;
/// So many times it can be asked at once after a pause: whoever is new in a home that wakes up must not pass for a stranger
/// because somebody else is new too.
const LOOKS_SAVED: u64 = 8;
/// The kernel is given so long to find out who has an address.
const SEARCH: Duration = Duration::from_millis(400);
/// The same in nanoseconds.
const SEARCH_NS: u64 = SEARCH.as_nanos() as u64;
/// The kernel asks a group of addresses, and an access point keeps what goes to a group until the next beacon that sleeping
/// devices wake up for: every first, second or third one, each 102.4 ms after the other (IEEE 802.11 §11.2).
const HELD_MAX: Duration = Duration::from_micros(3 * 102_400);
const _: () = assert!(SEARCH.as_nanos() > HELD_MAX.as_nanos(), "devices on Wi-Fi would pass for strangers");
/// Clients wait at least this long before they ask again. Half of it is left for the answer.
const PATIENCE_MIN: Duration = Duration::from_secs(1);
const _: () = assert!(2 * SEARCH.as_nanos() < PATIENCE_MIN.as_nanos(), "clients would ask again");
/// An address that nobody was found to have is not searched for again for so long, in nanoseconds: it lies behind another
/// router, and whoever has it must not wait with each question.
const SEARCH_AGAIN_NS: u64 = 60 * 1_000_000_000;
/// After the neighbours could not be listened to.
const RETRY: Duration = Duration::from_secs(10);

/// A client of the resolver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Client {
    /// The device, if it is known.
    pub key: ClientKey,
    /// The number of its profile; that of unknown devices if nobody claimed it.
    pub profile: u16,
}

/// What is known of addresses and devices.
#[derive(Debug, Default)]
pub struct Clients {
    known: RwLock<Known>,
    /// Told whenever more is known.
    learnt: Notify,
}

#[derive(Debug, Default)]
struct Known {
    /// By address, from the neighbour table, now or earlier.
    neighbours: HashMap<IpAddr, [u8; 6]>,
    /// By address, from the leases.
    leases: HashMap<IpAddr, [u8; 6]>,
    profiles: HashMap<[u8; 6], u16>,
    /// Up to when looks into the neighbour table are used up, in nanoseconds of the boot clock.
    looked: u64,
    /// Addresses that the kernel was made to search for, and until when that took, in nanoseconds of the boot clock.
    searched: HashMap<IpAddr, u64>,
}

impl Clients {
    /// The client at `address`, at `now` in nanoseconds of the boot clock.
    ///
    /// An address that nobody is known to have is looked up in the kernel, though not more often than is good for those
    /// who are known.
    pub fn client(&self, address: IpAddr, now: u64) -> Client {
        if let Some(client) = self.read().client(address) {
            return client;
        }
        if self.write().may_look(now) {
            self.look();
        }
        let nobody = Client { key: ClientKey::Address(address), profile: PROFILE_UNKNOWN };
        self.read().client(address).unwrap_or(nobody)
    }

    /// Whether the kernel should be made to search for whoever has `address`, by sending something there, and be waited for
    /// with [`Self::searched`]. As often as [`Self::client`] may look, and no more than once in a while for each address.
    ///
    /// It need not have heard of an address that a datagram came from. Over IPv4, devices ask who the router is with each of
    /// their addresses; with a new IPv6 address they send to the router that they know, and would be strangers until the
    /// first answer to them.
    pub fn search(&self, address: IpAddr, now: u64) -> bool {
        if !address.is_ipv6() || self.read().client(address).is_some() {
            return false;
        }
        if let Some(is_searched) = self.read().is_searched(address, now) {
            return is_searched;
        }
        if !self.write().may_look(now) {
            return false;
        }
        self.look();
        let mut known = self.write();
        if known.client(address).is_some() {
            return false;
        }
        known.search(address, now);
        true
    }

    /// Waits until somebody is known to have `address`, for at most as long as a search may take.
    pub async fn searched(&self, address: IpAddr) {
        // Whoever was not found is nobody known.
        let _ = timeout(SEARCH, self.found(address)).await;
    }

    async fn found(&self, address: IpAddr) {
        loop {
            let learnt = self.learnt.notified();
            if self.read().client(address).is_some() {
                return;
            }
            learnt.await;
        }
    }

    /// Makes `devices` all that are claimed, with the numbers of their profiles.
    pub fn set_devices(&self, devices: &[([u8; 6], u16)]) {
        self.write().profiles = devices.iter().copied().collect();
    }

    /// Makes `leases` all that DHCP has given out.
    pub fn set_leases(&self, leases: impl IntoIterator<Item = (IpAddr, [u8; 6])>) {
        self.write().leases = leases.into_iter().take(ADDRESSES_MAX).collect();
        self.learnt.notify_waiters();
    }

    /// Takes note of what the neighbour table says.
    pub fn learn(&self, neighbours: &[Neighbour]) {
        let mut known = self.write();
        // What is on no network has none, such as this machine for itself.
        let macs = neighbours.iter().filter_map(|neighbour| Some((neighbour.address, neighbour.mac?)));
        for (address, mac) in macs.filter(|(_, mac)| *mac != [0; 6]) {
            if known.neighbours.len() >= ADDRESSES_MAX && !known.neighbours.contains_key(&address) {
                // Whoever is still there is learnt again from the kernel at the next query.
                known.neighbours.clear();
            }
            known.neighbours.insert(address, mac);
        }
        drop(known);
        self.learnt.notify_waiters();
    }

    fn look(&self) {
        match interfaces::neighbours() {
            Ok(neighbours) => self.learn(&neighbours),
            Err(error) => tracing::warn!(%error, "the kernel does not list its neighbours"),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        locks::read(&self.known)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        locks::write(&self.known)
    }
}

impl Known {
    fn client(&self, address: IpAddr) -> Option<Client> {
        let mac = self.neighbours.get(&address).or_else(|| self.leases.get(&address))?;
        let profile = self.profiles.get(mac).copied().unwrap_or(PROFILE_UNKNOWN);
        Some(Client { key: ClientKey::Device(*mac), profile })
    }

    /// Whether an address is being searched for; none if that may begin.
    fn is_searched(&self, address: IpAddr, now: u64) -> Option<bool> {
        let until = *self.searched.get(&address)?;
        (now < until + SEARCH_AGAIN_NS).then_some(now < until)
    }

    fn search(&mut self, address: IpAddr, now: u64) {
        self.searched.retain(|_, until| now < *until + SEARCH_AGAIN_NS);
        self.searched.insert(address, now + SEARCH_NS);
    }

    fn may_look(&mut self, now: u64) -> bool {
        let next = self.looked.max(now.saturating_sub(LOOKS_SAVED * LOOK_INTERVAL)) + LOOK_INTERVAL;
        let may = next <= now;
        if may {
            self.looked = next;
        }
        may
    }
}

/// Keeps `clients` in line with the kernel's neighbour table, for ever.
pub async fn follow(clients: &Clients) {
    loop {
        if let Err(error) = follow_while_possible(clients).await {
            tracing::warn!(%error, "the neighbours cannot be followed");
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn follow_while_possible(clients: &Clients) -> io::Result<()> {
    // First listen, then look: what happens in between is heard.
    let mut watch = NeighbourWatch::new()?;
    clients.learn(&interfaces::neighbours()?);
    loop {
        match watch.next().await? {
            Some(neighbour) => clients.learn(&[neighbour]),
            None => clients.learn(&interfaces::neighbours()?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIA: [u8; 6] = [2, 0, 0, 0, 0, 1];
    const STRANGER: [u8; 6] = [2, 0, 0, 0, 0, 9];
    /// Documentation addresses, which the kernel's own table never has.
    const ADDRESS: &str = "192.0.2.7";
    const PRIVACY_ADDRESS: &str = "2001:db8::1234:5678:9abc:def0";

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn at(text: &str, mac: Option<[u8; 6]>) -> Neighbour {
        Neighbour { index: 1, address: address(text), mac, silent_s: None }
    }

    #[test]
    fn all_addresses_of_a_device_are_its_own() {
        let clients = Clients::default();
        clients.set_devices(&[(MIA, 5)]);
        clients.learn(&[at(ADDRESS, Some(MIA)), at("192.0.2.9", Some(STRANGER))]);
        let mia = Client { key: ClientKey::Device(MIA), profile: 5 };
        let unknown = |key| Client { key, profile: PROFILE_UNKNOWN };
        assert_eq!(clients.client(address(ADDRESS), 0), mia);
        assert_eq!(clients.client(address("192.0.2.9"), 0), unknown(ClientKey::Device(STRANGER)));
        assert_eq!(clients.client(address(PRIVACY_ADDRESS), 0), unknown(ClientKey::Address(address(PRIVACY_ADDRESS))));
        clients.learn(&[at(PRIVACY_ADDRESS, Some(MIA))]);
        assert_eq!(clients.client(address(PRIVACY_ADDRESS), 0), mia);
        clients.learn(&[at(ADDRESS, None)]);
        assert_eq!(clients.client(address(ADDRESS), 0), mia, "the kernel forgets, the child stays the child");
        clients.learn(&[at(ADDRESS, Some(STRANGER))]);
        assert_eq!(clients.client(address(ADDRESS), 0), unknown(ClientKey::Device(STRANGER)));
    }

    #[test]
    fn leases_tell_what_the_neighbours_do_not() {
        let clients = Clients::default();
        clients.set_devices(&[(MIA, 5)]);
        clients.set_leases([(address(ADDRESS), MIA)]);
        assert_eq!(clients.client(address(ADDRESS), 0).profile, 5);
        clients.learn(&[at(ADDRESS, Some(STRANGER))]);
        assert_eq!(clients.client(address(ADDRESS), 0).profile, PROFILE_UNKNOWN, "who is there now counts");
    }

    #[test]
    fn the_kernel_is_not_asked_too_often() {
        let mut known = Known::default();
        let now = 3_600_000_000_000;
        let looks = |known: &mut Known, at| (0..100).filter(|_| known.may_look(at)).count() as u64;
        assert_eq!(looks(&mut known, now), LOOKS_SAVED, "at once after a pause");
        assert_eq!(looks(&mut known, now + LOOK_INTERVAL - 1), 0);
        assert_eq!(looks(&mut known, now + LOOK_INTERVAL), 1);
        assert_eq!(looks(&mut known, now + 4 * LOOK_INTERVAL), 3);
        assert_eq!(looks(&mut known, 2 * now), LOOKS_SAVED);
    }

    #[tokio::test]
    async fn whoever_comes_with_a_new_address_is_waited_for() {
        let clients = Clients::default();
        clients.set_devices(&[(MIA, 5)]);
        clients.learn(&[at(ADDRESS, Some(MIA))]);
        let (known, new) = (address(ADDRESS), address(PRIVACY_ADDRESS));
        let now = 3_600_000_000_000;
        assert!(!clients.search(known, now) && !clients.search(address("192.0.2.9"), now));
        assert!(
            clients.search(new, now) && clients.search(new, now + SEARCH_NS - 1),
            "several questions wait together"
        );
        let meanwhile = async {
            clients.learn(&[at("192.0.2.9", Some(STRANGER))]);
            tokio::task::yield_now().await;
            clients.learn(&[at(PRIVACY_ADDRESS, Some(MIA))]);
        };
        // As soon as it is known, and long before this.
        let found = timeout(Duration::from_secs(10), clients.found(new));
        assert_eq!(tokio::join!(found, meanwhile), (Ok(()), ()));
        assert_eq!(clients.client(new, now).profile, 5);
        assert!(!clients.search(new, now + 2 * SEARCH_AGAIN_NS));
    }

    #[tokio::test]
    async fn whoever_is_not_found_waits_once() {
        let clients = Clients::default();
        let (nobody, now) = (address(PRIVACY_ADDRESS), 3_600_000_000_000);
        assert!(clients.search(nobody, now));
        let begun = tokio::time::Instant::now();
        clients.searched(nobody).await;
        assert!(begun.elapsed() >= SEARCH);
        assert!(!clients.search(nobody, now + SEARCH_NS));
        assert!(clients.search(nobody, now + SEARCH_NS + SEARCH_AGAIN_NS));
        let many = |number: u32| address(&format!("2001:db8:9::{number:x}"));
        let later = now + 10 * SEARCH_AGAIN_NS;
        assert_eq!((0..100).filter(|&number| clients.search(many(number), later)).count() as u64, LOOKS_SAVED);
        assert_eq!(clients.read().searched.len() as u64, LOOKS_SAVED, "what is long over is forgotten");
    }

    #[test]
    fn the_kernel_lists_its_neighbours() {
        interfaces::neighbours().unwrap();
    }

    #[test]
    fn the_number_of_addresses_is_bounded() {
        let clients = Clients::default();
        for number in 0..3 * ADDRESSES_MAX as u32 {
            clients.learn(&[Neighbour {
                index: 1,
                address: IpAddr::V4(number.into()),
                mac: Some(MIA),
                silent_s: None,
            }]);
            assert!(clients.read().neighbours.len() <= ADDRESSES_MAX);
        }
    }
}
