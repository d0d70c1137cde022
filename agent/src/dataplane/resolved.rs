//! Addresses that devices were given by the resolver, as the kernel program looks them up in resolved-only profiles.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use aya::maps::{HashMap, MapData};
use stairgate_abi::maps::{ResolvedKey, names};

use super::error::Error;
use super::lock;
use super::memory::Plain;

/// An address may be used at least this long, in seconds, whatever the answer's lifetime: programs keep addresses for a
/// while, and open a second connection some time after the first.
const LIFETIME_MIN_S: u32 = 300;
/// And at most this long.
const LIFETIME_MAX_S: u32 = 24 * 60 * 60;

const SECOND: u64 = 1_000_000_000;

type Addresses = HashMap<MapData, Plain<ResolvedKey>, u64>;

/// Write access to the map; without a gate there is none, and nobody who would look an address up.
#[derive(Clone)]
pub struct Resolved {
    map: Option<Arc<Mutex<Addresses>>>,
}

impl Resolved {
    pub(super) fn new(map: Option<Addresses>) -> Self {
        Self { map: map.map(|map| Arc::new(Mutex::new(map))) }
    }

    /// Lets the device with this hardware address begin flows to `address` from now on, for `lifetime` seconds between
    /// five minutes and a day. `now` is in nanoseconds of the boot clock.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn enter(&self, mac: [u8; 6], address: IpAddr, lifetime: u32, now: u64) -> Result<(), Error> {
        let until = now + u64::from(lifetime.clamp(LIFETIME_MIN_S, LIFETIME_MAX_S)) * SECOND;
        let Some(map) = &self.map else { return Ok(()) };
        lock(map).insert(Plain(key(mac, address)), until, 0).map_err(Error::map("writing", names::RESOLVED))
    }
}

fn key(mac: [u8; 6], address: IpAddr) -> ResolvedKey {
    let address = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    let bits = address.to_bits();
    let mac = mac.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
    ResolvedKey { address: [(bits >> 64) as u64, bits as u64], mac }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_the_kernel_reads_them() {
        let mac = [2, 0, 0, 0, 1, 0xff];
        let expected = ResolvedKey { address: [0, 0xffff_c000_0201], mac: 0x0200_0000_01ff };
        assert_eq!(key(mac, "192.0.2.1".parse().unwrap()), expected);
        let expected = ResolvedKey { address: [0x2001_0db8_0000_0000, 0x0102], ..expected };
        assert_eq!(key(mac, "2001:db8::102".parse().unwrap()), expected);
    }
}
