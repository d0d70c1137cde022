//! `cargo xtask load`: what the gate costs, measured on the same home in one run with the gate and without.

mod measure;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::json;

use crate::lab::Lab;
use crate::lab::agent::{self, Gate};
use crate::lab::client::Ip;
use crate::lab::home::{EXTRA_DEVICES_MAX, Placement, Who};
use crate::lab::household::Household;
use crate::lab::sites::Names;
use crate::packages;
use crate::ui::{Progress, Screen, Tone};
use measure::{Direction, dns, ping, transfer};

/// Drives the home and compares the gate with no gate.
#[derive(Args)]
pub(crate) struct Options {
    /// Devices that are busy at the same time.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=i64::from(EXTRA_DEVICES_MAX)))]
    devices: u8,
    /// Megabits per second of each device's transfers; 0 for as fast as it goes.
    #[arg(long, default_value_t = 0)]
    rate: u32,
    /// DNS queries per second; 0 for as fast as it goes.
    #[arg(long, default_value_t = 2000)]
    queries: u32,
    /// Names on an additional, generated list.
    #[arg(long, default_value_t = 1_000_000)]
    names: u32,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 3)]
    seconds: u32,
    /// Rounds; each measures every state of the gate, and the middle of all rounds counts.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// The gate's states that are compared, and whose devices are busy meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum State {
    /// No XDP program at all.
    Off,
    /// A program that does nothing, in the gate's place: veth copies every packet for any program, which no network card
    /// does, and the gate is to be compared with this.
    Empty,
    /// The gate is there, and lets this person's devices pass at once.
    Unmanaged,
    /// The gate is there, and filters this person's devices.
    Filtered,
}

impl State {
    const ALL: [Self; 4] = [Self::Off, Self::Empty, Self::Unmanaged, Self::Filtered];

    const fn title(self) -> &'static str {
        match self {
            Self::Off => "no XDP",
            Self::Empty => "empty XDP",
            Self::Unmanaged => "parent",
            Self::Filtered => "child",
        }
    }
}

/// One thing that was measured once.
struct Figure {
    name: String,
    title: String,
    unit: &'static str,
    value: f64,
}

impl Figure {
    fn new(name: impl Into<String>, title: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Self { name: name.into(), title: title.into(), unit, value }
    }
}

/// Measures and prints a table, then one JSON line for each figure.
pub(crate) fn run(screen: &Screen, options: &Options) -> Result<()> {
    packages::require_root()?;
    packages::require_programs(screen)?;
    ensure!(options.rounds > 0 && options.seconds > 0, "--rounds and --seconds have to be 1 or more");
    ensure!(
        options.devices <= EXTRA_DEVICES_MAX / 2,
        "--devices can be {} at most: as many again belong to the parent",
        EXTRA_DEVICES_MAX / 2
    );
    let binary = agent::build(screen)?;
    let mut lab = screen.step("Building a home and an internet in network namespaces", |_| {
        Lab::build(Names::RealIfThere, Placement::Router)
    })?;
    for _ in 0..options.devices * 2 {
        lab.home.add_device()?;
    }
    lab.internet.start_iperf(&lab.folder, options.devices)?;
    let queries = lab.folder.path("queries.txt");
    write_queries(&lab, &queries)?;
    let mut household = Household::new(&lab);
    for number in 0..options.devices {
        household.add_device(Who::Jonas, number);
        household.add_device(Who::Parent, number + options.devices);
    }
    household.add_generated_list(&lab, options.names)?;
    let mut gate = Gate::new(&lab, binary);
    let mut rounds: Vec<(State, Vec<Figure>)> = Vec::new();
    for round in 1..=options.rounds {
        for state in State::ALL {
            let label = format!("Round {round} of {}: {}", options.rounds, state.title());
            let figures = screen.step(&label, |progress| {
                match state {
                    State::Off => gate.remove()?,
                    State::Empty => lab.home.set_empty_program(true)?,
                    State::Unmanaged => {
                        lab.home.set_empty_program(false)?;
                        gate.set_up(&lab, &household)?;
                    }
                    State::Filtered => {}
                }
                measure_all(&lab, state, options, &queries, progress)
            })?;
            rounds.push((state, figures));
        }
    }
    print_table(screen, &rounds);
    print_lines(screen, options, &rounds);
    Ok(())
}

