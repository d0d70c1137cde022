//! Replies, written straight into the bytes that are sent.
//!
//! Every reply starts with the asker's own question, byte for byte: a client that varies the case of its questions as a
//! secret (draft-vixie-dnsext-dns0x20) recognises it, and owner names that point to it are in the asker's case too. A
//! reply that does not fit is cut down to the question with the TC bit set (RFC 2181 §9).

use std::net::IpAddr;

use super::cache::Message;
use super::cookies::COOKIE_BYTES;
use super::name::DnsName;
use super::query::{HEADER_BYTES, Head, QUESTION_START, UDP_BYTES_MAX, flags, rcode};
use super::question::{CLASS_IN, query_type};

/// Bytes of a message at most (RFC 1035 §4.2.2).
pub const MESSAGE_BYTES_MAX: usize = 65_535;
/// Replies over encrypted transports have a multiple of this many bytes (RFC 8467 §4.1).
const PADDED_BYTES: usize = 468;
/// Bytes of an EDNS record without options.
const OPT_BYTES: usize = 11;
/// Bytes of an option's head.
const OPTION_HEAD_BYTES: usize = 4;
/// A compression pointer to the question's name.
const TO_QUESTION: [u8; 2] = [0xc0, QUESTION_START as u8];
/// Times in the SOA of a refusal, in seconds: nobody transfers this zone, so they only have to look sane.
const SOA_REFRESH: u32 = 3600;
const SOA_RETRY: u32 = 600;
const SOA_EXPIRE: u32 = 86_400;

/// Codes of EDNS options.
mod option {
    pub(super) const COOKIE: u16 = 10;
    pub(super) const PADDING: u16 = 12;
    pub(super) const EXTENDED_ERROR: u16 = 15;
}

/// What goes into the EDNS record of a reply. Nothing of it is sent to a client that does not speak EDNS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options<'a> {
    /// A whole cookie, for a client that sent its part.
    pub cookie: Option<[u8; COOKIE_BYTES]>,
    /// Why, as a number of RFC 8914 and in words. The words are left out before the reply would be cut.
    pub extended_error: Option<(u16, &'a str)>,
    /// The transport is encrypted and the client padded its query.
    pub pad: bool,
}

/// Which section of a reply a record goes to. Records must be written in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Section {
    /// The answer.
    Answer,
    /// Who is responsible, or proof that there is nothing.
    Authority,
    /// What else may be useful.
    Additional,
}

/// The name that a record belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner<'a> {
    /// The name asked for.
    Question,
    /// Another name.
    Name(&'a DnsName),
}

/// What times to live a stored response is sent with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ttl {
    /// What is left after this many seconds.
    Aged(u32),
    /// This many seconds.
    Fixed(u32),
}

impl Ttl {
    /// What becomes of a time to live, in seconds.
    pub fn of(self, ttl: u32) -> u32 {
        match self {
            Self::Aged(age) => ttl.saturating_sub(age),
            Self::Fixed(seconds) => seconds,
        }
    }
}

/// A reply that is being written.
#[derive(Debug)]
pub struct Reply<'a> {
    out: &'a mut [u8],
    /// Bytes written; beyond the end of `out` once something did not fit.
    length: usize,
    question_end: usize,
    head: Head,
    rcode: u16,
    authentic: bool,
    /// Records of the three sections.
    counts: [u16; 3],
    overflow: bool,
}

impl<'a> Reply<'a> {
    /// Begins the reply to `message`, of which `head` was read, with a response code of RFC 6895 §2.3. `out` has the room
    /// that the transport allows, at least 512 bytes.
    pub fn new(out: &'a mut [u8], message: &[u8], head: Head, rcode: u16) -> Self {
        let question_end = QUESTION_START + usize::from(head.question_bytes);
        let mut reply = Self {
            out,
            length: HEADER_BYTES,
            question_end,
            head,
            rcode,
            authentic: false,
            counts: [0; 3],
            overflow: false,
        };
        reply.bytes(message.get(QUESTION_START..question_end).unwrap_or_default());
        reply
    }

    /// Takes over the sections of `message`, a response to the same question, with these times to live.
    pub fn stored(&mut self, message: &Message, ttl: Ttl) {
        let Some((counts, body)) = message.bytes.get(6..HEADER_BYTES).zip(message.bytes.get(self.question_end..))
        else {
            self.rcode = rcode::SERVER_FAILURE;
            return;
        };
        for (count, bytes) in self.counts.iter_mut().zip(counts.as_chunks().0) {
            *count = u16::from_be_bytes(*bytes);
        }
        self.bytes(body);
        if self.overflow {
            return;
        }
        for &offset in &message.ttl_offsets {
            if let Some(field) = self.out.get_mut(usize::from(offset)..).and_then(<[u8]>::first_chunk_mut) {
                *field = ttl.of(u32::from_be_bytes(*field)).to_be_bytes();
            }
        }
    }

