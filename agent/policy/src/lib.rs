//! Pure household policy.

pub mod name;
