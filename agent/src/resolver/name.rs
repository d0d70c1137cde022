//! Names in wire form.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use thiserror::Error;

/// Bytes of a name at most, with its length octets and the root's (RFC 1035 §3.1).
pub const NAME_MAX: usize = 255;
/// Bytes of a label at most.
const LABEL_MAX: usize = 63;
/// Labels of a name at most, without the root: 127 of one byte each.
const LABELS_MAX: usize = 127;
/// Compression pointers of a name at most. Each must point further back, so there is no endless loop; this keeps a
/// hostile message cheap.
const POINTERS_MAX: usize = LABELS_MAX;

/// Why bytes or text are not a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum NameError {
    /// The bytes end inside the name.
    #[error("the name is cut off")]
    CutOff,
    /// More than 255 bytes.
    #[error("the name is longer than 255 bytes")]
    TooLong,
    /// A label of more than 63 bytes, or of none.
    #[error("a label of the name is empty or longer than 63 bytes")]
    Label,
    /// A compression pointer where none may be, or one that does not point further back.
    #[error("the name has a compression pointer that leads nowhere")]
    Pointer,
    /// A backslash that is not followed by a character or three digits up to 255.
    #[error("the name has an incomplete escape")]
    Escape,
}

/// A name in wire form and lower case: labels with their length octets, the root's zero at the end. Lives without
/// allocation.
#[derive(Clone, Copy)]
pub struct DnsName {
    /// Bytes in use, 1 to 255.
    length: u8,
    bytes: [u8; NAME_MAX],
}

impl DnsName {
    /// The root.
    pub const ROOT: Self = Self { length: 1, bytes: [0; NAME_MAX] };

    /// Reads the uncompressed name at the start of `bytes`. Returns it and the number of bytes it takes.
    ///
    /// # Errors
    /// [`NameError`]; a compression pointer is one.
    pub fn from_wire(bytes: &[u8]) -> Result<(Self, usize), NameError> {
        let mut end = 0;
        loop {
            match bytes.get(end) {
                None => return Err(NameError::CutOff),
                Some(0) => break,
                Some(&length) if usize::from(length) <= LABEL_MAX => end += 1 + usize::from(length),
                Some(&length) => return Err(if length >= 0xc0 { NameError::Pointer } else { NameError::Label }),
            }
            if end >= NAME_MAX {
                return Err(NameError::TooLong);
            }
        }
        let mut name = Self::ROOT;
        let length = end + 1;
        name.length = length as u8;
        name.bytes[..length].copy_from_slice(&bytes[..length]);
        // Length octets are at most 63 and so are never taken for a capital.
        name.bytes[..length].make_ascii_lowercase();
        Ok((name, length))
    }

