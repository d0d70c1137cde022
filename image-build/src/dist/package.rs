//! Packages, as values: what is in them, and what is to happen when they come and go. The formats write and read the
//! same value, so that what was written can be compared with what was meant.

pub(crate) mod apk;
pub(crate) mod ar;
mod control;
pub(crate) mod deb;
pub(crate) mod ipk;
pub(crate) mod tar;

use std::collections::BTreeMap;
use std::io::{Read, Write as _};
use std::num::NonZeroU64;

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use lzma_rust2::{XzOptions, XzReader, XzWriter};
use zopfli::Format;

/// Bytes that a part of a package may unpack to when it is read back.
const UNPACKED_MAX: u64 = 64 << 20;
/// Times that a compressor looks for a shorter form. More take the time of a build, for a thousandth.
const DEFLATE_PASSES: NonZeroU64 = NonZeroU64::MIN;
/// dpkg's own choice: unpacking with more takes more memory than small machines have.
const XZ_PRESET: u32 = 6;

/// A package. Everything in it belongs to root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Package {
    /// Name and version, without the package's own revision.
    pub(crate) name: String,
    /// Version of the program.
    pub(crate) version: String,
    /// Revision of the package.
    pub(crate) revision: u32,
    /// What the package manager calls the processor.
    pub(crate) architecture: String,
    /// One line.
    pub(crate) summary: String,
    /// Who answers for it.
    pub(crate) maintainer: String,
    /// SPDX expression.
    pub(crate) licence: String,
    /// Packages that must be there.
    pub(crate) depends: Vec<String>,
    /// Files that belong to the family once they are there, with their first slash.
    pub(crate) conffiles: Vec<String>,
    /// What is in it, by path without the first slash. Folders stand before what is in them.
    pub(crate) entries: BTreeMap<String, Entry>,
    /// What runs when it comes and goes, by the format's own names.
    pub(crate) scripts: BTreeMap<&'static str, String>,
    /// When everything in it was made, in seconds since 1970.
    pub(crate) time: u64,
}

/// A file or folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// Permissions.
    pub(crate) mode: u32,
    /// The file's bytes; none for a folder.
    pub(crate) content: Option<Vec<u8>>,
}

impl Package {
    /// Adds a file, and the folders above it.
    pub(crate) fn add(&mut self, path: &str, mode: u32, content: impl Into<Vec<u8>>) {
        for (slash, _) in path.match_indices('/') {
            self.entries.entry(path[..slash].to_owned()).or_insert(Entry { mode: 0o755, content: None });
        }
        self.entries.insert(path.to_owned(), Entry { mode, content: Some(content.into()) });
    }

    /// Bytes that it takes once it is unpacked.
    pub(crate) fn installed_bytes(&self) -> usize {
        self.entries.values().filter_map(|entry| entry.content.as_ref()).map(Vec::len).sum()
    }
}

/// Compresses without the name and time that gzip would add (RFC 1952).
pub(crate) fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    deflate(Format::Gzip, bytes, Vec::new())
}

/// Puts what is compressed already into the form of gzip; packing it again would take time and gain nothing.
fn wrap(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).context("cannot compress")
}

/// Compresses to the end of `packed` by deflate (RFC 1951), as other packers can unpack it but hardly one packs it.
fn deflate(format: Format, bytes: &[u8], mut packed: Vec<u8>) -> Result<Vec<u8>> {
    let options = zopfli::Options { iteration_count: DEFLATE_PASSES, ..zopfli::Options::default() };
    zopfli::compress(options, format, bytes, &mut packed).context("cannot compress")?;
    Ok(packed)
}

fn gunzip(bytes: &[u8]) -> Result<Vec<u8>> {
    unpack(GzDecoder::new(bytes)).context("it is not compressed by gzip")
}

/// Compresses by LZMA, in the form of xz.
fn xz(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = XzWriter::new(Vec::new(), XzOptions::with_preset(XZ_PRESET)).context("cannot compress")?;
    encoder.write_all(bytes).and_then(|()| encoder.finish()).context("cannot compress")
}

fn unxz(bytes: &[u8]) -> Result<Vec<u8>> {
    unpack(XzReader::new(bytes, false)).context("it is not compressed by xz")
}

/// What a decoder makes of its input.
fn unpack(decoder: impl Read) -> Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    decoder.take(UNPACKED_MAX + 1).read_to_end(&mut unpacked)?;
    ensure!(unpacked.len() as u64 <= UNPACKED_MAX, "it unpacks to more than {UNPACKED_MAX} bytes");
    Ok(unpacked)
}

#[cfg(test)]
pub(crate) fn sample() -> Package {
    let mut package = Package {
        name: "stairgate".to_owned(),
        version: "0.1.0".to_owned(),
        revision: 1,
        architecture: "x86_64".to_owned(),
        summary: "A filter".to_owned(),
        maintainer: "Someone <root@localhost>".to_owned(),
        licence: "MIT".to_owned(),
        depends: vec!["nftables".to_owned(), "ca-bundle".to_owned()],
        conffiles: vec!["/etc/config/stairgate".to_owned()],
        entries: BTreeMap::new(),
        scripts: BTreeMap::new(),
        time: 1_700_000_000,
    };
    package.add("etc/config/stairgate", 0o644, *b"config stairgate 'main'\n");
    package.add("etc/init.d/stairgate", 0o755, *b"#!/bin/sh /etc/rc.common\n");
    package.add("usr/sbin/stairgate", 0o755, (0..10_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
    package.add("usr/share/empty", 0o600, *b"");
    package
}
