//! Reads CBOR (RFC 8949) as authenticators write it: the canonical form of CTAP2 (CTAP 2.1 §8), in which every length is
//! said beforehand.

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next item, if it is an integer.
    pub(super) fn integer(&mut self) -> Option<i64> {
        match self.head()? {
            (UNSIGNED, number) => i64::try_from(number).ok(),
            (NEGATIVE, number) => i64::try_from(number).ok().map(|number| -1 - number),
            _ => None,
        }
    }

    /// The next item, if it is a string of bytes.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        match self.head()? {
            (BYTES, length) => self.take(length),
            _ => None,
        }
    }

    /// The next item, if it is a text.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        match self.head()? {
            (TEXT, length) => std::str::from_utf8(self.take(length)?).ok(),
            _ => None,
        }
    }

    /// The number of pairs, if the next item is a map: keys and values follow in turn.
    pub(super) fn map(&mut self) -> Option<usize> {
        match self.head()? {
            // A pair has two bytes at least, which bounds what anybody does for each.
            (MAP, pairs) => usize::try_from(pairs).ok().filter(|pairs| *pairs <= self.rest.len() / 2),
            _ => None,
        }
    }

    /// Passes over the next item with all that is in it.
    pub(super) fn skip(&mut self) -> Option<()> {
        let mut items = 1_usize;
        while let Some(left) = items.checked_sub(1) {
            let (kind, argument) = self.head()?;
            let within = match kind {
                BYTES | TEXT => {
                    self.take(argument)?;
                    0
                }
                ARRAY => usize::try_from(argument).ok()?,
                MAP => usize::try_from(argument).ok()?.checked_mul(2)?,
                TAG => 1,
                _ => 0,
            };
            // An item has one byte at least.
            items = left.checked_add(within).filter(|items| *items <= self.rest.len())?;
        }
        Some(())
    }

    /// The kind of the next item, and its argument.
    fn head(&mut self) -> Option<(u8, u64)> {
        let first = *self.take(1)?.first()?;
        let argument = match first & 0x1f {
            small @ 0..=23 => small.into(),
            size @ 24..=27 => {
                let bytes = self.take(1 << (size - 24))?;
                bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
            }
            // Reserved, or of a length that nobody says.
            _ => return None,
        };
        Some((first >> 5, argument))
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn items_of_the_rfc_are_read() {
        // RFC 8949, appendix A.
        for (bytes, number) in [
            (&[0x00][..], Some(0)),
            (&[0x17], Some(23)),
            (&[0x18, 0x64], Some(100)),
            (&[0x1a, 0x00, 0x0f, 0x42, 0x40], Some(1_000_000)),
            (&[0x20], Some(-1)),
            (&[0x39, 0x03, 0xe7], Some(-1000)),
            (&[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], None),
            (&[0x19, 0x03], None),
            (&[0x1c], None),
            (&[0x40], None),
        ] {
            assert_eq!(Reader::new(bytes).integer(), number, "{bytes:x?}");
        }
        assert_eq!(Reader::new(&[0x44, 1, 2, 3, 4]).bytes(), Some(&[1, 2, 3, 4][..]));
        assert_eq!(Reader::new(&[0x62, 0xc3, 0xbc]).text(), Some("ü"));
        assert_eq!(Reader::new(&[0x62, 0xc3, 0x28]).text(), None, "no UTF-8");
        assert_eq!(Reader::new(&[0xa1, 0x01, 0x02]).map(), Some(1));
        assert_eq!(Reader::new(&[0xbb, 1, 0, 0, 0, 0, 0, 0, 0]).map(), None);
    }

    #[test]
    fn an_item_is_passed_over_whole() {
        // {"a": 1, "b": [2, 3]}, 1(1363896240), -4.1, and things that never end.
        for (bytes, fits) in [
            (&[0xa2, 0x61, 0x61, 0x01, 0x61, 0x62, 0x82, 0x02, 0x03][..], true),
            (&[0xc1, 0x1a, 0x51, 0x4b, 0x67, 0xb0], true),
            (&[0xfb, 0xc0, 0x10, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66], true),
            (&[0x9f, 0xff], false),
            (&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], false),
            (&[0x81; 40], false),
            (&[], false),
        ] {
            let mut reader = Reader::new(bytes);
            assert_eq!(reader.skip().is_some(), fits, "{bytes:x?}");
            assert!(!fits || reader.rest().is_empty(), "{bytes:x?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_lead_astray(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&bytes);
            let mut items = 0;
            while reader.skip().is_some() {
                items += 1;
            }
            prop_assert!(items <= bytes.len());
        }
    }
}
