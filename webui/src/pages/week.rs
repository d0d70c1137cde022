use jiff::civil::Weekday;
use maud::{Markup, html};
use stairgate_policy::household::{Days, Window};

use super::person::{frame_of_person, mode_name, paintable};
use crate::assets;
use crate::components::{hidden, post_revision, select};
use crate::format;
use crate::language::{Language, t};
use crate::routes;
use crate::svg;
use crate::view::{PersonPage, Shell};
use crate::week::{DAY_NAMES, painted};
use crate::words;

/// The week: painted on a grid where there is a script, and by a plain form.
pub fn person_week(shell: &Shell, page: &PersonPage) -> Markup {
    let language = shell.language;
    let Some(filter) = &page.person.filter else {
        return frame_of_person(shell, page, routes::PERSON_WEEK, &html! { p { (t!(language, "person-unfiltered")) } });
    };
    let rules = &filter.rules;
    let ranges = painted(&rules.windows);
    let modes = paintable(rules);
    let text: String = ranges.iter().map(|range| format!("{range}\n")).collect();
    let options: Vec<_> = modes
        .iter()
        .map(|mode| (mode.id.to_string(), words::mode(language, mode)))
        .filter(|(id, _)| id != "everyday")
        .collect();
    frame_of_person(
        shell,
        page,
        routes::PERSON_WEEK,
        &html! {
            script src=(assets::WEEK_SCRIPT.path()) defer {}
            section aria-labelledby="grid" {
                h2 #grid { (t!(language, "week-title")) }
                p.lead { (t!(language, "week-lead")) }
                div.week-static { (svg::week(language, &ranges, &modes)) }
                (post_revision(shell, page.revision, &routes::at(routes::PERSON_WEEK, page.person.id.0), "week-painter", &html! {
                    input type="hidden" name="week" value=(text);
                    fieldset.brushes hidden {
                        legend { (t!(language, "week-brush")) }
                        @for (place, mode) in modes.iter().enumerate() {
                            label.brush.(format!("mode-{place}")) {
                                input type="radio" name="brush" form="brushes" value=(mode.id) data-letter=(svg::letter(language, mode, place)) checked[place == 1];
                                (words::mode(language, mode))
                            }
                        }
                    }
                    div.week-grid hidden data-days=(days(language).join(",")) data-label=(t!(language, "week-title"))
                        data-twelve=[(t!(language, "format-hours-a-day") == "12").then_some("1")] {}
                    p.hint.week-help hidden { (t!(language, "week-help")) }
                    div.sticky-actions hidden {
                        button.primary { (t!(language, "week-save")) }
                        button type="reset" { (t!(language, "week-undo")) }
                    }
                }))
            }
            section aria-labelledby="windows" {
                h2 #windows { (t!(language, "windows-title")) }
                p { (t!(language, "windows-lead")) }
                @if rules.windows.is_empty() { p { (t!(language, "windows-none")) } }
                ol.rows {
                    @for (place, window) in rules.windows.iter().enumerate() {
                        li {
                            div { strong { (words::mode(language, &mode_name(rules, &window.mode))) } " " (window_words(language, window)) }
                            (post_revision(shell, page.revision, &routes::at(routes::PERSON_WINDOW_REMOVE, page.person.id.0), "inline", &html! {
                                (hidden("window", place))
                                button.small { (t!(language, "remove")) span.visually-hidden { " " (window_words(language, window)) } }
                            }))
                        }
                    }
                }
                details.box data-key="window-new" open[rules.windows.is_empty()] {
                    summary { (t!(language, "windows-add")) }
                    (post_revision(shell, page.revision, &routes::at(routes::PERSON_WINDOW, page.person.id.0), "", &html! {
                        fieldset {
                            legend { (t!(language, "windows-days")) }
                            div.days {
                                @for (name, title) in DAY_NAMES.iter().zip(days(language)) {
                                    label { input type="checkbox" name="day" value=(name); (title) }
                                }
                            }
                        }
                        div.row {
                            div.field { label for="window-from" { (t!(language, "windows-from")) } input type="time" id="window-from" name="from" required value="15:00"; }
                            div.field { label for="window-to" { (t!(language, "windows-to")) } input type="time" id="window-to" name="to" required value="17:00"; }
                            (select("window-mode", &t!(language, "windows-mode"), "mode", "homework", &options))
                        }
                        button.primary { (t!(language, "windows-add")) }
                    }))
                }
            }
        },
    )
}

fn days(language: Language) -> Vec<String> {
    (0..7).map(|day| format::weekday_short(language, Weekday::Monday.wrapping_add(day))).collect()
}

/// `Mon, Tue 20:30–06:30`.
pub(super) fn window_words(language: Language, window: &Window) -> String {
    let days = days_words(language, window.days);
    format!("{days} {}–{}", format::time_of_day(language, window.from), format::time_of_day(language, window.to))
}

/// `Mon, Tue`.
pub(super) fn days_words(language: Language, days: Days) -> String {
    if days == Days::DAILY {
        return t!(language, "windows-daily");
    }
    let names = (0..7).map(|day| Weekday::Monday.wrapping_add(day)).filter(|day| days.contains(*day));
    names.map(|day| format::weekday_short(language, day)).collect::<Vec<_>>().join(", ")
}
