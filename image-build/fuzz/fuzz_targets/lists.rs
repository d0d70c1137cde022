//! A list in any format: every rule has a normalised name that its own line contains or spells, and compiling agrees.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use stairgate_abi::Tag;
use stairgate_policy::lists::{Compiler, Format, read};
use stairgate_policy::name::normalise;

fuzz_target!(|input: (u8, &[u8])| {
    let format = Format::ALL[usize::from(input.0) % Format::ALL.len()];
    let result = read(format, input.1, &mut |rule| assert_eq!(normalise(rule.name).as_deref(), Ok(rule.name)));
    let mut compiler = Compiler::new(1);
    assert_eq!(compiler.add_list(Tag(1), format, Cursor::new(input.1)).is_ok(), result.is_ok());
    assert!(result.is_ok() || compiler.finish().next().is_none());
});
