//! Looks at the gate's flows now and then, and says who has sent how much to what since the last look.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use stairgate_abi::Tag;
use stairgate_abi::maps::{Flow, FlowKey, PROFILE_FIRST_PERSON, flow_state};
use stairgate_policy::usage::flows::FlowMeter;
use stairgate_policy::usage::{Class, classify};

use crate::application::Sent;
use crate::dataplane::{Dataplane, Error, boot_clock};
use crate::interfaces;
use crate::resolver::clients::Clients;
use crate::resolver::limits::ClientKey;

/// How often flows are looked at: three times a minute, so that a flow that the gate forgets is mostly seen before.
pub(crate) const SAMPLE_INTERVAL: Duration = Duration::from_secs(20);

/// Looks at the flows.
pub(crate) struct Sampler {
    dataplane: Arc<Dataplane>,
    meter: FlowMeter,
    clients: Clients,
}

impl Sampler {
    /// Nothing looked at yet. What flows sent before the first look is not told.
    pub(crate) fn new(dataplane: Arc<Dataplane>) -> Self {
        Self { dataplane, meter: FlowMeter::default(), clients: Clients::default() }
    }

    /// What was sent since the last look. It reads a map of the kernel entry by entry, so call it where that holds nobody
    /// up.
    ///
    /// # Errors
    /// As the kernel says.
    pub(crate) fn sample(&mut self) -> Result<Vec<Sent>, Error> {
        // What addresses were before is still known if the kernel does not tell.
        match interfaces::neighbours() {
            Ok(neighbours) => self.clients.learn(&neighbours),
            Err(error) => tracing::debug!(%error, "the kernel does not list its neighbours"),
        }
        let (tables, meter) = (self.dataplane.tables(), &mut self.meter);
        meter.begin();
        let mut sent: HashMap<(u16, IpAddr, Option<Tag>), u64> = HashMap::new();
        self.dataplane.for_each_flow(|key, flow| {
            if key.profile < PROFILE_FIRST_PERSON {
                return;
            }
            let bytes = meter.sent(key, flow);
            if bytes == 0 || !may_be_use(flow) {
                return;
            }
            if let Class::Use(what) = classify(tables.suffixes(flow.path)) {
                *sent.entry((key.profile, source(key), what)).or_default() += bytes;
            }
        })?;
        let now = boot_clock();
        let sent = sent.into_iter().map(|((profile, address, what), bytes)| {
            let device = match self.clients.client(address, now).key {
                ClientKey::Device(mac) => Some(mac),
                ClientKey::Address(_) => None,
            };
            Sent { profile, device, what, bytes }
        });
        Ok(sent.collect())
    }
}

/// True for a flow that passes to the internet: with a name, or without one that could be found.
fn may_be_use(flow: &Flow) -> bool {
    flow.verdict == 0 && matches!(flow.state, flow_state::NAMED | flow_state::UNCLASSIFIED)
}

fn source(key: &FlowKey) -> IpAddr {
    let [upper, lower] = key.source;
    Ipv6Addr::from(u128::from(upper) << 64 | u128::from(lower)).to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_local_and_unread_flows_are_no_use() {
        let flow = |state, verdict| Flow { state, verdict, ..Flow::default() };
        for (state, verdict, expected) in [
            (flow_state::NAMED, 0, true),
            (flow_state::UNCLASSIFIED, 0, true),
            (flow_state::NAMED, 2, false),
            (flow_state::READING, 0, false),
            (flow_state::LOCAL, 0, false),
            (flow_state::CUT, 4, false),
            (flow_state::PORTAL, 0, false),
        ] {
            assert_eq!(may_be_use(&flow(state, verdict)), expected, "state {state}, verdict {verdict}");
        }
    }

    #[test]
    fn addresses_are_those_of_their_version() {
        let key = |source| FlowKey { source, ..FlowKey::default() };
        assert_eq!(source(&key([0, 0xffff_c000_0207])), "192.0.2.7".parse::<IpAddr>().unwrap());
        assert_eq!(source(&key([0x2001_0db8_0000_0000, 9])), "2001:db8::9".parse::<IpAddr>().unwrap());
    }
}
