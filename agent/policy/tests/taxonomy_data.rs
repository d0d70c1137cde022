//! The taxonomy against the directories of a blacklist in public use.
//!
//! They are found beside the repository, in `../shared/data`, or where the environment variable `STAIRGATE_DATA` says.
//! Where there are none, this test prints a note and passes.

use std::fs;
use std::path::{Path, PathBuf};

use stairgate_policy::taxonomy::of_ut1_directory;

/// Directories that say nothing rules could go by, or that are about something else than what a site is for.
const LEFT_OUT: [&str; 20] = [
    "associations_religieuses",
    "astrology",
    "bank",
    "celebrity",
    "cooking",
    "dynamic-dns",
    "examen_pix",
    "exceptions_liste_bu",
    "financial",
    "jobsearch",
    "liste_blanche",
    "manga",
    "mobile-phone",
    "reaffected",
    "special",
    "strict_redirector",
    "strong_redirector",
    "tricheur",
    "tricheur_pix",
    "webhosting",
];

#[test]
fn every_directory_is_mapped_or_left_out_on_purpose() {
    let data = match std::env::var_os("STAIRGATE_DATA") {
        Some(data) => PathBuf::from(data),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    let ut1 = data.join("lists/ut1");
    if !ut1.is_dir() {
        println!("skipped: no lists in {}; STAIRGATE_DATA can name another directory", ut1.display());
        return;
    }
    let entries = fs::read_dir(ut1).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir());
    let names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(names.len() > 50);
    for name in names {
        assert_ne!(of_ut1_directory(&name).is_some(), LEFT_OUT.contains(&name.as_str()), "{name}");
    }
}
