//! Many lists into one entry per name.

mod overrides;
mod record;

use std::io::{BufRead, Seek, SeekFrom};

use stairgate_abi::hash::NameHash;
use stairgate_abi::{Tag, TagSet};

use self::overrides::{Overrides, kind_of};
use self::record::{BELOW, EXCEPT, OWN_RULES, Record, THIS, bits_of};
use super::{Format, ReadError, Report, Rule, Scope, read};

/// Most rules of all lists together, each of which takes 12 bytes while compiling.
pub const RULES_MAX: usize = 16_000_000;
/// Most labels of all excepted names together, each of which takes 8 bytes while compiling.
const EXCEPTED_LABELS_MAX: usize = 4_000_000;

/// What the lists say of one name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The keyed hash of the name, [`NameHash::of`].
    pub hash: u64,
    /// What holds for the name itself.
    pub this: TagSet,
    /// What holds for the names beneath it.
    pub below: TagSet,
}

/// Collects the rules of lists, and of people's own, and folds them into entries for the domain table.
///
/// A name's tags are the union over all lists. Exceptions are the list's own matter: they take back what the same list
/// blocks under the same tag, never what another list or another tag blocks. Where a list takes back a name from beneath
/// a blocked one, and no other list of the same tag blocks it, the entry's `except` bits say so.
///
/// Names are kept as hashes only, 12 bytes a rule. A name beneath another name with the same tag keeps its own entry,
/// although most verdicts would be the same without: a child's own permission for the upper name would otherwise reach
/// further, since the most specific listed suffix decides.
pub struct Compiler {
    key: u64,
    records: Vec<Record>,
    exceptions: Vec<Exception>,
    /// The hashes of the suffixes of all excepted names, see [`Exception::chain`].
    chains: Vec<u64>,
    lists: u16,
    rules_max: usize,
    excepted_labels_max: usize,
}

impl Compiler {
    /// A compiler for the domain table whose names are hashed under `hash_key`.
    pub const fn new(hash_key: u64) -> Self {
        Self {
            key: hash_key,
            records: Vec::new(),
            exceptions: Vec::new(),
            chains: Vec::new(),
            lists: 0,
            rules_max: RULES_MAX,
            excepted_labels_max: EXCEPTED_LABELS_MAX,
        }
    }

    /// Adds a list, compressed or not, whose blocks get `tag`. The list is read from the reader's position, and a
    /// second time if it has exceptions, which may stand after what they are about.
    ///
    /// # Errors
    /// As from [`read`], and [`ReadError::TooManyRules`]. Nothing of the list was added then.
    pub fn add_list(&mut self, tag: Tag, format: Format, reader: impl BufRead + Seek) -> Result<Report, ReadError> {
        let list = self.lists.checked_add(1).ok_or(ReadError::TooManyLists)?;
        let lengths = (self.records.len(), self.exceptions.len(), self.chains.len());
        let mut report = match self.read_list(tag, list, format, reader) {
            Ok(report) => report,
            Err(error) => {
                self.records.truncate(lengths.0);
                self.exceptions.truncate(lengths.1);
                self.chains.truncate(lengths.2);
                return Err(error);
            }
        };
        self.lists = list;
        (report.names, report.duplicates) = self.fold_list(lengths.0);
        Ok(report)
    }

    /// Adds one rule that comes from no list: a service's name, a person's own. `name` is normalised.
    pub fn add_rule(&mut self, tag: Tag, name: &str, scope: Scope) {
        self.records.push(Record::new(NameHash::of(self.key, name.as_bytes()).0, tag, OWN_RULES, bits_of(scope)));
    }

    /// One entry per distinct name, in no particular order.
    pub fn finish(mut self) -> Entries {
        self.records.sort_unstable_by_key(Record::order);
        let mut excepts: Vec<Except> = self.exceptions.iter().filter_map(|exception| self.except(exception)).collect();
        excepts.sort_unstable_by_key(|except| except.hash);
        Entries { records: self.records.into_iter().peekable(), excepts: excepts.into_iter().peekable() }
    }

