//! Compresses the texts of pages: a router has little flash, and a family reads one language.

use std::io::Write as _;
use std::path::PathBuf;
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

const MESSAGES: &str = "messages";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={MESSAGES}");
    let folder = env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| io::Error::other("cargo runs this"))?;
    for file in fs::read_dir(MESSAGES)? {
        let file = file?;
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&fs::read(file.path())?)?;
        fs::write(folder.join(file.file_name()).with_added_extension("gz"), packed.finish()?)?;
    }
    Ok(())
}
