//! Every path. A part in braces is a parameter, as axum writes it; [`at`] fills it in.
//!
//! Pages are read with `GET`; what [`crate::forms`] names is posted. A path may be both.

use std::fmt::{Display, Write as _};

/// Home: a card for each person. Whoever is not signed in is sent to [`SIGN_IN`], a child to [`ME`], and before the first
/// run everyone to [`SETUP`].
pub const HOME: &str = "/";
/// Server-sent events, see [`crate::fragments`]; the query is [`crate::forms::EventsQuery`].
pub const EVENTS: &str = "/events";
/// Style and scripts, see [`crate::assets`].
pub const ASSET: &str = "/assets/{file}";

/// The first run, from its first step.
pub const SETUP: &str = "/setup";
/// A step of the first run; read and posted. The parameter is one of the codes in [`setup_step`].
pub const SETUP_STEP: &str = "/setup/{step}";

/// Codes of the steps of the first run, in their order.
pub mod setup_step {
    /// The one-time code; read at [`super::SETUP`] too.
    pub const CODE: &str = "code";
    /// Which port leads to the provider; on the router image only.
    pub const PORT: &str = "port";
    /// Restarts the box, so that another port leads to the provider; posted only.
    pub const RESTART: &str = "restart";
    /// Name, zone and language of the household.
    pub const HOUSEHOLD: &str = "household";
    /// Name and password of the first guardian.
    pub const GUARDIAN: &str = "guardian";
    /// The children; posting adds one.
    pub const CHILDREN: &str = "children";
    /// Takes a child out again; posted only.
    pub const CHILDREN_REMOVE: &str = "children-remove";
    /// Whose the devices are.
    pub const DEVICES: &str = "devices";
    /// What now holds; posting ends the first run.
    pub const REVIEW: &str = "review";
    /// It is done.
    pub const DONE: &str = "done";
}

/// Signs in with a password; read and posted. The query `next` says where to go afterwards.
pub const SIGN_IN: &str = "/sign-in";
/// The one-time code after the password; read and posted.
pub const SIGN_IN_CODE: &str = "/sign-in/code";
/// Makes a challenge for a passkey: posted as JSON by the script, answered with the options of WebAuthn Level 3 §5.1.10.
pub const SIGN_IN_PASSKEY_BEGIN: &str = "/sign-in/passkey/begin";
/// Takes the signed challenge as JSON; answered with `{"next": PATH}`.
pub const SIGN_IN_PASSKEY_FINISH: &str = "/sign-in/passkey/finish";
/// Ends the session; posted.
pub const SIGN_OUT: &str = "/sign-out";

/// Adds a person; posted.
pub const PEOPLE: &str = "/people";
/// One person's page. [`PERSON_WEEK`], [`PERSON_CATEGORIES`], [`PERSON_SERVICES`] and [`PERSON_MORE`] are further pages with
/// the same view.
pub const PERSON: &str = "/people/{person}";
/// Pauses; posted.
pub const PERSON_PAUSE: &str = "/people/{person}/pause";
/// Ends a pause; posted.
pub const PERSON_RESUME: &str = "/people/{person}/resume";
/// Gives more time; posted.
pub const PERSON_MORE_TIME: &str = "/people/{person}/more-time";
/// Changes name and age band; posted.
pub const PERSON_DETAILS: &str = "/people/{person}/details";
/// Sets bedtime; posted.
pub const PERSON_BEDTIME: &str = "/people/{person}/bedtime";
/// The week; posting sets the whole of it as it was painted.
pub const PERSON_WEEK: &str = "/people/{person}/week";
/// Adds a window to the week; posted.
pub const PERSON_WINDOW: &str = "/people/{person}/week/window";
/// Takes a window out of the week; posted.
pub const PERSON_WINDOW_REMOVE: &str = "/people/{person}/week/remove";
/// Adds or changes a mode; posted.
pub const PERSON_MODE: &str = "/people/{person}/modes";
/// Takes a mode away; posted.
pub const PERSON_MODE_REMOVE: &str = "/people/{person}/modes/remove";
/// Categories and names; posting sets the categories.
pub const PERSON_CATEGORIES: &str = "/people/{person}/categories";
/// Services; posting sets them.
pub const PERSON_SERVICES: &str = "/people/{person}/services";
/// Modes, protection, privacy and the person itself.
pub const PERSON_MORE: &str = "/people/{person}/more";
/// Allows or blocks a name; posted.
pub const PERSON_NAME: &str = "/people/{person}/names";
/// Takes a name's rule away; posted.
pub const PERSON_NAME_REMOVE: &str = "/people/{person}/names/remove";
/// Sets safe search, YouTube and the protection against ways around; posted.
pub const PERSON_PROTECTION: &str = "/people/{person}/protection";
/// Sets a child's PIN; posted.
pub const PERSON_PIN: &str = "/people/{person}/pin";
/// Sets a quota; posted.
pub const PERSON_QUOTA: &str = "/people/{person}/quotas";
/// Takes a quota away; posted.
pub const PERSON_QUOTA_REMOVE: &str = "/people/{person}/quotas/remove";
/// Sets what is kept; posted.
pub const PERSON_PRIVACY: &str = "/people/{person}/privacy";
/// Sets everything to what the age band recommends; posted.
pub const PERSON_RECOMMENDED: &str = "/people/{person}/recommended";
/// All that is kept about a person, as a file.
pub const PERSON_EXPORT: &str = "/people/{person}/export";
/// Erases a person with everything that is kept; posted.
pub const PERSON_ERASE: &str = "/people/{person}/erase";

