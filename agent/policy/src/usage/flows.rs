//! From samples of the gate's flows to the bytes sent since the last one.

use std::collections::HashMap;

use stairgate_abi::maps::{FLOWS_MAX, Flow, FlowKey};

/// A flow that was not seen in so many samples in a row is forgotten. The gate's list of flows is a moment's blur: one
/// that is missing once is mostly still there, and must not be counted from its beginning when it shows up again.
const SAMPLES_KEPT: u32 = 30;
/// Flows remembered at most: what the gate remembers, and as many that it has just forgotten.
const FLOWS_KEPT: usize = 2 * FLOWS_MAX as usize;

/// Remembers how much each flow had sent.
#[derive(Debug, Default)]
pub struct FlowMeter {
    flows: HashMap<FlowKey, Seen>,
    /// Samples begun so far.
    sample: u32,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    bytes: u64,
    sample: u32,
}

impl FlowMeter {
    /// Begins a sample. What flows had sent before the first one is not known to belong to any minute, and not counted.
    pub fn begin(&mut self) {
        self.sample = self.sample.saturating_add(1);
        let oldest = self.sample.saturating_sub(SAMPLES_KEPT);
        self.flows.retain(|_, seen| seen.sample >= oldest);
    }

    /// The bytes that a flow has sent since the last sample.
    ///
    /// No byte is counted twice: a flow that has sent less than before began anew, and one that the gate forgot and that
    /// began anew may be counted short.
    pub fn sent(&mut self, key: &FlowKey, flow: &Flow) -> u64 {
        let seen = Seen { bytes: flow.bytes, sample: self.sample };
        if let Some(before) = self.flows.get_mut(key) {
            let sent = flow.bytes.checked_sub(before.bytes).unwrap_or(flow.bytes);
            *before = seen;
            return sent;
        }
        if self.flows.len() >= FLOWS_KEPT {
            // What cannot be remembered would be counted again and again.
            return 0;
        }
        self.flows.insert(*key, seen);
        if self.sample <= 1 { 0 } else { flow.bytes }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(number: u32) -> FlowKey {
        FlowKey { ports: number, profile: 3, ..FlowKey::default() }
    }

    fn flow(bytes: u64) -> Flow {
        Flow { bytes, ..Flow::default() }
    }

    #[test]
    fn only_what_is_new_counts() {
        let mut meter = FlowMeter::default();
        let mut sample = |flows: &[(u32, u64)]| -> Vec<u64> {
            meter.begin();
            flows.iter().map(|&(number, bytes)| meter.sent(&key(number), &flow(bytes))).collect()
        };
        assert_eq!(sample(&[(1, 5000)]), [0], "who knows when it sent that");
        assert_eq!(sample(&[(1, 5100), (2, 70)]), [100, 70]);
        assert_eq!(sample(&[(2, 70)]), [0]);
        assert_eq!(sample(&[(1, 5150), (2, 30)]), [50, 30], "one was missing from a sample, the other began anew");
        for _ in 0..SAMPLES_KEPT + 1 {
            sample(&[]);
        }
        assert_eq!(sample(&[(1, 40)]), [40]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut meter = FlowMeter::default();
        meter.begin();
        meter.begin();
        for number in 0..2 * FLOWS_KEPT as u32 {
            let sent = meter.sent(&key(number), &flow(9));
            assert_eq!(sent, if (number as usize) < FLOWS_KEPT { 9 } else { 0 });
        }
        assert_eq!(meter.flows.len(), FLOWS_KEPT);
    }

    proptest! {
        /// Whatever is evicted, begins anew or is missing from a sample: no more is counted than was sent.
        #[test]
        fn nothing_counts_twice(steps in prop::collection::vec((0_u32..4, 0_u64..1000, any::<bool>(), any::<bool>()), 1..200)) {
            let mut meter = FlowMeter::default();
            meter.begin();
            let mut flows = [0_u64; 4];
            let (mut sent, mut counted) = (0, 0);
            for chunk in steps.chunks(3) {
                for &(number, bytes, restart, _) in chunk {
                    let flow = &mut flows[number as usize];
                    *flow = if restart { bytes } else { *flow + bytes };
                    sent += bytes;
                }
                meter.begin();
                for (number, &bytes) in flows.iter().enumerate() {
                    let missing = chunk.iter().any(|step| step.3 && step.0 as usize == number);
                    if bytes > 0 && !missing {
                        counted += meter.sent(&key(number as u32), &flow(bytes));
                    }
                }
            }
            prop_assert!(counted <= sent, "{counted} of {sent}");
        }
    }
}
