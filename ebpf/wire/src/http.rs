//! The `Host` field of an HTTP/1 request, read as a stream (RFC 9112 §2 and §3.2).

use crate::bytes::BytesMut;
use crate::layout;
use crate::name::NAME_MAX;
use crate::step::{Answer, Loop, Step};

/// Bytes of a request method at most; the longest registered ones (UPDATEREDIRECTREF) are shorter.
const METHOD_MAX: u32 = 24;
/// The field that is looked for, in lower case, with its colon.
const FIELD: [u8; 5] = *b"host:";

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
}

/// The parser between two pieces. All zero is the beginning of a connection. The part of the name that was read lies
/// in the working memory at [`layout::NAME`] and belongs to the state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct State {
    phase: u32,
    /// Bytes of the method, or of the field's name, that were read.
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
                self.state.phase = phase::LINE;
                Answer::More
            }
            _ => Answer::Absent,
        }
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
            _ if self.state.name_length >= NAME_MAX => Answer::Absent,
            _ => {
                self.bytes.put8(layout::NAME + self.state.name_length, byte);
                self.state.name_length += 1;
                Answer::More
            }
        }
    }
}
