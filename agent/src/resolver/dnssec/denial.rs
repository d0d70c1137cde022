//! Proofs that something does not exist: `NSEC` (RFC 4034 §4, RFC 4035 §5.4) and `NSEC3` (RFC 5155 §8), with what RFC 6840
//! §4 adds to both.

use std::cmp::Ordering;

use data_encoding::BASE32HEX_NOPAD;
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};

use super::Budget;
use super::rrset::{RrSet, ancestor};
use crate::resolver::name::DnsName;
use crate::resolver::question::query_type;

/// Additional rounds of hashing of `NSEC3` at most. Zones with more count as unsigned (RFC 9276 §3.2), so that no zone makes
/// this resolver work for it.
pub const ITERATIONS_MAX: u16 = 50;
/// Bytes of the only hash that there is.
const HASH_BYTES: usize = 20;
/// The number of SHA-1 among the hashes of `NSEC3`.
const HASH_SHA1: u8 = 1;
/// Between two names of the chain there may be delegations that nobody signed (RFC 5155 §3.1.2.1).
const FLAG_OPT_OUT: u8 = 1;

/// What is proven about a name and a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Denial {
    /// There is the name, or a wildcard in its place, but nothing of the type.
    NoData,
    /// There is no such name.
    NoName,
    /// The zone leaves open what there is.
    Insecure,
    /// Nothing.
    Unproven,
}

/// What is proven about a name that could be a delegation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Delegation {
    /// A zone begins there, or may, and its parent does not vouch for its keys.
    Unsigned,
    /// No zone begins there.
    None,
    /// Nothing.
    Unproven,
}

/// The proofs of one zone. Their signatures have been verified.
#[derive(Debug)]
pub(super) struct Proofs {
    pub(super) zone: DnsName,
    plain: Vec<Plain>,
    hashed: Vec<Hashed>,
    /// Of all in `hashed`.
    iterations: u16,
    salt: Vec<u8>,
}

/// `NSEC`: nothing lies between two names.
#[derive(Debug)]
struct Plain {
    owner: DnsName,
    next: DnsName,
    types: Types,
}

/// `NSEC3`: nothing has a hash between two.
#[derive(Debug)]
struct Hashed {
    owner: Hash,
    next: Hash,
    opt_out: bool,
    types: Types,
}

type Hash = [u8; HASH_BYTES];

/// The types that a name has records of (RFC 4034 §4.1.2).
#[derive(Clone, Debug)]
struct Types(Vec<u8>);

/// What the proofs say of a name.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is not kept")]
enum Found {
    /// It is there and has records of these types.
    Types(Types),
    /// It has no records, but names beneath it have.
    Between,
    /// It is not there.
    Absent {
        /// The longest name above it that is.
        closest: DnsName,
        /// Delegations that nobody signed may be there all the same.
        opt_out: bool,
    },
    Unknown,
}

impl Proofs {
    /// No proofs yet.
    pub(super) fn new(zone: DnsName) -> Self {
        Self { zone, plain: Vec::new(), hashed: Vec::new(), iterations: 0, salt: Vec::new() }
    }

    /// Takes a set of either type whose signature was verified with the zone's keys. What is not understood proves
    /// nothing.
    pub(super) fn add(&mut self, set: &RrSet) {
        for data in &set.data {
            match set.record_type {
                query_type::NSEC => self.plain.extend(Plain::read(&set.owner, data)),
                query_type::NSEC3 => self.add_hashed(&set.owner, data),
                _ => {}
            }
        }
    }

    /// What is proven about records of `record_type` at `name`.
    pub(super) fn deny(&self, name: &DnsName, record_type: u16, budget: &mut Budget) -> Denial {
        if self.is_too_costly() {
            return Denial::Insecure;
        }
        match self.find(name, budget) {
            Found::Types(types) if types.lack(name, record_type) => Denial::NoData,
            Found::Between => Denial::NoData,
            Found::Absent { closest, opt_out } => {
                let Some(wildcard) = wildcard(&closest) else { return Denial::Unproven };
                let denial = match self.types_at(&wildcard, budget) {
                    Some(types) if types.lack(&wildcard, record_type) => Denial::NoData,
                    Some(_) => return Denial::Unproven,
                    None if self.is_covered(&wildcard, budget).is_some() => Denial::NoName,
                    None if opt_out => Denial::Insecure,
                    None => return Denial::Unproven,
                };
                if opt_out { Denial::Insecure } else { denial }
            }
            Found::Types(_) | Found::Unknown => Denial::Unproven,
        }
    }