    /// Says that the answer was validated (RFC 4035 §3.2.3); only told to a client that asked.
    pub fn set_authentic(&mut self, authentic: bool) {
        self.authentic = authentic;
    }

    /// Adds a record with the data that `data` writes.
    pub fn record(
        &mut self,
        section: Section,
        owner: Owner<'_>,
        query_type: u16,
        ttl: u32,
        data: impl FnOnce(&mut Self),
    ) {
        match owner {
            Owner::Question => self.bytes(&TO_QUESTION),
            Owner::Name(name) => self.bytes(name.as_wire()),
        }
        self.bytes(&query_type.to_be_bytes());
        self.bytes(&CLASS_IN.to_be_bytes());
        self.bytes(&ttl.to_be_bytes());
        let length_at = self.length;
        self.bytes(&[0; 2]);
        data(self);
        let length = self.length - length_at - 2;
        self.put(length_at, &(length as u16).to_be_bytes());
        self.counts[section as usize] += 1;
    }

    /// Adds the record of an address to the answer.
    pub fn address(&mut self, owner: Owner<'_>, address: IpAddr, ttl: u32) {
        match address {
            IpAddr::V4(address) => {
                self.record(Section::Answer, owner, query_type::A, ttl, |reply| reply.bytes(&address.octets()));
            }
            IpAddr::V6(address) => {
                self.record(Section::Answer, owner, query_type::AAAA, ttl, |reply| reply.bytes(&address.octets()));
            }
        }
    }

    /// Adds the start of a zone to the authority section, which tells for how many seconds there is nothing (RFC 2308
    /// §5). The zone is the name asked for.
    pub fn nothing_for(&mut self, ttl: u32) {
        self.record(Section::Authority, Owner::Question, query_type::SOA, ttl, |reply| {
            reply.bytes(&TO_QUESTION);
            // The mailbox is of nobody.
            reply.bytes(&[0]);
            for number in [1, SOA_REFRESH, SOA_RETRY, SOA_EXPIRE, ttl] {
                reply.bytes(&number.to_be_bytes());
            }
        });
    }

    /// Appends bytes, to be called while the data of a record is written.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.put(self.length, bytes);
        self.length += bytes.len();
    }

    /// Ends the reply and returns how many bytes it has.
    pub fn finish(mut self, options: &Options<'_>) -> usize {
        let mut truncated = false;
        let mut options = *options;
        if self.head.edns.is_none() {
            options = Options::default();
        }
        if self.overflow || !self.fits(&options) {
            options.extended_error = options.extended_error.map(|(code, _)| (code, ""));
        }
        if self.overflow || !self.fits(&options) {
            truncated = true;
            self.overflow = false;
            self.length = self.question_end;
            self.counts = [0; 3];
        }
        if self.head.edns.is_some() {
            self.write_edns(&options);
        }
        self.write_header(truncated);
        self.length
    }

    fn fits(&self, options: &Options<'_>) -> bool {
        self.head.edns.is_none() || self.length + OPT_BYTES + options_bytes(options) <= self.out.len()
    }

    fn write_edns(&mut self, options: &Options<'_>) {
        let mut option_bytes = options_bytes(options);
        let padding = options.pad.then(|| {
            let length = self.length + OPT_BYTES + option_bytes + OPTION_HEAD_BYTES;
            length.next_multiple_of(PADDED_BYTES).min(self.out.len()).saturating_sub(length)
        });
        option_bytes += padding.map_or(0, |padding| OPTION_HEAD_BYTES + padding);
        let dnssec_ok = if self.head.dnssec_ok() { 0x80 } else { 0 };
        self.bytes(&[0]);
        self.bytes(&query_type::OPT.to_be_bytes());
        self.bytes(&(UDP_BYTES_MAX as u16).to_be_bytes());
        self.bytes(&[(self.rcode >> 4) as u8, 0, dnssec_ok, 0]);
        self.bytes(&(option_bytes as u16).to_be_bytes());
        self.counts[Section::Additional as usize] += 1;
        if let Some(cookie) = options.cookie {
            self.option_head(option::COOKIE, cookie.len());
            self.bytes(&cookie);
        }
        if let Some((code, text)) = options.extended_error {
            self.option_head(option::EXTENDED_ERROR, 2 + text.len());
            self.bytes(&code.to_be_bytes());
            self.bytes(text.as_bytes());
        }
        if let Some(padding) = padding {
            self.option_head(option::PADDING, padding);
            let (start, end) = (self.length, self.length + padding);
            if let Some(room) = self.out.get_mut(start..end) {
                room.fill(0);
            }
            self.length = end;
        }
    }

    fn option_head(&mut self, code: u16, length: usize) {
        self.bytes(&code.to_be_bytes());
        self.bytes(&(length as u16).to_be_bytes());
    }

    fn write_header(&mut self, truncated: bool) {
        let head = self.head;
        // RFC 6840 §5.7 and §5.8: AD is told to whoever set AD or DO.
        let asked = head.has(flags::AUTHENTIC_DATA) || head.dnssec_ok();
        let set = |condition: bool, flag: u16| if condition { flag } else { 0 };
        let repeated = flags::OPCODE | flags::RECURSION_DESIRED | flags::CHECKING_DISABLED;
        let word = flags::RESPONSE
            | flags::RECURSION_AVAILABLE
            | head.flags & repeated
            | set(truncated, flags::TRUNCATED)
            | set(self.authentic && asked && !truncated, flags::AUTHENTIC_DATA)
            | self.rcode & flags::RCODE;
        let questions = u16::from(head.question_bytes > 0);
        let [answer, authority, additional] = self.counts;
        for (at, number) in [head.id, word, questions, answer, authority, additional].into_iter().enumerate() {
            self.put(2 * at, &number.to_be_bytes());
        }
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        match self.out.get_mut(at..at + bytes.len()) {
            Some(room) => room.copy_from_slice(bytes),
            None => self.overflow = true,
        }
    }
}

