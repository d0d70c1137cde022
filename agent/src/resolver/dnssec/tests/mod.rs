

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{RData, Record, RecordType};

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
        let mut message = self.world.answer(&Query::query(name(asked), kind));
        (self.twist)(&mut message);
        let bytes = message.to_vec().unwrap();
        let asked = DnsName::from_dotted(asked).unwrap();
        let question = Question { name: asked, query_type: kind.into(), class: CLASS_IN };
        let expected = Expected { query: &bytes, question: &question, dnssec_ok: true, exact_capitals: false };
        let response = read(&expected, &bytes).unwrap();
        (question, response.message, response.ttl, response.rcode)
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
        let (_, message, ttl, rcode) = self.answer(&question.name.to_string(), question.query_type.into());
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
    let forged = RData::A(hickory_proto::rr::rdata::A::new(203, 0, 113, 66));
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
    let asks_for_chain = |message: &Message| {
        matches!(message.queries[0].query_type(), RecordType::DS | RecordType::DNSKEY)
    };
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
