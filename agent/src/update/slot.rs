//! The slot that is not in use: which partition it is, and how it is written.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::{UpdateError, io_error};
use super::{Step, Watch, counted};
use crate::router_image::slot_of;

/// The slot that is not the one that the kernel was started from, by its command line.
pub(super) fn other_slot(command_line: &str) -> Option<char> {
    Some(if slot_of(command_line)? == 'a' { 'b' } else { 'a' })
}

/// The device of the partition with this GPT name.
pub(super) fn partition(devices: &Path, name: &str) -> Option<PathBuf> {
    let wanted = format!("PARTNAME={name}");
    fs::read_dir(devices).ok()?.flatten().find_map(|entry| {
        let text = fs::read_to_string(entry.path().join("uevent")).ok()?;
        text.lines().any(|line| line == wanted).then(|| Path::new("/dev").join(entry.file_name()))
    })
}

/// Writes the first `bytes` of a file to a partition, down to the disk.
pub(super) fn write(file: &Path, bytes: u64, partition: &Path, watch: &mut Watch<'_>) -> Result<(), UpdateError> {
    let writing = |source| io_error("write", partition, source);
    let mut to = File::options().write(true).open(partition).map_err(writing)?;
    let room = to.seek(SeekFrom::End(0)).map_err(writing)?;
    if bytes > room {
        return Err(UpdateError::TooLarge { bytes, room });
    }
    to.rewind().map_err(writing)?;
    let reading = |source| io_error("read", file, source);
    let mut from = File::open(file).map_err(reading)?.take(bytes);
    counted(&mut from, reading, Step::Writing, Some(bytes), watch, |piece| to.write_all(piece).map_err(writing))?;
    to.sync_all().map_err(writing)
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    #[test]
    fn the_other_slot_is_written() {
        assert_eq!(other_slot("BOOT_IMAGE=x stairgate.slot=a stairgate.trial=no ro"), Some('b'));
        assert_eq!(other_slot("stairgate.slot=b"), Some('a'));
        assert_eq!(other_slot("root=/dev/sda1"), None);
    }

    #[test]
    fn partitions_are_found_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for (device, name) in [("sda3", "root-a"), ("sda4", "root-b")] {
            fs::create_dir(folder.path().join(device)).unwrap();
            let uevent = format!("MAJOR=8\nDEVNAME={device}\nPARTNAME={name}\n");
            fs::write(folder.path().join(device).join("uevent"), uevent).unwrap();
        }
        assert_eq!(partition(folder.path(), "root-b"), Some(PathBuf::from("/dev/sda4")));
        assert_eq!(partition(folder.path(), "root"), None);
    }

    #[test]
    fn a_slot_has_to_be_large_enough_and_every_byte_is_told_of() {
        let content = [7; 25];
        let folder = tempfile::tempdir().unwrap();
        let (file, slot) = (folder.path().join("file"), folder.path().join("slot"));
        fs::write(&file, content).unwrap();
        fs::write(&slot, [0; 10]).unwrap();
        let quiet: &mut Watch<'_> = &mut |_| ControlFlow::Continue(());
        assert!(matches!(write(&file, 25, &slot, quiet), Err(UpdateError::TooLarge { bytes: 25, room: 10 })));
        fs::write(&slot, [0; 30]).unwrap();
        let mut told = Vec::new();
        let told_of = &mut |progress: super::super::Progress| {
            told.push((progress.step, progress.done, progress.total));
            ControlFlow::Continue(())
        };
        write(&file, 25, &slot, told_of).unwrap();
        assert_eq!(fs::read(&slot).unwrap()[..26], [&content[..], &[0]].concat());
        assert_eq!(told, [(Step::Writing, 0, Some(25)), (Step::Writing, 25, Some(25))]);
        let called_off = write(&file, 25, &slot, &mut |_| ControlFlow::Break(()));
        assert!(matches!(called_off, Err(UpdateError::CalledOff)));
    }
}
