//! What is left when the agent is killed in the middle of a change: the state before it, which was acknowledged, or the one
//! after it, and never anything else.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use stairgate_policy::household::{Action, AgeBand, Role, Window};
use stairgate_webui::forms::AnswerChoice;

use super::*;

/// Names the directory to the process that changes a household until it is killed.
const DIRECTORY: &str = "STAIRGATE_TEST_CHANGES_IN";
/// Changes that are asked for in all.
const CHANGES: u64 = 1000;
/// Each of so many changes is one in which the process is killed.
const CHANGES_PER_KILL: u64 = 25;
/// What the process says before a state that it acknowledges.
const ACKNOWLEDGED: &str = "acknowledged ";
/// What it says between saving and acknowledging, where it then stays for ever.
const SAVED: &str = "saved";
/// What a change is asked for with that is to stay there.
const HOLD: &str = " hold";

/// The application on the database in `directory`.
fn opened(directory: &Path) -> Application<MemoryGate> {
    let config = Config::parse(CONFIG).unwrap();
    let store = Store::open(directory).unwrap();
    Application::new(&config, store, Arc::new(MemoryGate::default())).unwrap()
}

/// The steps of a linear congruential generator (Knuth, MMIX), whose high bits are the random ones.
fn mixed(seed: u64) -> u64 {
    seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33
}

/// Makes some change; which one follows from `step` and the state. What is refused, such as one child too many, changes
/// nothing.
fn change(app: &mut Application<MemoryGate>, step: u64) {
    // A minute a step, so that pauses end and questions may be asked again.
    let wall = Timestamp::from_second(1_800_000_000 + step as i64 * 60).unwrap();
    let now = Moment { wall, boot_ns: step * 60_000_000_000 };
    let _ = changed(app, mixed(step), now);
}

fn changed(app: &mut Application<MemoryGate>, mixed: u64, now: Moment) -> Result<Changed, ApplicationError> {
    let name = format!("name{}.example", mixed % 7);
    match mixed % 9 {
        0 => app.pause(MIA_ID, &PauseEnd::After(60 + mixed % 600), &by(), now),
        1 => app.give_time(MIA_ID, 1 + (mixed % 5) as u16, &by(), now).or_else(|_| app.resume(MIA_ID, &by(), now)),
        2 => app.set_name(MIA_ID, &name, Some(Action::Allow), &by(), now),
        3 => app.set_name(MIA_ID, &name, None, &by(), now),
        4 => app.ask(MIA_ID, &Asked::Site(&name), "", &by(), now),
        5 => match app.requests().iter().find(|request| request.answer.is_none()) {
            Some(request) => app.answer(request.id, AnswerChoice::Today, None, "", &by(), now),
            None if mixed.is_multiple_of(2) => app.add_child(&format!("child {mixed}"), AgeBand::From6To9, &by(), now),
            None => {
                let (name, mut access) = (format!("adult {mixed}"), app.access()?);
                app.add_adult((&name, Role::Carer), name.clone(), &mut access, &by(), now)
            }
        },
        6 => match app.household().people.last().map(|person| (person.id, person.name.clone())) {
            Some((id, name)) if id > MIA_ID => {
                let mut access = app.access()?;
                app.erase(id, &name, &mut access, &by(), now)
            }
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
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let (step, hold) = line.strip_suffix(HOLD).map_or((line.as_str(), false), |step| (step, true));
        change(&mut app, step.parse().unwrap());
        let said = if hold { SAVED.to_owned() } else { format!("{ACKNOWLEDGED}{}", state(&mut app)) };
        if writeln!(output, "\n{said}").and_then(|()| output.flush()).is_err() {
            return;
        }
    }
}

/// The whole state: its revision, and a number for all that is kept.
fn state(app: &mut Application<MemoryGate>) -> String {
    let access = serde_json::to_vec(&app.access().unwrap()).unwrap();
    let kept = [app.export().unwrap(), access].concat();
    format!("{} {:x}", app.revision(), stairgate_abi::hash::NameHash::of(1, &kept).0)
}

/// The process that makes changes. It is killed when dropped.
struct Changer {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Changer {
    fn start(directory: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "application::tests::killed::changes_a_household_until_it_is_killed", "--nocapture"]);
        command.env(DIRECTORY, directory).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, input, output }
    }

    fn ask(&mut self, step: u64, hold: bool) {
        writeln!(self.input, "{step}{}", if hold { HOLD } else { "" }).unwrap();
    }

    /// The next state that it acknowledges, or that it has saved one; none if it is dead and said nothing more.
    fn said(&mut self) -> Option<String> {
        let mut lines = self.output.by_ref().map_while(Result::ok);
        lines.find(|line| line.starts_with(ACKNOWLEDGED) || line == SAVED)
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Changer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn killed_at_any_moment_it_goes_on_from_what_was_acknowledged_or_was_in_flight() {
    let (directory, mirrored) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // It makes the same changes and lives, so that it is known what each of them leads to.
    let mut mirror = opened(mirrored.path());
    let mut changer = Changer::start(directory.path());
    // How long a change takes mostly, until it is acknowledged.
    let mut usual = Duration::from_millis(1);
    // Kills after which the state was the one before, the one after that nobody was told of, and the one acknowledged.
    let (mut lost, mut untold, mut told) = (0, 0, 0);
    for step in 0..CHANGES {
        let before = state(&mut mirror);
        change(&mut mirror, step);
        let after = state(&mut mirror);
        let acknowledged = Some(format!("{ACKNOWLEDGED}{after}"));
        if step % CHANGES_PER_KILL == 0 {
            // In every third, exactly between saving and saying so; otherwise anywhere in it.
            let hold = step % (3 * CHANGES_PER_KILL) == 0;
            changer.ask(step, hold);
            if hold {
                assert_eq!(changer.said().as_deref(), Some(SAVED));
            } else {
                let spread = 3 * usual.as_micros() as u64 / 2;
                std::thread::sleep(Duration::from_micros(mixed(step) % spread.max(1)));
            }
            changer.kill();
            let said = changer.said();
            let mut app = opened(directory.path());
            app.household().validate().unwrap();
            let found = state(&mut app);
            drop(app);
            changer = Changer::start(directory.path());
            match said {
                Some(_) => {
                    assert_eq!((&said, &found), (&acknowledged, &after), "acknowledged, at step {step}");
                    told += 1;
                }
                None if found == after => untold += 1,
                None => {
                    assert_eq!((&found, hold), (&before, false), "neither before nor after, at step {step}");
                    lost += 1;
                }
            }
            if found == after {
                continue;
            }
        }
        let asked = Instant::now();
        changer.ask(step, false);
        assert_eq!(changer.said(), acknowledged, "step {step}");
        // The first one after a start waits for the process.
        if step % CHANGES_PER_KILL > 1 {
            usual = (7 * usual + asked.elapsed()) / 8;
        }
    }
    assert!(mirror.revision() > CHANGES / 2, "nearly everything was refused");
    println!(
        "{} changes; of {} kills, {lost} came before saving, {untold} between saving and saying so, {told} after",
        mirror.revision(),
        lost + untold + told
    );
}
