//! Pieces that several pages are made of.

use std::fmt::Display;

use jiff::Timestamp;
use maud::{Markup, html};
use stairgate_policy::household::{AgeBand, Owner, PersonId};

use crate::format;
use crate::forms::{AnswerChoice, MoreTime, NameAction, OwnerChoice, PauseFor};
use crate::language::{Language, clean, t};
use crate::layout::{Icon, back, icon};
use crate::routes;
use crate::view::{Ask, Now, PersonName, QuotaUse, Request, Rights, Shell, Usage, Viewer};
use crate::words;

/// A form that posts `content` to `action`.
pub(crate) fn post(shell: &Shell, action: &str, class: &str, content: &Markup) -> Markup {
    html! {
        form method="post" action=(action) class=[(!class.is_empty()).then_some(class)] {
            (hidden("csrf", &shell.csrf))
            (content)
        }
    }
}

/// A form that posts `content` and the revision of what it changes.
pub(crate) fn post_revision(shell: &Shell, revision: u64, action: &str, class: &str, content: &Markup) -> Markup {
    post(shell, action, class, &html! { (hidden("revision", revision)) (content) })
}

pub(crate) fn hidden(name: &str, value: impl Display) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// What the viewer is offered.
pub(crate) fn rights(shell: &Shell) -> Rights {
    match &shell.viewer {
        Viewer::Adult { rights, .. } => *rights,
        Viewer::Child(_) | Viewer::Stranger => Rights::default(),
    }
}

/// A labelled line of text. `kind` is the type of input, `autocomplete` what the browser may fill in.
pub(crate) fn text_field(id: &str, label: &str, name: &str, value: &str, kind: &str, autocomplete: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) }
            input id=(id) name=(name) type=(kind) value=(clean(value)) autocomplete=(autocomplete) required maxlength="200";
        }
    }
}

/// As [`text_field`], but it may be left empty, and the browser fills nothing in.
pub(crate) fn optional_field(id: &str, label: &str, name: &str, value: &str, kind: &str) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) }
            input id=(id) name=(name) type=(kind) value=(clean(value)) autocomplete="off" maxlength="200";
        }
    }
}

/// Two fields for a password that is set anew. The browser's own manager is welcome to make one up.
pub(crate) fn new_password(language: Language) -> Markup {
    html! {
        (text_field("password", &t!(language, "password-new"), "password", "", "password", "new-password"))
        p.hint { (t!(language, "password-hint")) }
        (text_field("again", &t!(language, "password-again"), "again", "", "password", "new-password"))
    }
}

/// A labelled choice of one: values with their texts.
pub(crate) fn select(id: &str, label: &str, name: &str, current: &str, options: &[(String, String)]) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) }
            select id=(id) name=(name) {
                @for (value, text) in options {
                    option value=(value) selected[value == current] { (clean(text)) }
                }
            }
        }
    }
}

/// As [`select`], but nothing is chosen yet and something has to be.
pub(crate) fn choose(language: Language, id: &str, label: &str, name: &str, options: &[(String, String)]) -> Markup {
    html! {
        div.field {
            label for=(id) { (label) }
            select id=(id) name=(name) required {
                option value="" { (t!(language, "choose")) }
                @for (value, text) in options { option value=(value) { (clean(text)) } }
            }
        }
    }
}

/// A box to tick with a text and, beneath it, what it means.
pub(crate) fn tick(id: &str, name: &str, value: &str, ticked: bool, text: &str, detail: &str) -> Markup {
    let described = format!("{id}-detail");
    html! {
        div.tick {
            input type="checkbox" id=(id) name=(name) value=(value) checked[ticked]
                aria-describedby=[(!detail.is_empty()).then_some(&described)];
            div {
                label for=(id) { (text) }
                @if !detail.is_empty() { p.hint id=(described) { (detail) } }
            }
        }
    }
}

/// Whether a device is connected, if that can be told.
pub(crate) fn online(language: Language, online: Option<bool>) -> Markup {
    html! {
        @match online {
            Some(true) => span.online { (t!(language, "device-online")) },
            Some(false) => span { (t!(language, "device-offline")) },
            None => {},
        }
    }
}

/// Whose a device can be.
pub(crate) fn owner_options(language: Language, people: &[PersonName]) -> Vec<(String, String)> {
    let person = |person: &PersonName| (OwnerChoice(Owner::Person(person.id)).to_string(), person.name.clone());
    let others = [Owner::Shared, Owner::Unmanaged].map(|owner| {
        let text = if owner == Owner::Shared { "owner-shared-detail" } else { "owner-unmanaged-detail" };
        (OwnerChoice(owner).to_string(), t!(language, text))
    });
    people.iter().map(person).chain(others).collect()
}

pub(crate) fn age_options(language: Language) -> Vec<(String, String)> {
    AgeBand::ALL.map(|band| (band.to_string(), words::age(language, band))).to_vec()
}

/// An instant for people and programs.
pub(crate) fn when(shell: &Shell, at: Timestamp) -> Markup {
    html! { time datetime=(at) { (format::ago(shell, at)) } }
}

