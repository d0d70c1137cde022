//! Files that only a passphrase opens: ChaCha20-Poly1305 (RFC 8439) under a key that argon2id makes of the passphrase.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use thiserror::Error;

use super::stretch::{Cost, stretch};

/// What every such file begins with; the number is that of the form.
const MAGIC: &[u8; 20] = b"stairgate-backup 1\r\n";
const SALT: usize = 16;
const KEY: usize = 32;
/// What making the key costs: three times what a sign-in does, because a file can be guessed at for ever.
const COST: Cost = Cost { memory: 32 * 1024, passes: 4 };
/// Bytes of a file at most.
pub const FILE_BYTES_MAX: usize = 8 << 20;

/// Why a file cannot be sealed or opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum SealError {
    /// It is none of ours, was changed, or the passphrase is another one.
    #[error("this is no backup of stairgate, or the passphrase is wrong")]
    NotOpened,
    /// The machine has no memory or no random numbers.
    #[error("the backup could not be made; try again")]
    Failed,
}

/// Seals `content`. Takes about a second and 32 MiB.
///
/// # Errors
/// [`SealError::Failed`].
pub fn seal(content: &[u8], passphrase: &str) -> Result<Vec<u8>, SealError> {
    let mut random = [0; SALT + NONCE_LEN];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty()).map_err(|_| SealError::Failed)?;
    let (salt, nonce) = random.split_at(SALT);
    let key = key(passphrase, salt).ok_or(SealError::Failed)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Failed)?;
    let mut sealed = content.to_vec();
    key.seal_in_place_append_tag(nonce, Aad::from(MAGIC), &mut sealed).map_err(|_| SealError::Failed)?;
    Ok([MAGIC.as_slice(), &random, &sealed].concat())
}

/// What was sealed in `file`. Takes as long as sealing.
///
/// # Errors
/// [`SealError::NotOpened`].
pub fn open(file: &[u8], passphrase: &str) -> Result<Vec<u8>, SealError> {
    let open = || {
        let rest = file.strip_prefix(MAGIC)?;
        let (salt, rest) = rest.split_at_checked(SALT)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut content = sealed.to_vec();
        let length = key(passphrase, salt)?.open_in_place(nonce, Aad::from(MAGIC), &mut content).ok()?.len();
        content.truncate(length);
        Some(content)
    };
    open().ok_or(SealError::NotOpened)
}

fn key(passphrase: &str, salt: &[u8]) -> Option<LessSafeKey> {
    let key: [u8; KEY] = stretch(passphrase.as_bytes(), salt, COST)?;
    UnboundKey::new(&CHACHA20_POLY1305, &key).ok().map(LessSafeKey::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_passphrase_opens_an_unchanged_file() {
        let sealed = seal(b"the household", "four plain words").unwrap();
        assert!(!sealed.windows(9).any(|window| window == b"household"));
        assert_eq!(open(&sealed, "four plain words").as_deref(), Ok(b"the household".as_slice()));
        assert_ne!(sealed, seal(b"the household", "four plain words").unwrap());
        assert_eq!(open(&sealed, "four plain word"), Err(SealError::NotOpened));
        for place in [0, MAGIC.len(), MAGIC.len() + SALT, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(open(&changed, "four plain words"), Err(SealError::NotOpened), "{place}");
        }
        for length in [0, MAGIC.len(), MAGIC.len() + SALT + NONCE_LEN, sealed.len() - 1] {
            assert_eq!(open(&sealed[..length], "four plain words"), Err(SealError::NotOpened), "{length}");
        }
    }
}
