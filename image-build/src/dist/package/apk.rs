//! Packages of apk version 3, which OpenWrt has from 25.12 on.
//!
//! A file is `ADBd` and, compressed by deflate without a header, `ADB.`, the schema `pckg` and blocks. The first block is
//! a database of values that point at one another; the others are the contents of files. The package is identified by a
//! hash of the database, which holds the hashes of all files. OpenWrt signs its index of packages and not each of them,
//! so no block has a signature.

use anyhow::{Context, Result, bail, ensure};
use flate2::read::DeflateDecoder;
use ring::digest::{SHA256, digest};
use std::collections::BTreeMap;
use zopfli::Format;

use super::{Entry, Package, deflate, unpack};

const COMPRESSED: &[u8] = b"ADBd";
const PLAIN: &[u8] = b"ADB.";
const SCHEMA: &[u8] = b"pckg";
/// Kinds of blocks.
const BLOCK_DATABASE: u32 = 0;
const BLOCK_CONTENT: u32 = 2;
/// Blocks, and what they consist of, begin at multiples of this.
const ALIGNMENT: usize = 8;
/// Bytes of the database's own head: two versions, two bytes of nothing and the root.
const HEAD: usize = 8;
/// Bytes of the hash that identifies a package.
const IDENTITY: usize = 20;
/// Values in an array or object that are read at most.
const VALUES_MAX: u32 = 4096;

/// Kinds of values, in their four highest bits; the rest is a number, or where the value lies.
mod kind {
    pub(super) const SMALL: u32 = 1;
    pub(super) const INT_32: u32 = 2;
    pub(super) const BLOB_8: u32 = 8;
    pub(super) const BLOB_16: u32 = 9;
    pub(super) const BLOB_32: u32 = 0xa;
    pub(super) const ARRAY: u32 = 0xd;
    pub(super) const OBJECT: u32 = 0xe;
}

/// Places of values in objects, from 1 on.
mod place {
    pub(super) const PACKAGE_INFO: usize = 1;
    pub(super) const PACKAGE_PATHS: usize = 2;
    pub(super) const PACKAGE_SCRIPTS: usize = 3;
    pub(super) const INFO_NAME: usize = 1;
    pub(super) const INFO_VERSION: usize = 2;
    pub(super) const INFO_HASHES: usize = 3;
    pub(super) const INFO_DESCRIPTION: usize = 4;
    pub(super) const INFO_ARCHITECTURE: usize = 5;
    pub(super) const INFO_LICENCE: usize = 6;
    pub(super) const INFO_MAINTAINER: usize = 8;
    pub(super) const INFO_INSTALLED_SIZE: usize = 0x0c;
    pub(super) const INFO_DEPENDS: usize = 0x0f;
    pub(super) const FOLDER_NAME: usize = 1;
    pub(super) const FOLDER_RIGHTS: usize = 2;
    pub(super) const FOLDER_FILES: usize = 3;
    pub(super) const FILE_NAME: usize = 1;
    pub(super) const FILE_RIGHTS: usize = 2;
    pub(super) const FILE_SIZE: usize = 3;
    pub(super) const FILE_TIME: usize = 4;
    pub(super) const FILE_HASH: usize = 5;
    pub(super) const RIGHTS_MODE: usize = 1;
    pub(super) const RIGHTS_USER: usize = 2;
    pub(super) const RIGHTS_GROUP: usize = 3;
    pub(super) const DEPENDENCY_NAME: usize = 1;
}

/// The names that scripts have in this format, at their places in the object of scripts.
const SCRIPTS: [&str; 7] =
    ["trigger", "pre-install", "post-install", "pre-deinstall", "post-deinstall", "pre-upgrade", "post-upgrade"];

/// The package's file name.
pub(crate) fn file_name(package: &Package) -> String {
    let Package { name, version, revision, architecture, .. } = package;
    format!("{name}-{version}-r{revision}_{architecture}.apk")
}

