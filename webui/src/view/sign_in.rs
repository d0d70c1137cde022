use jiff::Timestamp;

/// The page to sign in at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SignIn {
    /// Name and password are asked for.
    Password {
        /// The name that was written before, if a try failed.
        name: String,
        /// True if the connection is one that passkeys work over.
        passkeys: bool,
        /// Until when no further try is accepted.
        blocked_until: Option<Timestamp>,
        /// Path and query to go to afterwards.
        next: String,
    },
    /// The password was right, and a one-time code is asked for.
    Code {
        /// Until when no further try is accepted.
        blocked_until: Option<Timestamp>,
        /// Path and query to go to afterwards.
        next: String,
    },
}
