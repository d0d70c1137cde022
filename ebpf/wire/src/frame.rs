//! From the first byte of an Ethernet frame to the first byte of what UDP or TCP carries.

use crate::bytes::Bytes;
use crate::step::{Loop, Step};

/// VLAN tags that are looked through: 802.1Q and QinQ.
pub const VLAN_TAGS_MAX: usize = 2;
/// IPv6 extension headers that are looked through.
pub const EXTENSION_HEADERS_MAX: u32 = 6;
/// All headers together lie within this many bytes, or the frame counts as malformed: two VLAN tags, PPPoE, IPv6 with
/// generous extension headers and TCP with options.
pub const HEADERS_MAX: u32 = 256;
/// Bytes of the Ethernet header.
pub const LINK_LAYER: u32 = 14;
/// Bytes that [`plain_ipv4`] reads: Ethernet, IPv4 and TCP, all without options.
pub const PLAIN_IPV4: u32 = LINK_LAYER + 20 + 20;
/// Bytes that [`plain_ipv6`] reads: Ethernet, IPv6 and TCP, all without options.
pub const PLAIN_IPV6: u32 = LINK_LAYER + 40 + 20;

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const ETHERTYPE_VLAN: u16 = 0x8100;
const ETHERTYPE_QINQ: u16 = 0x88a8;
const ETHERTYPE_QINQ_OLD: u16 = 0x9100;
const ETHERTYPE_PPPOE_SESSION: u16 = 0x8864;
/// IPv6 extension headers with a shape of their own.
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
pub(crate) const PPP_IPV4: u16 = 0x0021;
pub(crate) const PPP_IPV6: u16 = 0x0057;

/// TCP, as an IP protocol number.
pub const TCP: u8 = 6;
/// UDP.
pub const UDP: u8 = 17;
/// ICMP.
pub const ICMP: u8 = 1;
/// ICMPv6.
pub const ICMPV6: u8 = 58;

/// Bits of [`Frame::tcp_flags`] (RFC 9293 §3.1).
pub mod tcp_flags {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronise sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// The acknowledgement field is significant.
    pub const ACK: u8 = 0x10;
    /// The urgent pointer is significant.
    pub const URG: u8 = 0x20;
}

/// Why a frame was not read down to its payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unread {
    /// Neither IPv4 nor IPv6: ARP, EAPOL, LLDP, PPPoE discovery and the like.
    NotIp,
    /// Cut short, contradictory, or headers deeper than the limits.
    Malformed,
}

/// What the headers of an IP packet say. Offsets count from the first byte of the frame; addresses are two numbers
/// whose most significant byte is the first on the wire, IPv4 in its IPv4-mapped form (RFC 4291 §2.5.5.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Frame {
    /// Source address.
    pub source: [u64; 2],
    /// Destination address.
    pub destination: [u64; 2],
    /// Source port in the upper half, destination port in the lower, zero where there are none.
    pub ports: u32,
    /// Offset of the IP header.
    pub network: u32,
    /// Offset of the transport header.
    pub transport: u32,
    /// Offset of the payload of UDP or TCP; of the IP payload for other protocols and fragments.
    pub payload: u32,
    /// Offset after the last byte of the IP packet; link-layer padding lies beyond.
    pub end: u32,
    /// TCP sequence number.
    pub sequence: u32,
    /// TCP acknowledgement number.
    pub acknowledgement: u32,
    /// IP protocol number after all extension headers.
    pub protocol: u8,
    /// [`tcp_flags`].
    pub tcp_flags: u8,
    /// 1 if this is a fragment of a larger packet.
    pub fragment: u8,
    /// 4 or 6.
    pub version: u8,
    /// The first eight bytes of a UDP payload, the first in the most significant place. What lies past the payload's
    /// end is unspecified.
    pub opening: u64,
}

impl Frame {
    /// Source port.
    #[inline(always)]
    pub const fn source_port(&self) -> u16 {
        (self.ports >> 16) as u16
    }

    /// Destination port.
    #[inline(always)]
    pub const fn destination_port(&self) -> u16 {
        self.ports as u16
    }

    /// Bytes of payload.
    #[inline(always)]
    pub const fn payload_length(&self) -> u32 {
        self.end - self.payload
    }
}

