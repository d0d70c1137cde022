use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{DOCTYPE, Markup, html};

use super::audit::row;
use super::person::use_of_week;
use super::why::explained;
use crate::assets;
use crate::components::{post, select, usage};
use crate::forms::{AskKind, MoreTime};
use crate::language::{Language, t};
use crate::layout::{frame, gate, messages};
use crate::routes;
use crate::svg;
use crate::view::{Because, Helpline, Kept, Me, Paused, Shell, Viewer};
use crate::words;

/// A child's own page: my rules, my time, what is kept about me, why, and asking.
pub fn me(shell: &Shell, me: &Me) -> Markup {
    let language = shell.language;
    frame(
        shell,
        &t!(language, "me-title"),
        &html! {
            h1 { (t!(language, "me-hello", name = me.person.name.as_str())) }
            (messages(shell))
            (now_of_child(shell, me))
            @if !me.today.is_empty() {
                section aria-labelledby="today" {
                    h2 #today { (t!(language, "me-today")) }
                    (svg::day(shell, &me.today))
                }
            }
            (ask(shell, me))
            (why(shell, me))
            @if !me.requests.is_empty() { (answers(shell, me)) }
            (helplines(language, &me.helplines))
            @if !me.blocked.is_empty() {
                section aria-labelledby="blocked" {
                    h2 #blocked { (t!(language, "me-blocked")) }
                    p { (t!(language, "me-blocked-lead")) }
                    ul.chips { @for what in &me.blocked { li { (words::tag(language, what)) } } }
                }
            }
            (kept(shell, &me.kept))
            @if !me.week_of_use.is_empty() {
                section aria-labelledby="use" {
                    h2 #use { (t!(language, "me-use")) }
                    (use_of_week(language, &me.week_of_use, me.usage.as_ref()))
                }
            }
            @if !me.changes.is_empty() {
                section aria-labelledby="changes" {
                    h2 #changes { (t!(language, "me-changes")) }
                    ul.rows { @for entry in &me.changes { (row(shell, entry)) } }
                }
            }
        },
    )
}

/// How it is for the child now.
pub(crate) fn now_of_child(shell: &Shell, me: &Me) -> Markup {
    let language = shell.language;
    html! {
        section #me-now.card.closed[me.now.as_ref().is_some_and(|now| now.closed)] {
            h2.visually-hidden { (t!(language, "me-now")) }
            @match &me.now {
                Some(now) => {
                    p.state { (gate(!now.closed)) strong { (words::state(language, now)) } span { (words::state_detail(shell, now)) } }
                    @if let Some(today) = &me.usage { (usage(language, today, "me-usage")) }
                }
                None => p { (t!(language, "me-no-rules")) },
            }
        }
    }
}

fn ask(shell: &Shell, me: &Me) -> Markup {
    let language = shell.language;
    let pin = |id: &str| {
        html! {
            @if me.ask_pin {
                div.field {
                    label for=(id) { (t!(language, "me-pin")) }
                    input id=(id) name="pin" type="password" inputmode="numeric" autocomplete="off" required maxlength="12";
                }
            }
        }
    };
    let note = |id: &str, required: bool| {
        html! {
            div.field {
                label for=(id) { (t!(language, if required { "me-ask-note" } else { "me-ask-why" })) }
                textarea id=(id) name="note" rows="2" maxlength="500" required[required] {}
            }
        }
    };
    // Of what has a quota of its own, more can be asked for alone.
    let quotas = me.usage.iter().flat_map(|usage| &usage.quotas).filter(|quota| !quota.what.is_empty());
    let mut limited: Vec<(String, String)> =
        quotas.map(|quota| (quota.what.clone(), words::tag(language, &quota.what))).collect();
    if !limited.is_empty() {
        limited.insert(0, (String::new(), t!(language, "quota-all")));
    }
    let explained =
        me.explanation.as_ref().filter(|explanation| explanation.blocked).map_or("", |explanation| &explanation.name);
    html! {
        section aria-labelledby="ask" {
            h2 #ask { (t!(language, "me-ask")) }
            details.box name="ask" data-key="ask-time" {
                summary { (t!(language, "me-ask-time")) }
                (post(shell, routes::ME_ASK, "", &html! {
                    input type="hidden" name="kind" value=(AskKind::Time);
                    @if !limited.is_empty() { (select("time-what", &t!(language, "me-ask-time-what"), "what", "", &limited)) }
                    (note("time-note", false)) (pin("time-pin"))
                    div.choices {
                        @for choice in MoreTime::ALL { button name="minutes" value=(choice) { "+" (words::minutes(language, choice.minutes())) } }
                    }
                }))
            }
            details.box name="ask" data-key="ask-site" open[!explained.is_empty()] {
                summary { (t!(language, "me-ask-site")) }
                (post(shell, routes::ME_ASK, "", &html! {
                    input type="hidden" name="kind" value=(AskKind::Site);
                    div.field {
                        label for="ask-site" { (t!(language, "me-ask-which")) }
                        input id="ask-site" name="site" type="text" inputmode="url" autocapitalize="none" autocomplete="off" required maxlength="500" value=(explained);
                    }
                    (note("site-note", false)) (pin("site-pin"))
                    button.primary { (t!(language, "me-ask-send")) }
                }))
            }
            details.box name="ask" data-key="ask-note" {
                summary { (t!(language, "me-ask-say")) }
                (post(shell, routes::ME_ASK, "", &html! {
                    input type="hidden" name="kind" value=(AskKind::Note);
                    (note("note-note", true)) (pin("note-pin"))
                    button.primary { (t!(language, "me-ask-send")) }
                }))
            }
        }
    }
}

