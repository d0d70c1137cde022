//! What people type.

mod ask;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{self, Config, ConfigError, DEFAULT_PATHS, DEFAULT_PIN_DIR};
use crate::kernel::with_causes;
use crate::log::Log;
use crate::{doctor, output, run, update};

/// It was done.
const DONE: u8 = 0;
/// It was not done; standard error says why and what to do.
const FAILED: u8 = 1;
/// The agent is not running. (2 is for a command that cannot be understood.)
const NOT_RUNNING: u8 = 3;
/// The configuration file is wrong.
const BAD_CONFIG: u8 = 4;

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "stairgate",
    version,
    about = "A home-network filter for families",
    after_help = "\
Examples:
  stairgate check                        Is the configuration file right?
  stairgate status                       Where the gate stands, and how it is for everyone now
  stairgate pause mia --for 30m          No internet for Mia for half an hour
  stairgate pause mia --until 07:00      ... until seven o'clock
  stairgate resume mia
  stairgate quota mia 90m --days mon-fri How long Mia may use the internet, all devices together
  stairgate usage mia                    What was counted, and why
  stairgate block example.com for mia    The name and everything beneath it
  stairgate allow youtube for mia        A whole service; `stairgate categories` shows all
  stairgate explain example.com for mia  Why is it blocked, and by which line of which list?
  stairgate watch                        Queries as they come, as far as they may be seen
  stairgate devices assign 02:00:5e:10:00:01 mia --label \"Mia's tablet\"

Exit codes: 0 done, 1 not done, 2 command not understood, 3 agent not running, 4 configuration wrong."
)]
pub struct Cli {
    #[arg(long, global = true, value_name = "FILE", help = format!(
        "Configuration file [default: {}; without it {}, which OpenWrt's start script writes]",
        DEFAULT_PATHS[0], DEFAULT_PATHS[1]
    ))]
    config: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the agent; the gate stays in force when it ends
    Run {
        /// Remove the gate from the kernel on a clean exit
        #[arg(long)]
        detach_on_exit: bool,
    },
    /// Show where the gate stands, and how it is for everyone now
    Status,
    /// Check the configuration file and show what it means
    Check,
    /// Show known devices, and unknown ones heard of lately
    Devices {
        #[command(subcommand)]
        command: Option<DevicesCommand>,
    },
    /// Make a code that lets the first guardian in on the pages, or one who has lost everything else
    ///
    /// It is good for an hour. Whoever can only reach the box's disk writes eight digits into the file `sign-in-code` in the
    /// agent's directory, /var/lib/stairgate unless configured otherwise: they are the code after the next start.
    Code,
    /// Show everyone in the household
    People,
    /// Close everything for a person
    #[command(after_help = "\
Examples:
  stairgate pause mia
  stairgate pause mia --for 30m
  stairgate pause mia --until 07:00")]
    Pause {
        /// The person
        person: String,
        /// For how long, such as 30m or 2h
        #[arg(long = "for", value_name = "TIME", conflicts_with = "until", value_parser = ask::seconds)]
        length: Option<u64>,
        /// Until the clocks show this time, such as 07:00
        #[arg(long, value_name = "HH:MM")]
        until: Option<String>,
    },
    /// End a pause
    Resume {
        /// The person
        person: String,
    },
    /// Show minutes of use, what they were counted for, and how much of the quotas is left
    Usage {
        /// The person; everybody whose devices are filtered without it
        person: Option<String>,
        /// How many days, today among them
        #[arg(long, default_value_t = 1)]
        days: u16,
    },
    /// Set how long a person may use something a day; on its days it takes the place of what was set for the same thing
    #[command(after_help = "\
Examples:
  stairgate quota mia 2h                              Everything together, every day
  stairgate quota mia 30m --of youtube --days mon-fri
  stairgate quota mia none --of youtube               No quota any more")]
    Quota {
        /// The person
        person: String,
        /// How long a day, such as 90m or 2h, or `none`
        #[arg(value_name = "TIME", value_parser = ask::quota)]
        minutes: ask::QuotaMinutes,
        /// A category or service; everything together without it
        #[arg(long, value_name = "ID")]
        of: Option<String>,
        /// The days, such as mon-fri or sat,sun
        #[arg(long, default_value = "daily")]
        days: String,
    },
    /// Give a person more time today: the everyday rules hold, and every quota is so much longer
    More {
        /// The person
        person: String,
        /// How long, such as 30m
        #[arg(value_name = "TIME", value_parser = ask::minutes)]
        minutes: u16,
        /// Only of this category or service, on top of its quota
        #[arg(long, value_name = "ID")]
        of: Option<String>,
    },
    /// Allow a name, category or service for a person
    Allow(NameForPerson),
    /// Block a name, category or service for a person
    Block(NameForPerson),
    /// Leave a name, category or service to the lists again
    Forget(NameForPerson),
    /// Say why a name is allowed or blocked for a person
    Explain(NameForPerson),
    /// Show the lists, their state and what was skipped
    Lists {
        #[command(subcommand)]
        command: Option<ListsCommand>,
    },
    /// Show queries as they come, as far as the privacy of whoever asks allows; nothing of them is kept
    Watch,
    /// Forget the answers that the resolver keeps, so that it asks anew
    Flush {
        /// This name and everything beneath it; all answers without it
        name: Option<String>,
    },
    /// Show counters in the text format of Prometheus
    Metrics,
    /// Show every category and service that rules and lists can name
    Categories,
    /// Look for what this machine lacks, what it costs and what to do
    Doctor,
    /// Print a hash of the tables that the lists in files compile to, for comparing machines
    #[command(hide = true)]
    Digest,
    /// Remove the gate from the kernel; the agent must not be running
    Detach,
    /// Say which version an agent is, if this router image may run it in place of its own
    #[command(hide = true)]
    VerifyAgent {
        /// The program; its signature lies beside it, as NAME.minisig
        program: PathBuf,
    },
    /// Bring a signed update of the router image: to the slot that is not in use, or of the agent alone; it is tried first
    Update {
        /// A file, or an http or https address; its signature lies beside it, as NAME.minisig
        source: String,
        /// Take a version that is older than the running one
        #[arg(long)]
        allow_older: bool,
    },
}