/// The package's bytes. Its list of conffiles is not part of the format: OpenWrt has files for it.
///
/// # Errors
/// If something in it does not fit the format.
pub(crate) fn write(package: &Package) -> Result<Vec<u8>> {
    let mut plain = [PLAIN, SCHEMA].concat();
    block(&mut plain, BLOCK_DATABASE, &[&database(package)?]);
    for (folder_index, (_, files)) in folders(package).into_iter().enumerate() {
        for (file_index, (_, entry)) in files.into_iter().enumerate() {
            let content = entry.content.as_deref().unwrap_or_default();
            if !content.is_empty() {
                let [folder, file] = [folder_index, file_index].map(|index| (index as u32 + 1).to_le_bytes());
                block(&mut plain, BLOCK_CONTENT, &[&folder, &file, content]);
            }
        }
    }
    deflate(Format::Deflate, &plain, COMPRESSED.to_vec())
}

fn block(plain: &mut Vec<u8>, kind: u32, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    plain.extend_from_slice(&(kind << 30 | (4 + length as u32)).to_le_bytes());
    parts.iter().for_each(|part| plain.extend_from_slice(part));
    plain.resize(plain.len().next_multiple_of(ALIGNMENT), 0);
}

/// Files by name, of each folder by path; the top one has the empty path.
fn folders(package: &Package) -> Vec<(&str, Vec<(&str, &Entry)>)> {
    let mut folders: BTreeMap<&str, Vec<(&str, &Entry)>> = BTreeMap::from([("", Vec::new())]);
    for (path, entry) in &package.entries {
        if entry.content.is_none() {
            folders.entry(path).or_default();
        } else {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            folders.entry(folder).or_default().push((name, entry));
        }
    }
    folders.into_iter().collect()
}

fn database(package: &Package) -> Result<Vec<u8>> {
    let mut heap = Heap { bytes: vec![0; HEAD] };
    let mut paths = Vec::new();
    for (path, files) in folders(package) {
        let mut entries = Vec::new();
        for (name, entry) in files {
            let content = entry.content.as_deref().unwrap_or_default();
            let values = [
                (place::FILE_NAME, heap.blob(name.as_bytes())),
                (place::FILE_RIGHTS, heap.rights(entry.mode)),
                (place::FILE_SIZE, heap.number(content.len() as u64)?),
                (place::FILE_TIME, heap.number(package.time)?),
                (place::FILE_HASH, heap.blob(digest(&SHA256, content).as_ref())),
            ];
            entries.push(heap.object(&values));
        }
        let mode = package.entries.get(path).map_or(0o755, |entry| entry.mode);
        let mut values =
            vec![(place::FOLDER_NAME, heap.blob(path.as_bytes())), (place::FOLDER_RIGHTS, heap.rights(mode))];
        if !entries.is_empty() {
            values.push((place::FOLDER_FILES, heap.list(kind::ARRAY, &entries)));
        }
        paths.push(heap.object(&values));
    }
    let paths = heap.list(kind::ARRAY, &paths);
    let mut scripts = Vec::new();
    for (name, text) in &package.scripts {
        let place = SCRIPTS.iter().position(|known| known == name);
        let place = place.with_context(|| format!("apk has no script `{name}`"))? + 1;
        scripts.push((place, heap.blob(text.as_bytes())));
    }
    let (info, identity_at) = info(&mut heap, package)?;
    let mut values = vec![(place::PACKAGE_INFO, info), (place::PACKAGE_PATHS, paths)];
    if !scripts.is_empty() {
        values.push((place::PACKAGE_SCRIPTS, heap.object(&scripts)));
    }
    let root = heap.object(&values);
    let mut bytes = heap.bytes;
    bytes[4..HEAD].copy_from_slice(&root.to_le_bytes());
    let identity = digest(&SHA256, &bytes);
    bytes[identity_at..identity_at + IDENTITY].copy_from_slice(&identity.as_ref()[..IDENTITY]);
    Ok(bytes)
}

