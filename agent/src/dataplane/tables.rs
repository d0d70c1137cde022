//! What packets are judged by, as the kernel program reads it: domain table, tag-sets, profiles.
//!
//! [`Tables`] is shared between the one writer and any number of readers in this process, above all the resolver.

use std::sync::RwLock;
use std::sync::atomic::AtomicBool;

use rustix::time::{ClockId, clock_gettime};
use stairgate_abi::atomic::{AtomicU64, Ordering};
use stairgate_abi::hash::NameHash;
use stairgate_abi::maps::{PROFILES_MAX, Profile};
use stairgate_abi::table::{Entry, find};
use stairgate_abi::{Decision, Mask, TagPath, TagSet, Tags, Verdict, flags};

use super::grace;
use super::memory::Mapping;
use super::set::TAG_SET_WORDS;
use crate::locks;

/// Read access to what the gate decides by. Shared with the kernel: an answer here is the answer there.
pub struct Tables {
    pub(super) hash_key: u64,
    pub(super) domains: Mapping,
    pub(super) tag_sets: Mapping,
    /// The live halves of the profile map.
    pub(super) profiles: RwLock<Vec<Profile>>,
    /// Held for reading during a look-up in this process, so that a writer can wait for it.
    readers: RwLock<()>,
    /// True once a kernel program may be reading.
    live: AtomicBool,
}

/// What is decided of a name, and by what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decided {
    /// Pass or block.
    pub verdict: Verdict,
    /// The blocked tags that led to a refusal by category.
    pub hits: Tags,
    /// The profile's mask that is in force now.
    pub mask: Mask,
    matches: [Match; TagPath::LENGTH],
    match_count: usize,
}

/// A suffix of the name that the lists speak of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Match {
    /// Where the suffix begins in the name, in bytes.
    pub start: usize,
    /// What the lists say of it.
    pub set: TagSet,
}

/// What is decided of a name, as short as the resolver needs it for every query.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Judged {
    /// Pass or block.
    pub verdict: Verdict,
    /// The blocked tags that led to a refusal by category.
    pub hits: Tags,
    /// Everything that the lists say of the name and of what it lies beneath.
    pub met: Tags,
    /// True if it passes because it is allowed expressly, and not only because nothing speaks against it.
    pub allowed: bool,
}

/// Whether everything is closed to a profile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Closing {
    /// True if everything is closed now.
    pub closed: bool,
    /// When that changes, in nanoseconds of the boot clock, as far as the kernel knows ahead.
    pub until: u64,
}

impl Decided {
    /// The suffixes that count, the least specific first.
    pub fn matches(&self) -> &[Match] {
        &self.matches[..self.match_count]
    }
}

impl Tables {
    pub(super) fn new(hash_key: u64, domains: Mapping, tag_sets: Mapping, profiles: Vec<Profile>) -> Self {
        Self {
            hash_key,
            domains,
            tag_sets,
            profiles: RwLock::new(profiles),
            readers: RwLock::new(()),
            live: AtomicBool::new(false),
        }
    }

    /// Key of the name hash for as long as these tables live.
    pub fn hash_key(&self) -> u64 {
        self.hash_key
    }

    /// SHA-256 of all words of the domain table and the tag-sets, each with its lowest byte first.
    pub fn digest(&self) -> ring::digest::Digest {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        for word in self.domains.iter().chain(self.tag_sets.iter()) {
            context.update(&word.load(Ordering::Acquire).to_le_bytes());
        }
        context.finish()
    }

    /// The verdict on `name`, a dotted name of any case, for the profile with this number, at this moment. `None` if
    /// there is no such profile.
    pub fn decide(&self, profile: u16, name: &[u8]) -> Option<Decided> {
        self.decide_at(profile, name, boot_clock())
    }

