//! The kernel program's events.

use std::os::fd::AsFd as _;

use aya::maps::{Map, MapData, RingBuf};
use stairgate_abi::maps::{EVENT_NAME_MAX, Event, names};

use super::error::Error;
use super::memory;
use crate::readiness::Readiness;

/// The one reader of the event ring.
///
/// Nothing is queued here: what is not fetched stays in the ring, whose size is fixed, and when it is full the kernel
/// counts what it could not send as `events_lost`.
pub struct Events {
    /// None without a gate, where nothing happens.
    source: Option<Source>,
}

struct Source {
    ring: RingBuf<MapData>,
    readiness: Readiness,
}

impl Events {
    /// Must be called within a tokio runtime that drives IO.
    pub(super) fn new(map: MapData) -> Result<Self, Error> {
        let ring = Map::from_map_data(map).and_then(RingBuf::try_from).map_err(Error::map("opening", names::EVENTS))?;
        let readiness = Readiness::of(ring.as_fd()).map_err(Error::Events)?;
        Ok(Self { source: Some(Source { ring, readiness }) })
    }

    /// Events of no gate: none ever comes.
    pub(super) const fn none() -> Self {
        Self { source: None }
    }

    /// The next event. Cancel-safe: an event is taken only by a call that returns it.
    ///
    /// # Errors
    /// If the runtime can no longer wait for the ring.
    pub async fn next(&mut self) -> Result<Event, Error> {
        loop {
            if let Some(event) = self.try_next() {
                return Ok(event);
            }
            match &self.source {
                Some(source) => source.readiness.wait().await.map_err(Error::Events)?,
                None => std::future::pending().await,
            }
        }
    }

    /// The next event, if there is one already.
    pub fn try_next(&mut self) -> Option<Event> {
        while let Some(bytes) = self.source.as_mut()?.ring.next() {
            // Whatever is not an event of this version is passed over; the ring is shared with no other writer.
            if let Some(mut event) = memory::read_event(&bytes) {
                event.name_length = event.name_length.min(EVENT_NAME_MAX as u32);
                return Some(event);
            }
        }
        None
    }
}
