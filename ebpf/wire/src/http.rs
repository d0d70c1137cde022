//! The host that an HTTP/1 request names, read as a stream: its target's, if that is a whole address, otherwise its
//! `Host` field's (RFC 9112 §2 and §3.2).
//!
//! Many protocols begin with a word in upper case and a space. So the request's line has to say that it is HTTP, or
//! there is no host to be found. What servers forgive is forgiven here, or it would hide a name that they go by: spaces
//! too many, letters of the other case, versions of every number.

use crate::bytes::BytesMut;
use crate::layout;
use crate::name::NAME_MAX;
use crate::step::{Answer, Loop, Step};

/// Bytes of a request method at most; the longest registered ones (UPDATEREDIRECTREF) are shorter.
const METHOD_MAX: u32 = 24;
/// The field that is looked for, in lower case, with its colon.
const FIELD: [u8; 5] = *b"host:";
/// What the version begins with, in lower case (RFC 9112 §2.3). Its first byte comes once.
const VERSION: [u8; 5] = *b"http/";

mod phase {
    /// The request method.
    pub(super) const METHOD: u32 = 0;
    /// Passing over a line.
    pub(super) const LINE: u32 = 1;
    /// Comparing the beginning of a line with the field's name.
    pub(super) const FIELD: u32 = 2;
    /// Spaces before the value.
    pub(super) const SPACE: u32 = 3;
    /// The value.
    pub(super) const VALUE: u32 = 4;
    /// The beginning of the request's target, which may be the scheme of a whole address.
    pub(super) const SCHEME: u32 = 5;
    /// User information, host and port of a whole address.
    pub(super) const AUTHORITY: u32 = 6;
    /// The rest of the request's line, up to its end.
    pub(super) const REQUEST: u32 = 7;
}

/// How much of `scheme://` was read, in [`State::matched`].
mod scheme {
    /// Nothing, or spaces.
    pub(super) const NOTHING: u32 = 0;
    /// Letters.
    pub(super) const LETTERS: u32 = 1;
    /// The colon, too.
    pub(super) const COLON: u32 = 2;
    /// The first slash, too.
    pub(super) const SLASH: u32 = 3;
}

/// The parser between two pieces. All zero is the beginning of a connection. The part of the name that was read lies
/// in the working memory at [`layout::NAME`] and belongs to the state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct State {
    phase: u32,
    /// Bytes that were read of the method, the version's beginning or the field's name; one of [`scheme`]; or 1 once
    /// an authority's colon was read.
    matched: u32,
    /// Bytes of the name that were read.
    pub name_length: u32,
    /// Where in the working memory the name lies, once it was found.
    pub name_at: u32,
}

/// Reads one piece of the connection, which lies in the working memory from `at` to `end`.
#[inline(always)]
pub fn read<L: Loop, B: BytesMut + ?Sized>(bytes: &mut B, state: &mut State, at: u32, end: u32) -> Answer {
    let mut reader = Reader { bytes, state, at, end, answer: Answer::More };
    L::run(&mut reader);
    let Reader { state, at, answer, .. } = reader;
    state.name_at = if answer == Answer::Found { layout::NAME } else { 0 };
    // The limit of turns was reached in the middle.
    if answer == Answer::More && at < end { Answer::Absent } else { answer }
}

/// Reads byte by byte where it matters, eight at once where it does not.
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

/// True if a connection that begins with `byte` may be HTTP: methods are upper-case letters, and servers ignore empty
/// lines in front of them (RFC 9112 §2.2).
#[inline(always)]
pub const fn may_begin_with(byte: u8) -> bool {
    byte.is_ascii_uppercase() || matches!(byte, b'\r' | b'\n')
}

impl<B: BytesMut + ?Sized> Step for Reader<'_, B> {
    // A turn a byte where it matters, eight bytes a turn where it does not.
    const LIMIT: u32 = layout::WINDOW_SIZE;

    #[inline(always)]
    fn step(&mut self) -> bool {
        if self.at >= self.end {
            self.answer = Answer::More;
            return false;
        }
        let word = self.bytes.be64(self.at);
        let byte = (word >> 56) as u8;
        let mut taken = 1;
        self.answer = match self.state.phase {
            phase::METHOD => self.method(byte),
            phase::LINE => {
                taken = self.line(word);
                Answer::More
            }
            phase::FIELD => self.field(byte),
            phase::SCHEME => self.scheme(byte),
            phase::AUTHORITY => self.authority(byte),
            phase::REQUEST => self.request(byte),
            phase::SPACE if matches!(byte, b' ' | b'\t') => Answer::More,
            _ => self.value(byte),
        };
        self.at = layout::inside(self.at + taken);
        self.answer == Answer::More
    }
}