#[derive(Debug, Subcommand)]
enum DevicesCommand {
    /// Say whose a device is
    Assign {
        /// Hardware address, as `stairgate devices` shows it
        mac: String,
        /// A person, `shared` (the family's rules for unknown devices) or `unmanaged` (no rules)
        owner: String,
        /// What the family calls the device
        #[arg(long)]
        label: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum ListsCommand {
    /// Look for a list anew, or for all
    Update {
        /// The list; all without it
        name: Option<String>,
    },
}

#[derive(Debug, Args)]
struct NameForPerson {
    /// A domain name such as example.com, or the id of a category or service
    name: String,
    /// The word `for`
    #[arg(value_parser = ["for"], hide_possible_values = true, value_name = "for")]
    filler: String,
    /// The person
    person: String,
}

/// Does what the command line says; `object` is the kernel program, compressed.
pub fn main(object: &[u8]) -> ExitCode {
    let cli = Cli::parse();
    let code = match execute(&cli, object) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "stairgate: {}", with_causes(error.as_ref()));
            FAILED
        }
    };
    ExitCode::from(code)
}

fn execute(cli: &Cli, object: &[u8]) -> anyhow::Result<u8> {
    if let Command::Categories = cli.command {
        output::categories(cli.json)?;
        return Ok(DONE);
    }
    if let Command::Update { source, allow_older } = &cli.command {
        let update::Written { version, place } =
            update::update(source, *allow_older, &mut |_| ControlFlow::Continue(()))?;
        let words = match place {
            update::Place::Slot(slot) => {
                format!("version {version} is in slot {slot}; restart to try it: it is kept only if it works")
            }
            update::Place::Agent => {
                format!("version {version} of the agent is tried now, and kept only if it works; the gate stays")
            }
        };
        output::sentence(&words, cli.json)?;
        return Ok(DONE);
    }
    if let Command::VerifyAgent { program } = &cli.command {
        output::sentence(&update::verify_agent(program)?, cli.json)?;
        return Ok(DONE);
    }
    let (file, config) = match load(cli.config.as_deref()) {
        Ok(loaded) => loaded,
        // A machine without a configuration can be looked at too.
        Err(_) if matches!(cli.command, Command::Doctor) => {
            return finish(doctor::examine(None), cli.json);
        }
        // A gate must not stay for ever because of a mistake in a file, or because the file has gone before it.
        Err(error) if matches!(cli.command, Command::Detach) => {
            let place = "so the gate is looked for where it is unless configured otherwise";
            let _ = writeln!(std::io::stderr(), "{error}\n{place}: {DEFAULT_PIN_DIR}");
            return detach(Path::new(DEFAULT_PIN_DIR), object, cli.json);
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            return Ok(BAD_CONFIG);
        }
    };
    match &cli.command {
        Command::Run { detach_on_exit } => {
            let log = Log::default();
            let written = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
            let written = written.with_filter(config.log_level);
            tracing_subscriber::registry().with(written).with(log.clone().with_filter(LevelFilter::INFO)).init();
            run::run(config, object, *detach_on_exit, log)?;
            Ok(DONE)
        }
        Command::Check => {
            output::check(&file, &config, run::domain_capacity(&config), cli.json)?;
            Ok(DONE)
        }
        Command::Doctor => finish(doctor::examine(Some(&config)), cli.json),
        Command::Digest => {
            let (names, digest) = run::digest(&config)?;
            output::sentence(&format!("{names} names, {digest}"), cli.json)?;
            Ok(DONE)
        }
        Command::Detach => detach(&config.pin_dir, object, cli.json),
        Command::Watch => ask::watch(&config.control_socket, cli.json),
        command => ask::ask(&config.control_socket, ask::request(command), cli.json),
    }
}

/// The configuration, with the file that it stands in.
fn load(file: Option<&Path>) -> Result<(PathBuf, Config), ConfigError> {
    let file = file.map_or_else(|| config::first_of(DEFAULT_PATHS), |file| Ok(file.to_owned()))?;
    let config = Config::load(&file)?;
    Ok((file, config))
}

fn detach(pin_dir: &Path, object: &[u8], json: bool) -> anyhow::Result<u8> {
    let count = run::detach(pin_dir, object)?;
    output::sentence(&format!("the gate was taken off {count} interfaces and out of the kernel"), json)?;
    Ok(DONE)
}

/// The doctor fails if the gate cannot work here.
fn finish(findings: Vec<doctor::Finding>, json: bool) -> anyhow::Result<u8> {
    let broken = findings.iter().any(|finding| finding.state == doctor::State::Missing);
    output::findings(&findings, json)?;
    Ok(if broken { FAILED } else { DONE })
}
