use maud::{Markup, html};

use crate::assets;
use crate::components::{hidden, post, text_field};
use crate::format;
use crate::language::t;
use crate::layout::{frame, gate, messages};
use crate::routes;
use crate::view::{Shell, SignIn};

/// Password or passkey, then the one-time code if there is one.
pub fn sign_in(shell: &Shell, step: &SignIn) -> Markup {
    let language = shell.language;
    let title = t!(language, "sign-in-title");
    let (SignIn::Password { blocked_until, .. } | SignIn::Code { blocked_until, .. }) = step;
    frame(
        shell,
        &title,
        &html! {
            div.narrow {
                (gate(true))
                h1 { (title) }
                (messages(shell))
                @if let Some(until) = blocked_until { p role="alert" { (t!(language, "sign-in-blocked", until = format::time(shell, *until))) } }
                @match step {
                    SignIn::Password { name, passkeys, next, .. } => {
                        (post(shell, routes::SIGN_IN, "", &html! {
                            (hidden("next", next))
                            (text_field("name", &t!(language, "sign-in-name"), "name", name, "text", "username webauthn"))
                            (text_field("password", &t!(language, "sign-in-password"), "password", "", "password", "current-password"))
                            button.primary.wide { (t!(language, "sign-in-button")) }
                        }))
                        @if *passkeys {
                            script src=(assets::PASSKEY_SCRIPT.path()) defer {}
                            button.wide type="button" hidden data-with-passkeys data-passkey="get" data-begin=(routes::SIGN_IN_PASSKEY_BEGIN)
                                data-finish=(routes::SIGN_IN_PASSKEY_FINISH) data-csrf=(shell.csrf) data-next=(next)
                                data-failed=(t!(language, "failure-passkey-refused")) { (t!(language, "sign-in-passkey")) }
                        }
                        p.hint { (t!(language, "sign-in-forgotten")) }
                        p { a href=(routes::ME) { (t!(language, "sign-in-child")) } }
                    }
                    SignIn::Code { next, .. } => {
                        (post(shell, routes::SIGN_IN_CODE, "", &html! {
                            (hidden("next", next))
                            p { (t!(language, "sign-in-code-lead")) }
                            div.field {
                                label for="code" { (t!(language, "sign-in-code")) }
                                input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" required autofocus maxlength="10";
                            }
                            button.primary.wide { (t!(language, "sign-in-button")) }
                        }))
                    }
                }
            }
        },
    )
}
