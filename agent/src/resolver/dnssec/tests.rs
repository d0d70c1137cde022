use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, DS, RRSIG};
use hickory_proto::dnssec::{Algorithm, PublicKey as _, PublicKeyBuf, TrustAnchors};
use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::BinDecodable as _;
use proptest::prelude::*;

use std::sync::LazyLock;
use std::sync::atomic::AtomicU32;

use super::*;
use crate::resolver::question::CLASS_IN;
use crate::resolver::upstream::response::{Expected, read};
use crate::resolver::{cache, inspect};
use world::{Chain, World, ecdsa, ed25519, name, rsa};

mod world;

/// 2026-11-01.
const NOW: u32 = 1_793_491_200;
const HASHED: Chain = Chain::Nsec3 { iterations: 0, opt_out: false };

type Twist = Box<dyn Fn(&mut Message) + Send + Sync>;

/// A world, somebody on the way to it, and a validator.
struct Lab {
    world: World,
    /// What becomes of every answer on the way.
    twist: Twist,
    lookups: AtomicU32,
    validator: Validator,
    now: u32,
}

impl Lab {
    fn new() -> Self {
        Self::of(world(), &Settings::default())
    }

    fn of(world: World, settings: &Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("root.key");
        std::fs::write(&file, world.anchors()).unwrap();
        let settings = Settings { trust_anchors: Some(file), ..settings.clone() };
        let validator = Validator::new(&settings, []).unwrap();
        Self { world, twist: Box::new(|_| {}), lookups: AtomicU32::new(0), validator, now: NOW }
    }

    fn twisted(twist: impl Fn(&mut Message) + Send + Sync + 'static) -> Self {
        Self { twist: Box::new(twist), ..Self::new() }
    }

    /// The bytes of the answer as they enter validation.
    fn answer(&self, asked: &str, kind: RecordType) -> (Question, cache::Message, u32, u8) {
        let asked = DnsName::from_dotted(asked).unwrap();
        let question = Question { name: asked, query_type: kind.into(), class: CLASS_IN };
        let (message, ttl, rcode) = self.response(&question);
        (question, message, ttl, rcode)
    }

    fn response(&self, question: &Question) -> (cache::Message, u32, u8) {
        let owner = Name::from_bytes(question.name.as_wire()).unwrap();
        let mut message = self.world.answer(&Query::query(owner, question.query_type.into()));
        (self.twist)(&mut message);
        let bytes = message.to_vec().unwrap();
        let expected = Expected { query: &bytes, question, dnssec_ok: true, exact_capitals: false };
        let response = read(&expected, &bytes).unwrap();
        (response.message, response.ttl, response.rcode)
    }

    async fn verdict(&self, asked: &str, kind: RecordType) -> Verdict {
        let (question, message, _, rcode) = self.answer(asked, kind);
        let wall = Timestamp::from_second(self.now.into()).unwrap();
        let clock = Clock { wall: Some(wall), boot_s: 1000 };
        self.validator.validate(self, &question, &message.bytes, rcode, clock).await.unwrap()
    }

