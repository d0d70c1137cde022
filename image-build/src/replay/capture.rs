//! Capture files: pcap (RFC draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), also compressed.
//!
//! Captures are often cut off, and some are odd on purpose. What can be read is read, and what stopped the reader is
//! said.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use flate2::read::MultiGzDecoder;

/// Bytes of a capture that are read at most, after decompression.
const CAPTURE_MAX: u64 = 1 << 30;
/// Bytes of a packet at most; more is damage. (Wireshark's own limit.)
const PACKET_MAX: usize = 256 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// One captured packet.
#[derive(Debug)]
pub(super) struct Packet {
    /// Its number in the capture, from 1.
    pub(super) number: usize,
    /// LINKTYPE value.
    pub(super) link: u32,
    /// What was captured of it.
    pub(super) bytes: Vec<u8>,
    /// True if it was longer on the wire.
    pub(super) cut: bool,
}

/// What a capture file holds.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) packets: Vec<Packet>,
    /// True if the file ends in the middle, or goes on with something else.
    pub(super) damaged: bool,
}

/// Reads a capture.
pub(super) fn read(path: &Path) -> Result<Capture> {
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    file.take(CAPTURE_MAX).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.starts_with(&GZIP) {
        let mut plain = Vec::new();
        // What could be decompressed of a damaged file is worth reading.
        let _ = MultiGzDecoder::new(bytes.as_slice()).take(CAPTURE_MAX).read_to_end(&mut plain);
        bytes = plain;
    }
    parse(&bytes).with_context(|| format!("{} is not a capture", path.display()))
}

/// The packets in a file's bytes.
fn parse(bytes: &[u8]) -> Result<Capture> {
    let Some(magic) = bytes.first_chunk::<4>() else { bail!("it is empty") };
    let (little, big) = (u32::from_le_bytes(*magic), u32::from_be_bytes(*magic));
    let reader = |big_endian| Reader { bytes, at: 0, big_endian };
    match (little, big) {
        (SECTION_HEADER, _) => Ok(blocks(reader(false))),
        // Microseconds, nanoseconds, and Kuznetzov's form with longer packet headers.
        (0xa1b2_c3d4 | 0xa1b2_3c4d, _) => Ok(records(reader(false), 16)),
        (_, 0xa1b2_c3d4 | 0xa1b2_3c4d) => Ok(records(reader(true), 16)),
        (0xa1b2_cd34, _) => Ok(records(reader(false), 24)),
        (_, 0xa1b2_cd34) => Ok(records(reader(true), 24)),
        _ => bail!("it is neither pcap nor pcapng"),
    }
}

/// The packets of a pcap file.
fn records(mut reader: Reader<'_>, header: usize) -> Capture {
    let mut capture = Capture { packets: Vec::new(), damaged: false };
    reader.at = 20;
    // The upper half tells of frame check sequences.
    let Some(link) = reader.u32().map(|link| link & 0xffff) else {
        return Capture { damaged: true, ..capture };
    };
    while reader.at < reader.bytes.len() {
        let Some(packet) = reader.record(header) else {
            capture.damaged = true;
            break;
        };
        let (bytes, length) = packet;
        capture.push(link, bytes, length);
    }
    capture
}

/// The packets of a pcapng file.
fn blocks(mut reader: Reader<'_>) -> Capture {
    let mut capture = Capture { packets: Vec::new(), damaged: false };
    let mut links = Vec::new();
    while reader.at < reader.bytes.len() {
        if reader.block(&mut links, &mut capture).is_none() {
            capture.damaged = true;
            break;
        }
    }
    capture
}

impl Capture {
    fn push(&mut self, link: u32, bytes: &[u8], length: usize) {
        let number = self.packets.len() + 1;
        self.packets.push(Packet { number, link, bytes: bytes.to_vec(), cut: bytes.len() < length });
    }
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    big_endian: bool,
}

impl<'a> Reader<'a> {
    fn u16(&mut self) -> Option<u16> {
        let bytes = *self.take(2)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&mut self) -> Option<u32> {
        let bytes = *self.take(4)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }

