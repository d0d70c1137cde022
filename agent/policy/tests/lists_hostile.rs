//! Files that are no lists, and readers that deliver as they like.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::io::{self, BufRead, Cursor, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use stairgate_abi::Tag;
use stairgate_policy::lists::{Compiler, DETECT_BYTES, Format, LINE_MAX, ReadError, Report, Skip, detect, find, read};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Names as they were read, and what became of the list.
fn outcome(format: Format, reader: impl BufRead) -> (Vec<(String, u64)>, Result<Report, String>) {
    let mut rules = Vec::new();
    let report = read(format, reader, &mut |rule| rules.push((format!("{:?} {}", rule.scope, rule.name), rule.line)));
    (rules, report.map_err(|error| error.to_string()))
}

#[test]
fn junk_is_refused_with_a_sentence() {
    let refused = |text: &[u8], sentence: &str| {
        for format in Format::ALL {
            let error = outcome(format, text).1.unwrap_err();
            assert!(error.contains(sentence), "{format}: {error}");
        }
    };
    refused(b"", "empty");
    refused(b"\n\n  \n", "empty");
    refused(b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n", "a web page");
    refused(b"\n  <html>", "a web page");
    refused(b"{\"error\": \"gone\"}\n", "JSON");
    refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "none of its lines can be used");
    refused(b"\x7fELF\x02\x01\x01\0\0\0\0", "binary data");
    refused(b"PK\x03\x04\x14\0\0\0", "a ZIP archive");
    refused(b"\x1f\x8b", "cut off");
}

#[test]
fn words_are_no_list() {
    let prose = "The site is down for maintenance.\nPlease come back later, or write to us.\nexample.com\nThank you.\n";
    for format in [Format::Hosts, Format::Domains] {
        let error = outcome(format, prose.as_bytes()).1.unwrap_err();
        assert!(error.contains("3 of its 4 rules cannot be read"), "{format}: {error}");
    }
    let wrong_format = "||a.example^\n||b.example^\n";
    for format in Format::ALL.into_iter().filter(|&format| format != Format::AdBlock) {
        outcome(format, wrong_format.as_bytes()).1.unwrap_err();
    }
}

#[test]
fn a_list_of_something_else_is_refused_with_the_reason() {
    let error = outcome(Format::Domains, &b"192.0.2.1\n192.0.2.2 # c\n2001:db8::1\n"[..]).1.unwrap_err();
    assert_eq!(error, "none of its lines can be used (3 IP addresses); check its format");
    let error = outcome(Format::Domains, &b"a.example/x\nb.example/y\n"[..]).1.unwrap_err();
    assert!(error.contains("2 parts of sites"), "{error}");
}

#[test]
fn a_line_without_end_is_counted_and_not_kept() {
    let long = io::repeat(b'x').take(10 << 20);
    let reader =
        io::BufReader::with_capacity(4096, Cursor::new("a.example\n").chain(long).chain(Cursor::new("\nb.example")));
    let (rules, report) = outcome(Format::Domains, reader);
    let report = report.unwrap();
    assert_eq!(rules, [("Both a.example".to_owned(), 1), ("Both b.example".to_owned(), 3)]);
    assert_eq!((report.skipped(Skip::LongLine), report.lines), (1, 3));
}

#[test]
fn the_longest_line_is_read_and_one_byte_more_is_not() {
    let line = |length: usize| format!("good.example\na.example #{}\n", "c".repeat(length - "a.example #".len()));
    assert_eq!(outcome(Format::Domains, line(LINE_MAX).as_bytes()).0.len(), 2);
    let (rules, report) = outcome(Format::Domains, line(LINE_MAX + 1).as_bytes());
    assert_eq!((rules.len(), report.unwrap().skipped(Skip::LongLine)), (1, 1));
}

#[test]
fn gzip_is_read_like_the_text() {
    let text = b"a.example\nb.example\n";
    let (first, second) = text.split_at(12);
    let expected = outcome(Format::Domains, &text[..]);
    assert_eq!(outcome(Format::Domains, &gzip(text)[..]), expected);
    // Several members, one after the other (RFC 1952 section 2.2).
    assert_eq!(outcome(Format::Domains, &[gzip(first), gzip(second)].concat()[..]), expected);
    assert_eq!(detect(&gzip(b"0.0.0.0 a.example\n")).unwrap(), Format::Hosts);
    let mut compiler = Compiler::new(1);
    let list = gzip(b"||a.example^\n@@||x.a.example^\n");
    compiler.add_list(Tag(1), Format::AdBlock, Cursor::new(list)).unwrap();
    assert_eq!(compiler.finish().count(), 2);
    assert_eq!(find(Format::Domains, &gzip(text)[..], "x.b.example").unwrap().len(), 1);
}

