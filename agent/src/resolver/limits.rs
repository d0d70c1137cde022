//! How much one client may ask, so that no device starves the others or the upstreams.
//!
//! A bucket of tokens for each client, in a table of fixed size: a flood of made-up addresses replaces the buckets of
//! those who have been quiet longest, and costs no memory. A client is its device's hardware address if that is known,
//! so that new privacy addresses bring no new tokens; otherwise its IPv4 address or its IPv6 network.

use std::net::IpAddr;

use super::cookies::siphash24;

/// Clients told apart: this many sets of [`WAYS`].
const SETS: usize = 512;
const WAYS: usize = 4;
/// A client may use the tokens of this many seconds at once.
const BURST_SECONDS: u64 = 2;
/// Questions of one client being resolved at a time: as many as a browser that opens many tabs asks at once, and fewer
/// than the hundred streams that servers commonly have on one connection.
pub const PENDING_PER_CLIENT: u16 = 64;
/// Questions of all clients being resolved at a time. Each holds a task and its buffers, some kilobytes. Nobody may take
/// more than half of what is left of them, so that some clients whose questions are never answered leave room for the
/// others.
pub const PENDING: usize = 512;
const NANOSECONDS: u64 = 1_000_000_000;

/// Who is asking.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ClientKey {
    /// A device of the home.
    Device([u8; 6]),
    /// An address of nobody known.
    Address(IpAddr),
}

impl ClientKey {
    /// Never zero, which stands for an empty place.
    fn number(self, secret: [u64; 2]) -> u64 {
        let number = match self {
            Self::Device(mac) => siphash24(secret, &mac),
            Self::Address(IpAddr::V4(address)) => siphash24(secret, &address.octets()),
            // Whoever has one address of a network can have all of them.
            Self::Address(IpAddr::V6(address)) => siphash24(secret, &address.octets()[..8]),
        };
        number.max(1)
    }
}

/// The limits and what is used of them.
#[derive(Debug)]
pub struct Limits {
    /// Queries a second; none means that only what is pending is limited.
    per_second: Option<u64>,
    secret: [u64; 2],
    clients: Box<[[Client; WAYS]; SETS]>,
    pending: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Client {
    key: u64,
    /// In nanoseconds of the boot clock.
    last: u64,
    /// Time that is left to spend, in nanoseconds: a query costs one second divided by the rate.
    credit: u64,
    pending: u16,
}

/// Leave to resolve one question, to be given back with [`Limits::done`].
#[derive(PartialEq, Eq, Debug)]
#[must_use = "the client's place stays taken until it is given back"]
pub struct Permit {
    key: u64,
}

impl Limits {
    /// Limits of so many queries a second for each client. The secret keeps clients from choosing whom they share a set
    /// with.
    pub fn new(per_second: Option<u32>, secret: [u64; 2]) -> Self {
        let per_second = per_second.map(|rate| u64::from(rate.max(1)));
        Self { per_second, secret, clients: Box::new([[Client::default(); WAYS]; SETS]), pending: 0 }
    }

    /// Takes note of a query at `now`, in nanoseconds of the boot clock. False if the client has asked too much.
    pub fn take(&mut self, client: ClientKey, now: u64) -> bool {
        let Some(per_second) = self.per_second else { return true };
        let Some(client) = self.client(client.number(self.secret), now) else { return false };
        let earned = now.saturating_sub(client.last);
        client.last = client.last.max(now);
        client.credit = client.credit.saturating_add(earned).min(BURST_SECONDS * NANOSECONDS);
        let cost = NANOSECONDS / per_second;
        let enough = client.credit >= cost;
        if enough {
            client.credit -= cost;
        }
        enough
    }

    /// Leave to resolve a question upstream, if neither the client nor all together wait for too many already.
    pub fn begin(&mut self, client: ClientKey, now: u64) -> Option<Permit> {
        let most = (PENDING.saturating_sub(self.pending) / 2).min(PENDING_PER_CLIENT.into());
        let key = client.number(self.secret);
        let client = self.client(key, now)?;
        if usize::from(client.pending) >= most {
            return None;
        }
        client.pending += 1;
        self.pending += 1;
        Some(Permit { key })
    }

    /// Gives a leave back.
    pub fn done(&mut self, permit: Permit) {
        self.pending = self.pending.saturating_sub(1);
        let set = &mut self.clients[set_of(permit.key)];
        // A client with something pending is never replaced, so it is there.
        if let Some(client) = set.iter_mut().find(|client| client.key == permit.key) {
            client.pending = client.pending.saturating_sub(1);
        }
    }

