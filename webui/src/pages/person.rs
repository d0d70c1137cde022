use maud::{Markup, html};
use stairgate_policy::defaults::defaults_for;
use stairgate_policy::household::{
    ASLEEP, AgeBand, Days, EVERYDAY, Effect, Mode, PrivacyLevel, Role, Rules, Window, YouTube,
};
use stairgate_policy::tags::{self, Meaning};
use stairgate_policy::taxonomy::categories;

use super::quota;
use crate::components::{
    age_options, hidden, online, post, post_revision, quick_actions, rights, select, text_field, tick, usage,
};
use crate::format;
use crate::forms::EffectKind;
use crate::language::{Language, clean, t};
use crate::layout::{Icon, frame, gate, icon, messages, tabs};
use crate::routes;
use crate::svg;
use crate::view::{DayOfUse, ModeName, PersonPage, Shell, Usage, Viewer};
use crate::words;

/// A person at a glance: now, bedtime, devices, use.
pub fn person(shell: &Shell, page: &PersonPage) -> Markup {
    let language = shell.language;
    let rules = page.person.filter.as_ref().map(|filter| &filter.rules);
    frame_of_person(
        shell,
        page,
        routes::PERSON,
        &html! {
            (now_of_person(shell, page))
            @if let Some(rules) = rules {
                @if rights(shell).rules {
                    (bedtime(shell, page, rules))
                    (quota::quotas(shell, page, rules))
                }
                (deviations(shell, page, rules))
            } @else { p { (t!(language, "person-unfiltered")) } }
            section aria-labelledby="devices" {
                h2 #devices { (t!(language, "devices-title")) }
                @if page.devices.is_empty() { p { (t!(language, "person-no-devices")) } }
                ul.plain {
                    @for device in &page.devices {
                        li { (online(language, device.online)) " " (words::name(&device.label)) }
                    }
                }
                p { a href=(routes::DEVICES) { (t!(language, "person-devices-link")) } }
            }
            @if !page.week_of_use.is_empty() {
                section aria-labelledby="use" {
                    h2 #use { (t!(language, "use-title")) }
                    (use_of_week(language, &page.week_of_use, page.usage.as_ref()))
                }
            }
        },
    )
}

/// How it is for the person now, with what can be done at once.
pub(crate) fn now_of_person(shell: &Shell, page: &PersonPage) -> Markup {
    let language = shell.language;
    let id = format!("now-{}", page.person.id.0);
    html! {
        section.card.closed[page.now.as_ref().is_some_and(|now| now.closed)] id=(id) {
            h2.visually-hidden { (t!(language, "person-now")) }
            @if let Some(now) = &page.now {
                p.state { (gate(!now.closed)) strong { (words::state(language, now)) } span { (words::state_detail(shell, now)) } }
                @if let Some(today) = &page.usage { (usage(language, today, &format!("{id}-usage"))) }
                @if rights(shell).pause { (quick_actions(shell, page.person.id, now)) }
            }
        }
    }
}

/// Modes, protection, privacy and the person itself.
pub fn person_more(shell: &Shell, page: &PersonPage) -> Markup {
    let language = shell.language;
    frame_of_person(
        shell,
        page,
        routes::PERSON_MORE,
        &html! {
            @if let Some(filter) = &page.person.filter {
                (protection(shell, page, &filter.rules))
                (privacy(shell, page, filter.rules.log))
                (modes(shell, page, &filter.rules))
            }
            @if may_set_details(shell, page) { (details(shell, page)) }
            @if matches!(page.person.role, Role::Child(_)) { (pin(shell, page)) }
            section aria-labelledby="data" {
                h2 #data { (t!(language, "data-title")) }
                p { (t!(language, "data-lead")) }
                p { a.button href=(routes::at(routes::PERSON_EXPORT, page.person.id.0)) { (t!(language, "data-export")) } }
                details.danger data-key="erase" {
                    summary { (t!(language, "data-erase")) }
                    (crate::components::post(shell, &routes::at(routes::PERSON_ERASE, page.person.id.0), "", &html! {
                        p { (t!(language, "data-erase-detail", name = page.person.name.as_str())) }
                        (text_field("erase-name", &t!(language, "data-erase-confirm"), "name", "", "text", "off"))
                        button.danger { (t!(language, "data-erase")) }
                    }))
                }
            }
        },
    )
}