    fn read_list(
        &mut self,
        tag: Tag,
        list: u16,
        format: Format,
        mut reader: impl BufRead + Seek,
    ) -> Result<Report, ReadError> {
        let position = reader.stream_position()?;
        let before = self.records.len();
        let mut overrides = Overrides::default();
        let mut full = false;
        let report = read(format, &mut reader, &mut |rule| {
            let hash = NameHash::of(self.key, rule.name.as_bytes()).0;
            full |= self.records.len() + overrides.len() >= self.rules_max;
            if full {
                return;
            }
            overrides.note(hash, &rule);
            if !rule.exception && !rule.badfilter {
                self.records.push(Record::new(hash, tag, list, bits_of(rule.scope)));
            }
        })?;
        if full {
            return Err(ReadError::TooManyRules);
        }
        if overrides.is_empty() {
            return Ok(report);
        }
        self.records.truncate(before);
        overrides.seal();
        reader.seek(SeekFrom::Start(position))?;
        let mut suffixes = Vec::new();
        let report = read(format, &mut reader, &mut |rule| {
            // The file may have changed since the first reading: the limits hold in this one, too.
            full |= self.records.len() >= self.rules_max || self.chains.len() >= self.excepted_labels_max;
            if !full {
                self.add_overridden(tag, list, format, &rule, &overrides, &mut suffixes);
            }
        })?;
        if full { Err(ReadError::TooManyRules) } else { Ok(report) }
    }

    /// Adds what the list's exceptions leave of a rule.
    fn add_overridden(
        &mut self,
        tag: Tag,
        list: u16,
        format: Format,
        rule: &Rule<'_>,
        overrides: &Overrides,
        suffixes: &mut Vec<u64>,
    ) {
        suffixes.clear();
        let mut hash = NameHash::root(self.key);
        for label in rule.name.as_bytes().rsplit(|&byte| byte == b'.') {
            hash = hash.child(label);
            suffixes.push(hash.0);
        }
        let hash = hash.0;
        if rule.badfilter || overrides.cancels(hash, kind_of(rule)) {
            return;
        }
        let bits = bits_of(rule.scope) & !overrides.beaten(rule, suffixes, format.exceptions_reach_down());
        if bits == 0 {
            return;
        }
        if !rule.exception {
            return self.records.push(Record::new(hash, tag, list, bits));
        }
        self.records.push(Record::new(hash, tag, list, bits | EXCEPT));
        let start = self.chains.len();
        self.chains.extend_from_slice(suffixes);
        self.exceptions.push(Exception { tag, bits, start: start as u32, length: suffixes.len() as u8 });
    }

    /// Sorts and folds the records of the list that begins at `start`, and counts its names and duplicates.
    fn fold_list(&mut self, start: usize) -> (u64, u64) {
        let records = &mut self.records[start..];
        records.sort_unstable_by_key(Record::order);
        let (mut names, mut duplicates) = (0, 0);
        let mut kept = 0;
        for at in 0..records.len() {
            let record = records[at];
            if kept > 0 && records[kept - 1].is_about_the_same(&record) {
                let last = &mut records[kept - 1];
                if !record.excepts() && record.bits() & !last.bits() == 0 {
                    duplicates += 1;
                }
                last.add_bits(record.bits());
                continue;
            }
            names += u64::from(!record.excepts());
            records[kept] = record;
            kept += 1;
        }
        self.records.truncate(start + kept);
        (names, duplicates)
    }

    /// What is left of a list's exception when all lists of the same tag have their say; the records are sorted.
    fn except(&self, exception: &Exception) -> Option<Except> {
        let chain = &self.chains[exception.start as usize..][..usize::from(exception.length)];
        let (hash, ancestors) = chain.split_last()?;
        let mut bits = 0;
        for bit in [THIS, BELOW] {
            if exception.bits & bit != 0 && self.is_free(exception.tag, ancestors, *hash, bit) {
                bits |= bit;
            }
        }
        (bits != 0).then_some(Except { hash: *hash, tag: exception.tag, bits })
    }

