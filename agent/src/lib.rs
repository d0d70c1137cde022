//! The Stairgate agent.
