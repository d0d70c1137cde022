//! An array of values, in the kernel or, without one, in memory of the agent's own.

use aya::Pod;
use aya::maps::{Array, MapData, MapError};

/// The array.
pub(super) enum Values<V: Pod> {
    /// A map.
    Kernel(Array<MapData, V>),
    /// Nobody reads it but the agent.
    Memory(Vec<V>),
}

impl<V: Pod> Values<V> {
    /// How many values there are.
    pub(super) fn len(&self) -> u32 {
        match self {
            Self::Kernel(array) => array.len(),
            Self::Memory(values) => values.len() as u32,
        }
    }

    /// The value at `index`.
    ///
    /// # Errors
    /// If there is none, or the kernel refuses.
    pub(super) fn get(&self, index: u32) -> Result<V, MapError> {
        match self {
            Self::Kernel(array) => array.get(&index, 0),
            Self::Memory(values) => values.get(index as usize).copied().ok_or_else(|| self.outside(index)),
        }
    }

    /// Replaces the value at `index`.
    ///
    /// # Errors
    /// If there is none, or the kernel refuses.
    pub(super) fn set(&mut self, index: u32, value: V) -> Result<(), MapError> {
        let outside = self.outside(index);
        match self {
            Self::Kernel(array) => array.set(index, value, 0),
            Self::Memory(values) => values.get_mut(index as usize).map(|place| *place = value).ok_or(outside),
        }
    }

    fn outside(&self, index: u32) -> MapError {
        MapError::OutOfBounds { index, max_entries: self.len() }
    }
}
