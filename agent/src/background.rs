//! Work that gives way to everything else: compiling millions of names must not hold up a single answer.

use std::io;
use std::thread::{Builder, JoinHandle};

use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

/// Runs `work` on a thread of its own that the kernel sets aside at once when any other thread of the machine has
/// something to do (`SCHED_IDLE`, sched(7)). An ordinary thread, however low its priority, keeps the processor to the end
/// of its slice, which is milliseconds that a waiting question would have to wait for.
///
/// # Errors
/// As the system says.
pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name.to_owned()).spawn(move || {
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        if let Err(error) = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle) {
            tracing::debug!(%error, "background work has the priority of everything else");
        }
        work()
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    #[test]
    fn gives_way() {
        let of_thread = || {
            let text = fs::read_to_string("/proc/thread-self/stat").unwrap();
            // The policy is field 41, sched(7) numbers it; the name in parentheses may have spaces.
            text.rsplit(')').next().unwrap().split_whitespace().nth(38).unwrap().to_owned()
        };
        assert_eq!(super::spawn("test", of_thread).unwrap().join().unwrap(), "5");
        assert_eq!(of_thread(), "0");
    }
}
