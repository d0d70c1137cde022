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
}