/// The frame of all pages of a person, with the tabs between them.
pub(super) fn frame_of_person(shell: &Shell, page: &PersonPage, current: &str, content: &Markup) -> Markup {
    let language = shell.language;
    let person = &page.person;
    let tab = |path: &str, title: &str| (routes::at(path, person.id.0), t!(language, title));
    let mut all = vec![tab(routes::PERSON, "tab-now")];
    if person.filter.is_some() && rights(shell).rules {
        all.extend([
            tab(routes::PERSON_WEEK, "tab-week"),
            tab(routes::PERSON_CATEGORIES, "tab-sites"),
            tab(routes::PERSON_SERVICES, "tab-services"),
        ]);
    }
    if rights(shell).rules {
        all.push(tab(routes::PERSON_MORE, "tab-more"));
    }
    frame(
        shell,
        &person.name,
        &html! {
            h1 { (words::name(&person.name)) " " small { (words::role(language, person.role)) } }
            (tabs(&t!(language, "tabs-label"), &routes::at(current, person.id.0), &all))
            (messages(shell))
            (content)
        },
    )
}

/// The mode of the person with this id, as pages mention it.
pub(super) fn mode_name(rules: &Rules, id: &stairgate_policy::household::ModeId) -> ModeName {
    ModeName { id: id.clone(), title: rules.mode(id).map(|mode| mode.title.clone()).unwrap_or_default() }
}

/// Bedtime in ten seconds: two evenings, two mornings.
fn bedtime(shell: &Shell, page: &PersonPage, rules: &Rules) -> Markup {
    let language = shell.language;
    let night = |days: Days| {
        let asleep = |window: &&Window| window.mode == ASLEEP && (window.days == days || window.days == Days::DAILY);
        rules.windows.iter().rfind(asleep)
    };
    let evenings = [
        ("school", "bedtime-school", night(Days::SCHOOL_NIGHTS), "20:30", "06:30"),
        ("weekend", "bedtime-weekend", night(Days::WEEKEND_NIGHTS), "21:30", "07:00"),
    ];
    html! {
        section.box #bedtime aria-labelledby="bedtime-title" {
            h2 #bedtime-title { (icon(Icon::Moon)) (t!(language, "bedtime")) }
            (post_revision(shell, page.revision, &routes::at(routes::PERSON_BEDTIME, page.person.id.0), "bedtime", &html! {
                @for (name, message, window, from, to) in evenings {
                    fieldset {
                        legend { (t!(language, message)) }
                        (tick(&format!("{name}-on"), name, "on", window.is_some(), &t!(language, "bedtime-on"), ""))
                        div.row {
                            div.field {
                                label for=(format!("{name}-from")) { (t!(language, "bedtime-from")) }
                                input type="time" id=(format!("{name}-from")) name=(format!("{name}_from")) required
                                    value=(window.map_or_else(|| from.to_owned(), |window| window.from.to_string()));
                            }
                            div.field {
                                label for=(format!("{name}-to")) { (t!(language, "bedtime-to")) }
                                input type="time" id=(format!("{name}-to")) name=(format!("{name}_to")) required
                                    value=(window.map_or_else(|| to.to_owned(), |window| window.to.to_string()));
                            }
                        }
                    }
                }
                button.primary { (t!(language, "bedtime-save")) }
                p.hint { (t!(language, "bedtime-hint")) }
            }))
        }
    }
}

/// What the age band recommends against what is set.
fn deviations(shell: &Shell, page: &PersonPage, rules: &Rules) -> Markup {
    let language = shell.language;
    let Role::Child(age) = page.person.role else { return html! {} };
    let found = compare(language, age, rules);
    html! {
        section aria-labelledby="recommended" {
            h2 #recommended { (t!(language, "recommended-title", age = words::age(language, age))) }
            @if found.is_empty() {
                p { (icon(Icon::Done)) (t!(language, "recommended-same")) }
            } @else {
                p { (t!(language, "recommended-differs", count = found.len())) }
                ul { @for difference in &found { li { (difference) } } }
                @if rights(shell).rules {
                    details data-key="recommended" {
                        summary { (t!(language, "recommended-restore")) }
                        (post_revision(shell, page.revision, &routes::at(routes::PERSON_RECOMMENDED, page.person.id.0), "", &html! {
                            p { (t!(language, "recommended-restore-detail")) }
                            button { (t!(language, "recommended-restore")) }
                        }))
                    }
                }
            }
        }
    }
}

