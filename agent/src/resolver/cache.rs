//! The cache: answers in wire form, bounded by bytes.
//!
//! Which answers stay is decided by three queues (S3-FIFO, Yang et al., SOSP 2023). A new answer enters a small queue and
//! only moves on to the main one if it was asked for again by the time it comes out; otherwise a hash of it is
//! remembered for a while, and if it comes back it enters the main queue at once. So a flood of names that are each asked
//! for once passes through a tenth of the memory and leaves what a family uses where it is. Nothing is moved on a hit.
//!
//! An answer whose lifetime is over is kept while there is room, since an old answer is better than none when the
//! upstreams cannot be reached (RFC 8767).

mod shard;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::mem::size_of;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use super::inspect::Traits;
use super::name::DnsName;
use super::question::Question;
use super::upstream::Options;
use crate::locks::lock;
use shard::Shard;

/// Parts of the cache, each with a lock of its own. A power of two.
const SHARDS: usize = 4;
/// The memory of the cache unless configured: this share of the machine's, within the two limits below.
const MEMORY_DIVISOR: u64 = 32;
/// 4 MiB: some 10,000 answers, on a router of 128 MB.
pub const BYTES_DEFAULT_MIN: usize = 4 << 20;
/// 64 MiB: more names than a household asks for in a day.
pub const BYTES_DEFAULT_MAX: usize = 64 << 20;
/// The smallest cache: answers of up to 8 KiB can still be kept.
pub const BYTES_MIN: usize = 256 << 10;
/// One answer may take this share of its part of the cache. Larger ones are passed on but not kept.
const ANSWER_SHARE: usize = 8;

/// An answer is kept for this long after its lifetime, in seconds (RFC 8767 §4: one to three days).
pub const STALE_MAX_S: u64 = 24 * 60 * 60;
/// The lifetime that all records of an old answer are sent with, in seconds (RFC 8767 §4).
pub const STALE_TTL_S: u32 = 30;
/// A name is hot if it was asked for this often since it came into the cache or was last considered for eviction.
const HOT_HITS: u8 = 2;
/// A hot answer is asked for anew when this part of its lifetime is left.
const REFRESH_DIVISOR: u32 = 10;
/// Answers with a shorter lifetime, in seconds, are not asked for ahead of time: that would be a query every few seconds.
const REFRESH_TTL_MIN_S: u32 = 20;

/// A whole message without EDNS, id 0, the question in lower case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// In wire form.
    pub bytes: Box<[u8]>,
    /// Where the four bytes of every record's TTL begin.
    pub ttl_offsets: Box<[u16]>,
}

impl Message {
    fn cost(&self) -> usize {
        self.bytes.len() + size_of::<u16>() * self.ttl_offsets.len()
    }
}

/// An answer, and what of it matters to the steps after the cache.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What is sent.
    pub message: Message,
    /// The same without the `ech` parameters, if it has any.
    pub without_ech: Option<Message>,
    /// What the policy looks at.
    pub traits: Traits,
    /// When it came, in seconds of the boot clock.
    pub stored_at: u64,
    /// Seconds for which it holds; zero if it must not be kept.
    pub ttl: u32,
    /// 0 or 3 (NXDOMAIN).
    pub rcode: u8,
    /// Validated, by the upstream or by ourselves.
    pub authentic: bool,
}

impl Stored {
    /// Seconds since it came, at `now_s` on the boot clock.
    pub fn age(&self, now_s: u64) -> u32 {
        u32::try_from(now_s.saturating_sub(self.stored_at)).unwrap_or(u32::MAX)
    }

    /// The bytes that it takes in memory, with what the cache itself needs for it.
    fn cost(&self) -> usize {
        shard::OVERHEAD
            + size_of::<Self>()
            + self.message.cost()
            + self.without_ech.as_ref().map_or(0, Message::cost)
            + size_of::<DnsName>() * self.traits.targets.len()
            + size_of::<IpAddr>() * self.traits.addresses.len()
    }
}

/// What the cache has for a question.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The answer.
    pub stored: Arc<Stored>,
    /// Whether it still holds.
    pub freshness: Freshness,
    /// The answer is hot and will soon be over: now is the time to ask for it anew. Said to one asker only.
    pub refresh_due: bool,
}

/// Whether an answer still holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Freshness {
    /// It came this many seconds ago and holds.
    Fresh {
        /// Seconds.
        age: u32,
    },
    /// Its lifetime is over. To be used only if there is no better answer, with a lifetime of [`STALE_TTL_S`].
    Stale,
}

