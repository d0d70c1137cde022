//! A tree of signed zones, and a resolver that answers from it as forwarders do: aliases followed, with signatures and
//! proofs, nothing validated. Signed by another implementation than the one that is tested.
#![allow(unreachable_pub, reason = "integration tests include this file as well")]
#![allow(clippy::unwrap_used, reason = "a world that cannot be built fails the test")]

use std::collections::{BTreeMap, HashMap};

use data_encoding::{BASE32HEX_NOPAD, BASE64};
use hickory_proto::dnssec::crypto::{EcdsaSigningKey, Ed25519SigningKey, RsaSigningKey};
use hickory_proto::dnssec::rdata::sig::SigInput;
use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, DS, NSEC, NSEC3, RRSIG};
use hickory_proto::dnssec::{Algorithm, DigestType, Nsec3HashAlgorithm, PublicKey as _, SigningKey, TBS};
use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME, NS, NULL, SOA};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType, SerialNumber};
use hickory_proto::serialize::binary::{BinDecodable as _, BinEncodable as _};

pub const TTL: u32 = 300;
/// Redirections are nothing that the other implementation knows.
pub const DNAME: RecordType = RecordType::Unknown(39);
const RSA_KEY: &[u8] = include_bytes!("rsa.pk8");

/// How a zone proves what is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Chain {
    /// Not at all: it is not signed.
    Unsigned,
    Nsec,
    Nsec3 {
        iterations: u16,
        opt_out: bool,
    },
}

pub struct World {
    zones: Vec<Zone>,
    /// Signatures hold from an hour before this moment to a day after it, in seconds since 1970.
    now: u32,
}

pub struct Zone {
    pub name: Name,
    pub chain: Chain,
    key: Box<dyn SigningKey>,
    records: BTreeMap<Name, BTreeMap<RecordType, Vec<RData>>>,
    /// From when to when the signatures at a name hold, where that differs.
    pub validity: HashMap<Name, (u32, u32)>,
    validity_default: (u32, u32),
}

pub fn name(text: &str) -> Name {
    let mut name = Name::from_ascii(text).unwrap();
    name.set_fqdn(true);
    name
}

pub fn ecdsa() -> Box<dyn SigningKey> {
    let key = EcdsaSigningKey::generate_pkcs8(Algorithm::ECDSAP256SHA256).unwrap();
    Box::new(EcdsaSigningKey::from_pkcs8(&key, Algorithm::ECDSAP256SHA256).unwrap())
}

pub fn ed25519() -> Box<dyn SigningKey> {
    Box::new(Ed25519SigningKey::from_pkcs8(&Ed25519SigningKey::generate_pkcs8().unwrap()).unwrap())
}

pub fn rsa() -> Box<dyn SigningKey> {
    Box::new(RsaSigningKey::from_pkcs8(&RSA_KEY.into(), Algorithm::RSASHA256).unwrap())
}

impl World {
    pub fn new(now: u32) -> Self {
        Self { zones: Vec::new(), now }
    }

    /// Adds a zone beneath those that are there, with an address at `www`, and its delegation.
    pub fn add(&mut self, zone: &str, chain: Chain, key: Box<dyn SigningKey>) -> &mut Zone {
        let zone_name = name(zone);
        let mut zone = Zone {
            name: zone_name.clone(),
            chain,
            key,
            records: BTreeMap::new(),
            validity: HashMap::new(),
            validity_default: (self.now - 3600, self.now + 86_400),
        };
        let server = RData::NS(NS(name("ns.elsewhere.")));
        let soa = SOA::new(name("ns.elsewhere."), name("."), 1, 3600, 600, 86_400, TTL);
        zone.put(&zone_name, server.clone());
        zone.put(&zone_name, RData::SOA(soa));
        if chain != Chain::Unsigned {
            zone.put(&zone_name, RData::DNSSEC(DNSSECRData::DNSKEY(zone.dnskey())));
        }
        zone.put(&name("www").append_domain(&zone_name).unwrap(), RData::A(A::new(192, 0, 2, 1)));
        let ds = zone.ds();
        if let Some(parent) = self.zones.iter_mut().filter(|parent| parent.name.zone_of(&zone_name)).last() {
            parent.put(&zone_name, server);
            if chain != Chain::Unsigned {
                parent.put(&zone_name, RData::DNSSEC(DNSSECRData::DS(ds)));
            }
        }
        self.zones.push(zone);
        self.zones.last_mut().unwrap()
    }

    pub fn zone(&mut self, zone: &str) -> &mut Zone {
        self.zones.iter_mut().find(|other| other.name == name(zone)).unwrap()
    }

    /// The key of the root as a file of trust anchors has it.
    pub fn anchors(&self) -> String {
        let key = self.zones[0].dnskey();
        let text = BASE64.encode(key.public_key().public_bytes());
        format!(
            "; The root of a test.\n. 3600 IN DNSKEY {} 3 {} {text}\n",
            key.flags(),
            u8::from(self.zones[0].key.algorithm())
        )
    }

