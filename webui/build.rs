//! Compresses the texts of pages and the files that they refer to: a router has little flash, a family reads one language,
//! and browsers take the files as they lie in the program.

use std::io::Write as _;
use std::path::PathBuf;
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

const FOLDERS: [&str; 2] = ["messages", "src/assets"];

fn main() -> io::Result<()> {
    let folder = env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| io::Error::other("cargo runs this"))?;
    for source in FOLDERS {
        println!("cargo::rerun-if-changed={source}");
        for file in fs::read_dir(source)? {
            let file = file?;
            let mut packed = GzEncoder::new(Vec::new(), Compression::best());
            packed.write_all(&fs::read(file.path())?)?;
            fs::write(folder.join(file.file_name()).with_added_extension("gz"), packed.finish()?)?;
        }
    }
    Ok(())
}
