//! Updates of the router image: a new root file system, checked by its signature and written to the slot that is not in
//! use.
//!
//! Nothing that runs is touched. What is written is tried once by the next start, watched by the image's own script, and
//! kept or left; so the worst that an update can do is to cost two restarts. The signature (minisign, Ed25519 over BLAKE2b)
//! is checked twice: on the file, and on what can be read back of the slot.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use minisign_verify::{PublicKey, Signature};

/// What the image was built as.
const VERSION_FILE: &str = "/etc/stairgate-version";
/// The key that its updates are signed with.
const KEY_FILE: &str = "/etc/stairgate-update.pub";
/// Where an update is kept while it is fetched.
const DOWNLOADS: &str = "/data/update";
/// The image's own program that has the other slot tried by the next start.
const TRY_SLOT: &str = "/usr/lib/router/try-slot";
/// What the signed comment of an image's signature begins with; its version follows.
const COMMENT: &str = "stairgate-image x86_64 ";
/// Bytes of an update at most: a slot is smaller.
const UPDATE_BYTES_MAX: u64 = 128 << 20;
/// Bytes of a signature's file at most.
const SIGNATURE_BYTES_MAX: u64 = 4096;
/// Time that fetching an update may take.
const FETCH_LIMIT: Duration = Duration::from_secs(30 * 60);
const PIECE_BYTES: usize = 1 << 16;

/// Why there is no update.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// Not the router image.
    #[error("this is not the router image, so there is no second slot; update stairgate as it was installed")]
    NotTheImage,
    /// A file cannot be read or written.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was to be done.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It cannot be fetched.
    #[error("cannot fetch {address}: {reason}; nothing was changed")]
    Fetch {
        /// From where.
        address: String,
        /// Why.
        reason: String,
    },
    /// The key or the signature is no such thing.
    #[error("{} is not what minisign writes: {reason}; nothing was changed", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The signature is not that of the content.
    #[error(
        "the signature does not belong to this update, or is not by this image's key: the update is damaged, \
         incomplete, or somebody else's; it will not be started"
    )]
    WrongSignature,
    /// The update is for something else.
    #[error("the update says that it is '{0}', which this box does not run; nothing was changed")]
    OtherKind(String),
    /// The update is older than what runs.
    #[error("the update is version {update}, and {running} is running; say --allow-older to go back")]
    Older {
        /// The update's version.
        update: String,
        /// The running version.
        running: String,
    },
    /// It does not fit.
    #[error("the update has {bytes} bytes, and a slot has {room}; nothing was changed")]
    TooLarge {
        /// Its bytes.
        bytes: u64,
        /// The slot's.
        room: u64,
    },
    /// The slot cannot be made the next one.
    #[error("slot {slot} was written, but the next start will not try it: {reason}")]
    NotTried {
        /// The slot.
        slot: char,
        /// Why.
        reason: String,
    },
}

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// The update's version.
    pub version: String,
    /// The slot that it is in.
    pub slot: char,
}

/// Writes the update at `source`, a path or an http or https address, to the slot that is not in use, and has it tried by
/// the next start. Its signature is expected beside it, with `.minisig` at the end of the name.
///
/// # Errors
/// [`UpdateError`]; the running slot is as it was in any case.
pub fn update(source: &str, allow_older: bool) -> Result<Written, UpdateError> {
    let line = read_text(Path::new("/proc/cmdline"))?;
    let slot = other_slot(&line).ok_or(UpdateError::NotTheImage)?;
    let running = read_text(Path::new(VERSION_FILE)).map_err(|_| UpdateError::NotTheImage)?;
    let key_file = Path::new(KEY_FILE);
    let key = public_key(&read_text(key_file)?).map_err(|reason| malformed(key_file, reason))?;

    let (file, signature_file) = bring(source)?;
    let signature = Signature::decode(&read_text(&signature_file)?)
        .map_err(|error| malformed(&signature_file, error.to_string()))?;
    let bytes = fs::metadata(&file).map_err(|source| io_error("look at", &file, source))?.len();
    check(&file, bytes, &key, &signature)?;
    let version = acceptable(signature.trusted_comment(), running.trim(), allow_older)?;

    let partition =
        partition(Path::new("/sys/class/block"), &format!("root-{slot}")).ok_or(UpdateError::NotTheImage)?;
    write(&file, bytes, &partition)?;
    check(&partition, bytes, &key, &signature)?;
    let _ = fs::remove_dir_all(DOWNLOADS);
    let tried = Command::new(TRY_SLOT).arg(slot.to_string()).status();
    let reason = match tried {
        Ok(status) if status.success() => return Ok(Written { version, slot }),
        Ok(status) => format!("{TRY_SLOT} ended with {status}"),
        Err(error) => format!("{TRY_SLOT} cannot be started: {error}"),
    };
    Err(UpdateError::NotTried { slot, reason })
}

