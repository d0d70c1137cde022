//! Counters in the text format of Prometheus (exposition format 0.0.4). There are no names of sites, people or devices
//! in them.

use std::fmt::Write as _;

use crate::resolver::cache::CacheStatus;
use crate::resolver::counts::{WAIT_BOUNDS_MS, Waits};
use crate::resolver::upstream::ServerStatus;
use crate::view::Status;

/// What the resolver tells of itself.
#[derive(Debug)]
pub struct Resolving {
    /// Queries by what became of them.
    pub queries: Vec<(&'static str, u64)>,
    /// How long clients waited for the upstreams.
    pub waits: Waits,
    /// The cache.
    pub cache: CacheStatus,
    /// The servers that are asked.
    pub upstreams: Vec<ServerStatus>,
    /// Answers by what their validation came to; none if nothing is validated.
    pub validated: Option<[(&'static str, u64); 3]>,
}

/// The whole text. Without a resolver there is nothing about it.
pub fn text(status: &Status, resolving: Option<&Resolving>) -> String {
    let mut text = String::new();
    let packets: Vec<_> = status.counters.iter().map(|(name, count)| (label("kind", name), *count as f64)).collect();
    family(&mut text, "stairgate_gate_packets_total", "counter", "Packets and names that the gate judged.", &packets);
    let plain = |value: f64| [(String::new(), value)];
    family(&mut text, "stairgate_names", "gauge", "Names in the domain table.", &plain(status.names as f64));
    let capacity = plain(status.names_capacity as f64);
    family(&mut text, "stairgate_names_capacity", "gauge", "Names that the domain table has room for.", &capacity);
    let loaded = plain(status.lists_loaded as f64);
    family(&mut text, "stairgate_lists_loaded", "gauge", "Lists in use.", &loaded);
    let problems = plain(status.problems.len() as f64);
    family(&mut text, "stairgate_problems", "gauge", "What went wrong and was not put right yet.", &problems);
    let Some(Resolving { queries, waits, cache, upstreams, validated }) = resolving else { return text };
    let queries: Vec<_> = queries.iter().map(|(name, count)| (label("result", name), *count as f64)).collect();
    family(&mut text, "stairgate_dns_queries_total", "counter", "Queries by what became of them.", &queries);
    histogram(&mut text, waits);
    if let Some(validated) = validated {
        let validated = validated.map(|(name, count)| (label("result", name), count as f64));
        let help = "Answers of upstream servers by what their validation came to.";
        family(&mut text, "stairgate_dnssec_answers_total", "counter", help, &validated);
    }
    let answers = plain(cache.answers as f64);
    family(&mut text, "stairgate_dns_cache_answers", "gauge", "Answers in the cache.", &answers);
    family(&mut text, "stairgate_dns_cache_bytes", "gauge", "Bytes that the cache takes.", &plain(cache.bytes as f64));
    // A server can be in several sets; what is counted belongs to each of its places.
    let servers = |value: &dyn Fn(&ServerStatus) -> f64| -> Vec<(String, f64)> {
        let name = |(place, server): (usize, &ServerStatus)| {
            (
                format!("{},{}", label("server", &server.address.to_string()), label("place", &place.to_string())),
                value(server),
            )
        };
        upstreams.iter().enumerate().map(name).collect()
    };
    let answered = servers(&|server| server.answered as f64);
    family(&mut text, "stairgate_upstream_answered_total", "counter", "Queries that the server answered.", &answered);
    let failed = servers(&|server| server.failed as f64);
    family(&mut text, "stairgate_upstream_failed_total", "counter", "Queries that the server did not answer.", &failed);
    let seconds = servers(&|server| server.expected.map_or(f64::NAN, |time| time.as_secs_f64()));
    family(&mut text, "stairgate_upstream_seconds", "gauge", "How long an answer takes, smoothed.", &seconds);
    text
}

/// The classes of a histogram are cumulative in this format.
fn histogram(text: &mut String, waits: &Waits) {
    let name = "stairgate_dns_wait_seconds";
    let _ = write!(
        text,
        "# HELP {name} How long answers took that the upstreams were asked for.\n# TYPE {name} histogram\n"
    );
    let bounds = WAIT_BOUNDS_MS.iter().map(|bound| (*bound as f64 / 1e3).to_string()).chain(["+Inf".to_owned()]);
    let mut count = 0;
    for (bound, more) in bounds.zip(waits.counts) {
        count += more;
        let _ = writeln!(text, "{name}_bucket{{{}}} {count}", label("le", &bound));
    }
    let _ = write!(text, "{name}_sum {}\n{name}_count {count}\n", waits.total_us as f64 / 1e6);
}

/// One metric with its samples, each with its labels.
fn family(text: &mut String, name: &str, kind: &str, help: &str, samples: &[(String, f64)]) {
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    for (labels, value) in samples {
        let value = if value.is_nan() { "NaN".to_owned() } else { value.to_string() };
        let _ = match labels.as_str() {
            "" => writeln!(text, "{name} {value}"),
            labels => writeln!(text, "{name}{{{labels}}} {value}"),
        };
    }
}

/// A label, with what has a meaning in the format escaped.
fn label(key: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{key}=\"{value}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_written_as_the_format_has_it() {
        let mut text = String::new();
        family(&mut text, "x_total", "counter", "Some.", &[(label("a", "b\"c\\"), 3.0), (String::new(), 0.25)]);
        assert_eq!(text, "# HELP x_total Some.\n# TYPE x_total counter\nx_total{a=\"b\\\"c\\\\\"} 3\nx_total 0.25\n");
        text.clear();
        family(&mut text, "x", "gauge", "Some.", &[(String::new(), f64::NAN)]);
        assert!(text.ends_with("\nx NaN\n"), "{text}");
        text.clear();
        histogram(&mut text, &Waits { counts: [3, 0, 0, 1, 0, 0, 0, 0, 2], total_us: 5_250_000 });
        let line = |line: &str| text.lines().any(|there| there == format!("stairgate_dns_wait_seconds{line}"));
        assert!(
            line("_bucket{le=\"0.002\"} 3") && line("_bucket{le=\"2\"} 4") && line("_bucket{le=\"+Inf\"} 6"),
            "{text}"
        );
        assert!(line("_sum 5.25") && line("_count 6"), "{text}");
    }
}
