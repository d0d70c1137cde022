use maud::{Markup, html};

use crate::components::when;
use crate::language::{Language, t};
use crate::layout::page;
use crate::routes;
use crate::view::{Actor, Audit, AuditAction, AuditEntry, Shell};
use crate::words;

/// Who changed what.
pub fn audit(shell: &Shell, audit: &Audit) -> Markup {
    let language = shell.language;
    page(
        shell,
        &t!(language, "audit-title"),
        &html! {
            p.lead { (t!(language, "audit-lead")) }
            @if audit.entries.is_empty() { p { (t!(language, "audit-none")) } }
            ul.rows { @for entry in &audit.entries { (row(shell, entry)) } }
            @if let Some(older) = audit.older {
                p { a.button href=(routes::with_query(routes::AUDIT, &[("before", &older.to_string())])) { (t!(language, "older")) } }
            }
        },
    )
}

/// A change in a line.
pub(super) fn row(shell: &Shell, entry: &AuditEntry) -> Markup {
    let language = shell.language;
    html! {
        li { div {
            p {
                strong { (t!(language, &format!("audit-{}", entry.action.code()))) }
                @if let Some(about) = &entry.about { " · " (words::name(&about.name)) }
                @match entry.action {
                    AuditAction::QuotaChanged | AuditAction::QuotaUsedUp => { " · " (words::quota(language, &entry.subject)) },
                    _ if entry.subject.is_empty() => {},
                    _ => { " · " (words::name(&entry.subject)) },
                }
            }
            p.facts { span { (actor(language, &entry.by)) } (when(shell, entry.at)) }
        } }
    }
}

fn actor(language: Language, actor: &Actor) -> String {
    match actor {
        Actor::Person(name) => crate::language::clean(name).into_owned(),
        Actor::Erased => t!(language, "actor-erased"),
        Actor::Token(name) => t!(language, "actor-token", name = name.as_str()),
        Actor::CommandLine => t!(language, "actor-command-line"),
        Actor::Agent => t!(language, "actor-agent"),
    }
}
