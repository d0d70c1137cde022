//! Turning round: replies that the gate makes out of the packet it refuses.

use crate::bytes::BytesMut;
use crate::frame::{Frame, PPP_IPV4, PPP_IPV6, tcp_flags};

/// Swaps the hardware addresses of the frame.
#[inline(always)]
pub fn turn_link_layer<B: BytesMut + ?Sized>(bytes: &mut B) {
    let words = (bytes.be64(0), bytes.be32(8));
    // Destination 0..6, source 6..12.
    let source_high = (words.0 & 0xffff) as u16;
    bytes.put16(0, source_high);
    bytes.put32(2, words.1);
    bytes.put32(6, (words.0 >> 32) as u32);
    bytes.put16(10, (words.0 >> 16) as u16);
}

/// Writes an IP header without options for `payload` bytes of `protocol` going back to the sender, at
/// [`Frame::network`]. Returns the offset after it.
#[inline(always)]
pub fn turn_network<B: BytesMut + ?Sized>(bytes: &mut B, frame: &Frame, protocol: u8, payload: u32) -> u32 {
    const HOPS: u8 = 64;
    let at = frame.network;
    let header = if frame.version == 4 { 20 } else { 40 };
    if matches!(bytes.be16(at - 2), PPP_IPV4 | PPP_IPV6) {
        // RFC 2516 §4: the length of the PPP payload, protocol field included, stands right before it.
        bytes.put16(at - 4, (2 + header + payload) as u16);
    }
    if frame.version == 4 {
        let total = (20 + payload) as u16;
        let (source, destination) = (frame.destination[1] as u32, frame.source[1] as u32);
        // RFC 6864: the identification of an atomic datagram means nothing.
        let words = [0x4500 << 16 | u32::from(total), 0x4000, u32::from(HOPS) << 24 | u32::from(protocol) << 16];
        let sum = fold(halves(words[0]) + halves(words[1]) + halves(words[2]) + halves(source) + halves(destination));
        bytes.put32(at, words[0]);
        bytes.put32(at + 4, words[1]);
        bytes.put32(at + 8, words[2] | u32::from(!sum));
        bytes.put32(at + 12, source);
        bytes.put32(at + 16, destination);
        at + 20
    } else {
        bytes.put64(at, 6 << 60 | u64::from(payload) << 16 | u64::from(protocol) << 8 | u64::from(HOPS));
        bytes.put64(at + 8, frame.destination[0]);
        bytes.put64(at + 16, frame.destination[1]);
        bytes.put64(at + 24, frame.source[0]);
        bytes.put64(at + 32, frame.source[1]);
        at + 40
    }
}

/// The sum of the pseudo-header (RFC 9293 §3.1, RFC 8200 §8.1) of a packet between the frame's two addresses, in either
/// direction, not yet folded.
#[inline(always)]
pub fn pseudo_header(frame: &Frame, protocol: u8, length: u32) -> u32 {
    let mut sum = u32::from(protocol) + length;
    if frame.version == 4 {
        return sum + halves(frame.source[1] as u32) + halves(frame.destination[1] as u32);
    }
    let words = [frame.source[0], frame.source[1], frame.destination[0], frame.destination[1]];
    let mut index = 0;
    while index < 4 {
        sum += halves((words[index] >> 32) as u32) + halves(words[index] as u32);
        index += 1;
    }
    sum
}

/// Adds up the two halves of a word.
#[inline(always)]
pub const fn halves(word: u32) -> u32 {
    (word >> 16) + (word & 0xffff)
}

/// Folds a sum to the 16 bits of the Internet checksum (RFC 1071), not yet inverted.
#[inline(always)]
pub const fn fold(sum: u32) -> u16 {
    let sum = (sum >> 16) + (sum & 0xffff);
    (sum + (sum >> 16)) as u16
}

/// Turns the TCP segment into the reset that answers it (RFC 9293 §3.10.7.1), in place. Returns the length of the
/// frame.
#[inline(always)]
pub fn reset<B: BytesMut + ?Sized>(bytes: &mut B, frame: &Frame) -> u32 {
    let syn_or_fin = (frame.tcp_flags & (tcp_flags::SYN | tcp_flags::FIN) != 0) as u32;
    let next = frame.sequence.wrapping_add(frame.payload_length()).wrapping_add(syn_or_fin);
    let sequence = if frame.tcp_flags & tcp_flags::ACK != 0 { frame.acknowledgement } else { 0 };
    turn_link_layer(bytes);
    let at = turn_network(bytes, frame, crate::frame::TCP, 20);
    let ports = frame.ports.rotate_left(16);
    let flags = 5 << 28 | u32::from(tcp_flags::RST | tcp_flags::ACK) << 16;
    let sum =
        pseudo_header(frame, crate::frame::TCP, 20) + halves(ports) + halves(sequence) + halves(next) + halves(flags);
    bytes.put32(at, ports);
    bytes.put32(at + 4, sequence);
    bytes.put32(at + 8, next);
    bytes.put32(at + 12, flags);
    bytes.put32(at + 16, u32::from(!fold(sum)) << 16);
    at + 20
}
