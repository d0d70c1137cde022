//! A home in network namespaces: people with real clients, a real router, and an internet with real servers.
//!
//! Everything carries this process's id in its name and goes away when [`Lab`] is dropped. What a killed run left
//! behind is cleared up by the next one.

pub(crate) mod agent;
pub(crate) mod ask;
pub(crate) mod client;
pub(crate) mod download;
pub(crate) mod faulty;
pub(crate) mod forwarder;
pub(crate) mod home;
pub(crate) mod household;
pub(crate) mod internet;
pub(crate) mod namespace;
pub(crate) mod noon;
pub(crate) mod query;
pub(crate) mod receiver;
pub(crate) mod sites;
pub(crate) mod survey;
pub(crate) mod world;

use anyhow::Result;

use home::{Home, Placement};
use internet::Internet;
use namespace::RunFolder;
use sites::{Names, Sites};

/// A home, its internet, and the folder in which all of it lies. The order is that of tearing down.
pub(crate) struct Lab {
    /// The home.
    pub(crate) home: Home,
    /// The internet.
    pub(crate) internet: Internet,
    /// The sites on it.
    pub(crate) sites: Sites,
    /// The folder of this run.
    pub(crate) folder: RunFolder,
}

impl Lab {
    /// Clears up after dead runs and builds a new laboratory with these names and the gate in this place.
    pub(crate) fn build(names: Names, placement: Placement) -> Result<Self> {
        namespace::clear_leftovers();
        let folder = RunFolder::create()?;
        let sites = Sites::pick(&folder, names)?;
        let internet = Internet::build(&folder, &sites.all)?;
        let home = Home::build(&internet, &folder, placement)?;
        Ok(Self { home, internet, sites, folder })
    }
}