/// Bytes of all options but the padding.
fn options_bytes(options: &Options<'_>) -> usize {
    let cookie = options.cookie.map_or(0, |cookie| OPTION_HEAD_BYTES + cookie.len());
    let error = options.extended_error.map_or(0, |(_, text)| OPTION_HEAD_BYTES + 2 + text.len());
    cookie + error
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::{Message, MessageType, ResponseCode};
    use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
    use hickory_proto::rr::{RData, RecordType};

    use super::*;
    use crate::resolver::{cache, query};

    const QUERY: &[u8] = b"\xbe\xef\x01\x10\0\x01\0\0\0\0\0\0\x03wWw\x07eXample\x03cOm\0\0\x01\0\x01";

    fn with_edns(udp_bytes: u16, options: &[u8]) -> Vec<u8> {
        let mut bytes = QUERY.to_vec();
        bytes[11] = 1;
        bytes.extend([0, 0, 41]);
        bytes.extend(udp_bytes.to_be_bytes());
        bytes.extend([0, 0, 0x80, 0]);
        bytes.extend((options.len() as u16).to_be_bytes());
        bytes.extend(options);
        bytes
    }

    fn reply(
        asked: &[u8],
        room: usize,
        code: u16,
        options: &Options<'_>,
        write: impl FnOnce(&mut Reply<'_>),
    ) -> (Vec<u8>, Message) {
        let head = query::read(asked).unwrap().head;
        let mut out = vec![0xaa; room];
        let mut reply = Reply::new(&mut out, asked, head, code);
        write(&mut reply);
        let length = reply.finish(options);
        out.truncate(length);
        let message = Message::from_vec(&out).unwrap();
        (out, message)
    }

    #[test]
    fn the_question_comes_back_byte_for_byte() {
        let (bytes, message) = reply(QUERY, 512, rcode::NX_DOMAIN, &Options::default(), |reply| reply.nothing_for(10));
        assert_eq!(bytes[12..33], QUERY[12..33]);
        let metadata = &message.metadata;
        assert_eq!((metadata.id, metadata.message_type), (0xbeef, MessageType::Response));
        assert!(metadata.recursion_desired && metadata.recursion_available && metadata.checking_disabled);
        assert!(!metadata.authoritative && !metadata.truncation && !metadata.authentic_data);
        assert_eq!(metadata.response_code, ResponseCode::NXDomain);
        assert!(message.edns.is_none(), "EDNS only if asked");
        let RData::SOA(soa) = &message.authorities[0].data else { panic!("{message}") };
        assert_eq!((soa.minimum, message.authorities[0].ttl), (10, 10));
        assert_eq!(message.authorities[0].name.to_ascii(), "wWw.eXample.cOm.");
    }

    #[test]
    fn addresses_and_aliases() {
        let target = DnsName::from_dotted("safe.example.net").unwrap();
        let (_, message) = reply(QUERY, 512, rcode::NO_ERROR, &Options::default(), |reply| {
            reply.record(Section::Answer, Owner::Question, query_type::CNAME, 60, |reply| {
                reply.bytes(target.as_wire());
            });
            reply.address(Owner::Name(&target), "192.0.2.1".parse().unwrap(), 60);
            reply.address(Owner::Name(&target), "2001:db8::1".parse().unwrap(), 60);
        });
        let types: Vec<_> = message.answers.iter().map(|record| record.record_type()).collect();
        assert_eq!(types, [RecordType::CNAME, RecordType::A, RecordType::AAAA]);
        assert_eq!(message.answers[1].name.to_ascii(), "safe.example.net.");
        assert_eq!(message.answers[0].data.to_string(), "safe.example.net.");
    }

    #[test]
    fn options_are_told_and_the_extended_code_is_split() {
        let cookie: [u8; COOKIE_BYTES] = std::array::from_fn(|at| at as u8);
        let options = Options { cookie: Some(cookie), extended_error: Some((15, "blocked")), pad: false };
        let (_, message) = reply(&with_edns(1232, b""), 1232, rcode::BAD_VERSION, &options, |_| {});
        assert_eq!(u16::from(message.metadata.response_code), 16);
        let edns = message.edns.as_ref().unwrap();
        assert_eq!((edns.version(), edns.max_payload(), edns.flags().dnssec_ok), (0, 1232, true));
        let raw = |code: u16| match edns.option(EdnsCode::from(code)) {
            Some(EdnsOption::Unknown(_, bytes)) => bytes.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(raw(10), cookie);
        assert_eq!(raw(15), b"\0\x0fblocked");
        assert_eq!(edns.flags().z, 0);
    }

    #[test]
    fn encrypted_replies_are_padded_to_blocks() {
        let options = Options { pad: true, ..Options::default() };
        let asked = with_edns(1232, b"\0\x0c\0\0");
        for count in [0, 1, 20, 40] {
            let (bytes, message) = reply(&asked, MESSAGE_BYTES_MAX, rcode::NO_ERROR, &options, |reply| {
                for _ in 0..count {
                    reply.address(Owner::Question, "192.0.2.1".parse().unwrap(), 60);
                }
            });
            assert_eq!(bytes.len() % PADDED_BYTES, 0, "{count} records");
            assert_eq!(message.answers.len(), count);
        }
        // Where there is no room for a whole block, what there is gets filled.
        assert_eq!(reply(&asked, 512, rcode::NO_ERROR, &options, |_| {}).0.len(), 468);
        assert_eq!(reply(&asked, 460, rcode::NO_ERROR, &options, |_| {}).0.len(), 460);
    }

    #[test]
    fn what_does_not_fit_is_cut_and_says_so() {
        for edns in [false, true] {
            let asked = if edns { with_edns(512, b"") } else { QUERY.to_vec() };
            for count in 0..40 {
                let options =
                    Options { extended_error: Some((3, "a text that can be left out")), ..Options::default() };
                let (bytes, message) = reply(&asked, 512, rcode::NO_ERROR, &options, |reply| {
                    for _ in 0..count {
                        reply.address(Owner::Question, "192.0.2.1".parse().unwrap(), 60);
                    }
                });
                // Header, question, the records of 16 bytes, and with EDNS its record and the bare error.
                let least = 33 + 16 * count + if edns { 11 + 6 } else { 0 };
                assert_eq!(message.metadata.truncation, least > 512, "{count} records");
                assert_eq!(message.answers.len(), if least > 512 { 0 } else { count });
                assert_eq!(message.edns.is_some(), edns);
                assert!(bytes.len() <= 512);
            }
        }
    }

    #[test]
    fn a_stored_response_is_patched() {
        let (stored, _) = reply(QUERY, 512, rcode::NO_ERROR, &Options::default(), |reply| {
            reply.address(Owner::Question, "192.0.2.1".parse().unwrap(), 300);
            reply.address(Owner::Question, "192.0.2.2".parse().unwrap(), 20);
        });
        let ttl_offsets = Box::new([33 + 6, 33 + 16 + 6]);
        let stored = cache::Message { bytes: stored.into(), ttl_offsets };
        for (ttl, expected) in [(Ttl::Aged(5), [295, 15]), (Ttl::Aged(100), [200, 0]), (Ttl::Fixed(30), [30, 30])] {
            let (_, message) = reply(QUERY, 512, rcode::NO_ERROR, &Options::default(), |reply| {
                reply.stored(&stored, ttl);
            });
            assert_eq!(message.answers.iter().map(|record| record.ttl).collect::<Vec<_>>(), expected, "{ttl:?}");
        }
        // Bytes that are no response at all are our own fault, and told as such.
        let (_, message) = reply(QUERY, 512, rcode::NO_ERROR, &Options::default(), |reply| {
            let bytes = stored.bytes[..20].into();
            reply.stored(&cache::Message { bytes, ttl_offsets: Box::new([]) }, Ttl::Fixed(30));
        });
        assert_eq!(message.metadata.response_code, ResponseCode::ServFail);
    }
}
