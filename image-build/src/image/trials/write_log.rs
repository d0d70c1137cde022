//! What a disk holds after a power cut, worked out from the log of everything that was written to it.
//!
//! QEMU's `blklogwrites` keeps that log, in the form of Linux's device-mapper target `log-writes`
//! (Documentation/admin-guide/device-mapper/log-writes.rst): a first sector that says what it is, and then for each request
//! a sector with where, how much and what kind, followed by the data. A disk has a cache, so what it holds after a cut is
//! what was flushed, and of each later write everything, nothing, or the first sectors of it. The machine's own memory and
//! all that was never sent to the disk are lost in any case.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// What the first sector begins with.
const MAGIC: u64 = 0x006a_7366_7773_6872;
const SECTOR: u64 = 512;
/// Kinds of requests: the disk's cache is emptied before them, this write does not stay in it, and the data is thrown away.
const FLUSH: u64 = 1;
const FUA: u64 = 2;
const DISCARD: u64 = 4;
/// Sectors of one request at most; more is a log that is misread.
const REQUEST_SECTORS_MAX: u64 = 1 << 20;

/// One request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Request {
    /// The first sector on the disk.
    sector: u64,
    /// How many.
    sectors: u64,
    flags: u64,
    /// Where its data is in the log, in bytes.
    data: u64,
}

impl Request {
    const fn has_data(&self) -> bool {
        self.flags & DISCARD == 0 && self.sectors > 0
    }

    /// Where it ends in the log, in bytes.
    const fn end(&self) -> u64 {
        if self.has_data() { self.data + self.sectors * SECTOR } else { self.data }
    }
}

/// A log that nobody writes to any longer.
pub(super) struct WriteLog {
    file: File,
    requests: Vec<Request>,
}

impl WriteLog {
    /// Reads it.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).with_context(|| format!("there is no {}", path.display()))?;
        let length = file.metadata().context("cannot look at the log")?.len();
        let mut sector = [0; SECTOR as usize];
        file.read_exact(&mut sector).context("the log is empty")?;
        ensure!(word(&sector, 0) == MAGIC, "{} is no log of writes", path.display());
        let mut requests = Vec::new();
        let mut at = SECTOR;
        while at + SECTOR <= length {
            file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut sector)).context("cannot read the log")?;
            let [sector, sectors, flags] = [word(&sector, 0), word(&sector, 8), word(&sector, 16)];
            let request = Request { sector, sectors, flags, data: at + SECTOR };
            ensure!(sectors <= REQUEST_SECTORS_MAX, "a request of {sectors} sectors in the log");
            // The machine was switched off while it wrote this one, or before.
            if request.end() > length || (sectors == 0 && flags == 0) {
                break;
            }
            at = request.end();
            requests.push(request);
        }
        Ok(Self { file, requests })
    }

    /// How many requests it has.
    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    /// How many requests were complete when the log had this many bytes.
    pub(super) fn requests_at(&self, bytes: u64) -> usize {
        self.requests.partition_point(|request| request.end() <= bytes)
    }

    /// How many bytes the log had after `count` requests.
    pub(super) fn size_after(&self, count: usize) -> u64 {
        self.requests[..count.min(self.requests.len())].last().map_or(SECTOR, Request::end)
    }

    /// Brings `disk`, as it was before the first request, to what it holds if the power goes after `count` requests.
    /// `chance` decides about what was not flushed: it is given a number of possibilities, and returns one of them.
    pub(super) fn replay(&mut self, count: usize, disk: &Path, mut chance: impl FnMut(u64) -> u64) -> Result<()> {
        let mut disk = File::options().write(true).open(disk).context("cannot write the disk")?;
        let requests = &self.requests[..count.min(self.requests.len())];
        let flushed = requests.iter().rposition(|request| request.flags & FLUSH != 0).unwrap_or(0);
        for (number, request) in requests.iter().enumerate().filter(|(_, request)| request.has_data()) {
            let kept = if number < flushed || request.flags & FUA != 0 {
                request.sectors
            } else {
                match chance(3) {
                    0 => 0,
                    1 => chance(request.sectors + 1),
                    _ => request.sectors,
                }
            };
            let mut data = vec![0; usize::try_from(kept * SECTOR).context("a request is too large")?];
            self.file
                .seek(SeekFrom::Start(request.data))
                .and_then(|_| self.file.read_exact(&mut data))
                .context("cannot read the log")?;
            disk.seek(SeekFrom::Start(request.sector * SECTOR))
                .and_then(|_| disk.write_all(&data))
                .context("cannot write the disk")?;
        }
        Ok(())
    }
}

/// The number at `at`, the lowest byte first.
fn word(sector: &[u8; SECTOR as usize], at: usize) -> u64 {
    sector[at..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(sector: u64, flags: u64, fill: u8, sectors: usize) -> Vec<u8> {
        let mut bytes = vec![0; SECTOR as usize];
        let count = sectors as u64;
        for (at, value) in [sector, count, flags].into_iter().enumerate() {
            bytes[at * 8..][..8].copy_from_slice(&value.to_le_bytes());
        }
        if flags & DISCARD == 0 {
            bytes.extend(vec![fill; sectors * SECTOR as usize]);
        }
        bytes
    }

    /// The first byte of each of the disk's four sectors after a cut.
    fn disk_after(count: usize, chance: impl FnMut(u64) -> u64) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let mut log = vec![0; SECTOR as usize];
        log[..8].copy_from_slice(&MAGIC.to_le_bytes());
        for part in [
            request(0, 0, 1, 2),
            request(0, FLUSH, 0, 0),
            request(1, 0, 2, 3),
            request(0, DISCARD, 0, 4),
            request(0, FUA, 3, 1),
            vec![7; 100],
        ] {
            log.extend(part);
        }
        let (path, disk) = (folder.path().join("log"), folder.path().join("disk"));
        std::fs::write(&path, log).unwrap();
        std::fs::write(&disk, [0; 4 * SECTOR as usize]).unwrap();
        let mut log = WriteLog::open(&path).unwrap();
        assert_eq!(log.len(), 5);
        log.replay(count, &disk, chance).unwrap();
        std::fs::read(&disk).unwrap().iter().step_by(SECTOR as usize).copied().collect()
    }

    #[test]
    fn what_was_flushed_stays_and_the_rest_may() {
        assert_eq!(disk_after(0, |_| 0), [0, 0, 0, 0]);
        assert_eq!(disk_after(1, |_| 0), [0, 0, 0, 0]);
        assert_eq!(disk_after(2, |_| 0), [1, 1, 0, 0]);
        assert_eq!(disk_after(3, |_| 0), [1, 1, 0, 0]);
        assert_eq!(disk_after(3, |_| 2), [1, 2, 2, 2]);
        assert_eq!(disk_after(3, |_| 1), [1, 2, 0, 0]);
        assert_eq!(disk_after(5, |_| 0), [3, 1, 0, 0]);
    }

    #[test]
    fn a_log_is_known_by_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, [1; 1024]).unwrap();
        assert!(WriteLog::open(&path).is_err());
    }

    #[test]
    fn a_size_tells_which_requests_were_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = vec![0; SECTOR as usize];
        log[..8].copy_from_slice(&MAGIC.to_le_bytes());
        log.extend(request(0, 0, 1, 2));
        log.extend(request(0, FLUSH, 0, 0));
        std::fs::write(&path, &log).unwrap();
        let log = WriteLog::open(&path).unwrap();
        assert_eq!([512, 2047, 2048, 2559, 2560].map(|bytes| log.requests_at(bytes)), [0, 0, 1, 1, 2]);
    }
}
