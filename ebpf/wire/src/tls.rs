//! The server name of a TLS ClientHello, read as a stream (RFC 8446 §4.1.2 and §5.1, RFC 6066 §3).
//!
//! The parser takes the bytes of the connection in whatever pieces they come, in order: it stops anywhere, also inside
//! a record header, a length or the name, and goes on with the next piece. What is of no interest, such as the 1.2 kB
//! key share of post-quantum key exchange, costs a subtraction.

use crate::bytes::BytesMut;
use crate::layout;
use crate::name::NAME_MAX;
use crate::step::{Answer, Step};

/// A ClientHello longer than this is hostile. (RFC 8446 would allow 16 MiB.)
pub const HELLO_MAX: u32 = 65_536;
/// A record's payload at most, including what RFC 5246 §6.2.3 allowed it to expand by.
const RECORD_MAX: u32 = (1 << 14) + 2048;
/// The first byte of a handshake record, and so of every TLS connection.
pub const FIRST_BYTE: u8 = 22;

const CLIENT_HELLO: u64 = 1;
const EXTENSION_SERVER_NAME: u64 = 0;
const NAME_TYPE_HOST: u64 = 0;

/// Where the parser stands in the handshake message.
mod phase {
    /// Message type (1) and length (3).
    pub(super) const MESSAGE: u32 = 0;
    /// Length of the session id (1), after version and random have been skipped.
    pub(super) const SESSION_ID: u32 = 1;
    /// Length of the cipher suites (2).
    pub(super) const CIPHER_SUITES: u32 = 2;
    /// Length of the compression methods (1).
    pub(super) const COMPRESSION: u32 = 3;
    /// Length of all extensions (2).
    pub(super) const EXTENSIONS: u32 = 4;
    /// Type (2) and length (2) of an extension.
    pub(super) const EXTENSION: u32 = 5;
    /// Length of the server name list (2), type of the first name (1) and its length (2).
    pub(super) const SERVER_NAME: u32 = 6;
    /// The name.
    pub(super) const NAME: u32 = 7;
}

/// Bytes of the field that each [`phase`] reads.
const FIELD: [u8; 8] = [4, 1, 2, 1, 2, 4, 5, 0];

/// The parser between two pieces. All zero is the beginning of a connection. The part of the name that was read lies
/// in the working memory at [`layout::NAME`] and belongs to the state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct State {
    /// Bytes of the current field that have been gathered, most significant first.
    gathered: u64,
    /// The same for a record header.
    record_gathered: u64,
    gathered_count: u32,
    record_gathered_count: u32,
    /// Bytes left of the current record.
    record_left: u32,
    /// Bytes of the message to pass over before the next field.
    skip: u32,
    /// Bytes left of the message.
    message_left: u32,
    /// Bytes left of the extensions.
    extensions_left: u32,
    phase: u32,
    /// Bytes of the name still to come.
    name_left: u32,
    /// Bytes of the name that were read.
    pub name_length: u32,
    reserved: u32,
}

/// Reads one piece of the connection: a [`Step`], to be run until it stops. Then `answer` holds.
pub struct Reader<'a, B: BytesMut + ?Sized> {
    /// The working memory with the piece.
    pub bytes: &'a mut B,
    /// Where the parser stands.
    pub state: &'a mut State,
    /// Offset of the next byte.
    pub at: u32,
    /// Offset after the last byte of the piece.
    pub end: u32,
    /// What is known so far.
    pub answer: Answer,
}

impl<B: BytesMut + ?Sized> Step for Reader<'_, B> {
    // Records of one byte each, which no client sends, take two turns a byte; fewer bytes than the window holds fit
    // into six bytes a record.
    const LIMIT: u32 = 1024;

    #[inline(always)]
    fn step(&mut self) -> bool {
        if self.at >= self.end {
            self.answer = Answer::More;
            return false;
        }
        self.answer = if self.state.record_left == 0 { self.record_header() } else { self.message() };
        self.answer == Answer::More
    }
}

