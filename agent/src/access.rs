//! Who may sign in, and as what: passwords, one-time codes, passkeys, sessions and tokens for programs.
//!
//! Pure: time and random bytes come in as values. Whoever holds an [`Access`] saves it when it has changed. Nothing in it
//! opens a door by itself: passwords are argon2id hashes, sessions and tokens are known by their SHA-256 only, because what
//! they are made of is random.

pub mod passkey;
pub mod password;
pub mod pin;
pub mod rights;
pub mod sealed;
pub mod secret;
pub mod setup_code;
mod stretch;
pub mod throttle;
pub mod totp;

use serde::{Deserialize, Serialize};
use stairgate_policy::household::PersonId;

use passkey::{Credential, Part};
use secret::{Digest, Secret};
use totp::TotpSecret;

/// Sessions of one person at most; the one that was not used for the longest time goes.
const SESSIONS_MAX: usize = 20;
/// Passkeys of one person at most.
pub const PASSKEYS_MAX: usize = 20;
/// Tokens of the household at most.
pub const TOKENS_MAX: usize = 50;
/// A session ends when it was not used for so many seconds: 30 days, as long as a family's telephone lies in a drawer.
const SESSION_IDLE_S: i64 = 30 * 24 * 60 * 60;
/// A session ends after so many seconds whatever happens: half a year.
const SESSION_MAX_S: i64 = 180 * 24 * 60 * 60;
/// The time of last use is kept to this many seconds, to spare the flash.
const LAST_USE_S: i64 = 60 * 60;
/// Characters that are kept of what a browser says it is.
const BROWSER_MAX: usize = 200;

/// Everything about signing in that must survive a power cut.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    accounts: Vec<Account>,
    sessions: Vec<Session>,
    tokens: Vec<Token>,
    /// What children show to ask.
    #[serde(default)]
    pins: Vec<Pin>,
}

/// How one adult signs in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Who.
    pub person: u32,
    /// The password's hash, in PHC string format.
    pub password: String,
    /// The secret of one-time codes, if they are asked for.
    pub totp: Option<TotpSecret>,
    /// The time step of the last code that was taken, which must not be taken again (RFC 6238 §5.2).
    #[serde(default)]
    pub totp_step: u64,
    /// Code of the language of the person's pages; the household's if there is none.
    #[serde(default)]
    pub language: Option<String>,
    /// The keys that sign in without password and code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passkeys: Vec<Passkey>,
}

impl Account {
    /// Takes the code of a time step. False if it has been taken already, perhaps a moment ago by somebody else.
    pub fn take_step(&mut self, step: u64) -> bool {
        let unused = step > self.totp_step;
        self.totp_step = self.totp_step.max(step);
        unused
    }
}

/// A passkey of one adult.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passkey {
    /// What browsers call it.
    pub credential: Part,
    /// Its public key, in COSE form.
    pub key: Part,
    /// The name that the box went by when it was made.
    pub rp_id: String,
    /// What its owner calls it.
    pub name: String,
    /// Seconds since 1970 at which it was added.
    pub added: i64,
    /// Seconds since 1970 at which it was last used.
    pub last_used: Option<i64>,
    /// How often it has signed; always zero for keys that do not count.
    pub count: u32,
    /// True if it once counted backwards, as a copy would.
    pub maybe_copied: bool,
}

/// A place where somebody is signed in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// SHA-256 of what the browser holds.
    digest: Digest,
    /// Who.
    pub person: u32,
    /// Seconds since 1970 at which it began.
    pub began: i64,
    /// Seconds since 1970 at which it was last used, to the hour.
    pub last_used: i64,
    /// The address it began from.
    pub address: String,
    /// What the browser says it is.
    pub browser: String,
}

/// What a child shows to ask.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pin {
    /// Which child.
    person: u32,
    /// The PIN's hash, in PHC string format.
    hash: String,
}

/// A token for a program.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// SHA-256 of what the program holds.
    digest: Digest,
    /// What it is for.
    pub name: String,
    /// What it may do, as codes of [`stairgate_webui::view::Scope`].
    pub scopes: Vec<String>,
    /// Seconds since 1970 at which it was made.
    pub made: i64,
    /// Seconds since 1970 at which it was last used, to the hour.
    pub last_used: Option<i64>,
    /// Seconds since 1970 at which it ends by itself.
    pub expires: Option<i64>,
}

