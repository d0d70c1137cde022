//! Whole pages: each a function of the shell and its view.

mod activity;
mod audit;
mod certificate;
mod child;
mod devices;
mod error;
mod helplines;
mod home;
mod lists;
mod person;
mod quota;
mod requests;
mod settings;
mod setup;
mod sign_in;
mod sites;
mod system;
mod week;
mod why;

pub use activity::activity;
pub use audit::audit;
pub use certificate::certificate;
pub use child::{me, paused};
pub use devices::devices;
pub use error::error;
pub use helplines::helplines;
pub use home::home;
pub use lists::lists;
pub use person::{person, person_more};
pub use requests::requests;
pub use settings::{about, account, adults, backup, network, privacy, settings, tokens};
pub use setup::setup;
pub use sign_in::sign_in;
pub use sites::{person_categories, person_services};
pub use system::{restarting, system};
pub use week::person_week;
pub use why::why;

pub(crate) use activity::entry_row;
pub(crate) use child::now_of_child;
pub(crate) use home::{card, problems, waiting};
pub(crate) use person::now_of_person;
pub(crate) use system::update;