    #[track_caller]
    fn check(&self, asked: &str, kind: RecordType, expected: Expectation) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = match runtime.block_on(self.verdict(asked, kind)) {
            Verdict::Secure { .. } => Expectation::Secure,
            Verdict::Insecure { .. } => Expectation::Insecure,
            Verdict::Bogus(reason) => Expectation::Bogus(reason),
        };
        assert_eq!(found, expected, "{asked} {kind}");
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Expectation {
    Secure,
    Insecure,
    Bogus(Reason),
}
use Expectation::{Bogus, Insecure, Secure};

impl Source for Lab {
    async fn look_up(&self, question: &Question) -> Result<Arc<Stored>, Failure> {
        self.lookups.fetch_add(1, Ordering::SeqCst);
        let (message, ttl, rcode) = self.response(question);
        let traits = inspect::inspect(&message.bytes).unwrap();
        Ok(Arc::new(Stored { message, without_ech: None, traits, stored_at: 1000, ttl, rcode, authentic: false }))
    }
}

/// The root, two domains beneath it, and zones of all kinds beneath these.
fn world() -> World {
    let mut world = World::new(NOW);
    world.add(".", Chain::Nsec, ecdsa());
    world.add("test.", Chain::Nsec, ed25519());
    world.add("hash.", Chain::Nsec3 { iterations: 1, opt_out: true }, rsa());
    for (above, chain) in [("test.", Chain::Nsec), ("hash.", HASHED)] {
        let zone = world.add(&format!("good.{above}"), chain, ecdsa());
        zone.put_address(&format!("*.wild.good.{above}"));
        zone.put_address(&format!("closer.wild.good.{above}"));
        zone.put_address(&format!("deep.between.good.{above}"));
        zone.put_address(&format!("late.good.{above}"));
        zone.put_address(&format!("early.good.{above}"));
        zone.validity.insert(name(&format!("late.good.{above}")), (NOW - 7200, NOW - 1));
        zone.validity.insert(name(&format!("early.good.{above}")), (NOW + 60, NOW + 7200));
        zone.put_alias(&format!("alias.good.{above}"), &format!("www.good.{above}"));
        zone.put_alias(&format!("outside.good.{above}"), &format!("www.plain.{above}"));
        zone.put_alias(&format!("nowhere.good.{above}"), &format!("no.such.good.{above}"));
        zone.put_alias(&format!("*.aliases.good.{above}"), &format!("www.good.{above}"));
        zone.put_redirection(&format!("moved.good.{above}"), &format!("good.{above}"));
        world.add(&format!("sub.good.{above}"), chain, ed25519());
        world.add(&format!("plain.{above}"), Chain::Unsigned, ed25519());
        world.add(&format!("signed.plain.{above}"), Chain::Nsec, ed25519());
    }
    world
}

fn is_signature(record: &Record) -> bool {
    record.record_type() == RecordType::RRSIG
}

#[test]
fn what_is_signed_is_secure() {
    let lab = Lab::new();
    for above in ["test", "hash"] {
        for (asked, kind) in [
            ("www.good", RecordType::A),
            ("WwW.gOOd", RecordType::A),
            ("www.sub.good", RecordType::A),
            ("good", RecordType::SOA),
            ("good", RecordType::DNSKEY),
            ("good", RecordType::DS),
            // Nothing of the type: at a name, at its zone's own, at one that others lie beneath.
            ("www.good", RecordType::AAAA),
            ("good", RecordType::MX),
            ("between.good", RecordType::A),
            ("www.good", RecordType::DS),
            // No such name.
            ("no.such.good", RecordType::A),
            ("aaa.good", RecordType::A),
            ("zzz.good", RecordType::A),
            ("no.such.sub.good", RecordType::A),
            // Wildcards: an answer, none of the type, the wildcard's own name, and a name beside it.
            ("any.wild.good", RecordType::A),
            ("any.thing.wild.good", RecordType::A),
            ("any.wild.good", RecordType::AAAA),
            ("*.wild.good", RecordType::A),
            ("closer.wild.good", RecordType::A),
            ("any.closer.wild.good", RecordType::A),
            ("any.aliases.good", RecordType::A),
            ("alias.good", RecordType::A),
            ("nowhere.good", RecordType::A),
            ("www.moved.good", RecordType::A),
            ("no.such.moved.good", RecordType::A),
        ] {
            lab.check(&format!("{asked}.{above}"), kind, Secure);
        }
    }
    lab.check("nonexistent", RecordType::A, Secure);
    lab.check(".", RecordType::NS, Secure);
}

#[test]
fn what_lies_beneath_an_unsigned_delegation_is_insecure() {
    let lab = Lab::new();
    for above in ["test", "hash"] {
        for asked in ["www.plain", "no.such.plain", "www.signed.plain", "outside.good"] {
            lab.check(&format!("{asked}.{above}"), RecordType::A, Insecure);
        }
    }
    // Where delegations may be left out of the chain, nothing is proven about names beside them.
    lab.check("nonexistent.hash", RecordType::A, Insecure);
    lab.check("plain.hash", RecordType::DS, Insecure);
    lab.check("plain.test", RecordType::DS, Secure);
}

#[test]
fn signatures_hold_for_their_time() {
    let mut lab = Lab::new();
    lab.check("late.good.test", RecordType::A, Bogus(Reason::Expired));
    lab.check("early.good.test", RecordType::A, Bogus(Reason::NotYetValid));
    lab.now = NOW + 90_000;
    lab.check("www.good.test", RecordType::A, Bogus(Reason::Expired));
    lab.now = NOW - 90_000;
    lab.check("www.good.test", RecordType::A, Bogus(Reason::NotYetValid));
}

#[tokio::test]
async fn lifetimes_end_with_the_signature() {
    let mut lab = Lab::new();
    let zone = lab.world.zone("good.test.");
    zone.put_address("short.good.test.");
    zone.validity.insert(name("short.good.test."), (NOW - 60, NOW + 20));
    assert_eq!(lab.verdict("short.good.test", RecordType::A).await, Verdict::Secure { ttl: 20 });
    assert_eq!(lab.verdict("www.good.test", RecordType::A).await, Verdict::Secure { ttl: world::TTL });
}

#[test]
fn what_is_changed_on_the_way_is_bogus() {
    let forged = RData::A(A::new(203, 0, 113, 66));
    let replace = move |message: &mut Message| {
        for record in message.answers.iter_mut().filter(|record| record.record_type() == RecordType::A) {
            record.data = forged.clone();
        }
    };
    for asked in ["www.good.test", "any.wild.good.hash", "alias.good.test", "www.moved.good.hash"] {
        Lab::twisted(replace.clone()).check(asked, RecordType::A, Bogus(Reason::Forged));
    }
    Lab::twisted(replace).check("www.plain.test", RecordType::A, Insecure);

    // Without any signature in the zone itself, the parent's word that there must be some is left.
    let asks_for_chain =
        |message: &Message| matches!(message.queries[0].query_type(), RecordType::DS | RecordType::DNSKEY);
    let strip = move |message: &mut Message| {
        if !asks_for_chain(message) {
            message.answers.retain(|record| !is_signature(record));
            message.authorities.clear();
        }
    };
    for above in ["test", "hash"] {
        let asked = format!("www.good.{above}");
        Lab::twisted(strip).check(&asked, RecordType::A, Bogus(Reason::SignaturesMissing));
        Lab::twisted(strip).check(&asked, RecordType::AAAA, Bogus(Reason::ProofMissing));
    }
    let no_key = |message: &mut Message| {
        if message.queries[0] == Query::query(name("good.test."), RecordType::DNSKEY) {
            message.answers.clear();
        }
    };
    Lab::twisted(no_key).check("www.good.test", RecordType::A, Bogus(Reason::KeyMissing));
}

/// Answers that are signed, every record of them, but say something else.
#[test]
fn proofs_of_other_names_prove_nothing() {
    let forge = |asked: &'static str, kind: RecordType, authorities: Vec<Record>, code: ResponseCode, lab: &mut Lab| {
        lab.twist = Box::new(move |message: &mut Message| {
            if message.queries[0] == Query::query(name(asked), kind) {
                message.answers.clear();
                message.authorities = authorities.clone();
                message.metadata.response_code = code;
            }
        });
    };
    let (nx, ok) = (ResponseCode::NXDomain, ResponseCode::NoError);
    for above in ["test", "hash"] {
        for (asked, kind, borrowed, borrowed_kind, code) in [
            // That there is no such name beside it.
            ("www.good", RecordType::A, "no.such.good", RecordType::A, nx),
            ("www.good", RecordType::A, "no.such.good", RecordType::A, ok),
            // That there is nothing else at the name.
            ("www.good", RecordType::A, "www.good", RecordType::AAAA, ok),
            ("www.good", RecordType::A, "www.good", RecordType::AAAA, nx),
            // That there is nothing else at an alias.
            ("alias.good", RecordType::A, "aliasa.good", RecordType::A, ok),
            // The parent speaks for the delegation, not for the zone beneath it.
            ("sub.good", RecordType::SOA, "subzz.good", RecordType::A, ok),
            ("www.sub.good", RecordType::A, "subzz.good", RecordType::A, nx),
            // A wildcard is hidden.
            ("any.wild.good", RecordType::A, "any.wild.good", RecordType::AAAA, nx),
            // A name with others beneath it is denied.
            ("between.good", RecordType::A, "between.good", RecordType::A, nx),
        ] {
            let mut lab = Lab::new();
            let (asked, borrowed) = (format!("{asked}.{above}."), format!("{borrowed}.{above}."));
            let (asked, borrowed): (&'static str, &'static str) = (asked.leak(), borrowed.leak());
            let authorities = lab.world.answer(&Query::query(name(borrowed), borrowed_kind)).authorities;
            forge(asked, kind, authorities, code, &mut lab);
            lab.check(asked.trim_end_matches('.'), kind, Bogus(Reason::ProofMissing));
        }
    }
}

