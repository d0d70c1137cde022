//! Any configuration file is either valid within the limits or refused with at least one mistake and its remedy.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stairgate::config::{Config, DOMAIN_CAPACITY_MAX, DOMAIN_CAPACITY_MIN, LISTS_MAX};

fuzz_target!(|text: &str| match Config::parse(text) {
    Ok(config) => {
        let capacity = config.domain_capacity.unwrap_or(DOMAIN_CAPACITY_MIN);
        assert!((DOMAIN_CAPACITY_MIN..=DOMAIN_CAPACITY_MAX).contains(&capacity));
        assert!(config.lists.len() <= LISTS_MAX);
    }
    Err(mistakes) => assert!(mistakes.iter().any(|mistake| !mistake.problem.is_empty())),
});