impl<B: BytesMut + ?Sized> Reader<'_, B> {
    #[inline(always)]
    fn record_header(&mut self) -> Answer {
        let have = self.state.record_gathered_count;
        let take = (5 - have).min(self.end - self.at);
        let header = gather(self.state.record_gathered, self.bytes.be64(self.at), take);
        self.at += take;
        self.state.record_gathered = header;
        self.state.record_gathered_count = have + take;
        if have + take < 5 {
            return Answer::More;
        }
        self.state.record_gathered = 0;
        self.state.record_gathered_count = 0;
        let length = (header & 0xffff) as u32;
        // Content type handshake, version 3.x, and (RFC 8446 §5.1) no empty fragments.
        if header >> 24 != (FIRST_BYTE as u64) << 8 | 3 || length == 0 || length > RECORD_MAX {
            return Answer::Absent;
        }
        self.state.record_left = length;
        Answer::More
    }

    #[inline(always)]
    fn message(&mut self) -> Answer {
        let mut available = (self.end - self.at).min(self.state.record_left);
        if self.state.skip > 0 {
            let take = available.min(self.state.skip);
            self.state.skip -= take;
            self.consume(take);
            available -= take;
            // The field behind what was passed over is usually there, too: a turn less for every extension.
            if available == 0 {
                return Answer::More;
            }
        }
        if self.state.phase == phase::NAME {
            return self.name(available);
        }
        let wanted = u32::from(FIELD[(self.state.phase & 7) as usize]);
        let have = self.state.gathered_count;
        let take = available.min(wanted - have);
        let field = gather(self.state.gathered, self.bytes.be64(self.at), take);
        self.consume(take);
        if have + take < wanted {
            self.state.gathered = field;
            self.state.gathered_count = have + take;
            return Answer::More;
        }
        self.state.gathered = 0;
        self.state.gathered_count = 0;
        if self.state.phase == phase::MESSAGE {
            return self.begin(field);
        }
        match self.state.message_left.checked_sub(wanted) {
            Some(left) => self.state.message_left = left,
            None => return Answer::Absent,
        }
        self.field(field)
    }

    /// The message header.
    #[inline(always)]
    fn begin(&mut self, field: u64) -> Answer {
        let length = (field & 0xff_ffff) as u32;
        if field >> 24 != CLIENT_HELLO || length > HELLO_MAX {
            return Answer::Absent;
        }
        self.state.message_left = length;
        // Legacy version and random.
        self.skip(34, phase::SESSION_ID)
    }

    #[inline(always)]
    fn field(&mut self, field: u64) -> Answer {
        let length = (field & 0xffff) as u32;
        match self.state.phase {
            phase::SESSION_ID if length <= 32 => self.skip(length, phase::CIPHER_SUITES),
            phase::CIPHER_SUITES => self.skip(length, phase::COMPRESSION),
            phase::COMPRESSION => self.skip(length, phase::EXTENSIONS),
            phase::EXTENSIONS if length <= self.state.message_left => {
                self.state.extensions_left = length;
                self.next_extension()
            }
            phase::EXTENSION => self.extension(field >> 16, length),
            phase::SERVER_NAME => self.server_name(field, length),
            _ => Answer::Absent,
        }
    }

    #[inline(always)]
    fn extension(&mut self, kind: u64, length: u32) -> Answer {
        let Some(left) = self.state.extensions_left.checked_sub(length + 4) else { return Answer::Absent };
        self.state.extensions_left = left;
        if kind != EXTENSION_SERVER_NAME {
            if self.skip(length, phase::EXTENSION) == Answer::Absent {
                return Answer::Absent;
            }
            return self.next_extension();
        }
        // List length, name type, name length and one character at least.
        if length < 6 {
            return Answer::Absent;
        }
        self.state.name_left = length - 5;
        self.state.phase = phase::SERVER_NAME;
        Answer::More
    }

    #[inline(always)]
    fn server_name(&mut self, field: u64, length: u32) -> Answer {
        // `name_left` holds what the extension has room for. A second name in the list has no meaning in any TLS
        // version and no client sends one; a list length that contradicts the extension's is hostile.
        let room = self.state.name_left;
        if field >> 16 & 0xff != NAME_TYPE_HOST
            || (field >> 24) as u32 != room + 3
            || length != room
            || length > NAME_MAX
        {
            return Answer::Absent;
        }
        self.state.name_length = 0;
        self.state.phase = phase::NAME;
        Answer::More
    }

    #[inline(always)]
    fn name(&mut self, available: u32) -> Answer {
        let take = available.min(self.state.name_left).min(8);
        // What lies past the piece is cut off: what follows the name in memory is always zero.
        let unused = 64 - 8 * (take & 15);
        let word = self.bytes.be64(self.at) >> unused << unused;
        self.bytes.put64(layout::NAME + self.state.name_length, word);
        self.state.name_length += take;
        self.state.name_left -= take;
        self.consume(take);
        if self.state.name_left == 0 { Answer::Found } else { Answer::More }
    }

    /// Goes on with an extension if there is one left.
    #[inline(always)]
    fn next_extension(&mut self) -> Answer {
        self.state.phase = phase::EXTENSION;
        if self.state.extensions_left < 4 { Answer::Absent } else { Answer::More }
    }

    /// Passes over `length` bytes of the message, then reads the field of `phase`.
    #[inline(always)]
    fn skip(&mut self, length: u32, phase: u32) -> Answer {
        match self.state.message_left.checked_sub(length) {
            Some(left) => self.state.message_left = left,
            None => return Answer::Absent,
        }
        self.state.skip = length;
        self.state.phase = phase;
        Answer::More
    }

    /// Counts `length` bytes of the piece and of the record as read.
    #[inline(always)]
    fn consume(&mut self, length: u32) {
        self.at += length;
        self.state.record_left -= length;
    }
}

/// Appends the first `count` (at most 5) bytes of `word` to `gathered`.
#[inline(always)]
const fn gather(gathered: u64, word: u64, count: u32) -> u64 {
    if count == 0 {
        return gathered;
    }
    gathered << (8 * count) | word >> (64 - 8 * count)
}
