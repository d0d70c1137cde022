//! Loops as values.

/// What a stream parser says after each piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// What was given so far is fine, and not enough.
    More,
    /// Found.
    Found,
    /// It is not there, or what is there is malformed: either way nothing can be learnt from this stream.
    Absent,
}

/// One turn of a loop, written so that it can also be the body of the kernel's `bpf_loop`.
pub trait Step {
    /// Turns at most.
    const LIMIT: u32;

    /// Takes a turn; true to go on.
    fn step(&mut self) -> bool;
}

/// Something that can run a loop: a `for` in user space, a helper call in the kernel.
pub trait Loop {
    /// Takes turns until one says stop or the limit is reached.
    fn run<S: Step>(steps: &mut S);
}

/// The loop of user space.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl Loop for Plain {
    fn run<S: Step>(steps: &mut S) {
        for _ in 0..S::LIMIT {
            if !steps.step() {
                return;
            }
        }
    }
}