/// Nobody on the way can make a signed zone an unsigned one.
#[test]
fn a_zone_is_only_unsigned_if_its_parent_says_so() {
    for above in ["test", "hash"] {
        let good = name(&format!("good.{above}."));
        let answer_for =
            |lab: &Lab, asked: &str, kind| lab.world.answer(&Query::query(name(&format!("{asked}.{above}.")), kind));
        for (borrowed, kind, reason) in [
            ("plain", RecordType::DS, Reason::ProofMissing),
            // By the zone itself.
            ("www.good", RecordType::AAAA, Reason::SignaturesMissing),
            ("no", RecordType::DS, Reason::ProofMissing),
        ] {
            let mut lab = Lab::new();
            let authorities = answer_for(&lab, borrowed, kind).authorities;
            let good = good.clone();
            lab.twist = Box::new(move |message| {
                let question = message.queries[0].clone();
                if (question.name(), question.query_type()) == (&good, RecordType::DS) {
                    message.answers.clear();
                    message.authorities = authorities.clone();
                } else if question.query_type() == RecordType::A {
                    message.answers.retain(|record| !is_signature(record));
                }
            });
            lab.check(&format!("www.good.{above}"), RecordType::A, Bogus(reason));
        }
        // That there is nothing, told by somebody whom nobody asked.
        let unsigned = answer_for(&Lab::new(), "no.such.plain", RecordType::A).authorities;
        let lab = Lab::twisted(move |message| {
            if message.queries[0].query_type() == RecordType::A {
                message.answers.clear();
                message.authorities = unsigned.clone();
                message.metadata.response_code = ResponseCode::NXDomain;
            }
        });
        lab.check(&format!("www.good.{above}"), RecordType::A, Bogus(Reason::ProofMissing));
    }
}

