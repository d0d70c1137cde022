//! The few fields of a certificate (RFC 5280 §4.1) that decide whether it can serve this home, read from its DER form
//! (X.690). Signatures and everything else are the business of whoever is shown the certificate.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// `[0] EXPLICIT`, the version.
const VERSION: u8 = 0xa0;
/// `[3] EXPLICIT`, the extensions.
const EXTENSIONS: u8 = 0xa3;
/// `[2] IMPLICIT IA5String`, a name of a host among the alternative names.
const DNS_NAME: u8 = 0x82;
/// id-ce-subjectAltName, 2.5.29.17.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// Names of hosts that are looked at.
const NAMES_MAX: usize = 64;
/// Bytes of a name at most (RFC 1035 §2.3.4).
const NAME_MAX: usize = 253;

/// What is read of a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fields<'a> {
    /// The name of who signed it, in DER.
    pub issuer: &'a [u8],
    /// Whom it is about, in DER.
    pub subject: &'a [u8],
    /// The moment from which it counts.
    pub not_before: Timestamp,
    /// The moment until which it counts.
    pub not_after: Timestamp,
    /// Names of hosts, in lower case; the first label may be `*`.
    pub names: Vec<String>,
}

/// The fields of a certificate; none if it is none.
pub fn read(certificate: &[u8]) -> Option<Fields<'_>> {
    let (certificate, _) = expect(SEQUENCE, certificate)?;
    let (body, _) = expect(SEQUENCE, certificate)?;
    let body = expect(VERSION, body).map_or(body, |(_, rest)| rest);
    let (_serial, body) = expect(INTEGER, body)?;
    let (_algorithm, body) = expect(SEQUENCE, body)?;
    let (issuer, body) = expect(SEQUENCE, body)?;
    let (validity, body) = expect(SEQUENCE, body)?;
    let (subject, body) = expect(SEQUENCE, body)?;
    let (_key, mut body) = expect(SEQUENCE, body)?;
    let (not_before, rest) = time(validity)?;
    let (not_after, _) = time(rest)?;
    let mut names = Vec::new();
    while let Some((tag, content, rest)) = element(body) {
        if tag == EXTENSIONS {
            names = alternative_names(expect(SEQUENCE, content)?.0)?;
        }
        body = rest;
    }
    Some(Fields { issuer, subject, not_before, not_after, names })
}

fn alternative_names(mut extensions: &[u8]) -> Option<Vec<String>> {
    while !extensions.is_empty() {
        let (extension, rest) = expect(SEQUENCE, extensions)?;
        extensions = rest;
        let (id, mut value) = expect(OBJECT_IDENTIFIER, extension)?;
        if id != SUBJECT_ALT_NAME {
            continue;
        }
        // Whether the extension is critical may stand before its value.
        let value = loop {
            match element(value)? {
                (OCTET_STRING, content, _) => break content,
                (_, _, rest) => value = rest,
            }
        };
        let (mut names, _) = expect(SEQUENCE, value)?;
        let mut found = Vec::new();
        while let Some((tag, name, rest)) = element(names) {
            names = rest;
            if tag == DNS_NAME && found.len() < NAMES_MAX && is_name(name) {
                found.push(String::from_utf8_lossy(name).to_ascii_lowercase());
            }
        }
        return Some(found);
    }
    Some(Vec::new())
}

/// True for a name of a host with a dot in it, perhaps with `*` for its first label.
fn is_name(name: &[u8]) -> bool {
    let host = name.strip_prefix(b"*.").unwrap_or(name);
    let label = |label: &[u8]| {
        (1..=63).contains(&label.len()) && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    name.len() <= NAME_MAX && host.contains(&b'.') && host.split(|byte| *byte == b'.').all(label)
}

/// A moment as certificates write it (RFC 5280 §4.1.2.5), and what comes after it.
fn time(bytes: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (tag, text, rest) = element(bytes)?;
    let digits = text.strip_suffix(b"Z")?;
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0_i16, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0')))
    };
    let (year, digits) = match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let year = number(&digits[..2])?;
            (if year < 50 { 2000 + year } else { 1900 + year }, &digits[2..])
        }
        (GENERALIZED_TIME, 14) => (number(&digits[..4])?, &digits[4..]),
        _ => return None,
    };
    let part = |at: usize| i8::try_from(number(&digits[at..at + 2])?).ok();
    let moment = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    Some((TimeZone::UTC.to_timestamp(moment).ok()?, rest))
}

/// The content of an element with this tag, and what comes after it.
fn expect(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    element(bytes).filter(|(found, ..)| *found == tag).map(|(_, content, rest)| (content, rest))
}

/// The first element: its tag, its content, and what comes after it. Lengths take three bytes at most, as in any
/// certificate that is not a trap.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(names: &[&str], years: (i32, i32)) -> Vec<u8> {
        let mut params =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(years.0, 2, 28), date_time_ymd(years.1, 12, 31));
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn names_and_times_are_read() {
        // From 2050 on, times are written in another way.
        for years in [(1999, 2026), (2026, 2049), (2049, 2050), (2050, 2120)] {
            let der = certificate(&["Gate.Example.net", "*.example.net", "192.0.2.1"], years);
            let fields = read(&der).unwrap();
            assert_eq!(fields.names, ["gate.example.net", "*.example.net"]);
            assert_eq!(fields.not_before.to_string(), format!("{}-02-28T00:00:00Z", years.0));
            assert_eq!(fields.not_after.to_string(), format!("{}-12-31T00:00:00Z", years.1));
            assert_eq!(fields.issuer, fields.subject);
        }
        assert!(read(&certificate(&["192.0.2.1"], (2020, 2030))).unwrap().names.is_empty());
    }

    #[test]
    fn only_names_of_hosts_are_names() {
        for (name, fits) in [
            ("gate.example.net", true),
            ("*.example.net", true),
            ("localhost", false),
            ("*", false),
            ("*.", false),
            ("a..b", false),
            ("a.*.b", false),
            ("a b.example", false),
            ("a.example\0.evil.example", false),
        ] {
            assert_eq!(is_name(name.as_bytes()), fits, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_certificate_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
        }

        #[test]
        fn a_broken_certificate_is_read_or_not(at in 0_usize..600, byte: u8, length in 0_usize..600) {
            let mut der = certificate(&["gate.example.net"], (2020, 2060));
            if let Some(place) = der.get_mut(at) {
                *place = byte;
            }
            let _ = read(&der);
            let _ = read(&der[..length.min(der.len())]);
        }
    }
}
