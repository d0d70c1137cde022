//! Queries as they come in: bytes to a question, or to the answer that the RFCs have for bytes that hold none.
//!
//! Reads RFC 1035 §4.1 with EDNS (RFC 6891) and cookies (RFC 7873). What is unknown is ignored as RFC 8906 §3 asks:
//! header bits, EDNS flags, EDNS options, records that a query has no use for.

use super::name::DnsName;
use super::question::{CLASS_IN, Question, query_type};

/// Bytes of a message's header.
pub const HEADER_BYTES: usize = 12;
/// The offset of the question in every message.
pub const QUESTION_START: usize = HEADER_BYTES;
/// Bytes of a reply over UDP to a client that does not speak EDNS (RFC 1035 §2.3.4).
pub const UDP_BYTES_PLAIN: usize = 512;
/// Bytes of a reply over UDP at most: what no path fragments (RFC 9715 §3).
pub const UDP_BYTES_MAX: usize = 1232;
/// Bytes of a client's cookie (RFC 7873 §4).
pub const CLIENT_COOKIE_BYTES: usize = 8;

/// Response codes (RFC 6895 §2.3), with their upper bits from EDNS.
pub mod rcode {
    /// All is well.
    pub const NO_ERROR: u16 = 0;
    /// The query makes no sense.
    pub const FORMAT_ERROR: u16 = 1;
    /// It could not be answered now.
    pub const SERVER_FAILURE: u16 = 2;
    /// There is no such name.
    pub const NX_DOMAIN: u16 = 3;
    /// This kind of query is not known here.
    pub const NOT_IMPLEMENTED: u16 = 4;
    /// It will not be answered.
    pub const REFUSED: u16 = 5;
    /// This version of EDNS is not known here (RFC 6891 §9).
    pub const BAD_VERSION: u16 = 16;
}

/// Bits of the second 16-bit word of a header (RFC 1035 §4.1.1, RFC 4035 §3.2).
pub mod flags {
    /// A response.
    pub const RESPONSE: u16 = 1 << 15;
    /// The four bits of the opcode.
    pub const OPCODE: u16 = 0xf << 11;
    /// An authoritative answer.
    pub const AUTHORITATIVE: u16 = 1 << 10;
    /// Cut short.
    pub const TRUNCATED: u16 = 1 << 9;
    /// Recursion is desired.
    pub const RECURSION_DESIRED: u16 = 1 << 8;
    /// Recursion is available.
    pub const RECURSION_AVAILABLE: u16 = 1 << 7;
    /// The answer is known to be authentic, or in a query: the client wants to know.
    pub const AUTHENTIC_DATA: u16 = 1 << 5;
    /// The client checks by itself.
    pub const CHECKING_DISABLED: u16 = 1 << 4;
    /// The lower four bits of the response code.
    pub const RCODE: u16 = 0xf;
}

/// Codes of EDNS options.
mod option {
    pub(super) const COOKIE: u16 = 10;
    pub(super) const PADDING: u16 = 12;
}

/// A query that can be answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Query {
    /// What is asked.
    pub question: Question,
    /// Id, flags and EDNS: all that a reply repeats.
    pub head: Head,
}

/// What every reply to a message repeats of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Head {
    /// The message's id.
    pub id: u16,
    /// The flags as they came; see [`flags`].
    pub flags: u16,
    /// Bytes of the question in the message, from [`QUESTION_START`] on; 0 if it has none that can be repeated.
    pub question_bytes: u16,
    /// The EDNS record, if there was one.
    pub edns: Option<Edns>,
}

/// An EDNS record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Edns {
    /// Bytes of a reply over UDP that the client can take, at least 512.
    pub udp_bytes: u16,
    /// The client wants the records of DNSSEC.
    pub dnssec_ok: bool,
    /// The client's part of a cookie. What the server's part says changes nothing: a home has nobody to tell apart.
    pub cookie: Option<[u8; CLIENT_COOKIE_BYTES]>,
    /// The query was padded, so that the reply should be too (RFC 7830 §4).
    pub padded: bool,
}

/// Why a message holds no question that can be resolved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unusable {
    /// It must not be answered at all: a response, or too short to have an id.
    Drop,
    /// It is answered with this response code and nothing else.
    Answer {
        /// What to repeat.
        head: Head,
        /// One of [`rcode`].
        rcode: u16,
    },
}

