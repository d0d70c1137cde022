//! Values of which there are a few, each with a word for it. The words are stable.

use jiff::civil::Weekday;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stairgate_policy::household::{Action, AgeBand, PrivacyLevel, Scope, YouTube};
use stairgate_webui::forms::{EffectKind, ServiceAction};

/// An enum of the interface that stands for another one.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident for $other:ty { $($(#[$value_meta:meta])* $value:ident = $theirs:pat => $make:expr,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub(super) enum $name {
            $($(#[$value_meta])* $value,)+
        }

        impl From<$other> for $name {
            fn from(theirs: $other) -> Self {
                match theirs {
                    $($theirs => Self::$value,)+
                }
            }
        }

        impl From<$name> for $other {
            fn from(ours: $name) -> Self {
                match ours {
                    $($name::$value => $make,)+
                }
            }
        }
    };
}

words! {
    /// A child's age band.
    Age for AgeBand {
        /// 0 to 5 years.
        #[serde(rename = "0-5")]
        UpTo5 = AgeBand::UpTo5 => AgeBand::UpTo5,
        /// 6 to 9 years.
        #[serde(rename = "6-9")]
        From6To9 = AgeBand::From6To9 => AgeBand::From6To9,
        /// 10 to 12 years.
        #[serde(rename = "10-12")]
        From10To12 = AgeBand::From10To12 => AgeBand::From10To12,
        /// 13 to 15 years.
        #[serde(rename = "13-15")]
        From13To15 = AgeBand::From13To15 => AgeBand::From13To15,
        /// 16 to 17 years.
        #[serde(rename = "16-17")]
        From16To17 = AgeBand::From16To17 => AgeBand::From16To17,
    }
}

words! {
    /// What is decided about a name.
    NameAction for Action {
        /// It can be reached although a category is blocked.
        Allow = Action::Allow => Action::Allow,
        /// It cannot be reached.
        Deny = Action::Deny => Action::Deny,
    }
}

words! {
    /// What of a name's tree a decision is about.
    NameScope for Scope {
        /// The name and all beneath it.
        Both = Scope::Both => Scope::Both,
        /// The name alone.
        This = Scope::This => Scope::This,
        /// What lies beneath it.
        Below = Scope::Below => Scope::Below,
    }
}

words! {
    /// YouTube's Restricted Mode.
    Restricted for YouTube {
        /// All that YouTube shows.
        Off = YouTube::Off => YouTube::Off,
        /// What its own filter lets through.
        Moderate = YouTube::Moderate => YouTube::Moderate,
        /// Less than that.
        Strict = YouTube::Strict => YouTube::Strict,
    }
}

words! {
    /// What is kept of the names that are asked for; each level keeps what the one before it does.
    Kept for PrivacyLevel {
        /// Nothing at all.
        Nothing = PrivacyLevel::Nothing => PrivacyLevel::Nothing,
        /// Why something was refused, without its name.
        Reasons = PrivacyLevel::Reasons => PrivacyLevel::Reasons,
        /// The names that were refused.
        BlockedNames = PrivacyLevel::BlockedNames => PrivacyLevel::BlockedNames,
        /// Every name.
        AllNames = PrivacyLevel::AllNames => PrivacyLevel::AllNames,
    }
}

words! {
    /// What holds for a service.
    ServiceChoice for ServiceAction {
        /// What holds for its category.
        Category = ServiceAction::Category => ServiceAction::Category,
        /// It is open.
        Open = ServiceAction::Open => ServiceAction::Open,
        /// It is blocked.
        Blocked = ServiceAction::Blocked => ServiceAction::Blocked,
    }
}

words! {
    /// What a mode does.
    ModeEffect for EffectKind {
        /// Nothing can be reached but what always can be.
        Closed = EffectKind::Closed => EffectKind::Closed,
        /// The tags are blocked as well.
        AlsoBlock = EffectKind::AlsoBlock => EffectKind::AlsoBlock,
        /// Only the tags can be reached.
        Only = EffectKind::Only => EffectKind::Only,
        /// The everyday rules and nothing more.
        Free = EffectKind::Free => EffectKind::Free,
    }
}

words! {
    /// A day of the week.
    Day for Weekday {
        /// Monday.
        Mon = Weekday::Monday => Weekday::Monday,
        /// Tuesday.
        Tue = Weekday::Tuesday => Weekday::Tuesday,
        /// Wednesday.
        Wed = Weekday::Wednesday => Weekday::Wednesday,
        /// Thursday.
        Thu = Weekday::Thursday => Weekday::Thursday,
        /// Friday.
        Fri = Weekday::Friday => Weekday::Friday,
        /// Saturday.
        Sat = Weekday::Saturday => Weekday::Saturday,
        /// Sunday.
        Sun = Weekday::Sunday => Weekday::Sunday,
    }
}
