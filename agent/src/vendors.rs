//! Who made a device, by the first three bytes of its hardware address.
//!
//! The table holds the makers of what stands in homes, from the IEEE's public listing; `cargo xtask vendors` makes it. For
//! each maker it has the length of the name and the name in UTF-8, the number of prefixes, and the distance of each prefix
//! from the one before, beginning at zero; every number is written in LEB128.

use crate::text::is_private_mac;

static TABLE: &[u8] = include_bytes!("../data/vendors.bin");

/// Who made the device with this address; `None` if the table does not know, or the device made its address up.
pub(crate) fn vendor(mac: [u8; 6]) -> Option<&'static str> {
    let prefix = u32::from_be_bytes([0, mac[0], mac[1], mac[2]]);
    if is_private_mac(mac) { None } else { find(TABLE, prefix) }
}

/// The maker of a prefix; `None` also where the table breaks off.
fn find(mut table: &[u8], prefix: u32) -> Option<&str> {
    while !table.is_empty() {
        let length = number(&mut table)? as usize;
        let (name, rest) = table.split_at_checked(length)?;
        table = rest;
        let count = number(&mut table)?;
        let mut at: u32 = 0;
        let mut found = false;
        for _ in 0..count {
            at = at.checked_add(number(&mut table)?)?;
            found |= at == prefix;
        }
        if found {
            return str::from_utf8(name).ok();
        }
    }
    None
}

/// The number at the start of `bytes`, which are left with the rest.
fn number(bytes: &mut &[u8]) -> Option<u32> {
    let mut number: u32 = 0;
    for shift in (0..32).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_makers_are_told_by_their_addresses() {
        for (mac, maker) in [
            ([0x00, 0x03, 0x93, 0, 0, 1], Some("Apple")),
            ([0xb8, 0x27, 0xeb, 0, 0, 1], Some("Raspberry Pi")),
            ([0x98, 0xb6, 0xe9, 0, 0, 1], Some("Nintendo")),
            ([0x00, 0x00, 0xf0, 0, 0, 1], Some("Samsung")),
            ([0x24, 0x0a, 0xc4, 0, 0, 1], Some("Espressif")),
            ([0x00, 0x00, 0x5e, 0, 0, 1], None),
            ([0x02, 0x03, 0x93, 0, 0, 1], None),
        ] {
            assert_eq!(vendor(mac), maker, "{mac:02x?}");
        }
    }

    #[test]
    fn the_whole_table_can_be_read_and_is_small() {
        assert!(TABLE.len() <= 60 * 1024, "{} bytes", TABLE.len());
        let (mut table, mut makers, mut prefixes) = (TABLE, 0, 0);
        while !table.is_empty() {
            let length = number(&mut table).unwrap() as usize;
            let name = str::from_utf8(&table[..length]).unwrap();
            assert!((2..=24).contains(&name.chars().count()), "{name}");
            table = &table[length..];
            let count = number(&mut table).unwrap();
            let last = (0..count).fold(0, |at, _| at + number(&mut table).unwrap());
            assert!(last < 1 << 24, "{name}");
            (makers, prefixes) = (makers + 1, prefixes + count);
        }
        assert!(makers >= 100 && prefixes >= 5000, "{makers} makers with {prefixes} prefixes");
    }

    #[test]
    fn a_table_that_breaks_off_knows_nobody() {
        let table = b"\x05Apple\x02\x01\xfe\x03\x02HP\x01\xef\x9b\xaf\x05";
        assert_eq!((find(table, 0x1ff), find(table, 0xab_cdef), find(table, 2)), (Some("Apple"), Some("HP"), None));
        for length in 0..table.len() {
            assert_eq!(find(&table[..length], 2), None, "{length}");
        }
        for broken in [&b"\xff\xff\xff\xff\xff\xff"[..], b"\x7f", b"\x01\xff\x01\x01"] {
            assert_eq!(find(broken, 1), None);
        }
    }
}
