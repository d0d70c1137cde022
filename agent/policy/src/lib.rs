//! Pure household policy.
