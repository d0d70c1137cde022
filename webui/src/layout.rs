//! The frame that all pages stand in.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::assets;
use crate::components::{hidden, post};
use crate::language::t;
use crate::routes;
use crate::view::{Shell, Viewer};
use crate::words;

/// The sections of the page bar, as path, message and icon.
const SECTIONS: [(&str, &str, Icon); 5] = [
    (routes::HOME, "nav-home", Icon::Home),
    (routes::ACTIVITY, "nav-activity", Icon::Activity),
    (routes::DEVICES, "nav-devices", Icon::Devices),
    (routes::REQUESTS, "nav-requests", Icon::Requests),
    (routes::SETTINGS, "nav-settings", Icon::Settings),
];

/// A whole page: `title` is its heading of the first level too.
pub(crate) fn page(shell: &Shell, title: &str, content: &Markup) -> Markup {
    frame(shell, title, &html! { h1 { (title) } (messages(shell)) (content) })
}

/// As [`page`], left after so many seconds for the page at a path by browsers without scripts.
pub(crate) fn refreshing(shell: &Shell, title: &str, (seconds, path): (u16, &str), content: &Markup) -> Markup {
    let refresh = format!("{seconds};url={path}");
    let head = html! { noscript { meta http-equiv="refresh" content=(refresh); } };
    whole(shell, title, &head, &html! { h1 { (title) } (messages(shell)) (content) })
}

/// A whole page that brings its own heading of the first level and [`messages`].
pub(crate) fn frame(shell: &Shell, title: &str, content: &Markup) -> Markup {
    whole(shell, title, &html! {}, content)
}

fn whole(shell: &Shell, title: &str, head: &Markup, content: &Markup) -> Markup {
    let language = shell.language;
    let signed_in = matches!(shell.viewer, Viewer::Adult { .. });
    html! {
        (DOCTYPE)
        html lang=(language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                meta name="referrer" content="same-origin";
                title { (title) " · Stairgate" }
                link rel="icon" href=(assets::ICON.path()) type="image/svg+xml";
                link rel="stylesheet" href=(assets::STYLE.path());
                script src=(assets::SCRIPT.path()) defer {}
                (head)
            }
            body data-events=[(!matches!(shell.viewer, Viewer::Stranger)).then(|| events(shell))] {
                a.skip href="#content" { (t!(language, "skip-to-content")) }
                header.top {
                    a.brand href=(if signed_in { routes::HOME } else { routes::ME }) {
                        (gate(false))
                        span { @if shell.household.is_empty() { "Stairgate" } @else { (words::name(&shell.household)) } }
                    }
                    (who(shell))
                }
                @if signed_in { (sections(shell)) }
                main #content tabindex="-1" { (content) }
                footer {
                    p { (t!(language, "footer")) }
                }
            }
        }
    }
}

/// The stream that keeps this page up to date. What comes over it has forms that lead back to this page.
fn events(shell: &Shell) -> String {
    routes::with_query(routes::EVENTS, &[("page", &shell.path)])
}

/// What has just been done or has failed.
pub(crate) fn messages(shell: &Shell) -> Markup {
    let language = shell.language;
    html! {
        @if let Some(notice) = shell.notice {
            p.notice role="status" { (icon(Icon::Done)) span { (t!(language, &format!("notice-{}", notice.code()))) } }
        }
        @if let Some(failure) = shell.failure {
            div.failure role="alert" {
                (icon(Icon::Warning))
                div {
                    strong { (t!(language, &format!("failure-{}", failure.code()))) }
                    p { (t!(language, &format!("failure-{}-next", failure.code()))) }
                }
            }
        }
    }
}

/// The number of things that wait in a section, replaced while the page is open.
pub(crate) fn badge(shell: &Shell, path: &str) -> Markup {
    let (id, count) = match path {
        routes::REQUESTS => ("badge-requests", shell.waiting_requests),
        routes::DEVICES => ("badge-devices", shell.new_devices),
        _ => return html! {},
    };
    html! {
        span.badge id=(id) hidden[count == 0] {
            (count) span.visually-hidden { " " (t!(shell.language, "nav-waiting", count = count)) }
        }
    }
}

