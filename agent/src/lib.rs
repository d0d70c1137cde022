//! The Stairgate agent.

pub mod dataplane;
pub mod interfaces;
mod readiness;
