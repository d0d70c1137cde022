//! Updates of the agent alone: one program, kept on the data partition beside its signature, and run in place of the one in
//! the slot. The gate filters on meanwhile.
//!
//! The image's script `agent` chooses which agent runs, at every start of it. It moves what is in `try` to `trying` before
//! it starts it, so that an agent that ends in its trial is never started again; what was found to work becomes `kept`.
//! Neither is started unless [`verified`] says so.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use minisign_verify::{PublicKey, Signature};

use super::error::{UpdateError, io_error};
use super::{Kind, Step, Watch, check, counted, is_older, kind_and_version, read_signature};

/// Where agents are that came by updates.
pub(super) const FOLDER: &str = "/data/router/agent";
/// The version of the agent that was chosen at the last start.
pub(super) const RUNNING_VERSION_FILE: &str = "/run/router/agent-version";
/// The program's name in each folder; its signature is beside it.
const PROGRAM: &str = "stairgate";
/// Bytes of an agent at most.
const AGENT_BYTES_MAX: u64 = 24 << 20;

/// Copies an agent and its signature to the disk, checks what is there, and makes it the one to be tried next.
pub(super) fn offer(
    folder: &Path,
    file: &Path,
    signature_file: &Path,
    key: &PublicKey,
    watch: &mut Watch<'_>,
) -> Result<(), UpdateError> {
    let bytes = fs::metadata(file).map_err(|source| io_error("look at", file, source))?.len();
    if bytes > AGENT_BYTES_MAX {
        return Err(UpdateError::TooLarge { bytes, room: AGENT_BYTES_MAX });
    }
    let new = folder.join("new");
    let _ = fs::remove_dir_all(&new);
    fs::create_dir_all(&new).map_err(|source| io_error("make", &new, source))?;
    let program = new.join(PROGRAM);
    let signature = signature_of(&program);
    copy(signature_file, &signature, u64::MAX, &mut |_| std::ops::ControlFlow::Continue(()))?;
    copy(file, &program, bytes, watch)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))
        .map_err(|source| io_error("make a program of", &program, source))?;
    check(&program, bytes, key, &read_signature(&signature)?, Step::CheckingWritten, watch)?;
    let offered = folder.join("try");
    let _ = fs::remove_dir_all(&offered);
    for path in [&new, folder] {
        sync_folder(path)?;
    }
    fs::rename(&new, &offered).map_err(|source| io_error("rename", &new, source))?;
    sync_folder(folder)
}

/// True while an agent is being tried, or is about to be.
pub(super) fn is_on_trial(folder: &Path) -> bool {
    ["try", "trying"].iter().any(|name| folder.join(name).exists())
}

/// The version of the agent in `program`, if its signature is by this key, and it is newer than `slot_version`: a newer
/// system brings an agent that is at least as new.
///
/// # Errors
/// [`UpdateError`], which says why this agent is not to be started.
pub(super) fn verified(program: &Path, key: &PublicKey, slot_version: &str) -> Result<String, UpdateError> {
    let signature: Signature = read_signature(&signature_of(program))?;
    let bytes = fs::metadata(program).map_err(|source| io_error("look at", program, source))?.len();
    check(program, bytes, key, &signature, Step::Checking, &mut |_| std::ops::ControlFlow::Continue(()))?;
    match kind_and_version(signature.trusted_comment())? {
        (Kind::Agent, version) if is_older(slot_version, version) => Ok(version.to_owned()),
        (Kind::Agent, version) => {
            Err(UpdateError::NotNewerThanSlot { update: version.to_owned(), slot: slot_version.to_owned() })
        }
        (Kind::Image, _) => Err(UpdateError::OtherKind(signature.trusted_comment().to_owned())),
    }
}

fn signature_of(program: &Path) -> PathBuf {
    program.with_extension("minisig")
}

fn copy(from: &Path, to: &Path, bytes: u64, watch: &mut Watch<'_>) -> Result<(), UpdateError> {
    let reading = |source| io_error("read", from, source);
    let writing = |source| io_error("write", to, source);
    let mut source = File::open(from).map_err(reading)?.take(bytes);
    let mut copy = File::create(to).map_err(writing)?;
    counted(&mut source, reading, Step::Writing, Some(bytes), watch, |piece| copy.write_all(piece).map_err(writing))?;
    copy.sync_all().map_err(writing)
}

fn sync_folder(folder: &Path) -> Result<(), UpdateError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| io_error("write", folder, source))
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::super::public_key;
    use super::super::tests::{CONTENT, KEY, SIGNATURE};
    use super::*;

    /// By minisign 0.11 with the same key, of the same content.
    const AGENT_SIGNATURE: &str = "untrusted comment: signature from minisign secret key\n\
        RURNoWm1U0SgJl+DQGj+iMdTcaJ2sxL8g0D1Y+gdr/DtKELUh99vQTvDXpoukJpBnKLyO4dl+AmcKV799CgIgZ05tlaRHWgYtwc=\n\
        trusted comment: stairgate-agent x86_64 0.2.0\n\
        7fMwoqV3TwUqD8Mo8sn06tQABFhgT0TCNUTeM5app9ZxXGTz8msA/o6eZC4jAiFz8eDW1XIkobPl9g39FPdNAg==\n";

    fn offered(signature: &str) -> (tempfile::TempDir, Result<(), UpdateError>) {
        let folder = tempfile::tempdir().unwrap();
        let (file, beside) = (folder.path().join("agent.update"), folder.path().join("agent.update.minisig"));
        fs::write(&file, CONTENT).unwrap();
        fs::write(&beside, signature).unwrap();
        let key = public_key(KEY).unwrap();
        let outcome = offer(&folder.path().join("agent"), &file, &beside, &key, &mut |_| ControlFlow::Continue(()));
        (folder, outcome)
    }

    #[test]
    fn an_agent_is_offered_whole() {
        let (folder, outcome) = offered(AGENT_SIGNATURE);
        outcome.unwrap();
        let program = folder.path().join("agent/try/stairgate");
        assert_eq!(fs::read(&program).unwrap(), CONTENT);
        assert_eq!(fs::metadata(&program).unwrap().permissions().mode() & 0o777, 0o755);
        let key = public_key(KEY).unwrap();
        assert_eq!(verified(&program, &key, "0.1.9").unwrap(), "0.2.0");
        assert!(matches!(verified(&program, &key, "0.2.0"), Err(UpdateError::NotNewerThanSlot { .. })));
        fs::write(&program, b"another").unwrap();
        assert!(matches!(verified(&program, &key, "0.1.9"), Err(UpdateError::WrongSignature)));
    }

    #[test]
    fn a_whole_system_is_no_agent() {
        let (folder, outcome) = offered(SIGNATURE);
        outcome.unwrap();
        let program = folder.path().join("agent/try/stairgate");
        let refused = verified(&program, &public_key(KEY).unwrap(), "0.1.0");
        assert!(matches!(refused, Err(UpdateError::OtherKind(_))));
    }
}
