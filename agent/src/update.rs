//! Updates of the router image: a new root file system, checked by its signature and written to the slot that is not in
//! use; or the agent alone.
//!
//! Nothing that runs is touched. What is written is tried once, by the next start of the machine or of the agent, watched by
//! the image's own script, and kept or left; so the worst that an update can do is to cost two restarts. The signature
//! (minisign, Ed25519 over BLAKE2b) is checked twice: on the file, and on what can be read back of the disk.

mod agent;
mod error;
mod last;
mod slot;
mod source;

use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use minisign_verify::{PublicKey, Signature};

pub use error::UpdateError;
use error::{io_error, malformed};
pub use last::{LAST_UPDATE_FILE, LastUpdate, Outcome, Place};
use source::Source;
pub(crate) use source::is_address;
pub use source::{SIGNATURE_BYTES_MAX, UPDATE_BYTES_MAX};

use crate::router_image::{VERSION_FILE, boot_word, slot_of};

/// The key that its updates are signed with.
const KEY_FILE: &str = "/etc/stairgate-update.pub";
/// The image's own program that has the other slot tried by the next start.
const TRY_SLOT: &str = "/usr/lib/router/try-slot";
/// The image's own program that has an agent tried now.
const TRY_AGENT: &str = "/usr/lib/router/try-agent";
/// What the signed comments of signatures begin with; the version follows.
const COMMENTS: [(Kind, &str); 2] =
    [(Kind::Image, "stairgate-image x86_64 "), (Kind::Agent, "stairgate-agent x86_64 ")];
const PIECE_BYTES: usize = 1 << 16;

/// What an update is busy with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// It is fetched from its address.
    Fetching,
    /// Its signature is checked.
    Checking,
    /// It is written.
    Writing,
    /// What was written is read again and checked.
    CheckingWritten,
}

/// How far it is with that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// With what.
    pub step: Step,
    /// Bytes that are done.
    pub done: u64,
    /// Bytes in all, if that is known.
    pub total: Option<u64>,
}

/// Who is told how far an update is: at the beginning of each step, and every 64 KiB. `Break` calls the update off, which
/// leaves what runs as it was.
pub type Watch<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// What an update brings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// A slot's content.
    Image,
    /// The agent alone.
    Agent,
}

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// The update's version.
    pub version: String,
    /// Where it is.
    pub place: Place,
}

/// Brings the update at `source`, a path or an http or https address, to the disk: a whole system to the slot that is not in
/// use, which the next start tries, or an agent, which is tried at once. Its signature is expected beside it, with `.minisig`
/// at the end of the name. What comes of it can be read from [`LastUpdate`] from then on. It takes minutes, and is for one
/// caller at a time.
///
/// # Errors
/// [`UpdateError`]; what runs is as it was in any case.
pub fn update(source: &str, allow_older: bool, watch: &mut Watch<'_>) -> Result<Written, UpdateError> {
    let line = read_text(Path::new("/proc/cmdline"))?;
    let slot = slot::other_slot(&line).ok_or(UpdateError::NotTheImage)?;
    if is_on_trial() {
        return Err(UpdateError::OnTrial);
    }
    let slot_version = slot_version()?;
    let key = image_key()?;

    let source = Source::bring(source, watch)?;
    let file = source.file.as_path();
    let signature = read_signature(&source.signature)?;
    let bytes = fs::metadata(file).map_err(|source| io_error("look at", file, source))?.len();
    check(file, bytes, &key, &signature, Step::Checking, watch)?;
    let (kind, version) = kind_and_version(signature.trusted_comment())?;
    let before = match kind {
        Kind::Image => slot_version.clone(),
        Kind::Agent => fs::read_to_string(agent::RUNNING_VERSION_FILE)
            .map_or_else(|_| slot_version.clone(), |version| version.trim().to_owned()),
    };
    if !allow_older && is_older(version, &before) {
        return Err(UpdateError::Older { update: version.to_owned(), running: before });
    }
    let place = match kind {
        Kind::Image => {
            let partition = slot::partition(Path::new("/sys/class/block"), &format!("root-{slot}"))
                .ok_or(UpdateError::NotTheImage)?;
            slot::write(file, bytes, &partition, watch)?;
            check(&partition, bytes, &key, &signature, Step::CheckingWritten, watch)?;
            Place::Slot(slot)
        }
        Kind::Agent if !is_older(&slot_version, version) => {
            return Err(UpdateError::NotNewerThanSlot { update: version.to_owned(), slot: slot_version });
        }
        Kind::Agent => {
            agent::offer(Path::new(agent::FOLDER), file, &source.signature, &key, watch)?;
            Place::Agent
        }
    };
    drop(source);
    let last = LastUpdate {
        version: version.to_owned(),
        before,
        place,
        outcome: Outcome::Written,
        reason: String::new(),
        time: Timestamp::now().as_second(),
    };
    last.write(Path::new(LAST_UPDATE_FILE))?;
    match place {
        Place::Slot(slot) => have_tried(Command::new(TRY_SLOT).arg(slot.to_string()))?,
        Place::Agent => have_tried(&mut Command::new(TRY_AGENT))?,
    }
    Ok(Written { version: version.to_owned(), place })
}

