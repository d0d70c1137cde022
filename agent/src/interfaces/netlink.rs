//! Messages of rtnetlink: bytes in, values out. Layouts are those of linux/netlink.h, rtnetlink.h, if_link.h, if_addr.h
//! and neighbour.h; numbers are in the machine's own order.

use std::net::IpAddr;

pub(super) const ERROR: u16 = 2;
pub(super) const DONE: u16 = 3;
pub(super) const NEW_LINK: u16 = 16;
pub(super) const DELETE_LINK: u16 = 17;
pub(super) const GET_LINK: u16 = 18;
pub(super) const NEW_ADDRESS: u16 = 20;
pub(super) const DELETE_ADDRESS: u16 = 21;
pub(super) const GET_ADDRESS: u16 = 22;

pub(super) const NEW_NEIGHBOUR: u16 = 28;
pub(super) const DELETE_NEIGHBOUR: u16 = 29;
pub(super) const GET_NEIGHBOUR: u16 = 30;

/// `RTMGRP_LINK`, `RTMGRP_IPV4_IFADDR` and `RTMGRP_IPV6_IFADDR`.
pub(super) const GROUPS: u32 = 0x1 | 0x10 | 0x100;

/// `RTMGRP_NEIGH`.
pub(super) const NEIGHBOUR_GROUP: u32 = 0x4;

/// `NLM_F_REQUEST` and `NLM_F_DUMP`.
const DUMP_FLAGS: u16 = 0x1 | 0x300;
const HEADER_BYTES: usize = 16;
const LINK_HEADER_BYTES: usize = 16;
const ADDRESS_HEADER_BYTES: usize = 8;
const NEIGHBOUR_HEADER_BYTES: usize = 12;
/// The upper two bits of an attribute's type are flags.
const ATTRIBUTE_TYPE: u16 = 0x3fff;

const IFLA_IFNAME: u16 = 3;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_XDP: u16 = 43;
const IFLA_XDP_ATTACHED: u16 = 2;
const IFLA_XDP_PROG_ID: u16 = 4;
const IFA_ADDRESS: u16 = 1;
const XDP_ATTACHED_SKB: u8 = 2;
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
const NDA_CACHEINFO: u16 = 3;
/// Ticks of a second in what the kernel tells user space (`USER_HZ`), the same on every architecture that we run on.
const TICKS: u32 = 100;
/// `NUD_INCOMPLETE` and `NUD_FAILED`: nobody has answered, so there is no hardware address.
const NEIGHBOUR_UNANSWERED: u16 = 0x01 | 0x20;

/// A network interface.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Index of the interface. An interface that goes and comes back has a new one.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Index of the bridge or bond that it is a port of.
    pub master: Option<u32>,
    /// What kind of virtual interface it is, such as `bridge`, `vlan` or `veth`.
    pub kind: Option<String>,
    /// The XDP program that runs there.
    pub xdp: Option<Xdp>,
}

/// An attached XDP program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Xdp {
    /// Id of the program, 0 if several run.
    pub program: u32,
    /// True if the stack runs it and not the driver.
    pub generic: bool,
}

/// An address of an interface.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// Index of the interface.
    pub index: u32,
    /// The address.
    pub address: IpAddr,
    /// Bits of its prefix.
    pub prefix_length: u8,
}

/// A neighbour: who has an address on a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Neighbour {
    /// Index of the interface.
    pub index: u32,
    /// The address.
    pub address: IpAddr,
    /// The hardware address; none if nobody is known to have the address any more.
    pub mac: Option<[u8; 6]>,
    /// Seconds since it was last known to be there; none if the kernel does not say.
    pub silent_s: Option<u32>,
}

/// What changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// An interface came, or something about it changed.
    Link(Link),
    /// An interface went.
    LinkGone(Link),
    /// An address came or went.
    Addresses,
    /// Something changed that was not heard of: look at everything anew.
    Lost,
}

/// One netlink message.
pub(super) struct Message<'a> {
    pub(super) kind: u16,
    body: &'a [u8],
}

/// The request for everything of one kind.
pub(super) fn dump_request(kind: u16) -> Vec<u8> {
    // All zero: no filter. The kernel takes what is longer than its header for attributes.
    let header = match kind {
        GET_NEIGHBOUR => NEIGHBOUR_HEADER_BYTES,
        GET_ADDRESS => ADDRESS_HEADER_BYTES,
        _ => LINK_HEADER_BYTES,
    };
    let length = HEADER_BYTES + header;
    let mut request = Vec::with_capacity(length);
    request.extend((length as u32).to_ne_bytes());
    request.extend(kind.to_ne_bytes());
    request.extend(DUMP_FLAGS.to_ne_bytes());
    request.resize(length, 0);
    request
}

