//! Archives of the `ar` kind, which a `.deb` is: members one after the other, each with a header of sixty bytes.

use anyhow::{Context, Result, ensure};

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;
const END: &[u8] = b"`\n";

/// An archive of these members, given as name and content.
pub(crate) fn write(members: &[(&str, &[u8])], time: u64) -> Vec<u8> {
    let mut archive = MAGIC.to_vec();
    for (name, content) in members {
        archive.extend_from_slice(
            format!("{name:16}{time:<12}{:6}{:6}{:8}{:<10}", 0, 0, 100_644, content.len()).as_bytes(),
        );
        archive.extend_from_slice(END);
        archive.extend_from_slice(content);
        if content.len() % 2 == 1 {
            archive.push(b'\n');
        }
    }
    archive
}

/// Its members, in their order.
///
/// # Errors
/// If it is damaged.
pub(crate) fn read(archive: &[u8]) -> Result<Vec<(String, &[u8])>> {
    let mut rest = archive.strip_prefix(MAGIC).context("it does not begin like an archive")?;
    let mut members = Vec::new();
    while !rest.is_empty() {
        let (header, after) = rest.split_at_checked(HEADER).context("it ends in a header")?;
        ensure!(header.ends_with(END), "a header is damaged");
        let header = std::str::from_utf8(header).context("a header is not text")?;
        let size: usize = header[48..58].trim().parse().context("a size is no number")?;
        let (content, after) = after.split_at_checked(size).context("it ends in a member")?;
        members.push((header[..16].trim_end().to_owned(), content));
        rest = if size % 2 == 1 { after.strip_prefix(b"\n").context("it ends in a member")? } else { after };
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_back_in_their_order_whatever_their_length() {
        let archive = write(&[("b", b"one"), ("a", b""), ("c", b"four")], 7);
        let read_back = read(&archive).unwrap();
        let expected: [(String, &[u8]); 3] =
            [("b".to_owned(), b"one"), ("a".to_owned(), b""), ("c".to_owned(), b"four")];
        assert_eq!(read_back, expected);
        for end in 0..archive.len() {
            let whole = read(&archive[..end]).is_ok_and(|members| members.len() == 3);
            assert!(!whole, "{end}");
        }
    }
}
