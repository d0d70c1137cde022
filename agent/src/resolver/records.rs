//! The records of a whole message, one after the other.

use std::ops::Range;

use thiserror::Error;

use super::name::{DnsName, NameError};
use super::query::HEADER_BYTES;

/// Records of a message at most. Real answers have a few dozen; this keeps a hostile one cheap.
pub const RECORDS_MAX: usize = 1024;
/// Bytes of a question after its name: type and class.
const QUESTION_TAIL: usize = 4;
/// Bytes of a record between its name and its data: type, class, time to live, length.
const RECORD_HEAD: usize = 10;

/// Why a message cannot be understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Malformed {
    /// The message ends too early.
    #[error("the message is cut off")]
    CutOff,
    /// A name in it is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Another number of questions than there has to be.
    #[error("the message has {0} questions, which is not the number that it should have")]
    Questions(u16),
    /// More than [`RECORDS_MAX`].
    #[error("the message has more than {RECORDS_MAX} records")]
    TooMany,
    /// The data of a record do not fit its type.
    #[error("a record's data do not fit its type")]
    Data,
    /// Bytes after the last record.
    #[error("the message goes on after its last record")]
    Excess,
    /// What was made of the message is longer than a message can be.
    #[error("the message is too long")]
    TooLong,
}

/// A record, as it lies in its message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// 0 for the answer, 1 for authority, 2 for additional records.
    pub section: usize,
    /// Whose it is.
    pub owner: DnsName,
    /// TYPE.
    pub record_type: u16,
    /// CLASS.
    pub class: u16,
    /// TTL, in seconds.
    pub ttl: u32,
    data_start: usize,
    data_end: usize,
}

impl Record {
    /// Where its data lie in the message.
    pub fn data(&self) -> Range<usize> {
        self.data_start..self.data_end
    }
}

/// The records of a message with one question, or with none.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    message: &'a [u8],
    /// The name asked for; the root if there is no question.
    pub question: DnsName,
    at: usize,
    section: usize,
    /// Records still to come, by section.
    left: [u16; 3],
}

impl<'a> Records<'a> {
    /// Reads the head and the question of `message`.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn new(message: &'a [u8]) -> Result<Self, Malformed> {
        let left = counts(message, 1)?;
        // Nothing that its name could be compressed with stands before the question.
        let (question, length) = DnsName::from_wire(&message[HEADER_BYTES..])?;
        let at = HEADER_BYTES + length + QUESTION_TAIL;
        if at > message.len() {
            return Err(Malformed::CutOff);
        }
        Ok(Self { message, question, at, section: 0, left })
    }

    /// Reads the head of `message`, which has no question, as responses of multicast DNS have none (RFC 6762 §6).
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn unasked(message: &'a [u8]) -> Result<Self, Malformed> {
        let left = counts(message, 0)?;
        Ok(Self { message, question: DnsName::ROOT, at: HEADER_BYTES, section: 0, left })
    }

    /// Offset of the next record, or of the end.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The next record.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn next_record(&mut self) -> Result<Option<Record>, Malformed> {
        while self.left[self.section] == 0 {
            if self.section == 2 {
                return if self.at == self.message.len() { Ok(None) } else { Err(Malformed::Excess) };
            }
            self.section += 1;
        }
        self.left[self.section] -= 1;
        let (owner, at) = DnsName::from_message(self.message, self.at)?;
        let head: &[u8; RECORD_HEAD] = self.message.get(at..).and_then(<[u8]>::first_chunk).ok_or(Malformed::CutOff)?;
        let [t0, t1, c0, c1, l0, l1, l2, l3, d0, d1] = *head;
        let data_start = at + RECORD_HEAD;
        let data_end = data_start + usize::from(u16::from_be_bytes([d0, d1]));
        if data_end > self.message.len() {
            return Err(Malformed::CutOff);
        }
        self.at = data_end;
        Ok(Some(Record {
            section: self.section,
            owner,
            record_type: u16::from_be_bytes([t0, t1]),
            class: u16::from_be_bytes([c0, c1]),
            ttl: u32::from_be_bytes([l0, l1, l2, l3]),
            data_start,
            data_end,
        }))
    }

    /// The name that the data of `record` are, compressed or not.
    ///
    /// # Errors
    /// [`Malformed`] if they are something else.
    pub fn name_in(&self, record: &Record) -> Result<DnsName, Malformed> {
        let (name, end) = DnsName::from_message(self.message, record.data_start)?;
        if end == record.data_end { Ok(name) } else { Err(Malformed::Data) }
    }
}
/// How many records each section of a message with so many questions has.
fn counts(message: &[u8], questions: u16) -> Result<[u16; 3], Malformed> {
    let head: &[u8; HEADER_BYTES] = message.first_chunk().ok_or(Malformed::CutOff)?;
    let count = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    if count(4) != questions {
        return Err(Malformed::Questions(count(4)));
    }
    let counts = [count(6), count(8), count(10)];
    if counts.iter().map(|&count| usize::from(count)).sum::<usize>() > RECORDS_MAX {
        return Err(Malformed::TooMany);
    }
    Ok(counts)
}
