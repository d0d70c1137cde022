//! What an upstream sends: whether it answers the query at all, and what of it is worth keeping.

use crate::resolver::cache::Message;
use crate::resolver::query::{HEADER_BYTES, flags, rcode};
use crate::resolver::question::{Question, query_type};
use crate::resolver::records::{Malformed, Record, Records};

/// Nothing is kept longer than this, whatever its records say (RFC 8767 §4 suggests a ceiling; days are ample).
pub const TTL_MAX_S: u32 = 24 * 60 * 60;
/// That something does not exist is not believed longer than this (RFC 2308 §5 advises one to three hours).
pub const NEGATIVE_TTL_MAX_S: u32 = 60 * 60;

/// The option code of extended errors (RFC 8914).
const OPTION_EXTENDED_ERROR: u16 = 15;

/// An answer, reduced to what is worth keeping and passing on: the answer section, the authority section where it says
/// something (that there is nothing, or proofs for who asked for them), nothing else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response {
    /// The message: id 0, the question in lower case, neither EDNS nor additional records.
    pub message: Message,
    /// Seconds for which all of it holds; zero if it must not be kept.
    pub ttl: u32,
    /// 0 or 3 (NXDOMAIN).
    pub rcode: u8,
    /// The upstream says that it has validated the answer, and nobody else can have said it.
    pub authentic: bool,
}

impl Response {
    /// Takes back the claim that it was validated: anybody on the way could have made it (RFC 6840 §5.8 and RFC 4035
    /// §4.9.3).
    pub(crate) fn without_authenticity(mut self) -> Self {
        self.authentic = false;
        let head = word(&self.message.bytes, 2) & !flags::AUTHENTIC_DATA;
        self.message.bytes[2..4].copy_from_slice(&head.to_be_bytes());
        self
    }

    /// Lets nothing of it hold for more than `max` seconds.
    pub(crate) fn with_ttl_at_most(mut self, max: u32) -> Self {
        self.ttl = self.ttl.min(max);
        for &offset in &self.message.ttl_offsets {
            let at = usize::from(offset);
            let ttl = seconds(&self.message.bytes[at..]).min(max);
            self.message.bytes[at..at + 4].copy_from_slice(&ttl.to_be_bytes());
        }
        self
    }
}

impl Message {
    /// A message that was made of another one: finds its lifetimes anew.
    ///
    /// # Errors
    /// If it is not well formed.
    pub fn new(bytes: Vec<u8>) -> Result<Self, Malformed> {
        let ttl_offsets = Sections::read(&bytes)?.ttls.into();
        Ok(Self { bytes: bytes.into(), ttl_offsets })
    }
}

/// Why a message is not an answer that can be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unusable {
    /// It does not answer this query: another identifier or question, or no answer at all.
    NotOurs,
    /// It would answer this query but for the capitals of the name.
    OtherCapitals,
    /// It answers the query but was cut short.
    Truncated,
    /// The server could not or would not answer.
    Failed {
        /// The response code.
        rcode: u16,
        /// The first extended error that came with it.
        extended_error: Option<u16>,
    },
    /// The server does not resolve for us but points to others.
    Referral,
    /// It answers the query but is broken.
    Malformed,
}

/// The query that a message is to answer.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// As it was sent.
    pub query: &'a [u8],
    /// What it asks.
    pub question: &'a Question,
    /// Whether it asks for signatures.
    pub dnssec_ok: bool,
    /// Whether the answer must repeat the capitals of the query: where anybody could have sent it.
    pub exact_capitals: bool,
}

