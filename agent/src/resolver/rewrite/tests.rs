use hickory_proto::dnssec::Algorithm;
use hickory_proto::dnssec::rdata::sig::SigInput;
use hickory_proto::dnssec::rdata::{DNSSECRData, RRSIG};
use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::rdata::svcb::{Alpn, EchConfigList, IpHint, Mandatory, SvcParamKey, SvcParamValue};
use hickory_proto::rr::rdata::{A, CNAME, HTTPS, MX, NS, SOA, SRV, SVCB, TXT};
use hickory_proto::rr::{Name, RData, Record as Rr, RecordType, SerialNumber};
use proptest::prelude::*;

use super::*;
use crate::resolver::inspect::inspect;

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn record(owner: &str, data: RData) -> Rr {
    Rr::from_rdata(name(owner), 300, data)
}

fn https(owner: &str, priority: u16, target: &str, parameters: &[(SvcParamKey, SvcParamValue)]) -> Rr {
    record(owner, RData::HTTPS(HTTPS(SVCB::new(priority, name(target), parameters.to_vec()))))
}

fn alpn() -> (SvcParamKey, SvcParamValue) {
    (SvcParamKey::Alpn, SvcParamValue::Alpn(Alpn(vec!["h2".to_owned(), "h3".to_owned()])))
}

fn hint() -> (SvcParamKey, SvcParamValue) {
    (SvcParamKey::Ipv4Hint, SvcParamValue::Ipv4Hint(IpHint(vec![A([192, 0, 2, 1].into())])))
}

fn ech() -> (SvcParamKey, SvcParamValue) {
    (SvcParamKey::EchConfigList, SvcParamValue::EchConfigList(EchConfigList((0..70).collect())))
}

fn mandatory(keys: &[SvcParamKey]) -> (SvcParamKey, SvcParamValue) {
    (SvcParamKey::Mandatory, SvcParamValue::Mandatory(Mandatory(keys.to_vec())))
}

/// A signature over the records of a type. Nobody here checks it.
fn signature(owner: &str, covered: RecordType) -> Rr {
    let input = SigInput {
        type_covered: covered,
        algorithm: Algorithm::ECDSAP256SHA256,
        num_labels: 2,
        original_ttl: 300,
        sig_expiration: SerialNumber::new(9),
        sig_inception: SerialNumber::new(1),
        key_tag: 7,
        signer_name: name("site.example."),
    };
    record(owner, RData::DNSSEC(DNSSECRData::RRSIG(RRSIG::from_sig(input, b" signed".to_vec()))))
}

/// A signed response to a question about `site.example`.
fn response(answers: Vec<Rr>, authorities: Vec<Rr>, additionals: Vec<Rr>) -> Message {
    let mut message = Message::new(7, MessageType::Response, OpCode::Query);
    message.metadata.authentic_data = true;
    message.add_query(Query::query(name("site.example."), RecordType::HTTPS));
    message.answers = answers;
    message.authorities = authorities;
    message.additionals = additionals;
    message
}

/// Strips a message that hickory wrote, and reads what comes out with hickory.
fn stripped(message: &Message) -> Message {
    let bytes = strip_ech(&message.to_vec().unwrap()).unwrap();
    assert!(!inspect(&bytes).unwrap().has_ech);
    Message::from_vec(&bytes).unwrap()
}

#[test]
fn keys_go_from_every_section_with_their_signatures() {
    let elsewhere = |parameters: &[_]| vec![https("svc.example.", 1, ".", parameters)];
    let message = response(
        vec![
            https("site.example.", 1, ".", &[alpn(), hint(), ech()]),
            signature("site.example.", RecordType::HTTPS),
            signature("site.example.", RecordType::A),
        ],
        vec![record("example.", RData::NS(NS(name("ns.example."))))],
        elsewhere(&[alpn(), ech()]),
    );
    let mut expected = response(
        vec![https("site.example.", 1, ".", &[alpn(), hint()]), signature("site.example.", RecordType::A)],
        vec![record("example.", RData::NS(NS(name("ns.example."))))],
        elsewhere(&[alpn()]),
    );
    expected.metadata.authentic_data = false;
    assert_eq!(stripped(&message), expected);
}

#[test]
fn who_insists_on_keys_is_left_out() {
    let message = response(
        vec![
            https("site.example.", 1, ".", &[mandatory(&[SvcParamKey::EchConfigList]), alpn(), ech()]),
            https("site.example.", 2, "b.example.", &[mandatory(&[SvcParamKey::Alpn]), alpn(), ech()]),
            https("site.example.", 3, "b.example.", &[]),
        ],
        vec![],
        vec![record("b.example.", RData::A(A([192, 0, 2, 1].into())))],
    );
    let answers = stripped(&message).answers;
    assert_eq!(
        answers,
        [
            https("site.example.", 2, "b.example.", &[mandatory(&[SvcParamKey::Alpn]), alpn()]),
            https("site.example.", 3, "b.example.", &[])
        ]
    );
}

