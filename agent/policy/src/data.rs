//! The reader of the built-in data files: heads at the margin, what belongs to them indented beneath.

/// A head line with the lines beneath it.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Entry<'a> {
    /// The head line.
    pub(crate) head: &'a str,
    /// The indented lines beneath it, mostly domains.
    pub(crate) lines: Vec<&'a str>,
}

/// The entries of a data file; the error is the number, from one, of the first line that cannot be read.
pub(crate) fn entries(text: &str) -> Result<Vec<Entry<'_>>, usize> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for (line, number) in text.lines().zip(1_usize..) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with(' ') {
            entries.last_mut().ok_or(number)?.lines.push(line.trim());
        } else {
            entries.push(Entry { head: line, lines: Vec::new() });
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_belong_to_the_head_above_them() {
        let text = "# a comment\n\none head\n  a.example\n  b.example\nanother\n";
        let expected = vec![
            Entry { head: "one head", lines: vec!["a.example", "b.example"] },
            Entry { head: "another", lines: vec![] },
        ];
        assert_eq!(entries(text), Ok(expected));
    }

    #[test]
    fn a_line_without_a_head_is_refused() {
        assert_eq!(entries("\n  a.example\n"), Err(2));
    }
}
