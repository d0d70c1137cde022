use maud::{Markup, html};
use stairgate_policy::defaults::defaults_for;
use stairgate_policy::household::{Action, Role, Rules};
use stairgate_policy::services::services;
use stairgate_policy::taxonomy::{Category, Group, categories};

use super::person::frame_of_person;
use crate::components::{hidden, post, post_revision};
use crate::format;
use crate::forms::{NameAction, ServiceAction, ServiceChoice};
use crate::language::{Language, t};
use crate::layout::back;
use crate::routes;
use crate::view::{PersonPage, Shell};
use crate::words;

/// The groups that a family decides about, in the order of the four Cs.
const GROUPS: [Group; 6] =
    [Group::Content, Group::Contact, Group::Conduct, Group::Contract, Group::Bypass, Group::Everyday];

/// Categories by the four Cs, and single names.
pub fn person_categories(shell: &Shell, page: &PersonPage) -> Markup {
    let language = shell.language;
    let Some(filter) = &page.person.filter else {
        return frame_of_person(
            shell,
            page,
            routes::PERSON_CATEGORIES,
            &html! { p { (t!(language, "person-unfiltered")) } },
        );
    };
    let rules = &filter.rules;
    frame_of_person(
        shell,
        page,
        routes::PERSON_CATEGORIES,
        &html! {
            (names(shell, page, rules))
            (post_revision(shell, page.revision, &routes::at(routes::PERSON_CATEGORIES, page.person.id.0), "", &html! {
                h2 { (t!(language, "categories-title")) }
                p.lead { (t!(language, "categories-lead")) }
                @for group in GROUPS { (group_of_categories(language, page, rules, group)) }
                (only(language, rules))
                div.sticky-actions { button.primary { (t!(language, "save")) } }
            }))
            section aria-labelledby="protected" {
                h2 #protected { (t!(language, "group-protect")) }
                p { (t!(language, "group-protect-detail")) }
                ul { @for category in of_group(Group::Protect) {
                    li { strong { (words::category(language, category)) } " " (words::category_detail(language, category)) }
                } }
            }
        },
    )
}

