use jiff::civil::Weekday;
use maud::{Markup, html};
use stairgate_policy::household::{Quota, Rules};
use stairgate_policy::quota::QUOTA_MINUTES_MAX;
use stairgate_policy::services::services;
use stairgate_policy::tags::{self, Meaning};
use stairgate_policy::taxonomy::{Group, categories};

use super::week::days_words;
use crate::components::{hidden, post, post_revision, select};
use crate::format;
use crate::forms::MoreTime;
use crate::language::{Language, t};
use crate::layout::{Icon, back, icon};
use crate::routes;
use crate::view::{PersonPage, Shell};
use crate::week::DAY_NAMES;
use crate::words;

/// How long things may be used a day.
pub(super) fn quotas(shell: &Shell, page: &PersonPage, rules: &Rules) -> Markup {
    let language = shell.language;
    let id = page.person.id.0;
    html! {
        section.box #quotas aria-labelledby="quotas-title" {
            h2 #quotas-title { (icon(Icon::Clock)) (t!(language, "quota-title")) }
            p { (t!(language, "quota-lead")) }
            @if rules.quotas.is_empty() { p { (t!(language, "quota-none")) } }
            ul.rows {
                @for quota in &rules.quotas {
                    @let what = id_of(quota);
                    @let name = words::quota(language, what);
                    li {
                        div {
                            strong { (name) } " "
                            (t!(language, "quota-a-day", time = words::minutes(language, quota.minutes), days = days_words(language, quota.days)))
                        }
                        @if !what.is_empty() {
                            (post(shell, &routes::at(routes::PERSON_MORE_TIME, id), "inline", &html! {
                                (hidden("what", what)) (back(shell))
                                @let more = words::minutes(language, MoreTime::Minutes15.minutes());
                                button.small name="minutes" value=(MoreTime::Minutes15) {
                                    (t!(language, "quota-more", time = more)) span.visually-hidden { " " (name) }
                                }
                            }))
                        }
                        (post_revision(shell, page.revision, &routes::at(routes::PERSON_QUOTA_REMOVE, id), "inline", &html! {
                            (hidden("what", what)) (hidden("days", quota.days))
                            button.small { (t!(language, "remove")) span.visually-hidden { " " (name) } }
                        }))
                    }
                }
            }
            details data-key="quota-new" {
                summary { (t!(language, "quota-add")) }
                (post_revision(shell, page.revision, &routes::at(routes::PERSON_QUOTA, id), "", &html! {
                    div.row {
                        (select("quota-what", &t!(language, "quota-what"), "what", "", &choices(language)))
                        div.field {
                            label for="quota-minutes" { (t!(language, "quota-minutes")) }
                            input id="quota-minutes" name="minutes" type="number" inputmode="numeric" min="0" max=(QUOTA_MINUTES_MAX) step="1" required value="60";
                        }
                    }
                    fieldset {
                        legend { (t!(language, "windows-days")) }
                        div.days {
                            @for (place, name) in DAY_NAMES.iter().enumerate() {
                                label { input type="checkbox" name="day" value=(name) checked; (format::weekday_short(language, Weekday::Monday.wrapping_add(place as i32))) }
                            }
                        }
                    }
                    button.primary { (t!(language, "quota-add")) }
                    p.hint { (t!(language, "quota-hint")) }
                }))
            }
        }
    }
}

/// Id of what a quota is about; empty for everything.
fn id_of(quota: &Quota) -> &'static str {
    match quota.what.and_then(tags::meaning) {
        Some(Meaning::Category(category)) => category.id,
        Some(Meaning::Service(service)) => service.id,
        Some(Meaning::OwnDeny(_) | Meaning::OwnAllow(_)) | None => "",
    }
}

/// Everything, then the categories that are not always open, then the services.
fn choices(language: Language) -> Vec<(String, String)> {
    let mut categories: Vec<(String, String)> = categories()
        .iter()
        .filter(|category| category.group != Group::Protect)
        .map(|category| (category.id.to_owned(), words::category(language, category)))
        .collect();
    categories.sort_by(|one, other| one.1.cmp(&other.1));
    let services = services().iter().map(|service| (service.id.to_owned(), service.title.to_owned()));
    std::iter::once((String::new(), t!(language, "quota-all"))).chain(categories).chain(services).collect()
}
