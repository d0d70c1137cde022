//! The kernel program with its maps, loaded for a measurement and gone with it.

use std::mem::offset_of;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, ensure};
use aya::maps::{Array, MapData, PerCpuArray};
use aya::programs::Xdp;
use aya::{Ebpf, EbpfLoader, Pod, TestRun as _, TestRunOptions};
use stairgate_abi::hash::hash_mac;
use stairgate_abi::maps::{DEVICE_BUCKETS, PROFILE_UNMANAGED, Profile, Settings, names};
use stairgate_abi::table::{BUCKET_SLOTS, Entry, Writer};
use stairgate_abi::{ABI_VERSION, Mask, Tags, maps};

use super::domains::{Compiled, HASH_KEY, TAG};
use super::frames::{CHILD, PARENT};
use crate::ebpf::OBJECT;
use crate::workspace;

/// The program that does nothing, for comparison.
pub(super) const BASELINE: &str = "baseline";
/// The tag-set id of every name in the table.
const TAG_SET: u16 = 1;
/// The profile of [`CHILD`].
const PROFILE: u16 = maps::PROFILE_FIRST_PERSON;

/// The gate of the checked-in object, with a filled table.
pub(super) struct Kernel {
    object: Ebpf,
}

impl Kernel {
    /// Loads both programs and fills the maps: every name of `compiled` is blocked for the child.
    pub(super) fn load(compiled: &Compiled) -> Result<Self> {
        let path = workspace().join(OBJECT);
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut object = EbpfLoader::new()
            .map_max_entries(names::DOMAINS, compiled.buckets)
            .load(&bytes)
            .context("the kernel refused the object; is this root on Linux 5.18 or later?")?;
        for name in [BASELINE, names::PROGRAM] {
            let program: &mut Xdp = object.program_mut(name).context("the object lacks a program")?.try_into()?;
            program.load().with_context(|| format!("the kernel refused the program {name}"))?;
        }
        let mut kernel = Self { object };
        kernel.fill(compiled)?;
        Ok(kernel)
    }

    fn fill(&mut self, compiled: &Compiled) -> Result<()> {
        let mut settings = [0_u8; size_of::<Settings>()];
        put(&mut settings, offset_of!(Settings, abi_version), &ABI_VERSION.to_ne_bytes());
        put(&mut settings, offset_of!(Settings, domain_buckets), &compiled.buckets.to_ne_bytes());
        put(&mut settings, offset_of!(Settings, hash_key), &HASH_KEY.to_ne_bytes());
        self.array::<[u8; size_of::<Settings>()]>(names::SETTINGS)?.set(0, settings, 0)?;

        let mut profile = [0_u8; size_of::<Profile>()];
        let block: Tags = [TAG].into_iter().collect();
        put(&mut profile, offset_of!(Profile, mask) + offset_of!(Mask, block), &block.0[0].to_ne_bytes());
        self.array::<[u8; size_of::<Profile>()]>(names::PROFILES)?.set(u32::from(PROFILE) * 2, profile, 0)?;
        let tag_set = [block.0[0], 0, 0, 0, 0, 0, 0, 0];
        self.array::<[u64; 8]>(names::TAG_SETS)?.set(u32::from(TAG_SET), tag_set, 0)?;

        let devices = slots(DEVICE_BUCKETS);
        let mut writer = Writer::new(&devices);
        for (mac, this) in [(CHILD, PROFILE), (PARENT, PROFILE_UNMANAGED)] {
            writer.set(hash_mac(HASH_KEY, mac), Entry { this, below: 0 }, &mut || ())?;
        }
        self.copy(names::DEVICES, &devices)?;

        let domains = slots(compiled.buckets);
        let mut writer = Writer::new(&domains);
        for entry in &compiled.entries {
            writer.set(entry.hash, Entry { this: TAG_SET, below: TAG_SET }, &mut || ())?;
        }
        self.copy(names::DOMAINS, &domains)
    }

    fn array<V: Pod>(&mut self, name: &str) -> Result<Array<&mut MapData, V>> {
        let map = self.object.map_mut(name).with_context(|| format!("the object has no map {name}"))?;
        Array::try_from(map).with_context(|| format!("the map {name} has another shape"))
    }

    fn copy(&mut self, name: &str, slots: &[AtomicU64]) -> Result<()> {
        let mut map = self.array::<[u64; BUCKET_SLOTS]>(name)?;
        for (index, bucket) in (0..).zip(slots.chunks_exact(BUCKET_SLOTS)) {
            let bucket: [u64; BUCKET_SLOTS] = std::array::from_fn(|slot| bucket[slot].load(Ordering::Relaxed));
            map.set(index, bucket, 0)?;
        }
        Ok(())
    }

    /// A loaded program.
    pub(super) fn program(&self, name: &str) -> Result<&Xdp> {
        Ok(self.object.program(name).with_context(|| format!("the object has no program {name}"))?.try_into()?)
    }

    /// A loaded program, to attach it.
    pub(super) fn program_mut(&mut self, name: &str) -> Result<&mut Xdp> {
        Ok(self.object.program_mut(name).with_context(|| format!("the object has no program {name}"))?.try_into()?)
    }

    /// Runs a program `repeat` times over one frame, which has to end in `action`. Returns nanoseconds a run.
    pub(super) fn run(&self, program: &str, frame: &[u8], repeat: u32, action: u32) -> Result<f64> {
        let options = TestRunOptions { data_in: Some(frame), repeat, ..TestRunOptions::default() };
        let result = self.program(program)?.test_run(options).context("the kernel refused to run the program")?;
        ensure!(result.return_value == action, "the gate answered {} instead of {action}", result.return_value);
        Ok(result.duration.as_nanos() as f64)
    }

    /// What the gate counted since it was loaded.
    pub(super) fn counter(&self, counter: maps::Counter) -> Result<u64> {
        let map = self.object.map(names::COUNTERS).context("the object has no counters")?;
        let counters: PerCpuArray<_, u64> = PerCpuArray::try_from(map)?;
        Ok(counters.get(&(counter as u32), 0)?.iter().sum())
    }
}

fn slots(buckets: u32) -> Vec<AtomicU64> {
    (0..buckets as usize * BUCKET_SLOTS).map(|_| AtomicU64::new(0)).collect()
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}
