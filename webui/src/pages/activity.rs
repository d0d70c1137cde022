use maud::{Markup, html};

use crate::components::{name_action, rights, when, why_path};
use crate::forms::NameAction;
use crate::language::t;
use crate::layout::page;
use crate::routes;
use crate::svg;
use crate::view::{Activity, Entry, Shell, Verdict};
use crate::words;

/// What the home's devices asked for, as far as it may be seen.
pub fn activity(shell: &Shell, activity: &Activity) -> Markup {
    let language = shell.language;
    let person = activity.person.as_ref().map(|person| person.id.0.to_string()).unwrap_or_default();
    let older = activity.older.map(|at| {
        let show = if activity.only_blocked { "blocked" } else { "" };
        let before = at.to_string();
        routes::with_query(routes::ACTIVITY, &[("person", &person), ("show", show), ("before", &before)])
    });
    page(
        shell,
        &t!(language, "activity-title"),
        &html! {
            form.row method="get" action=(routes::ACTIVITY) {
                div.field {
                    label for="person" { (t!(language, "activity-person")) }
                    select id="person" name="person" {
                        option value="" { (t!(language, "activity-everyone")) }
                        @for choice in &activity.people {
                            option value=(choice.id.0) selected[activity.person.as_ref() == Some(choice)] { (words::name(&choice.name)) }
                        }
                    }
                }
                label.radio { input type="checkbox" name="show" value="blocked" checked[activity.only_blocked]; (t!(language, "activity-only-blocked")) }
                button { (t!(language, "show")) }
            }
            @if let Some(level) = activity.level { p.hint { (words::level(language, level)) } }
            @else { p.hint { (t!(language, "activity-levels")) } }
            section aria-labelledby="day" {
                h2 #day { (t!(language, "activity-day")) }
                (svg::verdicts(language, activity.counts))
                @if !activity.day.is_empty() {
                    (svg::queries(shell, &activity.day))
                    @if activity.day.iter().any(|bucket| bucket.median.is_some()) { (svg::latency(shell, &activity.day)) }
                }
            }
            section aria-labelledby="latest" {
                h2 #latest { (t!(language, "activity-latest")) }
                @if activity.entries.is_empty() { p { (t!(language, "activity-none")) } }
                ul #entries.rows.entries { @for entry in &activity.entries { (entry_row(shell, entry)) } }
                @if let Some(older) = older { p { a.button href=(older) { (t!(language, "older")) } } }
            }
        },
    )
}

/// An entry with what can be done about it.
pub(crate) fn entry_row(shell: &Shell, entry: &Entry) -> Markup {
    let language = shell.language;
    let blocked = entry.verdict == Verdict::Blocked;
    html! {
        li {
            div {
                p {
                    span class=(words::verdict_class(entry.verdict)) { (words::verdict(language, entry.verdict)) } " "
                    @match &entry.name {
                        Some(name) => strong { (words::name(name)) },
                        None => em { (t!(language, "activity-name-not-kept")) },
                    }
                }
                p.facts {
                    (when(shell, entry.at))
                    @if let Some(person) = &entry.person { span { (words::name(&person.name)) } }
                    span { (words::name(&entry.device)) }
                    @if let Some(reason) = &entry.reason { span { (words::reason(language, reason)) } }
                }
            }
            @if let (Some(name), Some(person)) = (&entry.name, &entry.person) {
                div.row-actions {
                    a.button.small href=(why_path(shell, person.id, name)) {
                        (t!(language, "why-link")) span.visually-hidden { " " (words::name(name)) }
                    }
                    @if rights(shell).rules {
                        (name_action(shell, person.id, name, if blocked { NameAction::Allow } else { NameAction::Deny }))
                    }
                }
            }
        }
    }
}