#[test]
fn damaged_gzip_is_refused_wherever_it_ends() {
    let text: String = (0..100).map(|number| format!("name-{number}.example\n")).collect();
    let whole = gzip(text.as_bytes());
    for end in 2..whole.len() {
        let error = read(Format::Domains, &whole[..end], &mut |_| {}).unwrap_err();
        assert!(matches!(error, ReadError::Truncated), "{end}: {error}");
    }
    let mut wrong_checksum = whole.clone();
    let at = whole.len() - 5;
    wrong_checksum[at] ^= 1;
    assert!(matches!(read(Format::Domains, &wrong_checksum[..], &mut |_| {}), Err(ReadError::Damaged)));
    // A cut-off beginning is what detection always has.
    assert_eq!(detect(&whole[..whole.len() / 2]).unwrap(), Format::Domains);
}

#[test]
fn a_failing_reader_is_an_error() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let reader = io::BufReader::new(Cursor::new("a.example\n").chain(Fails));
    assert_eq!(outcome(Format::Domains, reader).1.unwrap_err(), "reading failed: the disk is gone");
}

#[test]
fn what_is_no_list_is_not_detected_as_one() {
    assert!(matches!(detect(b""), Err(ReadError::Empty)));
    assert!(matches!(detect(b"# only a comment\n"), Err(ReadError::UnknownFormat)));
    assert!(matches!(detect(b"<html>"), Err(ReadError::NotAList(_))));
    assert!(matches!(detect(b"\x1f\x8bnonsense"), Err(ReadError::Damaged)));
    let late = format!("{}a.example\n", "# c\n".repeat(DETECT_BYTES));
    assert!(matches!(detect(late.as_bytes()), Err(ReadError::UnknownFormat)));
}

/// Delivers a text in pieces of the given lengths, over and over.
struct Pieces<'a> {
    rest: &'a [u8],
    lengths: std::iter::Cycle<std::slice::Iter<'a, usize>>,
    piece: usize,
}

impl<'a> Pieces<'a> {
    fn new(text: &'a [u8], lengths: &'a [usize]) -> Self {
        Self { rest: text, lengths: lengths.iter().cycle(), piece: 0 }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = self.fill_buf()?;
        let length = piece.len().min(buffer.len());
        buffer[..length].copy_from_slice(&piece[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Pieces<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece == 0 {
            self.piece = self.lengths.next().copied().unwrap_or(1).min(self.rest.len());
        }
        Ok(&self.rest[..self.piece])
    }

    fn consume(&mut self, amount: usize) {
        self.piece -= amount;
        self.rest = &self.rest[amount..];
    }
}

/// Bytes that get deep into the parsers.
fn list_like() -> impl Strategy<Value = Vec<u8>> {
    let parts = prop::sample::select(vec![
        "a.example",
        "*.",
        "||",
        "@@",
        "^",
        "$important",
        ",badfilter",
        "\n",
        "\r\n",
        "\n",
        " ",
        "\t",
        "0.0.0.0 ",
        "::1",
        "192.0.2.1",
        "address=/",
        "/",
        "#",
        "server=",
        "local-zone: \"",
        "\" static",
        "redirect",
        "local-data: ",
        "CNAME",
        " .",
        "SOA",
        "(",
        ")",
        ";",
        "$ORIGIN ",
        "$TTL",
        "@",
        "rpz-ip",
        "rpz-passthru.",
        "##",
        "!",
        "ü",
        "例え。",
        "\u{feff}",
        "xn--",
        ".",
        "..",
        "-",
        "_",
        "\0",
        "[",
        "<",
        "{",
        "\"",
        "|",
        "=",
    ]);
    let part = prop_oneof![8 => parts.prop_map(|part| part.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..8)];
    prop::collection::vec(part, 0..120).prop_map(|parts| parts.concat())
}

fn any_format() -> impl Strategy<Value = Format> {
    prop::sample::select(Format::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// No bytes make a reader panic; names that come out are normal, and every line is accounted for.
    #[test]
    fn any_bytes_are_read_or_refused(format in any_format(), bytes in prop_oneof![list_like(), prop::collection::vec(any::<u8>(), 0..2000)]) {
        let mut rules = 0;
        let report = read(format, &bytes[..], &mut |rule| {
            rules += 1;
            assert_eq!(stairgate_policy::name::normalise(rule.name).as_deref(), Ok(rule.name));
            assert!(rule.text.len() <= LINE_MAX);
        });
        if let Ok(report) = report {
            prop_assert_eq!(report.entries + report.exceptions, rules);
            prop_assert!(rules > 0);
        }
        let _ = detect(&bytes);
        let mut compiler = Compiler::new(3);
        let _ = compiler.add_list(Tag(1), format, Cursor::new(&bytes));
        prop_assert!(compiler.finish().count() as u64 <= rules);
    }

    /// How a reader cuts its text up makes no difference, compressed or not.
    #[test]
    fn pieces_make_no_difference(format in any_format(), text in list_like(), lengths in prop::collection::vec(1usize..40, 1..6), compressed in any::<bool>()) {
        let bytes = if compressed { gzip(&text) } else { text };
        prop_assert_eq!(outcome(format, Pieces::new(&bytes, &lengths)), outcome(format, &bytes[..]));
    }
}