/// True while it is not known yet whether the last update works: until then, what would be written over is the way back.
#[must_use]
pub fn is_on_trial() -> bool {
    let line = read_text(Path::new("/proc/cmdline")).unwrap_or_default();
    slot_of(&line).is_some_and(|slot| {
        let started_on_trial = boot_word(&line, "trial") == Some("yes");
        LastUpdate::is_on_trial(started_on_trial, slot, LastUpdate::read().as_ref())
            || agent::is_on_trial(Path::new(agent::FOLDER))
    })
}

/// The version of the agent in the file `program`, if this image may run it in place of its own: it is signed, with the
/// signature beside it, and newer.
///
/// # Errors
/// [`UpdateError`], which says why it is not to be started.
pub fn verify_agent(program: &Path) -> Result<String, UpdateError> {
    agent::verified(program, &image_key()?, &slot_version()?)
}

/// The version of the system in the running slot.
fn slot_version() -> Result<String, UpdateError> {
    read_text(&Path::new("/").join(VERSION_FILE))
        .map(|version| version.trim().to_owned())
        .map_err(|_| UpdateError::NotTheImage)
}

fn image_key() -> Result<PublicKey, UpdateError> {
    let key_file = Path::new(KEY_FILE);
    public_key(&read_text(key_file)?).map_err(|reason| malformed(key_file, reason))
}

fn read_signature(path: &Path) -> Result<Signature, UpdateError> {
    Signature::decode(&read_text(path)?).map_err(|error| malformed(path, error.to_string()))
}

fn have_tried(command: &mut Command) -> Result<(), UpdateError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let reason = match command.status() {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("{program} ended with {status}"),
        Err(error) => format!("{program} cannot be started: {error}"),
    };
    Err(UpdateError::NotTried { reason })
}

/// What a signed comment says that it is for, and the version; an error if that is not for this box.
fn kind_and_version(comment: &str) -> Result<(Kind, &str), UpdateError> {
    let known = COMMENTS.into_iter().find_map(|(kind, begin)| Some((kind, comment.strip_prefix(begin)?)));
    known.ok_or_else(|| UpdateError::OtherKind(comment.to_owned()))
}

/// True if the version `one` comes before `other`.
fn is_older(one: &str, other: &str) -> bool {
    numbers(one) < numbers(other)
}

/// A version's numbers, which compare as versions do.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

fn public_key(text: &str) -> Result<PublicKey, String> {
    PublicKey::decode(text).map_err(|error| error.to_string())
}

