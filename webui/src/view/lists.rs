use jiff::Timestamp;

use super::{Explanation, PersonName};

/// The lists that names are looked up in.
#[derive(Clone, Debug)]
pub struct Lists {
    /// Every list that is subscribed to.
    pub lists: Vec<List>,
    /// Distinct names of all lists together.
    pub names: u64,
    /// Names that there is room for.
    pub capacity: u64,
    /// The name that is tested.
    pub test: NameTest,
    /// See [`crate::forms`].
    pub revision: u64,
}

/// The name that is tested on the page of lists.
#[derive(Clone, Debug, Default)]
pub struct NameTest {
    /// What was written; empty if nothing is tested.
    pub asked: String,
    /// Whom it can be tested for.
    pub people: Vec<PersonName>,
    /// What came out for each person, if it is a domain name.
    pub results: Vec<Explanation>,
}

/// A list that is subscribed to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct List {
    /// Its name, unique among the lists.
    pub name: String,
    /// Id of the category or service that its names belong to.
    pub tag: String,
    /// Address or path.
    pub source: String,
    /// Rules in the last good copy; `None` if there is no copy.
    pub rules: Option<u64>,
    /// Distinct names that are in use of it; `None` if it is not loaded.
    pub names: Option<u64>,
    /// Lines that were skipped.
    pub skipped: u64,
    /// When the copy was fetched.
    pub fetched: Option<Timestamp>,
    /// When it was last known to be current.
    pub checked: Option<Timestamp>,
    /// Why the last attempt failed, in the agent's words.
    pub problem: Option<String>,
}
