//! What is left when the agent is killed in the middle of changes: a state that it acknowledged, or the one after it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use stairgate_policy::household::{Action, AgeBand, Window};
use stairgate_webui::forms::AnswerChoice;

use super::*;

/// Names the directory to the process that changes a household until it is killed.
const DIRECTORY: &str = "STAIRGATE_TEST_CHANGES_IN";
/// How often it is killed.
const ROUNDS: u32 = 20;
/// Changes that are made in all, at least.
const CHANGES: usize = 1000;

/// The application on the database in `directory`.
fn opened(directory: &Path) -> Application<MemoryGate> {
    let config = Config::parse(CONFIG).unwrap();
    let store = Store::open(directory).unwrap();
    Application::new(&config, store, Arc::new(MemoryGate::default())).unwrap()
}

/// Makes some change; which one follows from `seed`.
fn change(app: &mut Application<MemoryGate>, seed: u64, now: Moment) -> Result<Changed, ApplicationError> {
    // The steps of a linear congruential generator (Knuth, MMIX), whose high bits are the random ones.
    let mixed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33;
    let name = format!("name{}.example", mixed % 7);
    match mixed % 9 {
        0 => app.pause(MIA_ID, &PauseEnd::After(60 + mixed % 600), &by(), now),
        1 => app.give_time(MIA_ID, 1 + (mixed % 5) as u16, &by(), now).or_else(|_| app.resume(MIA_ID, &by(), now)),
        2 => app.set_name(MIA_ID, &name, Some(Action::Allow), &by(), now),
        3 => app.set_name(MIA_ID, &name, None, &by(), now),
        4 => app.ask(MIA_ID, &Asked::Site(&name), "", &by(), now),
        5 => match app.requests().iter().find(|request| request.answer.is_none()) {
            Some(request) => app.answer(request.id, AnswerChoice::Today, None, "", &by(), now),
            None => app.add_child(&format!("child {mixed}"), AgeBand::From6To9, &by(), now),
        },
        6 => match app.household().people.last().map(|person| (person.id, person.name.clone())) {
            Some((id, name)) if id > MIA_ID => app.erase(id, &name, &by(), now),
            _ => app.set_retention((mixed % 30) as u16, &by(), now),
        },
        7 => {
            app.adopt_device([6, 0, 0, 0, 0, mixed as u8], stairgate_policy::household::Owner::Shared, None, &by(), now)
        }
        _ => {
            let [from, to] = [mixed % 20, mixed % 20 + 2].map(|hour| format!("{hour:02}:00").parse().unwrap());
            let days = "daily".parse().unwrap();
            let mode = stairgate_policy::household::HOMEWORK.clone();
            app.set_week(MIA_ID, vec![Window { days, from, to, mode }], &by(), now)
        }
    }
}

/// Not a test by itself: what the other test runs and kills. Without the variable it has nothing to do.
#[test]
fn changes_a_household_until_it_is_killed() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let mut app = opened(Path::new(&directory));
    let mut output = std::io::stdout();
    for step in app.revision().. {
        // A minute a step, so that pauses end and questions may be asked again.
        let wall = Timestamp::from_second(1_800_000_000 + step as i64 * 60).unwrap();
        let now = Moment { wall, boot_ns: step * 60_000_000_000 };
        // What is refused, such as one child too many, changes nothing.
        let seed = step.wrapping_add(app.revision() << 20);
        let _ = change(&mut app, seed, now);
        let told =
            writeln!(output, "\nacknowledged {} {:x}", app.revision(), state(&app)).and_then(|()| output.flush());
        if told.is_err() {
            return;
        }
    }
}

/// A number for the whole state.
fn state(app: &Application<MemoryGate>) -> u64 {
    stairgate_abi::hash::NameHash::of(1, &app.export().unwrap()).0
}

/// A process that is killed in the end, whatever happens.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn killed_at_any_moment_it_goes_on_from_what_was_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let (mut changes, mut caught) = (0, 0);
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "application::tests::killed::changes_a_household_until_it_is_killed", "--nocapture"]);
        child.env(DIRECTORY, directory.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = Killed(child.spawn().unwrap());
        let lines = BufReader::new(child.0.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut acknowledged = lines.filter_map(|line| {
            let (revision, state) = line.strip_prefix("acknowledged ")?.split_once(' ')?;
            Some((revision.parse::<u64>().unwrap(), u64::from_str_radix(state, 16).unwrap()))
        });
        let mut last = acknowledged.by_ref().take(CHANGES / ROUNDS as usize).last().unwrap();
        // Somewhere in the next change.
        std::thread::sleep(std::time::Duration::from_micros(u64::from(round) * 97));
        child.0.kill().unwrap();
        child.0.wait().unwrap();
        // What it still said before it was killed.
        last = acknowledged.last().unwrap_or(last);
        let app = opened(directory.path());
        app.household().validate().unwrap();
        if app.revision() == last.0 {
            assert_eq!(state(&app), last.1, "another state than was acknowledged, after {} changes", last.0);
        } else {
            // Saved, and killed before it could say so.
            assert_eq!(app.revision(), last.0 + 1);
            caught += 1;
        }
        changes = app.revision();
    }
    assert!(changes > CHANGES as u64 / 2, "nearly everything was refused");
    println!("{changes} changes; {caught} of {ROUNDS} kills came between saving and saying so");
}
