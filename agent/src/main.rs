//! The `stairgate` program.

use std::process::ExitCode;

/// The kernel program that belongs to this agent, compressed.
static OBJECT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/stairgate.bpf.o.gz"));

fn main() -> ExitCode {
    stairgate::cli::main(OBJECT)
}
