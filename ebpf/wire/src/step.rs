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

/// A loop as its steps, written so that they can also be the body of the kernel's `bpf_loop`.
pub trait Step {
    /// Steps at most, rounded up to whole turns.
    const LIMIT: u32;
    /// Steps in one turn of the kernel's loop: every turn is a call, which costs more than most steps do.
    const A_TURN: u32 = 1;
    /// Turns at most.
    const TURNS: u32 = Self::LIMIT.div_ceil(Self::A_TURN);

    /// Takes a step; true to go on.
    fn step(&mut self) -> bool;

    /// Takes [`Step::A_TURN`] steps, or fewer if one says stop; true to go on.
    #[inline(always)]
    fn turn(&mut self) -> bool {
        let mut taken = 0;
        while taken < Self::A_TURN {
            if !self.step() {
                return false;
            }
            taken += 1;
        }
        true
    }
}

/// Something that can run a loop: a `for` in user space, a helper call in the kernel.
pub trait Loop {
    /// Takes turns until a step says stop or the limit is reached.
    fn run<S: Step>(steps: &mut S);
}

/// The loop of user space.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl Loop for Plain {
    fn run<S: Step>(steps: &mut S) {
        for _ in 0..S::TURNS {
            if !steps.turn() {
                return;
            }
        }
    }
}
