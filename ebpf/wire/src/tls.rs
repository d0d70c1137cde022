//! The server name of a TLS ClientHello, read as a stream (RFC 8446 §4.1.2 and §5.1, RFC 6066 §3).
//!
//! The parser takes the bytes of the connection in whatever pieces they come, in order: it stops anywhere, also inside
//! a record header, a length or the name, and goes on with the next piece. What is of no interest, such as the 1.2 kB
//! key share of post-quantum key exchange, costs a subtraction.

use crate::bytes::{Bytes, BytesMut};
use crate::layout;
use crate::name::NAME_MAX;
use crate::step::{Answer, Loop, Step};

/// A ClientHello longer than this is hostile. (RFC 8446 would allow 16 MiB.)
pub const HELLO_MAX: u32 = 65_536;
/// A record's payload at most, including what RFC 5246 §6.2.3 allowed it to expand by.
const RECORD_MAX: u32 = (1 << 14) + 2048;
/// The first byte of a handshake record, and so of every TLS connection.
pub const FIRST_BYTE: u8 = 22;

const CLIENT_HELLO: u64 = 1;
/// Bytes of the legacy version and the random.
const VERSION_AND_RANDOM: u32 = 34;
const SESSION_ID_MAX: u32 = 32;
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
    /// Where in the working memory the name lies, once it was found.
    pub name_at: u32,
}

/// Reads one piece of the connection, which lies in the working memory from `at` to `end`.
#[inline(always)]
pub fn read<L: Loop, B: BytesMut + ?Sized>(bytes: &mut B, state: &mut State, at: u32, end: u32) -> Answer {
    let mut at = at;
    if state.is_fresh() {
        at = opening(bytes, state, at, end);
    }
    if state.phase == phase::EXTENSION && state.gathered_count == 0 {
        at = extensions::<L, B>(bytes, state, at, end);
        if state.name_at != 0 {
            return Answer::Found;
        }
    }
    let mut reader = Reader { bytes, state, at, end, answer: Answer::More };
    L::run(&mut reader);
    // The limit of turns was reached in the middle: that many tiny records are hostile.
    if reader.answer == Answer::More && reader.at < reader.end { Answer::Absent } else { reader.answer }
}

/// Reads from the record header to the length of the extensions, if all of it is there in one piece and as it should
/// be, and returns the offset of the first extension. Otherwise nothing changes.
#[inline(always)]
fn opening<B: Bytes + ?Sized>(bytes: &B, state: &mut State, at: u32, end: u32) -> u32 {
    // Content type, version and length of the record; type and length of the message.
    let header = bytes.be64(at);
    let record_length = (header >> 24 & 0xffff) as u32;
    let message_length = (header & 0xffff) as u32 * 256 + u32::from(bytes.byte(at + 8));
    let record = at + 5;
    let message = record + 4;
    // Lengths that lead out of the piece are read from somewhere, and then found to be too long.
    let session_id = message + VERSION_AND_RANDOM;
    let session_id_length = u32::from(bytes.byte(session_id));
    let cipher_suites = session_id + 1 + session_id_length;
    let compression = cipher_suites + 2 + u32::from(bytes.be16(cipher_suites));
    let length = compression + 1 + u32::from(bytes.byte(compression));
    let first = length + 2;
    let extensions_length = u32::from(bytes.be16(length));
    let usual = header >> 48 == (FIRST_BYTE as u64) << 8 | 3
        && header >> 16 & 0xff == CLIENT_HELLO
        && record_length <= RECORD_MAX
        && message_length <= HELLO_MAX
        && session_id_length <= SESSION_ID_MAX
        && first <= end
        && first < record + record_length
        && extensions_length >= 4
        && first + extensions_length <= message + message_length;
    if !usual {
        return at;
    }
    state.record_left = record + record_length - first;
    state.message_left = message + message_length - first;
    state.extensions_left = extensions_length;
    state.phase = phase::EXTENSION;
    first
}

/// Passes over extensions that lie whole in the piece, up to that of the server name, and reads that if it does too.
/// Returns the offset of the first byte that was not read.
#[inline(always)]
fn extensions<L: Loop, B: Bytes + ?Sized>(bytes: &B, state: &mut State, at: u32, end: u32) -> u32 {
    let from = at + state.skip;
    let limit = end.min(at + state.record_left).min(from + state.extensions_left);
    if from + 4 > limit {
        return at;
    }
    // From zero, which the verifier cannot know; see `layout::ZERO`.
    let from = from + bytes.be32(layout::ZERO);
    let mut passing = Passing { bytes, at: from, limit };
    L::run(&mut passing);
    let at_extension = passing.at;
    let passed = at_extension - from;
    state.record_left -= at_extension - at;
    state.skip = 0;
    state.message_left -= passed;
    state.extensions_left -= passed;
    // Type and length of the extension, length of the list, type and length of the name.
    let header = bytes.be64(at_extension);
    let length = (header >> 32 & 0xffff) as u32;
    let name_length = (header & 0xff) as u32 * 256 + u32::from(bytes.byte(at_extension + 8));
    let usual = header >> 48 == EXTENSION_SERVER_NAME
        && length >= 6
        && (header >> 16 & 0xffff) as u32 + 2 == length
        && header >> 8 & 0xff == NAME_TYPE_HOST
        && name_length + 5 == length
        && name_length <= NAME_MAX
        && at_extension + 4 + length <= limit;
    if usual {
        state.name_at = at_extension + 9;
        state.name_length = name_length;
    }
    at_extension
}

/// Passes over extensions, from one header to the next.
struct Passing<'a, B: ?Sized> {
    bytes: &'a B,
    /// Offset of an extension's header, which is there.
    at: u32,
    /// Offset after what is there of the extensions.
    limit: u32,
}

impl<B: Bytes + ?Sized> Step for Passing<'_, B> {
    const LIMIT: u32 = 64;
    const A_TURN: u32 = 4;

    #[inline(always)]
    fn step(&mut self) -> bool {
        let header = self.bytes.be32(self.at);
        let next = self.at + 4 + (header & 0xffff);
        // The header of another extension has to be there behind this one.
        if header >> 16 == EXTENSION_SERVER_NAME as u32 || next + 4 > self.limit {
            return false;
        }
        self.at = layout::inside(next);
        true
    }
}

/// Reads field by field, whatever is there of each.
struct Reader<'a, B: BytesMut + ?Sized> {
    bytes: &'a mut B,
    state: &'a mut State,
    /// Offset of the next byte.
    at: u32,
    /// Offset after the last byte of the piece.
    end: u32,
    /// What is known so far.
    answer: Answer,
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
        self.at = layout::inside(self.at);
        self.answer == Answer::More
    }
}

impl State {
    /// True if not a byte was read yet.
    #[inline(always)]
    const fn is_fresh(&self) -> bool {
        self.phase == phase::MESSAGE && self.record_left | self.record_gathered_count | self.gathered_count == 0
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
        self.skip(VERSION_AND_RANDOM, phase::SESSION_ID)
    }

    #[inline(always)]
    fn field(&mut self, field: u64) -> Answer {
        let length = (field & 0xffff) as u32;
        match self.state.phase {
            phase::SESSION_ID if length <= SESSION_ID_MAX => self.skip(length, phase::CIPHER_SUITES),
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
        if self.state.name_left != 0 {
            return Answer::More;
        }
        self.state.name_at = layout::NAME;
        Answer::Found
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