fn compare(language: Language, age: AgeBand, rules: &Rules) -> Vec<String> {
    let usual = defaults_for(age);
    let mut found = Vec::new();
    for category in categories() {
        let (is, should) = (rules.block.contains(category.tag), usual.block.contains(category.tag));
        if is != should {
            let id = if should { "recommended-blocked" } else { "recommended-open" };
            found.push(t!(language, id, what = words::category(language, category)));
        }
    }
    let mut switch = |is: bool, should: bool, what: &str| {
        if is != should {
            let id = if should { "recommended-on" } else { "recommended-off" };
            found.push(t!(language, id, what = t!(language, what)));
        }
    };
    switch(rules.safe_search, usual.safe_search, "protect-safe-search");
    switch(rules.strip_ech, usual.strip_ech, "protect-ech");
    switch(rules.refuse_quic, usual.refuse_quic, "protect-quic");
    switch(rules.refuse_unclassified, usual.refuse_unclassified, "protect-unclassified");
    switch(rules.only.is_some(), usual.only.is_some(), "only-title");
    if rules.youtube != usual.youtube {
        found.push(t!(
            language,
            "recommended-youtube",
            setting = t!(language, &format!("youtube-{}", usual.youtube.as_str()))
        ));
    }
    if rules.log != usual.log {
        found.push(t!(language, "recommended-level", level = words::level(language, usual.log)));
    }
    if crate::week::painted(&rules.windows) != crate::week::painted(&usual.windows) {
        found.push(t!(language, "recommended-week"));
    }
    found
}

/// A week of use, today's timeline, and the evidence for today.
pub(super) fn use_of_week(language: Language, week: &[DayOfUse], today: Option<&Usage>) -> Markup {
    html! {
        (svg::week_of_use(language, week))
        p.hint { (t!(language, "use-both")) }
        @if let Some(today) = today {
            @if !today.tells_services { p { (t!(language, "use-hidden")) } }
            @if !today.half_hours.is_empty() { (svg::day_of_use(language, &today.half_hours)) }
            (evidence(language, today))
        }
    }
}

/// Which minutes were counted, on which device and why.
fn evidence(language: Language, usage: &Usage) -> Markup {
    let device =
        |name: &str| if name.is_empty() { t!(language, "use-device-unknown") } else { clean(name).into_owned() };
    html! {
        details data-key="evidence" {
            summary { (t!(language, "use-evidence")) }
            div.scroll tabindex="0" role="region" aria-label=(t!(language, "use-evidence")) {
                table {
                    caption { (t!(language, "use-evidence-detail")) }
                    thead { tr {
                        @if usage.tells_services { th scope="col" { (t!(language, "use-what")) } }
                        th scope="col" { (t!(language, "use-device")) }
                        th scope="col" { (t!(language, "use-when")) } th scope="col" { (t!(language, "use-time")) }
                        th scope="col" { (t!(language, "use-data")) }
                    } }
                    tbody { @for counted in &usage.counted { tr {
                        @if usage.tells_services { th scope="row" { (words::tag(language, &counted.what)) } }
                        td { bdi { (device(&counted.device)) } }
                        td { (format::clock(language, counted.between.0)) "–" (format::clock(language, counted.between.1)) }
                        td { (format::duration(language, counted.time)) }
                        td { (format::bytes(language, counted.bytes)) }
                    } } }
                }
            }
        }
    }
}

