//! The kernel program that a device needs at its end of a veth pair.
//!
//! What the gate sends back (`XDP_TX`) goes into a ring of the peer device, which veth only empties at once if the peer
//! has an XDP program itself. So every device of the laboratory gets the smallest one there is.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// `r0 = XDP_PASS; exit`, in the encoding of RFC 9669.
const PASS: [u8; 16] = [0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];
/// The section that the program lies in, which tells its type.
pub(crate) const SECTION: &str = "xdp";
const LICENCE: &[u8] = b"GPL\0";
/// All names, each at the place that the constants below say.
const NAMES: &[u8] = b"\0xdp\0license\0.symtab\0.strtab\0pass\0";
const NAME_XDP: u32 = 1;
const NAME_LICENCE: u32 = 5;
const NAME_SYMBOLS: u32 = 13;
const NAME_NAMES: u32 = 21;
const NAME_PASS: u32 = 29;

const PROGRAM_BITS: u32 = 1;
const SYMBOL_TABLE: u32 = 2;
const STRING_TABLE: u32 = 3;
const WRITABLE: u64 = 1;
const ALLOCATED: u64 = 2;
const EXECUTABLE: u64 = 4;
const HEADER_BYTES: usize = 64;
const SECTION_HEADER_BYTES: u16 = 64;
const SYMBOL_BYTES: u64 = 24;
const MACHINE_BPF: u16 = 247;

/// What the ELF specification's section header table says of a section.
struct Section<'a> {
    name: u32,
    kind: u32,
    flags: u64,
    link: u32,
    info: u32,
    entry: u64,
    content: &'a [u8],
}

/// Writes the program as an object file that `ip` can load into `folder`.
pub(crate) fn write(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("pass.bpf.o");
    fs::write(&path, object()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// The object file: an ELF relocatable with one function, its licence, and a symbol table.
fn object() -> Vec<u8> {
    let mut symbols = vec![0; SYMBOL_BYTES as usize];
    symbols.extend(NAME_PASS.to_le_bytes());
    // A global function, visible by default, in section 1, at its beginning.
    symbols.extend([0x12, 0, 1, 0]);
    symbols.extend(0_u64.to_le_bytes());
    symbols.extend((PASS.len() as u64).to_le_bytes());
    let section = |name, kind, flags, content| Section { name, kind, flags, link: 0, info: 0, entry: 0, content };
    let sections = [
        section(NAME_XDP, PROGRAM_BITS, ALLOCATED | EXECUTABLE, &PASS[..]),
        section(NAME_LICENCE, PROGRAM_BITS, ALLOCATED | WRITABLE, LICENCE),
        // Its names are in section 4; symbol 1 is the first global one.
        Section { link: 4, info: 1, entry: SYMBOL_BYTES, ..section(NAME_SYMBOLS, SYMBOL_TABLE, 0, &symbols) },
        section(NAME_NAMES, STRING_TABLE, 0, NAMES),
    ];
    let mut contents = Vec::new();
    let mut headers = vec![0; SECTION_HEADER_BYTES as usize];
    for Section { name, kind, flags, link, info, entry, content } in &sections {
        contents.resize(contents.len().next_multiple_of(8), 0);
        let offset = (HEADER_BYTES + contents.len()) as u64;
        contents.extend_from_slice(content);
        headers.extend(name.to_le_bytes());
        headers.extend(kind.to_le_bytes());
        for word in [*flags, 0, offset, content.len() as u64] {
            headers.extend(word.to_le_bytes());
        }
        headers.extend(link.to_le_bytes());
        headers.extend(info.to_le_bytes());
        headers.extend(8_u64.to_le_bytes());
        headers.extend(entry.to_le_bytes());
    }
    contents.resize(contents.len().next_multiple_of(8), 0);
    // 64 bits, little-endian, version 1.
    let mut object = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    object.extend(1_u16.to_le_bytes());
    object.extend(MACHINE_BPF.to_le_bytes());
    object.extend(1_u32.to_le_bytes());
    object.extend([0; 16]);
    object.extend(((HEADER_BYTES + contents.len()) as u64).to_le_bytes());
    object.extend(0_u32.to_le_bytes());
    for half in [HEADER_BYTES as u16, 0, 0, SECTION_HEADER_BYTES, sections.len() as u16 + 1, sections.len() as u16] {
        object.extend(half.to_le_bytes());
    }
    object.extend(contents);
    object.extend(headers);
    object
}