impl<B: BytesMut + ?Sized> Reader<'_, B> {
    #[inline(always)]
    fn method(&mut self, byte: u8) -> Answer {
        match byte {
            b'\r' | b'\n' if self.state.matched == 0 => Answer::More,
            b'A'..=b'Z' if self.state.matched < METHOD_MAX => {
                self.state.matched += 1;
                Answer::More
            }
            b' ' if self.state.matched > 0 => {
                self.state.phase = phase::SCHEME;
                self.state.matched = scheme::NOTHING;
                Answer::More
            }
            _ => Answer::Absent,
        }
    }

    #[inline(always)]
    fn scheme(&mut self, byte: u8) -> Answer {
        self.state.matched = match (self.state.matched, byte) {
            (scheme::NOTHING, b' ') => scheme::NOTHING,
            (scheme::NOTHING | scheme::LETTERS, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.') => {
                scheme::LETTERS
            }
            (scheme::LETTERS, b':') => scheme::COLON,
            (scheme::COLON, b'/') => scheme::SLASH,
            (scheme::SLASH, b'/') => {
                self.state.phase = phase::AUTHORITY;
                self.state.name_length = 0;
                0
            }
            _ => return self.begin_request(byte),
        };
        Answer::More
    }

    /// A server goes by the host of a whole address and by no field (RFC 9112 §3.2.2).
    #[inline(always)]
    fn authority(&mut self, byte: u8) -> Answer {
        match byte {
            // What came before was the user's name and password.
            b'@' => {
                self.state.name_length = 0;
                self.state.matched = 0;
                Answer::More
            }
            b'/' | b'?' | b'#' | b' ' | b'\t' | b'\r' | b'\n' if self.state.name_length > 0 => Answer::Found,
            b'/' | b'?' | b'#' | b' ' | b'\t' | b'\r' | b'\n' => self.begin_request(byte),
            b':' => {
                self.state.matched = 1;
                Answer::More
            }
            _ if self.state.matched == 1 => Answer::More,
            _ => self.append(byte),
        }
    }

    #[inline(always)]
    fn begin_request(&mut self, byte: u8) -> Answer {
        self.state.phase = phase::REQUEST;
        self.state.matched = 0;
        self.request(byte)
    }

    /// The line that must say that the protocol is HTTP. One without a version is HTTP/0.9, which has no hosts, or
    /// something else altogether.
    #[inline(always)]
    fn request(&mut self, byte: u8) -> Answer {
        let matched = self.state.matched as usize;
        if byte == b'\n' {
            self.state.phase = phase::FIELD;
            self.state.matched = 0;
            return if matched == VERSION.len() { Answer::More } else { Answer::Absent };
        }
        if matched < VERSION.len() {
            self.state.matched = if byte | 0x20 == VERSION[matched] | 0x20 {
                matched as u32 + 1
            } else {
                (byte | 0x20 == VERSION[0]) as u32
            };
        }
        Answer::More
    }

    /// Passes over bytes up to and including the end of the line; returns how many.
    #[inline(always)]
    fn line(&mut self, word: u64) -> u32 {
        let available = (self.end - self.at).min(8);
        let mut taken = 0;
        while taken < 8 {
            if taken >= available {
                return taken;
            }
            taken += 1;
            if (word >> (64 - 8 * taken)) as u8 == b'\n' {
                self.state.phase = phase::FIELD;
                self.state.matched = 0;
                return taken;
            }
        }
        taken
    }

    #[inline(always)]
    fn field(&mut self, byte: u8) -> Answer {
        let matched = self.state.matched;
        if byte | 0x20 == FIELD[(matched as usize).min(FIELD.len() - 1)] | 0x20 {
            self.state.matched = matched + 1;
            if matched as usize + 1 == FIELD.len() {
                self.state.phase = phase::SPACE;
                self.state.name_length = 0;
            }
            return Answer::More;
        }
        if matched == 0 && matches!(byte, b'\r' | b'\n') {
            // The empty line: the request has no Host field.
            return Answer::Absent;
        }
        if byte == b'\n' {
            self.state.matched = 0;
        } else {
            self.state.phase = phase::LINE;
        }
        Answer::More
    }

    #[inline(always)]
    fn value(&mut self, byte: u8) -> Answer {
        self.state.phase = phase::VALUE;
        match byte {
            b'\r' | b'\n' | b':' | b' ' | b'\t' if self.state.name_length > 0 => Answer::Found,
            b'\r' | b'\n' | b':' | b' ' | b'\t' => Answer::Absent,
            _ => self.append(byte),
        }
    }

    /// Appends a byte to the name.
    #[inline(always)]
    fn append(&mut self, byte: u8) -> Answer {
        if self.state.name_length >= NAME_MAX {
            return Answer::Absent;
        }
        self.bytes.put8(layout::NAME + self.state.name_length, byte);
        self.state.name_length += 1;
        Answer::More
    }
}
