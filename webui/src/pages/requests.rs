use maud::{Markup, html};

use crate::components::request;
use crate::language::t;
use crate::layout::page;
use crate::view::{Requests, Shell};

/// What children have asked for.
pub fn requests(shell: &Shell, requests: &Requests) -> Markup {
    let language = shell.language;
    page(
        shell,
        &t!(language, "requests-title"),
        &html! {
            section aria-labelledby="waiting" {
                h2 #waiting { (t!(language, "requests-waiting")) }
                @if requests.waiting.is_empty() { p { (t!(language, "requests-none")) } }
                @for asked in &requests.waiting { (request(shell, asked)) }
            }
            @if !requests.answered.is_empty() {
                section aria-labelledby="answered" {
                    h2 #answered { (t!(language, "requests-answered")) }
                    @for asked in &requests.answered { (request(shell, asked)) }
                }
            }
        },
    )
}
