//! Keeps what the home sends from being routed while a new gate is set up, which is after every start of a router: its
//! lists take seconds to load, and until then it would let everything pass.
//!
//! It ends by itself, should the agent end before it: a family is rather without filter than without internet for good.
//! Across a bridge nothing is routed, so that there is nothing to hold.

use crate::kernel::with_causes;
use crate::nftables;

/// Seconds after which it ends by itself. The largest lists load in a tenth of that on slow routers.
const LIMIT_SECONDS: u64 = 120;

/// While this is there, nothing that comes from the home is routed.
pub(crate) struct Hold(());

impl Hold {
    /// Holds what comes in at `interfaces`; none, with a warning, if this machine has no nftables.
    pub(crate) fn begin(interfaces: &[String]) -> Option<Self> {
        match nftables::apply(&table(interfaces)) {
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
    fn the_table_holds_what_the_home_sends_and_nothing_for_good() {
        let text = table(&["br-lan".to_owned(), "wlan0".to_owned()]);
        assert!(text.contains("elements = { \"br-lan\" timeout 120s, \"wlan0\" timeout 120s }"), "{text}");
        assert!(text.contains("iifname @held drop") && text.starts_with(&removal()), "{text}");
    }
}
