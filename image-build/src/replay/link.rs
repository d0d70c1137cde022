//! From captured packets to the frames that a gate would have seen.
//!
//! The gate sees Ethernet. Captures from other link types that carry IP as it is are put into Ethernet frames. Machines
//! that capture behind segmentation offload see frames longer than the wire's; those are cut as the network card would.

use stairgate_wire::Plain;
use stairgate_wire::frame::{self, Frame, TCP, tcp_flags};

use super::capture::Packet;

const NULL: u32 = 0;
const ETHERNET: u32 = 1;
const RAW: u32 = 101;
const LOOP: u32 = 108;
const LINUX_SLL: u32 = 113;
const RAW_IPV4: u32 = 228;
const RAW_IPV6: u32 = 229;
const LINUX_SLL2: u32 = 276;
/// Values that pcap files of some systems use for [`RAW`].
const RAW_ELSEWHERE: [u32; 2] = [12, 14];

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
/// Ethernet frames are no longer than this, apart from VLAN tags.
const FRAME_MAX: usize = 1514;
/// Payload of a TCP segment at most.
const SEGMENT_MAX: usize = 1460;
const PUSH: u8 = 0x08;

/// The packet as an Ethernet frame.
///
/// # Errors
/// In words, why there is none.
pub(super) fn ethernet(packet: &Packet) -> Result<Vec<u8>, &'static str> {
    let bytes = &packet.bytes[..];
    let ethertype_at = |at: usize| Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    let (ethertype, header) = match packet.link {
        ETHERNET => return Ok(with_length(bytes.to_vec())),
        NULL | LOOP => (version(bytes, 4), 4),
        RAW | RAW_IPV4 | RAW_IPV6 => (version(bytes, 0), 0),
        link if RAW_ELSEWHERE.contains(&link) => (version(bytes, 0), 0),
        LINUX_SLL => (ethertype_at(14), 16),
        LINUX_SLL2 => (ethertype_at(0), 20),
        _ => return Err("link type without Ethernet or bare IP"),
    };
    let Some((ethertype, payload)) = ethertype.zip(bytes.get(header..)) else { return Err("link layer cut short") };
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    frame.extend(ethertype.to_be_bytes());
    frame.extend(payload);
    Ok(with_length(frame))
}

/// The Ethertype of the IP packet at `at`.
fn version(bytes: &[u8], at: usize) -> Option<u16> {
    match bytes.get(at)? >> 4 {
        4 => Some(ETHERTYPE_IPV4),
        6 => Some(ETHERTYPE_IPV6),
        _ => None,
    }
}

/// Writes the length into IPv4 packets that were captured before the network card did so.
fn with_length(mut frame: Vec<u8>) -> Vec<u8> {
    let total = frame.len().saturating_sub(14);
    if frame.len() > FRAME_MAX && frame[12..15] == [0x08, 0x00, 0x45] && frame[16..18] == [0, 0] && total <= 0xffff {
        frame[16..18].copy_from_slice(&(total as u16).to_be_bytes());
    }
    frame
}

/// True if the frame is longer than the wire allows.
pub(super) fn is_merged(frame: &[u8]) -> bool {
    frame.len() > FRAME_MAX + 8
}

/// The frame as the segments that a network card would send for it.
pub(super) fn segments(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut frame = Frame::default();
    let parsed = frame::parse::<Plain, _>(bytes, bytes.len() as u32, &mut frame);
    if !is_merged(bytes) || parsed.is_err() || frame.protocol != TCP || frame.fragment != 0 {
        return vec![bytes.to_vec()];
    }
    let [network, transport, payload, end] =
        [frame.network, frame.transport, frame.payload, frame.end].map(|offset| offset as usize);
    let last = (end - payload).saturating_sub(1) / SEGMENT_MAX;
    let segment = |(index, chunk): (usize, &[u8])| {
        let mut segment = [&bytes[..payload], chunk].concat();
        let length = segment.len() - network;
        let (at, length) = if frame.version == 4 { (network + 2, length) } else { (network + 4, length - 40) };
        segment[at..at + 2].copy_from_slice(&(length as u16).to_be_bytes());
        let sequence = frame.sequence.wrapping_add((index * SEGMENT_MAX) as u32);
        segment[transport + 4..transport + 8].copy_from_slice(&sequence.to_be_bytes());
        if index < last {
            segment[transport + 13] &= !(tcp_flags::FIN | PUSH);
        }
        segment
    };
    bytes[payload..end].chunks(SEGMENT_MAX).enumerate().map(segment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_what_carries_ip_and_names_what_does_not() {
        let ip = [0x45, 0, 0, 20, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9];
        let with = |header: &[u8]| [header, &ip].concat();
        let mut sll = [0; 16];
        sll[14] = 8;
        let mut sll2 = [0; 20];
        sll2[0] = 8;
        for (link, bytes) in
            [(0, with(&[2, 0, 0, 0])), (101, with(&[])), (113, with(&sll)), (276, with(&sll2)), (12, with(&[]))]
        {
            let frame = ethernet(&Packet { number: 1, link, bytes, cut: false }).unwrap();
            assert_eq!(&frame[12..14], [8, 0], "link type {link}");
            assert_eq!(frame[14..], ip, "link type {link}");
        }
        assert!(ethernet(&Packet { number: 1, link: 9, bytes: with(&[]), cut: false }).is_err());
    }

    #[test]
    fn cuts_merged_frames_into_segments_that_make_up_the_same_stream() {
        let payload: Vec<u8> = (0..4000).map(|index| (index % 251) as u8).collect();
        let mut bytes = vec![0; 12];
        bytes.extend([8, 0, 0x45, 0, 0x0f, 0xc8, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        bytes.extend([0, 80, 0, 80, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0x50, 0x19, 0, 0, 0, 0, 0, 0]);
        bytes.extend(&payload);
        let segments = segments(&bytes);
        let mut stream: Vec<u8> = Vec::new();
        for (index, segment) in segments.iter().enumerate() {
            let mut frame = Frame::default();
            frame::parse::<Plain, _>(&segment[..], segment.len() as u32, &mut frame).unwrap();
            assert_eq!(frame.sequence, u32::MAX.wrapping_add(stream.len() as u32));
            assert_eq!(frame.tcp_flags & tcp_flags::FIN != 0, index + 1 == segments.len());
            stream.extend(&segment[frame.payload as usize..frame.end as usize]);
        }
        assert_eq!(segments.len(), 3);
        assert_eq!(stream, payload);
    }
}