/// The object that describes the package, and where in the database its identity is to be written.
fn info(heap: &mut Heap, package: &Package) -> Result<(u32, usize)> {
    let Package { name, version, revision, architecture, summary, licence, maintainer, depends, .. } = package;
    let identity = heap.blob(&[0; IDENTITY]);
    let identity_at = heap.bytes.len() - IDENTITY;
    let mut values = vec![(place::INFO_HASHES, identity)];
    for (place, text) in [
        (place::INFO_NAME, name),
        (place::INFO_VERSION, &format!("{version}-r{revision}")),
        (place::INFO_DESCRIPTION, summary),
        (place::INFO_ARCHITECTURE, architecture),
        (place::INFO_LICENCE, licence),
        (place::INFO_MAINTAINER, maintainer),
    ] {
        values.push((place, heap.blob(text.as_bytes())));
    }
    values.push((place::INFO_INSTALLED_SIZE, heap.number(package.installed_bytes() as u64)?));
    let mut sorted = depends.clone();
    sorted.sort();
    let mut dependencies = Vec::new();
    for name in sorted {
        let name = heap.blob(name.as_bytes());
        dependencies.push(heap.object(&[(place::DEPENDENCY_NAME, name)]));
    }
    if !dependencies.is_empty() {
        values.push((place::INFO_DEPENDS, heap.list(kind::ARRAY, &dependencies)));
    }
    Ok((heap.object(&values), identity_at))
}

/// A database that is being written: what is pointed at comes before what points at it.
struct Heap {
    bytes: Vec<u8>,
}

impl Heap {
    fn blob(&mut self, content: &[u8]) -> u32 {
        let (kind, width) = match content.len() {
            0 => return 0,
            1..=0xff => (kind::BLOB_8, 1),
            0x100..=0xffff => (kind::BLOB_16, 2),
            _ => (kind::BLOB_32, 4),
        };
        let value = self.align(kind, width);
        self.bytes.extend_from_slice(&(content.len() as u32).to_le_bytes()[..width]);
        self.bytes.extend_from_slice(content);
        value
    }

    fn number(&mut self, number: u64) -> Result<u32> {
        let number = u32::try_from(number).with_context(|| format!("{number} does not fit into a package"))?;
        if number < 1 << 28 {
            return Ok(kind::SMALL << 28 | number);
        }
        let value = self.align(kind::INT_32, 4);
        self.bytes.extend_from_slice(&number.to_le_bytes());
        Ok(value)
    }

    fn rights(&mut self, mode: u32) -> u32 {
        let root = self.blob(b"root");
        let mode = kind::SMALL << 28 | mode;
        self.object(&[(place::RIGHTS_MODE, mode), (place::RIGHTS_USER, root), (place::RIGHTS_GROUP, root)])
    }

    fn object(&mut self, values: &[(usize, u32)]) -> u32 {
        let count = values.iter().filter(|(_, value)| *value != 0).map(|(place, _)| *place).max().unwrap_or(0);
        let mut list = vec![0; count];
        for (place, value) in values.iter().filter(|(_, value)| *value != 0) {
            list[place - 1] = *value;
        }
        self.list(kind::OBJECT, &list)
    }

    fn list(&mut self, kind: u32, values: &[u32]) -> u32 {
        let list = self.align(kind, 4);
        self.bytes.extend_from_slice(&(values.len() as u32 + 1).to_le_bytes());
        values.iter().for_each(|value| self.bytes.extend_from_slice(&value.to_le_bytes()));
        list
    }

    /// The value of that kind that will lie here.
    fn align(&mut self, kind: u32, width: usize) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(width), 0);
        kind << 28 | self.bytes.len() as u32
    }
}

