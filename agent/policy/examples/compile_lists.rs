//! Compiles list files and prints what became of them, how long it took and how much memory.
//!
//! ```sh
//! cargo run --release -p stairgate-policy --example compile_lists -- FILE…
//! ```
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::time::Instant;

use stairgate_abi::Tag;
use stairgate_policy::lists::{Compiler, DETECT_BYTES, detect};

fn main() -> Result<(), Box<dyn Error>> {
    let before = peak_kib()?;
    let started = Instant::now();
    let mut compiler = Compiler::new(1);
    for (number, path) in std::env::args_os().skip(1).enumerate() {
        let shown = path.display();
        let mut file = BufReader::with_capacity(DETECT_BYTES, File::open(&path)?);
        let tag = Tag((number % 63 + 1) as u8);
        let result = detect(file.fill_buf()?)
            .and_then(|format| compiler.add_list(tag, format, &mut file).map(|report| (format, report)));
        match result {
            Ok((format, report)) => {
                let skips: Vec<String> =
                    report.skips().map(|(reason, count)| format!("{count} {}", reason.title())).collect();
                let (names, duplicates) = (report.names, report.duplicates);
                println!("{shown}: {format}, {names} names, {duplicates} duplicates; {}", skips.join(", "));
            }
            Err(error) => println!("{shown}: not used: {error}"),
        }
    }
    let entries = compiler.finish().count();
    let (elapsed, extra) = (started.elapsed(), peak_kib()?.saturating_sub(before));
    println!("{entries} entries in {elapsed:.3?}, {:.1} MiB at most", extra as f64 / 1024.0);
    Ok(())
}

/// The most memory that this process had resident, in KiB.
fn peak_kib() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc/self/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
