//! The agent's unsafe code: kernel memory as atomics, and map values as bytes.
//!
//! Nothing else in the agent may use `unsafe`; what leaves this module is safe to use in any way.
#![expect(unsafe_code, reason = "mapping kernel memory and reading values out of it cannot be said in safe Rust")]

use std::io;
use std::mem::offset_of;
use std::ops::Deref;
use std::os::fd::BorrowedFd;
use std::ptr::NonNull;

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use stairgate_abi::atomic::AtomicU64;
use stairgate_abi::maps::{Event, Flow, FlowKey, Profile, ResolvedKey, Settings};

/// The memory of a BPF array that was made with `BPF_F_MMAPABLE`, as words that the kernel program reads.
#[derive(Debug)]
pub(super) struct Mapping {
    start: NonNull<AtomicU64>,
    words: usize,
}

// SAFETY: the mapping belongs to the process, not to a thread, and all access to it is atomic.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `words` words of the array behind `map`.
    ///
    /// # Errors
    /// What the kernel says: the array is not mappable, or is smaller.
    pub(super) fn new(map: BorrowedFd<'_>, words: usize) -> io::Result<Self> {
        let bytes = words.checked_mul(size_of::<AtomicU64>()).ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: a new mapping at an address of the kernel's choice overlaps nothing that exists.
        let start =
            unsafe { mmap(std::ptr::null_mut(), bytes, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, map, 0) }?;
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, words })
    }
}

impl Deref for Mapping {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: `start` is page-aligned and maps `words` words until drop. The other processors only ever read or
        // write them as whole words: the kernel program reads, and any writer maps them through this type.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.words) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly what `new` mapped, and no borrow of it outlives `self`.
        let unmapped = unsafe { munmap(self.start.as_ptr().cast(), self.words * size_of::<AtomicU64>()) };
        debug_assert!(unmapped.is_ok(), "munmap of an own mapping failed");
    }
}

/// A type of the ABI that lies in a map.
///
/// # Safety
/// Every pattern of bytes is a value of the type, and it has no padding.
pub(super) unsafe trait Value: Copy + 'static {}

// SAFETY: `repr(C)` structs of integers and arrays of integers; the ABI asserts their sizes, which leaves no padding.
unsafe impl Value for Settings {}
// SAFETY: as above.
unsafe impl Value for Profile {}
// SAFETY: as above.
unsafe impl Value for FlowKey {}
// SAFETY: as above.
unsafe impl Value for Flow {}
// SAFETY: as above.
unsafe impl Value for ResolvedKey {}

/// A [`Value`] in the form in which aya's maps take it.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Plain<T>(pub(super) T);

// SAFETY: `Value` promises what `Pod` asks for, and the wrapper is transparent.
unsafe impl<T: Value> aya::Pod for Plain<T> {}

/// The event in `bytes`, which may end with the last byte of its name. `None` if not even its head is there.
pub(super) fn read_event(bytes: &[u8]) -> Option<Event> {
    if bytes.len() < offset_of!(Event, name) {
        return None;
    }
    let mut whole = [0; size_of::<Event>()];
    for (to, from) in whole.iter_mut().zip(bytes) {
        *to = *from;
    }
    // SAFETY: the array is as long as an `Event`, any bytes are one, and the read asks for no alignment.
    Some(unsafe { whole.as_ptr().cast::<Event>().read_unaligned() })
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::sync::atomic::Ordering;

    use rustix::fs::{MemfdFlags, ftruncate, memfd_create};

    use super::*;

    #[test]
    fn two_mappings_of_one_memory_see_each_other() {
        let file = memfd_create("words", MemfdFlags::CLOEXEC).unwrap();
        ftruncate(&file, 4096).unwrap();
        let one = Mapping::new(file.as_fd(), 512).unwrap();
        let two = Mapping::new(file.as_fd(), 512).unwrap();
        assert_eq!(one.len(), 512);
        one[511].store(7, Ordering::Release);
        assert_eq!(two[511].load(Ordering::Acquire), 7);
    }

    #[test]
    fn events_are_read_at_any_alignment_and_never_past_the_end() {
        let head = offset_of!(Event, name);
        let mut bytes = vec![0; 1 + head + 3];
        bytes[1 + offset_of!(Event, kind)] = 4;
        bytes[1 + head..].copy_from_slice(b"a.b");
        let event = read_event(&bytes[1..]).unwrap();
        assert_eq!((event.kind, &event.name[..4]), (4, b"a.b\0".as_slice()));
        assert_eq!(read_event(&bytes[..head - 1]), None);
        bytes.resize(2 * size_of::<Event>(), 7);
        assert!(read_event(&bytes).is_some_and(|event| event.name[255] == 7));
    }
}