/// Reads the headers of the packet at the beginning of `bytes` into `frame`. The packet is `length` bytes long in all,
/// of which at least the first [`HEADERS_MAX`] must be there.
///
/// # Errors
/// [`Unread`]; `frame` then holds nothing of use.
#[inline(always)]
pub fn parse<L: Loop, B: Bytes + ?Sized>(bytes: &B, length: u32, frame: &mut Frame) -> Result<(), Unread> {
    (frame.version, frame.network) = link_layer(bytes, length)?;
    if frame.version == 4 {
        ipv4(bytes, frame.network, length, frame)?
    } else {
        ipv6(bytes, frame.network, length, frame)?;
        extensions::<L, B>(bytes, frame)?
    }
    transport(bytes, frame.transport, frame)
}

/// Reads the headers of the packet as [`parse`] does, if it is a plain IPv4 packet: no tags, no IP options. True if it
/// is; otherwise, also if it is malformed, `frame` holds nothing of use.
///
/// Nearly every packet is plain, and then everything lies at a constant offset, so that `bytes` may be the packet
/// itself, of which the first [`PLAIN_IPV4`] bytes must be there.
#[inline(always)]
pub fn plain_ipv4<B: Bytes + ?Sized>(bytes: &B, length: u32, frame: &mut Frame) -> bool {
    frame.version = 4;
    frame.network = LINK_LAYER;
    const TRANSPORT: u32 = LINK_LAYER + 20;
    bytes.be16(12) == ETHERTYPE_IPV4
        && ipv4(bytes, LINK_LAYER, length, frame).is_ok()
        && frame.transport == TRANSPORT
        && transport(bytes, TRANSPORT, frame).is_ok()
}

/// As [`plain_ipv4`], for IPv6 without extension headers; the first [`PLAIN_IPV6`] bytes must be there.
#[inline(always)]
pub fn plain_ipv6<B: Bytes + ?Sized>(bytes: &B, length: u32, frame: &mut Frame) -> bool {
    frame.version = 6;
    frame.network = LINK_LAYER;
    bytes.be16(12) == ETHERTYPE_IPV6
        && ipv6(bytes, LINK_LAYER, length, frame).is_ok()
        && !is_extension(frame.protocol)
        && transport(bytes, LINK_LAYER + 40, frame).is_ok()
}

/// IP version and offset of the IP header.
#[inline(always)]
fn link_layer<B: Bytes + ?Sized>(bytes: &B, length: u32) -> Result<(u8, u32), Unread> {
    if length < 14 {
        return Err(Unread::Malformed);
    }
    let mut at = 12;
    let mut ethertype = bytes.be16(at);
    for _ in 0..VLAN_TAGS_MAX {
        if !matches!(ethertype, ETHERTYPE_VLAN | ETHERTYPE_QINQ | ETHERTYPE_QINQ_OLD) {
            break;
        }
        at += 4;
        ethertype = bytes.be16(at);
    }
    at += 2;
    let version = match ethertype {
        ETHERTYPE_IPV4 => 4,
        ETHERTYPE_IPV6 => 6,
        ETHERTYPE_PPPOE_SESSION => {
            // RFC 2516 §4: version and type 1, code 0, session, length, then the PPP protocol.
            let header = bytes.be64(at);
            at += 8;
            if header >> 48 != 0x1100 {
                return Err(Unread::NotIp);
            }
            match header as u16 {
                PPP_IPV4 => 4,
                PPP_IPV6 => 6,
                _ => return Err(Unread::NotIp),
            }
        }
        ETHERTYPE_VLAN | ETHERTYPE_QINQ | ETHERTYPE_QINQ_OLD => return Err(Unread::Malformed),
        _ => return Err(Unread::NotIp),
    };
    if at + 20 > length {
        return Err(Unread::Malformed);
    }
    Ok((version, at))
}

#[inline(always)]
fn ipv4<B: Bytes + ?Sized>(bytes: &B, at: u32, length: u32, frame: &mut Frame) -> Result<(), Unread> {
    let first = bytes.be64(at);
    let header_length = (first >> 56 & 0x0f) as u32 * 4;
    let total = first >> 32 & 0xffff;
    frame.end = at + total as u32;
    if first >> 60 != 4 || header_length < 20 || (total as u32) < header_length || frame.end > length {
        return Err(Unread::Malformed);
    }
    // RFC 791 §3.1: more-fragments flag and fragment offset.
    frame.fragment = (first & 0x3fff != 0) as u8;
    let second = bytes.be64(at + 8);
    frame.protocol = (second >> 48) as u8;
    const MAPPED: u64 = 0xffff << 32;
    frame.source = [0, MAPPED | second & 0xffff_ffff];
    frame.destination = [0, MAPPED | u64::from(bytes.be32(at + 16))];
    frame.transport = at + header_length;
    Ok(())
}

