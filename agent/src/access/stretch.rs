//! Makes guessing slow: argon2id (RFC 9106), in memory that the system gets back.
//!
//! glibc keeps what is freed for later. It maps large blocks on their own, which go back at once, but after the first of
//! them is freed it takes blocks of that size for usual and keeps those too: the agent would stay larger by a whole hash.
//! What is larger than 32 MiB it always maps (mallopt(3), `M_MMAP_THRESHOLD`). So that much is reserved, of which only what
//! the hash needs is ever touched and counts. musl gives back anything of such sizes.

use argon2::{Algorithm, Argon2, Block, Params, Version};

/// What an attempt costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cost {
    /// KiB of memory.
    pub(super) memory: u32,
    /// Times that all of it is gone through.
    pub(super) passes: u32,
}

/// Blocks that are reserved: more than `DEFAULT_MMAP_THRESHOLD_MAX` of glibc on 64 bits.
const RESERVED_BLOCKS: usize = (33 << 20) / Block::SIZE;

/// Fills `out` with what argon2id makes of a password and a salt, in one lane; none if there is no memory for it.
pub(super) fn stretch<const N: usize>(password: &[u8], salt: &[u8], cost: Cost) -> Option<[u8; N]> {
    let params = Params::new(cost.memory, cost.passes, 1, Some(N)).ok()?;
    let mut blocks: Vec<Block> = Vec::new();
    blocks.try_reserve_exact(RESERVED_BLOCKS.max(params.block_count())).ok()?;
    blocks.resize(params.block_count(), Block::default());
    let mut out = [0; N];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password, salt, &mut out, blocks).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserving_more_changes_nothing() {
        let params = Params::new(64, 2, 1, Some(32)).unwrap();
        let mut expected = [0; 32];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into(b"password", b"salt of sixteen.", &mut expected).unwrap();
        let cost = Cost { memory: 64, passes: 2 };
        assert_eq!(stretch::<32>(b"password", b"salt of sixteen.", cost), Some(expected));
        assert_eq!(stretch::<32>(b"password", b"short", cost), None);
    }
}
