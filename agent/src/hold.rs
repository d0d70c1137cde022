//! Keeps what the home sends from being routed while a new gate is set up, which is after every start of a router: its
//! lists take seconds to load, and until then it would let everything pass.
//!
//! It ends by itself, should the agent end before it: a family is rather without filter than without internet for good.
//! Across a bridge nothing is routed, so that there is nothing to hold.

use crate::interfaces::{self, Link};
use crate::kernel::with_causes;
use crate::nftables;
use crate::resolver::service::with_addresses;

/// Seconds after which it ends by itself. The largest lists load in a tenth of that on slow routers.
const LIMIT_SECONDS: u64 = 120;

/// While this is there, nothing that comes from the home is routed.
pub(crate) struct Hold(());

impl Hold {
    /// Holds what comes in at `interfaces`; none, with a warning, if this machine has no nftables.
    pub(crate) fn begin(interfaces: &[String]) -> Option<Self> {
        let links = interfaces::links().unwrap_or_else(|error| {
            tracing::warn!(%error, "the kernel does not list its interfaces");
            Vec::new()
        });
        match nftables::apply(&table(&held(&links, interfaces))) {
            Ok(()) => Some(Self(())),
            Err(error) => {
                let error = with_causes(&error);
                tracing::warn!(%error, "what the home sends passes until the lists are loaded");
                None
            }
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Err(error) = nftables::apply(&removal()) {
            let error = with_causes(&error);
            tracing::error!(%error, "what the home sends is held for up to {LIMIT_SECONDS} more seconds");
        }
    }
}

/// Where packets of the home are routed. What comes in at a port of a bridge is routed from the bridge. As ports come and
/// go while a router starts, they are held themselves as well.
fn held(links: &[Link], lan: &[String]) -> Vec<String> {
    let mut names = with_addresses(links, lan);
    names.extend(lan.iter().filter(|name| !names.contains(*name)).cloned().collect::<Vec<_>>());
    names
}

fn table(interfaces: &[String]) -> String {
    let held = interfaces.iter().map(|name| format!("\"{name}\" timeout {LIMIT_SECONDS}s")).collect::<Vec<_>>();
    format!(
        "{}table inet stairgate_start {{\n\
         \x20 set held {{ type ifname; flags timeout; elements = {{ {} }}; }}\n\
         \x20 chain forward {{\n\
         \x20   type filter hook forward priority filter - 5; policy accept;\n\
         \x20   iifname @held drop\n\
         \x20 }}\n}}\n",
        removal(),
        held.join(", ")
    )
}

fn removal() -> String {
    nftables::removal("stairgate_start")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_at_a_port_is_held_at_its_bridge() {
        let link = |index, name: &str, master, kind: Option<&str>| Link {
            index,
            name: name.to_owned(),
            master,
            kind: kind.map(str::to_owned),
            xdp: None,
        };
        let links = [
            link(2, "br-lan", None, Some("bridge")),
            link(3, "lan1", Some(2), None),
            link(4, "lan2", Some(2), None),
            link(5, "wlan0", None, None),
        ];
        let lan = ["lan1", "lan2", "wlan0", "late0"].map(str::to_owned);
        assert_eq!(held(&links, &lan), ["br-lan", "wlan0", "late0", "lan1", "lan2"]);
        assert_eq!(held(&[], &lan), lan);
    }

    #[test]
    fn the_table_holds_what_the_home_sends_and_nothing_for_good() {
        let text = table(&["br-lan".to_owned(), "wlan0".to_owned()]);
        assert!(text.contains("elements = { \"br-lan\" timeout 120s, \"wlan0\" timeout 120s }"), "{text}");
        assert!(text.contains("iifname @held drop") && text.starts_with(&removal()), "{text}");
    }
}