impl Head {
    /// Bytes that a reply over UDP may have.
    pub fn udp_bytes(&self) -> usize {
        self.edns.map_or(UDP_BYTES_PLAIN, |edns| usize::from(edns.udp_bytes).min(UDP_BYTES_MAX))
    }

    /// True if the client wants the records of DNSSEC.
    pub fn dnssec_ok(&self) -> bool {
        self.edns.is_some_and(|edns| edns.dnssec_ok)
    }

    /// True if every bit of `flag` was set.
    pub fn has(&self, flag: u16) -> bool {
        self.flags & flag == flag
    }
}

/// Reads a query.
///
/// # Errors
/// [`Unusable`] says what to send instead of an answer.
pub fn read(message: &[u8]) -> Result<Query, Unusable> {
    if message.len() < HEADER_BYTES {
        return Err(Unusable::Drop);
    }
    let word = |at: usize| u16::from_be_bytes([message[at], message[at + 1]]);
    let mut head = Head { id: word(0), flags: word(2), question_bytes: 0, edns: None };
    if head.has(flags::RESPONSE) {
        return Err(Unusable::Drop);
    }
    let answer = |head: Head, rcode: u16| Err(Unusable::Answer { head, rcode });
    if head.flags & flags::OPCODE != 0 {
        return answer(head, rcode::NOT_IMPLEMENTED);
    }
    let questions = word(4);
    if questions > 1 {
        return answer(head, rcode::FORMAT_ERROR);
    }
    let mut question = None;
    let mut at = QUESTION_START;
    if questions == 1 {
        let Some((read, end)) = read_question(message) else { return answer(head, rcode::FORMAT_ERROR) };
        head.question_bytes = (end - QUESTION_START) as u16;
        question = Some(read);
        at = end;
    }
    let others = usize::from(word(6)) + usize::from(word(8));
    let Some(record) = read_records(message, at, others, usize::from(word(10))) else {
        return answer(head, rcode::FORMAT_ERROR);
    };
    if let Some((edns, version)) = record {
        head.edns = Some(edns);
        if version != 0 {
            return answer(head, rcode::BAD_VERSION);
        }
    }
    let Some(question) = question else {
        // Without a question a client may only ask for a cookie (RFC 7873 §5.4, RFC 9619 §4).
        let asks_for_cookie = head.edns.is_some_and(|edns| edns.cookie.is_some());
        return answer(head, if asks_for_cookie { rcode::NO_ERROR } else { rcode::FORMAT_ERROR });
    };
    match unanswerable(&question) {
        Some(rcode) => answer(head, rcode),
        None => Ok(Query { question, head }),
    }
}

/// The response code for questions that no resolver answers.
fn unanswerable(question: &Question) -> Option<u16> {
    const IXFR: u16 = 251;
    const AXFR: u16 = 252;
    /// Says inside a proof that a name does not exist; nothing to ask for (RFC 9824 §3.5).
    const NXNAME: u16 = 128;
    match question.query_type {
        0 | query_type::OPT | NXNAME => Some(rcode::FORMAT_ERROR),
        IXFR | AXFR => Some(rcode::REFUSED),
        query_type::FIRST_META..query_type::ANY => Some(rcode::NOT_IMPLEMENTED),
        _ if question.class != CLASS_IN => Some(rcode::REFUSED),
        _ => None,
    }
}

/// The question, and the offset after it.
fn read_question(message: &[u8]) -> Option<(Question, usize)> {
    let (name, length) = DnsName::from_wire(&message[QUESTION_START..]).ok()?;
    let at = QUESTION_START + length;
    let &[a, b, c, d] = message.get(at..at + 4)?.first_chunk()?;
    Some((Question { name, query_type: u16::from_be_bytes([a, b]), class: u16::from_be_bytes([c, d]) }, at + 4))
}

