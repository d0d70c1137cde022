//! What the fuzz targets share: the working memory, and streams that are read in pieces.

use stairgate_wire::{Answer, Plain, layout};
use stairgate_wire::{http, tls};

/// Working memory with `bytes` in its window.
pub fn memory(bytes: &[u8]) -> Vec<u8> {
    let mut memory = vec![0; layout::SIZE as usize];
    let length = bytes.len().min(layout::WINDOW_SIZE as usize);
    memory[..length].copy_from_slice(&bytes[..length]);
    memory
}

/// Reads a stream with the TLS parser in pieces of at most `size` bytes. Returns the answer and the name.
pub fn tls_name(stream: &[u8], size: usize) -> (Answer, Vec<u8>) {
    let mut state = tls::State::default();
    read_name(stream, size, |memory, end| {
        let answer = tls::read::<Plain, [u8]>(memory, &mut state, 0, end);
        (answer, state.name_at, state.name_length)
    })
}

/// The same with the HTTP parser.
pub fn http_name(stream: &[u8], size: usize) -> (Answer, Vec<u8>) {
    let mut state = http::State::default();
    read_name(stream, size, |memory, end| {
        let answer = http::read::<Plain, [u8]>(memory, &mut state, 0, end);
        (answer, state.name_at, state.name_length)
    })
}

/// Gives the stream to `read` in pieces, each in the working memory up to some offset. Returns the answer, and the name
/// from where `read` says that it lies.
fn read_name(stream: &[u8], size: usize, mut read: impl FnMut(&mut [u8], u32) -> (Answer, u32, u32)) -> (Answer, Vec<u8>) {
    let mut memory = memory(&[]);
    for piece in stream.chunks(size) {
        memory[..layout::WINDOW_SIZE as usize].fill(0);
        memory[..piece.len()].copy_from_slice(piece);
        match read(&mut memory, piece.len() as u32) {
            (Answer::More, ..) => {}
            (Answer::Found, at, length) => return (Answer::Found, memory[at as usize..][..length as usize].to_vec()),
            (Answer::Absent, ..) => return (Answer::Absent, Vec::new()),
        }
    }
    (Answer::More, Vec::new())
}
