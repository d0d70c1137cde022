//! nftables, by way of its own program: rulesets are text, and each is taken over whole or not at all.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use thiserror::Error;

/// Why a table is not what it should be.
#[derive(Debug, Error)]
pub(crate) enum NftablesError {
    /// The program is not there.
    #[error("`nft` cannot be run; install nftables")]
    NoProgram(#[source] io::Error),
    /// It refused.
    #[error("nftables refuses the rules: {0}")]
    Refused(String),
}

/// Has the kernel take over a ruleset. Waits for the program that does it, some milliseconds.
///
/// # Errors
/// If there is no such program, or it refuses.
pub(crate) fn apply(ruleset: &str) -> Result<(), NftablesError> {
    let mut child = Command::new("nft")
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(NftablesError::NoProgram)?;
    if let Some(mut input) = child.stdin.take() {
        // Should it have ended already, its own words say more than a broken pipe.
        let _ = input.write_all(ruleset.as_bytes());
    }
    let output = child.wait_with_output().map_err(NftablesError::NoProgram)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(NftablesError::Refused(said.lines().next().unwrap_or("it does not say why").trim().to_owned()))
}

/// Removes a table of the family `inet`, whether it is there or not.
pub(crate) fn removal(table: &str) -> String {
    format!("table inet {table}\ndelete table inet {table}\n")
}

/// A match of packets that come in at any other interface. The names are as configured: nothing in them needs quoting.
pub(crate) fn elsewhere(interfaces: &[String]) -> String {
    let names = interfaces.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    format!("iifname != {{ {names} }}")
}

/// A set of hardware addresses.
pub(crate) fn device_set(name: &str, devices: &[[u8; 6]]) -> String {
    let mut text = format!("  set {name} {{ type ether_addr;");
    if !devices.is_empty() {
        let devices: Vec<String> = devices.iter().map(|mac| crate::text::mac_text(*mac)).collect();
        // Writing to a string cannot fail.
        let _ = write!(text, " elements = {{ {} }};", devices.join(", "));
    }
    text.push_str(" }\n");
    text
}
