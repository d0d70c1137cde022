use maud::{Markup, html};
use stairgate_policy::defaults::defaults_for;
use stairgate_policy::household::{AgeBand, YouTube};
use stairgate_policy::taxonomy::{Group, categories};

use super::system::{port_words, provider_words};
use super::week::window_words;
use crate::components::{age_options, hidden, new_password, owner_options, post, select, text_field};
use crate::format;
use crate::language::{Language, t};
use crate::layout::{frame, messages};
use crate::routes::{self, mac_text, setup_step};
use crate::view::{FoundDevice, NewChild, PersonName, Ports, SetupStep, Shell};
use crate::words;

/// Steps that are counted without that of the ports; the last page only says that it is done.
const STEPS: usize = 6;

/// A step of the first run; `on_image` if that has the step of the ports.
pub fn setup(shell: &Shell, step: &SetupStep, on_image: bool) -> Markup {
    let language = shell.language;
    let more = usize::from(on_image);
    let steps = STEPS + more;
    let (place, title) = match step {
        SetupStep::Code => (1, "setup-code-title"),
        SetupStep::Port { .. } => (2, "setup-port-title"),
        SetupStep::Household { .. } => (more + 2, "setup-household-title"),
        SetupStep::Guardian { .. } => (more + 3, "setup-guardian-title"),
        SetupStep::Children { .. } => (more + 4, "setup-children-title"),
        SetupStep::Devices { .. } => (more + 5, "setup-devices-title"),
        SetupStep::Review { .. } => (more + 6, "setup-review-title"),
        SetupStep::Done { .. } => (steps + 1, "setup-done-title"),
    };
    let title = t!(language, title);
    frame(
        shell,
        &title,
        &html! {
            div.narrow {
                @if place <= steps {
                    p.muted { (t!(language, "setup-step", step = place, steps = steps)) }
                    progress value=(place) max=(steps) aria-label=(t!(language, "setup-step", step = place, steps = steps)) {}
                }
                h1 { (title) }
                (messages(shell))
                (content(shell, step))
            }
        },
    )
}

fn content(shell: &Shell, step: &SetupStep) -> Markup {
    let language = shell.language;
    let action = |code: &str| routes::at(routes::SETUP_STEP, code);
    match step {
        SetupStep::Code => html! {
            p.lead { (t!(language, "setup-code-lead")) }
            (post(shell, &action(setup_step::CODE), "", &html! {
                div.field {
                    label for="code" { (t!(language, "setup-code")) }
                    input.code id="code" name="code" type="text" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" required maxlength="40";
                }
                (next_button(language))
            }))
        },
        SetupStep::Port { ports } => setup_port(shell, ports),
        SetupStep::Household { name, time_zone, time_zones, language: chosen } => html! {
            (post(shell, &action(setup_step::HOUSEHOLD), "", &html! {
                (hidden("revision", 0))
                (text_field("name", &t!(language, "household-name"), "name", name, "text", "off"))
                (zone_field(language, time_zone, time_zones))
                (select("language", &t!(language, "household-language"), "language", chosen.tag(), &language_options()))
                (next_button(language))
            }))
        },
        SetupStep::Guardian { name } => html! {
            p { (t!(language, "setup-guardian-lead")) }
            (post(shell, &action(setup_step::GUARDIAN), "", &html! {
                (text_field("name", &t!(language, "person-your-name"), "name", name, "text", "username"))
                (new_password(language))
                (next_button(language))
            }))
        },
        SetupStep::Children { children } => html! {
            p { (t!(language, "setup-children-lead")) }
            ul.rows {
                @for (place, child) in children.iter().enumerate() {
                    li {
                        div { strong { (words::name(&child.name)) } " " (words::age(language, child.age)) }
                        (post(shell, &action(setup_step::CHILDREN_REMOVE), "inline", &html! {
                            (hidden("child", place))
                            button.small { (t!(language, "remove")) span.visually-hidden { " " (words::name(&child.name)) } }
                        }))
                    }
                }
            }
            (post(shell, &action(setup_step::CHILDREN), "row box", &html! {
                (text_field("name", &t!(language, "person-name"), "name", "", "text", "off"))
                (select("age", &t!(language, "person-age"), "age", AgeBand::From6To9.as_str(), &age_options(language)))
                button { (t!(language, "home-add-child")) }
            }))
            p.hint { (t!(language, "person-age-hint")) }
            p { a.button.primary.wide href=(action(setup_step::DEVICES)) { (t!(language, "setup-next")) } }
        },
        SetupStep::Devices { devices, people } => setup_devices(shell, devices, people),
        SetupStep::Review { children, resolves_names } => html! {
            p { (t!(language, "setup-review-lead")) }
            @for child in children { (review(language, child, *resolves_names)) }
            @if children.is_empty() { p { (t!(language, "setup-review-no-children")) } }
            p { (t!(language, "setup-review-all")) }
            (post(shell, &action(setup_step::REVIEW), "", &html! { button.primary.wide { (t!(language, "setup-finish")) } }))
        },
        SetupStep::Done { child_page } => html! {
            p.lead { (t!(language, "setup-done-lead")) }
            p { (t!(language, "setup-done-child")) " " strong { (child_page) } }
            p { a.button.primary.wide href=(routes::HOME) { (t!(language, "setup-done-home")) } }
        },
    }
}