    /// As [`decide`](Self::decide), at the moment `now` in nanoseconds of the boot clock.
    pub fn decide_at(&self, profile: u16, name: &[u8], now: u64) -> Option<Decided> {
        let mask = self.mask(profile, now)?;
        let _reading = locks::read(&self.readers);
        let name = name.strip_suffix(b".").unwrap_or(name);
        // An empty name has no label, and not one that is empty.
        let labels = name.rsplit(|&byte| byte == b'.').take(if name.is_empty() { 0 } else { usize::MAX });
        let (path, lengths) = self.path(labels);
        let mut decision = Decision::new();
        let mut matches = [Match::default(); TagPath::LENGTH];
        let mut match_count = 0;
        for (at, length) in matches.iter_mut().zip(lengths).take_while(|(_, length)| *length != 0) {
            let set = self.tag_set(path.0[match_count]);
            *at = Match { start: name.len() - length, set };
            decision.meet(&mask, &set);
            match_count += 1;
        }
        Some(Decided { verdict: decision.verdict(&mask), hits: decision.hits(), mask, matches, match_count })
    }

    /// The verdict on a question for the name with these labels, the top-level domain's first, for the profile with this
    /// number at the moment `now` in nanoseconds of the boot clock. `None` if there is no such profile.
    ///
    /// A dot inside a label is no boundary, as in the kernel: this is for names that came in a DNS message.
    pub fn judge<'a>(&self, profile: u16, labels: impl Iterator<Item = &'a [u8]>, now: u64) -> Option<Judged> {
        let mask = self.mask(profile, now)?;
        let _reading = locks::read(&self.readers);
        let (path, _) = self.path(labels);
        let mut decision = Decision::new();
        let mut met = Tags::EMPTY;
        for id in path.0.into_iter().take_while(|id| *id != 0) {
            let set = self.tag_set(id);
            met = met | set.tags;
            decision.meet(&mask, &set);
        }
        // This is about questions, and some are answered although the name is refused. Where such a name leads to is
        // trusted, because nothing there is reached.
        let answered = mask.answers(met);
        let verdict = if answered { Verdict::Pass } else { decision.verdict(&mask) };
        // Where only what is allowed passes, nothing else does.
        let allowed = answered || decision.verdict(&Mask { flags: flags::ALLOW_ONLY, ..mask }) == Verdict::Pass;
        Some(Judged { verdict, hits: decision.hits(), met, allowed })
    }

    /// What the lists say of the suffixes on a flow's path, the least specific first.
    pub fn suffixes(&self, path: TagPath) -> [TagSet; TagPath::LENGTH] {
        let _reading = locks::read(&self.readers);
        path.0.map(|id| self.tag_set(id))
    }

    /// Whether everything is closed to the profile with this number at the moment `now` in nanoseconds of the boot clock.
    /// `None` if there is no such profile.
    pub fn closing(&self, profile: u16, now: u64) -> Option<Closing> {
        let profiles = locks::read(&self.profiles);
        profiles.get(usize::from(profile)).map(|profile| closing_at(profile, now))
    }

    fn mask(&self, profile: u16, now: u64) -> Option<Mask> {
        let profiles = locks::read(&self.profiles);
        Some(*mask_at(profiles.get(usize::from(profile))?, now))
    }

    /// What the table says of the name with this hash: for itself, and for the names beneath it.
    pub fn domain(&self, hash: u64) -> (TagSet, TagSet) {
        let _reading = locks::read(&self.readers);
        let entry = self.entry(hash);
        (self.tag_set(entry.this), self.tag_set(entry.below))
    }

    /// The ids of the last few listed suffixes of the name with these labels, the top-level domain's first, and how many
    /// bytes each suffix has with dots between its labels; unused ones are 0.
    fn path<'a>(&self, labels: impl Iterator<Item = &'a [u8]>) -> (TagPath, [usize; TagPath::LENGTH]) {
        let mut path = TagPath::default();
        let mut lengths = [0; TagPath::LENGTH];
        let mut hash = NameHash::root(self.hash_key);
        let mut length = 0;
        let mut labels = labels.peekable();
        while let Some(label) = labels.next() {
            hash = hash.child(label);
            length += label.len();
            let entry = self.entry(hash.0);
            let id = if labels.peek().is_none() { entry.this } else { entry.below };
            if id != 0 {
                path.push(id);
                match lengths.iter_mut().find(|length| **length == 0) {
                    Some(free) => *free = length,
                    None => {
                        lengths.rotate_left(1);
                        lengths[TagPath::LENGTH - 1] = length;
                    }
                }
            }
            length += 1;
        }
        (path, lengths)
    }

    fn entry(&self, hash: u64) -> Entry {
        find(&*self.domains, hash)
    }

    fn tag_set(&self, id: u16) -> TagSet {
        let start = usize::from(id) * TAG_SET_WORDS;
        match self.tag_sets.get(start..start + TAG_SET_WORDS) {
            Some(words) if id != 0 => load_tag_set(words),
            _ => TagSet::default(),
        }
    }

    /// From now on a kernel program may be reading, and writers have to wait for it.
    pub(super) fn set_live(&self) {
        self.live.store(true, Ordering::SeqCst);
    }

    /// Returns once every look-up has ended that had begun before the call, here and in the kernel.
    pub(super) fn wait_for_readers(&self) {
        drop(locks::write(&self.readers));
        if self.live.load(Ordering::SeqCst) {
            grace::wait();
        }
    }
}