/// Services by their category.
pub fn person_services(shell: &Shell, page: &PersonPage) -> Markup {
    let language = shell.language;
    let Some(filter) = &page.person.filter else {
        return frame_of_person(
            shell,
            page,
            routes::PERSON_SERVICES,
            &html! { p { (t!(language, "person-unfiltered")) } },
        );
    };
    let rules = &filter.rules;
    let with_services =
        categories().iter().filter(|category| services().iter().any(|service| service.category == *category));
    frame_of_person(
        shell,
        page,
        routes::PERSON_SERVICES,
        &html! {
            (post_revision(shell, page.revision, &routes::at(routes::PERSON_SERVICES, page.person.id.0), "", &html! {
                h2 { (t!(language, "services-title")) }
                p.lead { (t!(language, "services-lead")) }
                @for category in with_services {
                    @let blocked = rules.block.contains(category.tag);
                    section {
                        h3 {
                            (words::category(language, category)) " "
                            small { (t!(language, if blocked { "category-is-blocked" } else { "category-is-open" })) }
                        }
                        div.services {
                            @for service in services().iter().filter(|service| service.category == category) {
                                label {
                                    (service.title)
                                    select name="service" {
                                        @for action in ServiceAction::ALL {
                                            @let choice = ServiceChoice { service: service.id.to_owned(), action: *action };
                                            option value=(choice) selected[*action == action_of(rules, service.tag)] {
                                                (t!(language, &format!("service-{action}")))
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
                div.sticky-actions { button.primary { (t!(language, "save")) } }
            }))
        },
    )
}

fn action_of(rules: &Rules, tag: stairgate_abi::Tag) -> ServiceAction {
    if rules.block.contains(tag) {
        ServiceAction::Blocked
    } else if rules.open.contains(tag) {
        ServiceAction::Open
    } else {
        ServiceAction::Category
    }
}

fn of_group(group: Group) -> impl Iterator<Item = &'static Category> {
    categories().iter().filter(move |category| category.group == group)
}

fn group_of_categories(language: Language, page: &PersonPage, rules: &Rules, group: Group) -> Markup {
    let id = words::group(group);
    let blocked = of_group(group).filter(|category| rules.block.contains(category.tag)).count();
    let recommended = match page.person.role {
        Role::Child(age) => Some(defaults_for(age).block),
        Role::Guardian { .. } | Role::CoGuardian | Role::Carer => None,
    };
    html! {
        details.group data-key=(format!("group-{id}")) open[group == Group::Content] {
            summary {
                h3 { (t!(language, &format!("group-{id}"))) }
                small { (t!(language, "categories-blocked", count = blocked, all = of_group(group).count())) }
            }
            p.hint { (t!(language, &format!("group-{id}-detail"))) }
            @for category in of_group(group) {
                @let is = rules.block.contains(category.tag);
                @let differs = recommended.is_some_and(|tags| tags.contains(category.tag) != is);
                div.tick {
                    input type="checkbox" id=(category.id) name="block" value=(category.id) checked[is] aria-describedby=(format!("{}-d", category.id));
                    div {
                        label for=(category.id) { (words::category(language, category)) }
                        p.hint id=(format!("{}-d", category.id)) {
                            (words::category_detail(language, category))
                            @if differs { " " em { (t!(language, if is { "category-usually-open" } else { "category-usually-blocked" })) } }
                        }
                    }
                }
            }
        }
    }
}

/// Nothing but what is ticked: for the youngest.
fn only(language: Language, rules: &Rules) -> Markup {
    html! {
        details.group data-key="only" open[rules.only.is_some()] {
            summary { h3 { (t!(language, "only-title")) } small { (t!(language, if rules.only.is_some() { "on" } else { "off" })) } }
            p.hint { (t!(language, "only-detail")) }
            label.radio { input type="checkbox" name="only" value="on" checked[rules.only.is_some()]; (t!(language, "only-on")) }
            fieldset {
                legend { (t!(language, "only-permit")) }
                div.ticks {
                    @for category in categories().iter().filter(|category| category.group != Group::Protect) {
                        @let ticked = match rules.only {
                            Some(tags) => tags.contains(category.tag),
                            None => matches!(category.id, "kids" | "learning"),
                        };
                        label { input type="checkbox" name="permit" value=(category.id) checked[ticked]; (words::category(language, category)) }
                    }
                }
            }
        }
    }
}

fn names(shell: &Shell, page: &PersonPage, rules: &Rules) -> Markup {
    let language = shell.language;
    let path = routes::at(routes::PERSON_NAME, page.person.id.0);
    html! {
        section aria-labelledby="names" {
            h2 #names { (t!(language, "names-title")) }
            p { (t!(language, "names-lead")) }
            (post(shell, &path, "row", &html! {
                (back(shell))
                div.field {
                    label for="site" { (t!(language, "names-name")) }
                    input id="site" name="name" type="text" inputmode="url" autocomplete="off" autocapitalize="none" spellcheck="false" required maxlength="500" placeholder="example.org";
                }
                button name="action" value=(NameAction::Allow) { (t!(language, "name-allow")) }
                button name="action" value=(NameAction::Deny) { (t!(language, "name-deny")) }
            }))
            ul.rows {
                @for rule in &rules.own {
                    li {
                        div {
                            strong { (words::name(&rule.name)) } " "
                            span.verdict.blocked[rule.action == Action::Deny] {
                                (t!(language, if rule.action == Action::Allow { "names-allowed" } else { "names-denied" }))
                            }
                            @if let Some(until) = rule.until { " " (t!(language, "names-until", until = format::time(shell, until))) }
                        }
                        (post(shell, &routes::at(routes::PERSON_NAME_REMOVE, page.person.id.0), "inline", &html! {
                            (hidden("name", &rule.name)) (back(shell))
                            button.small aria-label=(t!(language, "names-remove", name = rule.name.as_str())) { (t!(language, "remove")) }
                        }))
                    }
                }
            }
        }
    }
}