    /// True if something above the name is blocked under this tag, but every list that does so takes it back at the
    /// name or on the way to it.
    fn is_free(&self, tag: Tag, ancestors: &[u64], hash: u64, bit: u8) -> bool {
        let mut blocked_above = false;
        let mut blocking: Vec<u16> = Vec::new();
        for (&hash, bit) in ancestors.iter().map(|hash| (hash, BELOW)).chain([(&hash, bit)]) {
            // At one name, blocks sort before exceptions of the same list.
            for record in self.records_at(hash).iter().filter(|record| record.tag() == tag && record.bits() & bit != 0)
            {
                let list = record.list();
                if record.excepts() {
                    blocking.retain(|&other| other != list);
                } else if !blocking.contains(&list) {
                    blocking.push(list);
                }
            }
            blocked_above |= !blocking.is_empty();
        }
        blocked_above && blocking.is_empty()
    }

    fn records_at(&self, hash: u64) -> &[Record] {
        let start = self.records.partition_point(|record| record.hash() < hash);
        let end = start + self.records[start..].iter().take_while(|record| record.hash() == hash).count();
        &self.records[start..end]
    }
}

/// Iterates over the entries of a finished [`Compiler`].
pub struct Entries {
    records: std::iter::Peekable<std::vec::IntoIter<Record>>,
    excepts: std::iter::Peekable<std::vec::IntoIter<Except>>,
}

impl Iterator for Entries {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        loop {
            let hash = self.records.peek()?.hash();
            let mut entry = Entry { hash, this: TagSet::default(), below: TagSet::default() };
            while let Some(record) = self.records.next_if(|record| record.hash() == hash) {
                if record.bits() & (THIS | EXCEPT) == THIS {
                    entry.this.tags.insert(record.tag());
                }
                if record.bits() & (BELOW | EXCEPT) == BELOW {
                    entry.below.tags.insert(record.tag());
                }
            }
            while let Some(except) = self.excepts.next_if(|except| except.hash == hash) {
                if except.bits & THIS != 0 {
                    entry.this.except.insert(except.tag);
                }
                if except.bits & BELOW != 0 {
                    entry.below.except.insert(except.tag);
                }
            }
            if entry.this != TagSet::default() || entry.below != TagSet::default() {
                return Some(entry);
            }
        }
    }

    /// At most one entry for every rule that is left.
    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.records.size_hint().1)
    }
}

/// An exception that survived within its list.
struct Exception {
    tag: Tag,
    bits: u8,
    /// Where the hashes of the name's suffixes are in [`Compiler::chains`], the top-level domain first.
    start: u32,
    length: u8,
}

/// An exception that survived all lists.
struct Except {
    hash: u64,
    tag: Tag,
    bits: u8,
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[track_caller]
    fn check(rules_max: usize, excepted_labels_max: usize, list: &str, fits: bool) {
        let mut compiler = Compiler { rules_max, excepted_labels_max, ..Compiler::new(1) };
        compiler.add_list(Tag(1), Format::AdBlock, Cursor::new("||first.example^")).unwrap();
        let result = compiler.add_list(Tag(1), Format::AdBlock, Cursor::new(list));
        assert_eq!(matches!(result, Err(ReadError::TooManyRules)), !fits, "{result:?}");
        assert_eq!(compiler.records.len() > 1, fits);
    }

    #[test]
    fn a_list_beyond_the_limits_is_refused() {
        let list = "||a.example^\n||b.example^\n@@||c.b.example^\n@@||d.b.example^";
        check(5, 6, list, true);
        check(4, 6, list, false);
        check(5, 3, list, false);
        check(3, 0, "||a.example^\n||b.example^", true);
        check(2, 0, "||a.example^\n||b.example^", false);
    }
}
