use maud::{Markup, html};

use crate::components::{name_action, rights};
use crate::format;
use crate::forms::NameAction;
use crate::language::t;
use crate::layout::{gate, page};
use crate::routes;
use crate::view::{Explanation, Shell, WhyPage};
use crate::words;

/// Why a name is open or closed for somebody.
pub fn why(shell: &Shell, why: &WhyPage) -> Markup {
    let language = shell.language;
    let person = why.explanation.as_ref().map(|explanation| explanation.person.id);
    page(
        shell,
        &t!(language, "why-title"),
        &html! {
            form.row method="get" action=(routes::WHY) {
                div.field {
                    label for="name" { (t!(language, "names-name")) }
                    input id="name" name="name" type="text" inputmode="url" autocapitalize="none" spellcheck="false" required value=(why.asked) maxlength="500";
                }
                div.field {
                    label for="person" { (t!(language, "why-person")) }
                    select id="person" name="person" {
                        @for choice in &why.people { option value=(choice.id.0) selected[Some(choice.id) == person] { (words::name(&choice.name)) } }
                    }
                }
                button.primary { (t!(language, "why-ask")) }
            }
            @if let Some(explanation) = &why.explanation {
                (explained(shell, explanation))
                @if rights(shell).rules && !explanation.protected {
                    section.row {
                        (name_action(shell, explanation.person.id, &explanation.name, NameAction::Allow))
                        (name_action(shell, explanation.person.id, &explanation.name, NameAction::Deny))
                    }
                }
            } @else if !why.asked.is_empty() { p { (t!(language, "failure-bad-domain-next")) } }
        },
    )
}

/// The explanation itself.
pub(super) fn explained(shell: &Shell, explanation: &Explanation) -> Markup {
    let language = shell.language;
    let name = explanation.name.as_str();
    let person = explanation.person.name.as_str();
    html! {
        section.card.closed[explanation.blocked] {
            div.card-head {
                (gate(!explanation.blocked))
                h2 { (t!(language, if explanation.blocked { "why-closed" } else { "why-open" }, name = name, person = person)) }
            }
            @if let Some(reason) = &explanation.reason { p { (words::reason(language, reason)) } }
            @if explanation.protected { p { (t!(language, "why-protected")) } }
            @if let Some(stand_in) = &explanation.stands_in { p { (t!(language, "why-stands-in", name = stand_in.as_str())) } }
            p {
                (t!(language, "why-mode", mode = words::mode(language, &explanation.mode)))
                @if let Some(until) = explanation.until { " " (t!(language, "why-until", until = format::time(shell, until))) }
            }
            @if !explanation.tags.is_empty() {
                p { (t!(language, "why-tags")) " " (explanation.tags.iter().map(|id| words::tag(language, id)).collect::<Vec<_>>().join(", ")) }
            }
            @if !explanation.sources.is_empty() {
                details data-key="sources" {
                    summary { (t!(language, "why-sources", count = explanation.sources.len())) }
                    ul {
                        @for source in &explanation.sources {
                            li {
                                (t!(language, "why-source", list = source.list.as_str(), line = source.line)) " " code { (words::name(&source.text)) }
                                @if source.exception { " " em { (t!(language, "why-exception")) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
