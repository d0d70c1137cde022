//! Where trust begins: digests of the keys of the root.

use std::path::PathBuf;

use data_encoding::{BASE64, HEXUPPER_PERMISSIVE};
use thiserror::Error;

use super::keys::KeyDigest;
use super::verify::DIGESTS_MAX;
use crate::resolver::name::DnsName;

/// The root's keys as IANA publishes their digests, of 2017 and 2024 (<https://data.iana.org/root-anchors/>).
const ROOT: &str = "\
. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
. IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16
";

/// Why a file of trust anchors cannot be used.
#[derive(Debug, Error)]
pub enum AnchorsError {
    /// It cannot be read.
    #[error("the trust anchors in {} cannot be read: {error}; correct `trust_anchors`, or remove it", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A line of it is none.
    #[error(
        "line {line} of the trust anchors is not understood; each is a DS or DNSKEY record of the root on one line, \
         such as `. IN DS 20326 8 2 E06D…`"
    )]
    Line {
        /// Counted from one.
        line: usize,
    },
    /// There is none in it, or none whose algorithm is known here.
    #[error("there is no trust anchor that could be used; name at least one, or remove `trust_anchors`")]
    None,
    /// More than are looked at.
    #[error("there are more than {DIGESTS_MAX} trust anchors; leave the oldest out")]
    TooMany,
}

/// Digests of the keys of the root, as this program was built with them.
pub(super) fn of_the_root() -> Vec<KeyDigest> {
    // A test reads them, so there is no error to handle.
    read(ROOT).unwrap_or_default()
}

/// Reads records of the root in the text form of RFC 1035 §5.1, each on one line.
pub(super) fn read(text: &str) -> Result<Vec<KeyDigest>, AnchorsError> {
    let mut anchors = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let record = line.split(';').next().unwrap_or_default();
        if record.trim().is_empty() {
            continue;
        }
        anchors.push(read_line(record).ok_or(AnchorsError::Line { line: index + 1 })?);
    }
    match anchors.len() {
        _ if !anchors.iter().any(KeyDigest::is_supported) => Err(AnchorsError::None),
        count if count > DIGESTS_MAX => Err(AnchorsError::TooMany),
        _ => Ok(anchors),
    }
}

fn read_line(line: &str) -> Option<KeyDigest> {
    let mut words = line.split_whitespace();
    if words.next()? != "." {
        return None;
    }
    // A time to live and a class may stand before the type.
    let is_type = |word: &&str| word.parse::<u32>().is_err() && !word.eq_ignore_ascii_case("IN");
    let record_type = words.find(is_type)?;
    let (first, second, third) =
        (words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let rest: String = words.collect();
    match record_type {
        "DS" => Some(KeyDigest {
            key_tag: first,
            algorithm: second,
            digest_type: third,
            digest: HEXUPPER_PERMISSIVE.decode(rest.as_bytes()).ok()?,
        }),
        "DNSKEY" => {
            let key = BASE64.decode(rest.as_bytes()).ok()?;
            let data = [&first.to_be_bytes()[..], &[second, third], &key].concat();
            KeyDigest::of_key(&DnsName::ROOT, &data)
        }
        _ => None,
    }
}
