use jiff::Timestamp;

/// How it stands with the family's own certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// What browsers are shown who ask for the family's name.
    pub in_force: Option<TrustedName>,
    /// Why what was given is not in force, in the server's words.
    pub problem: Option<String>,
    /// True if the configuration says where it is, so that it is not given here.
    pub configured: bool,
    /// Whether a key may be sent from this page.
    pub way: Way,
    /// Lines for a DHCP server that tell devices where to ask why all is closed (RFC 8910).
    pub portal_options: Vec<String>,
}

/// A name under which browsers trust the connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrustedName {
    /// The name that the box goes by.
    pub name: String,
    /// The moment until which that holds.
    pub until: Timestamp,
    /// True if that is so soon that somebody has to do something.
    pub ends_soon: bool,
}

/// How what is sent from a page travels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Way {
    /// Encrypted.
    Encrypted,
    /// Readable on the way.
    Plain {
        /// The address of the same page where it would be encrypted, if there is one.
        encrypted: Option<String>,
    },
}
