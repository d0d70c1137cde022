//! Gives up every right that the agent does not need once it runs.

use std::io;

use rustix::io::Errno;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set, remove_capability_from_bounding_set,
    set_capabilities, set_no_new_privs,
};

/// What stays, and why:
/// - `NET_ADMIN`: XDP programs are attached with it, and an interface that comes back needs its program again; so is
///   the tables that capture port 53 and lead closed devices to the pages;
/// - `BPF` and `PERFMON`: programs are loaded and maps opened with them, when an interface comes back or the pins are
///   looked up again. `PERFMON` because the verifier wants it for programs with loops and callbacks;
/// - `NET_BIND_SERVICE`: an interface that comes back needs new sockets for the resolver's ports.
pub const KEPT: CapabilitySet = CapabilitySet::NET_ADMIN
    .union(CapabilitySet::BPF)
    .union(CapabilitySet::PERFMON)
    .union(CapabilitySet::NET_BIND_SERVICE);

/// Drops all capabilities but [`KEPT`] from this thread and those it will start, for good: a new program cannot regain
/// them either. Must run before other threads are started.
///
/// # Errors
/// As the system says.
pub fn drop_all_but_needed() -> io::Result<()> {
    // The bounding set first: it takes CAP_SETPCAP, which the next step gives up.
    for capability in CapabilitySet::all().iter().filter(|capability| !KEPT.contains(*capability)) {
        // Neither known to this kernel nor in the set: nothing to do.
        if capability_is_in_bounding_set(capability) != Ok(true) {
            continue;
        }
        match remove_capability_from_bounding_set(capability) {
            // Without CAP_SETPCAP there is nothing to regain: no_new_privs below sees to that.
            Ok(()) | Err(Errno::PERM) => {}
            Err(error) => return Err(error.into()),
        }
    }
    set_no_new_privs(true)?;
    let kept = capabilities(None)?.permitted & KEPT;
    set_capabilities(None, CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() })?;
    Ok(())
}

/// Those of [`KEPT`] that this process lacks.
///
/// # Errors
/// As the system says.
pub fn missing() -> io::Result<CapabilitySet> {
    Ok(KEPT - capabilities(None)?.effective)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_stays_dropped() {
        // Capabilities belong to a thread, so this one is the only one that loses them.
        let dropped = std::thread::spawn(|| {
            drop_all_but_needed().unwrap();
            capabilities(None).unwrap()
        });
        let sets = dropped.join().unwrap();
        assert!(KEPT.contains(sets.effective) && KEPT.contains(sets.permitted), "{sets:?}");
        assert!(sets.inheritable.is_empty());
    }
}
