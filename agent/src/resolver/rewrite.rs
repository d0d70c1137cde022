//! Answers without the keys that encrypt a site's name, or without signatures, and records in canonical form.

use std::collections::HashMap;

use super::name::DnsName;
use super::query::{HEADER_BYTES, flags};
use super::question::query_type;
use super::records::{Malformed, Record, Records};
use super::reply::MESSAGE_BYTES_MAX;
use super::svcb::Binding;

/// The types whose data hold names that may come compressed (RFC 3597 §4, RFC 6672 §2.5).
#[rustfmt::skip]
const WITH_NAMES: [WithNames; 18] = [
    // NS, MD, MF, CNAME, SOA, MB, MG, MR, PTR, MINFO, MX.
    with(2, 0, 1, true), with(3, 0, 1, true), with(4, 0, 1, true), with(5, 0, 1, true), with(6, 0, 2, true),
    with(7, 0, 1, true), with(8, 0, 1, true), with(9, 0, 1, true), with(12, 0, 1, true), with(14, 0, 2, true),
    with(15, 2, 1, true),
    // RP, AFSDB, RT, PX, SRV, KX, DNAME: read compressed, written in full.
    with(17, 0, 2, false), with(18, 2, 1, false), with(21, 2, 1, false), with(26, 2, 2, false), with(33, 6, 1, false),
    with(36, 2, 1, false), with(39, 0, 1, false),
];

/// Where a type's data hold names.
#[derive(Clone, Copy)]
struct WithNames {
    record_type: u16,
    /// Bytes before the first name.
    before: usize,
    /// Names, one after the other.
    names: usize,
    /// Whether they may be written compressed.
    compress: bool,
}

const fn with(record_type: u16, before: usize, names: usize, compress: bool) -> WithNames {
    WithNames { record_type, before, names, compress }
}

/// The highest offset that a compression pointer can name (RFC 1035 §4.1.4).
const POINTER_MAX: usize = 0x3fff;

/// `message`, a response, without keys for Encrypted Client Hello (RFC 9848), in all its sections.
///
/// A record that is only to be used with them is left out. The signatures of what was changed are left out too, and the
/// answer is no longer marked as authentic: it is not what the zone's owner signed. Names come out in lower case, but for
/// the question.
///
/// # Errors
/// [`Malformed`].
pub fn strip_ech(message: &[u8]) -> Result<Vec<u8>, Malformed> {
    let changed = changed(message)?;
    let mut records = Records::new(message)?;
    let mut out = Writer { out: message[..records.offset()].to_vec(), names: HashMap::new() };
    out.names.insert(records.question, HEADER_BYTES as u16);
    let mut counts = [0_u16; 3];
    while let Some(record) = records.next_record()? {
        let data = &message[record.data()];
        if record.record_type == query_type::RRSIG
            && data.first_chunk().is_some_and(|&covered| changed.contains(&(record.owner, u16::from_be_bytes(covered))))
        {
            continue;
        }
        let is_binding = matches!(record.record_type, query_type::SVCB | query_type::HTTPS);
        let written = out.record(&record, |out| {
            if is_binding {
                return Ok(Binding::read(data)?.write_without_ech(&mut out.out));
            }
            out.data(message, &record)?;
            Ok(true)
        })?;
        counts[record.section] += u16::from(written);
    }
    let mut out = out.out;
    for (at, count) in [6, 8, 10].into_iter().zip(counts) {
        out[at..at + 2].copy_from_slice(&count.to_be_bytes());
    }
    if !changed.is_empty() {
        let bits = u16::from_be_bytes([out[2], out[3]]) & !flags::AUTHENTIC_DATA;
        out[2..4].copy_from_slice(&bits.to_be_bytes());
    }
    Ok(out)
}

/// `message`, a response, without the records that only those who asked for signatures understand (RFC 4035 §3.2.1), but
/// for those of the type asked for. Of the authority section the start of the zone is left, which says for how long there
/// is nothing.
///
/// # Errors
/// [`Malformed`].
pub fn strip_dnssec(message: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut records = Records::new(message)?;
    // Records::new has read the question, which ends with type and class.
    let [high, low] = [message[records.offset() - 4], message[records.offset() - 3]];
    let asked = u16::from_be_bytes([high, low]);
    let mut out = Writer { out: message[..records.offset()].to_vec(), names: HashMap::new() };
    out.names.insert(records.question, HEADER_BYTES as u16);
    let mut counts = [0_u16; 3];
    while let Some(record) = records.next_record()? {
        let is_kept = match (record.section, record.record_type) {
            (0, query_type::RRSIG | query_type::NSEC | query_type::NSEC3) => record.record_type == asked,
            (0, _) | (1, query_type::SOA) => true,
            _ => false,
        };
        if is_kept {
            out.record(&record, |out| out.data(message, &record).map(|()| true))?;
            counts[record.section] += 1;
        }
    }
    let mut out = out.out;
    for (at, count) in [6, 8, 10].into_iter().zip(counts) {
        out[at..at + 2].copy_from_slice(&count.to_be_bytes());
    }
    Ok(out)
}

