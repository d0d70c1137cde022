use maud::{Markup, html};

use crate::components::{hidden, post, text_field, tick, when};
use crate::format;
use crate::language::{Language, t};
use crate::layout::{Icon, icon, page, refreshing};
use crate::routes::{self, mac_text};
use crate::view::{
    GateInterface, Health, Image, LastUpdate, Port, Ports, ResolverHealth, Share, Shell, System, Update, UpdateOutcome,
    UpdatePhase,
};
use crate::words;

/// Seconds after which a page that shows how far an update is asks again, where no script keeps it up to date.
const PROGRESS_SECONDS: u16 = 3;
/// Seconds after which a page opens the box's own page again after a restart: longer than a slow machine needs.
const RESTART_SECONDS: u16 = 90;

/// The box itself: version, health, updates, ports and log.
pub fn system(shell: &Shell, system: &System) -> Markup {
    let language = shell.language;
    let content = html! {
        (version(language, system))
        (health(shell, system))
        @match &system.image {
            Some(image) => {
                (update_section(shell, image))
                (ports_section(shell, &image.ports))
                (restart(shell))
            },
            None => section aria-labelledby="updates" {
                h2 #updates { (t!(language, "update-title")) }
                p { (t!(language, "update-by-system")) }
            },
        }
        section {
            h2 #log { (t!(language, "log-title")) }
            p { (t!(language, "log-lead")) }
            div.scroll tabindex="0" role="region" aria-labelledby="log" {
                table {
                    thead { tr { th scope="col" { (t!(language, "log-when")) } th scope="col" { (t!(language, "log-level")) } th scope="col" { (t!(language, "log-text")) } } }
                    tbody { @for line in &system.log { tr { td { (when(shell, line.at)) } td { (t!(language, &format!("log-level-{}", line.level.code()))) } td { (words::name(&line.text)) } } } }
                }
            }
        }
    };
    let title = t!(language, "system-title");
    match &system.image {
        Some(Image { update: Update::Busy { .. }, .. }) => {
            refreshing(shell, &title, (PROGRESS_SECONDS, routes::SETTINGS_SYSTEM), &content)
        }
        _ => page(shell, &title, &content),
    }
}

/// What is shown while the box restarts; `next` is the page that is opened afterwards.
pub fn restarting(shell: &Shell, next: &str) -> Markup {
    let language = shell.language;
    let content = html! {
        div.narrow {
            p.lead role="status" { (t!(language, "restarting-lead")) }
            p { (t!(language, "restarting-back")) }
            p { a.button.primary.wide href=(next) data-until-back { (t!(language, "restarting-again")) } }
        }
    };
    refreshing(shell, &t!(language, "restarting-title"), (RESTART_SECONDS, next), &content)
}

fn version(language: Language, system: &System) -> Markup {
    let running = format::duration(language, system.uptime);
    html! {
        @match &system.image {
            Some(image) => {
                p { (t!(language, "system-version-image", version = image.version.as_str(), slot = image.slot.to_ascii_uppercase().to_string(), uptime = running)) }
                @if image.on_trial { p.hint { (t!(language, "system-on-trial")) } }
            }
            None => p { (t!(language, "system-version", version = system.version.as_str(), uptime = running)) },
        }
    }
}

fn health(shell: &Shell, system: &System) -> Markup {
    let language = shell.language;
    let Health { gate, resolver, clock_set } = &system.health;
    let line = |good: bool, text: String| html! { li.bad[!good] { (icon(if good { Icon::Done } else { Icon::Warning })) span { (text) } } };
    html! {
        section aria-labelledby="health" {
            h2 #health { (t!(language, "health-title")) }
            ul.state-list {
                @if gate.is_empty() { (line(false, t!(language, "health-gate-nowhere"))) }
                @for interface in gate { (line(interface.attached.is_some(), gate_words(language, interface, system.image.as_ref()))) }
                (line(*resolver != ResolverHealth::Silent, t!(language, &format!("health-resolver-{}", resolver.code()))))
                (line(*clock_set, t!(language, if *clock_set { "health-clock-set" } else { "health-clock-unset" })))
            }
            div.usage {
                @if let Some(memory) = &system.memory { (share(language, "memory", "memory-used", *memory)) }
                @if let Some(disk) = &system.disk { (share(language, "disk", "disk-used", *disk)) }
            }
        }
    }
}

