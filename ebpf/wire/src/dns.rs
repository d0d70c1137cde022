//! The question of a DNS message (RFC 1035 §4), and the answer that refuses it.

use crate::bytes::BytesMut;
use crate::layout;
use crate::name::{Labels, NAME_MAX};
use crate::step::{Answer, Loop, Step};

/// Bytes of the message header.
const HEADER: u32 = 12;
/// How long a refusal may be cached, in seconds: short, so that the end of bedtime is noticed.
pub const REFUSAL_TTL: u32 = 10;
/// The UDP payload size that we announce (DNS flag day 2020).
const UDP_PAYLOAD: u16 = 1232;
/// Bytes by which a refusal can be longer than the query: an SOA record and an OPT record with an extended error.
pub const REFUSAL_GROWTH_MAX: u32 = 12 + 22 + 11 + 6;

const TYPE_A: u16 = 1;
const TYPE_SOA: u16 = 6;
const TYPE_AAAA: u16 = 28;
const TYPE_OPT: u16 = 41;
const CLASS_IN: u16 = 1;
const OPTION_EXTENDED_ERROR: u16 = 15;

const FLAG_RESPONSE: u16 = 0x8000;
const FLAGS_OPCODE: u16 = 0x7800;
const FLAG_RECURSION_DESIRED: u16 = 0x0100;
const FLAG_RECURSION_AVAILABLE: u16 = 0x0080;
const FLAG_CHECKING_DISABLED: u16 = 0x0010;
const RCODE_NXDOMAIN: u16 = 3;
/// A compression pointer to the question's name, right behind the header.
const POINTER_TO_QUESTION: u16 = 0xc00c;

/// One question.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Question {
    /// The name.
    pub labels: Labels,
    /// Offset of the message.
    pub message: u32,
    /// Offset after the question: of the additional section, if there is one.
    pub after: u32,
    /// QTYPE.
    pub query_type: u16,
    /// What the query says of EDNS: one of [`edns`].
    pub edns: u8,
    /// The DO bit (RFC 3225), 0 or 1.
    pub dnssec_ok: u8,
}

/// EDNS of a query (RFC 6891).
pub mod edns {
    /// No OPT record, or additional records that are not read here: the answer has none either.
    pub const ABSENT: u8 = 0;
    /// An OPT record of version 0.
    pub const PRESENT: u8 = 1;
    /// An OPT record of a version nobody knows.
    pub const UNKNOWN_VERSION: u8 = 2;
}

/// Reads the query of `length` bytes at `message` into `question`; [`Answer::Found`] if that worked. The labels' places
/// are written to the working memory.
///
/// [`Answer::Absent`] for anything but a standard query with one question whose name is spelt out: responses, other
/// opcodes, several questions, compression, over-long names.
#[inline(always)]
pub fn parse<L: Loop, B: BytesMut + ?Sized>(
    bytes: &mut B,
    message: u32,
    length: u32,
    question: &mut Question,
) -> Answer {
    let end = message + length;
    if length < HEADER {
        return Answer::More;
    }
    let header = bytes.be64(message);
    let flags = (header >> 32) as u16;
    if flags & (FLAG_RESPONSE | FLAGS_OPCODE) != 0 || header >> 16 & 0xffff != 1 {
        return Answer::Absent;
    }
    let base = message + HEADER;
    let labels = Labels { base, count: bytes.be32(layout::ZERO) };
    let at = bytes.be32(layout::ZERO + 4);
    let mut walk = Walk { bytes, labels, at, limit: end - base, answer: Answer::More };
    L::run(&mut walk);
    let Walk { bytes, labels, at, answer, .. } = walk;
    if answer != Answer::Found {
        return answer;
    }
    let after = base + at + 4;
    if after > end {
        return Answer::More;
    }
    question.labels = labels;
    question.message = message;
    question.after = after;
    question.query_type = bytes.be16(base + at);
    // Owner 1, type 2, class 2, extended RCODE 1, then the version, then the flags with the DO bit on top. The fixed
    // part of the record is 11 bytes.
    let record = bytes.be64(after);
    let alone = bytes.be32(message + 6) == 0 && bytes.be16(message + 10) == 1 && after + 11 <= end;
    question.dnssec_ok = (record >> 7 & 1) as u8;
    question.edns = if !alone || record >> 40 != TYPE_OPT as u64 {
        edns::ABSENT
    } else if record >> 8 & 0xff != 0 {
        edns::UNKNOWN_VERSION
    } else {
        edns::PRESENT
    };
    Answer::Found
}

struct Walk<'a, B: BytesMut + ?Sized> {
    bytes: &'a mut B,
    labels: Labels,
    at: u32,
    limit: u32,
    answer: Answer,
}