    /// What is proven about a delegation to `name`, a name beneath the zone's, for which there is no `DS` record.
    pub(super) fn delegation(&self, name: &DnsName, budget: &mut Budget) -> Delegation {
        if self.is_too_costly() {
            return Delegation::Unsigned;
        }
        match self.find(name, budget) {
            // The child's own record says nothing about what the parent has (RFC 4035 §5.2).
            Found::Types(types) if types.has(query_type::DS) || types.has(query_type::SOA) => Delegation::Unproven,
            Found::Types(types) if types.has(query_type::NS) => Delegation::Unsigned,
            Found::Absent { opt_out: true, .. } => Delegation::Unsigned,
            Found::Types(_) | Found::Between | Found::Absent { .. } => Delegation::None,
            Found::Unknown => Delegation::Unproven,
        }
    }

    /// Whether nothing stands between `name` and the wildcard beneath its last `labels` labels, so that the wildcard may
    /// answer for it (RFC 4035 §5.3.4, RFC 5155 §8.8).
    pub(super) fn expands(&self, name: &DnsName, labels: usize, budget: &mut Budget) -> Denial {
        if self.is_too_costly() {
            return Denial::Insecure;
        }
        if let Found::Absent { closest, .. } = self.find_plain(name)
            && closest.label_count() == labels
        {
            return Denial::NoName;
        }
        match self.is_covered_by_hash(&ancestor(name, labels + 1), budget) {
            Some(true) => Denial::Insecure,
            Some(false) => Denial::NoName,
            None => Denial::Unproven,
        }
    }

    fn add_hashed(&mut self, owner: &DnsName, data: &[u8]) {
        let Some((hashed, iterations, salt)) = Hashed::read(owner, &self.zone, data) else { return };
        // A zone may be changing them; one answer is made of one chain (RFC 5155 §7.2).
        if self.hashed.is_empty() {
            (self.iterations, self.salt) = (iterations, salt);
        } else if (self.iterations, &self.salt) != (iterations, &salt) {
            return;
        }
        self.hashed.push(hashed);
    }

    fn is_too_costly(&self) -> bool {
        self.iterations > ITERATIONS_MAX
    }

    fn find(&self, name: &DnsName, budget: &mut Budget) -> Found {
        match self.find_plain(name) {
            Found::Unknown => self.find_hashed(name, budget),
            found => found,
        }
    }

    fn find_plain(&self, name: &DnsName) -> Found {
        if let Some(plain) = self.plain.iter().find(|plain| plain.owner == *name) {
            return Found::Types(plain.types.clone());
        }
        let Some(plain) = self.plain.iter().find(|plain| plain.covers(name, &self.zone)) else { return Found::Unknown };
        if plain.next.is_within(name) {
            return Found::Between;
        }
        let [left, right] = [&plain.owner, &plain.next].map(|neighbour| common_ancestor(name, neighbour));
        let closest = if left.label_count() > right.label_count() { left } else { right };
        Found::Absent { closest, opt_out: false }
    }

    /// RFC 5155 §8.3.
    fn find_hashed(&self, name: &DnsName, budget: &mut Budget) -> Found {
        if self.hashed.is_empty() || !name.is_within(&self.zone) {
            return Found::Unknown;
        }
        if let Some(types) = self.types_at_hash(name, budget) {
            return Found::Types(types);
        }
        let mut next_closer = *name;
        while let Some(closest) = next_closer.parent().filter(|parent| parent.is_within(&self.zone)) {
            let Some(types) = self.types_at_hash(&closest, budget) else {
                next_closer = closest;
                continue;
            };
            // What lies beneath a delegation or a redirection is not for this zone to deny.
            if types.is_delegation() || types.has(query_type::DNAME) {
                return Found::Unknown;
            }
            return match self.is_covered_by_hash(&next_closer, budget) {
                Some(opt_out) => Found::Absent { closest, opt_out },
                None => Found::Unknown,
            };
        }
        Found::Unknown
    }

    fn types_at(&self, name: &DnsName, budget: &mut Budget) -> Option<Types> {
        let plain = self.plain.iter().find(|plain| plain.owner == *name).map(|plain| plain.types.clone());
        plain.or_else(|| self.types_at_hash(name, budget))
    }

    fn types_at_hash(&self, name: &DnsName, budget: &mut Budget) -> Option<Types> {
        let hash = self.hash(name, budget)?;
        self.hashed.iter().find(|hashed| hashed.owner == hash).map(|hashed| hashed.types.clone())
    }

    /// Whether `name` is proven not to be there; true inside if delegations may be there all the same.
    fn is_covered(&self, name: &DnsName, budget: &mut Budget) -> Option<bool> {
        if self.plain.iter().any(|plain| plain.covers(name, &self.zone) && !plain.next.is_within(name)) {
            return Some(false);
        }
        self.is_covered_by_hash(name, budget)
    }

    fn is_covered_by_hash(&self, name: &DnsName, budget: &mut Budget) -> Option<bool> {
        let hash = self.hash(name, budget)?;
        self.hashed.iter().find(|hashed| hashed.covers(&hash)).map(|hashed| hashed.opt_out)
    }

