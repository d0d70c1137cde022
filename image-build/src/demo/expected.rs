//! What the demonstration expects: the family's rules in a few lines, written down independently of the agent.

use crate::lab::home::Who;
use crate::lab::sites::Kind;

/// A moment of the demonstration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Moment {
    /// Nothing special.
    Day,
    /// Mia was paused.
    MiaPaused,
    /// Both children have homework.
    Homework,
    /// Mia sleeps, Jonas still has homework.
    MiaAsleep,
    /// Both children sleep.
    BothAsleep,
}

/// True if `who` may reach sites of this kind at this moment.
pub(super) fn may_reach(who: Who, kind: &Kind, moment: Moment) -> bool {
    let Some(category) = kind.category else { return !is_closed(who, moment) };
    if category == "helplines" || who == Who::Parent {
        return true;
    }
    if is_closed(who, moment) || ["dating", "gambling", "adult", "vpn", "scams"].contains(&category) {
        return false;
    }
    let homework = who != Who::Visitor && matches!(moment, Moment::Homework | Moment::MiaAsleep);
    match category {
        "social" => who == Who::Jonas && !homework,
        _ => !homework,
    }
}

fn is_closed(who: Who, moment: Moment) -> bool {
    match who {
        Who::Mia => matches!(moment, Moment::MiaPaused | Moment::MiaAsleep | Moment::BothAsleep),
        Who::Jonas => moment == Moment::BothAsleep,
        Who::Parent | Who::Visitor => false,
    }
}
