//! From bytes to lines: any chunking, gzip or not, within fixed memory.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::detect::not_a_list;
use super::output::{Output, Syntax};
use super::{ReadError, Report, Rule, Skip};

/// Longest line that is looked at, in bytes. Longer ones are counted and passed over without being kept.
pub const LINE_MAX: usize = 4096;
/// Most text that is read from one list, after decompression. The largest lists in public use, of some five million names, have half of it.
pub const LIST_BYTES_MAX: u64 = 256 << 20;
/// First bytes of every gzip member (RFC 1952 section 2.3.1).
pub(super) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Room for decompressed text.
const GZIP_CHUNK: usize = 32 << 10;
/// What some editors put at the beginning of a UTF-8 file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads all lines of a list through `syntax`.
pub(super) fn read(
    reader: &mut dyn BufRead,
    syntax: &mut dyn Syntax,
    sink: &mut dyn FnMut(Rule<'_>),
) -> Result<Report, ReadError> {
    read_up_to(LIST_BYTES_MAX, reader, syntax, sink)
}

/// [`read`] with another limit on the bytes of text.
fn read_up_to(
    bytes_max: u64,
    reader: &mut dyn BufRead,
    syntax: &mut dyn Syntax,
    sink: &mut dyn FnMut(Rule<'_>),
) -> Result<Report, ReadError> {
    let mut magic = Vec::with_capacity(GZIP_MAGIC.len());
    (&mut *reader).take(GZIP_MAGIC.len() as u64).read_to_end(&mut magic)?;
    let compressed = magic == GZIP_MAGIC;
    let mut reader = Cursor::new(magic).chain(reader);
    if !compressed {
        return read_text(bytes_max, &mut reader, syntax, sink);
    }
    let mut text = BufReader::with_capacity(GZIP_CHUNK, MultiGzDecoder::new(reader));
    read_text(bytes_max, &mut text, syntax, sink).map_err(|error| match error {
        ReadError::Io(io) => match io.kind() {
            io::ErrorKind::UnexpectedEof => ReadError::Truncated,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => ReadError::Damaged,
            _ => ReadError::Io(io),
        },
        other => other,
    })
}

fn read_text(
    bytes_max: u64,
    reader: &mut dyn BufRead,
    syntax: &mut dyn Syntax,
    sink: &mut dyn FnMut(Rule<'_>),
) -> Result<Report, ReadError> {
    let mut report = Report::default();
    let mut scratch = String::new();
    let mut blank_so_far = true;
    let bytes = for_each_line(bytes_max, reader, |line| {
        report.lines += 1;
        let Some(line) = line else {
            report.skip(Skip::LongLine);
            return Ok(());
        };
        let line = if report.lines == 1 { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line) } else { line };
        let line = line.trim_ascii_end();
        if line.is_empty() {
            return Ok(());
        }
        if blank_so_far {
            blank_so_far = false;
            if let Some(what) = not_a_list(line) {
                return Err(ReadError::NotAList(what));
            }
        }
        let mut output = Output { report: &mut report, sink, scratch: &mut scratch, text: line };
        syntax.line(line, &mut output);
        Ok(())
    })?;
    report.bytes = bytes;
    report.verdict()
}

/// Calls `each` with every line without its line feed, `None` for one that is longer than [`LINE_MAX`], and returns
/// the number of bytes read. Lines that lie within the reader's buffer are not copied.
fn for_each_line(
    bytes_max: u64,
    reader: &mut dyn BufRead,
    mut each: impl FnMut(Option<&[u8]>) -> Result<(), ReadError>,
) -> Result<u64, ReadError> {
    let mut bytes = 0;
    // The beginning of a line whose end was not read yet; when it got too long, only that is remembered.
    let mut begun = Vec::new();
    let mut too_long = false;
    loop {
        let chunk = match reader.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        if chunk.is_empty() {
            break;
        }
        bytes += chunk.len() as u64;
        if bytes > bytes_max {
            return Err(ReadError::TooLarge);
        }
        let mut rest = chunk;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let line = &rest[..end];
            rest = &rest[end + 1..];
            if too_long || begun.len() + line.len() > LINE_MAX {
                each(None)?;
            } else if begun.is_empty() {
                each(Some(line))?;
            } else {
                begun.extend_from_slice(line);
                each(Some(&begun))?;
            }
            begun.clear();
            too_long = false;
        }
        if too_long || begun.len() + rest.len() > LINE_MAX {
            begun.clear();
            too_long = true;
        } else {
            begun.extend_from_slice(rest);
        }
        let used = chunk.len();
        reader.consume(used);
    }
    if too_long {
        each(None)?;
    } else if !begun.is_empty() {
        each(Some(&begun))?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::lists::domains::Domains;

    #[test]
    fn a_gzip_bomb_ends_at_the_limit() {
        const LIMIT: u64 = 100_000;
        let text = b"a.example\n".repeat(LIMIT as usize / 10 + 1);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&text).unwrap();
        let bomb = encoder.finish().unwrap();
        assert!(bomb.len() < 1000);
        let read = |limit, bytes: &[u8]| read_up_to(limit, &mut &*bytes, &mut Domains, &mut |_| {});
        assert!(matches!(read(LIMIT, &bomb), Err(ReadError::TooLarge)));
        assert!(matches!(read(LIMIT, &text), Err(ReadError::TooLarge)));
        assert_eq!(read(text.len() as u64, &bomb).unwrap().bytes, text.len() as u64);
    }
}
