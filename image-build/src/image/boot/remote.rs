//! SSH to the box, by the client that everybody has.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::PATIENCE;
use crate::interrupt;
use crate::lab::namespace::{Namespace, RunFolder};
use crate::process::{run, succeed};

/// Somebody's key.
pub(super) struct Key {
    private: PathBuf,
    /// What a server is told of it, in one line.
    pub(super) public: String,
}

impl Key {
    /// A new one.
    pub(super) fn make(folder: &RunFolder) -> Result<Self> {
        let private = folder.path("ssh-key");
        let mut command = Command::new("ssh-keygen");
        succeed(command.args(["-q", "-t", "ed25519", "-N", "", "-C", "laboratory", "-f"]).arg(&private))?;
        let public = private.with_extension("pub");
        let public = std::fs::read_to_string(&public).with_context(|| format!("cannot read {}", public.display()))?;
        Ok(Self { private, public: public.trim().to_owned() })
    }

    /// Runs a command on the box as root, and returns what it prints.
    pub(super) fn run(&self, from: &Namespace, address: IpAddr, command: &str) -> Result<String> {
        let finished = run(&mut self.command(from, address, command), PATIENCE)?;
        ensure!(finished.status.success(), "on the box, '{command}' fails: {}", finished.stderr.trim());
        Ok(finished.stdout)
    }

    /// What runs a command on the box as root.
    pub(super) fn command(&self, from: &Namespace, address: IpAddr, command: &str) -> Command {
        let mut ssh = client(from);
        ssh.arg("-i").arg(&self.private).args(["-o", "IdentitiesOnly=yes", &format!("root@{address}"), command]);
        ssh
    }
}

/// ssh, about to be told whom to call. It never asks, and knows nobody.
fn client(from: &Namespace) -> Command {
    let mut ssh = from.command("ssh");
    ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "ConnectTimeout=20"]);
    ssh.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]);
    ssh
}

/// What the box says to somebody who has no key.
pub(super) fn without_key(from: &Namespace, address: IpAddr) -> Result<String> {
    let mut ssh = client(from);
    ssh.args(["-o", "PubkeyAuthentication=no", &format!("root@{address}"), "true"]);
    let finished = run(&mut ssh, PATIENCE)?;
    ensure!(!finished.status.success(), "the box lets root in without a key");
    Ok(finished.stderr.trim().to_owned())
}

/// The key by which the box is known, once it answers.
pub(super) fn host_key(from: &Namespace, address: IpAddr) -> Result<String> {
    let mut key = None;
    interrupt::wait_until("an answer by SSH", PATIENCE, || {
        let mut scan = from.command("ssh-keyscan");
        let text = run(scan.args(["-T", "10", "-t", "ed25519", &address.to_string()]), PATIENCE)?.stdout;
        key = text.split_whitespace().nth(2).map(str::to_owned);
        Ok(key.is_some())
    })?;
    key.context("the box has no key of this kind")
}