fn why(shell: &Shell, me: &Me) -> Markup {
    let language = shell.language;
    let asked = me.explanation.as_ref().map_or("", |explanation| &explanation.name);
    html! {
        section aria-labelledby="why" {
            h2 #why { (t!(language, "me-why")) }
            form.row method="get" action=(routes::ME) {
                div.field {
                    label for="why-name" { (t!(language, "me-ask-which")) }
                    input id="why-name" name="name" type="text" inputmode="url" autocapitalize="none" autocomplete="off" required maxlength="500" value=(asked);
                }
                button { (t!(language, "me-why-button")) }
            }
            @if let Some(explanation) = &me.explanation { (explained(shell, explanation)) }
        }
    }
}

fn answers(shell: &Shell, me: &Me) -> Markup {
    let language = shell.language;
    html! {
        section aria-labelledby="answers" {
            h2 #answers { (t!(language, "me-answers")) }
            @for asked in &me.requests { (crate::components::request(shell, asked)) }
        }
    }
}

fn helplines(language: Language, helplines: &[Helpline]) -> Markup {
    html! {
        section.helplines aria-labelledby="help" {
            h2 #help { (t!(language, "me-help")) }
            p { (t!(language, "me-help-lead")) }
            ul.plain {
                @for line in helplines {
                    li {
                        strong { (words::name(&line.title)) }
                        (ways_to(line))
                    }
                }
            }
        }
    }
}

/// How a helpline is reached, and when.
pub(crate) fn ways_to(line: &Helpline) -> Markup {
    html! {
        @if !line.telephone.is_empty() { " " a.button.small href=(telephone(&line.telephone)) { (words::name(&line.telephone)) } }
        @if !line.site.is_empty() { " " a href=(format!("https://{}/", line.site)) rel="noreferrer" { (words::name(&line.site)) } }
        @if !line.hours.is_empty() { " " span.muted { (words::name(&line.hours)) } }
    }
}

/// The number as RFC 3966 writes it, without what people put between digits.
fn telephone(number: &str) -> String {
    format!("tel:{}", number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect::<String>())
}

fn kept(shell: &Shell, kept: &Kept) -> Markup {
    let language = shell.language;
    html! {
        section aria-labelledby="kept" {
            h2 #kept { (t!(language, "me-kept")) }
            p { (t!(language, &format!("me-level-{}", kept.level.as_str()))) }
            p { (t!(language, "me-kept-days", days = kept.days)) }
            p.hint { (t!(language, "retention-copies")) }
            @if let Some(days) = kept.usage_days {
                p { (t!(language, &format!("me-usage-{}", kept.level.as_str()))) " " (t!(language, "me-kept-days", days = days)) }
            }
            @if !kept.entries.is_empty() {
                details data-key="kept" {
                    summary { (t!(language, "me-kept-show", count = kept.count)) }
                    ul.rows.entries { @for entry in &kept.entries { (super::entry_row(shell, entry)) } }
                    @if let Some(older) = kept.older {
                        @let before = older.to_string();
                        p { a.button href=(routes::with_query(routes::ME, &[("before", &before)])) { (t!(language, "older")) } }
                    }
                }
            }
        }
    }
}

/// What a paused or sleeping device is shown in place of the internet. It keeps no state, needs no script and asks for
/// nothing but the style. It does not load itself anew, so that it cannot make a loop and nobody who reads slowly loses
/// the place (WCAG 2.2 §2.2.1).
pub fn paused(language: Language, zone: &TimeZone, now: Timestamp, paused: &Paused) -> Markup {
    let shell = Shell {
        language,
        viewer: Viewer::Stranger,
        csrf: String::new(),
        path: routes::PAUSED.to_owned(),
        notice: None,
        failure: None,
        household: String::new(),
        zone: zone.clone(),
        now,
        waiting_requests: 0,
        new_devices: 0,
    };
    let title = t!(
        language,
        match paused.now.because {
            Because::Pause => "paused-title",
            Because::QuotaUsedUp => "paused-title-quota",
            Because::Everyday | Because::Week | Because::Exception => "paused-title-night",
        }
    );
    html! {
        (DOCTYPE)
        html lang=(language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="stylesheet" href=(assets::STYLE.path());
            }
            body {
                main.narrow {
                    (gate(false))
                    h1 { (title) }
                    @if let Some(person) = &paused.person { p.lead { (words::name(person)) } }
                    p.lead { (words::state_detail(&shell, &paused.now)) }
                    p { (t!(language, "paused-detail")) }
                    p { a.button.primary href=(paused.child_page) { (t!(language, "paused-link")) } }
                    form method="get" { button { (t!(language, "paused-again")) } }
                    p.hint { (t!(language, "paused-help")) }
                }
            }
        }
    }
}
