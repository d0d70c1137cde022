//! Answers for people, as small tables, and for programs, as JSON.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use qrcodegen::{QrCode, QrCodeEcc};
use serde_json::{Value, json};
use stairgate_policy::{services, taxonomy};

use crate::config::{Config, Placement};
use crate::control::protocol::Reply;
use crate::doctor::Finding;
use crate::document::tag_id;
use crate::subscriptions::source_text;
use crate::view::{DayView, DeviceView, Explanation, ListView, PersonView, QueryView, QuotaView, Status, UsageView};

/// What is shown of a setting that takes a resolver to hold, where there is none.
const NOT_RESOLVED: &str = "needs [resolver]";

/// Shows the agent's answer.
pub(crate) fn reply(reply: &Reply, json: bool) -> io::Result<()> {
    if json {
        let whole = document(reply)?;
        return match reply {
            Reply::Query(_) => print_line(&content(whole)),
            Reply::Missed(_) => print_line(&whole),
            Reply::Metrics(_) | Reply::Done(_) | Reply::Refused(_) => print_json(&whole),
            _ => print_json(&content(whole)),
        };
    }
    print(&match reply {
        Reply::Status(status) => status_text(status),
        Reply::People(people) => people_text(people),
        Reply::Devices(devices) => devices_text(devices),
        Reply::Usage(people) => usage_text(people),
        Reply::Code { code, addresses } => code_text(code, addresses),
        Reply::Explanation(explanation) => explanation_text(explanation),
        Reply::Lists(lists) => lists_text(lists),
        Reply::Metrics(text) => text.clone(),
        Reply::Query(query) => query_text(query, &query.device),
        Reply::Missed(count) => format!("{count} more came too fast to be shown\n"),
        Reply::Done(sentence) | Reply::Refused(sentence) => format!("{sentence}\n"),
    })
}

/// Shows a query; `whose` is what the family calls its device.
pub(crate) fn query(query: &QueryView, whose: &str) -> io::Result<()> {
    print(&query_text(query, whose))
}

/// Shows one sentence.
pub(crate) fn sentence(text: &str, json: bool) -> io::Result<()> {
    reply(&Reply::Done(text.to_owned()), json)
}

/// Shows what the doctor found.
pub(crate) fn findings(findings: &[Finding], json: bool) -> io::Result<()> {
    if json {
        return print_json(&json!(findings));
    }
    let rows = findings
        .iter()
        .map(|finding| vec![finding.state.word().to_owned(), finding.what.clone(), finding.found.clone()]);
    let mut text = table(&["", "what", "found"], rows);
    for finding in findings.iter().filter_map(|finding| Some((finding, finding.remedy.as_ref()?))) {
        let (Finding { what, cost, .. }, remedy) = finding;
        let cost = cost.as_deref().unwrap_or_default();
        let _ = write!(text, "\n{what}: {cost}\n  -> {remedy}\n");
    }
    print(&text)
}

/// Shows every category and service.
pub(crate) fn categories(json: bool) -> io::Result<()> {
    if json {
        let categories = taxonomy::categories().iter().map(|category| {
            let (id, title, sentence) = (category.id, category.title, category.sentence);
            json!({ "id": id, "kind": "category", "title": title, "sentence": sentence })
        });
        let services = services::services().iter().map(|service| {
            let (id, title, category) = (service.id, service.title, service.category.id);
            json!({ "id": id, "kind": "service", "title": title, "category": category })
        });
        return print_json(&json!(categories.chain(services).collect::<Vec<_>>()));
    }
    let categories = taxonomy::categories().iter();
    let rows = categories
        .map(|category| vec![category.id.to_owned(), category.title.to_owned(), category.sentence.to_owned()]);
    let mut text = table(&["category", "title", "what it is"], rows);
    text.push('\n');
    let rows = services::services().iter();
    let rows =
        rows.map(|service| vec![service.id.to_owned(), service.title.to_owned(), service.category.id.to_owned()]);
    text.push_str(&table(&["service", "title", "category"], rows));
    print(&text)
}