impl<B: BytesMut + ?Sized> Step for Walk<'_, B> {
    const LIMIT: u32 = crate::name::LABELS_MAX + 1;
    const A_TURN: u32 = 3;

    #[inline(always)]
    fn step(&mut self) -> bool {
        if self.at >= self.limit {
            return false;
        }
        let length = u32::from(self.bytes.byte(self.labels.base + self.at));
        if length == 0 {
            self.at += 1;
            self.answer = Answer::Found;
            return false;
        }
        // Pointers and reserved label types have the upper bits set, which makes them longer than any label. The
        // name's closing zero octet counts towards its 255 bytes.
        if self.at + 1 + length >= NAME_MAX || !self.labels.push(self.bytes, self.at + 1, length) {
            self.answer = Answer::Absent;
            return false;
        }
        self.at += 1 + length;
        true
    }
}

/// How a query is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// NOERROR without an answer, with an SOA record for negative caching (RFC 2308).
    NoData,
    /// NXDOMAIN, with an SOA record.
    NxDomain,
    /// 0.0.0.0 or ::, and NODATA for other types.
    NullAddress,
}

/// Turns the query into its refusal, in place: the question stays as it is, byte for byte. `extended_error` is the
/// INFO-CODE of RFC 8914, sent if the query has EDNS. Returns the offset after the message.
///
/// `bytes` needs room for [`REFUSAL_GROWTH_MAX`] bytes after the question.
#[inline(always)]
pub fn refuse<B: BytesMut + ?Sized>(bytes: &mut B, question: &Question, refusal: Refusal, extended_error: u16) -> u32 {
    let message = question.message;
    let flags = bytes.be16(message + 2);
    let unknown_version = question.edns == edns::UNKNOWN_VERSION;
    let address = match (refusal, question.query_type) {
        _ if unknown_version => 0,
        (Refusal::NullAddress, TYPE_A) => 4,
        (Refusal::NullAddress, TYPE_AAAA) => 16,
        _ => 0,
    };
    let rcode = if refusal == Refusal::NxDomain && !unknown_version { RCODE_NXDOMAIN } else { 0 };
    bytes.put16(
        message + 2,
        FLAG_RESPONSE | FLAG_RECURSION_AVAILABLE | flags & (FLAG_RECURSION_DESIRED | FLAG_CHECKING_DISABLED) | rcode,
    );
    // QDCOUNT stays 1; then ANCOUNT, NSCOUNT, ARCOUNT.
    bytes.put16(message + 6, (address != 0) as u16);
    bytes.put16(message + 8, (address == 0 && !unknown_version) as u16);
    bytes.put16(message + 10, (question.edns != edns::ABSENT) as u16);

    let mut at = question.after;
    if address != 0 {
        record(bytes, at, question.query_type, address);
        at += 12;
        bytes.put64(at, 0);
        bytes.put64(at + 8, 0);
        at += u32::from(address);
    } else if !unknown_version {
        record(bytes, at, TYPE_SOA, 22);
        at += 12;
        // Primary server and mailbox are the root; serial, refresh, retry, expire, and the negative caching time.
        bytes.put16(at, 0);
        bytes.put32(at + 2, 1);
        bytes.put32(at + 6, 3600);
        bytes.put32(at + 10, 600);
        bytes.put32(at + 14, 86_400);
        bytes.put32(at + 18, REFUSAL_TTL);
        at += 22;
    }
    if question.edns == edns::ABSENT {
        return at;
    }
    bytes.put8(at, 0);
    bytes.put16(at + 1, TYPE_OPT);
    bytes.put16(at + 3, UDP_PAYLOAD);
    // BADVERS is 16: its upper bits stand in the OPT record (RFC 6891 §6.1.3).
    bytes.put16(at + 5, (unknown_version as u16) << 8);
    bytes.put16(at + 7, u16::from(question.dnssec_ok) << 15);
    if unknown_version {
        bytes.put16(at + 9, 0);
        return at + 11;
    }
    bytes.put16(at + 9, 6);
    bytes.put16(at + 11, OPTION_EXTENDED_ERROR);
    bytes.put16(at + 13, 2);
    bytes.put16(at + 15, extended_error);
    at + 17
}

/// The fixed part of a record that is owned by the question's name.
#[inline(always)]
fn record<B: BytesMut + ?Sized>(bytes: &mut B, at: u32, record_type: u16, length: u16) {
    bytes.put16(at, POINTER_TO_QUESTION);
    bytes.put16(at + 2, record_type);
    bytes.put16(at + 4, CLASS_IN);
    bytes.put32(at + 6, REFUSAL_TTL);
    bytes.put16(at + 10, length);
}