/// The slot that is not the one that the kernel was started from, by its command line.
fn other_slot(command_line: &str) -> Option<char> {
    let mut slots = command_line.split_ascii_whitespace().filter_map(|word| word.strip_prefix("stairgate.slot="));
    match slots.next_back()? {
        "a" => Some('b'),
        "b" => Some('a'),
        _ => None,
    }
}

/// The version that a signed comment names, if this box may have it.
fn acceptable(comment: &str, running: &str, allow_older: bool) -> Result<String, UpdateError> {
    let version = comment.strip_prefix(COMMENT).ok_or_else(|| UpdateError::OtherKind(comment.to_owned()))?;
    if !allow_older && numbers(version) < numbers(running) {
        return Err(UpdateError::Older { update: version.to_owned(), running: running.to_owned() });
    }
    Ok(version.to_owned())
}

/// A version's numbers, which compare as versions do.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

fn public_key(text: &str) -> Result<PublicKey, String> {
    PublicKey::decode(text).map_err(|error| error.to_string())
}

/// Checks the first `bytes` of a file or a partition.
fn check(path: &Path, bytes: u64, key: &PublicKey, signature: &Signature) -> Result<(), UpdateError> {
    let mut verifier = key.verify_stream(signature).map_err(|_| UpdateError::WrongSignature)?;
    let file = File::open(path).map_err(|source| io_error("read", path, source))?;
    // What is still in memory says nothing about what the disk will give back.
    let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
    let mut file = file.take(bytes);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => verifier.update(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(io_error("read", path, source)),
        }
    }
    verifier.finalize().map_err(|_| UpdateError::WrongSignature)
}

/// Writes a file to a partition, down to the disk.
fn write(file: &Path, bytes: u64, partition: &Path) -> Result<(), UpdateError> {
    let writing = |source| io_error("write", partition, source);
    let mut to = File::options().write(true).open(partition).map_err(writing)?;
    let room = to.seek(SeekFrom::End(0)).map_err(writing)?;
    if bytes > room {
        return Err(UpdateError::TooLarge { bytes, room });
    }
    to.rewind().map_err(writing)?;
    let mut from = File::open(file).map_err(|source| io_error("read", file, source))?.take(bytes);
    io::copy(&mut from, &mut to).and_then(|_| to.sync_all()).map_err(writing)
}

/// The device of the partition with this GPT name.
fn partition(devices: &Path, name: &str) -> Option<PathBuf> {
    let wanted = format!("PARTNAME={name}");
    fs::read_dir(devices).ok()?.flatten().find_map(|entry| {
        let text = fs::read_to_string(entry.path().join("uevent")).ok()?;
        text.lines().any(|line| line == wanted).then(|| Path::new("/dev").join(entry.file_name()))
    })
}

/// The update and its signature as files; fetched if `source` is an address.
fn bring(source: &str) -> Result<(PathBuf, PathBuf), UpdateError> {
    if !source.starts_with("http://") && !source.starts_with("https://") {
        return Ok((PathBuf::from(source), PathBuf::from(format!("{source}.minisig"))));
    }
    let folder = Path::new(DOWNLOADS);
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|source| io_error("make", folder, source))?;
    let (file, signature) = (folder.join("update"), folder.join("update.minisig"));
    // The small one first: without it, the large one would be fetched in vain.
    fetch(&format!("{source}.minisig"), &signature, SIGNATURE_BYTES_MAX)?;
    fetch(source, &file, UPDATE_BYTES_MAX)?;
    Ok((file, signature))
}

fn fetch(address: &str, to: &Path, bytes_max: u64) -> Result<(), UpdateError> {
    let failed = |reason: String| UpdateError::Fetch { address: address.to_owned(), reason };
    let config = ureq::Agent::config_builder().timeout_global(Some(FETCH_LIMIT)).build();
    let response =
        ureq::Agent::new_with_config(config).get(address).call().map_err(|error| failed(error.to_string()))?;
    let mut file = File::create(to).map_err(|source| io_error("write", to, source))?;
    let mut body = response.into_body().into_reader().take(bytes_max + 1);
    let bytes = io::copy(&mut body, &mut file).map_err(|error| failed(error.to_string()))?;
    if bytes > bytes_max {
        return Err(failed(format!("it has more than {bytes_max} bytes")));
    }
    file.flush().map_err(|source| io_error("write", to, source))
}

fn read_text(path: &Path) -> Result<String, UpdateError> {
    fs::read_to_string(path).map_err(|source| io_error("read", path, source))
}

fn io_error(what: &'static str, path: &Path, source: io::Error) -> UpdateError {
    UpdateError::Io { what, path: path.to_owned(), source }
}