#[test]
fn what_has_no_keys_stays_as_it_is() {
    let message = response(
        vec![
            record("site.example.", RData::CNAME(CNAME(name("a.very.long.name.of.a.cdn.example.")))),
            https("a.very.long.name.of.a.cdn.example.", 0, "b.example.", &[]),
            signature("a.very.long.name.of.a.cdn.example.", RecordType::HTTPS),
        ],
        vec![record("example.", RData::SOA(SOA::new(name("ns.example."), name("host.example."), 1, 2, 3, 4, 5)))],
        vec![],
    );
    assert_eq!(stripped(&message), message, "authentic, signed and all");
}

#[test]
fn offsets_of_another_sort_are_followed() {
    // The owner of the last record is a pointer to a name behind the keys.
    let mut bytes = b"\0\x07\x81\xa0\0\x01\0\x02\0\0\0\x01\x04site\x07example\0\0\x41\0\x01".to_vec();
    bytes.extend_from_slice(b"\xc0\x0c\0\x41\0\x01\0\0\0\x3c\0\x0b\0\x01\0\0\x05\0\x04keys");
    let target = bytes.len() as u16;
    bytes.extend_from_slice(b"\x03cdn\xc0\x11\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01");
    bytes.extend_from_slice(&(0xc000 | target).to_be_bytes());
    bytes.extend_from_slice(b"\0\x1c\0\x01\0\0\0\x3c\0\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01");
    let before = Message::from_vec(&bytes).unwrap();
    let out = strip_ech(&bytes).unwrap();
    let after = Message::from_vec(&out).unwrap();
    assert_eq!(after.answers[1..], before.answers[1..]);
    assert_eq!(after.additionals, before.additionals);
    assert_eq!(after.answers[0], {
        let mut expected = https("site.example.", 1, ".", &[]);
        expected.ttl = 60;
        expected
    });
    assert!(out.len() < bytes.len());
}

#[test]
fn a_message_that_would_grow_past_its_limit_is_refused() {
    // The targets of these services point to one long name, which has to be written out each time.
    const COUNT: u16 = 400;
    let mut message = b"\0\x07\x81\x80\0\x01\0\0\0\0\0\0\x04site\x07example\0\0\x21\0\x01".to_vec();
    message[6..8].copy_from_slice(&COUNT.to_be_bytes());
    let long = [&[60; 61][..], &[60; 61], &[60; 61], &[0]].concat();
    let first = message.len() as u16 + 18;
    for number in 0..COUNT {
        let target = if number == 0 { long.clone() } else { (0xc000 | first).to_be_bytes().to_vec() };
        message.extend_from_slice(b"\xc0\x0c\0\x21\0\x01\0\0\0\x3c");
        message.extend_from_slice(&(6 + target.len() as u16).to_be_bytes());
        message.extend_from_slice(&[0; 6]);
        message.extend_from_slice(&target);
    }
    assert_eq!(Message::from_vec(&message).unwrap().answers.len(), usize::from(COUNT));
    assert_eq!(strip_ech(&message), Err(Malformed::TooLong));
}

fn owner() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["site.example.", "www.site.example.", "cdn.net.", "a.b.c.cdn.net.", "."])
}

fn parameters() -> impl Strategy<Value = Vec<(SvcParamKey, SvcParamValue)>> {
    let all = vec![mandatory(&[SvcParamKey::Alpn]), alpn(), hint(), ech()];
    prop::sample::subsequence(all, 0..=4)
}

fn any_record() -> impl Strategy<Value = Rr> {
    prop_oneof![
        (owner(), 0..4_u16, owner(), parameters()).prop_map(|(owner, priority, target, parameters)| https(
            owner,
            priority,
            target,
            &parameters
        )),
        (owner(), owner()).prop_map(|(owner, target)| record(owner, RData::CNAME(CNAME(name(target))))),
        (owner(), owner()).prop_map(|(owner, target)| record(owner, RData::MX(MX::new(10, name(target))))),
        (owner(), owner()).prop_map(|(owner, target)| record(owner, RData::SRV(SRV::new(1, 2, 3, name(target))))),
        (owner(), owner())
            .prop_map(|(owner, at)| record(owner, RData::SOA(SOA::new(name(at), name("x."), 1, 2, 3, 4, 5)))),
        (owner(), "[a-z]{0,20}").prop_map(|(owner, text)| record(owner, RData::TXT(TXT::new(vec![text])))),
        (owner(), any::<[u8; 4]>()).prop_map(|(owner, address)| record(owner, RData::A(A(address.into())))),
    ]
}