/// The package that these bytes are. Every hash in it is checked.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn read(bytes: &[u8]) -> Result<Package> {
    let compressed = bytes.strip_prefix(COMPRESSED).context("it does not begin like a package")?;
    let plain = unpack(DeflateDecoder::new(compressed)).context("it cannot be unpacked")?;
    let rest = plain.strip_prefix(PLAIN).and_then(|rest| rest.strip_prefix(SCHEMA)).context("it is of another kind")?;
    let mut blocks = blocks(rest)?.into_iter();
    let (BLOCK_DATABASE, database) = blocks.next().context("it is empty")? else { bail!("its database is missing") };
    let reader = Reader { bytes: database };
    let root = reader.list(reader.word(4)?, kind::OBJECT)?;
    let info = reader.list(value(&root, place::PACKAGE_INFO), kind::OBJECT)?;
    reader.check_identity(value(&info, place::INFO_HASHES))?;

    let mut contents = BTreeMap::new();
    for (kind, content) in blocks {
        ensure!(kind == BLOCK_CONTENT, "a block is of the kind {kind}");
        let (place, content) = content.split_at_checked(8).context("a content has no place")?;
        contents.insert(place.to_vec(), content);
    }
    let mut entries = BTreeMap::new();
    let mut time = 0;
    for (folder_index, folder) in reader.list(value(&root, place::PACKAGE_PATHS), kind::ARRAY)?.into_iter().enumerate()
    {
        let folder = reader.list(folder, kind::OBJECT)?;
        let path = reader.text(value(&folder, place::FOLDER_NAME))?;
        if !path.is_empty() {
            let mode = reader.rights(value(&folder, place::FOLDER_RIGHTS))?;
            entries.insert(path.clone(), Entry { mode, content: None });
        }
        let files = reader.list(value(&folder, place::FOLDER_FILES), kind::ARRAY)?;
        for (file_index, file) in files.into_iter().enumerate() {
            let file = reader.list(file, kind::OBJECT)?;
            let name = reader.text(value(&file, place::FILE_NAME))?;
            let place = [folder_index, file_index].map(|index| (index as u32 + 1).to_le_bytes()).concat();
            let content = contents.remove(&place).unwrap_or_default();
            let hash = reader.blob(value(&file, place::FILE_HASH))?;
            ensure!(hash == digest(&SHA256, content).as_ref(), "{name} has another hash");
            ensure!(
                reader.number(value(&file, place::FILE_SIZE))? as usize == content.len(),
                "{name} has another size"
            );
            time = time.max(u64::from(reader.number(value(&file, place::FILE_TIME))?));
            let path = if path.is_empty() { name } else { format!("{path}/{name}") };
            let mode = reader.rights(value(&file, place::FILE_RIGHTS))?;
            entries.insert(path, Entry { mode, content: Some(content.to_vec()) });
        }
    }
    ensure!(contents.is_empty(), "there are contents of no file");
    let mut scripts = BTreeMap::new();
    for (name, script) in SCRIPTS.iter().zip(reader.list(value(&root, place::PACKAGE_SCRIPTS), kind::OBJECT)?) {
        if script != 0 {
            scripts.insert(*name, reader.text(script)?);
        }
    }
    let mut depends = Vec::new();
    for dependency in reader.list(value(&info, place::INFO_DEPENDS), kind::ARRAY)? {
        depends.push(reader.text(value(&reader.list(dependency, kind::OBJECT)?, place::DEPENDENCY_NAME))?);
    }
    let text = |place: usize| reader.text(value(&info, place));
    let version = text(place::INFO_VERSION)?;
    let (version, revision) = version.rsplit_once("-r").context("the version has no revision")?;
    Ok(Package {
        name: text(place::INFO_NAME)?,
        version: version.to_owned(),
        revision: revision.parse().context("the revision is no number")?,
        architecture: text(place::INFO_ARCHITECTURE)?,
        summary: text(place::INFO_DESCRIPTION)?,
        maintainer: text(place::INFO_MAINTAINER)?,
        licence: text(place::INFO_LICENCE)?,
        depends,
        conffiles: Vec::new(),
        entries,
        scripts,
        time,
    })
}

fn blocks(mut rest: &[u8]) -> Result<Vec<(u32, &[u8])>> {
    let mut blocks = Vec::new();
    while !rest.is_empty() {
        let head = rest.first_chunk::<4>().context("it ends in a block")?;
        let head = u32::from_le_bytes(*head);
        let length = (head & 0x3fff_ffff) as usize;
        ensure!(length >= 4 && rest.len() >= length, "it ends in a block");
        blocks.push((head >> 30, &rest[4..length]));
        rest = rest.get(length.next_multiple_of(ALIGNMENT)..).unwrap_or_default();
    }
    Ok(blocks)
}

