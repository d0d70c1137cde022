//! The resolver: every name that the kernel does not answer itself, by the same verdict.
//!
//! The hot path works on the bytes of messages and allocates nothing: a question is read ([`query`]), its asker found,
//! the steps before resolving taken, the cache asked, the steps after it taken, and the reply written ([`reply`]). Only
//! what the cache does not hold becomes a task of its own.
//!
//! **Invariants.** Names are compared and decided in wire form, in lower case ([`name`]). No name of a site is logged
//! above DEBUG.

pub mod cache;
pub mod capture;
pub mod client_policy;
pub mod clients;
pub mod cookies;
pub mod counts;
pub mod dnssec;
pub mod forward;
pub mod handler;
pub mod inspect;
pub mod leases;
pub mod limits;
pub mod listen;
pub mod live;
pub mod local;
pub mod name;
pub mod query;
pub mod question;
pub mod records;
pub mod reply;
pub mod residents;
pub mod reverse;
pub mod rewrite;
pub mod safesearch;
pub mod service;
pub mod special;
pub mod steps;
pub mod suffixes;
pub mod svcb;
pub mod upstream;
