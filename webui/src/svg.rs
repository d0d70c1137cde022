//! Graphs, each with its content in words or in a table beside it. What colours tell is told by letters, patterns or
//! places too.

use std::time::Duration;

use jiff::civil::Weekday;
use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};

use crate::format;
use crate::language::{Language, t};
use crate::view::{Bucket, DayOfUse, ModeName, Shell, Stretch, VerdictCounts};
use crate::week::PaintedRange;
use crate::words;

/// Series of a stacked graph that are told apart; the rest is one more.
const SERIES_MAX: usize = 5;
const MINUTES_A_DAY: u32 = 24 * 60;

/// A week of use by service: a stacked bar for each day, and all of it as a table.
pub(crate) fn week_of_use(language: Language, week: &[DayOfUse]) -> Markup {
    const WIDTH: u64 = 350;
    const HEIGHT: u64 = 140;
    let series = series(week);
    let height = |day: &DayOfUse| day.services.iter().map(|(_, time)| time.as_secs()).sum::<u64>();
    let highest = week.iter().map(height).max().unwrap_or(0).max(1);
    let bar = WIDTH / (week.len().max(1) as u64);
    let all = week.iter().map(|day| day.total).sum();
    html! {
        figure {
            svg.chart viewBox=(format!("0 0 {WIDTH} {}", HEIGHT + 22)) role="img" aria-labelledby="use-graph" {
                title #use-graph { (t!(language, "use-graph", total = format::duration(language, all))) }
                (patterns("use"))
                @for (place, day) in week.iter().enumerate() {
                    @let x = place as u64 * bar + bar / 6;
                    @let heights = series.iter().map(|id| time_of(day, id, &series).as_secs() * (HEIGHT - 14) / highest).collect::<Vec<_>>();
                    @for (number, height) in heights.iter().enumerate() {
                        @let top = HEIGHT - heights[..=number].iter().sum::<u64>();
                        (hatched("use", number, [x, top, bar * 2 / 3, *height]))
                    }
                    text x=(x + bar / 3) y=(HEIGHT - heights.iter().sum::<u64>() - 4) text-anchor="middle" { (hours(language, day.total.as_secs())) }
                    text x=(x + bar / 3) y=(HEIGHT + 16) text-anchor="middle" { (format::weekday_short(language, day.date.weekday())) }
                }
            }
            figcaption {
                ul.legend {
                    @for (number, id) in series.iter().enumerate() { li { (swatch(number)) (series_name(language, id.as_deref())) } }
                }
            }
            (use_table(language, week, &series))
        }
    }
}

