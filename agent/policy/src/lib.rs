//! Pure household policy: people, devices, rules and time, and what they compile to for the kernel.
//!
//! Nothing here reads a clock, a file or a socket. What to begin with:
//!
//! - [`household`] is what a family decides, [`defaults`] is what holds until it does, [`validate`] says what does not
//!   fit together;
//! - [`name`] brings domain names to one form before they are compared, [`lists`] reads whole lists of them;
//! - [`taxonomy`] and [`services`] are what rules can name, [`tags`] is how the kernel numbers them;
//! - [`zones`] has the rules of all time zones, [`schedule`] says what a week of local time means, [`timetable`] adds pauses, exceptions and used-up quotas;
//! - [`usage`] says which traffic is minutes of use, [`quota`] how many of them there may be a day;
//! - [`mask`](mod@mask) and [`compile`](mod@compile) turn all that into what the kernel compares and switches.

pub mod compile;
pub mod countries;
mod data;
pub mod defaults;
pub mod household;
pub mod lists;
pub mod mask;
pub mod name;
pub mod quota;
pub mod schedule;
pub mod services;
pub mod tags;
pub mod taxonomy;
pub mod timetable;
pub mod usage;
pub mod validate;
pub mod zones;