    /// RFC 5155 §5. None if there is nothing to compare it with, or once enough was computed.
    fn hash(&self, name: &DnsName, budget: &mut Budget) -> Option<Hash> {
        if self.hashed.is_empty() || self.is_too_costly() {
            return None;
        }
        budget.take_hash()?;
        let round = |bytes: &[u8]| {
            let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
            context.update(bytes);
            context.update(&self.salt);
            context.finish()
        };
        let mut hash = round(name.as_wire());
        for _ in 0..self.iterations {
            hash = round(hash.as_ref());
        }
        hash.as_ref().try_into().ok()
    }
}

impl Plain {
    fn read(owner: &DnsName, data: &[u8]) -> Option<Self> {
        let (next, length) = DnsName::from_wire(data).ok()?;
        Some(Self { owner: *owner, next, types: Types::read(&data[length..])? })
    }

    /// Whether `name` lies between the two, where the zone has nothing.
    fn covers(&self, name: &DnsName, zone: &DnsName) -> bool {
        // What lies beneath a delegation or a redirection is not for this zone to deny (RFC 6840 §4.1).
        if name.is_within(&self.owner) && (self.types.is_delegation() || self.types.has(query_type::DNAME)) {
            return false;
        }
        // The last name of the zone is followed by the first.
        let is_before_next = self.next == *zone || compare(name, &self.next) == Ordering::Less;
        name.is_within(zone) && compare(&self.owner, name) == Ordering::Less && is_before_next
    }
}

impl Hashed {
    /// Reads a record of the zone, with iterations and salt.
    fn read(owner: &DnsName, zone: &DnsName, data: &[u8]) -> Option<(Self, u16, Vec<u8>)> {
        if owner.parent()? != *zone {
            return None;
        }
        let label = owner.labels().last()?.to_ascii_uppercase();
        let (&[HASH_SHA1, flags, high, low, salt_length], rest) = data.split_first_chunk()? else { return None };
        let (salt, rest) = rest.split_at_checked(salt_length.into())?;
        let (&hash_length, rest) = rest.split_first()?;
        let (next, types) = rest.split_at_checked(hash_length.into())?;
        let hashed = Self {
            owner: BASE32HEX_NOPAD.decode(&label).ok()?.try_into().ok()?,
            next: next.try_into().ok()?,
            opt_out: flags & FLAG_OPT_OUT != 0,
            types: Types::read(types)?,
        };
        // Other flags have no meaning yet, and such records must be ignored (RFC 5155 §8.2).
        (flags & !FLAG_OPT_OUT == 0).then(|| (hashed, u16::from_be_bytes([high, low]), salt.to_vec()))
    }

    fn covers(&self, hash: &Hash) -> bool {
        if self.owner < self.next {
            self.owner < *hash && *hash < self.next
        } else {
            // The last of the chain is followed by the first.
            self.owner < *hash || *hash < self.next
        }
    }
}

impl Types {
    /// Checks the bitmaps: windows in ascending order, each of 1 to 32 bytes.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut last = None;
        while let Some((&[window, length], after)) = rest.split_first_chunk() {
            if !(1..=32).contains(&length) || last.is_some_and(|last| last >= window) {
                return None;
            }
            last = Some(window);
            rest = after.get(length.into()..)?;
        }
        rest.is_empty().then(|| Self(bytes.to_vec()))
    }

    fn has(&self, record_type: u16) -> bool {
        let [wanted, low] = record_type.to_be_bytes();
        let mut rest = &self.0[..];
        while let Some((&[window, length], after)) = rest.split_first_chunk() {
            let (bits, after) = after.split_at(length.into());
            if window == wanted {
                return bits.get(usize::from(low / 8)).is_some_and(|byte| byte & 0x80 >> (low % 8) != 0);
            }
            rest = after;
        }
        false
    }

    /// True at the parent's side of a delegation.
    fn is_delegation(&self) -> bool {
        self.has(query_type::NS) && !self.has(query_type::SOA)
    }

    /// True if this proves that `name`, whose types these are, has no records of `record_type`.
    fn lack(&self, name: &DnsName, record_type: u16) -> bool {
        // At a delegation the parent speaks for the DS records, and for nothing else (RFC 6840 §4.1, RFC 4035 §5.2).
        let is_responsible = match record_type {
            query_type::DS => !self.has(query_type::SOA) || name.is_root(),
            _ => !self.is_delegation(),
        };
        is_responsible && !self.has(record_type) && !self.has(query_type::CNAME)
    }
}

/// The canonical order of names (RFC 4034 §6.1).
fn compare(left: &DnsName, right: &DnsName) -> Ordering {
    left.labels().cmp(right.labels())
}

fn common_ancestor(left: &DnsName, right: &DnsName) -> DnsName {
    let labels = left.labels().zip(right.labels()).take_while(|(left, right)| left == right).count();
    ancestor(left, labels)
}

/// The wildcard beneath `name`; none if that is too long to be one.
fn wildcard(name: &DnsName) -> Option<DnsName> {
    DnsName::from_wire(&[b"\x01*", name.as_wire()].concat()).ok().map(|(name, _)| name)
}
