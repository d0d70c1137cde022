//! Waiting until nobody can still be reading what was just taken out of use.

use std::time::Duration;

use rustix::thread::{MembarrierCommand, membarrier};

/// How long to wait where the kernel offers no grace period. A run of the program takes microseconds.
const FALLBACK: Duration = Duration::from_millis(50);

/// Returns once every run of the kernel program that had begun before the call has ended.
///
/// `membarrier(MEMBARRIER_CMD_GLOBAL)` is `synchronize_rcu()` for user space, and XDP programs run inside an RCU read
/// section with bottom halves disabled. With one processor the call returns at once, and rightly: our thread cannot run
/// in the middle of such a section. Kernels with `nohz_full=` and sandboxes refuse the call; there, sleeping for far
/// longer than a program may run does as well in practice. It takes from a few milliseconds to some tens.
pub(super) fn wait() {
    if membarrier(MembarrierCommand::Global).is_err() {
        std::thread::sleep(FALLBACK);
    }
}
