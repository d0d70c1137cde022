use maud::{Markup, html};

use super::child::ways_to;
use crate::components::{hidden, optional_field, post_revision, text_field};
use crate::language::t;
use crate::layout::page;
use crate::routes;
use crate::view::{Helpline, Helplines, Shell};
use crate::words;

/// Someone to talk to, for whoever may change the list.
pub fn helplines(shell: &Shell, page_of: &Helplines) -> Markup {
    let language = shell.language;
    let country =
        if page_of.country.is_empty() { t!(language, "household-country-none") } else { page_of.country.clone() };
    page(
        shell,
        &t!(language, "helplines-title"),
        &html! {
            p.lead { (t!(language, "helplines-lead")) }
            p {
                (t!(language, if page_of.own { "helplines-own" } else { "helplines-country" }, country = country)) " "
                a href=(routes::SETTINGS_NETWORK) { (t!(language, "helplines-country-link")) }
            }
            ul.rows {
                @for (place, line) in page_of.helplines.iter().enumerate() {
                    li {
                        div { strong { (words::name(&line.title)) } (ways_to(line)) }
                        details data-key=(format!("helpline-{place}")) {
                            summary { (t!(language, "change")) span.visually-hidden { " " (words::name(&line.title)) } }
                            (fields(shell, page_of.revision, Some(place), line))
                            (post_revision(shell, page_of.revision, routes::HELPLINE_REMOVE, "", &html! {
                                (hidden("place", place))
                                button.danger { (t!(language, "remove")) span.visually-hidden { " " (words::name(&line.title)) } }
                            }))
                        }
                    }
                }
            }
            details.box data-key="helpline-new" {
                summary { (t!(language, "helplines-add")) }
                (fields(shell, page_of.revision, None, &Helpline::default()))
            }
            @if page_of.own {
                (post_revision(shell, page_of.revision, routes::HELPLINES_RESET, "", &html! {
                    button { (t!(language, "helplines-reset")) }
                }))
            }
        },
    )
}

/// The form that adds a helpline, or changes the one at `place`.
fn fields(shell: &Shell, revision: u64, place: Option<usize>, line: &Helpline) -> Markup {
    let language = shell.language;
    let id =
        |field: &str| place.map_or_else(|| format!("helpline-{field}"), |place| format!("helpline-{field}-{place}"));
    post_revision(
        shell,
        revision,
        routes::SETTINGS_HELPLINES,
        "",
        &html! {
            @if let Some(place) = place { (hidden("place", place)) }
            (text_field(&id("title"), &t!(language, "helplines-name"), "title", &line.title, "text", "off"))
            (optional_field(&id("telephone"), &t!(language, "helplines-telephone"), "telephone", &line.telephone, "tel"))
            (optional_field(&id("site"), &t!(language, "helplines-site"), "site", &line.site, "text"))
            (optional_field(&id("hours"), &t!(language, "helplines-hours"), "hours", &line.hours, "text"))
            button.primary { (t!(language, if place.is_some() { "save" } else { "helplines-add" })) }
        },
    )
}
