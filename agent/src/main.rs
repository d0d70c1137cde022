//! The `stairgate` program.

use std::process::ExitCode;

/// The kernel program that belongs to this agent.
static OBJECT: &[u8] = aya::include_bytes_aligned!("../../ebpf/gate/stairgate.bpf.o");

fn main() -> ExitCode {
    stairgate::cli::main(OBJECT)
}