impl Session {
    /// What pages call it; opens nothing.
    pub fn id(&self) -> String {
        self.digest.id()
    }

    fn is_over(&self, now: i64) -> bool {
        // A clock that was set back must not lengthen a session's life, nor end one that has just begun.
        now.saturating_sub(self.last_used) > SESSION_IDLE_S || now.saturating_sub(self.began) > SESSION_MAX_S
    }
}

impl Passkey {
    /// What pages call it.
    pub fn id(&self) -> String {
        Digest::of(&self.credential.0).id()
    }
}

impl Token {
    /// What pages call it; opens nothing.
    pub fn id(&self) -> String {
        self.digest.id()
    }
}

impl Access {
    /// True while nobody can sign in: before the first run, or after everything was reset.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Everyone who can sign in.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// How this person signs in.
    pub fn account(&self, person: PersonId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.person == person.0)
    }

    /// As [`Self::account`], to be changed.
    pub fn account_mut(&mut self, person: PersonId) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.person == person.0)
    }

    /// Gives a person a password. Whoever is signed in as the person no longer is, but for the session `except`.
    pub fn set_password(&mut self, person: PersonId, hash: String, except: Option<&str>) {
        match self.account_mut(person) {
            Some(account) => account.password = hash,
            None => self.accounts.push(Account {
                person: person.0,
                password: hash,
                totp: None,
                totp_step: 0,
                language: None,
                passkeys: Vec::new(),
            }),
        }
        self.sessions.retain(|session| session.person != person.0 || except == Some(session.id().as_str()));
    }

    /// Adds a passkey to a person's account, made for the name `rp_id`. False if there are too many, if it is somebody's
    /// already, or if there is no such account. `now` is in seconds since 1970.
    pub fn add_passkey(&mut self, person: PersonId, made: Credential, rp_id: String, name: String, now: i64) -> bool {
        let known = self.passkey(&made.id).is_some();
        let Some(account) = self.account_mut(person).filter(|account| !known && account.passkeys.len() < PASSKEYS_MAX)
        else {
            return false;
        };
        account.passkeys.push(Passkey {
            credential: Part(made.id),
            key: Part(made.key),
            rp_id,
            name,
            added: now,
            last_used: None,
            count: made.count,
            maybe_copied: false,
        });
        true
    }

    /// The passkey that browsers call this, and whose it is.
    pub fn passkey(&self, credential: &[u8]) -> Option<(PersonId, &Passkey)> {
        let mut passkeys =
            self.accounts.iter().flat_map(|account| account.passkeys.iter().map(move |key| (account, key)));
        passkeys.find(|(_, key)| key.credential.0 == credential).map(|(account, key)| (PersonId(account.person), key))
    }

    /// Notes that a passkey has signed for the time that it says. One that counts has to count upwards; whether one that does
    /// not is a copy or a whim of its maker, its owner is to judge (Web Authentication Level 3, §7.2 step 22).
    pub fn passkey_used(&mut self, credential: &[u8], count: u32, now: i64) {
        let mut passkeys = self.accounts.iter_mut().flat_map(|account| &mut account.passkeys);
        if let Some(passkey) = passkeys.find(|passkey| passkey.credential.0 == credential) {
            let counts = count != 0 || passkey.count != 0;
            passkey.maybe_copied |= counts && count <= passkey.count;
            passkey.count = passkey.count.max(count);
            passkey.last_used = Some(now);
        }
    }

    /// A person's passkey with this id, to be changed.
    pub fn passkey_mut(&mut self, person: PersonId, id: &str) -> Option<&mut Passkey> {
        self.account_mut(person)?.passkeys.iter_mut().find(|passkey| passkey.id() == id)
    }

    /// Takes a person's passkey away. False if there is none with this id.
    pub fn remove_passkey(&mut self, person: PersonId, id: &str) -> bool {
        let Some(account) = self.account_mut(person) else { return false };
        let before = account.passkeys.len();
        account.passkeys.retain(|passkey| passkey.id() != id);
        account.passkeys.len() < before
    }

    /// The hash of a child's PIN; `None` if the child has none.
    pub fn pin(&self, child: PersonId) -> Option<&str> {
        self.pins.iter().find(|pin| pin.person == child.0).map(|pin| pin.hash.as_str())
    }

    /// Gives a child the PIN with this hash in place of the one it had; `None` takes it away.
    pub fn set_pin(&mut self, child: PersonId, hash: Option<String>) {
        self.pins.retain(|pin| pin.person != child.0);
        self.pins.extend(hash.map(|hash| Pin { person: child.0, hash }));
    }

    /// Takes away everything by which a person signs in, and a PIN.
    pub fn remove(&mut self, person: PersonId) {
        self.accounts.retain(|account| account.person != person.0);
        self.sessions.retain(|session| session.person != person.0);
        self.pins.retain(|pin| pin.person != person.0);
    }

    /// Begins a session, which `secret` opens from now on. `now` is in seconds since 1970.
    pub fn begin_session(&mut self, person: PersonId, secret: &Secret, now: i64, address: String, browser: &str) {
        self.forget_past(now);
        let own = || self.sessions.iter().filter(|session| session.person == person.0);
        if own().count() >= SESSIONS_MAX
            && let Some(oldest) = own().min_by_key(|session| session.last_used).map(Session::id)
        {
            self.end_session(&oldest);
        }
        let browser = browser.chars().filter(|c| !c.is_control()).take(BROWSER_MAX).collect();
        self.sessions.push(Session {
            digest: secret.digest(),
            person: person.0,
            began: now,
            last_used: now,
            address,
            browser,
        });
    }

    /// The session that `secret` opens.
    pub fn session(&self, secret: &Secret, now: i64) -> Option<&Session> {
        let digest = secret.digest();
        self.sessions.iter().find(|session| session.digest == digest && !session.is_over(now))
    }

    /// Notes that a session was used. True if its time of last use was changed and has to be saved.
    pub fn touch_session(&mut self, secret: &Secret, now: i64) -> bool {
        let digest = secret.digest();
        let Some(session) = self.sessions.iter_mut().find(|session| session.digest == digest) else { return false };
        let noted = now.saturating_sub(session.last_used) >= LAST_USE_S;
        if noted {
            session.last_used = now;
        }
        noted
    }

    /// A person's sessions.
    pub fn sessions(&self, person: PersonId, now: i64) -> impl Iterator<Item = &Session> {
        self.sessions.iter().filter(move |session| session.person == person.0 && !session.is_over(now))
    }

    /// Ends the session with this id. False if there is none.
    pub fn end_session(&mut self, id: &str) -> bool {
        let before = self.sessions.len();
        self.sessions.retain(|session| session.id() != id);
        self.sessions.len() < before
    }

    /// Ends a person's sessions but for the one with this id.
    pub fn end_other_sessions(&mut self, person: PersonId, except: &str) {
        self.sessions.retain(|session| session.person != person.0 || session.id() == except);
    }

    /// The tokens.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Makes a token, which `secret` opens from now on. False if there are too many.
    pub fn make_token(
        &mut self,
        secret: &Secret,
        name: String,
        scopes: Vec<String>,
        now: i64,
        expires: Option<i64>,
    ) -> bool {
        self.forget_past(now);
        if self.tokens.len() >= TOKENS_MAX {
            return false;
        }
        self.tokens.push(Token { digest: secret.digest(), name, scopes, made: now, last_used: None, expires });
        true
    }

    /// The token that `secret` opens, and whether its time of last use was changed and has to be saved.
    pub fn use_token(&mut self, secret: &Secret, now: i64) -> Option<(&Token, bool)> {
        let digest = secret.digest();
        let token = self.tokens.iter_mut().find(|token| token.digest == digest)?;
        if token.expires.is_some_and(|expires| expires <= now) {
            return None;
        }
        let noted = token.last_used.is_none_or(|last| now.saturating_sub(last) >= LAST_USE_S);
        if noted {
            token.last_used = Some(now);
        }
        Some((token, noted))
    }

    /// Makes the token with this id useless. Its name, if there is one.
    pub fn revoke_token(&mut self, id: &str) -> Option<String> {
        let place = self.tokens.iter().position(|token| token.id() == id)?;
        Some(self.tokens.remove(place).name)
    }

    /// The same for a backup: whoever is signed in here is not there.
    pub fn without_sessions(&self) -> Self {
        Self { sessions: Vec::new(), ..self.clone() }
    }

    fn forget_past(&mut self, now: i64) {
        self.sessions.retain(|session| !session.is_over(now));
        self.tokens.retain(|token| token.expires.is_none_or(|expires| expires > now));
    }
}

#[cfg(test)]
mod tests;
