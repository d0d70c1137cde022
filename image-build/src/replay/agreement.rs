//! Kernel and host on frames that nobody captured. Loads the real program; needs root.

use stairgate_abi::maps::{BlockStyle, PROFILE_UNKNOWN, Prefix};
use stairgate_abi::{Mask, Tag, TagSet, Tags, flags};
use stairgate_gate::Action;
use stairgate_gate::host::{Host, steady_profile};

use super::Both;
use super::hellos::{ethernet, segment};

const ROUNDS: usize = 20_000;
/// Names in the table, and as many again that are not.
const NAMES: u64 = 3_000;

/// A small generator of the kind of Lehmer's, so that a failure repeats itself.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn bytes(&mut self, length: u64) -> Vec<u8> {
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}

/// Name `number`: names of different lengths and depths, some beneath others.
fn name(number: u64) -> String {
    let label = |number: u64| {
        format!(
            "{}{number}",
            "abcdefghijklmnopqrstuvwxyz-0123456789".repeat(2).get(..(number % 61) as usize).unwrap_or_default()
        )
    };
    match number % 4 {
        0 => format!("{}.example", label(number)),
        1 => format!("{}.{}", label(number % 50), name(number - 1)),
        2 => format!("w.w.{}", name(number - 2)),
        _ => format!("{}.co.example", label(number)),
    }
}

/// A gate with a table full of names, whose unknown devices are filtered by `flags`.
fn home(flags: u32, style: BlockStyle) -> Host {
    let mut host = Host::new(0xdead_beef, 1_000);
    let set = |number: u64, except: bool| {
        let tag = Tags::from_iter([Tag((number % 7) as u8), Tag((number % 250) as u8)]);
        TagSet { tags: if except { Tags::EMPTY } else { tag }, except: if except { tag } else { Tags::EMPTY } }
    };
    for number in 0..NAMES {
        let (this, below) = (set(number, number % 11 == 0), set(number / 2, number % 13 == 0));
        let nothing = TagSet::default();
        let (this, below) = match number % 3 {
            0 => (this, nothing),
            1 => (nothing, below),
            _ => (this, below),
        };
        host.set_domain(&name(number), this, below).unwrap();
    }
    let mask = Mask {
        block: Tags::from_iter([Tag(1), Tag(2), Tag(3)]),
        allow: Tags::from_iter([Tag(4), Tag(77)]),
        deny: Tags::from_iter([Tag(99)]),
        flags,
        reserved: 0,
    };
    let mut profile = steady_profile(mask);
    profile.block_style = style as u32;
    host.set_profile(PROFILE_UNKNOWN, profile);
    host.set_local(&[Prefix { address: [0, 0xffff_0a00_0000], mask: [u64::MAX, 0xffff_ffff_ff00_0000] }]);
    host
}

fn query(random: &mut Random, name: &str) -> Vec<u8> {
    let edns = random.below(3);
    let mut message = vec![1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, edns.min(1) as u8];
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.bytes().map(|byte| if random.below(2) == 0 { byte.to_ascii_uppercase() } else { byte }));
    }
    message.extend([0, 0, [1, 28, 65][random.below(3) as usize], 0, 1]);
    if edns > 0 {
        message.extend([0, 0, 41, 4, 0xd0, 0, (edns - 1) as u8, 0x80, 0, 0, 0]);
    }
    message
}

fn hello(name: &str, padding: usize) -> Vec<u8> {
    let name_extension =
        [&[0, 0], &be(name.len() + 5)[..], &be(name.len() + 3), &[0], &be(name.len()), name.as_bytes()].concat();
    let extensions = [&[0, 51][..], &be(padding), &vec![9; padding], &name_extension].concat();
    let body = [&[3, 3][..], &[5; 32], &[0, 0, 2, 0x13, 1, 1, 0], &be(extensions.len()), &extensions].concat();
    let message = [&[1, 0][..], &be(body.len()), &body].concat();
    [&[22, 3, 1][..], &be(message.len()), &message].concat()
}

fn be(length: usize) -> [u8; 2] {
    (length as u16).to_be_bytes()
}

fn datagram(random: &mut Random, version: u8, port: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (random.below(60_000) as u16).to_be_bytes().to_vec();
    bytes.extend(port.to_be_bytes());
    bytes.extend(be(payload.len() + 8));
    bytes.extend([0, 0]);
    bytes.extend(payload);
    ethernet(version, 17, &bytes)
}

/// Sends a frame through both; panics if they differ, and counts what became of it.
fn agree(both: &mut Both, seen: &mut [usize; 3], frame: &[u8]) {
    let what = || format!("{frame:02x?}");
    let judged = both.send(frame, &what).unwrap().unwrap();
    assert_eq!(both.differences.count, 0, "{:?}", both.differences.shown);
    seen[match judged.action {
        Action::Pass => 0,
        Action::Drop => 1,
        Action::Reply => 2,
    }] += 1;
}

#[test]
fn both_judge_every_name_and_every_frame_alike() {
    assert!(rustix::process::geteuid().is_root(), "this test loads the kernel program: run it as root");
    for (flags, style) in [
        (0, BlockStyle::NoData),
        (flags::REFUSE_UNCLASSIFIED | flags::REFUSE_QUIC, BlockStyle::NxDomain),
        (flags::ALLOW_ONLY, BlockStyle::NullAddress),
    ] {
        let mut both = Both::with(home(flags, style)).unwrap();
        let mut random = Random(flags.into());
        let mut seen = [0; 3];
        for round in 0..ROUNDS {
            let version = if random.below(2) == 0 { 4 } else { 6 };
            let name = name(random.below(2 * NAMES));
            let mut frames = match random.below(3) {
                0 => {
                    let message = query(&mut random, &name);
                    vec![datagram(&mut random, version, 53, &message)]
                }
                1 => {
                    let payload =
                        if random.below(2) == 0 { vec![0xc0, 0, 0, 0, 1, 8, 1, 2, 3] } else { random.bytes(20) };
                    vec![datagram(&mut random, version, 443, &payload)]
                }
                _ => {
                    let stream = hello(&name, random.below(3_000) as usize);
                    let cuts = [random.below(stream.len() as u64) as usize, random.below(stream.len() as u64) as usize];
                    let (first, second) = (cuts[0].min(cuts[1]), cuts[0].max(cuts[1]));
                    let sequence = random.below(1 << 31) as u32 * 2;
                    let at = |flags, offset: usize, bytes: &[u8]| {
                        segment(version, flags, sequence.wrapping_add(offset as u32), bytes)
                    };
                    both.forget_flows().unwrap();
                    vec![
                        at(2, 0, &[]),
                        at(0x18, 1, &stream[..first]),
                        at(0x18, 1 + second, &stream[second..]),
                        at(0x18, 1 + first, &stream[first..second]),
                        at(0x18, 1 + second, &stream[second..]),
                    ]
                }
            };
            // Every other round something is broken, moved or left out.
            if round % 2 == 1 {
                let which = random.below(frames.len() as u64) as usize;
                match random.below(3) {
                    0 => frames.swap(0, which),
                    1 => {
                        let length = 14 + random.below(frames[which].len() as u64 - 13) as usize;
                        frames[which].truncate(length);
                    }
                    _ => {
                        let at = random.below(frames[which].len() as u64) as usize;
                        frames[which][at] ^= 1 << random.below(8);
                    }
                }
            }
            for frame in &frames {
                agree(&mut both, &mut seen, frame);
            }
        }
        assert!(seen.iter().all(|&count| count > ROUNDS / 100), "passed, dropped, answered: {seen:?}");
    }
}