#[test]
fn what_is_exempt_is_insecure() {
    let anchor = |text: &str| DnsName::from_dotted(text).unwrap();
    let settings = Settings { negative_anchors: vec![anchor("good.test")], trust_anchors: None };
    let mut lab = Lab::of(world(), &settings);
    lab.twist = Box::new(|message| message.answers.retain(|record| !is_signature(record)));
    lab.check("www.good.test", RecordType::A, Insecure);
    lab.check("www.sub.good.test", RecordType::A, Insecure);
    assert_eq!(lab.lookups.into_inner(), 0, "nothing is asked about it");
    let lab = Lab::of(world(), &settings);
    lab.check("www.good.hash", RecordType::A, Secure);

    // A domain with servers of its own, to which an alias leads.
    let mut lab = Lab::new();
    lab.validator.exempt = [anchor("plain.hash"), anchor("sub.good.hash")].into_iter().collect();
    lab.world.zone("good.hash.").put_alias("inside.good.hash.", "www.sub.good.hash.");
    lab.check("inside.good.hash", RecordType::A, Insecure);
    lab.check("www.good.hash", RecordType::A, Secure);
}

#[tokio::test]
async fn while_the_clock_was_never_set_nothing_is_validated() {
    let lab = Lab::twisted(|message| message.answers.retain(|record| !is_signature(record)));
    let (question, message, _, rcode) = lab.answer("www.good.test", RecordType::A);
    let clock = Clock { wall: None, boot_s: 5 };
    let verdict = lab.validator.validate(&lab, &question, &message.bytes, rcode, clock).await.unwrap();
    assert_eq!(verdict, Verdict::Insecure { ttl: UNCHECKED_TTL_MAX_S });
    assert_eq!(lab.validator.counts(), [("secure", 0), ("insecure", 1), ("bogus", 0)]);
}

