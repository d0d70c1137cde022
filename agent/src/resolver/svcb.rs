//! The data of `SVCB` and `HTTPS` records (RFC 9460 §2.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::name::DnsName;
use super::records::Malformed;

/// Keys of parameters (RFC 9460 §14.3.2, RFC 9848).
mod key {
    pub(super) const MANDATORY: u16 = 0;
    pub(super) const IPV4_HINT: u16 = 4;
    pub(super) const ECH: u16 = 5;
    pub(super) const IPV6_HINT: u16 = 6;
}

/// Bytes of a parameter before its value.
const PARAMETER_HEAD: usize = 4;

/// The data of one record.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// 0 for an alias.
    pub priority: u16,
    /// Where the service is; the root stands for the record's owner.
    pub target: DnsName,
    /// Priority and target, as they were written.
    head: &'a [u8],
    parameters: &'a [u8],
}

impl<'a> Binding<'a> {
    /// Reads `data`, the whole of it.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(data: &'a [u8]) -> Result<Self, Malformed> {
        let (&priority, rest) = data.split_first_chunk().ok_or(Malformed::Data)?;
        // The target is never compressed.
        let (target, length) = DnsName::from_wire(rest)?;
        let (head, parameters) = data.split_at(2 + length);
        let mut rest = parameters;
        while !rest.is_empty() {
            let (_, value) = split_parameter(rest).ok_or(Malformed::Data)?;
            rest = &rest[PARAMETER_HEAD + value.len()..];
        }
        Ok(Self { priority: u16::from_be_bytes(priority), target, head, parameters })
    }

    /// True if the record brings keys for Encrypted Client Hello.
    pub fn has_ech(&self) -> bool {
        self.parameters().any(|(key, _)| key == key::ECH)
    }

    /// The addresses that it hints at.
    pub fn hints(&self) -> impl Iterator<Item = IpAddr> {
        self.parameters().flat_map(|(key, value)| {
            let v4 = if key == key::IPV4_HINT { value.as_chunks().0 } else { &[] };
            let v6 = if key == key::IPV6_HINT { value.as_chunks().0 } else { &[] };
            let v4 = v4.iter().map(|&octets: &[u8; 4]| IpAddr::from(Ipv4Addr::from(octets)));
            v4.chain(v6.iter().map(|&octets: &[u8; 16]| IpAddr::from(Ipv6Addr::from(octets))))
        })
    }

    /// Writes the data without keys for Encrypted Client Hello to `out`. False, and nothing written, if whoever published
    /// the record wants it used with them or not at all.
    pub fn write_without_ech(&self, out: &mut Vec<u8>) -> bool {
        let mandatory = self.parameters().find(|(key, _)| *key == key::MANDATORY).map_or(&[][..], |(_, value)| value);
        if mandatory.as_chunks().0.iter().any(|&key| u16::from_be_bytes(key) == key::ECH) {
            return false;
        }
        out.extend_from_slice(self.head);
        for (key, value) in self.parameters().filter(|(key, _)| *key != key::ECH) {
            out.extend_from_slice(&key.to_be_bytes());
            out.extend_from_slice(&(value.len() as u16).to_be_bytes());
            out.extend_from_slice(value);
        }
        true
    }

    fn parameters(&self) -> impl Iterator<Item = (u16, &'a [u8])> {
        let mut rest = self.parameters;
        std::iter::from_fn(move || {
            let (key, value) = split_parameter(rest)?;
            rest = &rest[PARAMETER_HEAD + value.len()..];
            Some((key, value))
        })
    }
}

/// Key and value of the first parameter.
fn split_parameter(parameters: &[u8]) -> Option<(u16, &[u8])> {
    let (&[k0, k1, l0, l1], rest) = parameters.split_first_chunk()?;
    Some((u16::from_be_bytes([k0, k1]), rest.get(..usize::from(u16::from_be_bytes([l0, l1])))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: &[u8] = b"\x03cdn\x07example\0";

    fn data(parameters: &[&[u8]]) -> Vec<u8> {
        [&[0, 1], TARGET, &parameters.concat()].concat()
    }

    const ALPN: &[u8] = b"\0\x01\0\x03\x02h2";
    const ECH: &[u8] = b"\0\x05\0\x04keys";
    const HINTS: &[u8] = b"\0\x04\0\x08\x01\x02\x03\x04\x0a\0\0\x01\0\x06\0\x10\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01";

    #[test]
    fn parameters_are_read() {
        let data = data(&[ALPN, &HINTS[..12], ECH, &HINTS[12..]]);
        let binding = Binding::read(&data).unwrap();
        assert_eq!((binding.priority, binding.target), (1, DnsName::from_dotted("cdn.example").unwrap()));
        assert!(binding.has_ech());
        let hints = ["1.2.3.4", "10.0.0.1", "fd00::1"].map(|text| text.parse::<IpAddr>().unwrap());
        assert_eq!(binding.hints().collect::<Vec<_>>(), hints);
    }

    #[test]
    fn keys_go_and_all_else_stays() {
        let mut out = Vec::new();
        let with = data(&[b"\0\0\0\x02\0\x01", ALPN, ECH, HINTS]);
        assert!(Binding::read(&with).unwrap().write_without_ech(&mut out));
        assert_eq!(out, data(&[b"\0\0\0\x02\0\x01", ALPN, HINTS]));
        assert!(!Binding::read(&out).unwrap().has_ech());
        let insisting = data(&[b"\0\0\0\x04\0\x01\0\x05", ALPN, ECH]);
        out.clear();
        assert!(!Binding::read(&insisting).unwrap().write_without_ech(&mut out));
        assert!(out.is_empty());
    }

    #[test]
    fn what_is_cut_off_is_malformed() {
        let whole = data(&[ALPN, ECH]);
        let complete = [2 + TARGET.len(), 2 + TARGET.len() + ALPN.len(), whole.len()];
        for length in 0..=whole.len() {
            assert_eq!(Binding::read(&whole[..length]).is_ok(), complete.contains(&length), "{length}");
        }
        assert!(Binding::read(b"\0\x01\xc0\x0c").is_err(), "the target is never compressed");
    }
}