/// Shows what the configuration file means.
pub(crate) fn check(path: &Path, config: &Config, capacity: u32, json: bool) -> io::Result<()> {
    let (mode, interfaces) = match &config.placement {
        Placement::Router { lan_interfaces } => ("router", lan_interfaces.clone()),
        Placement::Bridge { home_interface, provider_interface } => {
            ("bridge", vec![home_interface.clone(), provider_interface.clone()])
        }
    };
    let household = config.initial_household.as_ref();
    if json {
        let lists = config.lists.iter().map(|list| {
            json!({
                "name": list.name, "label": tag_id(list.tag), "source": source_text(&list.source),
                "format": list.format.map_or("auto", |format| format.name()), "refresh_s": list.refresh.as_secs(),
            })
        });
        return print_json(&json!({
            "file": path, "mode": mode, "interfaces": interfaces, "state_dir": config.state_dir,
            "pin_dir": config.pin_dir, "control_socket": config.control_socket, "control_group": config.control_group,
            "domain_capacity": capacity, "local_prefixes": config.local_prefixes.len(),
            "log_level": config.log_level.to_string().to_lowercase(), "lists": lists.collect::<Vec<_>>(),
            "initial_people": household.map(|household| household.people.len()),
        }));
    }
    let mut text = format!("{} is right. It means:\n\n", path.display());
    let group = config.control_group.as_ref().map_or_else(String::new, |group| format!(" and members of {group}"));
    let rows = [
        ("mode", format!("{mode} at {}", interfaces.join(", "))),
        ("state", config.state_dir.display().to_string()),
        ("pins", config.pin_dir.display().to_string()),
        ("control", format!("{} for root{group}", config.control_socket.display())),
        ("room", format!("{} names", thousands(capacity.into()))),
        ("local", format!("{} prefixes besides the LAN's own", config.local_prefixes.len())),
        ("log", config.log_level.to_string().to_lowercase()),
        (
            "household",
            household.map_or("none declared here".to_owned(), |household| {
                let (people, devices) = (household.people.len(), household.devices.len());
                format!("`{}` with {people} people and {devices} devices, for the first start only", household.name)
            }),
        ),
    ];
    for (what, value) in rows {
        let _ = writeln!(text, "  {what:<10} {value}");
    }
    if !config.lists.is_empty() {
        text.push('\n');
        let rows = config.lists.iter().map(|list| {
            let format = list.format.map_or("auto", |format| format.name());
            let hours = format!("{} h", list.refresh.as_secs() / 3600);
            let label = tag_id(list.tag).unwrap_or_default();
            vec![list.name.clone(), label.to_owned(), format.to_owned(), hours, source_text(&list.source)]
        });
        text.push_str(&table(&["list", "names are", "format", "every", "from"], rows));
    }
    print(&text)
}

fn status_text(status: &Status) -> String {
    let mut text = format!("{} — {} ({})\n\n", status.household, status.local_time, status.time_zone);
    let rows = status.interfaces.iter().map(|interface| {
        let how = match (&interface.attached, &interface.problem) {
            (Some(mode), _) => format!("filtered, {mode} XDP"),
            (None, Some(problem)) => format!("NOT filtered: {problem}"),
            (None, None) => "NOT filtered".to_owned(),
        };
        vec![interface.name.clone(), how]
    });
    text.push_str(&table(&["interface", "state"], rows));
    let (names, capacity) = (thousands(status.names), thousands(status.names_capacity));
    let lists = format!("{} of {} lists loaded", status.lists_loaded, status.lists_configured);
    let _ = write!(text, "\n{lists}, {names} names in the table (room for {capacity})\n");
    if !status.people.is_empty() {
        text.push('\n');
        let rows = status.people.iter().map(|person| {
            let until = person.until.clone().unwrap_or_else(|| "further notice".to_owned());
            let internet = if person.closed { "closed" } else { "open, filtered" };
            let then = person.then.clone().unwrap_or_default();
            vec![person.name.clone(), internet.to_owned(), person.now.clone(), until, then]
        });
        text.push_str(&table(&["person", "internet", "because", "until", "then"], rows));
    }
    if status.unknown_devices > 0 {
        let _ = write!(text, "\n{} unknown devices, see `stairgate devices`\n", status.unknown_devices);
    }
    let counters = status.counters.iter().filter(|(_, count)| **count > 0).collect::<Vec<_>>();
    if !counters.is_empty() {
        text.push('\n');
        let rows = counters.iter().map(|(name, count)| vec![name.replace('_', " "), thousands(**count)]);
        text.push_str(&table(&["counted", ""], rows));
    }
    for problem in &status.problems {
        let _ = write!(text, "\n! {problem}");
    }
    if !status.problems.is_empty() {
        text.push('\n');
    }
    text
}