#[test]
fn delegations_are_remembered() {
    let lab = Lab::new();
    let lookups = || lab.lookups.load(Ordering::SeqCst);
    lab.check("www.good.test", RecordType::A, Secure);
    assert_eq!(lookups(), 5, "three zones' keys, two delegations");
    lab.check("no.such.good.test", RecordType::A, Secure);
    assert_eq!(lookups(), 5);
    lab.check("www.plain.test", RecordType::A, Insecure);
    lab.check("www.signed.plain.test", RecordType::A, Insecure);
    assert_eq!(lookups(), 6);
    assert_eq!(lab.validator.counts(), [("secure", 2), ("insecure", 2), ("bogus", 0)]);
}

#[test]
fn a_zone_of_unknown_algorithms_is_insecure() {
    for (algorithm, digest) in [(13_u8, 200_u8), (200, 2)] {
        let mut lab = Lab::new();
        let ds = RData::DNSSEC(DNSSECRData::DS(DS::new(1, Algorithm::from_u8(algorithm), digest.into(), vec![7; 32])));
        let parent = lab.world.zone("test.");
        parent.remove("good.test.", RecordType::DS);
        parent.put(&name("good.test."), ds.clone());
        lab.check("www.good.test", RecordType::A, Insecure);
        // Beside one that is known, it makes no difference.
        let known = RData::DNSSEC(DNSSECRData::DS(lab.world.zone("good.test.").ds()));
        lab.world.zone("test.").put(&name("good.test."), known);
        lab.validator.cuts = Mutex::default();
        lab.check("www.good.test", RecordType::A, Secure);
    }
}

#[test]
fn many_iterations_make_a_zone_insecure() {
    for (iterations, expected) in [(ITERATIONS_MAX, Secure), (ITERATIONS_MAX + 1, Insecure)] {
        let mut world = world();
        world.add("slow.test.", Chain::Nsec3 { iterations, opt_out: false }, ecdsa());
        let lab = Lab::of(world, &Settings::default());
        lab.check("www.slow.test", RecordType::A, Secure);
        lab.check("no.such.slow.test", RecordType::A, expected);
    }
}

/// Names of many labels that are not there (CVE-2023-50868).
#[test]
fn hashing_has_a_limit() {
    let lab = Lab::new();
    let name = |labels: usize| format!("{}good.hash", "a.".repeat(labels));
    lab.check(&name(30), RecordType::A, Secure);
    lab.check(&name(120), RecordType::A, Bogus(Reason::ProofMissing));
}

