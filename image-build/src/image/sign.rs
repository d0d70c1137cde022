//! Signatures of updates, by minisign.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::program;

/// A pair of keys. Both files are minisign's, and the secret one has no password: whoever signs for others keeps it on a
/// machine of its own.
pub(crate) struct Key {
    secret: PathBuf,
    /// The public key's file, as text.
    pub(crate) public: String,
}

impl Key {
    /// The pair whose secret key is in `secret`, with the public one beside it; without it, one of this machine's own in
    /// `folder`, made when it is first needed.
    pub(super) fn at(secret: Option<&Path>, folder: &Path) -> Result<Self> {
        let secret = match secret {
            Some(secret) => secret.to_owned(),
            None => {
                let secret = folder.join("own.key");
                if !secret.is_file() {
                    let mut command = Command::new("minisign");
                    command.args(["-G", "-W", "-f", "-s"]).arg(&secret).arg("-p").arg(secret.with_extension("pub"));
                    program(&mut command)?;
                }
                secret
            }
        };
        let path = secret.with_extension("pub");
        let public =
            fs::read_to_string(&path).with_context(|| format!("cannot read the public key {}", path.display()))?;
        Ok(Self { secret, public })
    }

    /// Signs `file`; the signature is put beside it, and says `comment`, which is signed too.
    pub(crate) fn sign(&self, file: &Path, comment: &str) -> Result<()> {
        program(Command::new("minisign").arg("-S").arg("-s").arg(&self.secret).args(["-t", comment, "-m"]).arg(file))
    }
}
