//! What the header of a program says: which processor it is for, and whether anything else must be there to run it.
//!
//! A linker that was told wrongly makes a program that looks for a loader which no router has, and reports success; so
//! the bytes themselves are asked. Source: the System V ABI, chapters 4 and 5.

use anyhow::{Context, Result, ensure};

use super::Target;

const MAGIC: &[u8] = b"\x7fELF";
const CLASS_32: u8 = 1;
const CLASS_64: u8 = 2;
const LITTLE_ENDIAN: u8 = 1;
/// Types of program headers: what is linked in at the start, and the loader that does it.
const PT_DYNAMIC: u64 = 2;
const PT_INTERP: u64 = 3;
/// Tag of a library that must be loaded.
const DT_NEEDED: u64 = 1;
/// Type of the section with symbols that only debuggers read.
const SHT_SYMTAB: u64 = 2;
/// Headers looked at, at most: real programs have a dozen.
const HEADERS_MAX: u64 = 256;
/// Dynamic tags looked at, at most.
const TAGS_MAX: u64 = 1024;

/// A kind of processor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Machine {
    /// Its number in the header, `EM_…`.
    pub(crate) number: u16,
    /// Bits of an address.
    pub(crate) bits: u8,
}

/// What a program says of itself.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Elf {
    machine: Machine,
    /// It asks for a loader.
    interpreted: bool,
    /// Libraries that it asks for.
    libraries: usize,
    /// It has symbols for debuggers.
    symbols: bool,
}

impl Elf {
    /// Fails unless this runs on the target with nothing else there.
    pub(crate) fn require_static(&self, target: &Target) -> Result<()> {
        ensure!(self.machine == target.machine, "it is for {:?} and not for {}", self.machine, target.name);
        ensure!(!self.interpreted, "it asks for a loader; the linker did not link it statically");
        ensure!(self.libraries == 0, "it asks for {} libraries; the linker did not link it statically", self.libraries);
        ensure!(!self.symbols, "it has symbols; it was not stripped");
        Ok(())
    }
}

/// Reads the headers of a little-endian program.
///
/// # Errors
/// If it is none.
pub(crate) fn examine(bytes: &[u8]) -> Result<Elf> {
    ensure!(bytes.starts_with(MAGIC), "it does not begin like one");
    let class = *bytes.get(4).context("it ends in its header")?;
    ensure!(class == CLASS_32 || class == CLASS_64, "its class {class} is unknown");
    ensure!(bytes.get(5) == Some(&LITTLE_ENDIAN), "it is big-endian");
    let wide = class == CLASS_64;
    let file = Reader { bytes, wide };
    // Where things stand in the two classes: program header table, section header table, and the sizes and counts of
    // their entries.
    let [programs_at, sections_at, counts_at] = if wide { [0x20, 0x28, 0x36] } else { [0x1c, 0x20, 0x2a] };
    let programs = file.headers(file.word(programs_at)?, counts_at)?;
    let sections = file.headers(file.word(sections_at)?, counts_at + 4)?;
    let machine = Machine { number: file.number(0x12, 2)? as u16, bits: if wide { 64 } else { 32 } };
    let mut elf = Elf { machine, interpreted: false, libraries: 0, symbols: false };
    for header in programs {
        match file.number(header, 4)? {
            PT_INTERP => elf.interpreted = true,
            PT_DYNAMIC => elf.libraries += file.needed(file.word(header + if wide { 8 } else { 4 })?)?,
            _ => {}
        }
    }
    for header in sections {
        elf.symbols |= file.number(header + 4, 4)? == SHT_SYMTAB;
    }
    Ok(elf)
}

struct Reader<'a> {
    bytes: &'a [u8],
    wide: bool,
}

impl Reader<'_> {
    /// A little-endian number of `length` bytes.
    fn number(&self, at: u64, length: usize) -> Result<u64> {
        let from = usize::try_from(at).context("it points past its end")?;
        let bytes =
            from.checked_add(length).and_then(|to| self.bytes.get(from..to)).context("it points past its end")?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// An address or offset.
    fn word(&self, at: u64) -> Result<u64> {
        self.number(at, if self.wide { 8 } else { 4 })
    }

    /// Where the entries of a table of headers are; their size and count stand at `counts`.
    fn headers(&self, table: u64, counts: u64) -> Result<Vec<u64>> {
        let (size, count) = (self.number(counts, 2)?, self.number(counts + 2, 2)?);
        ensure!(count <= HEADERS_MAX, "it has {count} headers");
        let at = |index: u64| table.checked_add(index * size).context("it points past its end");
        (0..count).map(at).collect()
    }

    /// How many libraries the dynamic section at this offset asks for.
    fn needed(&self, section: u64) -> Result<usize> {
        let size = if self.wide { 16 } else { 8 };
        let mut libraries = 0;
        for index in 0..TAGS_MAX {
            match self.word(section.checked_add(index * size).context("it points past its end")?)? {
                0 => return Ok(libraries),
                DT_NEEDED => libraries += 1,
                _ => {}
            }
        }
        anyhow::bail!("its dynamic section does not end")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::target;

    #[test]
    fn this_very_program_is_read_and_refused() {
        // Tests are linked against the system's own library.
        let bytes = std::fs::read("/proc/self/exe").unwrap();
        let elf = examine(&bytes).unwrap();
        assert_eq!(elf.machine.bits, usize::BITS as u8);
        assert!(elf.interpreted && elf.libraries > 0 && elf.symbols, "{elf:?}");
        assert!(target::ALL.iter().all(|target| elf.require_static(target).is_err()));
    }

    #[test]
    fn a_damaged_program_is_an_error_and_never_a_panic() {
        let bytes = std::fs::read("/proc/self/exe").unwrap();
        let head = &bytes[..4096];
        assert!(examine(b"#!/bin/sh\n").is_err());
        for end in 0..64 {
            assert!(examine(&head[..end]).is_err(), "{end}");
        }
        for at in 4..64 {
            let mut damaged = head.to_vec();
            damaged[at] = 0xff;
            let _ = examine(&damaged);
        }
    }
}
