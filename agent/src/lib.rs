//! The Stairgate agent: keeps the gate in the kernel supplied with what a family decided.
//!
//! Read from the outside in: [`cli`] is what people type, [`run`](mod@run) the process that stays, [`control`] how the
//! two speak. [`application`] is what can be done, whoever asks; it owns the household ([`document`], [`store`]) and
//! speaks to the kernel through [`gate`]. [`tables`] and [`subscriptions`] bring the lists into the domain table;
//! [`attachment`], [`dataplane`] and [`interfaces`] keep the program where it belongs. [`resolver`] answers the names that
//! the kernel lets through, `usage` looks how much is sent to what, and [`portal`] leads closed devices to the page that says why. [`pages`] says what the
//! household's pages show, and [`desk`] is how other tasks reach the application.
//!
//! **Invariants.** Nothing but [`application`] changes the household, and it notes who made each change. Nothing but
//! [`tables`] writes the domain table. No code here decides what is blocked: `stairgate-policy` compiles it, and the
//! kernel's own look-up answers `explain`. Names of sites are never logged above DEBUG.

pub mod access;
pub mod application;
pub mod attachment;
mod background;
pub mod certificate;
pub mod cli;
pub mod clock;
pub mod config;
mod connections;
pub mod control;
pub mod dataplane;
pub mod desk;
pub mod doctor;
pub mod document;
pub mod gate;
mod hold;
pub mod interfaces;
mod kernel;
mod locks;
pub mod log;
mod machine;
pub mod mdns;
pub mod metrics;
mod nftables;
mod output;
pub mod pages;
pub mod portal;
pub mod privileges;
mod readiness;
pub mod resolver;
pub mod router_image;
pub mod run;
mod service_manager;
pub mod store;
pub mod subscriptions;
pub mod tables;
pub mod text;
pub mod update;
mod usage;
mod vendors;
pub mod view;
pub mod web;
mod whole_file;
