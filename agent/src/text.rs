//! Small readers of what people type: durations, hardware addresses, prefixes, and the nearest known word.

use std::time::Duration;

use stairgate_abi::maps::Prefix;
use stairgate_webui::language::clean;

/// Reads `90s`, `30m`, `24h` or `7d`.
///
/// # Errors
/// A sentence without the word itself, to stand behind "…:".
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a number and a unit, such as 30m, 24h or 7d".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds_per_unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number: u32 = digits.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * seconds_per_unit))
}

/// Reads a hardware address in one of its usual forms: `02:00:5e:10:00:01`, with dashes, or twelve digits.
///
/// # Errors
/// A sentence; group addresses and the all-zero address are refused because no device can own them.
pub fn mac(text: &str) -> Result<[u8; 6], String> {
    let wrong = || format!("`{text}` is not a hardware address; one looks like 02:00:5e:10:00:01");
    let separated = text.len() == 17 && text.bytes().skip(2).step_by(3).all(|byte| byte == b':' || byte == b'-');
    let digits: Vec<u8> = if separated {
        text.bytes().enumerate().filter(|(index, _)| index % 3 != 2).map(|(_, byte)| byte).collect()
    } else {
        text.bytes().collect()
    };
    if digits.len() != 12 {
        return Err(wrong());
    }
    let mut mac = [0; 6];
    for (byte, pair) in mac.iter_mut().zip(digits.chunks(2)) {
        let digit = |byte: u8| char::from(byte).to_digit(16).ok_or_else(wrong);
        *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
    }
    if mac == [0; 6] || mac[0] & 1 == 1 {
        return Err(format!("`{text}` is a group or empty address, which no device owns"));
    }
    Ok(mac)
}

/// A hardware address the way [`mac`] reads it first.
pub fn mac_text(mac: [u8; 6]) -> String {
    let [a, b, c, d, e, f] = mac;
    format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}

/// Letters of a device's own name that are shown: those of a label of DNS at most.
const HEARD_NAME_LETTERS: usize = 63;

/// What a device calls itself, as it can be shown: without control characters, without those that turn text around, and
/// without what was no text. `None` if nothing is left.
pub fn heard_name(text: &str) -> Option<String> {
    let shown: String =
        clean(text).chars().filter(|&c| c != char::REPLACEMENT_CHARACTER).take(HEARD_NAME_LETTERS).collect();
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.to_owned())
}

/// True for the addresses that devices make up for one network ("private Wi-Fi address"): the locally administered bit
/// of IEEE 802 is set.
pub fn is_private_mac(mac: [u8; 6]) -> bool {
    mac[0] & 2 != 0
}

/// Reads `192.168.1.0/24`, `fd00::/8` or a single address.
///
/// # Errors
/// A sentence.
pub fn prefix(text: &str) -> Result<Prefix, String> {
    let wrong = || format!("`{text}` is not a prefix; one looks like 192.168.1.0/24 or fd00::/8");
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().map_err(|_| wrong())?)),
        None => (text, None),
    };
    let address: std::net::IpAddr = address.parse().map_err(|_| wrong())?;
    let (bits, width, offset) = match address {
        std::net::IpAddr::V4(v4) => (u128::from(v4.to_ipv6_mapped()), 32, 96),
        std::net::IpAddr::V6(v6) => (u128::from(v6), 128, 0),
    };
    let length = length.unwrap_or(width);
    if length > width {
        return Err(wrong());
    }
    let mask = match length + offset {
        0 => 0,
        length => u128::MAX << (128 - length),
    };
    let halves = |bits: u128| [(bits >> 64) as u64, bits as u64];
    Ok(Prefix { address: halves(bits & mask), mask: halves(mask) })
}