/// The data of a record in the form in which they are signed: names written out and in lower case (RFC 4034 §6.2).
///
/// # Errors
/// [`Malformed`].
pub(super) fn canonical_data(message: &[u8], record: &Record) -> Result<Vec<u8>, Malformed> {
    /// The type whose data hold a name at no fixed place: after two numbers and three strings (RFC 3403 §4).
    const NAPTR: u16 = 35;
    let (mut at, end) = (record.data().start, record.data().end);
    let mut canonical = Vec::with_capacity(end - at);
    let known = WITH_NAMES.into_iter().find(|known| known.record_type == record.record_type);
    let (before, names) = match known {
        Some(known) => (known.before, known.names),
        None if record.record_type == NAPTR => {
            let string = |from: usize| Some(from + 1 + usize::from(*message[..end].get(from)?));
            let strings_end = string(at + 4).and_then(string).and_then(string);
            (strings_end.ok_or(Malformed::Data)? - at, 1)
        }
        None => (end - at, 0),
    };
    if at + before > end {
        return Err(Malformed::Data);
    }
    canonical.extend_from_slice(&message[at..at + before]);
    at += before;
    for _ in 0..names {
        let (name, after) = DnsName::from_message(message, at)?;
        if after > end {
            return Err(Malformed::Data);
        }
        canonical.extend_from_slice(name.as_wire());
        at = after;
    }
    canonical.extend_from_slice(&message[at..end]);
    Ok(canonical)
}

/// Owner and type of the sets of records that have such keys.
fn changed(message: &[u8]) -> Result<Vec<(DnsName, u16)>, Malformed> {
    let mut changed = Vec::new();
    let mut records = Records::new(message)?;
    while let Some(record) = records.next_record()? {
        if matches!(record.record_type, query_type::SVCB | query_type::HTTPS)
            && Binding::read(&message[record.data()])?.has_ech()
            && !changed.contains(&(record.owner, record.record_type))
        {
            changed.push((record.owner, record.record_type));
        }
    }
    Ok(changed)
}

/// A message that is being written. Everything that was compressed is so again, as whole names; where it cannot be, it is
/// written out.
struct Writer {
    out: Vec<u8>,
    /// Where a name was written in full.
    names: HashMap<DnsName, u16>,
}

impl Writer {
    /// Writes a record with the data that `data` writes. If that returns false, the record is left out, which is returned.
    fn record(
        &mut self,
        record: &Record,
        data: impl FnOnce(&mut Self) -> Result<bool, Malformed>,
    ) -> Result<bool, Malformed> {
        let start = self.out.len();
        self.name(&record.owner);
        self.out.extend_from_slice(&record.record_type.to_be_bytes());
        self.out.extend_from_slice(&record.class.to_be_bytes());
        self.out.extend_from_slice(&record.ttl.to_be_bytes());
        let length_at = self.out.len();
        self.out.extend_from_slice(&[0; 2]);
        if !data(self)? {
            self.out.truncate(start);
            self.names.retain(|_, at| usize::from(*at) < start);
            return Ok(false);
        }
        let length = u16::try_from(self.out.len() - length_at - 2).map_err(|_| Malformed::TooLong)?;
        self.out[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
        if self.out.len() > MESSAGE_BYTES_MAX { Err(Malformed::TooLong) } else { Ok(true) }
    }

    /// Copies the data of a record, with the names in it.
    fn data(&mut self, message: &[u8], record: &Record) -> Result<(), Malformed> {
        let (mut at, end) = (record.data().start, record.data().end);
        if let Some(known) = WITH_NAMES.into_iter().find(|known| known.record_type == record.record_type) {
            if at + known.before > end {
                return Err(Malformed::Data);
            }
            self.out.extend_from_slice(&message[at..at + known.before]);
            at += known.before;
            for _ in 0..known.names {
                let (name, after) = DnsName::from_message(message, at)?;
                if after > end {
                    return Err(Malformed::Data);
                }
                if known.compress {
                    self.name(&name)
                } else {
                    self.out.extend_from_slice(name.as_wire())
                }
                at = after;
            }
        }
        self.out.extend_from_slice(&message[at..end]);
        Ok(())
    }

    fn name(&mut self, name: &DnsName) {
        if let Some(at) = self.names.get(name) {
            self.out.extend_from_slice(&(0xc000 | at).to_be_bytes());
            return;
        }
        if self.out.len() <= POINTER_MAX && !name.is_root() {
            self.names.insert(*name, self.out.len() as u16);
        }
        self.out.extend_from_slice(name.as_wire());
    }
}

#[cfg(test)]
mod tests;