/// The value at a place of an object, or nothing.
fn value(object: &[u32], place: usize) -> u32 {
    object.get(place - 1).copied().unwrap_or_default()
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn slice(&self, at: usize, length: usize) -> Result<&'a [u8]> {
        at.checked_add(length).and_then(|end| self.bytes.get(at..end)).context("a value lies outside the database")
    }

    fn word(&self, at: usize) -> Result<u32> {
        let bytes = self.slice(at, 4)?;
        Ok(bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte)))
    }

    fn blob(&self, value: u32) -> Result<&'a [u8]> {
        let at = (value & 0x0fff_ffff) as usize;
        let width = match value >> 28 {
            _ if value == 0 => return Ok(&[]),
            kind::BLOB_8 => 1,
            kind::BLOB_16 => 2,
            kind::BLOB_32 => 4,
            other => bail!("a value is of the kind {other} where bytes belong"),
        };
        ensure!(at.is_multiple_of(width), "a value lies askew");
        let length = self.slice(at, width)?.iter().rev().fold(0, |length, byte| length << 8 | usize::from(*byte));
        self.slice(at + width, length)
    }

    fn text(&self, value: u32) -> Result<String> {
        String::from_utf8(self.blob(value)?.to_vec()).context("a text is not UTF-8")
    }

    fn number(&self, value: u32) -> Result<u32> {
        match value >> 28 {
            kind::SMALL => Ok(value & 0x0fff_ffff),
            kind::INT_32 => self.word((value & 0x0fff_ffff) as usize),
            other => bail!("a value is of the kind {other} where a number belongs"),
        }
    }

    fn list(&self, value: u32, kind: u32) -> Result<Vec<u32>> {
        if value == 0 {
            return Ok(Vec::new());
        }
        ensure!(value >> 28 == kind, "a value is of the kind {} where {kind} belongs", value >> 28);
        let at = (value & 0x0fff_ffff) as usize;
        let count = self.word(at)?.checked_sub(1).context("a list counts itself wrongly")?;
        ensure!(count <= VALUES_MAX, "a list has {count} values");
        (1..=count as usize).map(|index| self.word(at + 4 * index)).collect()
    }

    /// The mode, if the owner is root.
    fn rights(&self, object: u32) -> Result<u32> {
        let rights = self.list(object, kind::OBJECT)?;
        for place in [place::RIGHTS_USER, place::RIGHTS_GROUP] {
            ensure!(self.blob(value(&rights, place))? == b"root", "something is not root's");
        }
        self.number(value(&rights, place::RIGHTS_MODE))
    }

    fn check_identity(&self, value: u32) -> Result<()> {
        let identity = self.blob(value)?;
        ensure!(identity.len() == IDENTITY, "the identity has another length");
        let at = (value & 0x0fff_ffff) as usize + 1;
        let mut zeroed = self.bytes.to_vec();
        zeroed[at..at + IDENTITY].fill(0);
        ensure!(&digest(&SHA256, &zeroed).as_ref()[..IDENTITY] == identity, "the database has another hash");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;
    use crate::dist::package::sample;

    fn package() -> Package {
        let mut package = Package { conffiles: Vec::new(), ..sample() };
        package.depends.sort();
        package.scripts.insert("post-install", "#!/bin/sh\n".repeat(40));
        package.scripts.insert("pre-deinstall", "#!/bin/sh\n".to_owned());
        package
    }

    #[test]
    fn what_is_written_is_read_back_and_is_the_same_every_time() {
        let package = package();
        let bytes = write(&package).unwrap();
        assert_eq!(read(&bytes).unwrap(), package);
        assert_eq!(write(&package).unwrap(), bytes);
        assert_eq!(file_name(&package), "stairgate-0.1.0-r1_x86_64.apk");
    }

    #[test]
    fn every_changed_byte_of_the_database_is_noticed() {
        let database = database(&package()).unwrap();
        for at in 0..database.len() {
            let mut damaged = database.clone();
            damaged[at] ^= 1;
            let mut plain = [PLAIN, SCHEMA].concat();
            block(&mut plain, BLOCK_DATABASE, &[&damaged]);
            let mut encoder = DeflateEncoder::new(COMPRESSED.to_vec(), Compression::fast());
            encoder.write_all(&plain).unwrap();
            assert!(read(&encoder.finish().unwrap()).is_err(), "{at}");
        }
    }

    #[test]
    fn the_database_begins_as_the_format_says() {
        let database = database(&package()).unwrap();
        assert_eq!(database[..4], [0; 4]);
        let root = u32::from_le_bytes(*database[4..].first_chunk().unwrap());
        assert_eq!(root >> 28, kind::OBJECT);
        let at = (root & 0x0fff_ffff) as usize;
        assert_eq!(at % 4, 0);
        // Info, paths and scripts, and the count of them and itself; nothing follows.
        assert_eq!(u32::from_le_bytes(*database[at..].first_chunk().unwrap()), 4);
        assert_eq!(database.len(), at + 16);
    }
}
