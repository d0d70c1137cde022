//! Sets of records with their signatures, in the form that was signed (RFC 4034 §6).

use crate::resolver::name::DnsName;
use crate::resolver::question::{CLASS_IN, query_type};
use crate::resolver::records::{Malformed, Records};
use crate::resolver::rewrite::canonical_data;

/// Sets of a message at most. A long chain of aliases with the proofs of its wildcards has some forty.
pub const SETS_MAX: usize = 64;
/// Signatures of a set that are looked at, at most: two keys with two algorithms each, while both are being replaced.
pub const SIGNATURES_MAX: usize = 8;

/// All records of one owner and type in a section.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct RrSet {
    /// 0 for the answer, 1 for authority.
    pub(super) section: usize,
    pub(super) owner: DnsName,
    pub(super) record_type: u16,
    /// The data of each record in canonical form, in canonical order, each once.
    pub(super) data: Vec<Vec<u8>>,
    /// At most [`SIGNATURES_MAX`].
    pub(super) signatures: Vec<Signature>,
}

/// A signature (RFC 4034 §3.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Signature {
    pub(super) algorithm: u8,
    /// Labels of the name that was signed, without the root and the asterisk of a wildcard.
    pub(super) labels: u8,
    pub(super) original_ttl: u32,
    /// Until when it holds, in seconds since 1970, modulo 2³².
    pub(super) expiration: u32,
    /// From when it holds, likewise.
    pub(super) inception: u32,
    pub(super) key_tag: u16,
    pub(super) signer: DnsName,
    /// What of the record is signed with the set: all before the signature itself.
    head: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

impl RrSet {
    /// The sets of the answer and of the authority section of `message`, a response.
    ///
    /// # Errors
    /// [`Malformed`]; such a message cannot be judged.
    pub(super) fn read(message: &[u8]) -> Result<Vec<Self>, Malformed> {
        let mut sets: Vec<Self> = Vec::new();
        let mut signatures = Vec::new();
        let mut records = Records::new(message)?;
        while let Some(record) = records.next_record()? {
            if record.section > 1 {
                break;
            }
            if record.class != CLASS_IN {
                return Err(Malformed::Data);
            }
            let data = canonical_data(message, &record)?;
            if record.record_type == query_type::RRSIG {
                let (covered, signature) = Signature::read(&data)?;
                signatures.push((record.section, record.owner, covered, signature));
                continue;
            }
            let same = |set: &&mut Self| {
                (set.section, set.record_type) == (record.section, record.record_type) && set.owner == record.owner
            };
            let is_full = sets.len() == SETS_MAX;
            match sets.iter_mut().find(same) {
                Some(set) => set.data.push(data),
                None if is_full => return Err(Malformed::TooMany),
                None => sets.push(Self {
                    section: record.section,
                    owner: record.owner,
                    record_type: record.record_type,
                    data: vec![data],
                    signatures: Vec::new(),
                }),
            }
        }
        for (section, owner, covered, signature) in signatures {
            let covered_set =
                sets.iter_mut().find(|set| (set.section, set.record_type) == (section, covered) && set.owner == owner);
            if let Some(set) = covered_set.filter(|set| set.signatures.len() < SIGNATURES_MAX) {
                set.signatures.push(signature);
            }
        }
        for set in &mut sets {
            set.data.sort_unstable();
            set.data.dedup();
        }
        Ok(sets)
    }

    /// What `signature` signs (RFC 4034 §3.1.8.1).
    pub(super) fn signed_bytes(&self, signature: &Signature) -> Vec<u8> {
        let labels = usize::from(signature.labels);
        let owner = if labels < label_count(&self.owner) {
            let wildcard = ancestor(&self.owner, labels);
            [b"\x01*", wildcard.as_wire()].concat()
        } else {
            self.owner.as_wire().to_vec()
        };
        let mut bytes = signature.head.clone();
        for data in &self.data {
            bytes.extend_from_slice(&owner);
            bytes.extend_from_slice(&self.record_type.to_be_bytes());
            bytes.extend_from_slice(&CLASS_IN.to_be_bytes());
            bytes.extend_from_slice(&signature.original_ttl.to_be_bytes());
            // Data that came in a message are no longer than one, but names in them have been written out.
            bytes.extend_from_slice(&(data.len() as u16).to_be_bytes());
            bytes.extend_from_slice(data);
        }
        bytes
    }
}

impl Signature {
    /// Bytes before the signer's name.
    const FIXED: usize = 18;

    /// Reads the data of an `RRSIG` record. Returns the type that it covers, too.
    fn read(data: &[u8]) -> Result<(u16, Self), Malformed> {
        let (fixed, rest) = data.split_first_chunk::<{ Self::FIXED }>().ok_or(Malformed::Data)?;
        let (signer, length) = DnsName::from_wire(rest)?;
        let long = |at: usize| u32::from_be_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        let signature = Self {
            algorithm: fixed[2],
            labels: fixed[3],
            original_ttl: long(4),
            expiration: long(8),
            inception: long(12),
            key_tag: u16::from_be_bytes([fixed[16], fixed[17]]),
            signer,
            head: [fixed, signer.as_wire()].concat(),
            bytes: rest[length..].to_vec(),
        };
        Ok((u16::from_be_bytes([fixed[0], fixed[1]]), signature))
    }
}

/// Labels of a name as signatures count them: without the root and the asterisk of a wildcard (RFC 4034 §3.1.3).
pub(super) fn label_count(name: &DnsName) -> usize {
    name.label_count() - usize::from(name.as_wire().starts_with(b"\x01*"))
}

/// The part of `name` that has only its last `labels` labels.
pub(super) fn ancestor(name: &DnsName, labels: usize) -> DnsName {
    let above = std::iter::successors(Some(*name), DnsName::parent);
    above.into_iter().find(|name| name.label_count() <= labels).unwrap_or(DnsName::ROOT)
}
