use maud::{Markup, html};
use stairgate_policy::household::Role;

use super::devices::new_device;
use crate::components::{post, quick_actions, request, rights, select, text_field, usage};
use crate::format;
use crate::language::t;
use crate::layout::{Icon, gate, icon, page};
use crate::routes;
use crate::view::{Home, PersonCard, PersonName, Problem, Shell};
use crate::words;

/// The page that everything begins at: what waits, then a card for each person.
pub fn home(shell: &Shell, home: &Home) -> Markup {
    let language = shell.language;
    let (filtered, free): (Vec<_>, Vec<_>) = home.people.iter().partition(|card| card.now.is_some());
    page(
        shell,
        &t!(language, "home-title"),
        &html! {
            (problems(shell, home))
            @if home.requests.len() + home.new_devices.len() > 1 {
                nav.jump aria-label=(t!(language, "home-people")) {
                    ul.chips {
                        @for card in &filtered { li { a href=(format!("#person-{}", card.id.0)) { (words::name(&card.name)) } } }
                    }
                }
            }
            div.home {
            (waiting(shell, home))
            div {
            section aria-labelledby="people" {
                h2 #people.visually-hidden { (t!(language, "home-people")) }
                div.cards {
                    @for person in filtered { (card(shell, person)) }
                }
                @if home.people.iter().all(|card| card.now.is_none()) { p { (t!(language, "home-no-children")) } }
            }
            @if !free.is_empty() {
                section aria-labelledby="adults" {
                    h2 #adults { (t!(language, "home-unfiltered")) }
                    ul.plain {
                        @for person in free { (card(shell, person)) }
                    }
                }
            }
            @if rights(shell).rules {
                details.box data-key="add-child" {
                    summary { (t!(language, "home-add-child")) }
                    (post(shell, routes::PEOPLE, "", &html! {
                        (text_field("child-name", &t!(language, "person-name"), "name", "", "text", "off"))
                        (select("child-age", &t!(language, "person-age"), "age", "6-9", &crate::components::age_options(language)))
                        p.hint { (t!(language, "person-age-hint")) }
                        button.primary { (t!(language, "home-add-child")) }
                    }))
                }
            }
            }
            }
        },
    )
}

/// A person's card; for a person without rules, an entry of the list of such.
pub(crate) fn card(shell: &Shell, card: &PersonCard) -> Markup {
    let language = shell.language;
    let id = format!("person-{}", card.id.0);
    let heading = format!("{id}-name");
    let path = routes::at(routes::PERSON, card.id.0);
    let Some(now) = &card.now else {
        return html! {
            li id=(id) {
                a href=(path) { (words::name(&card.name)) } " " span.muted { (words::role(language, card.role)) }
            }
        };
    };
    html! {
        article.card.closed[now.closed] id=(id) aria-labelledby=(heading) {
            div.card-head {
                (gate(!now.closed))
                div {
                    h3 id=(heading) { a href=(path) { (words::name(&card.name)) } }
                    p.muted {
                        @if let Role::Child(band) = card.role { (words::age(language, band)) " · " }
                        (t!(language, "home-devices", count = card.devices))
                        @if let Some(online) = card.devices_online { ", " (t!(language, "home-connected", online = online)) }
                    }
                }
            }
            p.state {
                strong { (words::state(language, now)) }
                span { (words::state_detail(shell, now)) }
            }
            @if let Some(today) = &card.usage { (usage(language, today, &format!("{id}-usage"))) }
            @if rights(shell).pause { (quick_actions(shell, card.id, now)) }
            @if rights(shell).rules {
                p.links {
                    a.button href=(format!("{path}#bedtime")) { (icon(Icon::Moon)) (t!(language, "bedtime")) }
                    a.button href=(routes::at(routes::PERSON_CATEGORIES, card.id.0)) { (icon(Icon::Blocked)) (t!(language, "tab-sites")) }
                }
            }
        }
    }
}

/// Requests and new devices.
pub(crate) fn waiting(shell: &Shell, home: &Home) -> Markup {
    let language = shell.language;
    let people: Vec<PersonName> =
        home.people.iter().map(|card| PersonName { id: card.id, name: card.name.clone() }).collect();
    html! {
        div #waiting {
            @if !home.requests.is_empty() {
                section.attention aria-labelledby="requests" {
                    h2 #requests { (icon(Icon::Requests)) (t!(language, "home-requests", count = home.requests.len())) }
                    @for asked in &home.requests { (request(shell, asked)) }
                }
            }
            @if rights(shell).devices && !home.new_devices.is_empty() {
                section.attention aria-labelledby="new-devices" {
                    h2 #new-devices { (icon(Icon::Devices)) (t!(language, "home-new-devices", count = home.new_devices.len())) }
                    @for device in home.new_devices.iter().take(NEW_DEVICES_SHOWN) { (new_device(shell, device, &people, true)) }
                    @if home.new_devices.len() > NEW_DEVICES_SHOWN {
                        p { a href=(routes::DEVICES) { (t!(language, "home-more-devices", count = home.new_devices.len() - NEW_DEVICES_SHOWN)) } }
                    }
                }
            }
        }
    }
}

/// New devices that the home page shows; the page of devices shows all.
const NEW_DEVICES_SHOWN: usize = 3;

/// What keeps the gate from its work.
pub(crate) fn problems(shell: &Shell, home: &Home) -> Markup {
    let language = shell.language;
    let text = |problem: &Problem| match problem {
        Problem::ClockUnset => t!(language, "problem-clock"),
        Problem::ClockBehind => t!(language, "problem-clock-behind"),
        Problem::NotFiltered { interface, detail } => {
            t!(language, "problem-not-filtered", interface = interface.as_str(), detail = detail.as_str())
        }
        Problem::ListFailed { list, since: Some(since) } => {
            t!(language, "problem-list-since", list = list.as_str(), since = format::time(shell, *since))
        }
        Problem::ListFailed { list, since: None } => t!(language, "problem-list", list = list.as_str()),
        Problem::TableFull => t!(language, "problem-table-full"),
        Problem::NoUpstream => t!(language, "problem-no-upstream"),
        Problem::NotResolved { person } => t!(language, "problem-not-resolved", person = person.as_str()),
        Problem::NoServers { person, set } => {
            t!(language, "problem-no-servers", person = person.as_str(), set = set.as_str())
        }
        Problem::Other(detail) => t!(language, "problem-other", detail = detail.as_str()),
    };
    html! {
        div #problems {
            @if !home.problems.is_empty() {
                section.failure aria-labelledby="problems-title" {
                    (icon(Icon::Warning))
                    div {
                        h2 #problems-title { (t!(language, "home-problems")) }
                        ul { @for problem in &home.problems { li { (text(problem)) } } }
                    }
                }
            }
        }
    }
}
