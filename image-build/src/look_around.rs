//! `cargo xtask lab`: the home, left open.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::interrupt;
use crate::lab::Lab;
use crate::lab::agent::{self, Gate};
use crate::lab::home::{Placement, Who};
use crate::lab::household::Household;
use crate::lab::sites::Names;
use crate::packages;
use crate::ui::Screen;

/// Keeps the home open.
#[derive(Args)]
pub(crate) struct Options {
    /// Put the gate into its place, with nothing planned for the week.
    #[arg(long)]
    gate: bool,
    /// Let the gate stand between the router and the home, as a transparent bridge.
    #[arg(long)]
    bridge: bool,
    /// Use invented names even if there are real lists beside the project.
    #[arg(long)]
    invented: bool,
}

/// Builds the home and keeps it until Ctrl-C.
pub(crate) fn run(screen: &Screen, options: &Options) -> Result<()> {
    packages::require_root()?;
    packages::require_programs(screen)?;
    let names = if options.invented { Names::Invented } else { Names::RealIfThere };
    let lab = screen.step("Building a home and an internet in network namespaces", |_| {
        Lab::build(names, Placement::of(options.bridge))
    })?;
    let mut gate = None;
    if options.gate {
        let gate = gate.insert(Gate::new(&lab, agent::build(screen)?));
        screen.step("Starting the agent", |_| gate.set_up(&lab, &Household::new(&lab)))?;
    }
    show_doors(screen, &lab);
    if let Some(gate) = &gate {
        screen.line(format_args!("The agent:   {}", gate.command_line(lab.home.gate_host())));
    }
    screen.line("\nCtrl-C takes it all down.");
    while !interrupt::asked() {
        let _ = interrupt::sleep(Duration::from_secs(3600));
    }
    Ok(())
}

/// Says how to get into each namespace, and what there is to try.
pub(crate) fn show_doors(screen: &Screen, lab: &Lab) {
    screen.heading("To look around, from another terminal as root:");
    for who in Who::ALL {
        screen.line(format_args!("  ip netns exec {:26} bash   # {}", lab.home.of(who).name(), who.title()));
    }
    screen.line(format_args!("  ip netns exec {:26} bash   # the router", lab.home.router.name()));
    if lab.home.gate_host().name() != lab.home.router.name() {
        screen.line(format_args!("  ip netns exec {:26} bash   # the gate", lab.home.gate_host().name()));
    }
    screen.line(format_args!("  ip netns exec {:26} bash   # the internet", lab.internet.namespace.name()));
    if let Some(site) = lab.sites.all.first() {
        let name = &site.name;
        screen.line(format_args!(
            "and there:  dig {name}    curl --cacert {} https://{name}/",
            lab.internet.authority.display()
        ));
    }
}
