use maud::{Markup, html};
use stairgate_policy::services::services;
use stairgate_policy::taxonomy::categories;

use super::why::explained;
use crate::components::{hidden, post, rights, select, text_field, when};
use crate::format;
use crate::language::t;
use crate::layout::{Icon, icon, page};
use crate::routes;
use crate::view::{List, Lists, Shell};
use crate::words;

/// The lists, how fresh they are, and what they say of a name.
pub fn lists(shell: &Shell, lists: &Lists) -> Markup {
    let language = shell.language;
    let may = rights(shell).settings;
    page(
        shell,
        &t!(language, "lists-title"),
        &html! {
            p.lead { (t!(language, "lists-lead", names = format::count(language, lists.names), capacity = format::count(language, lists.capacity))) }
            section aria-labelledby="test" {
                h2 #test { (t!(language, "lists-test")) }
                form.row method="get" action=(routes::LISTS) {
                    div.field {
                        label for="name" { (t!(language, "names-name")) }
                        input id="name" name="name" type="text" inputmode="url" autocapitalize="none" spellcheck="false" required value=(lists.test.asked) maxlength="500";
                    }
                    button.primary { (t!(language, "lists-test-button")) }
                }
                @if !lists.test.asked.is_empty() && lists.test.results.is_empty() { p { (t!(language, "failure-bad-domain-next")) } }
                @for result in &lists.test.results { (explained(shell, result)) }
            }
            section aria-labelledby="subscribed" {
                h2 #subscribed { (t!(language, "lists-subscribed", count = lists.lists.len())) }
                @if may { (post(shell, routes::LISTS_REFRESH, "", &html! { button { (t!(language, "lists-refresh")) } })) }
                ul.rows { @for list in &lists.lists { (row(shell, list, may)) } }
            }
            @if may {
                @let tags = categories().iter().map(|category| (category.id.to_owned(), words::category(language, category)));
                @let all = tags.chain(services().iter().map(|service| (service.id.to_owned(), service.title.to_owned()))).collect::<Vec<_>>();
                details.box data-key="list-new" {
                    summary { (t!(language, "lists-add")) }
                    (post(shell, routes::LISTS, "", &html! {
                        (text_field("list-name", &t!(language, "lists-name"), "name", "", "text", "off"))
                        (text_field("list-source", &t!(language, "lists-source"), "source", "", "text", "off"))
                        p.hint { (t!(language, "lists-source-hint")) }
                        (select("list-tag", &t!(language, "lists-tag"), "tag", "ads", &all))
                        button.primary { (t!(language, "lists-add")) }
                    }))
                }
            }
        },
    )
}

fn row(shell: &Shell, list: &List, may: bool) -> Markup {
    let language = shell.language;
    html! {
        li {
            div {
                strong { (words::name(&list.name)) } " " span.tag { (words::tag(language, &list.tag)) }
                p.facts {
                    @match list.names {
                        Some(names) => span { (t!(language, "lists-names", count = names, number = format::count(language, names))) },
                        None => span { (t!(language, "lists-not-loaded")) },
                    }
                    @if list.skipped > 0 { span { (t!(language, "lists-skipped", count = list.skipped, number = format::count(language, list.skipped))) } }
                    @if let Some(at) = list.checked { span { (t!(language, "lists-checked")) " " (when(shell, at)) } }
                    @if let Some(at) = list.fetched { span { (t!(language, "lists-fetched")) " " (when(shell, at)) } }
                }
                p.facts { code { (words::name(&list.source)) } }
                @if let Some(problem) = &list.problem {
                    p.problem { (icon(Icon::Warning)) (t!(language, "lists-problem", detail = problem.as_str())) }
                }
            }
            @if may {
                (post(shell, routes::LIST_REMOVE, "inline", &html! {
                    (hidden("name", &list.name))
                    button.small aria-label=(t!(language, "lists-remove", name = list.name.as_str())) { (t!(language, "remove")) }
                }))
            }
        }
    }
}