    /// The client's place, its own or that of the one in its set who has been quiet longest. None if all others wait for
    /// answers.
    fn client(&mut self, key: u64, now: u64) -> Option<&mut Client> {
        let set = &mut self.clients[set_of(key)];
        let at = match set.iter().position(|client| client.key == key) {
            Some(at) => at,
            None => {
                let idle = set.iter().enumerate().filter(|(_, client)| client.pending == 0);
                let (at, _) = idle.min_by_key(|(_, client)| client.last)?;
                set[at] = Client { key, last: now, credit: BURST_SECONDS * NANOSECONDS, pending: 0 };
                at
            }
        };
        Some(&mut set[at])
    }
}

fn set_of(key: u64) -> usize {
    (key >> 32) as usize % SETS
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: ClientKey = ClientKey::Device([2, 0, 0, 0, 0, 1]);

    fn limits(rate: u32) -> Limits {
        Limits::new(Some(rate), [1, 2])
    }

    #[test]
    fn a_client_gets_its_rate_and_a_burst() {
        let mut limits = limits(10);
        let allowed = |limits: &mut Limits, now| (0..1000).filter(|_| limits.take(CLIENT, now)).count();
        assert_eq!(allowed(&mut limits, 0), 20, "two seconds' worth at once");
        assert_eq!(allowed(&mut limits, NANOSECONDS), 10);
        assert_eq!(allowed(&mut limits, NANOSECONDS), 0);
        assert_eq!(allowed(&mut limits, NANOSECONDS / 2), 0, "a clock that goes back earns nothing");
        assert_eq!(allowed(&mut limits, 60 * NANOSECONDS), 20);
        assert!(limits.take(ClientKey::Device([2; 6]), 60 * NANOSECONDS), "another client has its own");
        let mut unlimited = Limits::new(None, [1, 2]);
        assert_eq!(allowed(&mut unlimited, 0), 1000);
    }

    #[test]
    fn new_addresses_of_a_network_bring_nothing() {
        let mut limits = limits(10);
        let allowed = (0..1000u128)
            .map(|host| ClientKey::Address(IpAddr::V6((0x2001_0db8 << 96 | host).into())))
            .filter(|client| limits.take(*client, 0))
            .count();
        assert_eq!(allowed, 20);
    }

    #[test]
    fn what_is_pending_is_bounded_and_comes_back() {
        let mut limits = limits(10);
        let permits: Vec<Permit> = std::iter::from_fn(|| limits.begin(CLIENT, 0)).collect();
        assert_eq!(permits.len(), usize::from(PENDING_PER_CLIENT));
        let other = limits.begin(ClientKey::Device([2; 6]), 0).unwrap();
        for permit in permits {
            limits.done(permit);
        }
        let again = limits.begin(CLIENT, 0).unwrap();
        assert_eq!(limits.pending, 2);
        limits.done(other);
        limits.done(again);
        assert_eq!(limits.pending, 0);
    }

    #[test]
    fn some_greedy_clients_leave_room_for_others() {
        let mut limits = limits(10);
        let mut permits = Vec::new();
        for number in 0..10 {
            let client = ClientKey::Device([number; 6]);
            permits.extend(std::iter::from_fn(|| limits.begin(client, 0)));
        }
        let free = PENDING - permits.len();
        let other = limits.begin(CLIENT, 0);
        assert!(other.is_some(), "{free} are left");
        for permit in permits.into_iter().chain(other) {
            limits.done(permit);
        }
    }

    #[test]
    fn a_storm_of_clients_replaces_the_quiet_ones_only() {
        let mut limits = limits(10);
        let busy = limits.begin(CLIENT, 0).unwrap();
        let mut permits = Vec::new();
        for number in 0..100_000u32 {
            let client = ClientKey::Address(IpAddr::V4(number.into()));
            limits.take(client, u64::from(number));
            permits.extend(limits.begin(client, u64::from(number)));
        }
        assert!(permits.len() < PENDING);
        assert!(permits.len() > PENDING / 2);
        let places = limits.clients.iter().flatten().filter(|client| client.pending > 0).count();
        assert_eq!(places, permits.len() + 1);
        for permit in permits {
            limits.done(permit);
        }
        limits.done(busy);
        assert!(limits.clients.iter().flatten().all(|client| client.pending == 0));
    }
}