/// The zone; the script picks the browser's own if none is set.
pub(super) fn zone_field(language: Language, current: &str, zones: &[String]) -> Markup {
    html! {
        div.field {
            label for="time_zone" { (t!(language, "household-zone")) }
            input id="time_zone" name="time_zone" list="zones" value=(current) autocomplete="off" spellcheck="false" required data-zone[current.is_empty()];
            datalist id="zones" { @for zone in zones { option value=(zone) {} } }
        }
    }
}

pub(super) fn language_options() -> Vec<(String, String)> {
    Language::ALL.iter().map(|language| (language.tag().to_owned(), t!(language, "language-name"))).collect()
}

fn next_button(language: Language) -> Markup {
    html! { button.primary.wide { (t!(language, "setup-next")) } }
}

fn setup_port(shell: &Shell, ports: &Ports) -> Markup {
    let language = shell.language;
    let action = |code: &str| routes::at(routes::SETUP_STEP, code);
    let next = ports.next();
    html! {
        @if let Some(next) = next {
            div.attention {
                p { strong { (t!(language, "port-changed", number = next.number)) } }
                p { (t!(language, "setup-port-restart")) }
                (post(shell, &action(setup_step::RESTART), "", &html! { button.primary.wide { (t!(language, "restart-now")) } }))
            }
        } @else {
            @if let Some(current) = ports.current() { p.lead { (t!(language, "setup-port-question", number = current.number)) } }
            p { (t!(language, &format!("placement-{}", ports.placement.code()))) }
        }
        (post(shell, &action(setup_step::PORT), "", &html! {
            fieldset {
                legend.visually-hidden { (t!(language, "setup-port-title")) }
                @for port in &ports.ports {
                    label.radio.box {
                        input type="radio" name="mac" value=(mac_text(port.mac)) checked[port.chosen] required;
                        div { (port_words(language, port)) @if port.in_force { p { (provider_words(language, ports)) } } }
                    }
                }
            }
            button.wide.primary[next.is_none()] { (t!(language, if next.is_none() { "setup-next" } else { "setup-port-later" })) }
        }))
        @if next.is_none() { p.hint { (t!(language, "setup-port-hint")) } }
    }
}

fn setup_devices(shell: &Shell, devices: &[FoundDevice], people: &[PersonName]) -> Markup {
    let language = shell.language;
    let leave = std::iter::once((String::new(), t!(language, "setup-devices-later")));
    let owners: Vec<_> = leave.chain(owner_options(language, people)).collect();
    html! {
        p { (t!(language, "setup-devices-lead")) }
        (post(shell, &routes::at(routes::SETUP_STEP, setup_step::DEVICES), "", &html! {
            @if devices.is_empty() { p { (t!(language, "setup-devices-none")) } }
            @for (place, found) in devices.iter().enumerate() {
                @let device = &found.device;
                @let title = device.heard_name.as_ref().or(device.vendor.as_ref()).cloned().unwrap_or_else(|| t!(language, "device-nameless"));
                fieldset.box {
                    legend { (words::name(&title)) @if found.this_one { " " span.tag { (t!(language, "setup-devices-this")) } } }
                    p.facts { @if let Some(vendor) = &device.vendor { span { (words::name(vendor)) } } code { (mac_text(device.mac)) } }
                    (hidden("mac", mac_text(device.mac)))
                    div.row {
                        (text_field(&format!("label-{place}"), &t!(language, "device-label"), "label", &title, "text", "off"))
                        (select(&format!("owner-{place}"), &t!(language, "device-owner"), "owner", "", &owners))
                    }
                }
            }
            (next_button(language))
        }))
    }
}

/// What the defaults mean for a child, in sentences.
fn review(language: Language, child: &NewChild, resolves_names: bool) -> Markup {
    let rules = defaults_for(child.age);
    let blocked = |group: Group| {
        let of_group =
            categories().iter().filter(|category| category.group == group && rules.block.contains(category.tag));
        of_group.map(|category| words::category(language, category)).collect::<Vec<_>>().join(", ")
    };
    let groups = [Group::Content, Group::Contact, Group::Conduct, Group::Contract, Group::Bypass];
    html! {
        section.box {
            h2 { (words::name(&child.name)) " " small { (words::age(language, child.age)) } }
            ul {
                @for window in &rules.windows { li { (t!(language, "review-night", when = window_words(language, window))) } }
                @if rules.only.is_some() { li { (t!(language, "review-only")) } }
                @if rules.refuse_unclassified && rules.only.is_none() { li { (t!(language, "review-unclassified")) } }
                @if rules.safe_search && resolves_names { li { (t!(language, "review-safe-search")) } }
                @if rules.youtube != YouTube::Off && resolves_names { li { (t!(language, &format!("review-youtube-{}", rules.youtube.as_str()))) } }
                li { (t!(language, "review-kept")) " " (words::level(language, rules.log)) }
            }
            details data-key=(format!("review-{}", child.name)) {
                summary { (t!(language, "review-blocked", count = categories().iter().filter(|category| rules.block.contains(category.tag)).count())) }
                dl {
                    @for group in groups {
                        dt { (t!(language, &format!("group-{}", words::group(group)))) }
                        dd { (blocked(group)) }
                    }
                }
            }
            @if child.age >= AgeBand::From13To15 { p.hint { (t!(language, "review-talk")) } }
            p.hint { (t!(language, "review-change", night = rules.windows.first().map_or_else(String::new, |window| format::time_of_day(language, window.from)))) }
        }
    }
}
