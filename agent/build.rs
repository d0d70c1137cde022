//! Compresses what the program carries along and rarely needs: a router has little flash.

use std::io::Write as _;
use std::path::PathBuf;
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

/// The description of the programming interface.
const DESCRIPTION: &str = "data/openapi.json";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={DESCRIPTION}");
    let folder = env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| io::Error::other("cargo runs this"))?;
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&fs::read(DESCRIPTION)?)?;
    fs::write(folder.join("openapi.json.gz"), packed.finish()?)
}