#[inline(always)]
fn ipv6<B: Bytes + ?Sized>(bytes: &B, at: u32, length: u32, frame: &mut Frame) -> Result<(), Unread> {
    if at + 40 > length {
        return Err(Unread::Malformed);
    }
    let first = bytes.be64(at);
    frame.end = at + 40 + (first >> 16 & 0xffff) as u32;
    if first >> 60 != 6 || frame.end > length {
        return Err(Unread::Malformed);
    }
    frame.source = [bytes.be64(at + 8), bytes.be64(at + 16)];
    frame.destination = [bytes.be64(at + 24), bytes.be64(at + 32)];
    frame.protocol = (first >> 8) as u8;
    frame.fragment = 0;
    frame.transport = at + 40;
    Ok(())
}

/// Passes over the IPv6 extension headers, if there are any.
#[inline(always)]
fn extensions<L: Loop, B: Bytes + ?Sized>(bytes: &B, frame: &mut Frame) -> Result<(), Unread> {
    if is_extension(frame.protocol) {
        let mut extensions = Extensions { bytes, frame, valid: true };
        L::run(&mut extensions);
        if !extensions.valid || (is_extension(frame.protocol) && frame.fragment == 0) {
            return Err(Unread::Malformed);
        }
    }
    Ok(())
}

/// RFC 8200 §4: hop-by-hop, routing, fragment, authentication, destination options; then mobility, HIP and shim6.
/// (Encrypted payloads and "no next header" are not extensions to look through.)
#[inline(always)]
const fn is_extension(header: u8) -> bool {
    matches!(header, 0 | 43 | FRAGMENT | AUTHENTICATION | 60 | 135 | 139 | 140)
}

/// Goes from one extension header to the next.
struct Extensions<'a, B: Bytes + ?Sized> {
    bytes: &'a B,
    frame: &'a mut Frame,
    valid: bool,
}

impl<B: Bytes + ?Sized> Step for Extensions<'_, B> {
    const LIMIT: u32 = EXTENSION_HEADERS_MAX;

    #[inline(always)]
    fn step(&mut self) -> bool {
        let kind = self.frame.protocol;
        if !is_extension(kind) || self.frame.fragment == 1 {
            return false;
        }
        let at = self.frame.transport;
        let header = self.bytes.be64(at);
        let size = match kind {
            FRAGMENT => 8,
            // RFC 4302 §2.2 counts in units of four bytes, the others in units of eight.
            AUTHENTICATION => ((header >> 48 & 0xff) as u32 + 2) * 4,
            _ => ((header >> 48 & 0xff) as u32 + 1) * 8,
        };
        // RFC 8200 §4.5: offset and more-fragments flag. Without either it is a whole packet (RFC 6946).
        if kind == FRAGMENT && header >> 32 & 0xfff9 != 0 {
            self.frame.fragment = 1;
        }
        self.frame.protocol = (header >> 56) as u8;
        self.frame.transport = at + size;
        self.valid = at + size <= self.frame.end && at + size <= HEADERS_MAX;
        self.valid
    }
}

#[inline(always)]
fn transport<B: Bytes + ?Sized>(bytes: &B, at: u32, frame: &mut Frame) -> Result<(), Unread> {
    frame.payload = at;
    frame.ports = 0;
    if frame.fragment == 1 {
        return Ok(());
    }
    match frame.protocol {
        UDP => {
            if at + 8 > frame.end {
                return Err(Unread::Malformed);
            }
            let header = bytes.be64(at);
            frame.ports = (header >> 32) as u32;
            let length = (header >> 16 & 0xffff) as u32;
            if length < 8 || at + length > frame.end {
                return Err(Unread::Malformed);
            }
            frame.payload = at + 8;
            frame.end = at + length;
            frame.opening = bytes.be64(at + 8);
        }
        TCP => {
            if at + 20 > frame.end {
                return Err(Unread::Malformed);
            }
            let header = bytes.be64(at);
            frame.ports = (header >> 32) as u32;
            frame.sequence = header as u32;
            let header = bytes.be64(at + 8);
            frame.acknowledgement = (header >> 32) as u32;
            frame.tcp_flags = (header >> 16) as u8;
            let length = (header >> 28 & 0x0f) as u32 * 4;
            if length < 20 || at + length > frame.end {
                return Err(Unread::Malformed);
            }
            frame.payload = at + length;
        }
        _ => {}
    }
    Ok(())
}
