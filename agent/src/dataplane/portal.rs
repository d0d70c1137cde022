//! Devices whose plain HTTP is handed to the appliance's own pages while everything is closed to them.

use std::sync::{Arc, Mutex};

use aya::maps::{HashMap, MapData, MapError};
use stairgate_abi::maps::names;

use super::error::Error;
use super::lock;

/// Write access to the map; without a gate there is none, and nothing to let pass. What is not renewed ends by itself.
#[derive(Clone)]
pub struct Portal {
    map: Option<Arc<Mutex<HashMap<MapData, u64, u64>>>>,
}

impl Portal {
    pub(super) fn new(map: Option<HashMap<MapData, u64, u64>>) -> Self {
        Self { map: map.map(|map| Arc::new(Mutex::new(map))) }
    }

    /// Lets connections of the device with this hardware address to any server's port 80 pass while everything is
    /// closed to it, until a moment of the boot clock in nanoseconds. Whoever calls this has made sure that they reach
    /// nothing but the appliance's own pages until then.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn open(&self, mac: [u8; 6], until: u64) -> Result<(), Error> {
        let Some(map) = &self.map else { return Ok(()) };
        lock(map).insert(key(mac), until, 0).map_err(Error::map("writing", names::PORTAL))
    }

    /// Lets nothing more of the device's pass, and ends what had begun.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn close(&self, mac: [u8; 6]) -> Result<(), Error> {
        self.remove(key(mac))
    }

    /// As [`close`](Self::close), for every device.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn close_all(&self) -> Result<(), Error> {
        let Some(map) = &self.map else { return Ok(()) };
        let keys: Result<Vec<u64>, MapError> = lock(map).keys().collect();
        keys.map_err(Error::map("reading", names::PORTAL))?.into_iter().try_for_each(|key| self.remove(key))
    }

    fn remove(&self, key: u64) -> Result<(), Error> {
        let Some(map) = &self.map else { return Ok(()) };
        match lock(map).remove(&key) {
            // The least recently used are forgotten by the kernel itself.
            Ok(()) | Err(MapError::KeyNotFound) => Ok(()),
            Err(error) => Err(Error::map("writing", names::PORTAL)(error)),
        }
    }
}

fn key(mac: [u8; 6]) -> u64 {
    mac.iter().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_the_kernel_reads_them() {
        assert_eq!(key([2, 0, 0, 0, 1, 0xff]), 0x0200_0000_01ff);
    }
}
