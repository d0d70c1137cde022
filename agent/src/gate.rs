//! What the agent needs of the gate: the kernel's data plane, or a table in memory for tests.

pub use crate::dataplane::DomainUpdate;
use stairgate_abi::maps::Profile;
use stairgate_abi::{Mask, TagSet, Tags, Verdict};

/// Why the gate did not take something. The source's own words say what to do.
pub type GateError = Box<dyn std::error::Error + Send + Sync>;

/// Why the domain table did not take a whole new content.
#[derive(Debug)]
pub enum ReplaceError {
    /// There is no room for so much; for less there may be.
    NoRoom(GateError),
    /// Anything else.
    Failed(GateError),
}

impl From<ReplaceError> for GateError {
    fn from(error: ReplaceError) -> Self {
        match error {
            ReplaceError::NoRoom(error) | ReplaceError::Failed(error) => error,
        }
    }
}

/// Writes what the kernel decides by, and asks it what it would decide. A long change of the domain table does not hold
/// up the others.
pub trait Gate: Send + Sync + 'static {
    /// Key of the name hash.
    fn hash_key(&self) -> u64;

    /// Names that the domain table has room for.
    fn domain_capacity(&self) -> u32;

    /// Puts profiles into force, from the next packet on.
    ///
    /// # Errors
    /// The old ones stay.
    fn set_profiles(&self, profiles: &[(u16, &Profile)]) -> Result<(), GateError>;

    /// Makes `devices` all that is known: hardware addresses and profile numbers.
    ///
    /// # Errors
    /// The old ones stay.
    fn set_devices(&self, devices: &[([u8; 6], u16)]) -> Result<(), GateError>;

    /// Makes `entries` the whole content of the domain table: hash of a name, what holds for it, what holds beneath it.
    ///
    /// # Errors
    /// The old content stays.
    fn replace_domains(
        &self,
        entries: &mut dyn Iterator<Item = (u64, TagSet, TagSet)>,
    ) -> Result<DomainUpdate, ReplaceError>;

    /// Makes `this` and `below` all that the domain table says of one name.
    ///
    /// # Errors
    /// The old content stays.
    fn set_domain(&self, hash: u64, this: TagSet, below: TagSet) -> Result<(), GateError>;

    /// What the domain table says of the name with this hash.
    fn domain(&self, hash: u64) -> (TagSet, TagSet);

    /// The verdict on `name` for a profile, now; none if there is no such profile.
    fn decide(&self, profile: u16, name: &str) -> Option<Decided>;

    /// Every counter by name.
    ///
    /// # Errors
    /// As the kernel says.
    fn counters(&self) -> Result<Vec<(&'static str, u64)>, GateError>;
}

/// A verdict and what led to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decided {
    /// Pass or block.
    pub verdict: Verdict,
    /// The blocked tags that led to a refusal by category.
    pub hits: Tags,
    /// The mask in force.
    pub mask: Mask,
    /// Byte at which a suffix that the table knows begins, and what the table says of it; least specific first.
    pub suffixes: Vec<(usize, TagSet)>,
}

#[cfg(test)]
pub(crate) mod memory;
