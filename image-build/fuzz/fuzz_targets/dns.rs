//! A question that was read can be refused, and the refusal repeats it byte for byte and is itself no question.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate_fuzz::memory;
use stairgate_wire::dns::{Question, REFUSAL_GROWTH_MAX, Refusal, parse, refuse};
use stairgate_wire::{Answer, Plain, spell};

fuzz_target!(|input: (u8, &[u8])| {
    let (style, message) = (input.0 % 3, &input.1[..input.1.len().min(1400)]);
    let (mut bytes, mut question) = (memory(message), Question::default());
    if parse::<Plain, [u8]>(&mut bytes, 0, message.len() as u32, &mut question) != Answer::Found {
        return;
    }
    assert!(spell::<Plain, [u8]>(&mut bytes, question.labels) <= 255 && question.after as usize <= message.len());
    let style = [Refusal::NoData, Refusal::NxDomain, Refusal::NullAddress][usize::from(style)];
    let end = refuse(bytes.as_mut_slice(), &question, style, 15);
    assert!(end > question.after && end <= question.after + REFUSAL_GROWTH_MAX);
    assert_eq!(bytes[12..question.after as usize], message[12..question.after as usize]);
    assert_eq!(parse::<Plain, [u8]>(&mut bytes, 0, end, &mut question), Answer::Absent);
});