/// Reads `message`, which came in answer to a query.
///
/// # Errors
/// Why it cannot be used.
pub fn read(expected: &Expected<'_>, message: &[u8]) -> Result<Response, Unusable> {
    let Expected { question, dnssec_ok, .. } = *expected;
    let head = matching(expected, message)?;
    if head & flags::TRUNCATED != 0 {
        return Err(Unusable::Truncated);
    }
    let sections = Sections::read(message).map_err(|_| Unusable::Malformed)?;
    let rcode = sections.extended_rcode << 4 | head & flags::RCODE;
    if !matches!(rcode, rcode::NO_ERROR | rcode::NX_DOMAIN) {
        return Err(Unusable::Failed { rcode, extended_error: sections.extended_error });
    }
    let answered = rcode == rcode::NO_ERROR && sections.answers_question;
    if !answered && sections.soa.is_none() && sections.answers == 0 && sections.has_ns && rcode == rcode::NO_ERROR {
        return Err(Unusable::Referral);
    }
    let keeps_authority = !answered || dnssec_ok;

    let end = if keeps_authority { sections.authority_end } else { sections.answers_end };
    let mut bytes: Box<[u8]> = message[..end].into();
    let told = flags::RESPONSE | flags::RECURSION_DESIRED | flags::RECURSION_AVAILABLE;
    let kept_flags = told | head & (flags::AUTHENTIC_DATA | flags::RCODE);
    let authorities = if keeps_authority { sections.authorities } else { 0 };
    for (word, value) in [0, kept_flags, 1, sections.answers, authorities, 0].into_iter().enumerate() {
        bytes[2 * word..2 * word + 2].copy_from_slice(&u16::to_be_bytes(value));
    }
    let name = question.name.as_wire();
    bytes[HEADER_BYTES..HEADER_BYTES + name.len()].copy_from_slice(name);

    // What there is holds as long as its shortest record. What there is not holds as long as the zone's SOA says, and
    // without one it must not be kept (RFC 2308 §5).
    let negative_ttl = match &sections.soa {
        Some(soa) => soa.ttl.min(soa.minimum).min(NEGATIVE_TTL_MAX_S),
        None => 0,
    };
    let mut ttl = if answered { TTL_MAX_S } else { negative_ttl };
    let kept = sections.ttls.iter().copied().filter(|&at| usize::from(at) < end);
    let ttl_offsets: Box<[u16]> = kept.collect();
    for &offset in &ttl_offsets {
        let at = usize::from(offset);
        let mut record_ttl = seconds(&bytes[at..]).min(TTL_MAX_S);
        if !answered && sections.soa.as_ref().is_some_and(|soa| soa.ttl_at == offset) {
            record_ttl = negative_ttl;
        }
        ttl = ttl.min(record_ttl);
        bytes[at..at + 4].copy_from_slice(&record_ttl.to_be_bytes());
    }
    Ok(Response {
        message: Message { bytes, ttl_offsets },
        ttl,
        rcode: rcode as u8,
        authentic: head & flags::AUTHENTIC_DATA != 0,
    })
}

/// Where the records begin: after the header and the question's name, type and class.
fn question_end(question: &Question) -> usize {
    HEADER_BYTES + question.name.as_wire().len() + 4
}

/// Whether `message` answers the query, by everything that somebody who forges answers would have to guess. Returns its
/// flags.
fn matching(expected: &Expected<'_>, message: &[u8]) -> Result<u16, Unusable> {
    let query = expected.query;
    let end = question_end(expected.question);
    let (Some(asked), Some(answered)) = (query.get(HEADER_BYTES..end), message.get(HEADER_BYTES..end)) else {
        return without_question(query, message);
    };
    let head = word(message, 2);
    if message[..2] != query[..2] || head & (flags::RESPONSE | flags::OPCODE) != flags::RESPONSE {
        return Err(Unusable::NotOurs);
    }
    if word(message, 4) != 1 {
        return without_question(query, message);
    }
    if asked == answered {
        return Ok(head);
    }
    // Only the name has capitals; type and class are numbers.
    let (name, numbers) = asked.split_at(asked.len() - 4);
    let (other_name, other_numbers) = answered.split_at(answered.len() - 4);
    if numbers != other_numbers || !name.eq_ignore_ascii_case(other_name) {
        return Err(Unusable::NotOurs);
    }
    if expected.exact_capitals { Err(Unusable::OtherCapitals) } else { Ok(head) }
}

