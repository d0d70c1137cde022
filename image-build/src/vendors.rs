//! `cargo xtask vendors`: who makes what stands in homes, from the IEEE's registry to a table that the agent carries.
//!
//! The registry is a public listing in which the IEEE asserts no copyright and whose distribution it does not restrict; the
//! whole of it, a megabyte, is far too much for a router. The table holds the makers that `data/vendors.txt` names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::ui::Screen;
use crate::workspace;

/// The checked-in table, from the workspace's root. Its form stands in `agent/src/vendors.rs`, which reads it.
const TABLE: &str = "agent/data/vendors.bin";
const MAKERS: &str = "image-build/data/vendors.txt";
/// Bytes of the table at most.
const TABLE_BYTES_MAX: usize = 60 * 1024;
/// What the lines of blocks of 2^24 addresses begin with; smaller blocks are mostly industry's.
const LARGE_BLOCK: &str = "MA-L,";

/// Options of `cargo xtask vendors`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The registry as comma-separated values; Debian's package ieee-data has it there
    #[arg(default_value = "/usr/share/ieee-data/oui.csv")]
    registry: PathBuf,
}

/// Makes the table anew.
pub(crate) fn run(screen: &Screen, options: &Options) -> Result<()> {
    let read = |path: &Path| std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let makers = makers(&read(&workspace().join(MAKERS))?)?;
    let prefixes = prefixes(&read(&options.registry)?, &makers);
    let table = table(&prefixes);
    ensure!(table.len() <= TABLE_BYTES_MAX, "the table has {} bytes; take makers out of {MAKERS}", table.len());
    let path = workspace().join(TABLE);
    std::fs::write(&path, &table).with_context(|| format!("cannot write {}", path.display()))?;
    let count: usize = prefixes.values().map(Vec::len).sum();
    screen.line(format_args!("{count} prefixes of {} makers in {} bytes", prefixes.len(), table.len()));
    for (maker, _) in makers.iter().filter(|(maker, _)| !prefixes.contains_key(maker.as_str())) {
        screen.line(format_args!("the registry has nothing of {maker}"));
    }
    Ok(())
}

/// Makers, each with what names begin with, in lower case.
type Makers = Vec<(String, Vec<String>)>;

fn makers(text: &str) -> Result<Makers> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let maker = |line: &str| {
        let (maker, names) = line.split_once(" = ").with_context(|| format!("'{line}' has no ` = `"))?;
        Ok((maker.to_owned(), names.split(" | ").map(str::to_lowercase).collect()))
    };
    lines.map(maker).collect()
}

/// The prefixes of each maker in the registry, ascending.
fn prefixes<'a>(registry: &str, makers: &'a Makers) -> BTreeMap<&'a str, Vec<u32>> {
    let mut prefixes: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (prefix, name) in registry.lines().filter_map(entry) {
        let name = name.to_lowercase();
        let maker = makers.iter().find(|(_, names)| names.iter().any(|begin| name.starts_with(begin.as_str())));
        if let Some((maker, _)) = maker {
            prefixes.entry(maker).or_default().push(prefix);
        }
    }
    for prefixes in prefixes.values_mut() {
        prefixes.sort_unstable();
        prefixes.dedup();
    }
    prefixes
}

/// Prefix and name of a line; `None` for the heading and what is no large block.
fn entry(line: &str) -> Option<(u32, &str)> {
    let (prefix, rest) = line.strip_prefix(LARGE_BLOCK)?.split_once(',')?;
    let name = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split(',').next()?,
    };
    Some((u32::from_str_radix(prefix, 16).ok()?, name.trim()))
}

/// For each maker: the bytes of its name and their number in front, the number of its prefixes, and the distance of each
/// from the one before, in LEB128.
fn table(prefixes: &BTreeMap<&str, Vec<u32>>) -> Vec<u8> {
    let mut table = Vec::new();
    for (maker, prefixes) in prefixes {
        number(&mut table, maker.len() as u32);
        table.extend_from_slice(maker.as_bytes());
        number(&mut table, prefixes.len() as u32);
        let mut last = 0;
        for prefix in prefixes {
            number(&mut table, prefix - last);
            last = *prefix;
        }
    }
    table
}

fn number(table: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        table.push(number as u8 | 0x80);
        number >>= 7;
    }
    table.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_becomes_a_table() {
        let makers = makers("# who\nApple = apple, inc\nHP = hp inc | hewlett\n").unwrap();
        let registry = "Registry,Assignment,Organization Name,Organization Address\n\
            MA-L,0001FF,\"Apple, Inc.\",1 Infinite Loop\nMA-L,000101,APPLE, Cupertino\n\
            MA-L,000001,\"Apple, Inc.\",here\nMA-L,ABCDEF,Hewlett Packard,there\nMA-M,0000011,\"Apple, Inc.\",x\n";
        let prefixes = prefixes(registry, &makers);
        assert_eq!(prefixes, BTreeMap::from([("Apple", vec![1, 0x1ff]), ("HP", vec![0xab_cdef])]));
        assert_eq!(table(&prefixes), b"\x05Apple\x02\x01\xfe\x03\x02HP\x01\xef\x9b\xaf\x05");
        assert!(super::makers("Apple apple").is_err());
    }
}