/// Keys with the same tag, and signatures that all could be theirs (CVE-2023-50387).
#[test]
fn verifying_has_a_limit() {
    let twist = |message: &mut Message| {
        let question = message.queries[0].clone();
        if question.query_type() == RecordType::A {
            let is_address = |record: &&Record| !is_signature(record);
            let addresses: Vec<Record> = message.answers.iter().filter(is_address).cloned().collect();
            let signatures: Vec<Record> =
                message.answers.iter().filter(|record| is_signature(record)).cloned().collect();
            message.answers = addresses;
            for number in 0..200_u8 {
                let mut signature = signatures[0].clone();
                let RData::DNSSEC(DNSSECRData::RRSIG(rrsig)) = &signature.data else { panic!() };
                let wrong = RRSIG::from_sig(rrsig.input().clone(), vec![number; 64]);
                signature.data = RData::DNSSEC(DNSSECRData::RRSIG(wrong));
                message.answers.push(signature);
            }
        }
    };
    let lab = Lab::twisted(twist);
    let (_, message, ..) = lab.answer("www.good.test", RecordType::A);
    let sets = rrset::RrSet::read(&message.bytes).unwrap();
    assert_eq!(sets[0].signatures.len(), SIGNATURES_MAX);
    lab.check("www.good.test", RecordType::A, Bogus(Reason::Forged));

    let mut budget = Budget::WHOLE;
    for _ in 0..VERIFICATIONS_MAX {
        budget.take_verification().unwrap();
    }
    assert_eq!(budget.take_verification(), Err(Reason::TooMuchWork));
    // A chain of aliases, each with its own false signatures beside a good one, uses it up.
    let mut lab = Lab::new();
    for number in 0..20 {
        let target = format!("n{}.good.test.", number + 1);
        lab.world.zone("good.test.").put_alias(&format!("n{number}.good.test."), &target);
    }
    lab.twist = Box::new(|message: &mut Message| {
        let signatures: Vec<Record> = message.answers.iter().filter(|record| is_signature(record)).cloned().collect();
        for mut signature in signatures {
            let RData::DNSSEC(DNSSECRData::RRSIG(rrsig)) = &signature.data else { panic!() };
            let wrong = RRSIG::from_sig(rrsig.input().clone(), vec![1; 64]);
            signature.data = RData::DNSSEC(DNSSECRData::RRSIG(wrong));
            let copies = std::iter::repeat_n(signature, SIGNATURES_MAX - 1);
            message.answers.splice(0..0, copies);
        }
    });
    lab.check("n0.good.test", RecordType::A, Bogus(Reason::TooMuchWork));
}

#[test]
fn keys_that_look_the_same_have_a_limit() {
    let mut lab = Lab::new();
    let zone = lab.world.zone("good.test.");
    let key = zone.dnskey();
    // Two words of the key in each other's place: another key with the same tag.
    for word in 1..20 {
        let mut bytes = key.public_key().public_bytes().to_vec();
        (0..2).for_each(|at| bytes.swap(at, 2 * word + at));
        let other = DNSKEY::with_flags(key.flags(), PublicKeyBuf::new(bytes, key.public_key().algorithm()));
        assert_eq!(other.calculate_key_tag().unwrap(), key.calculate_key_tag().unwrap());
        zone.put(&name("good.test."), RData::DNSSEC(DNSSECRData::DNSKEY(other)));
    }
    let set = |asked: &str, kind| rrset::RrSet::read(&lab.answer(asked, kind).1.bytes).unwrap().remove(0);
    let digest = KeyDigest::read(&set("good.test", RecordType::DS).data[0]).unwrap();
    let mut budget = Budget::WHOLE;
    let key_set = set("good.test", RecordType::DNSKEY);
    let (keys, _) = verify::ZoneKeys::vouched_for(&key_set, &[digest], NOW, &mut budget).unwrap();
    assert_eq!(VERIFICATIONS_MAX - budget.verifications, 1, "the parent says which key to begin with");
    let mut forged = set("www.good.test", RecordType::A);
    forged.data[0][3] ^= 1;
    assert_eq!(keys.verify(&forged, NOW, &mut budget), Err(Reason::Forged));
    assert_eq!(VERIFICATIONS_MAX - budget.verifications, 1 + KEYS_PER_TAG_MAX as u32);
}