/// The tag-set in eight words of the tag-set map.
pub(super) fn load_tag_set(words: &[AtomicU64]) -> TagSet {
    let word = |at: usize| words.get(at).map_or(0, |word| word.load(Ordering::Relaxed));
    TagSet { tags: Tags([word(0), word(1), word(2), word(3)]), except: Tags([word(4), word(5), word(6), word(7)]) }
}

/// Nanoseconds of the boot clock, which goes on while the machine sleeps and is never set.
pub fn boot_clock() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// The mask of `profile` that is in force at `now`.
fn mask_at(profile: &Profile, now: u64) -> &Mask {
    let count = (profile.transitions as usize).min(profile.transition.len());
    let reached = profile.transition[..count].iter().rev().find(|transition| transition.at <= now);
    let index = reached.map_or(profile.first_mask, |transition| transition.mask) as usize;
    &profile.mask[index.min(profile.mask.len() - 1)]
}

/// Whether everything is closed to `profile` at `now`, through as many switches as change nothing about it.
fn closing_at(profile: &Profile, now: u64) -> Closing {
    let is_closed = |at: u64| mask_at(profile, at).has(flags::PAUSED);
    let closed = is_closed(now);
    let count = (profile.transitions as usize).min(profile.transition.len());
    let ahead = profile.transition[..count].iter().filter(|transition| transition.at > now);
    let until = ahead.map(|transition| transition.at).find(|at| is_closed(*at) != closed);
    Closing { closed, until: until.unwrap_or(u64::MAX) }
}

/// True if the kernel can follow `profile`: indices in range, transitions in order.
pub(super) fn is_sound(profile: &Profile) -> bool {
    let masks = profile.mask.len() as u32;
    let Some(transitions) = profile.transition.get(..profile.transitions as usize) else { return false };
    profile.first_mask < masks
        && transitions.iter().all(|transition| transition.mask < masks)
        && transitions.is_sorted_by_key(|transition| transition.at)
}

const _: () = assert!(PROFILES_MAX <= u16::MAX as u32);

#[cfg(test)]
pub(super) mod tests {
    use std::os::fd::AsFd as _;

    use proptest::prelude::*;
    use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
    use stairgate_abi::maps::{TAG_SETS_MAX, Transition};
    use stairgate_abi::table::Writer;
    use stairgate_abi::{Reason, Tag, lookup};
    use stairgate_wire::{Bytes as _, Plain, dns, layout, split_dotted};

    use super::*;
    use crate::resolver::name::DnsName;

    const KEY: u64 = 0x5eed;

    fn mapping(words: usize) -> Mapping {
        let file = memfd_create("table", MemfdFlags::CLOEXEC).unwrap();
        ftruncate(&file, (words * 8) as u64).unwrap();
        Mapping::new(file.as_fd(), words).unwrap()
    }