fn protection(shell: &Shell, page: &PersonPage, rules: &Rules) -> Markup {
    let language = shell.language;
    let switches = [
        ("safe_search", rules.safe_search, "protect-safe-search", "protect-safe-search-detail"),
        ("strip_ech", rules.strip_ech, "protect-ech", "protect-ech-detail"),
        ("refuse_quic", rules.refuse_quic, "protect-quic", "protect-quic-detail"),
        ("refuse_unclassified", rules.refuse_unclassified, "protect-unclassified", "protect-unclassified-detail"),
        ("resolved_only", rules.resolved_only, "protect-resolved", "protect-resolved-detail"),
    ];
    html! {
        section aria-labelledby="protection" {
            h2 #protection { (t!(language, "protect-title")) }
            @if !page.resolves_names { p { (t!(language, "protect-not-resolved")) } }
            (post_revision(shell, page.revision, &routes::at(routes::PERSON_PROTECTION, page.person.id.0), "", &html! {
                @for (name, on, title, detail) in switches {
                    (tick(name, name, "on", on, &t!(language, title), &t!(language, detail)))
                }
                fieldset {
                    legend { (t!(language, "youtube-title")) }
                    p.hint { (t!(language, "youtube-hint")) }
                    @for setting in YouTube::ALL {
                        label.radio {
                            input type="radio" name="youtube" value=(setting.as_str()) checked[setting == rules.youtube];
                            (t!(language, &format!("youtube-{}", setting.as_str())))
                        }
                    }
                }
                @if !page.upstream_sets.is_empty() {
                    @let usual = std::iter::once((String::new(), t!(language, "protect-upstreams-usual")));
                    @let sets = usual.chain(page.upstream_sets.iter().map(|set| (set.clone(), set.clone()))).collect::<Vec<_>>();
                    (select("upstreams", &t!(language, "protect-upstreams"), "upstreams", rules.upstreams.as_deref().unwrap_or_default(), &sets))
                }
                button.primary { (t!(language, "save")) }
            }))
        }
    }
}

fn privacy(shell: &Shell, page: &PersonPage, level: PrivacyLevel) -> Markup {
    let language = shell.language;
    html! {
        section aria-labelledby="privacy" {
            h2 #privacy { (t!(language, "privacy-person-title")) }
            p { (t!(language, "privacy-person-lead", days = page.retention_days)) }
            (post_revision(shell, page.revision, &routes::at(routes::PERSON_PRIVACY, page.person.id.0), "", &html! {
                fieldset {
                    legend.visually-hidden { (t!(language, "privacy-person-title")) }
                    @for choice in PrivacyLevel::ALL {
                        label.radio {
                            input type="radio" name="level" value=(choice.as_str()) checked[choice == level];
                            (words::level(language, choice))
                        }
                    }
                }
                button.primary { (t!(language, "save")) }
            }))
        }
    }
}

fn modes(shell: &Shell, page: &PersonPage, rules: &Rules) -> Markup {
    let language = shell.language;
    html! {
        section aria-labelledby="modes" {
            h2 #modes { (t!(language, "modes-title")) }
            p { (t!(language, "modes-lead")) }
            ul.rows {
                @for mode in &rules.modes {
                    li {
                        div {
                            strong { (words::mode(language, &mode_name(rules, &mode.id))) }
                            p.hint { (t!(language, &format!("effect-{}", effect_kind(&mode.effect)))) }
                        }
                        details data-key=(format!("mode-{}", mode.id)) {
                            summary { (t!(language, "change")) span.visually-hidden { " " (words::mode(language, &mode_name(rules, &mode.id))) } }
                            (mode_form(shell, page, rules, Some(mode)))
                            @if mode.id != ASLEEP {
                                (post_revision(shell, page.revision, &routes::at(routes::PERSON_MODE_REMOVE, page.person.id.0), "", &html! {
                                    (hidden("mode", &mode.id)) button { (t!(language, "remove")) }
                                }))
                            }
                        }
                    }
                }
            }
            details.box data-key="mode-new" {
                summary { (t!(language, "modes-add")) }
                (mode_form(shell, page, rules, None))
            }
        }
    }
}

