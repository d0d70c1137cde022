use maud::{Markup, html};

use crate::language::t;
use crate::layout::{frame, gate};
use crate::routes;
use crate::view::{Failure, Shell, Viewer};

/// A page in place of one that there is not: what happened, and what to do next.
pub fn error(shell: &Shell, failure: Failure) -> Markup {
    let language = shell.language;
    let title = t!(language, &format!("failure-{}", failure.code()));
    let (home, text) = match shell.viewer {
        Viewer::Adult { .. } => (routes::HOME, "error-home"),
        Viewer::Child(_) => (routes::ME, "error-me"),
        Viewer::Stranger => (routes::SIGN_IN, "error-sign-in"),
    };
    frame(
        shell,
        &title,
        &html! {
            div.narrow {
                (gate(false))
                h1 { (title) }
                p.lead { (t!(language, &format!("failure-{}-next", failure.code()))) }
                p { a.button.primary href=(home) { (t!(language, text)) } }
            }
        },
    )
}