/// Some servers leave out the question when they do not understand the query at all, which the identifier alone must tell
/// to be ours. Nothing is kept of such a message.
fn without_question(query: &[u8], message: &[u8]) -> Result<u16, Unusable> {
    if message.len() < HEADER_BYTES || message[..2] != query[..2] {
        return Err(Unusable::NotOurs);
    }
    let head = word(message, 2);
    let rcode = head & flags::RCODE;
    if head & (flags::RESPONSE | flags::OPCODE) == flags::RESPONSE
        && word(message, 4) == 0
        && matches!(rcode, rcode::FORMAT_ERROR | rcode::SERVER_FAILURE | rcode::NOT_IMPLEMENTED)
    {
        return Err(Unusable::Failed { rcode, extended_error: None });
    }
    Err(Unusable::NotOurs)
}

/// Where things are in a message.
#[derive(Default)]
struct Sections {
    answers: u16,
    answers_end: usize,
    authorities: u16,
    authority_end: usize,
    /// There is a record of the type that was asked for.
    answers_question: bool,
    /// The offset of the TTL of every record of the two sections.
    ttls: Vec<u16>,
    soa: Option<Soa>,
    has_ns: bool,
    /// The upper eight bits of the response code.
    extended_rcode: u16,
    extended_error: Option<u16>,
}

struct Soa {
    ttl_at: u16,
    ttl: u32,
    minimum: u32,
}

impl Sections {
    /// Bytes between the beginning of a record's TTL and its data.
    const TTL_BEFORE_DATA: usize = 6;
    /// Bytes of an SOA's data at least: two names and five numbers.
    const SOA_MIN: usize = 22;

    fn read(message: &[u8]) -> Result<Self, Malformed> {
        let mut records = Records::new(message)?;
        let end = records.offset();
        // Records::new has read the type and the header.
        let asked = word(message, end - 4);
        let mut sections = Self {
            answers: word(message, 6),
            answers_end: end,
            authorities: word(message, 8),
            authority_end: end,
            ..Self::default()
        };
        while let Some(record) = records.next_record()? {
            // A message is no longer than 64 KiB; a longer one was refused by whoever received it.
            let ttl_at = u16::try_from(record.data().start - Self::TTL_BEFORE_DATA).map_err(|_| Malformed::TooLong)?;
            match record.section {
                0 => {
                    sections.answers_question |= record.record_type == asked || asked == query_type::ANY;
                    sections.answers_end = records.offset();
                    sections.authority_end = records.offset();
                    sections.ttls.push(ttl_at);
                }
                1 => {
                    sections.note_authority(message, &record, ttl_at)?;
                    sections.authority_end = records.offset();
                    sections.ttls.push(ttl_at);
                }
                _ if record.record_type == query_type::OPT => {
                    sections.extended_rcode = (record.ttl >> 24) as u16;
                    sections.extended_error = extended_error(&message[record.data()]);
                }
                _ => {}
            }
        }
        Ok(sections)
    }

    fn note_authority(&mut self, message: &[u8], record: &Record, ttl_at: u16) -> Result<(), Malformed> {
        self.has_ns |= record.record_type == query_type::NS;
        if record.record_type == query_type::SOA && self.soa.is_none() {
            let data = record.data();
            if data.len() < Self::SOA_MIN {
                return Err(Malformed::Data);
            }
            // The minimum is the last of the numbers.
            let minimum = seconds(&message[data.end - 4..]);
            self.soa = Some(Soa { ttl_at, ttl: seconds(&message[usize::from(ttl_at)..]), minimum });
        }
        Ok(())
    }
}

/// The first extended error among the options of an OPT record.
fn extended_error(mut options: &[u8]) -> Option<u16> {
    while let Some((head, rest)) = options.split_first_chunk::<4>() {
        let (code, length) = (word(head, 0), usize::from(word(head, 2)));
        let value = rest.get(..length)?;
        if code == OPTION_EXTENDED_ERROR && length >= 2 {
            return Some(word(value, 0));
        }
        options = &rest[length..];
    }
    None
}

/// Two bytes that are known to be there.
fn word(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

/// The lifetime that `bytes` are known to begin with, in seconds. One with the highest bit set means zero (RFC 2181 §8).
fn seconds(bytes: &[u8]) -> u32 {
    let ttl = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    if ttl >> 31 == 1 { 0 } else { ttl }
}

#[cfg(test)]
mod tests;
