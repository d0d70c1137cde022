/// An enum whose values travel in a query or in storage under a code of their own.
macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$value_meta:meta])* $value:ident = $code:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name {
            $($(#[$value_meta])* $value,)+
        }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The value as it is written.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$value => $code,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::view::UnknownCode;

            fn from_str(text: &str) -> Result<Self, $crate::view::UnknownCode> {
                Self::ALL.iter().copied().find(|value| value.code() == text).ok_or($crate::view::UnknownCode)
            }
        }
    };
}
pub(super) use codes;

/// A code that stands for nothing here. It says no more, because codes come from addresses that anyone can write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown code")]
pub struct UnknownCode;

codes! {
    /// Something that was done, as the page after it says. The text is the message `notice-CODE`.
    Notice {
        /// A change was kept.
        Saved = "saved",
        /// Somebody is paused.
        Paused = "paused",
        /// A pause is over.
        Resumed = "resumed",
        /// Somebody has more time.
        TimeGiven = "time-given",
        /// A person was added.
        PersonAdded = "person-added",
        /// A person is gone, with everything that was kept.
        PersonErased = "person-erased",
        /// A device belongs to somebody now.
        DeviceAdopted = "device-adopted",
        /// Two devices turned out to be one.
        DeviceMerged = "device-merged",
        /// A device is unknown again.
        DeviceForgotten = "device-forgotten",
        /// A name is allowed.
        NameAllowed = "name-allowed",
        /// A name is blocked.
        NameBlocked = "name-blocked",
        /// A name has no rule of its own any more.
        NameRemoved = "name-removed",
        /// A child has asked.
        Asked = "asked",
        /// A request was answered.
        Answered = "answered",
        /// A list was added and is being fetched.
        ListAdded = "list-added",
        /// A list is gone.
        ListRemoved = "list-removed",
        /// Lists are being fetched.
        ListsRefreshing = "lists-refreshing",
        /// The password is another one; other sessions have ended.
        PasswordChanged = "password-changed",
        /// A one-time password is asked for at sign-in.
        TotpOn = "totp-on",
        /// No one-time password is asked for any more.
        TotpOff = "totp-off",
        /// A passkey can sign in.
        PasskeyAdded = "passkey-added",
        /// A passkey is called something else.
        PasskeyRenamed = "passkey-renamed",
        /// A passkey cannot sign in any more.
        PasskeyRemoved = "passkey-removed",
        /// The family's certificate is in force.
        CertificateGiven = "certificate-given",
        /// The box's own certificate is used again.
        CertificateRemoved = "certificate-removed",
        /// A session has ended.
        SessionEnded = "session-ended",
        /// A token is of no use any more.
        TokenRevoked = "token-revoked",
        /// A backup was read back.
        Restored = "restored",
        /// What was kept about somebody is deleted.
        HistoryDeleted = "history-deleted",
        /// The session has ended.
        SignedOut = "signed-out",
        /// An update is being installed.
        Updating = "updating",
        /// An update is being called off.
        UpdateCancelled = "update-cancelled",
        /// Another port leads to the provider from the next start on.
        PortKept = "port-kept",
    }
}

codes! {
    /// Something that failed. The text is the message `failure-CODE`, and what to do next is `failure-CODE-next`.
    Failure {
        /// The form was too old, or did not come from a page of this session.
        FormExpired = "form-expired",
        /// Somebody else changed the same thing meanwhile.
        Conflict = "conflict",
        /// Nobody has signed in, or not for this.
        SignInNeeded = "sign-in-needed",
        /// The role does not allow it.
        NotAllowed = "not-allowed",
        /// There is no such page or thing.
        NotFound = "not-found",
        /// The request is not one that the page understands.
        BadRequest = "bad-request",
        /// More was sent than is taken.
        TooLarge = "too-large",
        /// The address in the browser is not one of this home.
        WrongHost = "wrong-host",
        /// Name or password is wrong.
        WrongPassword = "wrong-password",
        /// The one-time code is wrong or over.
        WrongCode = "wrong-code",
        /// Too many wrong tries.
        TooManyTries = "too-many-tries",
        /// The PIN of the child is wrong.
        WrongPin = "wrong-pin",
        /// A PIN is made of something else than a few digits.
        BadPin = "bad-pin",
        /// The password is too short.
        WeakPassword = "weak-password",
        /// The two passwords differ.
        PasswordsDiffer = "passwords-differ",
        /// A name of a person or thing is empty, too long, or taken.
        BadName = "bad-name",
        /// It is no domain name.
        BadDomain = "bad-domain",
        /// A time of day or a stretch of time that does not exist.
        BadTime = "bad-time",
        /// No such time zone.
        BadZone = "bad-zone",
        /// The address of a list or server cannot be used.
        BadAddress = "bad-address",
        /// There are as many of these as there can be.
        TooMany = "too-many",
        /// A child has asked too often.
        AskedTooOften = "asked-too-often",
        /// The primary guardian cannot be removed.
        LastGuardian = "last-guardian",
        /// It is no backup of ours, or the passphrase is wrong.
        BadBackup = "bad-backup",
        /// The certificate or its key cannot be used.
        BadCertificate = "bad-certificate",
        /// The passkey was not accepted.
        PasskeyRefused = "passkey-refused",
        /// An update is under way, or was a moment ago.
        UpdateBusy = "update-busy",
        /// The disk is full or cannot be written to.
        Storage = "storage",
        /// The agent could not do it now.
        Unavailable = "unavailable",
    }
}
