//! The disk: partitions, GRUB for BIOS and UEFI, and the first slot.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::program;
use crate::process::succeed_with_input;
use crate::workspace;

const SECTOR: u64 = 512;
const MIB: u64 = 1 << 20;
/// What a slot's content may have at most.
const SLOT_BYTES: u64 = 80 * MIB;
/// GRUB for BIOS, which has no file system to lie in.
const BIOS: Partition = Partition { start: MIB, bytes: MIB };
/// GRUB for UEFI, what both read, and what people may write before the first start.
const ESP: Partition = Partition { start: 2 * MIB, bytes: 16 * MIB };
const SLOT_A: Partition = Partition { start: 18 * MIB, bytes: SLOT_BYTES };
const SLOT_B: Partition = Partition { start: 18 * MIB + SLOT_BYTES, bytes: SLOT_BYTES };
/// The family's data. The first start makes it as large as the disk allows.
const DATA: Partition = Partition { start: 18 * MIB + 2 * SLOT_BYTES, bytes: 8 * MIB };
/// The whole, with room for the second copy of the partition table.
const DISK_BYTES: u64 = DATA.start + DATA.bytes + MIB;
/// The partition types of the GPT, from the UEFI specification §5.3.3, GRUB's manual, and systemd's list.
const TYPE_BIOS: &str = "21686148-6449-6E6F-744E-656564454649";
const TYPE_ESP: &str = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
const TYPE_LINUX: &str = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";
/// The disk's own identifier: the same for every copy, as the image is.
const DISK_ID: &str = "5A1B6A7E-57A1-4C6A-8D2E-0B1E5C0FFEE5";
/// What the boot partition's file system is called; GRUB looks for it.
const LABEL: &str = "STAIRGATE";
const ESP_SERIAL: &str = "57A16A7E";
/// The block that GRUB keeps its variables in.
const VARIABLES_BYTES: usize = 1024;
/// Modules of GRUB that the configuration uses.
const GRUB_MODULES: [&str; 17] = [
    "part_gpt",
    "fat",
    "squash4",
    "gzio",
    "normal",
    "configfile",
    "search",
    "search_label",
    "linux",
    "echo",
    "test",
    "loadenv",
    "serial",
    "terminal",
    "sleep",
    "reboot",
    "regexp",
];
const BOOT_FOLDER: &str = "image-build/x86/boot";
/// Fields of GRUB's boot.img: where the first sector of core.img is, and the check of the boot drive.
const BOOT_KERNEL_SECTOR: usize = 0x5c;
const BOOT_DRIVE_CHECK: usize = 0x66;
/// Two `nop`: the drive that the BIOS names is the one, as grub-setup has it for all but old floppy controllers.
const NO_DRIVE_CHECK: [u8; 2] = [0x90, 0x90];
/// What a disk's identifier and the partition table of old occupy in the first sector.
const MBR_TABLE: std::ops::Range<usize> = 440..510;
/// The first entry of the list of blocks at the end of core.img's first sector: start, length, segment.
const CORE_BLOCK_LIST: usize = 0x1f4;
/// The segment that the rest of core.img is loaded to.
const CORE_SEGMENT: u16 = 0x820;

struct Partition {
    start: u64,
    bytes: u64,
}

/// Where the boot partition begins, in bytes.
pub(super) const fn boot_partition_start() -> u64 {
    ESP.start
}

/// Where the data partition begins, in bytes.
pub(super) const fn data_partition_start() -> u64 {
    DATA.start
}

/// Writes the disk, with `slot` as the content of its first slot.
pub(super) fn write(disk: &Path, folder: &Path, slot: &Path) -> Result<()> {
    let bytes = fs::metadata(slot).with_context(|| format!("cannot look at {}", slot.display()))?.len();
    ensure!(bytes <= SLOT_BYTES, "the root file system has {bytes} bytes, and a slot {SLOT_BYTES}");
    let mut file = File::create(disk).with_context(|| format!("cannot write {}", disk.display()))?;
    file.set_len(DISK_BYTES).context("cannot make the disk as large as it has to be")?;
    drop(file);
    succeed_with_input(Command::new("sfdisk").args(["--quiet", "--no-reread"]).arg(disk), table().as_bytes())?;
    file =
        File::options().read(true).write(true).open(disk).with_context(|| format!("cannot open {}", disk.display()))?;
    put_file(&mut file, &boot_partition(folder)?, ESP.start)?;
    put_file(&mut file, slot, SLOT_A.start)?;
    bios(&mut file, folder)
}

/// The partitions, as sfdisk reads them.
fn table() -> String {
    let mut text = format!("label: gpt\nlabel-id: {DISK_ID}\nfirst-lba: 2048\n");
    for (number, (name, kind, partition)) in [
        ("bios", TYPE_BIOS, BIOS),
        ("esp", TYPE_ESP, ESP),
        ("root-a", TYPE_LINUX, SLOT_A),
        ("root-b", TYPE_LINUX, SLOT_B),
        ("data", TYPE_LINUX, DATA),
    ]
    .into_iter()
    .enumerate()
    {
        let (start, size) = (partition.start / SECTOR, partition.bytes / SECTOR);
        let id = format!("{}{number:x}", &DISK_ID[..DISK_ID.len() - 1]);
        text += &format!("start={start}, size={size}, type={kind}, uuid={id}, name={name}\n");
    }
    text
}

