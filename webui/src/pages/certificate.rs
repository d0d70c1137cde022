use maud::{Markup, html};

use crate::components::{hidden, post, when};
use crate::language::t;
use crate::layout::{Icon, icon, page};
use crate::routes;
use crate::view::{Certificate, Shell, TrustedName, Way};
use crate::words;

/// The certificate that browsers trust, if the family has one.
pub fn certificate(shell: &Shell, certificate: &Certificate) -> Markup {
    let language = shell.language;
    page(
        shell,
        &t!(language, "certificate-title"),
        &html! {
            p.lead { (t!(language, "certificate-lead")) }
            @if let Some(problem) = &certificate.problem {
                div.failure role="alert" {
                    (icon(Icon::Warning))
                    div { strong { (t!(language, "certificate-problem")) } p lang="en" { (words::name(problem)) } }
                }
            }
            @match &certificate.in_force {
                Some(trusted) => {
                    (ends(shell, trusted))
                    p { (icon(Icon::Done)) (t!(language, "certificate-in-force", name = trusted.name.as_str())) " " (when(shell, trusted.until)) }
                    @if !certificate.portal_options.is_empty() {
                        p { (t!(language, "certificate-portal")) }
                        ul.plain { @for option in &certificate.portal_options { li { code { (option) } } } }
                    }
                }
                None => p { (t!(language, "certificate-own")) },
            }
            @if certificate.configured { p { (t!(language, "certificate-configured")) } }
            @else {
                @if certificate.in_force.is_some() {
                    (post(shell, routes::CERTIFICATE_REMOVE, "", &html! { button.danger { (t!(language, "certificate-remove")) } }))
                }
                section aria-labelledby="give" {
                    h2 #give { (t!(language, "certificate-give")) }
                    (encrypted_only(shell, &certificate.way, &t!(language, "certificate-needs-https"), &give(shell)))
                }
            }
        },
    )
}

fn give(shell: &Shell) -> Markup {
    let language = shell.language;
    html! {
        form method="post" action=(routes::SETTINGS_CERTIFICATE) enctype="multipart/form-data" {
            (hidden("csrf", &shell.csrf))
            div.field { label for="chain" { (t!(language, "certificate-chain")) } input id="chain" name="chain" type="file" required; }
            div.field { label for="key" { (t!(language, "certificate-key")) } input id="key" name="key" type="file" required; }
            p.hint { (t!(language, "certificate-hint")) }
            button.primary { (t!(language, "certificate-give-button")) }
        }
    }
}

/// Says that a certificate ends soon, if it does.
pub(crate) fn ends(shell: &Shell, trusted: &TrustedName) -> Markup {
    let language = shell.language;
    html! {
        @if trusted.ends_soon {
            div.failure role="alert" {
                (icon(Icon::Warning))
                div {
                    strong { (t!(language, "certificate-ends", name = trusted.name.as_str())) " " (when(shell, trusted.until)) }
                    p { (t!(language, "certificate-ends-next")) }
                }
            }
        }
    }
}

/// What is only sent encrypted where that is possible: otherwise the reason, and the way there.
pub(crate) fn encrypted_only(shell: &Shell, way: &Way, reason: &str, content: &Markup) -> Markup {
    html! {
        @match way {
            Way::Plain { encrypted: Some(address) } => {
                p { (reason) }
                p { a.button.primary href=(address) { (t!(shell.language, "go-encrypted")) } }
                p.hint { (t!(shell.language, "go-encrypted-hint")) }
            }
            Way::Encrypted | Way::Plain { encrypted: None } => (content),
        }
    }
}
