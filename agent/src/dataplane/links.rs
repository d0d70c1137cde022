//! Attaching the program to interfaces, and moving attached interfaces from one program to another.

use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use aya::programs::links::{FdLink, LinkError, PinnedLink};
use aya::programs::xdp::XdpLink;
use aya::programs::{ProgramError, Xdp, XdpMode as AyaMode};
use rustix::io::Errno;

use super::error::Error;
use super::pins::{self, Pins};
use crate::interfaces;

/// How often, and at most how many times, it is looked whether a detached program is gone.
const DETACH_LOOK_INTERVAL: Duration = Duration::from_millis(2);
const DETACH_LOOKS_MAX: u32 = 1000;

/// Who runs the program on an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum XdpMode {
    /// The driver, before a packet buffer is made.
    Native,
    /// The network stack, for drivers that cannot: it works everywhere and costs more.
    Generic,
}

/// Attaches `program` to `interface`, natively if the driver can. A link that is pinned already is taken over.
pub(super) fn attach(pins: &Pins, program: &mut Xdp, interface: &str) -> Result<XdpMode, Error> {
    let links = interfaces::links().map_err(Error::Interfaces)?;
    let link = links
        .iter()
        .find(|link| link.name == interface)
        .ok_or_else(|| Error::NoInterface { interface: interface.to_owned() })?;
    let path = pins.link(interface);
    if let Some(running) = link.xdp {
        // The pinned link still holds this interface, and not a namesake that is gone, if its program runs here.
        if path.exists() && program_id(&open(&path)?)? == running.program {
            bring(&path, program)?;
            return Ok(if running.generic { XdpMode::Generic } else { XdpMode::Native });
        }
        return Err(Error::InterfaceTaken { interface: interface.to_owned() });
    }
    pins::remove(&path)?;
    if let Ok(attached) = attach_in_mode(program, link.index, AyaMode::Driver) {
        pin(attached, &path)?;
        return Ok(XdpMode::Native);
    }
    let attached = attach_in_mode(program, link.index, AyaMode::Skb)
        .map_err(|source| Error::Attach { interface: interface.to_owned(), source })?;
    pin(attached, &path)?;
    Ok(XdpMode::Generic)
}

/// Takes the program off `interface`. The kernel does that some time after the last reference to the link is gone, so this
/// waits until it is done.
pub(super) fn detach(pins: &Pins, interface: &str) -> Result<(), Error> {
    let path = pins.link(interface);
    if !path.exists() {
        return Ok(());
    }
    let program = program_id(&open(&path)?)?;
    pins::remove(&path)?;
    for _ in 0..DETACH_LOOKS_MAX {
        let links = interfaces::links().map_err(Error::Interfaces)?;
        let running = links.iter().find(|link| link.name == interface).and_then(|link| link.xdp);
        if running.is_none_or(|running| running.program != program) {
            return Ok(());
        }
        thread::sleep(DETACH_LOOK_INTERVAL);
    }
    Err(Error::pin("detaching", path)(io::ErrorKind::TimedOut.into()))
}

/// Brings every pinned link to `program`, each in one step. Links whose interface is gone are removed.
pub(super) fn bring_all(pins: &Pins, program: &mut Xdp) -> Result<(), Error> {
    for interface in pins.linked()? {
        bring(&pins.link(&interface), program)?;
    }
    Ok(())
}

/// Brings the link pinned at `path` to `program`, if it is not there already.
fn bring(path: &Path, program: &mut Xdp) -> Result<(), Error> {
    let wanted = program.info().map_err(Error::program("looking at the program"))?.id();
    let link = open(path)?;
    if program_id(&link)? == wanted {
        return Ok(());
    }
    let link = XdpLink::try_from(link).map_err(|error| Error::pin("using", path)(io::Error::other(error)))?;
    match program.attach_to_link(link) {
        // The program must not own the link, or it would go with it; the pin keeps it.
        Ok(id) => program.take_link(id).map(drop).map_err(Error::program("letting go of a link")),
        // A link whose interface is gone takes no program any more and filters nothing.
        Err(ProgramError::SyscallError(error)) if is(&error.io_error, Errno::NOLINK) => pins::remove(path),
        Err(source) => Err(Error::Program { action: "exchanging the program of an attached interface", source }),
    }
}

fn attach_in_mode(program: &mut Xdp, index: u32, mode: AyaMode) -> Result<FdLink, ProgramError> {
    let id = program.attach_to_if_index(index, mode)?;
    // A kernel without XDP links would leave an attachment that ends with this process; better none.
    FdLink::try_from(program.take_link(id)?).map_err(|_| ProgramError::NotAttached)
}

fn pin(link: FdLink, path: &Path) -> Result<(), Error> {
    link.pin(path).map(drop).map_err(|error| Error::pin("pinning", path)(io::Error::other(error)))
}

fn open(path: &Path) -> Result<FdLink, Error> {
    PinnedLink::from_pin(path).map(FdLink::from).map_err(|error| link_error(path, error))
}

fn program_id(link: &FdLink) -> Result<u32, Error> {
    link.info().map(|info| info.program_id()).map_err(|error| link_error(Path::new("a pinned link"), error))
}

fn link_error(path: &Path, error: LinkError) -> Error {
    Error::pin("opening", path)(io::Error::other(error))
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}
