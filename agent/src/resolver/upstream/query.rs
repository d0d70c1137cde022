//! A query as it is sent to an upstream.

use super::Options;
use crate::resolver::name::NAME_MAX;
use crate::resolver::query::{HEADER_BYTES, UDP_BYTES_MAX, flags};
use crate::resolver::question::{Question, query_type};

/// The largest answer by UDP that is asked for: what fits into a packet that is not fragmented anywhere (RFC 9715).
const UDP_ANSWER_MAX: u16 = UDP_BYTES_MAX as u16;
/// Queries on encrypted transports are padded to a multiple of this (RFC 8467 §4.1).
const PADDING_BLOCK: usize = 128;
/// The option code of padding (RFC 7830).
const OPTION_PADDING: u16 = 12;
/// Bytes of an OPT record without options.
const OPT: usize = 11;
/// Bytes of an option's code and length.
const OPTION_HEAD: usize = 4;

/// Recursion desired, and authentic data: tell whether you have validated (RFC 6840 §5.7).
const FLAGS: u16 = flags::RECURSION_DESIRED | flags::AUTHENTIC_DATA;
/// The flag of EDNS: send signatures too (RFC 3225).
const DNSSEC_OK: u16 = 0x8000;

/// What surrounds a query differs with how it travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Form {
    /// The message's identifier; zero where the transport tells queries apart.
    pub(crate) id: u16,
    /// Whether the server is told of EDNS. Without it there can be no signatures.
    pub(crate) edns: bool,
    /// Whether the query is filled up to hide its length. Takes EDNS.
    pub(crate) padded: bool,
    /// One bit for every byte of the name: letters whose bit is set are sent as capitals, so that whoever forges an answer
    /// must guess them too (draft-vixie-dnsext-dns0x20).
    pub(crate) capitals: [u8; NAME_MAX.div_ceil(8)],
}

impl Form {
    /// A query whose transport keeps others from answering it.
    pub(crate) fn on_stream(id: u16, edns: bool, padded: bool) -> Self {
        Self { id, edns, padded, capitals: [0; NAME_MAX.div_ceil(8)] }
    }
}

/// Writes the query. It carries nothing about who asks: no cookie, no client subnet.
pub(crate) fn encode(question: &Question, options: Options, form: &Form) -> Vec<u8> {
    let name = question.name.as_wire();
    let mut message = Vec::with_capacity((HEADER_BYTES + name.len() + 4 + OPT).next_multiple_of(PADDING_BLOCK));
    let flags = FLAGS | if options.checking_disabled { flags::CHECKING_DISABLED } else { 0 };
    for word in [form.id, flags, 1, 0, 0, u16::from(form.edns)] {
        message.extend(word.to_be_bytes());
    }
    message.extend(name.iter().enumerate().map(|(at, &byte)| {
        // Length octets are below 64 and are no letters.
        if form.capitals[at / 8] >> (at % 8) & 1 == 1 { byte.to_ascii_uppercase() } else { byte }
    }));
    message.extend(question.query_type.to_be_bytes());
    message.extend(question.class.to_be_bytes());
    if form.edns {
        let padding = form.padded.then(|| {
            let unpadded = message.len() + OPT + OPTION_HEAD;
            unpadded.next_multiple_of(PADDING_BLOCK) - unpadded
        });
        message.push(0);
        message.extend(query_type::OPT.to_be_bytes());
        message.extend(UDP_ANSWER_MAX.to_be_bytes());
        message.extend([0, 0]);
        message.extend((if options.dnssec_ok { DNSSEC_OK } else { 0 }).to_be_bytes());
        // At most 131 bytes.
        message.extend((padding.map_or(0, |padding| OPTION_HEAD + padding) as u16).to_be_bytes());
        if let Some(padding) = padding {
            message.extend(OPTION_PADDING.to_be_bytes());
            message.extend((padding as u16).to_be_bytes());
            message.resize(message.len() + padding, 0);
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::Message;

    use super::*;
    use crate::resolver::name::DnsName;
    use crate::resolver::question::CLASS_IN;

    fn question(name: &str) -> Question {
        Question { name: DnsName::from_dotted(name).unwrap(), query_type: query_type::AAAA, class: CLASS_IN }
    }

    #[test]
    fn others_read_what_was_meant() {
        let mut form = Form::on_stream(0x1234, true, false);
        form.capitals[0] = 0b0000_0110;
        let options = Options { dnssec_ok: true, checking_disabled: true, ..Options::default() };
        let message = Message::from_vec(&encode(&question("www.example.com"), options, &form)).unwrap();
        assert_eq!(message.id, 0x1234);
        assert!(message.recursion_desired && message.authentic_data && message.checking_disabled);
        assert_eq!(message.queries.len(), 1);
        assert_eq!(message.queries[0].name().to_string(), "WWw.example.com.");
        assert_eq!(u16::from(message.queries[0].query_type()), query_type::AAAA);
        let edns = message.edns.as_ref().unwrap();
        assert_eq!(edns.max_payload(), UDP_ANSWER_MAX);
        assert!(edns.flags().dnssec_ok);
        assert!(edns.options().as_ref().is_empty(), "nothing about who asks");
    }

    #[test]
    fn without_edns_nothing_follows_the_question() {
        let query = encode(&question("example.com"), Options::default(), &Form::on_stream(7, false, true));
        let message = Message::from_vec(&query).unwrap();
        assert!(message.edns.is_none());
        assert!(!message.checking_disabled);
        assert_eq!(query.len(), HEADER_BYTES + 13 + 4);
    }

    #[test]
    fn padding_leaves_few_lengths() {
        for length in 1..=60 {
            let name = format!("{}.{}.example.com", "a".repeat(length), "b".repeat(length));
            let query = encode(&question(&name), Options::default(), &Form::on_stream(0, true, true));
            assert_eq!(query.len() % PADDING_BLOCK, 0, "{name}");
            assert!(query.len() <= 2 * PADDING_BLOCK, "{name}");
            assert!(Message::from_vec(&query).unwrap().edns.is_some(), "{name}");
        }
    }
}
