//! Which format a list has, told from its beginning.

use std::io::Read;

use flate2::bufread::MultiGzDecoder;

use super::output::{address, words};
use super::reader::GZIP_MAGIC;
use super::{Format, ReadError};

/// How many first bytes to hand to [`detect`]: long comments at the top of a list fit in.
pub const DETECT_BYTES: usize = 64 << 10;
/// Lines that take part in the vote.
const VOTES_MAX: usize = 500;

/// Tells the format of a list from its first bytes, of which [`DETECT_BYTES`] are enough; compressed ones are
/// decompressed as far as they go. Each line that can only be of one format votes for it.
///
/// # Errors
/// [`ReadError::NotAList`], [`ReadError::Empty`] or [`ReadError::UnknownFormat`].
pub fn detect(first_bytes: &[u8]) -> Result<Format, ReadError> {
    let first_bytes = &first_bytes[..first_bytes.len().min(DETECT_BYTES)];
    if !first_bytes.starts_with(&GZIP_MAGIC) {
        return detect_text(first_bytes);
    }
    let mut text = Vec::new();
    // The bytes are cut off somewhere, so that this ends with an error; what was decompressed until then counts.
    let ended = MultiGzDecoder::new(first_bytes).take(DETECT_BYTES as u64).read_to_end(&mut text);
    match ended {
        Err(_) if text.is_empty() => Err(ReadError::Damaged),
        _ => detect_text(&text),
    }
}

/// What a file is whose first line that is not blank is this one, if no list begins like that.
pub(super) fn not_a_list(line: &[u8]) -> Option<&'static str> {
    let line = line.trim_ascii_start();
    match line {
        [b'<', ..] => Some("a web page"),
        [b'{', ..] | [b'[', b'{' | b'"' | b'[', ..] | [b'['] => Some("JSON data"),
        [b'P', b'K', 3 | 5, ..] => Some("a ZIP archive"),
        _ if line.contains(&0) => Some("binary data"),
        _ => None,
    }
}

fn detect_text(text: &[u8]) -> Result<Format, ReadError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut lines =
        text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).peekable();
    let Some(first) = lines.peek() else {
        return Err(ReadError::Empty);
    };
    if let Some(what) = not_a_list(first) {
        return Err(ReadError::NotAList(what));
    }
    let mut votes = [0; Format::ALL.len()];
    for format in lines.filter_map(vote).take(VOTES_MAX) {
        votes[format as usize] += 1;
    }
    let winner = Format::ALL.into_iter().max_by_key(|&format| votes[format as usize]);
    winner.filter(|&format| votes[format as usize] > 0).ok_or(ReadError::UnknownFormat)
}

/// The only format that this line makes sense in. Comments have no vote, whatever they start with.
fn vote(line: &[u8]) -> Option<Format> {
    let starts_with_any = |starts: &[&str]| starts.iter().any(|start| line.starts_with(start.as_bytes()));
    let adblock_marks = [&b"##"[..], b"#@#", b"#?#", b"#$#", b"#%#"];
    if starts_with_any(&["||", "@@", "|", "[Adblock", "[AdBlock", "[uBlock"])
        || adblock_marks
            .iter()
            .any(|mark| memchr::memmem::find(line, mark).is_some_and(|at| !line.starts_with(b"#") || at > 0))
    {
        return Some(Format::AdBlock);
    }
    if matches!(line[0], b'#' | b'!' | b';') || line.starts_with(b"//") {
        return None;
    }
    if starts_with_any(&["address=", "server=", "local="]) {
        return Some(Format::Dnsmasq);
    }
    if starts_with_any(&["local-zone:", "local-data:", "server:"]) {
        return Some(Format::Unbound);
    }
    let mut words = words(line);
    let first = words.next()?;
    let second = words.next().filter(|word| word[0] != b'#');
    if starts_with_any(&["$TTL", "$ORIGIN"]) || second.is_some() && has_record_type(line) {
        return Some(Format::Rpz);
    }
    if line.contains(&b'^') || line.contains(&b'$') {
        return Some(Format::AdBlock);
    }
    match second {
        Some(_) => address(first).map(|_| Format::Hosts),
        None => Some(Format::Domains),
    }
}

fn has_record_type(line: &[u8]) -> bool {
    words(line)
        .skip(1)
        .take(3)
        .any(|word| [&b"CNAME"[..], b"SOA", b"NS"].iter().any(|name| word.eq_ignore_ascii_case(name)))
}