/// The messages in a datagram. Ends at the first one that is cut short.
pub(super) fn messages(datagram: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let length = u32_at(rest, 0)? as usize;
        let kind = u16_at(rest, 4)?;
        let body = rest.get(HEADER_BYTES..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Message { kind, body })
    })
}

/// The interface that a message tells of.
pub(super) fn link(message: &Message<'_>) -> Option<Link> {
    if !matches!(message.kind, NEW_LINK | DELETE_LINK) {
        return None;
    }
    let mut link = Link { index: u32_at(message.body, 4)?, name: String::new(), master: None, kind: None, xdp: None };
    for (kind, value) in attributes(message.body.get(LINK_HEADER_BYTES..)?) {
        match kind {
            IFLA_IFNAME => link.name = text(value),
            IFLA_MASTER => link.master = u32_at(value, 0),
            IFLA_LINKINFO => link.kind = attribute(value, IFLA_INFO_KIND).map(text),
            IFLA_XDP => link.xdp = xdp(value),
            _ => {}
        }
    }
    (!link.name.is_empty()).then_some(link)
}

/// The address that a message tells of.
pub(super) fn address(message: &Message<'_>) -> Option<Address> {
    if !matches!(message.kind, NEW_ADDRESS | DELETE_ADDRESS) {
        return None;
    }
    // Of a point-to-point link this is the peer's address, which is what lies beyond it.
    let address = ip_address(attribute(message.body.get(ADDRESS_HEADER_BYTES..)?, IFA_ADDRESS)?)?;
    Some(Address { index: u32_at(message.body, 4)?, address, prefix_length: *message.body.get(1)? })
}

/// The neighbour that a message tells of.
pub(super) fn neighbour(message: &Message<'_>) -> Option<Neighbour> {
    if !matches!(message.kind, NEW_NEIGHBOUR | DELETE_NEIGHBOUR) {
        return None;
    }
    let attributes = message.body.get(NEIGHBOUR_HEADER_BYTES..)?;
    let address = ip_address(attribute(attributes, NDA_DST)?)?;
    let mac = attribute(attributes, NDA_LLADDR).and_then(|bytes| <[u8; 6]>::try_from(bytes).ok());
    let known = message.kind == NEW_NEIGHBOUR && u16_at(message.body, 8)? & NEIGHBOUR_UNANSWERED == 0;
    let silent_s = attribute(attributes, NDA_CACHEINFO).and_then(|info| u32_at(info, 0)).map(|ticks| ticks / TICKS);
    Some(Neighbour { index: u32_at(message.body, 4)?, address, mac: mac.filter(|_| known), silent_s })
}

/// The change that a message tells of.
pub(super) fn change(message: &Message<'_>) -> Option<Change> {
    match message.kind {
        NEW_LINK => link(message).map(Change::Link),
        // Bridges tell of ports that leave them with the same message, in their own family; the port itself stays.
        DELETE_LINK if message.body.first() == Some(&0) => link(message).map(Change::LinkGone),
        NEW_ADDRESS | DELETE_ADDRESS => Some(Change::Addresses),
        _ => None,
    }
}

fn xdp(value: &[u8]) -> Option<Xdp> {
    let attached = *attribute(value, IFLA_XDP_ATTACHED)?.first()?;
    let program = attribute(value, IFLA_XDP_PROG_ID).and_then(|id| u32_at(id, 0)).unwrap_or(0);
    (attached != 0).then_some(Xdp { program, generic: attached == XDP_ATTACHED_SKB })
}