fn malformed(path: &Path, reason: String) -> UpdateError {
    UpdateError::Malformed { path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By minisign 0.11: two keys of no consequence, and the first one's signature of [`CONTENT`].
    const KEY: &str = "untrusted comment: minisign public key 2A119309178FF39\n\
                       RWQ5/3iRMBmhArSKurqlkDb7HdN+vniBXUaTCL7aLv0std0zrKOUeZng\n";
    const OTHER_KEY: &str = "untrusted comment: another\nRWRHadXDz6RZ1WgSFC2BfrxaKYvtKXzhigvgy1i53+7MtxN51dA1WRUF\n";
    const CONTENT: &[u8] = b"An update of the router.\n";
    const SIGNATURE: &str = "untrusted comment: signature from minisign secret key\n\
        RUQ5/3iRMBmhArCVHYM4AUEvxoLzdJC/iSXwuhuTAfoR3T0+3KHfkA3a4OcUA7DaoUjk3t39MujwiVc0KpN+3aOEg5cLER9l8w8=\n\
        trusted comment: stairgate-image x86_64 0.2.0\n\
        oo2Pv/U7Sf7dNT8TNkMukdOe/N1iY/vncVbs/v/2ULXRcqv/9vq8I4jnJVvqnKeOwB3fDdpPzeNR5YG3EK07Ag==\n";

    fn checked(content: &[u8], key: &str, signature: &str) -> Result<(), UpdateError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("update");
        fs::write(&path, content).unwrap();
        let signature = Signature::decode(signature).unwrap();
        check(&path, CONTENT.len() as u64, &public_key(key).unwrap(), &signature)
    }

    #[test]
    fn only_what_was_signed_is_taken() {
        checked(CONTENT, KEY, SIGNATURE).unwrap();
        // A partition is longer than what is written to it.
        checked(&[CONTENT, b"what was there before"].concat(), KEY, SIGNATURE).unwrap();
        let mut changed = CONTENT.to_vec();
        changed[3] ^= 1;
        let renamed = SIGNATURE.replace("0.2.0", "0.3.0");
        for (content, key, signature) in [
            (&CONTENT[..CONTENT.len() - 1], KEY, SIGNATURE),
            (&changed, KEY, SIGNATURE),
            (CONTENT, OTHER_KEY, SIGNATURE),
            (CONTENT, KEY, &renamed),
        ] {
            assert!(matches!(checked(content, key, signature), Err(UpdateError::WrongSignature)));
        }
    }

    #[test]
    fn the_comment_says_whether_it_is_for_this_box() {
        let version = |comment: &str, allow| acceptable(comment, "0.10.2", allow);
        assert_eq!(version("stairgate-image x86_64 0.10.2", false).unwrap(), "0.10.2");
        assert_eq!(version("stairgate-image x86_64 0.11.0", false).unwrap(), "0.11.0");
        assert!(matches!(version("stairgate-image x86_64 0.9.9", false), Err(UpdateError::Older { .. })));
        assert_eq!(version("stairgate-image x86_64 0.9.9", true).unwrap(), "0.9.9");
        assert!(matches!(version("stairgate-image aarch64 0.11.0", true), Err(UpdateError::OtherKind(_))));
    }

    #[test]
    fn the_other_slot_is_written() {
        assert_eq!(other_slot("BOOT_IMAGE=x stairgate.slot=a stairgate.trial=no ro"), Some('b'));
        assert_eq!(other_slot("stairgate.slot=b"), Some('a'));
        assert_eq!(other_slot("root=/dev/sda1"), None);
    }

    #[test]
    fn partitions_are_found_by_name_and_have_to_be_large_enough() {
        let folder = tempfile::tempdir().unwrap();
        for (device, name) in [("sda3", "root-a"), ("sda4", "root-b")] {
            fs::create_dir(folder.path().join(device)).unwrap();
            let uevent = format!("MAJOR=8\nDEVNAME={device}\nPARTNAME={name}\n");
            fs::write(folder.path().join(device).join("uevent"), uevent).unwrap();
        }
        assert_eq!(partition(folder.path(), "root-b"), Some(PathBuf::from("/dev/sda4")));
        assert_eq!(partition(folder.path(), "root"), None);
        let (file, slot) = (folder.path().join("file"), folder.path().join("slot"));
        fs::write(&file, CONTENT).unwrap();
        fs::write(&slot, [0; 10]).unwrap();
        assert!(matches!(write(&file, 25, &slot), Err(UpdateError::TooLarge { bytes: 25, room: 10 })));
        fs::write(&slot, [0; 30]).unwrap();
        write(&file, 25, &slot).unwrap();
        assert_eq!(fs::read(&slot).unwrap()[..26], [CONTENT, &[0]].concat());
    }
}