/// That a question cannot be asked says nothing about the answer.
#[tokio::test]
async fn failures_are_passed_on() {
    struct Down;
    impl Source for Down {
        async fn look_up(&self, _: &Question) -> Result<Arc<Stored>, Failure> {
            Err(Failure::Timeout)
        }
    }
    let lab = Lab::new();
    let (question, message, _, rcode) = lab.answer("www.good.test", RecordType::A);
    let clock = Clock { wall: Some(Timestamp::from_second(NOW.into()).unwrap()), boot_s: 1000 };
    let verdict = lab.validator.validate(&Down, &question, &message.bytes, rcode, clock).await;
    assert_eq!(verdict, Err(Failure::Timeout));
    assert_eq!(lab.validator.counts(), [("secure", 0), ("insecure", 0), ("bogus", 0)]);
}

#[test]
fn looking_up_has_a_limit() {
    let lab = Lab::twisted(|message| {
        // Nothing is signed far below a signed zone, so every label could be a delegation.
        if message.queries[0].query_type() == RecordType::A {
            message.answers.clear();
            message.authorities.clear();
            let owner = message.queries[0].name().clone();
            message.answers.push(Record::from_rdata(owner, 300, RData::A(A::new(192, 0, 2, 3))));
        }
    });
    let asked = format!("{}good.test", "a.".repeat(100));
    lab.check(&asked, RecordType::A, Bogus(Reason::TooMuchWork));
    assert_eq!(lab.lookups.into_inner(), LOOKUPS_MAX);
}

#[test]
fn trust_anchors_are_read_or_refused() {
    let built_in = anchors::of_the_root();
    let other = TrustAnchors::default();
    assert_eq!(built_in.len(), other.len());
    for (index, digest) in built_in.iter().enumerate() {
        // The other implementation has the keys themselves.
        let key = other.get(index).unwrap();
        let data = [&[1, 1, 3, u8::from(key.algorithm())], key.public_bytes()].concat();
        assert!(digest.covers(&DnsName::ROOT, &keys::Key::read(&data).unwrap()), "anchor {index}");
    }
    assert_eq!(anchors::read(&world().anchors()).unwrap().len(), 1);
    for (text, expected) in [
        ("", "there is no trust anchor"),
        ("; nothing\n", "there is no trust anchor"),
        (". IN DS 1 200 2 00\n", "there is no trust anchor"),
        ("\n. IN DS 20326 8\n", "line 2 "),
        (". IN DS 20326 8 2 XYZ\n", "line 1 "),
        ("example. IN DS 20326 8 2 00\n", "line 1 "),
        (". IN A 192.0.2.1\n", "line 1 "),
    ] {
        let error = anchors::read(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text:?}: {error}");
    }
    let many = ". IN DS 20326 8 2 00\n".repeat(DIGESTS_MAX + 1);
    assert!(anchors::read(&many).unwrap_err().to_string().contains("more than 16"));
    let missing = Settings { trust_anchors: Some("/nonexistent/root.key".into()), ..Settings::default() };
    let error = Validator::new(&missing, []).unwrap_err().to_string();
    assert!(error.contains("/nonexistent/root.key cannot be read"), "{error}");
}

proptest! {
    #[test]
    fn any_bytes_are_judged_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 12_usize..200) {
        // Signing a world takes longer than judging an answer from it.
        static LAB: LazyLock<Lab> = LazyLock::new(Lab::new);
        let lab = &*LAB;
        let (question, message, _, rcode) = lab.answer("no.such.good.hash", RecordType::A);
        let mut hostile = message.bytes.to_vec();
        let at = at.min(hostile.len());
        let end = (at + bytes.len()).min(hostile.len());
        hostile[at..end].copy_from_slice(&bytes[..end - at]);
        let clock = Clock { wall: Some(Timestamp::from_second(NOW.into()).unwrap()), boot_s: 1000 };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let verdict = runtime.block_on(lab.validator.validate(lab, &question, &hostile, rcode, clock)).unwrap();
        // Lifetimes and the question are not signed, so it may still be secure. Nothing makes it insecure.
        prop_assert!(!matches!(verdict, Verdict::Insecure { .. }), "{verdict:?}");
    }
}