/// Every device.
pub const DEVICES: &str = "/devices";
/// Gives a device to somebody, or another label; posted. The parameter is the hardware address, as in
/// `02:00:00:00:00:01`.
pub const DEVICE_ADOPT: &str = "/devices/{mac}/adopt";
/// Says that a new device is a known one under another address; posted.
pub const DEVICE_MERGE: &str = "/devices/{mac}/merge";
/// Makes a device unknown again; posted.
pub const DEVICE_FORGET: &str = "/devices/{mac}/forget";

/// What was asked for; the query is [`crate::forms::ActivityQuery`].
pub const ACTIVITY: &str = "/activity";
/// Why a name is open or closed; the query is [`crate::forms::WhyQuery`].
pub const WHY: &str = "/why";
/// What children have asked for.
pub const REQUESTS: &str = "/requests";
/// Answers a request; posted.
pub const REQUEST_ANSWER: &str = "/requests/{request}/answer";
/// The lists; posting subscribes to one. The query is [`crate::forms::NameTestQuery`].
pub const LISTS: &str = "/lists";
/// Unsubscribes from a list; posted.
pub const LIST_REMOVE: &str = "/lists/remove";
/// Fetches every list now; posted.
pub const LISTS_REFRESH: &str = "/lists/refresh";
/// Who changed what; the query is [`crate::forms::AuditQuery`].
pub const AUDIT: &str = "/audit";

