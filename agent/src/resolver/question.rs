//! What a query asks for.

use super::name::DnsName;

/// Numbers of query types (RFC 1035 §3.2.2 and the IANA registry).
pub mod query_type {
    /// An IPv4 address.
    pub const A: u16 = 1;
    /// An authoritative server.
    pub const NS: u16 = 2;
    /// The name that this one is an alias of.
    pub const CNAME: u16 = 5;
    /// The start of a zone.
    pub const SOA: u16 = 6;
    /// The name of an address.
    pub const PTR: u16 = 12;
    /// Text.
    pub const TXT: u16 = 16;
    /// An IPv6 address (RFC 3596).
    pub const AAAA: u16 = 28;
    /// A redirected subtree (RFC 6672).
    pub const DNAME: u16 = 39;
    /// The pseudo-record of EDNS (RFC 6891).
    pub const OPT: u16 = 41;
    /// The digest of a zone's key, at its parent (RFC 4034).
    pub const DS: u16 = 43;
    /// A signature (RFC 4034).
    pub const RRSIG: u16 = 46;
    /// What a name has, and which name is the next (RFC 4034).
    pub const NSEC: u16 = 47;
    /// A zone's key (RFC 4034).
    pub const DNSKEY: u16 = 48;
    /// The same as NSEC with hashes of names (RFC 5155).
    pub const NSEC3: u16 = 50;
    /// How to reach a service (RFC 9460).
    pub const SVCB: u16 = 64;
    /// How to reach a web site (RFC 9460).
    pub const HTTPS: u16 = 65;
    /// From here to [`ANY`] are queries about something else than records of a name: TKEY, TSIG, zone transfers.
    pub const FIRST_META: u16 = 249;
    /// Whatever the server cares to say (RFC 8482).
    pub const ANY: u16 = 255;
}

/// The class of the internet, the only one there is a resolver for.
pub const CLASS_IN: u16 = 1;

/// A question: name, type and class.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Question {
    /// The name asked for, in lower case.
    pub name: DnsName,
    /// What is asked of it; see [`query_type`].
    pub query_type: u16,
    /// The class; [`CLASS_IN`] in whatever gets past the listener.
    pub class: u16,
}