    /// Tables with room for some thousand names and nothing in them.
    pub(in crate::dataplane) fn empty_tables() -> Tables {
        tables(&[], Vec::new())
    }

    fn profile(masks: &[Mask], transitions: &[(u64, u32)]) -> Profile {
        let mut profile = Profile { transitions: transitions.len() as u32, ..Profile::default() };
        profile.mask[..masks.len()].copy_from_slice(masks);
        for (to, (at, mask)) in profile.transition.iter_mut().zip(transitions) {
            *to = Transition { at: *at, mask: *mask, reserved: 0 };
        }
        profile
    }

    /// Tables in which tag-set `n` has tag `n`, and the names have the sets given for themselves and what is beneath.
    fn tables(names: &[(&str, u16, u16)], profiles: Vec<Profile>) -> Tables {
        let tables = Tables::new(KEY, mapping(512 * 8), mapping(TAG_SETS_MAX as usize * TAG_SET_WORDS), profiles);
        for id in 1..64 {
            tables.tag_sets[id * TAG_SET_WORDS].store(1 << id, Ordering::Relaxed);
        }
        let mut writer = Writer::new(&tables.domains);
        for (name, this, below) in names {
            let entry = Entry { this: *this, below: *below };
            writer.set(NameHash::of(KEY, name.as_bytes()).0, entry, &mut || ()).unwrap();
        }
        tables
    }

    fn blocking(tag: u8, flags: u32) -> Mask {
        Mask { block: [Tag(tag)].into_iter().collect(), flags, ..Mask::default() }
    }

    #[test]
    fn the_suffixes_found_are_those_the_kernel_finds() {
        let names = [
            ("com", 0, 1),
            ("example.com", 2, 2),
            ("a.example.com", 3, 4),
            ("b.a.example.com", 5, 6),
            ("c.b.a.example.com", 7, 8),
            ("d.c.b.a.example.com", 9, 0),
            ("a-label-of-more-than-eight-bytes.com", 10, 11),
        ];
        let tables = tables(&names, Vec::new());
        for name in [
            "com",
            "example.com",
            "EXAMPLE.Com",
            "x.example.com",
            "a.example.com",
            "b.a.example.com",
            "org",
            "x.org",
            "c.b.a.example.com",
            "d.c.b.a.example.com",
            "e.d.c.b.a.example.com",
            "a-label-of-more-than-eight-bytes.com",
            "x.a-label-of-more-than-eight-bytes.com",
            "exampleXcom.com",
        ] {
            let mut bytes = vec![0; layout::SIZE as usize];
            bytes[layout::NAME as usize..][..name.len()].copy_from_slice(name.as_bytes());
            let labels = split_dotted::<Plain, _>(bytes.as_mut_slice(), layout::NAME, name.len() as u32).unwrap();
            let kernel = lookup::<Plain, [u8], _>(&bytes, labels, &*tables.domains, KEY);
            let (path, lengths) = tables.path(name.as_bytes().rsplit(|&byte| byte == b'.'));
            assert_eq!(path, kernel, "{name}");
            for (id, length) in path.0.iter().zip(lengths) {
                assert_eq!(*id != 0, length != 0, "{name}");
                let start = name.len() - length;
                assert!(length == 0 || start == 0 || name.as_bytes()[start - 1] == b'.', "{name}");
            }
            assert_eq!(bytes.as_slice().byte(layout::NAME), name.as_bytes()[0]);
        }
    }

    #[test]
    fn a_closed_profile_is_closed_until_something_opens_it() {
        let masks = [Mask::default(), blocking(1, flags::PAUSED), blocking(2, flags::PAUSED)];
        let tables = tables(&[], vec![profile(&masks, &[(10, 1), (20, 2), (30, 0), (40, 0), (50, 1)])]);
        let closing = |now| tables.closing(0, now).map(|Closing { closed, until }| (closed, until));
        assert_eq!(closing(0), Some((false, 10)));
        assert_eq!(closing(10), Some((true, 30)));
        assert_eq!(closing(25), Some((true, 30)));
        assert_eq!(closing(30), Some((false, 50)));
        assert_eq!(closing(60), Some((true, u64::MAX)));
        assert_eq!(tables.closing(1, 0), None);
    }

