//! The machine's memory and disk, and how much of them is in use.

use std::fs;
use std::path::Path;

use stairgate_webui::view::Share;

/// What the kernel tells of the memory, in lines such as `MemTotal:  246784 kB` (proc_meminfo(5)).
const MEMORY_FILE: &str = "/proc/meminfo";

/// The memory; in use is what cannot be had for something new. None if the kernel does not say.
pub(crate) fn memory() -> Option<Share> {
    share_of_memory(&fs::read_to_string(MEMORY_FILE).ok()?)
}

/// The file system that `path` is on. None if it cannot be asked.
pub(crate) fn disk(path: &Path) -> Option<Share> {
    let system = rustix::fs::statvfs(path).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(system.f_frsize);
    Some(Share { used: bytes(system.f_blocks.saturating_sub(system.f_bfree)), total: bytes(system.f_blocks) })
}

fn share_of_memory(text: &str) -> Option<Share> {
    let bytes = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    };
    let (total, available) = (bytes("MemTotal")?, bytes("MemAvailable")?);
    Some(Share { used: total.saturating_sub(available), total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_in_use_is_what_cannot_be_had() {
        let text = "MemTotal:         246784 kB\nMemFree:           20000 kB\nMemAvailable:     146784 kB\n";
        assert_eq!(share_of_memory(text), Some(Share { used: 100_000 * 1024, total: 246_784 * 1024 }));
        for text in ["", "MemTotal: 246784 kB\n", "MemTotal: much kB\nMemAvailable: 1 kB\n"] {
            assert_eq!(share_of_memory(text), None, "{text}");
        }
        let more = share_of_memory("MemTotal: 1 kB\nMemAvailable: 2 kB\n").unwrap();
        assert_eq!(more.used, 0, "more than all cannot be free");
    }

    #[test]
    fn this_machine_has_memory_and_disk() {
        for share in [memory(), disk(Path::new("/"))] {
            let Share { used, total } = share.unwrap();
            assert!(used > 0 && used <= total, "{share:?}");
        }
        assert_eq!(disk(Path::new("/no/such/place")), None);
    }
}
