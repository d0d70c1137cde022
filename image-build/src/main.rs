//! `cargo xtask`: the tools of the project.

mod ebpf;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

/// The tools of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    tool: Tool,
}

#[derive(Subcommand)]
enum Tool {
    /// Build the kernel program from source and check it in.
    Ebpf(ebpf::Options),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().tool {
        Tool::Ebpf(options) => ebpf::run(&options),
    }
}

/// The folder of the whole project.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}
