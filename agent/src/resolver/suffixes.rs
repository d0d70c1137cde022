//! Sets of names that stand for themselves and everything beneath them.

use std::collections::HashSet;

use super::name::DnsName;

/// A set of names, each with everything beneath it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Suffixes(HashSet<Box<[u8]>>);

impl Suffixes {
    /// True if `name` or something above it is in the set.
    pub fn contains(&self, name: &DnsName) -> bool {
        !self.0.is_empty() && name.suffixes().any(|suffix| self.0.contains(suffix))
    }
}

impl FromIterator<DnsName> for Suffixes {
    fn from_iter<I: IntoIterator<Item = DnsName>>(names: I) -> Self {
        Self(names.into_iter().map(|name| name.as_wire().into()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_stands_for_all_beneath_it() {
        let name = |text| DnsName::from_dotted(text).unwrap();
        let set: Suffixes = ["plex.direct", "corp.example"].map(name).into_iter().collect();
        for inside in ["plex.direct", "a.b.plex.direct", "Corp.Example"] {
            assert!(set.contains(&name(inside)), "{inside}");
        }
        for outside in ["direct", "xplex.direct", "corp.example.org", "."] {
            assert!(!set.contains(&name(outside)), "{outside}");
        }
        assert!(!Suffixes::default().contains(&DnsName::ROOT));
        assert!(Suffixes::from_iter([DnsName::ROOT]).contains(&name("anything.example")));
    }
}
