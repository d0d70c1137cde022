//! What the policy's ids are called.

use std::time::Duration;

use maud::{Markup, html};
use stairgate_policy::household::{ASLEEP, AgeBand, EVERYDAY, FREE, HOMEWORK, PAUSED, PrivacyLevel, Role, USED_UP};
use stairgate_policy::services;
use stairgate_policy::taxonomy::{self, Category, Group};

use crate::format;
use crate::language::{Language, clean, t};
use crate::view::{Ask, Because, ModeName, Now, Reason, Request, Shell, Verdict};

/// A name from people or the network, kept from disturbing the text around it.
pub(crate) fn name(text: &str) -> Markup {
    html! { bdi { (clean(text)) } }
}

/// What a mode is called. The titles that defaults give are told in the viewer's language, a family's own as they are.
pub(crate) fn mode(language: Language, mode: &ModeName) -> String {
    let builtin = if mode.id == EVERYDAY {
        return t!(language, "mode-everyday");
    } else if mode.id == PAUSED {
        return t!(language, "mode-paused");
    } else if mode.id == USED_UP {
        "mode-used-up"
    } else if mode.id == ASLEEP && mode.title == "Asleep" {
        "mode-asleep"
    } else if mode.id == HOMEWORK && mode.title == "Homework" {
        "mode-homework"
    } else if mode.id == FREE && mode.title == "Free time" {
        "mode-free"
    } else {
        return clean(&mode.title).into_owned();
    };
    t!(language, builtin)
}

/// Whether the internet is open now, in two or three words.
pub(crate) fn state(language: Language, now: &Now) -> String {
    match (now.closed, now.because) {
        (true, Because::Pause) => t!(language, "state-paused"),
        (true, Because::QuotaUsedUp) => t!(language, "state-used-up"),
        (true, _) => t!(language, "state-closed", mode = mode(language, &now.mode)),
        (false, Because::Everyday) => t!(language, "state-open"),
        (false, _) => t!(language, "state-open-mode", mode = mode(language, &now.mode)),
    }
}

/// Why, and until when.
pub(crate) fn state_detail(shell: &Shell, now: &Now) -> String {
    let language = shell.language;
    let because = match now.because {
        Because::Everyday => "because-everyday",
        Because::Week => "because-week",
        Because::Exception => "because-exception",
        Because::Pause => "because-pause",
        Because::QuotaUsedUp => "because-quota",
    };
    let because = t!(language, because);
    let until = now.until.map(|until| format::time(shell, until));
    match (until, &now.then) {
        (Some(until), Some(then)) => {
            t!(language, "state-until-then", because = because, until = until, then = mode(language, then))
        }
        (Some(until), None) => t!(language, "state-until", because = because, until = until),
        (None, _) if now.because == Because::Pause => t!(language, "state-until-resumed", because = because),
        (None, _) => t!(language, "state-for-good", because = because),
    }
}

pub(crate) fn role(language: Language, role: Role) -> String {
    match role {
        Role::Guardian { primary: true } => t!(language, "role-primary"),
        Role::Guardian { primary: false } => t!(language, "role-guardian"),
        Role::CoGuardian => t!(language, "role-co-guardian"),
        Role::Carer => t!(language, "role-carer"),
        Role::Child(band) => age(language, band),
    }
}

pub(crate) fn age(language: Language, band: AgeBand) -> String {
    let (from, to) = match band {
        AgeBand::UpTo5 => (0, 5),
        AgeBand::From6To9 => (6, 9),
        AgeBand::From10To12 => (10, 12),
        AgeBand::From13To15 => (13, 15),
        AgeBand::From16To17 => (16, 17),
    };
    t!(language, "age-band", from = from, to = to)
}

pub(crate) fn level(language: Language, level: PrivacyLevel) -> String {
    t!(language, &format!("level-{}", level.as_str()))
}

pub(crate) fn category(language: Language, category: &Category) -> String {
    t!(language, &format!("category-{}", category.id))
}

pub(crate) fn category_detail(language: Language, category: &Category) -> String {
    t!(language, &format!("category-{}-detail", category.id))
}

/// A category or a service by its id; an unknown id as it is.
pub(crate) fn tag(language: Language, id: &str) -> String {
    if id.is_empty() {
        return t!(language, "tag-other");
    }
    if let Some(service) = services::service(id) {
        return service.title.to_owned();
    }
    taxonomy::category(id).map_or_else(|| clean(id).into_owned(), |found| category(language, found))
}

/// What a quota is about.
pub(crate) fn quota(language: Language, id: &str) -> String {
    if id.is_empty() { t!(language, "quota-all") } else { tag(language, id) }
}

pub(crate) fn group(group: Group) -> &'static str {
    match group {
        Group::Content => "content",
        Group::Contact => "contact",
        Group::Conduct => "conduct",
        Group::Contract => "contract",
        Group::Bypass => "bypass",
        Group::Protect => "protect",
        Group::Everyday => "everyday",
    }
}

pub(crate) fn reason(language: Language, reason: &Reason) -> String {
    match reason {
        Reason::Denied => t!(language, "reason-denied"),
        Reason::Category(id) => t!(language, "reason-category", what = tag(language, id)),
        Reason::Service(id) => t!(language, "reason-service", what = tag(language, id)),
        Reason::NotAllowed => t!(language, "reason-not-allowed"),
        Reason::Closed => t!(language, "reason-closed"),
        Reason::Paused => t!(language, "reason-paused"),
        Reason::QuotaUsedUp => t!(language, "reason-quota"),
        Reason::Unclassified => t!(language, "reason-unclassified"),
        Reason::Bypass => t!(language, "reason-bypass"),
        Reason::Unreadable => t!(language, "reason-unreadable"),
        Reason::SafeSearch => t!(language, "reason-safe-search"),
        Reason::Cloaked(target) => t!(language, "reason-cloaked", name = target.as_str()),
        Reason::Rebinding => t!(language, "reason-rebinding"),
        Reason::Tampered => t!(language, "reason-tampered"),
        Reason::NoAnswer => t!(language, "reason-no-answer"),
    }
}

/// The style of a verdict.
pub(crate) fn verdict_class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "verdict",
        Verdict::Blocked => "verdict blocked",
        Verdict::Failed => "verdict failed",
    }
}

pub(crate) fn verdict(language: Language, verdict: Verdict) -> String {
    match verdict {
        Verdict::Allowed => t!(language, "verdict-allowed"),
        Verdict::Blocked => t!(language, "verdict-blocked"),
        Verdict::Failed => t!(language, "verdict-failed"),
    }
}

/// What is asked for, without who asks.
pub(crate) fn ask(language: Language, request: &Request) -> String {
    match &request.ask {
        Ask::Site { name, .. } => t!(language, "ask-site", name = name.as_str()),
        Ask::Time(time) => t!(language, "ask-time", time = format::duration(language, *time)),
        Ask::TimeOf { what, time } => {
            t!(language, "ask-time-of", time = format::duration(language, *time), what = tag(language, what))
        }
        Ask::Note => t!(language, "ask-note"),
    }
}

/// The minutes that forms offer.
pub(crate) fn minutes(language: Language, minutes: u16) -> String {
    format::duration(language, Duration::from_secs(u64::from(minutes) * 60))
}
