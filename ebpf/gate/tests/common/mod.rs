//! Frames and ClientHellos that the tests send, and a gate to send them to.

#![allow(dead_code, reason = "every test file uses its own share")]

use stairgate_abi::maps::{Event, PROFILE_FIRST_PERSON};
use stairgate_abi::{Mask, Tag, TagSet, Tags};
use stairgate_gate::Action;
use stairgate_gate::host::{Host, Outcome, event_name, steady_profile};
use stairgate_wire::Plain;
use stairgate_wire::frame::{self, Frame};

/// The child's device.
pub(crate) const MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x11];
/// The router.
pub(crate) const ROUTER: [u8; 6] = [0x02, 0, 0, 0, 0, 0x01];
/// The child's profile.
pub(crate) const CHILD: u16 = PROFILE_FIRST_PERSON;
/// A name that the child's mask blocks.
pub(crate) const BLOCKED: &str = "blocked.example";
/// A name of the same length that it allows by name.
pub(crate) const ALLOWED: &str = "allowed.example";
pub(crate) const SECOND: u64 = 1_000_000_000;

pub(crate) const SYN: u8 = 0x02;
pub(crate) const ACK: u8 = 0x10;
pub(crate) const PSH_ACK: u8 = 0x18;

/// A tag-set of one tag.
pub(crate) fn tagged(tag: u8) -> TagSet {
    TagSet { tags: Tags::from_iter([Tag(tag)]), except: Tags::EMPTY }
}

/// The mask that blocks tag 1 and allows tag 2, with these flags.
pub(crate) fn mask(flags: u32) -> Mask {
    Mask { block: Tags::from_iter([Tag(1)]), allow: Tags::from_iter([Tag(2)]), flags, ..Mask::default() }
}

/// A gate that knows one child, one blocked and one allowed name.
pub(crate) fn gate(flags: u32) -> Host {
    let mut gate = Host::new(0x1234_5678_9abc_def0, 64);
    gate.set_device(MAC, CHILD).unwrap();
    gate.set_profile(CHILD, steady_profile(mask(flags)));
    gate.set_domain(BLOCKED, tagged(1), tagged(1)).unwrap();
    gate.set_domain(ALLOWED, tagged(2), tagged(2)).unwrap();
    gate
}

/// The name that an outcome tells, if it tells one.
pub(crate) fn told(outcome: &Outcome) -> Option<String> {
    outcome.events.iter().map(event_name).find(|name| !name.is_empty()).map(str::to_owned)
}

/// The reasons that an outcome tells.
pub(crate) fn reasons(outcome: &Outcome) -> Vec<u8> {
    outcome.events.iter().map(|event: &Event| event.reason).collect()
}

/// What lies between Ethernet and IP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Link {
    Plain,
    Vlan,
    QinQ,
    Pppoe,
    VlanPppoe,
}

impl Link {
    pub(crate) const ALL: [Self; 5] = [Self::Plain, Self::Vlan, Self::QinQ, Self::Pppoe, Self::VlanPppoe];
}

/// Puts an IP packet into a frame.
pub(crate) fn ethernet(link: Link, ip: &[u8]) -> Vec<u8> {
    let version = ip[0] >> 4;
    let mut frame = [ROUTER, MAC].concat();
    if link == Link::QinQ {
        frame.extend([0x88, 0xa8, 0x00, 0x07]);
    }
    if matches!(link, Link::Vlan | Link::QinQ | Link::VlanPppoe) {
        frame.extend([0x81, 0x00, 0x20, 0x05]);
    }
    if matches!(link, Link::Pppoe | Link::VlanPppoe) {
        frame.extend([0x88, 0x64, 0x11, 0x00, 0x00, 0x09]);
        frame.extend((ip.len() as u16 + 2).to_be_bytes());
        frame.extend(if version == 4 { [0x00, 0x21] } else { [0x00, 0x57] });
    } else {
        frame.extend(if version == 4 { [0x08, 0x00] } else { [0x86, 0xdd] });
    }
    frame.extend(ip);
    frame
}

/// An IPv4 or IPv6 packet with the headers' usual form. `before` is a chain of IPv6 extension headers or IPv4 options;
/// `protocol` is that of the first header behind the fixed one.
pub(crate) fn ip(version: u8, protocol: u8, before: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    let length = before.len() + payload.len();
    if version == 4 {
        packet.extend([0x45 + (before.len() / 4) as u8, 0]);
        packet.extend((20 + length as u16).to_be_bytes());
        packet.extend([0, 1, 0x40, 0, 64, protocol, 0, 0, 192, 168, 1, 17, 203, 0, 113, 5]);
    } else {
        packet.extend([0x60, 0, 0, 0]);
        packet.extend((length as u16).to_be_bytes());
        packet.extend([protocol, 64]);
        packet.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11]);
        packet.extend([0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x05]);
    }
    packet.extend(before);
    packet.extend(payload);
    packet
}

/// A TCP segment from port 50000 to port 443.
pub(crate) fn tcp(flags: u8, sequence: u32, acknowledgement: u32, payload: &[u8]) -> Vec<u8> {
    let mut segment = vec![0xc3, 0x50, 0x01, 0xbb];
    segment.extend(sequence.to_be_bytes());
    segment.extend(acknowledgement.to_be_bytes());
    segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(payload);
    segment
}