/// Where the gate stands, by the port's number where ports have one.
fn gate_words(language: Language, interface: &GateInterface, image: Option<&Image>) -> String {
    let ports = image.map_or(&[][..], |image| &image.ports.ports);
    let port = ports.iter().find(|port| port.name == interface.name);
    let name = port.map_or_else(|| interface.name.clone(), |port| t!(language, "port-name", number = port.number));
    let name = name.as_str();
    match interface.attached.as_deref() {
        Some("native") => t!(language, "health-gate-native", name = name),
        Some(_) => t!(language, "health-gate-generic", name = name),
        None => {
            let detail = interface.problem.as_deref().unwrap_or_default();
            t!(language, "health-gate-missing", name = name, detail = detail)
        }
    }
}

fn share(language: Language, id: &str, message: &str, share: Share) -> Markup {
    let [used, total] = [share.used, share.total].map(|bytes| format::bytes(language, bytes));
    html! {
        label for=(id) { (t!(language, message, used = used, total = total)) }
        meter id=(id) min="0" max=(share.total.max(1)) value=(share.used.min(share.total)) {}
    }
}

fn update_section(shell: &Shell, image: &Image) -> Markup {
    let language = shell.language;
    html! {
        section aria-labelledby="updates" {
            h2 #updates { (t!(language, "update-title")) }
            @match &image.last_update {
                Some(last) => (last_update(shell, last)),
                None if image.on_trial || matches!(image.update, Update::Written { .. }) => {},
                None => p { (t!(language, "update-last-none")) },
            }
            @if image.on_trial {
                // What would be written over is the way back.
                div #update {}
            } @else {
                (update(shell, &image.update))
            }
        }
    }
}

fn last_update(shell: &Shell, last: &LastUpdate) -> Markup {
    let language = shell.language;
    let good = last.outcome == UpdateOutcome::Kept;
    let has_reason = last.outcome == UpdateOutcome::WentBack && !last.reason.is_empty();
    html! {
        p {
            (icon(if good { Icon::Done } else { Icon::Warning }))
            (t!(language, &format!("update-last-{}", last.outcome.code()), version = last.version.as_str()))
            @if let Some(at) = last.at { " " span.muted { (when(shell, at)) } }
        }
        @if has_reason { p.hint { (t!(language, "update-last-reason")) " " span lang="en" { (words::name(&last.reason)) } } }
    }
}

/// What is being done about an update, with what can be done. Replaced while the page is open.
pub(crate) fn update(shell: &Shell, update: &Update) -> Markup {
    let language = shell.language;
    html! {
        div #update {
            @match update {
                Update::Idle => (update_forms(shell)),
                Update::Failed { failure, detail } => {
                    div.failure role="alert" {
                        (icon(Icon::Warning))
                        div {
                            strong { (t!(language, &format!("update-failure-{}", failure.code()))) }
                            p { (t!(language, &format!("update-failure-{}-next", failure.code()))) }
                            @if !detail.is_empty() {
                                details data-key="update-detail" { summary { (t!(language, "update-detail")) } p lang="en" { (words::name(detail)) } }
                            }
                        }
                    }
                    (update_forms(shell))
                }
                Update::Busy { phase, percent } => (progress(shell, *phase, *percent)),
                Update::Written { version } => {
                    div.attention {
                        h3 { (t!(language, "update-written", version = version.as_str())) }
                        p { (t!(language, "update-written-detail")) }
                        (post(shell, routes::SYSTEM_RESTART, "", &html! { button.primary { (t!(language, "update-restart-now")) } }))
                        p.hint { (t!(language, "restart-lead")) }
                    }
                }
            }
        }
    }
}

fn progress(shell: &Shell, phase: UpdatePhase, percent: Option<u8>) -> Markup {
    let language = shell.language;
    html! {
        div.box {
            p { label for="progress" { strong { (t!(language, &format!("update-phase-{}", phase.code()))) } } @if let Some(percent) = percent { " " (t!(language, "update-percent", percent = percent)) } }
            progress #progress max="100" value=[percent] {}
            @if phase.can_be_cancelled() {
                (post(shell, routes::UPDATE_CANCEL, "", &html! { button { (t!(language, "update-cancel")) } }))
            } @else { p.hint { (t!(language, "update-keep-power")) } }
        }
    }
}