/// What can be set, as a list of pages.
pub const SETTINGS: &str = "/settings";
/// The adults; posting invites one.
pub const SETTINGS_ADULTS: &str = "/settings/adults";
/// Changes an adult's role; posted.
pub const ADULT_ROLE: &str = "/settings/adults/{person}/role";
/// Takes an adult out; posted.
pub const ADULT_REMOVE: &str = "/settings/adults/{person}/remove";
/// The own way of signing in.
pub const SETTINGS_ACCOUNT: &str = "/settings/account";
/// Changes the own password; posted.
pub const ACCOUNT_PASSWORD: &str = "/settings/account/password";
/// Changes the own language; posted.
pub const ACCOUNT_LANGUAGE: &str = "/settings/account/language";
/// Makes a secret for one-time codes; posted.
pub const ACCOUNT_TOTP_BEGIN: &str = "/settings/account/totp/begin";
/// Turns one-time codes on with the first of them; posted.
pub const ACCOUNT_TOTP_CONFIRM: &str = "/settings/account/totp/confirm";
/// Turns one-time codes off; posted.
pub const ACCOUNT_TOTP_OFF: &str = "/settings/account/totp/off";
/// Makes the options of a new passkey: posted as JSON by the script, answered as in WebAuthn Level 3 §5.1.9.
pub const ACCOUNT_PASSKEY_BEGIN: &str = "/settings/account/passkeys/begin";
/// Takes the new passkey as JSON; answered with `{"next": PATH}`.
pub const ACCOUNT_PASSKEY_FINISH: &str = "/settings/account/passkeys/finish";
/// Calls a passkey something else; posted.
pub const ACCOUNT_PASSKEY_RENAME: &str = "/settings/account/passkeys/rename";
/// Takes a passkey away; posted.
pub const ACCOUNT_PASSKEY_REMOVE: &str = "/settings/account/passkeys/remove";
/// Ends a session, or all but this one; posted.
pub const ACCOUNT_SESSION_END: &str = "/settings/account/sessions/end";
/// Tokens for programs; posting makes one, and answers with the page that shows it, which is not a redirect.
pub const SETTINGS_TOKENS: &str = "/settings/tokens";
/// Makes a token useless; posted.
pub const TOKEN_REVOKE: &str = "/settings/tokens/revoke";
/// The household and its upstream servers; posting sets the household.
pub const SETTINGS_NETWORK: &str = "/settings/network";
/// The helplines; posting adds one or changes one.
pub const SETTINGS_HELPLINES: &str = "/settings/helplines";
/// Takes a helpline out; posted.
pub const HELPLINE_REMOVE: &str = "/settings/helplines/remove";
/// Shows the helplines of the country again; posted.
pub const HELPLINES_RESET: &str = "/settings/helplines/reset";
/// The family's own certificate; posting gives one, as `multipart/form-data`.
pub const SETTINGS_CERTIFICATE: &str = "/settings/certificate";
/// Takes the family's certificate away; posted.
pub const CERTIFICATE_REMOVE: &str = "/settings/certificate/remove";
/// What is kept, and for how long; posting sets for how long.
pub const SETTINGS_PRIVACY: &str = "/settings/privacy";
/// Deletes what is kept; posted.
pub const PRIVACY_DELETE: &str = "/settings/privacy/delete";
/// Backup; posting makes one and answers with the file.
pub const SETTINGS_BACKUP: &str = "/settings/backup";
/// Reads a backup back; posted as `multipart/form-data`.
pub const BACKUP_RESTORE: &str = "/settings/backup/restore";
/// The box itself: version, health, updates, ports and log.
pub const SETTINGS_SYSTEM: &str = "/settings/system";
/// Updates the router image from an address; posted.
pub const UPDATE_ADDRESS: &str = "/settings/system/update/address";
/// Updates the router image from a file; posted as `multipart/form-data`.
pub const UPDATE_FILE: &str = "/settings/system/update/file";
/// Calls an update off; posted.
pub const UPDATE_CANCEL: &str = "/settings/system/update/cancel";
/// Says which port of the router image leads to the provider; posted.
pub const SYSTEM_PORT: &str = "/settings/system/port";
/// Restarts the router image; posted, and answered with a page that waits for it.
pub const SYSTEM_RESTART: &str = "/settings/system/restart";
/// What the gate is, and what it can and cannot see.
pub const SETTINGS_ABOUT: &str = "/settings/about";

/// A child's own page; the query is [`crate::forms::MeQuery`].
pub const ME: &str = "/me";
/// A child asks; posted.
pub const ME_ASK: &str = "/me/ask";
/// Tells devices whether they are closed, as RFC 8908 has it; over HTTPS only.
pub const CAPTIVE_PORTAL: &str = "/captive-portal/api";
/// What a paused device is shown.
pub const PAUSED: &str = "/paused";

/// The path with `value` in place of its parameter, percent-encoded so that it stays one segment (RFC 3986 §2).
pub fn at(path: &str, value: impl Display) -> String {
    match path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?.1))) {
        Some((before, after)) => format!("{before}{}{after}", encoded(&value.to_string())),
        None => path.to_owned(),
    }
}

/// The path with a query of these names and values, in `application/x-www-form-urlencoded` (URL Standard §5.2) but for the
/// blank, which is written `%20`.
pub fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let mut text = path.to_owned();
    for (place, (name, value)) in query.iter().enumerate() {
        text.push(if place == 0 { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.push_str(&encoded(value));
    }
    text
}

/// Hardware address as paths and forms write it: `02:00:00:00:00:01`.
pub fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

/// Everything but unreserved characters and the colon percent-encoded.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            encoded.push(byte.into());
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_stay_one_segment() {
        assert_eq!(at(PERSON_PAUSE, 3), "/people/3/pause");
        assert_eq!(at(DEVICE_ADOPT, mac_text([2, 0, 0, 0, 0, 255])), "/devices/02:00:00:00:00:ff/adopt");
        assert_eq!(at(ASSET, "../x y?"), "/assets/..%2Fx%20y%3F");
        assert_eq!(at(HOME, 3), "/");
    }

    #[test]
    fn queries_are_encoded() {
        assert_eq!(with_query(WHY, &[("name", "a&b=ü"), ("person", "3")]), "/why?name=a%26b%3D%C3%BC&person=3");
        assert_eq!(with_query(WHY, &[]), "/why");
    }
}