/// A UDP datagram from port 50000.
pub(crate) fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = vec![0xc3, 0x50];
    datagram.extend(port.to_be_bytes());
    datagram.extend((8 + payload.len() as u16).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    datagram
}

/// A TCP segment over plain Ethernet and IPv4.
pub(crate) fn segment(flags: u8, sequence: u32, payload: &[u8]) -> Vec<u8> {
    ethernet(Link::Plain, &ip(4, 6, &[], &tcp(flags, sequence, 7_000, payload)))
}

/// A ClientHello that is being put together.
#[derive(Clone, Debug)]
pub(crate) struct Hello {
    /// Extensions in order: type and content.
    pub(crate) extensions: Vec<(u16, Vec<u8>)>,
    pub(crate) session_id: Vec<u8>,
    pub(crate) cipher_suites: Vec<u16>,
}

impl Hello {
    /// A hello whose server name comes last, behind `padding` bytes of other extensions.
    pub(crate) fn new(name: &str, padding: usize) -> Self {
        Self {
            extensions: vec![
                (0x0a0a, Vec::new()),
                (43, vec![4, 3, 4, 3, 3]),
                (51, vec![0x5a; padding]),
                server_name(name.as_bytes()),
            ],
            session_id: vec![7; 32],
            cipher_suites: vec![0x1301, 0x1302, 0x1303],
        }
    }

    /// The handshake message.
    pub(crate) fn message(&self) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([0xa5; 32]);
        body.push(self.session_id.len() as u8);
        body.extend(&self.session_id);
        body.extend((2 * self.cipher_suites.len() as u16).to_be_bytes());
        body.extend(self.cipher_suites.iter().flat_map(|suite| suite.to_be_bytes()));
        body.extend([1, 0]);
        let extensions: Vec<u8> =
            self.extensions.iter().flat_map(|(kind, content)| extension(*kind, content)).collect();
        body.extend((extensions.len() as u16).to_be_bytes());
        body.extend(extensions);
        let mut message = vec![1];
        message.extend(&(body.len() as u32).to_be_bytes()[1..]);
        message.extend(body);
        message
    }

    /// The message in one record.
    pub(crate) fn record(&self) -> Vec<u8> {
        records(&self.message(), &[])
    }
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes(), &(content.len() as u16).to_be_bytes(), content].concat()
}

/// The extension that carries this name.
pub(crate) fn server_name(name: &[u8]) -> (u16, Vec<u8>) {
    let mut content = (name.len() as u16 + 3).to_be_bytes().to_vec();
    content.push(0);
    content.extend((name.len() as u16).to_be_bytes());
    content.extend(name);
    (0, content)
}

/// A handshake message in records that end at these places of the message, and at its end.
pub(crate) fn records(message: &[u8], ends: &[usize]) -> Vec<u8> {
    pieces(message, ends)
        .into_iter()
        .flat_map(|piece| [&[22, 3, 1][..], &(piece.len() as u16).to_be_bytes(), piece].concat())
        .collect()
}

/// Bytes cut at these places, in any order and more than once; without empty pieces.
pub(crate) fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect()
}

/// Sends a stream in segments that are cut at these places, and returns the action for the last segment, the name that
/// was told, and whether anything passed after a refusal.
pub(crate) fn send_stream(gate: &mut Host, stream: &[u8], cuts: &[usize], isn: u32) -> (Action, Option<String>) {
    gate.handle(&segment(SYN, isn, &[]), SECOND);
    let mut sequence = isn.wrapping_add(1);
    let (mut last, mut name) = (Action::Pass, None);
    for piece in pieces(stream, cuts) {
        let outcome = gate.handle(&segment(PSH_ACK, sequence, piece), SECOND);
        assert!(last == Action::Pass || outcome.action == Action::Reply, "a refused connection stays refused");
        name = name.or(told(&outcome));
        last = outcome.action;
        sequence = sequence.wrapping_add(piece.len() as u32);
    }
    (last, name)
}

/// The headers of a frame that can be read.
pub(crate) fn parsed(bytes: &[u8]) -> Frame {
    let mut frame = Frame::default();
    frame::parse::<Plain, _>(bytes, bytes.len() as u32, &mut frame).unwrap();
    frame
}

/// Checks the checksums of the IPv4 header and of UDP or TCP, by RFC 1071 and nothing else.
pub(crate) fn check_checksums(bytes: &[u8]) {
    let frame = parsed(bytes);
    let [network, transport, end] = [frame.network, frame.transport, frame.end].map(|offset| offset as usize);
    let sum = |bytes: &[u8]| {
        bytes.chunks(2).map(|pair| u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0))).sum::<u64>()
    };
    let fold = |mut sum: u64| {
        while sum > 0xffff {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        sum
    };
    let addresses = if frame.version == 4 {
        assert_eq!(fold(sum(&bytes[network..transport])), 0xffff, "IPv4 header");
        &bytes[network + 12..network + 20]
    } else {
        &bytes[network + 8..network + 40]
    };
    let pseudo = sum(addresses) + u64::from(frame.protocol) + (end - transport) as u64;
    assert_eq!(fold(pseudo + sum(&bytes[transport..end])), 0xffff, "transport");
}