fn update_forms(shell: &Shell) -> Markup {
    let language = shell.language;
    html! {
        p { (t!(language, "update-lead")) }
        details.box data-key="update-address" {
            summary { (t!(language, "update-from-address")) }
            (post(shell, routes::UPDATE_ADDRESS, "", &html! {
                (text_field("address", &t!(language, "update-address"), "address", "", "url", "off"))
                p.hint { (t!(language, "update-address-hint")) }
                (update_choices(language, "address"))
                button.primary { (t!(language, "update-begin")) }
            }))
        }
        details.box data-key="update-file" {
            summary { (t!(language, "update-from-file")) }
            form method="post" action=(routes::UPDATE_FILE) enctype="multipart/form-data" {
                (hidden("csrf", &shell.csrf))
                (update_choices(language, "file"))
                div.field { label for="signature" { (t!(language, "update-signature")) } input id="signature" name="signature" type="file" accept=".minisig" required; }
                div.field { label for="file" { (t!(language, "update-file")) } input id="file" name="file" type="file" accept=".update" required; }
                button.primary { (t!(language, "update-begin")) }
            }
        }
    }
}

fn update_choices(language: Language, form: &str) -> Markup {
    let choice = |name: &str| {
        let texts = [format!("update-{name}"), format!("update-{name}-detail")].map(|id| t!(language, &id));
        tick(&format!("{form}-{name}"), name, "on", false, &texts[0], &texts[1])
    };
    html! { (choice("restart")) (choice("older")) }
}

fn restart(shell: &Shell) -> Markup {
    let language = shell.language;
    html! {
        section aria-labelledby="restart" {
            h2 #restart { (t!(language, "restart-title")) }
            details data-key="restart" {
                summary { (t!(language, "restart-title")) " …" }
                p { (t!(language, "restart-lead")) }
                (post(shell, routes::SYSTEM_RESTART, "", &html! { button.danger { (t!(language, "restart-now")) } }))
            }
        }
    }
}

fn ports_section(shell: &Shell, ports: &Ports) -> Markup {
    let language = shell.language;
    html! {
        section aria-labelledby="ports" {
            h2 #ports { (t!(language, "ports-title")) }
            p { (t!(language, &format!("placement-{}", ports.placement.code()))) }
            (port_changes(shell, ports))
            ul.rows {
                @for port in &ports.ports {
                    li {
                        div { (port_words(language, port)) @if port.in_force { p { (provider_words(language, ports)) } } }
                        @if !port.chosen {
                            details data-key=(format!("port-{}", port.number)) {
                                summary { (t!(language, "port-choose", number = port.number)) }
                                p { (t!(language, "port-choose-detail")) }
                                (post(shell, routes::SYSTEM_PORT, "", &html! { (hidden("mac", mac_text(port.mac))) button.danger { (t!(language, "port-choose-button")) } }))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// That another port leads to the provider from the next start on, if that is so, with the restart.
fn port_changes(shell: &Shell, ports: &Ports) -> Markup {
    let language = shell.language;
    html! {
        @if let Some(next) = ports.next() {
            div.attention {
                p { (t!(language, "port-changed", number = next.number)) }
                (post(shell, routes::SYSTEM_RESTART, "", &html! { button.primary { (t!(language, "restart-now")) } }))
                p.hint { (t!(language, "restart-lead")) }
            }
        }
    }
}

/// What a port is, and what is at it.
pub(super) fn port_words(language: Language, port: &Port) -> Markup {
    html! {
        strong { (t!(language, "port-name", number = port.number)) }
        " " span.tag { (t!(language, if port.in_force { "port-provider" } else { "port-home" })) }
        p.facts {
            span { (t!(language, if port.cable { "port-cable" } else { "port-no-cable" })) }
            @if let Some(megabits) = port.megabits { span { (t!(language, "port-speed", megabits = format::count(language, megabits.into()))) } }
            code { (mac_text(port.mac)) }
        }
    }
}

/// Why a port is the provider's.
pub(super) fn provider_words(language: Language, ports: &Ports) -> String {
    t!(language, if ports.provider_answers { "port-answers" } else { "port-silent" })
}
