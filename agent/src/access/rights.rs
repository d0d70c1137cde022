//! Who may do what. Decided here and nowhere else.

use stairgate_policy::household::Role;
use stairgate_webui::view::{Rights, Scope};

/// What somebody of this role may do after signing in. Children do not sign in: they have a page of their own.
pub const fn of_role(role: Role) -> Rights {
    match role {
        Role::Guardian { .. } => {
            Rights { pause: true, rules: true, activity: true, devices: true, settings: true, adults: true }
        }
        Role::CoGuardian => {
            Rights { pause: true, rules: true, activity: true, devices: true, settings: false, adults: false }
        }
        Role::Carer => {
            Rights { pause: true, rules: false, activity: false, devices: false, settings: false, adults: false }
        }
        Role::Child(_) => NONE,
    }
}

/// What a program may do with a token of these scopes. No token manages adults: whoever steals one must not become one.
pub fn of_scopes(scopes: &[Scope]) -> Rights {
    let has = |scope| scopes.contains(&scope);
    Rights {
        pause: has(Scope::Pause),
        rules: has(Scope::Rules),
        activity: has(Scope::Activity),
        devices: has(Scope::Rules),
        settings: has(Scope::Settings),
        adults: false,
    }
}

/// What an operation of the programming interface asks of whoever calls it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Need {
    /// Nothing: it says nothing about the home.
    Open,
    /// To see how it is for everyone now.
    See,
    /// To see what children ask for.
    SeeRequests,
    /// To see rules, lists, and who changed what.
    SeeRules,
    /// To see devices.
    SeeDevices,
    /// To see what concerns the whole home.
    SeeSettings,
    /// To see what was asked for, as far as each privacy level allows.
    SeeActivity,
    /// To pause, resume and give more time.
    Pause,
    /// To change rules and people.
    Rules,
    /// To change devices.
    Devices,
    /// To change what concerns the whole home.
    Settings,
    /// To decide about adults, and what cannot be undone.
    Adults,
}

impl Need {
    /// Every need.
    pub const ALL: [Self; 12] = [
        Self::Open,
        Self::See,
        Self::SeeRequests,
        Self::SeeRules,
        Self::SeeDevices,
        Self::SeeSettings,
        Self::SeeActivity,
        Self::Pause,
        Self::Rules,
        Self::Devices,
        Self::Settings,
        Self::Adults,
    ];

    /// True if an adult with these rights may. What a role may change, it may see.
    pub const fn is_met_by_adult(self, rights: Rights) -> bool {
        match self {
            Self::Open | Self::See => true,
            Self::SeeRequests | Self::Pause => rights.pause,
            Self::SeeRules | Self::Rules => rights.rules,
            Self::SeeDevices | Self::Devices => rights.devices,
            Self::SeeSettings | Self::Settings => rights.settings,
            Self::SeeActivity => rights.activity,
            Self::Adults => rights.adults,
        }
    }

    /// True if a token of these scopes may.
    pub fn is_met_by_scopes(self, scopes: &[Scope]) -> bool {
        self == Self::Open || self.scope().is_some_and(|scope| scopes.contains(&scope))
    }

    /// The scope that lets a token do it; `None` if no token may, or anybody may.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Open | Self::Adults => None,
            Self::See | Self::SeeRequests | Self::SeeRules | Self::SeeDevices | Self::SeeSettings => Some(Scope::Read),
            Self::SeeActivity => Some(Scope::Activity),
            Self::Pause => Some(Scope::Pause),
            Self::Rules | Self::Devices => Some(Scope::Rules),
            Self::Settings => Some(Scope::Settings),
        }
    }
}

/// Nothing at all.
pub const NONE: Rights =
    Rights { pause: false, rules: false, activity: false, devices: false, settings: false, adults: false };

#[cfg(test)]
mod tests {
    use stairgate_policy::household::AgeBand;

    use super::*;

    #[test]
    fn nobody_may_do_what_a_lesser_role_may_not_without_being_more() {
        let count = |rights: Rights| {
            let Rights { pause, rules, activity, devices, settings, adults } = rights;
            [pause, rules, activity, devices, settings, adults].into_iter().filter(|right| *right).count()
        };
        let roles =
            [Role::Child(AgeBand::From16To17), Role::Carer, Role::CoGuardian, Role::Guardian { primary: false }];
        assert_eq!(roles.map(|role| count(of_role(role))), [0, 1, 4, 6]);
        assert_eq!(of_role(Role::Guardian { primary: true }), of_role(Role::Guardian { primary: false }));
        assert!(!of_scopes(Scope::ALL).adults);
        assert_eq!(of_scopes(&[Scope::Read]), NONE);
    }

    #[test]
    fn scopes_allow_the_same_changes_as_the_rights_that_they_stand_for() {
        let changes = [Need::SeeActivity, Need::Pause, Need::Rules, Need::Devices, Need::Settings, Need::Adults];
        for need in Need::ALL {
            for &scope in Scope::ALL {
                let allowed = need.is_met_by_scopes(&[scope]);
                if changes.contains(&need) {
                    assert_eq!(allowed, need.is_met_by_adult(of_scopes(&[scope])), "{need:?} {scope:?}");
                } else {
                    assert_eq!(allowed, need == Need::Open || scope == Scope::Read, "{need:?} {scope:?}");
                }
            }
            assert_eq!(need.is_met_by_scopes(&[]), need == Need::Open, "{need:?}");
            assert_eq!(need.is_met_by_adult(NONE), matches!(need, Need::Open | Need::See), "{need:?}");
        }
    }
}