    #[test]
    fn a_connection_check_can_be_asked_for_while_everything_is_closed() {
        let id = u16::from(stairgate_abi::CONNECTION_CHECKS.0);
        let closed = Mask { flags: flags::ALLOW_ONLY | flags::PAUSED, ..Mask::default() };
        let tables = tables(&[("check.example", id, id), ("site.example", 3, 3)], vec![profile(&[closed], &[])]);
        let judge = |name: &str| tables.judge(0, name.as_bytes().rsplit(|&byte| byte == b'.'), 0).unwrap();
        assert_eq!((judge("check.example").verdict, judge("check.example").allowed), (Verdict::Pass, true));
        assert_eq!(judge("site.example").verdict, Verdict::Block(Reason::Paused));
        // What is asked by `explain` is whether the name itself is reached.
        assert_eq!(tables.decide_at(0, b"check.example", 0).unwrap().verdict, Verdict::Block(Reason::Paused));
    }

    #[test]
    fn a_verdict_tells_what_it_rests_on() {
        let names = [("example.com", 2, 2), ("good.example.com", 3, 0)];
        let allowing = Mask { allow: [Tag(3)].into_iter().collect(), ..blocking(2, 0) };
        let tables = tables(&names, vec![profile(&[allowing], &[])]);
        let decided = tables.decide_at(0, b"www.Example.com.", 0).unwrap();
        assert_eq!(decided.verdict, Verdict::Block(Reason::Category));
        assert_eq!(decided.hits.iter().collect::<Vec<_>>(), [Tag(2)]);
        assert_eq!(decided.matches().iter().map(|found| found.start).collect::<Vec<_>>(), [4]);
        let decided = tables.decide_at(0, b"good.example.com", 0).unwrap();
        assert_eq!(decided.verdict, Verdict::Pass);
        assert_eq!(decided.matches().iter().map(|found| found.start).collect::<Vec<_>>(), [5, 0]);
        assert_eq!(tables.decide_at(0, b"x.good.example.com", 0).unwrap().verdict, Verdict::Block(Reason::Category));
        assert_eq!(tables.decide_at(0, b"", 0).unwrap().matches(), []);
        assert_eq!(tables.decide_at(1, b"example.com", 0), None, "there is no such profile");
    }

    /// Names as DNS messages may have them: any bytes, dots and capitals inside labels, suffixes that are listed.
    fn wire_name() -> impl Strategy<Value = Vec<u8>> {
        let label = prop_oneof![
            prop::sample::select(vec![&b"com"[..], b"example", b"EXAMPLE", b"a.example", b"a", b"b", b"nine-long"])
                .prop_map(<[u8]>::to_vec),
            prop::collection::vec(any::<u8>(), 1..=63),
        ];
        prop::collection::vec(label, 0..7).prop_filter_map("too long", |labels| {
            let mut wire: Vec<u8> =
                labels.iter().flat_map(|label| [&[label.len() as u8], &label[..]].concat()).collect();
            wire.push(0);
            (wire.len() <= 255).then_some(wire)
        })
    }