/// The host of the address of a page (RFC 3986 section 3.2.2), as far as `text` is one; a bare name is its own host.
pub fn host(text: &str) -> &str {
    let text = text.trim();
    let is_scheme = |scheme: &str| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let address = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme));
    let text = address.map_or(text, |(_, rest)| rest);
    let authority = text.split(['/', '?', '#']).next().unwrap_or(text);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // What is left of an IPv6 address is no name either.
    host.split_once(':').map_or(host, |(host, _)| host)
}

/// The known word that `word` was probably meant to be: at most a third of its letters differ.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (edit_distance(word, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= candidate.len().max(3) / 3)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and substitutions between two words (Levenshtein), over bytes: keys and ids are ASCII.
fn edit_distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.bytes().enumerate() {
            let substitute = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("30m"), Ok(Duration::from_secs(1800)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(604_800)));
        for wrong in ["", "m", "30", "-1h", "1.5h", "30 m", "99999999999d", "3ü"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hardware_addresses() {
        let address = [0x02, 0x00, 0x5e, 0x10, 0xab, 0xcd];
        for text in ["02:00:5e:10:ab:cd", "02-00-5E-10-AB-CD", "02005e10abcd"] {
            assert_eq!(mac(text), Ok(address), "{text}");
        }
        assert_eq!(mac_text(address), "02:00:5e:10:ab:cd");
        for wrong in
            ["", "02:00:5e:10:ab", "02:00:5e:10:ab:cg", "01:00:5e:00:00:01", "00:00:00:00:00:00", "ü2:00:5e:10:ab:c"]
        {
            assert!(mac(wrong).is_err(), "{wrong}");
        }
        assert!(is_private_mac(address) && !is_private_mac([0; 6]));
    }

    #[test]
    fn what_devices_call_themselves_is_shown_without_what_disturbs() {
        let longest = "x".repeat(HEARD_NAME_LETTERS);
        for (name, shown) in [
            ("tablet", Some("tablet")),
            (" Mia's \u{202e}iPad\u{2066}\u{7}\n", Some("Mia's iPad")),
            ("<script>alert(1)</script>", Some("<script>alert(1)</script>")),
            ("\u{fffd}\u{fffd}", None),
            ("\u{0}\u{1b}", None),
            ("", None),
            (&"x".repeat(255), Some(longest.as_str())),
        ] {
            assert_eq!(heard_name(name).as_deref(), shown, "{name:?}");
        }
    }

    #[test]
    fn prefixes() {
        let mapped = 0xffff_0000_0000;
        assert_eq!(
            prefix("192.168.1.77/24"),
            Ok(Prefix { address: [0, mapped | 0xc0a8_0100], mask: [u64::MAX, 0xffff_ffff_ffff_ff00] })
        );
        assert_eq!(prefix("fd00::/8"), Ok(Prefix { address: [0xfd << 56, 0], mask: [0xff << 56, 0] }));
        assert_eq!(prefix("::/0"), Ok(Prefix::default()));
        assert_eq!(prefix("0.0.0.0/0").map(|prefix| prefix.mask), Ok([u64::MAX, 0xffff_ffff_0000_0000]));
        for wrong in ["", "192.168.1.0/33", "fd00::/129", "home", "1.2.3.4/", "1.2.3/8"] {
            assert!(prefix(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hosts() {
        for (address, expected) in [
            ("example.com", "example.com"),
            (" https://www.example.com/a?b=c#d ", "www.example.com"),
            ("http://user:word@example.com:8080/", "example.com"),
            ("example.com/path", "example.com"),
            ("example.com?x=https://other.example/", "example.com"),
            ("https://[2001:db8::1]/", "[2001"),
            ("", ""),
        ] {
            assert_eq!(host(address), expected, "{address}");
        }
    }

    #[test]
    fn nearest_word() {
        let known = ["lan_interfaces", "log_level", "mode"];
        assert_eq!(nearest("lan_interfce", known), Some("lan_interfaces"));
        assert_eq!(nearest("loglevel", known), Some("log_level"));
        assert_eq!(nearest("colour", known), None);
    }
}