    /// A packet of a pcap file: what was captured, and its length on the wire.
    fn record(&mut self, header: usize) -> Option<(&'a [u8], usize)> {
        let start = self.at;
        self.at += 8;
        let (captured, length) = (self.u32()? as usize, self.u32()? as usize);
        self.at = start + header;
        Some((self.take(captured).filter(|_| captured <= PACKET_MAX)?, length))
    }

    /// A block of a pcapng file.
    fn block(&mut self, links: &mut Vec<u32>, capture: &mut Capture) -> Option<()> {
        let start = self.at;
        let mut kind = self.u32()?;
        if kind == SECTION_HEADER.swap_bytes() {
            kind = SECTION_HEADER;
        }
        if kind == SECTION_HEADER {
            self.at = start + 8;
            self.big_endian = match u32::from_le_bytes(*self.take(4)?.first_chunk()?) {
                BYTE_ORDER_MAGIC => false,
                magic if magic.swap_bytes() == BYTE_ORDER_MAGIC => true,
                _ => return None,
            };
            self.at = start + 4;
            links.clear();
        }
        let length = self.u32()? as usize;
        let body = length.checked_sub(12)?;
        let mut body = Reader { bytes: self.take(body)?, at: 0, big_endian: self.big_endian };
        self.at = start.checked_add(length)?;
        match kind {
            INTERFACE_DESCRIPTION => links.push(u32::from(body.u16()?)),
            ENHANCED_PACKET => {
                let link = *links.get(body.u32()? as usize)?;
                body.at = 12;
                body.packet(link, capture)?;
            }
            PACKET => {
                let link = *links.get(usize::from(body.u16()?))?;
                body.at = 12;
                body.packet(link, capture)?;
            }
            SIMPLE_PACKET => {
                let length = body.u32()? as usize;
                let captured = length.min(body.bytes.len() - body.at);
                capture.push(*links.first()?, body.take(captured)?, length);
            }
            _ => {}
        }
        Some(())
    }

    fn packet(&mut self, link: u32, capture: &mut Capture) -> Option<()> {
        let (captured, length) = (self.u32()? as usize, self.u32()? as usize);
        capture.push(link, self.take(captured)?, length);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(big_endian: bool, words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| if big_endian { word.to_be_bytes() } else { word.to_le_bytes() }).collect()
    }

    #[test]
    fn reads_pcap_in_both_byte_orders_and_says_where_it_ends_too_soon() {
        for big_endian in [false, true] {
            let mut file = words(big_endian, &[0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 1, 0, 0, 3, 5]);
            file.extend(b"abc");
            let capture = parse(&file).unwrap();
            assert!(!capture.damaged);
            let [packet] = &capture.packets[..] else { panic!("one packet") };
            assert_eq!((packet.number, packet.link, &packet.bytes[..], packet.cut), (1, 1, &b"abc"[..], true));
            file.pop();
            let capture = parse(&file).unwrap();
            assert!(capture.damaged && capture.packets.is_empty());
        }
    }

    #[test]
    fn reads_pcapng() {
        let mut file = words(false, &[SECTION_HEADER, 28, BYTE_ORDER_MAGIC, 1, !0, !0, 28]);
        file.extend(words(false, &[INTERFACE_DESCRIPTION, 20, 113, 0, 20]));
        file.extend(words(false, &[ENHANCED_PACKET, 36, 0, 0, 0, 4, 4, 0x6463_6261, 36]));
        file.extend(words(false, &[SIMPLE_PACKET, 20, 4, 0x6463_6261, 20]));
        let capture = parse(&file).unwrap();
        let packets: Vec<_> = capture.packets.iter().map(|packet| (packet.link, &packet.bytes[..])).collect();
        assert_eq!(packets, [(113, &b"abcd"[..]), (113, &b"abcd"[..])]);
        assert!(!capture.damaged);
    }

    #[test]
    fn says_what_is_not_a_capture() {
        for bytes in [&b""[..], b"<html>", b"abc"] {
            assert!(parse(bytes).is_err());
        }
    }
}
