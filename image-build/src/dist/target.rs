//! The processors that an agent is shipped for.

use super::elf::Machine;

/// A processor, and what builds for it.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Target {
    /// What people call it.
    pub(crate) name: &'static str,
    /// What Rust calls it.
    pub(crate) triple: &'static str,
    /// How the names of its compiler and binutils begin.
    pub(crate) tools: &'static str,
    /// What the C compiler has to be told of the processor.
    pub(crate) c_flags: &'static [&'static str],
    /// What the Rust compiler has to be told besides.
    pub(crate) rust_flags: &'static [&'static str],
    /// Sections that its tools leave in a program although nothing reads them.
    pub(crate) leftovers: &'static [&'static str],
    /// Its compiler, and Debian's package that brings it.
    pub(crate) compiler: (&'static str, &'static str),
    /// Whether kernels can run the gate there: those for 32-bit ARM and MIPS compile no program that calls functions of its
    /// own, and interpret none that hands functions to the kernel, as its loops do.
    pub(crate) gate: bool,
    /// What runs its programs on this machine; none if nothing is needed.
    pub(crate) emulator: Option<Emulator>,
    /// What OpenWrt calls the processors that its programs run on.
    pub(crate) openwrt: &'static [&'static str],
    /// What Debian calls it, if Debian has it.
    pub(crate) debian: Option<&'static str>,
    /// What its programs say that they are for.
    pub(crate) machine: Machine,
}

/// What runs programs for another processor, of Debian's package `qemu-user-static`.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Emulator {
    /// The program.
    pub(crate) program: &'static str,
    /// The processor that it plays: the least of those in routers, so that what others lack is not used.
    pub(crate) processor: &'static str,
}

/// The targets, the commonest first.
pub(crate) static ALL: [Target; 4] = [
    Target {
        name: "x86_64",
        triple: "x86_64-unknown-linux-musl",
        tools: "x86_64-linux-gnu",
        c_flags: &[],
        rust_flags: &[],
        leftovers: &[],
        compiler: ("x86_64-linux-gnu-gcc", "gcc"),
        gate: true,
        emulator: None,
        openwrt: &["x86_64"],
        debian: Some("amd64"),
        machine: Machine { number: 62, bits: 64 },
    },
    Target {
        name: "aarch64",
        triple: "aarch64-unknown-linux-musl",
        tools: "aarch64-linux-gnu",
        c_flags: &[],
        rust_flags: &[],
        leftovers: &[],
        compiler: ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"),
        gate: true,
        emulator: Some(Emulator { program: "qemu-aarch64-static", processor: "cortex-a53" }),
        openwrt: &["aarch64_cortex-a53", "aarch64_cortex-a72", "aarch64_generic"],
        debian: Some("arm64"),
        machine: Machine { number: 183, bits: 64 },
    },
    Target {
        name: "armv7",
        triple: "armv7-unknown-linux-musleabihf",
        tools: "arm-linux-gnueabihf",
        c_flags: &["-march=armv7-a", "-mfpu=vfpv3-d16"],
        rust_flags: &[],
        leftovers: &[],
        compiler: ("arm-linux-gnueabihf-gcc", "gcc-arm-linux-gnueabihf"),
        gate: false,
        emulator: Some(Emulator { program: "qemu-arm-static", processor: "cortex-a7" }),
        openwrt: &["arm_cortex-a7_neon-vfpv4", "arm_cortex-a9_vfpv3-d16", "arm_cortex-a15_neon-vfpv4"],
        debian: Some("armhf"),
        machine: Machine { number: 40, bits: 32 },
    },
    Target {
        name: "mipsel",
        triple: "mipsel-unknown-linux-musl",
        tools: "mipsel-linux-gnu",
        // The processors of routers have no floating-point unit.
        c_flags: &["-march=mips32r2", "-msoft-float"],
        // Has rustix ask the kernel directly, as it does on all other processors. By way of the C library it would be
        // given times in 32 bits and take them for 64.
        rust_flags: &["--cfg=rustix_use_experimental_asm"],
        // Where each function keeps what, for debuggers of old: a twentieth of the file.
        leftovers: &[".pdr"],
        compiler: ("mipsel-linux-gnu-gcc", "gcc-mipsel-linux-gnu"),
        gate: false,
        emulator: Some(Emulator { program: "qemu-mipsel-static", processor: "24Kc" }),
        openwrt: &["mipsel_24kc"],
        debian: None,
        machine: Machine { number: 8, bits: 32 },
    },
];

/// What the machines that build can run as it is: the agent that others are compared with.
pub(crate) static NATIVE: &Target = &ALL[0];

/// The target of that name.
///
/// # Errors
/// A sentence for who typed it.
pub(crate) fn parse(name: &str) -> Result<&'static Target, String> {
    if let Some(target) = ALL.iter().find(|target| target.name == name || target.triple == name) {
        return Ok(target);
    }
    let known = ALL.each_ref().map(|target| target.name).join(", ");
    if BIG_ENDIAN.iter().any(|prefix| name.starts_with(prefix)) && !name.contains("le") && !name.starts_with("mipsel") {
        return Err(format!(
            "{name} stores numbers with the highest byte first; the kernel program and the tables that it shares with \
             the agent are for processors that store the lowest first ({known})"
        ));
    }
    Err(format!("there is no target {name}; there are {known}"))
}

/// How the names of processors begin that store the highest byte first, unless the name says otherwise.
const BIG_ENDIAN: [&str; 6] = ["mips", "powerpc", "ppc", "aarch64_be", "armeb", "s390x"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_needs_no_emulator() {
        assert!(ALL.iter().all(|target| target.emulator.is_none() == (target == NATIVE)));
    }

    #[test]
    fn targets_are_known_by_both_names_and_others_are_refused_with_a_sentence() {
        assert_eq!(parse("aarch64").map(|target| target.triple), Ok("aarch64-unknown-linux-musl"));
        assert_eq!(parse("x86_64-unknown-linux-musl").map(|target| target.name), Ok("x86_64"));
        for name in ["mips", "mips64", "powerpc", "aarch64_be", "s390x", "armeb-unknown-linux-gnueabi"] {
            assert!(parse(name).is_err_and(|words| words.contains("highest byte first")), "{name}");
        }
        for name in ["riscv64", "powerpc64le", ""] {
            assert!(parse(name).is_err_and(|words| words.starts_with("there is no target")), "{name}");
        }
    }
}