fn mode_form(shell: &Shell, page: &PersonPage, rules: &Rules, mode: Option<&Mode>) -> Markup {
    let language = shell.language;
    let key = mode.map_or("new", |mode| mode.id.as_str());
    let title = mode.map(|mode| words::mode(language, &mode_name(rules, &mode.id))).unwrap_or_default();
    let chosen = match mode.map(|mode| &mode.effect) {
        Some(Effect::AlsoBlock(tags) | Effect::Only(tags)) => *tags,
        _ => stairgate_abi::Tags::EMPTY,
    };
    let current = mode.map_or(EffectKind::AlsoBlock, |mode| effect_kind(&mode.effect));
    let effects: Vec<_> =
        EffectKind::ALL.iter().map(|kind| (kind.to_string(), t!(language, &format!("effect-{kind}")))).collect();
    // Services that the mode names stay in it; the form itself offers categories.
    let services = chosen.iter().filter_map(|tag| match tags::meaning(tag) {
        Some(Meaning::Service(service)) => Some(service.id),
        _ => None,
    });
    post_revision(
        shell,
        page.revision,
        &routes::at(routes::PERSON_MODE, page.person.id.0),
        "",
        &html! {
            (hidden("mode", mode.map_or("", |mode| mode.id.as_str())))
            (text_field(&format!("mode-{key}-title"), &t!(language, "modes-name"), "title", &title, "text", "off"))
            (select(&format!("mode-{key}-effect"), &t!(language, "modes-effect"), "effect", current.as_str(), &effects))
            @for id in services { (hidden("tag", id)) }
            details data-key=(format!("mode-{key}-tags")) {
                summary { (t!(language, "modes-what")) }
                div.ticks {
                    @for category in categories().iter().filter(|category| words::group(category.group) != "protect") {
                        label { input type="checkbox" name="tag" value=(category.id) checked[chosen.contains(category.tag)]; (words::category(language, category)) }
                    }
                }
            }
            button.primary { (t!(language, "save")) }
        },
    )
}

fn effect_kind(effect: &Effect) -> EffectKind {
    match effect {
        Effect::Closed => EffectKind::Closed,
        Effect::AlsoBlock(_) => EffectKind::AlsoBlock,
        Effect::Only(_) => EffectKind::Only,
        Effect::Free => EffectKind::Free,
    }
}

/// Whoever decides about children only may call no adult something else but oneself.
fn may_set_details(shell: &Shell, page: &PersonPage) -> bool {
    let is_oneself = matches!(&shell.viewer, Viewer::Adult { person, .. } if person.id == page.person.id);
    is_oneself || rights(shell).adults || matches!(page.person.role, Role::Child(_))
}

fn details(shell: &Shell, page: &PersonPage) -> Markup {
    let language = shell.language;
    let person = &page.person;
    html! {
        section aria-labelledby="details" {
            h2 #details { (t!(language, "details-title")) }
            (post_revision(shell, page.revision, &routes::at(routes::PERSON_DETAILS, person.id.0), "", &html! {
                (text_field("name", &t!(language, "person-name"), "name", &person.name, "text", "off"))
                @if let Role::Child(band) = person.role {
                    (select("age", &t!(language, "person-age"), "age", band.as_str(), &age_options(language)))
                    p.hint { (t!(language, "person-age-hint")) }
                }
                button.primary { (t!(language, "save")) }
            }))
        }
    }
}

fn pin(shell: &Shell, page: &PersonPage) -> Markup {
    let language = shell.language;
    let action = routes::at(routes::PERSON_PIN, page.person.id.0);
    html! {
        section aria-labelledby="pin-title" {
            h2 #pin-title { (t!(language, "pin-title")) }
            p { (t!(language, if page.has_pin { "pin-on" } else { "pin-off" })) }
            (post(shell, &action, "row", &html! {
                div.field {
                    label for="pin" { (t!(language, "pin-new")) }
                    input id="pin" name="pin" type="password" inputmode="numeric" autocomplete="off" required minlength="4" maxlength="12" pattern="[0-9]*";
                }
                button.primary { (t!(language, "save")) }
            }))
            @if page.has_pin {
                (post(shell, &action, "", &html! { (hidden("pin", "")) button { (t!(language, "pin-remove")) } }))
            }
        }
    }
}

/// The modes that a window can call for, and what nobody painted.
pub(super) fn paintable(rules: &Rules) -> Vec<ModeName> {
    let everyday = ModeName { id: EVERYDAY.clone(), title: String::new() };
    let own = rules.modes.iter().map(|mode| mode_name(rules, &mode.id));
    std::iter::once(everyday).chain(own).collect()
}