proptest! {
    /// Whatever an answer is made of, only keys, and the signatures of what had them, go.
    #[test]
    fn all_but_the_keys_is_as_it_was(
        answers in prop::collection::vec(any_record(), 0..8),
        authorities in prop::collection::vec(any_record(), 0..4),
        additionals in prop::collection::vec(any_record(), 0..4),
    ) {
        let message = response(answers, authorities, additionals);
        let after = stripped(&message);
        let has_ech = |record: &Rr| match &record.data {
            RData::HTTPS(https) => https.0.svc_params.iter().any(|(key, _)| *key == SvcParamKey::EchConfigList),
            _ => false,
        };
        let without = |records: &[Rr]| -> Vec<Rr> {
            records.iter().map(|record| match &record.data {
                RData::HTTPS(HTTPS(svcb)) => {
                    let mut svcb = svcb.clone();
                    svcb.svc_params.retain(|(key, _)| *key != SvcParamKey::EchConfigList);
                    Rr::from_rdata(record.name.clone(), record.ttl, RData::HTTPS(HTTPS(svcb)))
                }
                _ => record.clone(),
            }).collect()
        };
        let sections = [&message.answers, &message.authorities, &message.additionals];
        prop_assert_eq!(after.metadata.authentic_data, !sections.iter().any(|section| section.iter().any(has_ech)));
        prop_assert_eq!(&after.answers, &without(&message.answers));
        prop_assert_eq!(&after.authorities, &without(&message.authorities));
        prop_assert_eq!(&after.additionals, &without(&message.additionals));
        prop_assert_eq!(&after.queries, &message.queries);
    }

    /// Bytes of any kind, and answers with bytes changed, are read or refused, and agree.
    #[test]
    fn any_bytes(
        answers in prop::collection::vec(any_record(), 0..6),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        whole in any::<bool>(),
        noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut message = response(answers, vec![], vec![]).to_vec().unwrap();
        for (at, value) in changes {
            let at = at.index(message.len());
            message[at] = value;
        }
        if !whole {
            message.truncate(cut.index(message.len()));
        }
        for bytes in [&message, &noise] {
            match (inspect(bytes), strip_ech(bytes)) {
                (Ok(before), Ok(out)) => {
                    let after = inspect(&out).unwrap();
                    prop_assert!(!after.has_ech);
                    // Records that insist on keys may have gone, and with them where they led.
                    prop_assert!(after.addresses.iter().all(|address| before.addresses.contains(address)));
                    prop_assert!(after.targets.iter().all(|target| before.targets.contains(target)));
                    if !before.has_ech {
                        prop_assert_eq!(&after, &before);
                    }
                }
                (Err(error), Ok(_)) => prop_assert!(matches!(error, Malformed::Data | Malformed::Name(_))),
                (_, Err(_)) => {}
            }
        }
    }
}

#[test]
fn signatures_are_left_out() {
    let mut message = Message::new(7, MessageType::Response, OpCode::Query);
    message.add_query(Query::query(name("WWW.example."), RecordType::A));
    message.add_answer(record("www.example.", RData::CNAME(CNAME(name("a.example.")))));
    message.add_answer(signature("www.example.", RecordType::CNAME));
    message.add_answer(record("a.example.", RData::A(A([192, 0, 2, 1].into()))));
    message.add_answer(signature("a.example.", RecordType::A));
    message.add_authority(record("example.", RData::NS(NS(name("ns.example.")))));
    message.add_authority(signature("example.", RecordType::NS));
    let stripped = Message::from_vec(&strip_dnssec(&message.to_vec().unwrap()).unwrap()).unwrap();
    assert_eq!(stripped.queries, message.queries);
    let types: Vec<_> = stripped.answers.iter().map(Rr::record_type).collect();
    assert_eq!(types, [RecordType::CNAME, RecordType::A]);
    assert!(stripped.authorities.is_empty());

    // What says for how long there is nothing stays; so do signatures that were asked for.
    let mut message = Message::new(7, MessageType::Response, OpCode::Query);
    message.add_query(Query::query(name("www.example."), RecordType::RRSIG));
    message.add_answer(signature("www.example.", RecordType::A));
    let soa = SOA::new(name("ns.example."), name("mail.example."), 1, 2, 3, 4, 5);
    message.add_authority(record("example.", RData::SOA(soa)));
    message.add_authority(signature("example.", RecordType::SOA));
    let stripped = Message::from_vec(&strip_dnssec(&message.to_vec().unwrap()).unwrap()).unwrap();
    assert_eq!(stripped.answers.len(), 1);
    assert_eq!(stripped.authorities, message.authorities[..1]);
}