    /// Reads the name at `at` of a whole message, following compression pointers (RFC 1035 §4.1.4). Returns it and the
    /// offset after it.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn from_message(message: &[u8], at: usize) -> Result<(Self, usize), NameError> {
        let mut name = Self::ROOT;
        let mut length = 0;
        let mut next = at;
        // Where the name ends in the message, once a pointer has led elsewhere.
        let mut after = None;
        let mut pointers = 0;
        // Every pointer must lead to before the place where this piece of the name began.
        let mut limit = at;
        loop {
            let head = *message.get(next).ok_or(NameError::CutOff)?;
            match head {
                0 => {
                    name.length = (length + 1) as u8;
                    name.bytes[length] = 0;
                    name.bytes[..length].make_ascii_lowercase();
                    return Ok((name, after.unwrap_or(next + 1)));
                }
                1..=63 => {
                    let size = 1 + usize::from(head);
                    let label = message.get(next..next + size).ok_or(NameError::CutOff)?;
                    // One byte stays for the root.
                    if length + size >= NAME_MAX {
                        return Err(NameError::TooLong);
                    }
                    name.bytes[length..length + size].copy_from_slice(label);
                    length += size;
                    next += size;
                }
                0xc0.. => {
                    let low = *message.get(next + 1).ok_or(NameError::CutOff)?;
                    let target = usize::from(head & 0x3f) << 8 | usize::from(low);
                    pointers += 1;
                    if target >= limit || pointers > POINTERS_MAX {
                        return Err(NameError::Pointer);
                    }
                    after.get_or_insert(next + 2);
                    limit = target;
                    next = target;
                }
                _ => return Err(NameError::Label),
            }
        }
    }

    /// Reads a name as people write it: labels with dots between them, and if they like one at the end; `.` is the root.
    /// `\.` is a dot inside a label, `\\` a backslash, `\DDD` the byte with that decimal number (RFC 1035 §5.1).
    ///
    /// # Errors
    /// [`NameError`].
    pub fn from_dotted(text: &str) -> Result<Self, NameError> {
        if text == "." {
            return Ok(Self::ROOT);
        }
        let mut name = Self::ROOT;
        // Where the current label's length octet will stand, and where its next byte goes.
        let (mut start, mut end) = (0, 1);
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            if byte == b'.' {
                name.bytes[start] = label_length(start, end)?;
                start = end;
                end += 1;
                continue;
            }
            let byte = if byte == b'\\' { unescape(&mut bytes)? } else { byte };
            // One byte stays for the root.
            if end >= NAME_MAX - 1 {
                return Err(NameError::TooLong);
            }
            name.bytes[end] = byte.to_ascii_lowercase();
            end += 1;
        }
        // Without a dot at the end the last label is still open.
        if end > start + 1 || start == 0 {
            name.bytes[start] = label_length(start, end)?;
            start = end;
        }
        name.bytes[start] = 0;
        name.length = (start + 1) as u8;
        Ok(name)
    }

    /// The name in wire form, in lower case, the root's zero at the end.
    #[inline]
    pub fn as_wire(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// True for the root.
    pub fn is_root(&self) -> bool {
        self.length == 1
    }

    /// The labels from the top-level domain downwards, without the root.
    pub fn labels(&self) -> Labels<'_> {
        let mut starts = [0; LABELS_MAX];
        let (mut count, mut at) = (0, 0);
        while self.bytes[at] != 0 {
            starts[count] = at as u8;
            count += 1;
            at += 1 + usize::from(self.bytes[at]);
        }
        Labels { wire: &self.bytes, starts, left: count }
    }

    /// Number of labels, without the root.
    pub fn label_count(&self) -> usize {
        self.labels().left
    }

    /// True if this is `ancestor` or lies beneath it. Everything lies beneath the root.
    pub fn is_within(&self, ancestor: &DnsName) -> bool {
        self.suffixes().any(|suffix| suffix == ancestor.as_wire())
    }

    /// The name itself, the name without its first label, and so on to the root, each in wire form.
    pub fn suffixes(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::successors(Some(self.as_wire()), |suffix| {
            let rest = suffix.get(1 + usize::from(*suffix.first()?)..)?;
            (!rest.is_empty()).then_some(rest)
        })
    }

    /// The name without its first label; none for the root.
    pub fn parent(&self) -> Option<Self> {
        let wire = self.suffixes().nth(1)?;
        let mut parent = Self::ROOT;
        parent.length = wire.len() as u8;
        parent.bytes[..wire.len()].copy_from_slice(wire);
        Some(parent)
    }
}

/// The labels of a name from the top-level domain downwards; see [`DnsName::labels`].
#[derive(Clone, Debug)]
pub struct Labels<'a> {
    wire: &'a [u8; NAME_MAX],
    starts: [u8; LABELS_MAX],
    left: usize,
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let start = usize::from(self.starts[self.left]);
        let length = usize::from(self.wire[start]);
        Some(&self.wire[start + 1..start + 1 + length])
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Labels<'_> {}

impl PartialEq for DnsName {
    fn eq(&self, other: &Self) -> bool {
        self.as_wire() == other.as_wire()
    }
}

impl Eq for DnsName {}

impl Hash for DnsName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // No name is the beginning of another one in wire form, so the length need not be hashed.
        state.write(self.as_wire());
    }
}

impl PartialOrd for DnsName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The order of the bytes in wire form; not the canonical order of DNSSEC.
impl Ord for DnsName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_wire().cmp(other.as_wire())
    }
}

impl FromStr for DnsName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::from_dotted(text)
    }
}

/// With dots and without one at the end, escaped so that [`DnsName::from_dotted`] reads the same name again.
impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        for suffix in self.suffixes().filter(|suffix| suffix.len() > 1) {
            let label = &suffix[1..=usize::from(suffix[0])];
            for &byte in label {
                match byte {
                    b'.' | b'\\' => write!(f, "\\{}", char::from(byte))?,
                    b'!'..=b'~' => write!(f, "{}", char::from(byte))?,
                    _ => write!(f, "\\{byte:03}")?,
                }
            }
            if suffix.len() > label.len() + 2 {
                f.write_str(".")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DnsName({self})")
    }
}

/// The length octet of a label whose octet stands at `start` and which ends before `end`.
fn label_length(start: usize, end: usize) -> Result<u8, NameError> {
    match end - start - 1 {
        length @ 1..=LABEL_MAX => Ok(length as u8),
        _ => Err(NameError::Label),
    }
}

