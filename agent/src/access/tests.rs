use super::*;

const NOW: i64 = 1_800_000_000;
const ALEX: PersonId = PersonId(1);
const SAM: PersonId = PersonId(2);

fn signed_in(access: &mut Access, person: PersonId, now: i64) -> Secret {
    let secret = Secret::random().unwrap();
    access.begin_session(person, &secret, now, "192.0.2.7".to_owned(), "Browser\r\n/1.0");
    secret
}

#[test]
fn sessions_open_by_their_secret_until_they_end() {
    let mut access = Access::default();
    let secret = signed_in(&mut access, ALEX, NOW);
    let session = access.session(&secret, NOW).unwrap();
    assert_eq!((session.person, session.browser.as_str()), (1, "Browser/1.0"));
    assert!(access.session(&Secret::random().unwrap(), NOW).is_none());
    assert!(!serde_json::to_string(&access).unwrap().contains(&secret.to_string()));

    assert!(!access.touch_session(&secret, NOW + 60) && access.touch_session(&secret, NOW + LAST_USE_S));
    assert!(access.session(&secret, NOW + LAST_USE_S + SESSION_IDLE_S).is_some());
    assert!(access.session(&secret, NOW + LAST_USE_S + SESSION_IDLE_S + 1).is_none());
    // Used every day, it ends nevertheless.
    let mut day = NOW;
    while access.session(&secret, day).is_some() {
        access.touch_session(&secret, day);
        day += 86_400;
    }
    assert_eq!((day - NOW) / 86_400, 181);
}

#[test]
fn a_new_password_ends_the_other_sessions_of_that_person() {
    let mut access = Access::default();
    let [mine, my_other] = std::array::from_fn(|_| signed_in(&mut access, ALEX, NOW));
    let sams = signed_in(&mut access, SAM, NOW);
    let id = access.session(&mine, NOW).unwrap().id();
    access.set_password(ALEX, "hash".to_owned(), Some(&id));
    assert!(access.session(&mine, NOW).is_some() && access.session(&sams, NOW).is_some());
    assert!(access.session(&my_other, NOW).is_none());
    assert_eq!(access.account(ALEX).unwrap().password, "hash");
    access.remove(ALEX);
    assert!(access.is_empty() && access.session(&mine, NOW).is_none() && access.session(&sams, NOW).is_some());
}

#[test]
fn sessions_and_tokens_are_bounded() {
    let mut access = Access::default();
    let first = signed_in(&mut access, ALEX, NOW);
    let sams = signed_in(&mut access, SAM, NOW);
    let more: Vec<Secret> =
        (1..=SESSIONS_MAX as i64).map(|second| signed_in(&mut access, ALEX, NOW + second)).collect();
    assert!(access.session(&first, NOW).is_none() && access.session(&sams, NOW).is_some());
    assert!(more.iter().all(|secret| access.session(secret, NOW).is_some()));
    let token = |access: &mut Access, now| {
        access.make_token(&Secret::random().unwrap(), "robot".to_owned(), Vec::new(), now, Some(NOW + 10))
    };
    assert!((0..TOKENS_MAX).all(|_| token(&mut access, NOW)) && !token(&mut access, NOW));
    assert!(token(&mut access, NOW + 10), "those that are over make room");
}

#[test]
fn tokens_end_when_they_are_over_or_revoked() {
    let mut access = Access::default();
    let [endless, brief] = std::array::from_fn(|_| Secret::random().unwrap());
    access.make_token(&endless, "robot".to_owned(), vec!["read".to_owned()], NOW, None);
    access.make_token(&brief, "visitor".to_owned(), Vec::new(), NOW, Some(NOW + 60));
    assert!(access.use_token(&brief, NOW + 59).is_some() && access.use_token(&brief, NOW + 60).is_none());
    let (token, noted) = access.use_token(&endless, NOW).unwrap();
    let id = token.id();
    assert!(noted && token.scopes == ["read"]);
    assert!(!access.use_token(&endless, NOW + 1).unwrap().1);
    assert_eq!(access.revoke_token(&id).as_deref(), Some("robot"));
    assert!(access.use_token(&endless, NOW).is_none() && access.revoke_token(&id).is_none());
}

#[test]
fn what_is_kept_is_read_as_it_was_written() {
    let mut access = Access::default();
    signed_in(&mut access, ALEX, NOW);
    access.set_password(SAM, "hash".to_owned(), None);
    access.account_mut(SAM).unwrap().totp = Some(TotpSecret::random().unwrap());
    access.make_token(&Secret::random().unwrap(), "robot".to_owned(), Vec::new(), NOW, None);
    let json = serde_json::to_string(&access).unwrap();
    assert_eq!(serde_json::from_str::<Access>(&json).unwrap(), access);
}

#[test]
fn passkeys_are_counted_and_belong_to_one_person() {
    let mut access = Access::default();
    let made = |id: u8| Credential { id: vec![id], key: vec![1], count: 5 };
    let add = |access: &mut Access, person, id| {
        access.add_passkey(PersonId(person), made(id), "gate.example.net".to_owned(), "A key".to_owned(), 10)
    };
    assert!(!add(&mut access, 1, 1), "nobody has an account");
    access.set_password(PersonId(1), "hash".to_owned(), None);
    access.set_password(PersonId(2), "hash".to_owned(), None);
    assert!(add(&mut access, 1, 1) && !add(&mut access, 1, 1) && !add(&mut access, 2, 1), "somebody's already");
    for (count, copied) in [(6, false), (9, false), (9, true), (20, true)] {
        access.passkey_used(&[1], count, 11);
        assert_eq!(access.passkey(&[1]).unwrap().1.maybe_copied, copied, "{count}");
    }
    let (person, passkey) = access.passkey(&[1]).unwrap();
    assert_eq!((person, passkey.count, passkey.last_used), (PersonId(1), 20, Some(11)));
    let id = passkey.id();
    assert!(access.passkey_mut(PersonId(2), &id).is_none() && !access.remove_passkey(PersonId(2), &id));
    let text = serde_json::to_string(&access).unwrap();
    assert_eq!(serde_json::from_str::<Access>(&text).unwrap(), access);
    assert!(access.remove_passkey(PersonId(1), &id) && access.passkey(&[1]).is_none());
    assert!((0..PASSKEYS_MAX as u8).all(|id| add(&mut access, 1, id)) && !add(&mut access, 1, 200));
}

#[test]
fn a_passkey_that_never_counts_is_no_copy() {
    let mut access = Access::default();
    access.set_password(PersonId(1), "hash".to_owned(), None);
    let made = Credential { id: vec![1], key: vec![1], count: 0 };
    assert!(access.add_passkey(PersonId(1), made, String::new(), String::new(), 10));
    access.passkey_used(&[1], 0, 11);
    assert!(!access.passkey(&[1]).unwrap().1.maybe_copied);
}