/// Pause, resume, more time: what is needed in a hurry.
pub(crate) fn quick_actions(shell: &Shell, id: PersonId, now: &Now) -> Markup {
    let language = shell.language;
    let group = format!("quick-{}", id.0);
    let paused = now.because == crate::view::Because::Pause;
    html! {
        div.quick {
            @if paused {
                (post(shell, &routes::at(routes::PERSON_RESUME, id.0), "", &html! {
                    (back(shell)) button.primary { (t!(language, "quick-resume")) }
                }))
            }
            details name=(group) data-key=(format!("pause-{}", id.0)) {
                summary.button { (icon(Icon::Pause)) (t!(language, if paused { "quick-pause-longer" } else { "quick-pause" })) }
                (post(shell, &routes::at(routes::PERSON_PAUSE, id.0), "choices", &html! {
                    (back(shell))
                    @for choice in PauseFor::ALL {
                        button name="how_long" value=(choice) { (t!(language, &format!("pause-for-{choice}"))) }
                    }
                }))
            }
            details name=(group) data-key=(format!("more-{}", id.0)) {
                summary.button { (icon(Icon::Clock)) (t!(language, "quick-more-time")) }
                (post(shell, &routes::at(routes::PERSON_MORE_TIME, id.0), "choices", &html! {
                    (back(shell))
                    @for choice in MoreTime::ALL {
                        button name="minutes" value=(choice) { "+" (words::minutes(language, choice.minutes())) }
                    }
                }))
            }
        }
    }
}

/// Today's use, and against the quotas if there are any.
pub(crate) fn usage(language: Language, usage: &Usage, id: &str) -> Markup {
    let used = format::duration(language, usage.used);
    html! {
        div.usage {
            @if usage.quotas.iter().all(|quota| !quota.what.is_empty()) { p { (t!(language, "usage-today", used = used)) } }
            @for (place, quota) in usage.quotas.iter().enumerate() {
                @let id = format!("{id}-{place}");
                label for=(id) { (quota_use(language, quota)) }
                meter id=(id) min="0" max=(quota.allowed.as_secs().max(1)) value=(quota.used.as_secs().min(quota.allowed.as_secs())) {}
            }
        }
    }
}

fn quota_use(language: Language, quota: &QuotaUse) -> String {
    let [used, allowed] = [quota.used, quota.allowed].map(|time| format::duration(language, time));
    let left = format::duration(language, quota.allowed.saturating_sub(quota.used));
    if quota.what.is_empty() {
        return t!(language, "usage-of-quota", used = used, quota = allowed, left = left);
    }
    let what = words::tag(language, &quota.what);
    t!(language, "usage-of-quota-what", what = what, used = used, quota = allowed, left = left)
}

/// A request with what can be answered.
pub(crate) fn request(shell: &Shell, request: &Request) -> Markup {
    let language = shell.language;
    let may = rights(shell);
    let action = routes::at(routes::REQUEST_ANSWER, request.id);
    let note = format!("note-{}", request.id);
    let choices: &[AnswerChoice] = match request.ask {
        Ask::Site { .. } if may.rules => &[AnswerChoice::Yes, AnswerChoice::Today, AnswerChoice::No],
        Ask::Site { .. } => &[],
        Ask::Time(_) | Ask::TimeOf { .. } if may.pause => &[AnswerChoice::Yes, AnswerChoice::No],
        Ask::Time(_) | Ask::TimeOf { .. } => &[],
        Ask::Note if may.pause || may.rules => &[AnswerChoice::Read],
        Ask::Note => &[],
    };
    let kind = match request.ask {
        Ask::Site { .. } => "site",
        Ask::Time(_) | Ask::TimeOf { .. } => "time",
        Ask::Note => "note",
    };
    html! {
        article.request id=(format!("request-{}", request.id)) {
            h3 { (words::name(&request.from.name)) " " (words::ask(language, request)) }
            p.muted { (when(shell, request.at)) }
            @if !request.note.is_empty() { blockquote { (words::name(&request.note)) } }
            @if let Ask::Site { because: Some(because), name } = &request.ask {
                p { (words::reason(language, because)) " "
                    a href=(why_path(shell, request.from.id, name)) {
                        (t!(language, "why-link"))
                    }
                }
            }
            @match &request.answer {
                Some(answer) => {
                    p.answer {
                        @let by = if answer.by.is_empty() { t!(language, "actor-erased") } else { answer.by.clone() };
                        strong { (t!(language, if answer.granted { "answer-granted" } else { "answer-not-granted" }, by = by)) }
                        " " (when(shell, answer.at))
                    }
                    @if !answer.note.is_empty() { blockquote { (words::name(&answer.note)) } }
                }
                None => @if !choices.is_empty() {
                    (post(shell, &action, "answer", &html! {
                        (back(shell))
                        div.choices {
                            @for choice in choices {
                                button.primary[*choice == AnswerChoice::Yes] name="answer" value=(choice) {
                                    (t!(language, &format!("answer-{kind}-{choice}")))
                                }
                            }
                        }
                        details data-key=(note) {
                            summary { (t!(language, "answer-with-words")) }
                            div.field {
                                label for=(note) { (t!(language, "answer-note")) }
                                textarea id=(note) name="note" rows="2" maxlength="500" {}
                            }
                        }
                    }))
                }
            }
        }
    }
}

/// Where a name is explained: a child has it explained on its own page.
pub(crate) fn why_path(shell: &Shell, person: PersonId, name: &str) -> String {
    match shell.viewer {
        Viewer::Adult { .. } => routes::with_query(routes::WHY, &[("name", name), ("person", &person.0.to_string())]),
        Viewer::Child(_) | Viewer::Stranger => routes::with_query(routes::ME, &[("name", name)]) + "#why",
    }
}

/// Allows or blocks a name for a person with one tap.
pub(crate) fn name_action(shell: &Shell, person: PersonId, name: &str, action: NameAction) -> Markup {
    post(
        shell,
        &routes::at(routes::PERSON_NAME, person.0),
        "inline",
        &html! {
            (hidden("name", name))
            (back(shell))
            button.small name="action" value=(action) aria-label=(t!(shell.language, &format!("name-{action}-label"), name = name)) {
                (t!(shell.language, &format!("name-{action}")))
            }
        },
    )
}