fn people_text(people: &[PersonView]) -> String {
    if people.is_empty() {
        return "Nobody yet; the configuration file's [household] section can declare people.\n".to_owned();
    }
    let rows = people.iter().map(|person| {
        let role = match &person.age {
            Some(age) => format!("{} {age}", person.role),
            None => person.role.clone(),
        };
        let filtered = if person.filtered { "yes" } else { "no" };
        let blocked = match person.blocked.len() {
            0..=4 => person.blocked.join(", "),
            many => format!("{}, … {many} in all", person.blocked[..3].join(", ")),
        };
        let answers = person.answers.as_ref();
        let search = answers.map_or("", |answers| match (answers.safe_search, answers.given) {
            (true, true) => "safe",
            (true, false) => NOT_RESOLVED,
            (false, _) => "open",
        });
        let youtube = answers.map_or("", |answers| match (answers.youtube.as_str(), answers.given) {
            ("off", _) => "open",
            (_, false) => NOT_RESOLVED,
            (setting, true) => setting,
        });
        let kept = answers.map_or(String::new(), |answers| answers.log.replace('-', " "));
        let (filtered, search, youtube) = (filtered.to_owned(), search.to_owned(), youtube.to_owned());
        vec![person.name.clone(), role, filtered, person.devices.join(", "), blocked, search, youtube, kept]
    });
    table(&["person", "role", "filtered", "devices", "blocked", "search", "YouTube", "names kept"], rows)
}

fn devices_text(devices: &[DeviceView]) -> String {
    if devices.is_empty() {
        return "No devices yet.\n".to_owned();
    }
    let rows = devices.iter().map(|device| {
        let owner = device.owner.clone().unwrap_or_else(|| "unknown".to_owned());
        let seen = device.last_seen.as_ref().map_or_else(String::new, |seen| format!("seen {seen}"));
        let notes = [device.hint.clone().unwrap_or_default(), seen];
        let notes = notes.into_iter().filter(|note| !note.is_empty()).collect::<Vec<_>>().join(", ");
        vec![device.mac.clone(), owner, device.label.clone(), notes]
    });
    table(&["address", "whose", "label", ""], rows)
}

fn usage_text(people: &[UsageView]) -> String {
    let mut text = String::new();
    for UsageView { person, quotas, days } in people {
        let _ = writeln!(text, "{}{person}", if text.is_empty() { "" } else { "\n" });
        for QuotaView { what, used, allowed } in quotas {
            let what = what.as_deref().unwrap_or("everything");
            let left = allowed.saturating_sub(u32::from(*used));
            let _ = writeln!(text, "{what}: {used} of {allowed} minutes used today, {left} left");
        }
        if days.is_empty() {
            text.push_str("no use was counted\n");
        }
        for DayView { date, minutes, evidence } in days {
            let _ = writeln!(text, "\n{date}: {minutes} minutes");
            let rows = evidence.iter().map(|it| {
                let what = it.what.clone().unwrap_or_else(|| "other".to_owned());
                let device = it.device.clone().unwrap_or_else(|| "unknown".to_owned());
                vec![
                    what,
                    device,
                    it.minutes.to_string(),
                    format!("{}-{}", it.from, it.to),
                    format!("{} kB", thousands(it.bytes_sent / 1000)),
                ]
            });
            text.push_str(&table(&["what", "device", "minutes", "between", "sent"], rows));
        }
    }
    if text.is_empty() { "Nobody's use is counted, because nobody is filtered.\n".to_owned() } else { text }
}

