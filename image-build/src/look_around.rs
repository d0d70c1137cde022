//! `cargo xtask lab`: the home, left open.

use std::time::Duration;

use anyhow::Result;

use crate::interrupt;
use crate::lab::Lab;
use crate::lab::home::Who;
use crate::lab::sites::Names;
use crate::packages;
use crate::ui::Screen;

/// Builds the home and keeps it until Ctrl-C.
pub(crate) fn run(screen: &Screen) -> Result<()> {
    packages::require_root()?;
    packages::require_programs(screen)?;
    let lab =
        screen.step("Building a home and an internet in network namespaces", |_| Lab::build(Names::RealIfThere))?;
    show_doors(screen, &lab);
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
    screen.line(format_args!("  ip netns exec {:26} bash   # the internet", lab.internet.namespace.name()));
    if let Some(site) = lab.sites.all.first() {
        let name = &site.name;
        screen.line(format_args!(
            "and there:  dig {name}    curl --cacert {} https://{name}/",
            lab.internet.authority.display()
        ));
    }
}
