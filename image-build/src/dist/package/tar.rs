//! Archives in the form of POSIX.1-1988 (ustar): files and folders of root, all of one time.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};

use super::Entry;

const BLOCK: usize = 512;
/// Where fields stand in a header, and how long they are.
const NAME: std::ops::Range<usize> = 0..100;
const MODE: std::ops::Range<usize> = 100..108;
const OWNER: std::ops::Range<usize> = 108..116;
const GROUP: std::ops::Range<usize> = 116..124;
const SIZE: std::ops::Range<usize> = 124..136;
const TIME: std::ops::Range<usize> = 136..148;
const CHECKSUM: std::ops::Range<usize> = 148..156;
const KIND: usize = 156;
const MAGIC: std::ops::Range<usize> = 257..265;
const OWNER_NAME: std::ops::Range<usize> = 265..297;
const GROUP_NAME: std::ops::Range<usize> = 297..329;
const FILE: u8 = b'0';
const FOLDER: u8 = b'5';

/// An archive of `entries`, whose paths are written as `./path`, the way package managers expect.
///
/// # Errors
/// If a path is longer than the format's hundred bytes.
pub(crate) fn write(entries: &BTreeMap<String, Entry>, time: u64) -> Result<Vec<u8>> {
    let mut archive = Vec::new();
    header(&mut archive, "./", FOLDER, 0o755, 0, time)?;
    for (path, entry) in entries {
        match &entry.content {
            None => header(&mut archive, &format!("./{path}/"), FOLDER, entry.mode, 0, time)?,
            Some(content) => {
                header(&mut archive, &format!("./{path}"), FILE, entry.mode, content.len(), time)?;
                archive.extend_from_slice(content);
                archive.resize(archive.len().next_multiple_of(BLOCK), 0);
            }
        }
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    Ok(archive)
}

fn header(archive: &mut Vec<u8>, path: &str, kind: u8, mode: u32, size: usize, time: u64) -> Result<()> {
    ensure!(path.len() <= NAME.len(), "{path} is too long for an archive");
    let mut header = [0; BLOCK];
    header[..path.len()].copy_from_slice(path.as_bytes());
    let mut octal = |field: std::ops::Range<usize>, number: u64| {
        let digits = field.len() - 1;
        header[field.start..field.start + digits].copy_from_slice(format!("{number:0digits$o}").as_bytes());
    };
    octal(MODE, u64::from(mode));
    octal(OWNER, 0);
    octal(GROUP, 0);
    octal(SIZE, size as u64);
    octal(TIME, time);
    header[KIND] = kind;
    header[MAGIC].copy_from_slice(b"ustar\x0000");
    header[OWNER_NAME.start..OWNER_NAME.start + 4].copy_from_slice(b"root");
    header[GROUP_NAME.start..GROUP_NAME.start + 4].copy_from_slice(b"root");
    let sum = checksum(&header);
    header[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    archive.extend_from_slice(&header);
    Ok(())
}

/// The sum of a header's bytes, with its own field taken for spaces.
fn checksum(header: &[u8]) -> u64 {
    let sum: u64 = header.iter().map(|&byte| u64::from(byte)).sum();
    let own: u64 = header[CHECKSUM].iter().map(|&byte| u64::from(byte)).sum();
    sum - own + CHECKSUM.len() as u64 * u64::from(b' ')
}

/// The entries of an archive, and the time of the youngest.
///
/// # Errors
/// If it is damaged, or holds what [`write`] does not make.
pub(crate) fn read(archive: &[u8]) -> Result<(BTreeMap<String, Entry>, u64)> {
    let mut entries = BTreeMap::new();
    let mut youngest = 0;
    let mut rest = archive;
    loop {
        let (header, after) = rest.split_at_checked(BLOCK).context("the archive ends without its two empty blocks")?;
        if header.iter().all(|&byte| byte == 0) {
            ensure!(after.len() >= BLOCK && after.iter().all(|&byte| byte == 0), "something follows the archive's end");
            return Ok((entries, youngest));
        }
        let name = header[NAME].split(|&byte| byte == 0).next().unwrap_or_default();
        let name = std::str::from_utf8(name).context("a path is not UTF-8")?;
        ensure!(octal(&header[CHECKSUM])? == checksum(header), "the header of {name} is damaged");
        ensure!(octal(&header[OWNER])? == 0 && octal(&header[GROUP])? == 0, "{name} is not root's");
        let size = usize::try_from(octal(&header[SIZE])?).context("a size is impossible")?;
        let (content, after) = after
            .split_at_checked(size.checked_next_multiple_of(BLOCK).context("a size is impossible")?)
            .with_context(|| format!("{name} ends before its size"))?;
        let content = match header[KIND] {
            FILE => Some(content[..size].to_vec()),
            FOLDER => None,
            other => bail!("{name} is of the kind {other}, which is neither a file nor a folder"),
        };
        youngest = youngest.max(octal(&header[TIME])?);
        let path = name.strip_prefix("./").with_context(|| format!("{name} does not begin with ./"))?;
        let path = path.trim_end_matches('/');
        ensure!(!path.split('/').any(|part| part == ".."), "{name} leads out of the archive");
        if !path.is_empty() {
            entries.insert(path.to_owned(), Entry { mode: octal(&header[MODE])? as u32, content });
        }
        rest = after;
    }
}

fn octal(field: &[u8]) -> Result<u64> {
    let text = std::str::from_utf8(field).context("a number is not text")?;
    u64::from_str_radix(text.trim_matches(['\0', ' ']), 8).with_context(|| format!("`{text}` is no octal number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::package::sample;

    #[test]
    fn what_is_written_is_read_back() {
        let package = sample();
        let archive = write(&package.entries, package.time).unwrap();
        assert_eq!(read(&archive).unwrap(), (package.entries, package.time));
    }

    #[test]
    fn damage_is_noticed() {
        let package = sample();
        let archive = write(&package.entries, package.time).unwrap();
        for at in [0, 100, 110, 124, 150, 156] {
            let mut damaged = archive.clone();
            damaged[at] ^= 1;
            assert!(read(&damaged).is_err(), "{at}");
        }
        for end in [0, 1, BLOCK, BLOCK + 1, archive.len() - BLOCK] {
            assert!(read(&archive[..end]).is_err(), "{end}");
        }
        let long = [("a".repeat(101), Entry { mode: 0o644, content: None })];
        assert!(write(&long.into(), 0).is_err());
    }

    #[test]
    fn the_systems_own_tar_reads_it() {
        let package = sample();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar");
        std::fs::write(&path, write(&package.entries, package.time).unwrap()).unwrap();
        let output = std::process::Command::new("tar").args(["--utc", "-tvf"]).arg(&path).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let line = text.lines().find(|line| line.ends_with("./usr/sbin/stairgate")).unwrap();
        assert_eq!(line, "-rwxr-xr-x root/root     40000 2023-11-14 22:13 ./usr/sbin/stairgate");
    }
}