fn sections(shell: &Shell) -> Markup {
    let language = shell.language;
    html! {
        nav.sections aria-label=(t!(language, "nav-label")) {
            ul {
                @for (path, message, symbol) in SECTIONS {
                    @let here = is_here(shell, path);
                    li {
                        a href=(path) aria-current=[here.then_some("page")] {
                            (icon(symbol)) span { (t!(language, message)) } (badge(shell, path))
                        }
                    }
                }
            }
        }
    }
}

/// Pages that the bar does not name belong to the section that leads to them.
fn is_here(shell: &Shell, section: &str) -> bool {
    let path = shell.path.split('?').next().unwrap_or_default();
    match section {
        routes::HOME => path == routes::HOME || path.starts_with("/people"),
        routes::SETTINGS => {
            [routes::SETTINGS, routes::LISTS, routes::AUDIT].iter().any(|under| path.starts_with(under))
        }
        routes::ACTIVITY => path.starts_with(routes::ACTIVITY) || path.starts_with(routes::WHY),
        _ => path.starts_with(section),
    }
}

fn who(shell: &Shell) -> Markup {
    let language = shell.language;
    match &shell.viewer {
        Viewer::Stranger => html! {},
        Viewer::Child(person) => html! { p.who { (words::name(&person.name)) } },
        Viewer::Adult { person, role, .. } => html! {
            details.who {
                summary { (words::name(&person.name)) }
                div.menu {
                    p.muted { (words::role(language, *role)) }
                    a href=(routes::SETTINGS_ACCOUNT) { (t!(language, "nav-account")) }
                    (post(shell, routes::SIGN_OUT, "", &html! { button.plain { (t!(language, "nav-sign-out")) } }))
                }
            }
        },
    }
}

/// Links between pages that belong together.
pub(crate) fn tabs(label: &str, current: &str, tabs: &[(String, String)]) -> Markup {
    html! {
        nav.tabs aria-label=(label) {
            ul {
                @for (path, title) in tabs {
                    li { a href=(path) aria-current=[(path == current).then_some("page")] { (title) } }
                }
            }
        }
    }
}

/// The field with the path to come back to.
pub(crate) fn back(shell: &Shell) -> Markup {
    hidden("back", &shell.path)
}

/// The gate that gave its name: shut with its bars across, or swung open.
pub(crate) fn gate(open: bool) -> Markup {
    let bars = if open {
        "M4 4v24M28 4v24M4 8l8 3M4 25l8-3M8 9.5v14M12 11v11"
    } else {
        "M4 4v24M28 4v24M4 9h24M4 24h24M10 9v15M16 9v15M22 9v15"
    };
    html! {
        svg.gate viewBox="0 0 32 32" aria-hidden="true" focusable="false" {
            path d=(bars) fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round";
        }
    }
}

/// A small drawing beside a text that says the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icon {
    Home,
    Activity,
    Devices,
    Requests,
    Settings,
    Done,
    Warning,
    Blocked,
    Pause,
    Clock,
    Moon,
}

pub(crate) fn icon(icon: Icon) -> Markup {
    let path = match icon {
        Icon::Home => "M3 11l9-8 9 8v10h-6v-6H9v6H3z",
        Icon::Activity => "M3 12h4l3-8 4 16 3-8h4",
        Icon::Devices => "M4 5h12v9H4zM2 18h10M17 9h5v10h-5z",
        Icon::Requests => "M4 4h16v12H10l-5 4v-4H4z",
        Icon::Settings => "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
        Icon::Done => "M4 12l5 6L20 6",
        Icon::Warning => "M12 3l10 18H2zM12 10v5M12 18v.5",
        Icon::Blocked => "M5.6 5.6l12.8 12.8M12 3a9 9 0 100 18 9 9 0 000-18z",
        Icon::Pause => "M8 5v14M16 5v14",
        Icon::Clock => "M12 3a9 9 0 100 18 9 9 0 000-18zM12 7v5l4 2",
        Icon::Moon => "M20 14A8 8 0 1110 4a6.5 6.5 0 0010 10z",
    };
    html! {
        svg.icon viewBox="0 0 24 24" aria-hidden="true" focusable="false" {
            path d=(PreEscaped(path)) fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round";
        }
    }
}