fn lists_text(lists: &[ListView]) -> String {
    if lists.is_empty() {
        return "No lists are configured; add [[list]] sections to the configuration file.\n".to_owned();
    }
    let rows = lists.iter().map(|list| {
        let rules = list.rules.map_or_else(|| "none".to_owned(), thousands);
        let names = list.names.map_or_else(String::new, thousands);
        vec![list.name.clone(), list.label.clone(), rules, names, list.checked.clone().unwrap_or_default()]
    });
    let mut text = table(&["list", "names are", "rules", "names", "checked"], rows);
    for list in lists {
        if !list.skipped.is_empty() {
            let skipped = list.skipped.iter().map(|(why, count)| format!("{} {why}", thousands(*count)));
            let _ = write!(text, "\n{}: skipped {}", list.name, skipped.collect::<Vec<_>>().join(", "));
        }
        if let Some(problem) = &list.problem {
            let _ = write!(text, "\n! {}: {problem}", list.name);
        }
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn explanation_text(explanation: &Explanation) -> String {
    let mut text = format!("{}\n", explanation.sentence);
    if !explanation.suffixes.is_empty() {
        text.push('\n');
        let rows = explanation.suffixes.iter().map(|suffix| {
            let except = suffix.except.join(", ");
            vec![suffix.suffix.clone(), suffix.tags.join(", "), suffix.blocked.join(", "), except]
        });
        text.push_str(&table(&["the table knows", "as", "blocked", "taken back"], rows));
    }
    if !explanation.rules.is_empty() {
        text.push('\n');
        let rows = explanation.rules.iter().map(|rule| {
            let kind = if rule.exception { "allows" } else { "names" };
            vec![rule.list.clone(), rule.line.to_string(), kind.to_owned(), rule.suffix.clone(), rule.text.clone()]
        });
        text.push_str(&table(&["list", "line", "it", "name", "as written"], rows));
    }
    text
}

/// Columns as wide as their widest cell, two spaces apart. Cells may hold text from lists: control characters are
/// shown, not obeyed.
fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let printable = |cell: String| cell.replace(char::is_control, "\u{fffd}");
    let mut lines: Vec<Vec<String>> = vec![heads.iter().map(|head| (*head).to_owned()).collect()];
    lines.extend(rows.map(|row| row.into_iter().map(printable).collect()));
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let mut row = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            let _ = write!(row, "{cell:<width$}  ");
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

/// A number with its thousands apart.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

fn query_text(query: &QueryView, whose: &str) -> String {
    let time = query.at.get(11..19).unwrap_or(&query.at);
    let name = query.name.as_deref().unwrap_or("(a name)");
    let mut text = format!("{time}  {whose}  {name}  {}", query.verdict);
    if let Some(reason) = &query.reason {
        let _ = write!(text, ": {reason}");
    }
    match query.taken_us {
        Some(taken) => {
            let _ = writeln!(text, "  ({:.1} ms)", taken as f64 / 1e3);
        }
        None => text.push_str("  (by the kernel)\n"),
    }
    text
}

/// The reply as JSON: an object with its kind as the only key. It is written as the agent writes it and read again, since
/// code that makes documents of all replies directly would be larger than all that uses it.
fn document(reply: &Reply) -> io::Result<Value> {
    Ok(serde_json::from_slice(&serde_json::to_vec(reply)?)?)
}

/// A reply without its kind.
fn content(reply: Value) -> Value {
    match reply {
        Value::Object(kinds) => kinds.into_iter().next().map_or(Value::Null, |(_, content)| content),
        other => other,
    }
}

/// One document a line, for programs that read as it comes.
fn print_line(value: &Value) -> io::Result<()> {
    print(&format!("{value}\n"))
}

fn print_json(value: &Value) -> io::Result<()> {
    print(&format!("{value:#}\n"))
}

/// Whoever closes the pipe early (`| head`) wants no error.
fn print(text: &str) -> io::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// The code, where to type it, and the first address for a telephone's camera.
fn code_text(code: &str, addresses: &[String]) -> String {
    let mut text = format!("code     {code}   (good for an hour, once)\n");
    for address in addresses {
        text += &format!("page     {address}\n");
    }
    if let Some(symbol) = addresses.first().and_then(|address| QrCode::encode_text(address, QrCodeEcc::Low).ok()) {
        text.push('\n');
        text += &qr_text(&symbol);
    }
    text
}

/// Two rows of the symbol in a line, dark on light whatever the terminal's colours, with the margin of four modules that
/// cameras need (ISO/IEC 18004 §9.1).
fn qr_text(symbol: &QrCode) -> String {
    const MARGIN: i32 = 4;
    let range = -MARGIN..symbol.size() + MARGIN;
    let mut text = String::new();
    for y in range.clone().step_by(2) {
        for x in range.clone() {
            // A light module is drawn, a dark one left to the background.
            text.push(match (symbol.get_module(x, y), symbol.get_module(x, y + 1)) {
                (false, false) => '█',
                (false, true) => '▀',
                (true, false) => '▄',
                (true, true) => ' ',
            });
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::AnswersView;

    #[test]
    fn what_nobody_sees_to_is_not_said_to_hold() {
        let text = |given| {
            let answers = AnswersView {
                safe_search: true,
                youtube: "strict".to_owned(),
                given,
                strip_ech: true,
                resolved_only: false,
                upstreams: None,
                log: "nothing".to_owned(),
            };
            people_text(&[PersonView {
                name: "Mia".to_owned(),
                role: "child".to_owned(),
                age: Some("6-9".to_owned()),
                filtered: true,
                devices: Vec::new(),
                blocked: Vec::new(),
                denied_names: Vec::new(),
                allowed_names: Vec::new(),
                answers: Some(answers),
            }])
        };
        let (with, without) = (text(true), text(false));
        assert!(with.contains("safe") && with.contains("strict"), "{with}");
        assert!(!without.contains("safe") && !without.contains("strict"), "{without}");
    }
}
