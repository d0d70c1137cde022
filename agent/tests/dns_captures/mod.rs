//! DNS messages in captures of real networks.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use std::fs;
use std::path::{Path, PathBuf};

/// Captures that somebody may have put beside the project.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/pcaps");

/// What went to or came from port 53 in a datagram.
pub struct Captured<'a> {
    pub bytes: &'a [u8],
    pub from_server: bool,
}

/// The captures that there are.
pub fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    find(Path::new(FOLDER), &mut files);
    files.sort();
    files
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "pcap") {
            files.push(path);
        }
    }
}

/// The messages over UDP and IPv4 on an Ethernet, in a capture of the classic format. That is enough of them.
pub fn messages(capture: &[u8]) -> Vec<Captured<'_>> {
    const HEADER: usize = 24;
    const RECORD_HEADER: usize = 16;
    const ETHERNET: u32 = 1;
    let little = match capture.first_chunk() {
        Some([0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1]) => true,
        Some([0xa1, 0xb2, 0xc3, 0xd4] | [0xa1, 0xb2, 0x3c, 0x4d]) => false,
        _ => return Vec::new(),
    };
    let number = |at: usize| {
        let bytes = *capture.get(at..)?.first_chunk()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    if number(20) != Some(ETHERNET) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = HEADER;
    while let Some(length) = number(at + 8) {
        let start = at + RECORD_HEADER;
        at = start + length as usize;
        let Some(frame) = capture.get(start..at) else { break };
        found.extend(message(frame));
    }
    found
}

fn message(frame: &[u8]) -> Option<Captured<'_>> {
    let packet = frame.get(14..)?;
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let is_udp = frame[12..14] == [8, 0] && packet.get(9) == Some(&17) && packet.get(6..8)?[0] & 0x3f == 0;
    let datagram = packet.get(header..)?;
    let length = usize::from(u16::from_be_bytes(*datagram.get(4..)?.first_chunk()?));
    let (from_server, to_server) = (datagram[..2] == [0, 53], datagram[2..4] == [0, 53]);
    let bytes = datagram.get(8..length)?;
    (is_udp && (from_server || to_server)).then_some(Captured { bytes, from_server })
}