    /// The answer to a question.
    pub fn answer(&self, question: &Query) -> Message {
        let mut message = Message::new(0, MessageType::Response, OpCode::Query);
        message.add_query(question.clone());
        message.metadata.recursion_desired = true;
        message.metadata.recursion_available = true;
        let mut owner = question.name().to_lowercase();
        for _ in 0..10 {
            let zone = self.zone_of(&owner, question.query_type());
            match zone.answer(&owner, question.query_type(), &mut message) {
                Some(target) => owner = target,
                None => break,
            }
        }
        message
    }

    /// The deepest zone that speaks for records of this type at `owner`.
    fn zone_of(&self, owner: &Name, kind: RecordType) -> &Zone {
        let speaks_for = |zone: &&Zone| {
            zone.name.zone_of(owner) && (kind != RecordType::DS || zone.name != *owner || owner.is_root())
        };
        self.zones.iter().filter(speaks_for).max_by_key(|zone| zone.name.num_labels()).unwrap()
    }
}

impl Zone {
    pub fn put(&mut self, owner: &Name, data: RData) {
        self.records.entry(owner.clone()).or_default().entry(data.record_type()).or_default().push(data);
    }

    pub fn put_address(&mut self, owner: &str) {
        self.put(&name(owner), RData::A(A::new(192, 0, 2, 2)));
    }

    pub fn put_alias(&mut self, owner: &str, target: &str) {
        self.put(&name(owner), RData::CNAME(CNAME(name(target))));
    }

    pub fn put_redirection(&mut self, owner: &str, target: &str) {
        let target = name(target).to_bytes().unwrap();
        self.put(&name(owner), RData::Unknown { code: DNAME, rdata: NULL::with(target) });
    }

    pub fn remove(&mut self, owner: &str, kind: RecordType) {
        self.records.get_mut(&name(owner)).unwrap().remove(&kind);
    }

    pub fn dnskey(&self) -> DNSKEY {
        DNSKEY::from_key(&self.key.to_public_key().unwrap())
    }

    pub fn ds(&self) -> DS {
        DS::from_key(&self.key.to_public_key().unwrap(), &self.name, DigestType::SHA256).unwrap()
    }

    /// Adds what the zone has to say of `owner`, and returns where an alias leads.
    fn answer(&self, owner: &Name, kind: RecordType, message: &mut Message) -> Option<Name> {
        let mut above = owner.clone();
        while self.name.zone_of(&above) && !above.is_root() && above != self.name {
            above = above.base_name();
            if let Some(RData::Unknown { rdata, .. }) = self.set(&above, DNAME).first() {
                let target = Name::from_bytes(&rdata.anything).unwrap();
                self.push(&above, &above, DNAME, &mut message.answers);
                let kept = usize::from(owner.num_labels() - above.num_labels());
                let prefix = Name::from_labels(owner.iter().take(kept)).unwrap();
                let target = prefix.append_domain(&target).unwrap();
                let alias = RData::CNAME(CNAME(target.clone()));
                message.answers.push(Record::from_rdata(owner.clone(), TTL, alias));
                return Some(target);
            }
        }
        if self.exists(owner) {
            return self.answer_from(owner, owner, kind, message);
        }
        let (closest, next_closer) = self.closest(owner);
        let wildcard = closest.prepend_label("*").unwrap();
        if self.records.contains_key(&wildcard) {
            let target = self.answer_from(owner, &wildcard, kind, message);
            self.deny(&next_closer, message);
            if message.answers.is_empty() {
                self.deny(&closest, message);
            }
            return target;
        }
        message.metadata.response_code = ResponseCode::NXDomain;
        self.push(&self.name, &self.name, RecordType::SOA, &mut message.authorities);
        for denied in [owner, &closest, &next_closer, &wildcard] {
            self.deny(denied, message);
        }
        None
    }

    /// Answers for `owner` from the records at `source`.
    fn answer_from(&self, owner: &Name, source: &Name, kind: RecordType, message: &mut Message) -> Option<Name> {
        if !self.set(source, kind).is_empty() {
            self.push(owner, source, kind, &mut message.answers);
            return None;
        }
        if let Some(RData::CNAME(target)) = self.set(source, RecordType::CNAME).first() {
            self.push(owner, source, RecordType::CNAME, &mut message.answers);
            return Some(target.0.clone());
        }
        self.push(&self.name, &self.name, RecordType::SOA, &mut message.authorities);
        self.deny(source, message);
        let (closest, next_closer) = self.closest(source);
        // A delegation that was opted out has no record of its own.
        if matches!(self.chain, Chain::Nsec3 { opt_out: true, .. }) {
            self.deny(&closest, message);
            self.deny(&next_closer, message);
        }
        None
    }

    fn set(&self, owner: &Name, kind: RecordType) -> &[RData] {
        self.records.get(owner).and_then(|sets| sets.get(&kind)).map_or(&[], Vec::as_slice)
    }

    /// Whether the name is there, if only because others lie beneath it.
    fn exists(&self, owner: &Name) -> bool {
        self.records.keys().any(|name| owner.zone_of(name))
    }

