//! What the agent's process keeps of the memory that it needed for a moment. In a process of its own, because the test looks
//! at all of it.

use stairgate::access::password;

/// KiB that a hash takes while it is made.
const HASH_KIB: usize = 12 * 1024;

/// KiB of this process that are in memory (proc_pid_status(5)).
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel tells every process about itself");
    let figure = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    figure.and_then(|figure| figure.parse().ok()).expect("it tells how much is in memory")
}

#[test]
fn the_memory_of_hashing_passwords_is_given_back() {
    let before = resident();
    let hash = password::hash("a gate at the top of the stairs").unwrap();
    for _ in 0..3 {
        // As the pages have it done: on a thread of its own.
        let hash = hash.clone();
        let verified = std::thread::spawn(move || password::verify("a gate at the top of the stairs", Some(&hash)));
        assert!(verified.join().unwrap());
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < HASH_KIB / 2, "grown by {grown} KiB");
}