/// A day of use: a bar for each half hour, and all of it by the hour as a table.
pub(crate) fn day_of_use(language: Language, half_hours: &[u8]) -> Markup {
    const HEIGHT: u32 = 60;
    const BAR: u32 = 7;
    let by_hour: Vec<u16> =
        half_hours.chunks(2).map(|hour| hour.iter().map(|&minutes| u16::from(minutes)).sum()).collect();
    html! {
        figure {
            h3 { (t!(language, "use-day-title")) }
            svg.chart viewBox=(format!("0 0 {} {}", BAR * 48 + 14, HEIGHT + 20)) role="img" aria-label=(t!(language, "use-day-graph")) {
                rect.ground x="0" y=(HEIGHT) width=(BAR * 48) height="1" {}
                @for (place, minutes) in half_hours.iter().enumerate() {
                    @let height = u32::from(*minutes).min(30) * HEIGHT / 30;
                    @if height > 0 { rect.series-0 x=(place as u32 * BAR + 1) y=(HEIGHT - height) width=(BAR - 1) height=(height) {} }
                }
                @for hour in [0_u32, 6, 12, 18, 24] {
                    text x=(hour * 2 * BAR) y=(HEIGHT + 16) text-anchor=(match hour { 0 => "start", 24 => "end", _ => "middle" }) { (hour_label(language, hour)) }
                }
            }
            details data-key="use-day-table" {
                summary { (t!(language, "as-table")) }
                table {
                    thead { tr { th scope="col" { (t!(language, "use-when")) } th scope="col" { (t!(language, "use-time")) } } }
                    tbody {
                        @for (hour, minutes) in by_hour.iter().enumerate().filter(|(_, minutes)| **minutes > 0) {
                            tr {
                                th scope="row" { (format::clock(language, hour as u16 * 60)) "–" (format::clock(language, hour as u16 * 60 + 60)) }
                                td { (words::minutes(language, *minutes)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Where an uneven bar begins to matter: shown in half hours would lie, so hours have one decimal.
fn hours(language: Language, seconds: u64) -> String {
    let tenths = seconds / 360;
    format!("{}{}{}\u{a0}h", tenths / 10, t!(language, "format-decimal"), tenths % 10)
}

/// The ids with the most time; `None` stands for all others.
fn series(week: &[DayOfUse]) -> Vec<Option<String>> {
    let mut totals: Vec<(&str, Duration)> = Vec::new();
    for (id, time) in week.iter().flat_map(|day| &day.services) {
        match totals.iter_mut().find(|(known, _)| known == id) {
            Some((_, total)) => *total += *time,
            None => totals.push((id, *time)),
        }
    }
    totals.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    let others = totals.len() > SERIES_MAX;
    let named = totals.iter().take(SERIES_MAX).map(|(id, _)| Some((*id).to_owned()));
    named.chain(others.then_some(None)).collect()
}

fn time_of(day: &DayOfUse, id: &Option<String>, series: &[Option<String>]) -> Duration {
    let belongs = |service: &String| match id {
        Some(id) => service == id,
        None => !series.iter().any(|named| named.as_ref() == Some(service)),
    };
    day.services.iter().filter(|(service, _)| belongs(service)).map(|(_, time)| *time).sum()
}

fn series_name(language: Language, id: Option<&str>) -> String {
    id.map_or_else(|| t!(language, "use-others"), |id| words::tag(language, id))
}

fn use_table(language: Language, week: &[DayOfUse], series: &[Option<String>]) -> Markup {
    html! {
        details data-key="use-table" {
            summary { (t!(language, "as-table")) }
            div.scroll tabindex="0" role="region" aria-label=(t!(language, "use-table")) {
                table {
                    thead { tr { th scope="col" { (t!(language, "use-what")) } @for day in week { th scope="col" { (format::date(language, day.date)) } } } }
                    tbody {
                        tr { th scope="row" { (t!(language, "quota-all")) } @for day in week { td { (format::duration(language, day.total)) } } }
                        @for id in series {
                            tr { th scope="row" { (series_name(language, id.as_deref())) } @for day in week { td { (format::duration(language, time_of(day, id, series))) } } }
                        }
                    }
                }
            }
        }
    }
}

/// The week as it is painted: a column for each day, midnight on top.
pub(crate) fn week(language: Language, ranges: &[PaintedRange], modes: &[ModeName]) -> Markup {
    const COLUMN: u32 = 44;
    const LEFT: u32 = 40;
    const TOP: u32 = 18;
    // A pixel for every four minutes.
    let y = |minute: u32| TOP + minute / 4;
    let label = t!(language, "week-title");
    html! {
        figure {
            svg.chart.week viewBox=(format!("0 0 {} {}", LEFT + 7 * COLUMN, TOP + MINUTES_A_DAY / 4 + 6)) role="img" aria-label=(label) {
                @for day in 0..7_u32 {
                    text x=(LEFT + day * COLUMN + COLUMN / 2) y="12" text-anchor="middle" { (format::weekday_short(language, Weekday::Monday.wrapping_add(day as i32))) }
                    rect.ground x=(LEFT + day * COLUMN + 1) y=(TOP) width=(COLUMN - 2) height=(MINUTES_A_DAY / 4) {}
                }
                @for range in ranges {
                    @let place = modes.iter().position(|mode| mode.id == range.mode).unwrap_or(0);
                    @let x = LEFT + range.day.to_monday_zero_offset() as u32 * COLUMN + 1;
                    @let (from, to) = (y(range.from.into()), y(range.to.into()));
                    rect.{"mode-" (place)} x=(x) y=(from) width=(COLUMN - 2) height=(to - from) {}
                    @if to - from >= 12 { text.on x=(x + COLUMN / 2 - 1) y=((from + to) / 2 + 4) text-anchor="middle" { (letter(language, &modes[place], place)) } }
                }
                @for hour in (0..24_u32).step_by(3) {
                    text x=(LEFT - 4) y=(y(hour * 60) + 4) text-anchor="end" { (hour_label(language, hour)) }
                }
            }
            figcaption {
                ul.legend { @for (place, mode) in modes.iter().enumerate() {
                    li { span.swatch.{"mode-" (place)} { (letter(language, mode, place)) } (words::mode(language, mode)) }
                } }
            }
        }
    }
}

/// A letter that tells a mode on the grid: the first of its name, or its number if an earlier mode could have it too.
pub(crate) fn letter(language: Language, mode: &ModeName, place: usize) -> String {
    if place == 0 {
        return String::new();
    }
    words::mode(language, mode).chars().next().map_or_else(|| place.to_string(), |first| first.to_uppercase().collect())
}

fn hour_label(language: Language, hour: u32) -> String {
    let label = format::clock(language, hour as u16 * 60);
    // `3:00 pm` is too wide beside a grid.
    if label.contains('m') { label.replace(":00", "") } else { label }
}

/// A day as a line of stretches, with now, and in words.
pub(crate) fn day(shell: &Shell, stretches: &[Stretch]) -> Markup {
    const HEIGHT: u32 = 26;
    // A unit for every four minutes.
    const WIDTH: u32 = MINUTES_A_DAY / 4;
    let language = shell.language;
    let local = shell.zone.to_datetime(shell.now);
    let now = local.hour() as u32 * 60 + local.minute() as u32;
    let end = |stretch: &Stretch| if stretch.to.minute() == 0 { MINUTES_A_DAY } else { stretch.to.minute().into() };
    let here = |stretch: &Stretch| (u32::from(stretch.from.minute())..end(stretch)).contains(&now);
    html! {
        figure {
            svg.chart.day viewBox=(format!("0 0 {WIDTH} {}", HEIGHT + 30)) role="img" aria-label=(t!(language, "day-graph")) {
                @for stretch in stretches {
                    @let x = u32::from(stretch.from.minute()) / 4;
                    @let width = end(stretch) / 4 - x;
                    rect.{(if stretch.closed { "closed" } else if stretch.mode.id.as_str() == "everyday" { "open" } else { "between" })}
                        x=(x) y="6" width=(width) height=(HEIGHT) {}
                    @if stretch.closed { (bars(x, width, HEIGHT)) }
                }
                path.now d=(format!("M{} 0v{}", now / 4, HEIGHT + 12)) {}
                @for hour in [0_u32, 6, 12, 18, 24] {
                    text x=(hour * 15) y=(HEIGHT + 26) text-anchor=(match hour { 0 => "start", 24 => "end", _ => "middle" }) { (hour_label(language, hour)) }
                }
            }
            ol.stretches {
                @for stretch in stretches {
                    li aria-current=[here(stretch).then_some("time")] {
                        span { (format::clock(language, stretch.from.minute())) "–" (format::clock(language, end(stretch) as u16)) }
                        strong { (words::mode(language, &stretch.mode)) }
                        span { (t!(language, if stretch.closed { "day-closed" } else { "day-open" })) }
                        @if here(stretch) { em { (t!(language, "day-now")) } }
                    }
                }
            }
        }
    }
}

/// The gate's bars over what is closed.
fn bars(x: u32, width: u32, height: u32) -> Markup {
    let path: String = (x + 4..x + width).step_by(7).map(|at| format!("M{at} 6v{height}")).collect();
    html! { path.bars d=(path) {} }
}

/// What was decided, as one bar.
pub(crate) fn verdicts(language: Language, counts: VerdictCounts) -> Markup {
    let all = counts.allowed + counts.blocked + counts.failed;
    let parts = [
        (counts.allowed, "verdict-allowed", 0),
        (counts.blocked, "verdict-blocked", 1),
        (counts.failed, "verdict-failed", 2),
    ];
    html! {
        figure {
            svg.chart viewBox="0 0 350 20" role="img" aria-label=(t!(language, "verdicts-graph", allowed = format::count(language, counts.allowed), blocked = format::count(language, counts.blocked), failed = format::count(language, counts.failed))) {
                (patterns("verdicts"))
                @for (count, _, number) in parts {
                    @let before: u64 = parts[..number].iter().map(|(count, ..)| count).sum();
                    (hatched("verdicts", number, [before * 350 / all.max(1), 0, count * 350 / all.max(1), 20]))
                }
            }
            figcaption { ul.legend { @for (count, message, number) in parts {
                li { (swatch(number)) (t!(language, message)) " " strong { (format::count(language, count)) } }
            } } }
        }
    }
}

/// Queries over the last day: what was answered, and on top what was refused.
pub(crate) fn queries(shell: &Shell, day: &[Bucket]) -> Markup {
    const HEIGHT: u64 = 90;
    let language = shell.language;
    let highest = day.iter().map(|bucket| bucket.answered + bucket.refused).max().unwrap_or(0).max(1);
    let width = (350 / day.len().max(1) as u64).max(2);
    html! {
        figure {
            h3 { (t!(language, "queries-title")) }
            svg.chart viewBox=(format!("0 0 350 {}", HEIGHT + 18)) role="img" aria-label=(t!(language, "queries-graph", highest = format::count(language, highest))) {
                (patterns("queries"))
                @for (place, bucket) in day.iter().enumerate() {
                    @let x = place as u64 * width;
                    @let (answered, refused) = (bucket.answered * HEIGHT / highest, bucket.refused * HEIGHT / highest);
                    (hatched("queries", 0, [x, HEIGHT - answered, width - 1, answered]))
                    (hatched("queries", 1, [x, HEIGHT - answered - refused, width - 1, refused]))
                }
                (hours_below(shell, day, HEIGHT + 14, width))
            }
            (bucket_table(shell, day))
        }
    }
}

/// How long answers took over the last day.
pub(crate) fn latency(shell: &Shell, day: &[Bucket]) -> Markup {
    const HEIGHT: u128 = 60;
    let language = shell.language;
    let highest = day.iter().filter_map(|bucket| bucket.median).max().unwrap_or_default();
    let width = (350 / day.len().max(1)).max(2);
    let mut path = String::new();
    let mut pen_up = true;
    for (place, bucket) in day.iter().enumerate() {
        let Some(median) = bucket.median else {
            pen_up = true;
            continue;
        };
        let y = HEIGHT - median.as_micros() * (HEIGHT - 6) / highest.as_micros().max(1);
        path.push_str(&format!("{}{} {y}", if pen_up { 'M' } else { 'L' }, place * width + width / 2));
        pen_up = false;
    }
    html! {
        figure {
            h3 { (t!(language, "latency-title")) }
            svg.chart viewBox=(format!("0 0 350 {}", HEIGHT + 18)) role="img" aria-label=(t!(language, "latency-graph", highest = format::milliseconds(language, highest))) {
                path.line d=(path) {}
                (hours_below(shell, day, HEIGHT as u64 + 14, width as u64))
            }
            p.hint { (t!(language, "latency-graph", highest = format::milliseconds(language, highest))) }
        }
    }
}

fn hours_below(shell: &Shell, day: &[Bucket], y: u64, width: u64) -> Markup {
    html! {
        @for (place, bucket) in day.iter().enumerate() {
            @let local = shell.zone.to_datetime(bucket.from);
            @if local.minute() == 0 && local.hour() % 6 == 0 {
                text x=(place as u64 * width) y=(y) { (hour_label(shell.language, local.hour() as u32)) }
            }
        }
    }
}

fn bucket_table(shell: &Shell, day: &[Bucket]) -> Markup {
    let language = shell.language;
    html! {
        details data-key="queries-table" {
            summary { (t!(language, "as-table")) }
            div.scroll tabindex="0" role="region" aria-label=(t!(language, "queries-title")) {
                table {
                    thead { tr {
                        th scope="col" { (t!(language, "log-when")) } th scope="col" { (t!(language, "verdict-allowed")) }
                        th scope="col" { (t!(language, "verdict-blocked")) } th scope="col" { (t!(language, "latency-title")) }
                    } }
                    tbody { @for bucket in day { tr {
                        th scope="row" { (format::time(shell, bucket.from)) }
                        td { (format::count(language, bucket.answered)) } td { (format::count(language, bucket.refused)) }
                        td { (bucket.median.map(|median| format::milliseconds(language, median)).unwrap_or_default()) }
                    } } }
                }
            }
        }
    }
}

/// A QR code; `text` stands beside it for those who cannot scan it.
pub(crate) fn qr(language: Language, text: &str) -> Markup {
    /// Blank modules around it (ISO/IEC 18004 §5.3.8).
    const QUIET: i32 = 4;
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return html! {} };
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        for x in (0..size).filter(|&x| code.get_module(x, y)) {
            path.push_str(&format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET));
        }
    }
    let side = size + 2 * QUIET;
    html! {
        svg.qr viewBox=(format!("0 0 {side} {side}")) role="img" aria-label=(t!(language, "qr")) shape-rendering="crispEdges" {
            path d=(format!("M0 0h{side}v{side}h-{side}z")) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    }
}

/// Strokes that tell series apart without colour, by their number.
const STROKES: [&str; 6] = ["", "M0 6L6 0", "M0 3h6", "M0 0L6 6", "M3 0v6", "M3 0v6M0 3h6"];

/// A rectangle in the colour and the strokes of a series; `place` is x, y, width and height.
fn hatched(graph: &str, number: usize, [x, y, width, height]: [u64; 4]) -> Markup {
    html! {
        @if width > 0 && height > 0 {
            rect class=(format!("series-{number}")) x=(x) y=(y) width=(width) height=(height) {}
            @if number > 0 { rect fill=(format!("url(#{graph}-{number})")) x=(x) y=(y) width=(width) height=(height) {} }
        }
    }
}

/// The strokes of a graph, whose name keeps their ids apart from another graph's.
fn patterns(graph: &str) -> Markup {
    html! {
        defs {
            @for (number, stroke) in STROKES.iter().enumerate().skip(1) {
                pattern id=(format!("{graph}-{number}")) width="6" height="6" patternUnits="userSpaceOnUse" {
                    (strokes(stroke))
                }
            }
        }
    }
}

fn strokes(stroke: &str) -> Markup {
    html! { path d=(stroke) stroke="#fff" stroke-opacity=".75" stroke-width="1.2" fill="none" {} }
}

/// A series in a legend.
fn swatch(number: usize) -> Markup {
    html! {
        svg.swatch viewBox="0 0 6 6" aria-hidden="true" {
            rect class=(format!("series-{number}")) width="6" height="6" {}
            (strokes(STROKES[number]))
        }
    }
}