    /// The longest name above `owner` that is there, and the one that is one label longer.
    fn closest(&self, owner: &Name) -> (Name, Name) {
        let mut next_closer = owner.clone();
        loop {
            let above = next_closer.base_name();
            if self.exists(&above) || above.is_root() {
                return (above, next_closer);
            }
            next_closer = above;
        }
    }

    fn push(&self, owner: &Name, source: &Name, kind: RecordType, section: &mut Vec<Record>) {
        let data = self.set(source, kind);
        section.extend(data.iter().map(|data| Record::from_rdata(owner.clone(), TTL, data.clone())));
        let is_delegation = kind == RecordType::NS && *source != self.name;
        if self.chain != Chain::Unsigned && !is_delegation {
            let mut signature = self.sign(source, kind, data);
            signature.name = owner.clone();
            section.push(signature);
        }
    }

    fn sign(&self, owner: &Name, kind: RecordType, data: &[RData]) -> Record {
        let (inception, expiration) = self.validity.get(owner).copied().unwrap_or(self.validity_default);
        let input = SigInput {
            type_covered: kind,
            algorithm: self.key.algorithm(),
            num_labels: owner.num_labels(),
            original_ttl: TTL,
            sig_expiration: SerialNumber::new(expiration),
            sig_inception: SerialNumber::new(inception),
            key_tag: self.dnskey().calculate_key_tag().unwrap(),
            signer_name: self.name.clone(),
        };
        let records: Vec<Record> =
            data.iter().map(|data| Record::from_rdata(owner.clone(), TTL, data.clone())).collect();
        let signed = TBS::from_input(owner, DNSClass::IN, &input, records.iter()).unwrap();
        let signature = RRSIG::from_sig(input, self.key.sign(&signed).unwrap());
        Record::from_rdata(owner.clone(), TTL, RData::DNSSEC(DNSSECRData::RRSIG(signature)))
    }

    /// Adds the record that says what there is at `owner`, or what there is not around it.
    fn deny(&self, owner: &Name, message: &mut Message) {
        let proof = match self.chain {
            Chain::Unsigned => return,
            Chain::Nsec => self.nsec(owner),
            Chain::Nsec3 { iterations, opt_out } => self.nsec3(owner, iterations, opt_out),
        };
        if !message.authorities.contains(&proof) {
            let signature = self.sign(&proof.name, proof.record_type(), std::slice::from_ref(&proof.data));
            message.authorities.extend([proof, signature]);
        }
    }

    fn nsec(&self, owner: &Name) -> Record {
        let names: Vec<&Name> = self.records.keys().collect();
        let at = names.iter().rposition(|name| *name <= owner).unwrap();
        let next = names.get(at + 1).copied().unwrap_or(&self.name);
        let types = self.types(names[at], &[RecordType::NSEC, RecordType::RRSIG]);
        let data = RData::DNSSEC(DNSSECRData::NSEC(NSEC::new(next.clone(), types)));
        Record::from_rdata(names[at].clone(), TTL, data)
    }

    fn nsec3(&self, owner: &Name, iterations: u16, opt_out: bool) -> Record {
        let salt = vec![0xab, 0xcd];
        let hash = |name: &Name| Nsec3HashAlgorithm::SHA1.hash(&salt, name, iterations).unwrap().as_ref().to_vec();
        let mut names: Vec<Name> = Vec::new();
        for name in self.records.keys() {
            let is_unsigned = *name != self.name
                && !self.set(name, RecordType::NS).is_empty()
                && self.set(name, RecordType::DS).is_empty();
            if opt_out && is_unsigned {
                continue;
            }
            let mut above = name.clone();
            while above != self.name && !names.contains(&above) {
                names.push(above.clone());
                above = above.base_name();
            }
        }
        names.push(self.name.clone());
        let mut chain: Vec<(Vec<u8>, Name)> = names.into_iter().map(|name| (hash(&name), name)).collect();
        chain.sort();
        let wanted = hash(owner);
        // What comes before the first is covered by the last.
        let at = chain.iter().rposition(|(hash, _)| *hash <= wanted).unwrap_or(chain.len() - 1);
        let next = chain[(at + 1) % chain.len()].0.clone();
        let others: &[RecordType] = if self.records.contains_key(&chain[at].1) { &[RecordType::RRSIG] } else { &[] };
        let types = self.types(&chain[at].1, others);
        let data = NSEC3::new(Nsec3HashAlgorithm::SHA1, opt_out, iterations, salt, next, types);
        let label = BASE32HEX_NOPAD.encode(&chain[at].0).to_lowercase();
        Record::from_rdata(
            self.name.prepend_label(label.as_str()).unwrap(),
            TTL,
            RData::DNSSEC(DNSSECRData::NSEC3(data)),
        )
    }

    fn types(&self, owner: &Name, others: &[RecordType]) -> Vec<RecordType> {
        let sets = self.records.get(owner).into_iter().flat_map(BTreeMap::keys);
        sets.chain(others).copied().collect()
    }
}