/// Walks over the records that follow the question, to the end of the message. Returns the EDNS record, if any, with its
/// version; `None` if the message is malformed.
#[expect(clippy::option_option, reason = "malformed, without EDNS and with EDNS are three different answers")]
fn read_records(message: &[u8], start: usize, others: usize, additional: usize) -> Option<Option<(Edns, u8)>> {
    let mut found = None;
    let mut at = start;
    for index in 0..others + additional {
        let owner = at;
        at = skip_name(message, at)?;
        let &[t0, t1, c0, c1, _, version, z0, _, l0, l1] = message.get(at..at + 10)?.first_chunk()?;
        at += 10;
        let data = message.get(at..at + usize::from(u16::from_be_bytes([l0, l1])))?;
        at += data.len();
        if u16::from_be_bytes([t0, t1]) != query_type::OPT {
            continue;
        }
        // There is at most one, among the additional records, and the root is its owner (RFC 6891 §6.1.1).
        if found.is_some() || index < others || message[owner] != 0 {
            return None;
        }
        let mut edns = Edns {
            udp_bytes: u16::from_be_bytes([c0, c1]).max(UDP_BYTES_PLAIN as u16),
            dnssec_ok: z0 & 0x80 != 0,
            ..Edns::default()
        };
        read_options(data, &mut edns)?;
        found = Some((edns, version));
    }
    (at == message.len()).then_some(found)
}

fn read_options(mut data: &[u8], edns: &mut Edns) -> Option<()> {
    while !data.is_empty() {
        let &[c0, c1, l0, l1] = data.first_chunk()?;
        let value = data.get(4..4 + usize::from(u16::from_be_bytes([l0, l1])))?;
        match u16::from_be_bytes([c0, c1]) {
            option::COOKIE => {
                // The server's part, if there is one, has 8 to 32 bytes (RFC 7873 §5.2.2).
                if !matches!(value.len(), 8 | 16..=40) {
                    return None;
                }
                edns.cookie = value.first_chunk().copied();
            }
            option::PADDING => edns.padded = true,
            _ => {}
        }
        data = &data[4 + value.len()..];
    }
    Some(())
}