/// Makes the boot partition's file system and returns its file.
fn boot_partition(folder: &Path) -> Result<std::path::PathBuf> {
    let image = folder.join("esp.img");
    let sources = workspace().join(BOOT_FOLDER);
    let _ = fs::remove_file(&image);
    File::create(&image).and_then(|file| file.set_len(ESP.bytes)).context("cannot make the boot partition")?;
    program(Command::new("mkfs.vfat").args(["-F", "16", "-n", LABEL, "-i", ESP_SERIAL, "--invariant"]).arg(&image))?;
    let efi = folder.join("BOOTX64.EFI");
    grub("x86_64-efi", &["efi_gop", "all_video"], &efi)?;
    let variables = folder.join("grubenv");
    fs::write(&variables, grub_variables("slot=a\n")).context("cannot write GRUB's variables")?;
    let mtools = |program: &str| {
        let mut command = Command::new(program);
        command.env("MTOOLS_SKIP_CHECK", "1").arg("-i").arg(&image);
        command
    };
    program(mtools("mmd").args(["::/EFI", "::/EFI/BOOT", "::/grub"]))?;
    for (file, name) in [
        (efi, "::/EFI/BOOT/BOOTX64.EFI"),
        (sources.join("grub.cfg"), "::/grub/grub.cfg"),
        (variables, "::/grub/grubenv"),
        (sources.join("stairgate.conf"), "::/stairgate.conf"),
    ] {
        program(mtools("mcopy").arg(file).arg(name))?;
    }
    Ok(image)
}

/// A block of variables as GRUB reads it.
pub(super) fn grub_variables(text: &str) -> Vec<u8> {
    let mut block = format!("# GRUB Environment Block\n{text}").into_bytes();
    block.resize(VARIABLES_BYTES, b'#');
    block
}

fn grub(platform: &str, further: &[&str], to: &Path) -> Result<()> {
    let mut command = Command::new("grub-mkimage");
    command.args(["-O", platform, "-p", "/grub", "-c"]).arg(workspace().join(BOOT_FOLDER).join("early.cfg"));
    program(command.arg("-o").arg(to).args(GRUB_MODULES).args(further))
}

/// Writes GRUB for BIOS: boot.img to the first sector, core.img to its partition, each told where to go on.
fn bios(disk: &mut File, folder: &Path) -> Result<()> {
    let path = folder.join("core.img");
    grub("i386-pc", &["biosdisk"], &path)?;
    let mut core = fs::read(&path).context("cannot read core.img")?;
    core.resize(core.len().next_multiple_of(SECTOR as usize), 0);
    ensure!(core.len() as u64 <= BIOS.bytes, "GRUB for BIOS has {} bytes, and its partition fewer", core.len());
    let mut boot = fs::read(super::GRUB_PARTS[0].0).context("cannot read boot.img")?;
    ensure!(boot.len() == SECTOR as usize, "boot.img is not one sector");
    let mut first = vec![0; SECTOR as usize];
    disk.seek(SeekFrom::Start(0)).and_then(|_| disk.read_exact(&mut first)).context("cannot read the disk")?;
    boot[MBR_TABLE].copy_from_slice(&first[MBR_TABLE]);
    let start = BIOS.start / SECTOR;
    boot[BOOT_KERNEL_SECTOR..BOOT_KERNEL_SECTOR + 8].copy_from_slice(&start.to_le_bytes());
    boot[BOOT_DRIVE_CHECK..BOOT_DRIVE_CHECK + 2].copy_from_slice(&NO_DRIVE_CHECK);
    let sectors = u16::try_from(core.len() as u64 / SECTOR - 1).context("core.img is too large")?;
    let mut entry = (start + 1).to_le_bytes().to_vec();
    entry.extend(sectors.to_le_bytes());
    entry.extend(CORE_SEGMENT.to_le_bytes());
    core[CORE_BLOCK_LIST..CORE_BLOCK_LIST + entry.len()].copy_from_slice(&entry);
    put(disk, &boot, 0)?;
    put(disk, &core, BIOS.start)
}

fn put_file(disk: &mut File, path: &Path, at: u64) -> Result<()> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    put(disk, &bytes, at)
}

fn put(disk: &mut File, bytes: &[u8], at: u64) -> Result<()> {
    disk.seek(SeekFrom::Start(at)).and_then(|_| disk.write_all(bytes)).context("cannot write the disk")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_fill_their_block() {
        let block = grub_variables("slot=a\n");
        assert_eq!(block.len(), VARIABLES_BYTES);
        assert!(block.starts_with(b"# GRUB Environment Block\nslot=a\n###"));
    }

    #[test]
    fn partitions_follow_each_other() {
        let all = [BIOS, ESP, SLOT_A, SLOT_B, DATA];
        for pair in all.windows(2) {
            assert_eq!(pair[0].start + pair[0].bytes, pair[1].start);
        }
    }
}
