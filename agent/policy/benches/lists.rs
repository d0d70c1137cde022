//! How long a list takes from text to entries for the domain table.
//!
//! The lists are generated, a million names each, with the lengths and depths of those in public use, so that every
//! machine measures the same.

use std::io::Cursor;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use stairgate_abi::Tag;
use stairgate_policy::lists::{Compiler, Format, Scope, read};

const NAMES: u64 = 1_000_000;

fn main() {
    divan::main();
}

/// From text to entries, reading, hashing, sorting and folding, of a million names in each format.
#[divan::bench(args = Format::ALL, sample_count = 10)]
fn compile(bencher: Bencher<'_, '_>, format: Format) {
    let text = generated(format, NAMES);
    bencher.counter(ItemsCount::new(NAMES)).counter(BytesCount::new(text.len())).bench_local(|| {
        let mut compiler = Compiler::new(black_box(7));
        compiler.add_list(Tag(1), format, Cursor::new(&text)).expect("a generated list is a list");
        compiler.finish().map(|entry| entry.hash).fold(0, u64::wrapping_add)
    });
}

/// An AdBlock list with ten thousand exceptions, which is read twice.
#[divan::bench(sample_count = 10)]
fn compile_with_exceptions(bencher: Bencher<'_, '_>) {
    let mut text = generated(Format::AdBlock, NAMES);
    for number in (0..NAMES).step_by(100) {
        text.push_str(&format!("@@||{}^\n", name(number)));
    }
    bencher.counter(ItemsCount::new(NAMES)).bench_local(|| {
        let mut compiler = Compiler::new(black_box(7));
        compiler.add_list(Tag(1), Format::AdBlock, Cursor::new(&text)).expect("a generated list is a list");
        compiler.finish().map(|entry| entry.hash).fold(0, u64::wrapping_add)
    });
}

/// The largest public list has about this many names.
#[divan::bench(args = [4_600_000], sample_count = 3)]
fn compile_names(bencher: Bencher<'_, '_>, names: u64) {
    let text = generated(Format::Domains, names);
    bencher.counter(ItemsCount::new(names)).bench_local(|| {
        let mut compiler = Compiler::new(black_box(7));
        compiler.add_list(Tag(1), Format::Domains, Cursor::new(&text)).expect("a generated list is a list");
        let entries = compiler.finish().count() as u64;
        assert_eq!(entries, names);
    });
}

/// Reading alone.
#[divan::bench(args = [Format::Domains, Format::AdBlock], sample_count = 10)]
fn read_only(bencher: Bencher<'_, '_>, format: Format) {
    let text = generated(format, NAMES);
    bencher.counter(ItemsCount::new(NAMES)).bench_local(|| {
        let mut below = 0u64;
        read(format, text.as_bytes(), &mut |rule| below += u64::from(rule.scope == Scope::Both)).map(|_| below)
    });
}

fn generated(format: Format, names: u64) -> String {
    let mut text = String::new();
    for number in 0..names {
        let name = name(number);
        text.push_str(&match format {
            Format::Hosts => format!("0.0.0.0 {name}\n"),
            Format::Domains => format!("{name}\n"),
            Format::AdBlock => format!("||{name}^\n"),
            Format::Dnsmasq => format!("address=/{name}/#\n"),
            Format::Unbound => format!("local-zone: \"{name}.\" always_null\n"),
            Format::Rpz => format!("{name} CNAME .\n"),
        });
    }
    text
}

/// A name with two to four labels and about 20 characters.
fn name(number: u64) -> String {
    const ENDS: [&str; 8] = ["com", "net", "org", "de", "co.uk", "info", "xyz", "example.com"];
    const FRONTS: [&str; 4] = ["", "www.", "ads.", "static-1."];
    // A bijection of 64 bits, so that the names are distinct and in no order.
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let letters: String = (0..8).map(|at| char::from(b'a' + (mixed >> (at * 5 + 20) & 15) as u8)).collect();
    let (front, end) = (FRONTS[(mixed >> 13 & 3) as usize], ENDS[(mixed >> 10 & 7) as usize]);
    format!("{front}{letters}-{number:x}.{end}")
}
