//! The Stairgate agent.

pub mod interfaces;
mod readiness;