/// What follows a backslash.
fn unescape(bytes: &mut std::str::Bytes<'_>) -> Result<u8, NameError> {
    let first = bytes.next().ok_or(NameError::Escape)?;
    if !first.is_ascii_digit() {
        return Ok(first);
    }
    let mut number = u16::from(first - b'0');
    for _ in 0..2 {
        let digit = bytes.next().filter(u8::is_ascii_digit).ok_or(NameError::Escape)?;
        number = number * 10 + u16::from(digit - b'0');
    }
    u8::try_from(number).map_err(|_| NameError::Escape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn dotted(text: &str) -> DnsName {
        DnsName::from_dotted(text).unwrap()
    }

    #[test]
    fn text_and_wire_form_say_the_same() {
        for (text, wire) in [
            (".", &b"\0"[..]),
            ("com", b"\x03com\0"),
            ("Www.Example.COM", b"\x03www\x07example\x03com\0"),
            ("www.example.com.", b"\x03www\x07example\x03com\0"),
            ("a\\.b.c\\\\\\000\\255", b"\x03a.b\x04c\\\0\xff\0"),
        ] {
            let name = dotted(text);
            assert_eq!(name.as_wire(), wire, "{text}");
            assert_eq!(DnsName::from_wire(wire), Ok((name, wire.len())), "{text}");
            assert_eq!(dotted(&name.to_string()), name, "{text}");
        }
        assert_eq!(dotted("Www.Example.com.").to_string(), "www.example.com");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(dotted(&longest).as_wire().len(), NAME_MAX);
        for (text, error) in [
            ("", NameError::Label),
            ("..", NameError::Label),
            (".com", NameError::Label),
            ("a..b", NameError::Label),
            (&format!("{label}a"), NameError::Label),
            (&format!("{longest}a"), NameError::TooLong),
            (&format!("{longest}.a"), NameError::TooLong),
            ("a\\", NameError::Escape),
            ("a\\25", NameError::Escape),
            ("a\\256", NameError::Escape),
        ] {
            assert_eq!(DnsName::from_dotted(text), Err(error), "{text}");
        }
        for (wire, error) in [
            (&b""[..], NameError::CutOff),
            (b"\x03com", NameError::CutOff),
            (b"\x04com\0", NameError::CutOff),
            (b"\x03com\xc0\x00", NameError::Pointer),
            (b"\x43com\0", NameError::Label),
            (&[&b"\x3f"[..], &[b'a'; 63]].concat().repeat(4), NameError::TooLong),
        ] {
            assert_eq!(DnsName::from_wire(wire).unwrap_err(), error, "{wire:?}");
        }
    }

    #[test]
    fn pointers_lead_backwards_only() {
        //              0         5   9        13          17
        let message = b"\x03www\xc0\x0a\x00\x00\x00\x00\x03com\0\x03WWW\xc0\x0a";
        assert_eq!(DnsName::from_message(message, 15).unwrap(), (dotted("www.com"), 21));
        assert_eq!(DnsName::from_message(message, 0).unwrap_err(), NameError::Pointer);
        assert_eq!(DnsName::from_message(b"\xc0\x00", 0).unwrap_err(), NameError::Pointer);
        assert_eq!(DnsName::from_message(b"\x00\xc0", 1).unwrap_err(), NameError::CutOff);
        assert_eq!(DnsName::from_message(b"\x00", 7).unwrap_err(), NameError::CutOff);
        // A label, and a pointer to it from inside the same name.
        assert_eq!(DnsName::from_message(b"\x01a\xc0\x00", 0).unwrap_err(), NameError::Pointer);
        // A chain of pointers as long as a message of 512 bytes allows.
        let mut chain = vec![0];
        for at in 0..250_u16 {
            let target = if at == 0 { 0 } else { 2 * at - 1 };
            chain.extend((0xc000 | target).to_be_bytes());
        }
        assert_eq!(DnsName::from_message(&chain, chain.len() - 2).unwrap_err(), NameError::Pointer);
        assert_eq!(DnsName::from_message(&chain, 2 * 100 - 1).unwrap(), (DnsName::ROOT, 201));
    }

    #[test]
    fn labels_come_from_the_top() {
        let name = dotted("a.b.example.com");
        assert_eq!(name.labels().collect::<Vec<_>>(), [&b"com"[..], b"example", b"b", b"a"]);
        assert_eq!(name.label_count(), 4);
        assert_eq!(DnsName::ROOT.labels().len(), 0);
    }

    #[test]
    fn descent() {
        let name = dotted("www.example.com");
        for ancestor in ["www.example.com", "Example.com", "com", "."] {
            assert!(name.is_within(&dotted(ancestor)), "{ancestor}");
        }
        for other in ["ww.example.com", "a.www.example.com", "ample.com", "w.example.com", "example.org"] {
            assert!(!name.is_within(&dotted(other)), "{other}");
        }
        // What looks like a suffix of the bytes is not one of labels.
        assert!(!dotted("x\\003com").is_within(&dotted("com")));
        assert_eq!(name.parent(), Some(dotted("example.com")));
        assert_eq!(DnsName::ROOT.parent(), None);
    }
}