    proptest! {
        #[test]
        fn a_name_of_a_message_is_judged_as_in_the_kernel(wire in wire_name()) {
            let names = [
                ("com", 1, 1),
                ("example.com", 2, 3),
                ("a.example.com", 4, 5),
                ("a.a.example.com", 6, 7),
                ("b.a.a.example.com", 8, 9),
                ("b.b.a.a.example.com", 10, 11),
                ("nine-long", 12, 13),
            ];
            let tags = |range: std::ops::Range<u8>| range.map(Tag).collect();
            let mask = Mask { deny: tags(4..6), allow: tags(6..10), block: tags(1..64), ..Mask::default() };
            let tables = tables(&names, vec![profile(&[mask], &[])]);
            let mut bytes = vec![0; layout::SIZE as usize];
            let mut message = vec![0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
            message.extend_from_slice(&wire);
            message.extend_from_slice(&[0, 1, 0, 1]);
            bytes[..message.len()].copy_from_slice(&message);
            let mut question = dns::Question::default();
            let answer = dns::parse::<Plain, _>(bytes.as_mut_slice(), 0, message.len() as u32, &mut question);
            prop_assert_eq!(answer, stairgate_wire::Answer::Found);
            let kernel = lookup::<Plain, [u8], _>(&bytes, question.labels, &*tables.domains, KEY);
            let mut decision = Decision::new();
            for id in kernel.0.into_iter().take_while(|id| *id != 0) {
                decision.meet(&mask, &tables.tag_set(id));
            }
            let name = DnsName::from_wire(&wire).unwrap().0;
            let judged = tables.judge(0, name.labels(), 0).unwrap();
            prop_assert_eq!((judged.verdict, judged.hits), (decision.verdict(&mask), decision.hits()));
            // A dotted name that can be written without escapes says the same.
            if name.to_string().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-') {
                prop_assert_eq!(tables.decide_at(0, name.to_string().as_bytes(), 0).unwrap().verdict, judged.verdict);
            }
        }
    }

    #[test]
    fn what_is_allowed_expressly_is_told_apart() {
        let names = [("bad.example", 2, 2), ("good.bad.example", 3, 3)];
        let mask = Mask { allow: [Tag(3)].into_iter().collect(), ..blocking(2, 0) };
        let only = Mask { flags: flags::ALLOW_ONLY | flags::PAUSED, ..mask };
        let tables = tables(&names, vec![profile(&[mask], &[]), profile(&[only], &[])]);
        let judge = |profile, name: &str| {
            let judged = tables.judge(profile, DnsName::from_dotted(name).unwrap().labels(), 0).unwrap();
            (judged.verdict, judged.allowed)
        };
        assert_eq!(judge(0, "example"), (Verdict::Pass, false));
        assert_eq!(judge(0, "x.bad.example"), (Verdict::Block(Reason::Category), false));
        assert_eq!(judge(0, "x.good.bad.example"), (Verdict::Pass, true));
        assert_eq!(judge(1, "example"), (Verdict::Block(Reason::Paused), false));
        assert_eq!(judge(1, "good.bad.example"), (Verdict::Pass, true));
        assert_eq!(judge(0, "."), (Verdict::Pass, false));
        assert!(tables.judge(2, DnsName::ROOT.labels(), 0).is_none());
        let met = tables.judge(0, DnsName::from_dotted("good.bad.example").unwrap().labels(), 0).unwrap().met;
        assert_eq!(met.iter().collect::<Vec<_>>(), [Tag(2), Tag(3)]);
    }

    #[test]
    fn the_mask_of_the_moment_decides() {
        let masks = [Mask::default(), blocking(2, 0), blocking(0, flags::ALLOW_ONLY | flags::PAUSED)];
        let tables = tables(&[("example.com", 2, 2)], vec![profile(&masks, &[(100, 1), (200, 2), (300, 0)])]);
        for (now, verdict) in [
            (0, Verdict::Pass),
            (99, Verdict::Pass),
            (100, Verdict::Block(Reason::Category)),
            (199, Verdict::Block(Reason::Category)),
            (200, Verdict::Block(Reason::Paused)),
            (300, Verdict::Pass),
            (u64::MAX, Verdict::Pass),
        ] {
            assert_eq!(tables.decide_at(0, b"example.com", now).unwrap().verdict, verdict, "at {now}");
        }
    }

    #[test]
    fn profiles_that_point_past_their_end_are_not_sound() {
        let sound = profile(&[], &[(1, 0), (1, 1), (2, 15)]);
        assert!(is_sound(&sound));
        assert!(!is_sound(&Profile { first_mask: 16, ..sound }));
        assert!(!is_sound(&Profile { transitions: 65, ..sound }));
        assert!(!is_sound(&profile(&[], &[(1, 16)])));
        assert!(!is_sound(&profile(&[], &[(2, 0), (1, 0)])));
    }
}