/// Figures for those who look after the cache.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct CacheStatus {
    /// Answers in it.
    pub answers: usize,
    /// Bytes taken.
    pub bytes: usize,
    /// Bytes it may take.
    pub capacity: usize,
}

/// See the module's description.
#[derive(Debug)]
pub struct Cache {
    shards: [Mutex<Shard>; SHARDS],
    /// Keyed, so that nobody can choose names that all fall together.
    hasher: RandomState,
}

impl Cache {
    /// The bytes for a cache on a machine with this much memory.
    pub fn default_bytes(machine_bytes: u64) -> usize {
        usize::try_from(machine_bytes / MEMORY_DIVISOR)
            .unwrap_or(usize::MAX)
            .clamp(BYTES_DEFAULT_MIN, BYTES_DEFAULT_MAX)
    }

    /// An empty cache of at most `bytes`, or [`BYTES_MIN`] if that is more.
    pub fn new(bytes: usize) -> Self {
        let bytes = bytes.max(BYTES_MIN) / SHARDS;
        Self { shards: std::array::from_fn(|_| Mutex::new(Shard::new(bytes))), hasher: RandomState::new() }
    }

    /// Looks up the answer to `question` at `now_s`, in seconds of the boot clock. Allocates nothing.
    pub fn get(&self, question: &Question, options: Options, now_s: u64) -> Option<Hit> {
        let key = self.key(question, options);
        let mut shard = self.shard(key.hash);
        let entry = shard.get(&key)?;
        let age = entry.stored.age(now_s);
        let ttl = entry.stored.ttl;
        if age >= ttl {
            if u64::from(age - ttl) >= STALE_MAX_S {
                return None;
            }
            return Some(Hit { stored: entry.stored.clone(), freshness: Freshness::Stale, refresh_due: false });
        }
        let refresh_due = !entry.refresh_claimed
            && entry.hits >= HOT_HITS
            && ttl >= REFRESH_TTL_MIN_S
            && ttl - age <= ttl / REFRESH_DIVISOR;
        entry.refresh_claimed |= refresh_due;
        Some(Hit { stored: entry.stored.clone(), freshness: Freshness::Fresh { age }, refresh_due })
    }

    /// Puts in the answer to `question`, in place of an earlier one. An answer with no lifetime is not kept, nor is one
    /// that would take too large a share.
    pub fn insert(&self, question: &Question, options: Options, stored: Arc<Stored>) {
        let key = self.key(question, options);
        let cost = stored.cost();
        let mut shard = self.shard(key.hash);
        if stored.ttl == 0 || cost > shard.capacity() / ANSWER_SHARE {
            shard.remove(&key);
            return;
        }
        shard.insert(&key, stored, cost);
    }

    /// Forgets `name` and everything beneath it, of all types.
    pub fn flush(&self, name: &DnsName) {
        for shard in &self.shards {
            lock(shard).remove_within(name);
        }
    }

    /// Forgets everything.
    pub fn flush_all(&self) {
        for shard in &self.shards {
            lock(shard).clear();
        }
    }

    /// How full it is.
    pub fn status(&self) -> CacheStatus {
        let mut status = CacheStatus::default();
        for shard in &self.shards {
            let shard = lock(shard);
            status.answers += shard.len();
            status.bytes += shard.bytes();
            status.capacity += shard.capacity();
        }
        status
    }

    fn key<'a>(&self, question: &'a Question, options: Options) -> Key<'a> {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(question.name.as_wire());
        let scope = Scope { query_type: question.query_type, class: question.class, options };
        hasher.write_u64(scope.as_number());
        Key { hash: hasher.finish(), name: question.name.as_wire(), scope }
    }

    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard> {
        // The table inside uses the hash's other end.
        lock(&self.shards[(hash >> 32) as usize % SHARDS])
    }
}

/// What an answer is found by.
struct Key<'a> {
    hash: u64,
    /// In wire form and lower case.
    name: &'a [u8],
    scope: Scope,
}

/// The rest of the key besides the name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Scope {
    query_type: u16,
    class: u16,
    options: Options,
}

impl Scope {
    fn as_number(self) -> u64 {
        let Options { set, dnssec_ok, checking_disabled } = self.options;
        u64::from(self.query_type)
            | u64::from(self.class) << 16
            | u64::from(set.0) << 32
            | u64::from(dnssec_ok) << 40
            | u64::from(checking_disabled) << 41
    }
}

#[cfg(test)]
mod tests;
