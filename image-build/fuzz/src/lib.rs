//! What the fuzz targets share: the working memory, and streams that are read in pieces.

use stairgate_wire::{Answer, Bytes as _, Loop as _, Plain, layout};
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
    let (mut state, mut name) = (tls::State::default(), Vec::new());
    let mut answer = Answer::More;
    for piece in stream.chunks(size) {
        let mut memory = with_name(piece, &name);
        let bytes = memory.as_mut_slice();
        let mut reader = tls::Reader { bytes, state: &mut state, at: 0, end: piece.len() as u32, answer };
        Plain::run(&mut reader);
        answer = reader.answer;
        name = name_in(&memory, state.name_length);
        if answer != Answer::More {
            break;
        }
    }
    (answer, name)
}

/// The same with the HTTP parser.
pub fn http_name(stream: &[u8], size: usize) -> (Answer, Vec<u8>) {
    let (mut state, mut name) = (http::State::default(), Vec::new());
    let mut answer = Answer::More;
    for piece in stream.chunks(size) {
        let mut memory = with_name(piece, &name);
        let bytes = memory.as_mut_slice();
        let mut reader = http::Reader { bytes, state: &mut state, at: 0, end: piece.len() as u32, answer };
        Plain::run(&mut reader);
        answer = reader.answer;
        name = name_in(&memory, state.name_length);
        if answer != Answer::More {
            break;
        }
    }
    (answer, name)
}

fn with_name(piece: &[u8], name: &[u8]) -> Vec<u8> {
    let mut memory = memory(piece);
    memory[layout::NAME as usize..][..name.len()].copy_from_slice(name);
    memory
}

fn name_in(memory: &[u8], length: u32) -> Vec<u8> {
    (0..length).map(|at| memory.byte(layout::NAME + at)).collect()
}