/// The offset after the name at `at`. A compression pointer ends it; where it leads is nobody's concern.
fn skip_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(length),
            0xc0.. => return Some(at + 2),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A query for www.Example.com, type A, with `tail` after the question and the counts given.
    fn message(flags: u16, counts: [u16; 4], tail: &[u8]) -> Vec<u8> {
        let mut bytes = 0xbeef_u16.to_be_bytes().to_vec();
        bytes.extend(flags.to_be_bytes());
        bytes.extend(counts.iter().flat_map(|count| count.to_be_bytes()));
        if counts[0] > 0 {
            bytes.extend(b"\x03www\x07Example\x03com\0\0\x01\0\x01");
        }
        bytes.extend(tail);
        bytes
    }

    fn opt(udp_bytes: u16, version: u8, z: u16, options: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 41];
        bytes.extend(udp_bytes.to_be_bytes());
        bytes.extend([0, version]);
        bytes.extend(z.to_be_bytes());
        bytes.extend((options.len() as u16).to_be_bytes());
        bytes.extend(options);
        bytes
    }

    fn with_opt(record: &[u8]) -> Vec<u8> {
        message(0x0100, [1, 0, 0, 1], record)
    }

    #[track_caller]
    fn refused(message: &[u8]) -> u16 {
        match read(message) {
            Err(Unusable::Answer { head, rcode }) => {
                assert_eq!(head.id, 0xbeef);
                rcode
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_plain_query() {
        let query = read(&message(0x0110, [1, 0, 0, 0], b"")).unwrap();
        assert_eq!(query.question.name.to_string(), "www.example.com");
        assert_eq!((query.question.query_type, query.question.class), (query_type::A, CLASS_IN));
        assert_eq!((query.head.id, query.head.question_bytes, query.head.edns), (0xbeef, 21, None));
        assert!(query.head.has(flags::RECURSION_DESIRED | flags::CHECKING_DISABLED));
        assert_eq!(query.head.udp_bytes(), 512);
    }

    #[test]
    fn edns_is_read_and_what_is_unknown_ignored() {
        let cookie = b"\0\x0a\0\x08abcdefgh";
        let unknown = b"\0\x64\0\x03xyz";
        for (record, expected) in [
            (opt(4096, 0, 0, b""), Edns { udp_bytes: 4096, ..Edns::default() }),
            (opt(0, 0, 0x8000, b""), Edns { udp_bytes: 512, dnssec_ok: true, ..Edns::default() }),
            (opt(1232, 0, 0x7fff, unknown), Edns { udp_bytes: 1232, ..Edns::default() }),
            (
                opt(1232, 0, 0, &[&unknown[..], cookie, b"\0\x0c\0\x02\0\0"].concat()),
                Edns { udp_bytes: 1232, cookie: Some(*b"abcdefgh"), padded: true, ..Edns::default() },
            ),
        ] {
            let query = read(&with_opt(&record)).unwrap();
            assert_eq!(query.head.edns, Some(expected));
        }
        assert_eq!(read(&with_opt(&opt(4096, 0, 0, b""))).unwrap().head.udp_bytes(), UDP_BYTES_MAX);
        assert_eq!(read(&with_opt(&opt(700, 0, 0, b""))).unwrap().head.udp_bytes(), 700);
    }

    #[test]
    fn every_mistake_has_its_code() {
        let plain = |flags| message(flags, [1, 0, 0, 0], b"");
        let of_type = |query_type: u16, class: u16| {
            let mut bytes = plain(0x0100);
            let at = bytes.len() - 4;
            bytes[at..at + 2].copy_from_slice(&query_type.to_be_bytes());
            bytes[at + 2..].copy_from_slice(&class.to_be_bytes());
            bytes
        };
        let two = [opt(512, 0, 0, b""), opt(512, 0, 0, b"")].concat();
        let named = [&b"\x01a"[..], &opt(512, 0, 0, b"")].concat();
        for (what, bytes, expected) in [
            ("an update", plain(0x2800), rcode::NOT_IMPLEMENTED),
            ("an unknown opcode", plain(0x7900), rcode::NOT_IMPLEMENTED),
            ("no question", message(0x0100, [0, 0, 0, 0], b""), rcode::FORMAT_ERROR),
            ("two questions", message(0x0100, [2, 0, 0, 0], b"\0\0\x01\0\x01"), rcode::FORMAT_ERROR),
            ("no question but EDNS", message(0, [0, 0, 0, 1], &opt(512, 0, 0, b"")), rcode::FORMAT_ERROR),
            ("a cookie", message(0, [0, 0, 0, 1], &opt(512, 0, 0, b"\0\x0a\0\x08abcdefgh")), rcode::NO_ERROR),
            ("cut off", plain(0)[..30].to_vec(), rcode::FORMAT_ERROR),
            ("more after the end", message(0, [1, 0, 0, 0], b"\0"), rcode::FORMAT_ERROR),
            ("a record that is missing", message(0, [1, 0, 0, 1], b""), rcode::FORMAT_ERROR),
            ("EDNS version 1", with_opt(&opt(512, 1, 0, b"")), rcode::BAD_VERSION),
            ("EDNS version 100 with an option", with_opt(&opt(512, 100, 0, b"\0\x64\0\0")), rcode::BAD_VERSION),
            ("EDNS twice", message(0, [1, 0, 0, 2], &two), rcode::FORMAT_ERROR),
            ("EDNS of a name", with_opt(&named), rcode::FORMAT_ERROR),
            ("EDNS as an answer", message(0, [1, 1, 0, 0], &opt(512, 0, 0, b"")), rcode::FORMAT_ERROR),
            ("an option cut off", with_opt(&opt(512, 0, 0, b"\0\x64\0\x09x")), rcode::FORMAT_ERROR),
            ("a short cookie", with_opt(&opt(512, 0, 0, b"\0\x0a\0\x07abcdefg")), rcode::FORMAT_ERROR),
            ("a transfer", of_type(252, 1), rcode::REFUSED),
            ("a key exchange", of_type(249, 1), rcode::NOT_IMPLEMENTED),
            ("type OPT", of_type(41, 1), rcode::FORMAT_ERROR),
            ("class CHAOS", of_type(16, 3), rcode::REFUSED),
        ] {
            assert_eq!(refused(&bytes), expected, "{what}");
        }
        assert_eq!(read(&plain(0x8180)), Err(Unusable::Drop));
        assert_eq!(read(&plain(0)[..11]), Err(Unusable::Drop));
        assert_eq!(read(b""), Err(Unusable::Drop));
        assert!(read(&of_type(65280, 1)).is_ok(), "unknown types are asked for upstream (RFC 3597)");
    }

    #[test]
    fn no_message_cut_anywhere_or_garbled_breaks_the_reader() {
        let whole = with_opt(&opt(4096, 0, 0x8000, b"\0\x0a\0\x08abcdefgh\0\x0c\0\x02\0\0"));
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err());
        }
        for at in 0..whole.len() {
            for value in 0..=255 {
                let mut bytes = whole.clone();
                bytes[at] = value;
                if let Ok(query) = read(&bytes) {
                    assert!(usize::from(query.head.question_bytes) + QUESTION_START <= bytes.len());
                }
            }
        }
    }
}