fn measure_all(lab: &Lab, state: State, options: &Options, queries: &Path, progress: &Progress) -> Result<Vec<Figure>> {
    let half = usize::from(options.devices);
    let (childs, parents) = lab.home.extra.split_at(half);
    let devices = if state == State::Unmanaged { parents } else { childs };
    let first = &devices[0];
    let mut figures = Vec::new();
    for ip in Ip::ALL {
        for direction in [Direction::Up, Direction::Down] {
            let (name, title) = match direction {
                Direction::Up => (format!("up_{ip}"), format!("upload, {}", ip.title())),
                Direction::Down => (format!("down_{ip}"), format!("download, {}", ip.title())),
            };
            progress.say(&title);
            let transfer = transfer(devices, ip, direction, options.seconds, options.rate)?;
            figures.push(Figure::new(&name, title, "Gbit/s", transfer.gigabits));
            figures.push(Figure::new(format!("{name}_cpu"), "  processors busy", "cpu", transfer.processors));
        }
    }
    for ip in Ip::ALL {
        progress.say("ping");
        let latency = ping(first, ip)?;
        figures.push(Figure::new(format!("ping_{ip}_p50"), format!("ping, {}, middle", ip.title()), "us", latency.p50));
        figures.push(Figure::new(format!("ping_{ip}_p99"), "  slowest of 100", "us", latency.p99));
    }
    for ip in Ip::ALL {
        progress.say("DNS");
        let dns = dns(first, ip, queries, options.seconds, options.queries)?;
        figures.push(Figure::new(format!("dns_{ip}_rate"), format!("DNS, {}", ip.title()), "1/s", dns.answers));
        figures.push(Figure::new(format!("dns_{ip}_p50"), "  answer, middle", "us", dns.latency.p50));
        figures.push(Figure::new(format!("dns_{ip}_p99"), "  answer, slowest of 100", "us", dns.latency.p99));
    }
    Ok(figures)
}

/// Queries for everyday sites: names that everybody may reach, so that the same work is done in every state.
fn write_queries(lab: &Lab, path: &Path) -> Result<()> {
    let everyday = lab.sites.all.iter().filter(|site| site.kind.category.is_none());
    let lines: String = everyday.flat_map(|site| [site.name.as_str(), " A\n", &site.name, " AAAA\n"]).collect();
    fs::write(path, lines).with_context(|| format!("cannot write {}", path.display()))
}

fn print_table(screen: &Screen, rounds: &[(State, Vec<Figure>)]) {
    let Some((_, sample)) = rounds.first() else { return };
    let titles: String = State::ALL.iter().map(|state| format!("{:>11}", state.title())).collect();
    screen.heading(&format!("{:26}{titles}   against empty XDP", "middle of all rounds"));
    for (place, figure) in sample.iter().enumerate() {
        let values = State::ALL.map(|state| median(rounds, state, place));
        let columns: String = values.iter().map(|value| format!("{value:>11.2}")).collect();
        let [_, empty, unmanaged, filtered] = values;
        let share = |value: f64| if empty > 0.0 { format!("{:.0} %", value / empty * 100.0) } else { String::new() };
        let aside = format!("{:7}{:>6}{:>7}", figure.unit, share(unmanaged), share(filtered));
        screen.line(format_args!("{:26}{columns}   {}", figure.title, screen.paint(Tone::Quiet, aside)));
    }
    screen.note("Clients, router, servers and gate share this machine's processors: what one wins, another pays.");
}

fn print_lines(screen: &Screen, options: &Options, rounds: &[(State, Vec<Figure>)]) {
    let Some((_, sample)) = rounds.first() else { return };
    screen.line("");
    for (place, figure) in sample.iter().enumerate() {
        let [off, empty, unmanaged, filtered] = State::ALL.map(|state| median(rounds, state, place));
        let line = json!({
            "name": figure.name, "unit": figure.unit,
            "off": off, "empty": empty, "unmanaged": unmanaged, "filtered": filtered,
            "devices": options.devices, "rate_mbit": options.rate, "names": options.names, "rounds": options.rounds,
        });
        screen.line(line);
    }
}

fn median(rounds: &[(State, Vec<Figure>)], state: State, place: usize) -> f64 {
    let of_state = rounds.iter().filter(|(of, _)| *of == state);
    let mut values: Vec<f64> = of_state.filter_map(|(_, figures)| figures.get(place)).map(|f| f.value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
