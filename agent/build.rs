//! Compresses what the program carries along and rarely needs: a router has little flash.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

/// The description of the programming interface, and the kernel program.
const FILES: [&str; 2] = ["data/openapi.json", "../ebpf/gate/stairgate.bpf.o"];

fn main() -> io::Result<()> {
    let folder = env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| io::Error::other("cargo runs this"))?;
    for file in FILES.map(Path::new) {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.file_name().ok_or_else(|| io::Error::other("a file without a name"))?;
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&fs::read(file)?)?;
        fs::write(folder.join(name).with_added_extension("gz"), packed.finish()?)?;
    }
    Ok(())
}