/// Checks the first `bytes` of a file or a partition.
fn check(
    path: &Path,
    bytes: u64,
    key: &PublicKey,
    signature: &Signature,
    step: Step,
    watch: &mut Watch<'_>,
) -> Result<(), UpdateError> {
    let mut verifier = key.verify_stream(signature).map_err(|_| UpdateError::WrongSignature)?;
    let reading = |source| io_error("read", path, source);
    let file = File::open(path).map_err(reading)?;
    // What is still in memory says nothing about what the disk will give back.
    let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
    counted(&mut file.take(bytes), reading, step, Some(bytes), watch, |piece| {
        verifier.update(piece);
        Ok(())
    })?;
    verifier.finalize().map_err(|_| UpdateError::WrongSignature)
}

/// Hands all that can be read to `take`, piece by piece, and tells of each.
fn counted(
    from: &mut dyn Read,
    unreadable: impl Fn(io::Error) -> UpdateError,
    step: Step,
    total: Option<u64>,
    watch: &mut Watch<'_>,
    mut take: impl FnMut(&[u8]) -> Result<(), UpdateError>,
) -> Result<(), UpdateError> {
    let mut done = 0;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        if watch(Progress { step, done, total }).is_break() {
            return Err(UpdateError::CalledOff);
        }
        match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                take(&piece[..count])?;
                done += count as u64;
            }
            // There is nothing yet, and whoever watches may be tired of waiting.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
}

fn read_text(path: &Path) -> Result<String, UpdateError> {
    fs::read_to_string(path).map_err(|source| io_error("read", path, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By minisign 0.11: two keys of no consequence, and the first one's signature of [`CONTENT`].
    pub(super) const KEY: &str = "untrusted comment: minisign public key 26A04453B569A14D\n\
                               RWRNoWm1U0SgJkmpYn2NYUk1Kxk17LrEBxIuyGjVWDrV3mGmlIeNfjDO\n";
    const OTHER_KEY: &str = "untrusted comment: another\nRWRHadXDz6RZ1WgSFC2BfrxaKYvtKXzhigvgy1i53+7MtxN51dA1WRUF\n";
    pub(super) const CONTENT: &[u8] = b"An update of the router.\n";
    pub(super) const SIGNATURE: &str = "untrusted comment: signature from minisign secret key\n\
        RURNoWm1U0SgJl+DQGj+iMdTcaJ2sxL8g0D1Y+gdr/DtKELUh99vQTvDXpoukJpBnKLyO4dl+AmcKV799CgIgZ05tlaRHWgYtwc=\n\
        trusted comment: stairgate-image x86_64 0.2.0\n\
        bv7hS0ZopWfqe9pCqdNyD2xjEE2rY9SLcmhf9jPu3ebVirTXYnXiiVN1VAc0W5/27C8M0BKjniyXL7KGKkBGBQ==\n";

    fn checked(content: &[u8], key: &str, signature: &str) -> Result<(), UpdateError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("update");
        fs::write(&path, content).unwrap();
        let signature = Signature::decode(signature).unwrap();
        let quiet: &mut Watch<'_> = &mut |_| ControlFlow::Continue(());
        check(&path, CONTENT.len() as u64, &public_key(key).unwrap(), &signature, Step::Checking, quiet)
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
        assert_eq!(kind_and_version("stairgate-image x86_64 0.10.2").unwrap(), (Kind::Image, "0.10.2"));
        assert_eq!(kind_and_version("stairgate-agent x86_64 0.11.0").unwrap(), (Kind::Agent, "0.11.0"));
        for other in ["stairgate-image aarch64 0.11.0", "stairgate-lists 1", ""] {
            assert!(matches!(kind_and_version(other), Err(UpdateError::OtherKind(_))), "{other}");
        }
    }

    #[test]
    fn versions_compare_by_their_numbers() {
        for (one, other, older) in [
            ("0.9.9", "0.10.2", true),
            ("0.10.2", "0.10.2", false),
            ("0.11.0", "0.10.2", false),
            ("1.0", "1.0.1", true),
        ] {
            assert_eq!(is_older(one, other), older, "{one} and {other}");
        }
    }
}