/// The attributes in `bytes`. Ends at the first one that is cut short.
fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(rest, 0)?);
        let kind = u16_at(rest, 2)? & ATTRIBUTE_TYPE;
        let value = rest.get(4..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

fn attribute(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    attributes(bytes).find(|(kind, _)| *kind == wanted).map(|(_, value)| value)
}

fn ip_address(bytes: &[u8]) -> Option<IpAddr> {
    match <[u8; 4]>::try_from(bytes) {
        Ok(bytes) => Some(IpAddr::from(bytes)),
        Err(_) => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
    }
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value.strip_suffix(b"\0").unwrap_or(value)).into_owned()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|word| u16::from_ne_bytes(*word))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_ne_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute_bytes(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = ((4 + value.len()) as u16).to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn message_bytes(kind: u16, header: &[u8], attributes: &[Vec<u8>]) -> Vec<u8> {
        let body: Vec<u8> = header.iter().copied().chain(attributes.concat()).collect();
        let mut bytes = ((HEADER_BYTES + body.len()) as u32).to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.resize(HEADER_BYTES, 0);
        bytes.extend(body);
        bytes
    }

    fn link_message(kind: u16, family: u8) -> Vec<u8> {
        let mut header = [0; LINK_HEADER_BYTES];
        header[0] = family;
        header[4..8].copy_from_slice(&7u32.to_ne_bytes());
        message_bytes(
            kind,
            &header,
            &[
                attribute_bytes(IFLA_IFNAME, b"lan1\0"),
                attribute_bytes(IFLA_MASTER, &3u32.to_ne_bytes()),
                attribute_bytes(0x8000 | IFLA_LINKINFO, &attribute_bytes(IFLA_INFO_KIND, b"veth\0")),
                attribute_bytes(
                    0x8000 | IFLA_XDP,
                    &[attribute_bytes(IFLA_XDP_ATTACHED, &[2]), attribute_bytes(IFLA_XDP_PROG_ID, &9u32.to_ne_bytes())]
                        .concat(),
                ),
            ],
        )
    }

    fn expected() -> Link {
        Link {
            index: 7,
            name: "lan1".into(),
            master: Some(3),
            kind: Some("veth".into()),
            xdp: Some(Xdp { program: 9, generic: true }),
        }
    }

    #[test]
    fn links_and_their_changes_are_read() {
        let bytes = [link_message(NEW_LINK, 0), link_message(DELETE_LINK, 0), link_message(DELETE_LINK, 7)].concat();
        let changes: Vec<_> = messages(&bytes).filter_map(|message| change(&message)).collect();
        assert_eq!(changes, [Change::Link(expected()), Change::LinkGone(expected())]);
    }

    #[test]
    fn addresses_of_both_families_are_read() {
        for (bytes, address_text) in [(vec![192, 0, 2, 1], "192.0.2.1"), ([[0; 15].as_slice(), &[1]].concat(), "::1")] {
            let header = [2, 24, 0, 0, 5, 0, 0, 0];
            let datagram = message_bytes(NEW_ADDRESS, &header, &[attribute_bytes(IFA_ADDRESS, &bytes)]);
            let message = messages(&datagram).next().unwrap();
            let read = address(&message).unwrap();
            assert_eq!((read.address, read.prefix_length), (address_text.parse().unwrap(), 24));
            assert_eq!(change(&message), Some(Change::Addresses));
        }
    }

    #[test]
    fn neighbours_are_read() {
        let message = |kind: u16, state: u16| {
            let mut header = [0; NEIGHBOUR_HEADER_BYTES];
            header[4..8].copy_from_slice(&5u32.to_ne_bytes());
            header[8..10].copy_from_slice(&state.to_ne_bytes());
            let silent = attribute_bytes(NDA_CACHEINFO, &[799u32, 1, 1, 1].map(u32::to_ne_bytes).concat());
            let attributes =
                [attribute_bytes(NDA_DST, &[192, 0, 2, 1]), attribute_bytes(NDA_LLADDR, &[2, 0, 0, 0, 0, 7]), silent];
            message_bytes(kind, &header, &attributes)
        };
        for (kind, state, mac) in [
            (NEW_NEIGHBOUR, 0x02, Some([2, 0, 0, 0, 0, 7])),
            (NEW_NEIGHBOUR, 0x04, Some([2, 0, 0, 0, 0, 7])),
            (NEW_NEIGHBOUR, 0x20, None),
            (DELETE_NEIGHBOUR, 0x04, None),
        ] {
            let bytes = message(kind, state);
            let read = neighbour(&messages(&bytes).next().unwrap());
            assert_eq!(
                read,
                Some(Neighbour { index: 5, address: IpAddr::from([192, 0, 2, 1]), mac, silent_s: Some(7) }),
                "{kind} {state}"
            );
        }
        assert_eq!(neighbour(&messages(&link_message(NEW_LINK, 0)).next().unwrap()), None);
    }

    #[test]
    fn whatever_is_cut_short_or_garbled_does_no_harm() {
        let whole = link_message(NEW_LINK, 0);
        for length in 0..whole.len() {
            assert_eq!(messages(&whole[..length]).filter_map(|message| link(&message)).count(), 0);
        }
        for at in 0..whole.len() {
            for value in [0, 1, 3, 0x7f, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                assert!(messages(&bytes).filter_map(|message| change(&message)).count() <= 1 + whole.len() / 16);
            }
        }
    }
}
