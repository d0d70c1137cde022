//! A million names: real ones where there are some beside the project, generated ones otherwise.

use std::fmt::Write as _;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use stairgate_abi::Tag;
use stairgate_abi::table::BUCKET_SLOTS;
use stairgate_policy::lists::{Compiler, Entry, Format, Scope, read};

use super::median;
use crate::workspace;

/// Names that are loaded.
pub(super) const NAMES: usize = 1_000_000;
/// The category of all of them.
pub(super) const TAG: Tag = Tag(1);
/// Key of the name hash.
pub(super) const HASH_KEY: u64 = 0x5e3d_91c7_0a64_f28b;
/// Lists of plain domains, beside the project when somebody put them there.
const LISTS: &str = "../shared/data/lists/ut1";
/// Times that compiling is repeated.
const ROUNDS: usize = 5;
/// Slots are filled to nine tenths at most, as the agent does.
const FILL_TENTHS: usize = 9;

/// The names as the text of a list in the format [`Format::Domains`].
pub(super) struct Domains {
    pub(super) text: String,
}

/// What the lists compiler made of them.
pub(super) struct Compiled {
    pub(super) entries: Vec<Entry>,
    pub(super) buckets: u32,
    pub(super) milliseconds_per_million: f64,
    /// A few of the names, from all over the list.
    pub(super) sample: Vec<String>,
}

impl Domains {
    /// Reads real lists, smallest first, and generates what is missing.
    pub(super) fn load() -> Result<Self> {
        let mut text = String::new();
        let mut count = 0;
        for path in lists(&workspace().join(LISTS)) {
            let list = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            read(Format::Domains, Cursor::new(list), &mut |rule| {
                if count < NAMES && rule.scope == Scope::Both {
                    text.push_str(rule.name);
                    text.push('\n');
                    count += 1;
                }
            })
            .with_context(|| format!("{} is not a list of domains", path.display()))?;
        }
        let mut numbers = Numbers(HASH_KEY);
        for _ in count..NAMES {
            generate(&mut numbers, &mut text);
        }
        Ok(Self { text })
    }

    /// Compiles the text, some times over.
    pub(super) fn compile(&self) -> Result<Compiled> {
        let mut times = Vec::new();
        let mut entries = Vec::new();
        for _ in 0..ROUNDS {
            drop(entries);
            let start = Instant::now();
            let mut compiler = Compiler::new(HASH_KEY);
            compiler.add_list(TAG, Format::Domains, Cursor::new(&self.text))?;
            entries = compiler.finish().collect();
            times.push(start.elapsed().as_secs_f64() * 1e3 * 1e6 / NAMES as f64);
        }
        ensure!(entries.len() > NAMES / 2, "only {} of {NAMES} names are distinct", entries.len());
        let buckets = (NAMES * 10).div_ceil(BUCKET_SLOTS * FILL_TENTHS) as u32;
        let sample = self.text.lines().step_by(NAMES / 61).map(str::to_owned).collect();
        Ok(Compiled { entries, buckets, milliseconds_per_million: median(times), sample })
    }
}

impl Compiled {
    /// Bytes of the kernel's table for each of the names it is made for.
    pub(super) fn bytes_per_domain(&self) -> f64 {
        self.buckets as f64 * (BUCKET_SLOTS * size_of::<u64>()) as f64 / NAMES as f64
    }
}

/// The files called `domains`, the smallest first so that there are names of every kind.
fn lists(folder: &Path) -> Vec<std::path::PathBuf> {
    let folders = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = folders
        .map(|folder| folder.path().join("domains"))
        .filter_map(|path| Some((fs::metadata(&path).ok()?.len(), path)))
        .filter(|(size, _)| *size > 0)
        .collect();
    files.sort();
    files.into_iter().map(|(_, path)| path).collect()
}

/// Appends a name with two or three labels.
fn generate(numbers: &mut Numbers, text: &mut String) {
    const TOP: [&str; 6] = ["com", "net", "org", "de", "info", "xyz"];
    let number = numbers.next();
    for _ in 0..1 + (number & 3) / 3 {
        // Eight to fifteen letters.
        let length = 8 + numbers.next() % 8;
        text.extend((0..length).map(|_| char::from(b'a' + (numbers.next() % 26) as u8)));
        text.push('.');
    }
    let _ = writeln!(text, "{}", TOP[number as usize / 8 % TOP.len()]);
}

/// The same numbers in every run (xorshift64*).
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }
}
