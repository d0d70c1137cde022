## How times, dates and numbers are written. Hours a day are 12 or 24.
format-hours-a-day = 12
format-before-noon = am
format-after-noon = pm
format-date = { $weekday } { $day } { $month }
format-date-time = { $date }, { $time }
format-weekday-time = { $weekday }, { $time }
format-tomorrow = tomorrow, { $time }
format-yesterday = yesterday, { $time }
format-just-now = just now
format-minutes-ago =
    { $count ->
        [one] 1 minute ago
       *[other] { $count } minutes ago
    }
format-hours-ago =
    { $count ->
        [one] 1 hour ago
       *[other] { $count } hours ago
    }
format-minutes = { $minutes } min
format-hours = { $hours } h
format-hours-minutes = { $hours } h { $minutes } min
format-decimal = .
format-thousands = ,
days =
    { $count ->
        [one] 1 day
       *[other] { $count } days
    }
weekday-mon = Monday
weekday-tue = Tuesday
weekday-wed = Wednesday
weekday-thu = Thursday
weekday-fri = Friday
weekday-sat = Saturday
weekday-sun = Sunday
weekday-mon-short = Mon
weekday-tue-short = Tue
weekday-wed-short = Wed
weekday-thu-short = Thu
weekday-fri-short = Fri
weekday-sat-short = Sat
weekday-sun-short = Sun
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

## The frame of every page
language-name = English
skip-to-content = Skip to content
footer = Stairgate runs in your home. Nothing about your family leaves it.
nav-label = Sections
nav-home = Home
nav-activity = Activity
nav-devices = Devices
nav-requests = Requests
nav-settings = Settings
nav-account = Password and sign-in
nav-sign-out = Sign out
nav-waiting =
    { $count ->
        [one] waiting
       *[other] waiting
    }
choose = Please choose
save = Save
change = Change
remove = Remove
show = Show
older = Older
added = Added
on = On
off = Off
last-used = Last used
never-used = Never used
as-table = As a table

## What has just been done
notice-saved = Saved. It holds from now on.
notice-paused = The internet is paused.
notice-resumed = The internet is on again.
notice-time-given = More time was given.
notice-person-added = The person was added.
notice-person-erased = The person and everything kept about them is erased.
notice-device-adopted = The device has an owner now.
notice-device-merged = The two devices are one now.
notice-device-forgotten = The device is unknown again.
notice-name-allowed = The site is open now.
notice-name-blocked = The site is blocked now.
notice-name-removed = The site has no rule of its own any more.
notice-asked = Your question was sent. You will see the answer here.
notice-answered = Your answer was sent.
notice-list-added = The list was added and is being fetched.
notice-list-removed = The list was removed.
notice-lists-refreshing = The lists are being fetched.
notice-password-changed = Your password was changed. All other sessions have ended.
notice-totp-on = From now on you are asked for a code when you sign in.
notice-totp-off = You are not asked for a code any more.
notice-passkey-added = You can sign in with this passkey now.
notice-passkey-removed = The passkey cannot sign in any more.
notice-passkey-renamed = The passkey has its new name.
notice-certificate-given = Browsers trust this connection now.
notice-certificate-removed = The box uses its own certificate again.
notice-session-ended = Signed out there.
notice-token-revoked = The token is of no use any more.
notice-restored = The backup was restored.
notice-history-deleted = It is deleted.
notice-signed-out = You are signed out.
notice-updating = The update has begun. The filter keeps working meanwhile.
notice-update-cancelled = The update is being called off.
notice-port-kept = Kept. It holds after a restart.

## What failed, and what to do next
failure-form-expired = This page was open for too long
failure-form-expired-next = Nothing was changed. Please do it once more here.
failure-conflict = Somebody else changed this at the same time
failure-conflict-next = Your change was not saved. This is how it stands now; please change it again if you still want to.
failure-sign-in-needed = Please sign in
failure-sign-in-needed-next = This page is for the adults of the family.
failure-not-allowed = You may not do this
failure-not-allowed-next = Ask a guardian of your family to do it, or to give you another role.
failure-not-found = This page does not exist
failure-not-found-next = It may have been removed. Go back to the start and look from there.
failure-bad-request = This could not be understood
failure-bad-request-next = Go back, check what you entered and try again.
failure-too-large = That was too much at once
failure-too-large-next = Shorten it, or choose a smaller file.
failure-wrong-host = This is not the address of your gate
failure-wrong-host-next = Open the address that was shown when it was set up.
failure-wrong-password = Name or password is wrong
failure-wrong-password-next = Check both. If you have forgotten the password, somebody at the box can set a new one.
failure-wrong-code = The code is wrong or too old
failure-wrong-code-next = Enter the code that is shown now.
failure-too-many-tries = Too many wrong tries
failure-too-many-tries-next = Wait a few minutes, then try again.
failure-wrong-pin = The PIN is wrong
failure-wrong-pin-next = Try again, or ask a grown-up for help.
failure-bad-pin = This cannot be a PIN
failure-bad-pin-next = Choose 4 to 12 digits.
failure-weak-password = The password is too short
failure-weak-password-next = Use at least 10 characters; three or four words that have nothing to do with each other are good.
failure-passwords-differ = The two passwords are not the same
failure-passwords-differ-next = Enter the new password twice, letter for letter.
failure-bad-name = This name cannot be used
failure-bad-name-next = Choose another one, not empty and not already taken.
failure-bad-domain = This is not the name of a site
failure-bad-domain-next = Write it like example.org, or paste the address from the browser.
failure-bad-time = This time does not exist
failure-bad-time-next = Write times like 20:30, and choose at least one day.
failure-bad-zone = This time zone is unknown
failure-bad-zone-next = Choose one from the list, such as Europe/London.
failure-bad-address = This address cannot be used
failure-bad-address-next = Check it for mistakes and try again.
failure-too-many = There is no room for more
failure-too-many-next = Remove one that you do not need, then add the new one.
failure-asked-too-often = You have asked a lot today
failure-asked-too-often-next = Wait for the answers, or talk to your parents.
failure-last-guardian = The first guardian cannot be removed
failure-last-guardian-next = Make somebody else the first guardian before.
failure-bad-backup = This backup cannot be read
failure-bad-backup-next = Check the file and its passphrase. Nothing was changed.
failure-bad-certificate = This certificate cannot be used
failure-bad-certificate-next = Below stands why. What was in force before still is.
failure-passkey-refused = The passkey was not accepted
failure-passkey-refused-next = Try again, or sign in with your password.
failure-update-busy = An update is under way, or was a moment ago
failure-update-busy-next = Wait until it has ended, then try again.
failure-storage = It could not be saved
failure-storage-next = The disk may be full. Look at the log in the settings.
failure-unavailable = This does not work at the moment
failure-unavailable-next = Try again in a minute. If it stays so, look at the log in the settings.
error-home = To the start page
error-me = To my page
error-sign-in = Sign in

## States and modes
mode-everyday = Everyday
mode-paused = Paused
mode-used-up = Time used up
mode-asleep = Bedtime
mode-homework = Homework
mode-free = Free time
state-open = Internet is on
state-open-mode = Internet is on: { $mode }
state-closed = Internet is off: { $mode }
state-paused = Internet is paused
state-used-up = Today's time is used up
because-everyday = Everyday rules
because-week = Weekly plan
because-exception = Extra time
because-pause = Paused by an adult
because-quota = The day's time is over
state-until-then = { $because } until { $until }, then { $then }
state-until = { $because } until { $until }
state-until-resumed = { $because } until somebody turns it on again
state-for-good = { $because }
pause-for-15 = 15 min
pause-for-30 = 30 min
pause-for-60 = 1 h
pause-for-morning = Until morning
pause-for-open = Until I say
quick-pause = Pause
quick-pause-longer = Another pause
quick-resume = Turn on again
quick-more-time = More time
usage-of-quota = { $used } of { $quota } used, { $left } left
usage-of-quota-what = { $what }: { $used } of { $quota } used, { $left } left
usage-today = { $used } used today

## Roles and ages
role-primary = First guardian
role-guardian = Guardian
role-guardian-detail = Decides everything, for children and adults.
role-co-guardian = Co-guardian
role-co-guardian-detail = Decides everything about the children, but not about other adults or the box.
role-carer = Carer
role-carer-detail = Can pause the internet and give more time: for grandparents and sitters.
age-band = { $from } to { $to } years

## Home
home-title = Home
home-people = People
home-no-children = Nobody is filtered yet. Add a child below to begin.
home-unfiltered = Not filtered
home-add-child = Add a child
home-devices =
    { $count ->
        [one] 1 device
       *[other] { $count } devices
    }
home-connected = { $online } connected
home-requests =
    { $count ->
        [one] 1 request is waiting
       *[other] { $count } requests are waiting
    }
home-new-devices =
    { $count ->
        [one] 1 new device
       *[other] { $count } new devices
    }
home-more-devices =
    { $count ->
        [one] 1 more
       *[other] { $count } more
    }
home-problems = This needs your attention
problem-clock = The clock was never set, so bedtimes cannot be right. Connect the box to the internet.
problem-clock-behind = The clock was set back by more than a day. Minutes of use are counted again when it has stayed so for 20 hours. If the time is wrong, connect the box to the internet.
problem-not-filtered = Nothing is filtered at { $interface }: { $detail }
problem-list = The list { $list } could not be fetched yet.
problem-list-since = The list { $list } could not be fetched since { $since }. The last good copy stays in use.
problem-table-full = There is no room for more names. Remove a list that you do not need.
problem-no-upstream = No name server on the internet answers. Check the internet connection.
problem-not-resolved = Some of the rules for { $person } have no effect, because this box resolves no names. Who installed Stairgate can change that in its configuration file, under [resolver].
problem-no-servers = Names for { $person } are resolved by everybody’s servers, because the set { $set } is not there. It belongs into the configuration file, under [resolver.upstream_sets].
problem-other = { $detail }

## Requests
requests-title = Requests
requests-waiting = Waiting for an answer
requests-none = Nobody is waiting for an answer.
requests-answered = Answered
ask-site = asks for { $name }
ask-time = asks for { $time } more
ask-time-of = asks for { $time } more: { $what }
ask-note = wrote to you
answer-site-yes = Allow
answer-site-today = Only today
answer-site-no = No
answer-time-yes = Give it
answer-time-no = Not now
answer-note-read = I have read it
answer-with-words = Add a few words
answer-note = A few words with the answer
answer-granted = { $by } said yes.
answer-not-granted = { $by } answered.

## A person
person-name = Name
person-your-name = Your name
person-age = Age
person-age-hint = No date of birth is kept. The rules begin with what suits this age; you can change all of them.
person-now = Now
person-unfiltered = This person's devices are not filtered.
person-no-devices = No device belongs to this person yet, so no rule takes effect.
person-devices-link = Give devices to people
tabs-label = Pages about this person
tab-now = Overview
tab-week = Week
tab-sites = Sites
tab-services = Apps
tab-more = More
bedtime = Bedtime
bedtime-school = Sunday to Thursday
bedtime-weekend = Friday and Saturday
bedtime-on = Internet off at night
bedtime-from = From
bedtime-to = Until
bedtime-save = Save bedtime
bedtime-hint = Running videos and games end at bedtime too. Helplines always stay open.
recommended-title = Recommended at { $age }
recommended-same = Everything is as recommended.
recommended-differs =
    { $count ->
        [one] One thing differs from what we recommend. That is your choice.
       *[other] { $count } things differ from what we recommend. That is your choice.
    }
recommended-blocked = { $what }: usually blocked, open here
recommended-open = { $what }: usually open, blocked here
recommended-on = { $what }: usually on, off here
recommended-off = { $what }: usually off, on here
recommended-youtube = YouTube: usually “{ $setting }”
recommended-level = Usually: { $level }
recommended-week = The week is your own.
recommended-restore = Use what is recommended
recommended-restore-detail = All rules and the week become what is recommended. Single sites that you allowed or blocked stay.
details-title = Name and age

## Use
use-title = Use in the last seven days
use-graph = Bars of use for each day, { $total } in all. The numbers are in the table below.
use-table = Table of use
use-others = Others
use-what = What
use-device = Device
use-time = Time
use-data = Sent
use-when = When
use-device-unknown = Unknown device
use-both = Two things at once count for each of them, and once for the day.
use-hidden = Which apps and sites it was stays with the child, as you set what is kept. You see the minutes and what has a limit.
use-day-title = Use today
use-day-graph = A bar for each half hour of today. The minutes are in the table below.
use-evidence = Which minutes were counted today?
use-evidence-detail = Only real use is counted. What devices do by themselves is not. “Sent” is what the device sent, a small part of what it received.
tag-other = Other

## Time a day
quota-title = Time a day
quota-lead = Only minutes of real use count, and all devices share them.
quota-none = There is no limit.
quota-all = Everything together
quota-a-day = { $time } a day, { $days }
quota-more = { $time } more today
quota-add = Set a limit
quota-what = What
quota-minutes = Minutes a day
quota-hint = When they are used up, it is closed until midnight. On its days, a limit takes the place of another one for the same thing. Sites that you allowed one by one stay open, unless everything is used up.

## The week
week-title = The week
week-lead = The last thing painted counts. What is left blank is everyday.
week-brush = Paint with
week-help = Drag over the week with a finger or the mouse. With the keyboard: arrows move, space paints, Shift with arrows paints on.
week-save = Save the week
week-undo = Undo
windows-title = Times one by one
windows-lead = Where times overlap, the one lower in the list counts.
windows-none = No times are set: everyday rules hold all week.
windows-add = Add a time
windows-days = Days
windows-daily = Daily
windows-from = From
windows-to = Until
windows-mode = What holds

## Modes
modes-title = Modes
modes-lead = What bedtime, homework and other times mean for this person.
modes-add = Add a mode
modes-name = Name
modes-effect = What it does
modes-what = Which kinds of sites
effect-closed = Internet off
effect-also-block = Blocks some kinds of sites as well
effect-only = Only some kinds of sites
effect-free = Everyday rules and nothing more

## Sites and apps
names-title = Single sites
names-lead = What you say here goes before everything else about the site.
names-name = Site
names-allowed = Allowed
names-denied = Blocked
names-until = until { $until }
names-remove = Remove the rule for { $name }
name-allow = Allow
name-allow-label = Allow { $name }
name-deny = Block
name-deny-label = Block { $name }
categories-title = Kinds of sites
categories-lead = Tick what is blocked. It is ordered by what it is a matter of.
categories-blocked = { $count } of { $all } blocked
category-is-blocked = blocked
category-is-open = open
category-usually-blocked = Usually blocked at this age.
category-usually-open = Usually open at this age.
only-title = Only what is chosen
only-detail = For the youngest: nothing can be reached but what is ticked here and the sites allowed above.
only-on = Allow only what is ticked
only-permit = Can be reached
services-title = Apps and services
services-lead = What you choose for one goes before what holds for its kind.
service-category = Like its kind
service-open = Open
service-blocked = Blocked
group-content = What a child sees
group-content-detail = Pictures, texts and claims that can frighten or harm.
group-contact = Whom a child meets
group-contact-detail = Places where strangers can get in touch.
group-conduct = What a child does
group-conduct-detail = Sharing, playing, watching, and how others are treated.
group-contract = What a child is sold
group-contract-detail = Money, advertising, traps.
group-bypass = Ways around the filter
group-bypass-detail = With these, other rules would not hold.
group-protect = Always open
group-protect-detail = These can be reached at any time, whatever is set, and helplines are never recorded.
group-everyday = Everyday
group-everyday-detail = No risk by itself, but useful to name in times such as homework.

## Protection and privacy of a person
protect-title = Protection
protect-safe-search = Safe search
protect-safe-search-detail = Search engines leave out what is not for children. Those that cannot are blocked.
protect-ech = Keep site names readable
protect-ech-detail = The filter can then see which site is visited, but never what is said there.
protect-quic = Block QUIC
protect-quic-detail = Browsers then use a way on which names can be read. Nobody notices a difference.
protect-unclassified = Block what is unknown
protect-unclassified-detail = What the filter cannot recognise stays closed. Some apps will not work.
protect-resolved = Block detours
protect-resolved-detail = Devices may only go where the home's name server sent them. It ends many ways around, and some games and calls too.
protect-not-resolved = This box resolves no names. Until it does, safe search, YouTube’s restricted mode, readable site names and blocked detours have no effect.
protect-upstreams = Name servers
protect-upstreams-usual = The usual ones
youtube-title = YouTube
youtube-hint = Restricted modes are YouTube's own. They hide comments too.
youtube-off = Everything
youtube-moderate = Moderate
youtube-strict = Strict
privacy-person-title = What is kept
pin-title = PIN for asking
pin-off = Everyone at one of this child’s devices can ask in its name. With a PIN, only the child can. Looking at the page needs none.
pin-on = This child shows a PIN to ask. If it is forgotten, set a new one here.
pin-new = New PIN, 4 to 12 digits
pin-remove = Ask for no PIN any more
privacy-person-lead =
    { $days ->
        [0] Minutes of use are kept for today only, and names of sites not at all. The child sees everything that is kept.
        [one] Minutes of use and requests are kept for 1 day, names of sites for 1 day at most. Then they are deleted. The child sees everything that is kept.
       *[other] Minutes of use and requests are kept for { $days } days, names of sites for 1 day at most. Then they are deleted. The child sees everything that is kept.
    }
level-nothing = Nothing is kept.
level-reasons = Only why something was blocked is kept, not what.
level-blocked-names = Names of sites that were blocked are kept.
level-all-names = Names of all sites are kept.
data-title = Data
data-lead = Everything kept about this person can be handed out as a file, or erased for good.
data-link = Hand out or erase
data-export = Save as a file
data-erase = Erase this person
data-erase-detail = { $name }, all rules and everything kept will be erased. This cannot be undone.
data-erase-confirm = Write the name to confirm

## Devices
devices-title = Devices
devices-lead = A person's rules hold on all of that person's devices.
devices-new =
    { $count ->
        [one] 1 new device
       *[other] { $count } new devices
    }
devices-none-new = Every device has an owner.
device-nameless = Unknown device
device-online = Connected
device-offline = Away
device-last-seen = Seen
device-heard = Calls itself { $name }
device-private = Uses a changing, private address. On the device, turn that off for your home network, so that its rules keep holding.
device-label = Name of the device
device-owner = Whose is it?
device-adopt = Save
device-likely = This is probably { $label } with a new address.
device-merge = Yes, it is { $label }
device-forget = Make unknown again
device-forget-detail = The rules for unknown devices then hold for it.
owner-shared = Shared by all
owner-shared-detail = Shared, such as a television
owner-unmanaged = Without rules
owner-unmanaged-detail = Without rules, such as a printer

## Activity
activity-title = Activity
activity-person = Person
activity-everyone = Everyone
activity-only-blocked = Only what was blocked
activity-levels = Names are shown only as far as each person's privacy allows.
activity-day = The last 24 hours
activity-latest = Latest
activity-none = Nothing to show.
activity-name-not-kept = Name not kept
verdict-allowed = Allowed
verdict-blocked = Blocked
verdict-failed = Failed
verdicts-graph = { $allowed } allowed, { $blocked } blocked, { $failed } failed
queries-title = Questions for names
queries-graph = Bars for each half hour, at most { $highest } in one of them. The numbers are in the table below.
latency-title = Time for an answer
latency-graph = Half of the answers took no longer than shown, at most { $highest }.
reason-denied = It is on the own list of blocked sites.
reason-category = It belongs to a blocked kind of sites: { $what }.
reason-service = It belongs to { $what }, which is blocked.
reason-not-allowed = It is not among the sites that were chosen.
reason-closed = The internet is off at this time.
reason-paused = The internet is paused.
reason-quota = The day's time is used up.
reason-unclassified = The filter does not know what it is.
reason-bypass = It would lead around the filter.
reason-unreadable = The filter cannot read where it goes.
reason-safe-search = It would switch safe search off.
reason-cloaked = It only leads on to { $name }, which is blocked.
reason-rebinding = It pretends to be in your home.
reason-tampered = The connection was tampered with.
reason-no-answer = No name server had an answer.

## Why
why-title = Why?
why-link = Why?
why-person = For whom
why-ask = Explain
why-closed = { $name } is blocked for { $person } now
why-open = { $name } is open for { $person } now
why-protected = It can always be reached, whatever is set.
why-stands-in = It is answered as { $name }, so that searching is safe.
why-mode = What holds now: { $mode }.
why-until = It changes { $until }.
why-tags = It counts as:
why-sources =
    { $count ->
        [one] 1 line of a list is about it
       *[other] { $count } lines of lists are about it
    }
why-source = { $list }, line { $line }:
why-exception = an exception

## Lists
lists-title = Lists
lists-lead = { $names } names in use, room for { $capacity }.
lists-test = Try a name
lists-test-button = Try
lists-subscribed =
    { $count ->
        [one] 1 list
       *[other] { $count } lists
    }
lists-refresh = Fetch all now
lists-add = Add a list
lists-name = Name
lists-source = Address
lists-source-hint = Begins with https://. Hosts files, plain names, AdGuard, dnsmasq and RPZ are recognised.
lists-tag = What its names are
lists-names =
    { $count ->
        [one] 1 name
       *[other] { $number } names
    }
lists-not-loaded = Not in use yet
lists-skipped =
    { $count ->
        [one] 1 line skipped
       *[other] { $number } lines skipped
    }
lists-checked = Checked
lists-fetched = Changed
lists-problem = Could not be fetched: { $detail }
lists-remove = Remove the list { $name }

## Sign-in
sign-in-title = Welcome
sign-in-name = Your name
sign-in-password = Password
sign-in-button = Sign in
sign-in-passkey = Use a passkey
sign-in-forgotten = Forgotten it? Another guardian, or somebody at the box, can set a new one.
sign-in-child = I am a child: show my page
sign-in-code = Six-digit code
sign-in-code-lead = Open your app for codes and enter the one for Stairgate.
sign-in-blocked = Too many wrong tries. Try again { $until }.
password-title = Password
password-current = Current password
password-new = New password
password-again = The same once more
password-hint = At least 10 characters. Three or four words that have nothing to do with each other are good.
password-change = Change password

## Set-up
setup-step = Step { $step } of { $steps }
setup-next = Next
setup-code-title = Let us begin
setup-code-lead = Enter the code that the box shows on its console.
setup-code = One-time code
setup-port-title = Where is your provider?
setup-port-question = Is your provider’s cable in port { $number }?
setup-port-hint = Not sure? Leave it as it is. You can change it later under “This box”.
setup-port-restart = Put the provider’s cable there and restart. Then begin again with the code that the box shows on its console; the restart takes about a minute.
setup-port-later = Go on without a restart
setup-household-title = Your home
household-name = What do you call your family?
household-zone = Time zone
household-language = Language
household-country = Country of the helplines
household-country-none = International only
setup-guardian-title = About you
setup-guardian-lead = You will be the first guardian. You can add others later.
setup-children-title = Your children
setup-children-lead = Each child gets rules that suit the age.
setup-devices-title = Whose is what?
setup-devices-lead = These devices are in your home now. You can do this later too.
setup-devices-none = No device was found yet. They will show up on the start page.
setup-devices-later = Decide later
setup-devices-this = this one
setup-review-title = This will hold
setup-review-lead = You can change all of it at any time.
setup-review-no-children = There are no children yet. Unknown devices are treated like those of a child of 10 to 12 years.
setup-review-all = Adults are not filtered. Helplines can always be reached and are never recorded.
setup-finish = Turn it on
setup-done-title = Done
setup-done-lead = The gate is on. Tell your children about it: that works best together.
setup-done-child = Children see their own rules here:
setup-done-home = To the start page
review-night = Internet off: { $when }
review-only = Only sites made for young children and for learning are open.
review-unclassified = What the filter cannot recognise stays closed.
review-safe-search = Search engines leave out what is not for children.
review-youtube-moderate = YouTube shows only what its own filter lets through.
review-youtube-strict = YouTube shows only a small, strictly filtered part.
review-kept = Your view:
review-blocked =
    { $count ->
        [one] 1 kind of sites is blocked
       *[other] { $count } kinds of sites are blocked
    }
review-talk = At this age, talking matters more than blocking. Agree on the rules together.
review-change = Does { $night } not suit you? Change it on the start page under “Bedtime”.

## Settings
settings-title = Settings
settings-account = Password, codes, passkeys, where you are signed in
settings-adults = Who may decide what
settings-privacy = What is kept about whom, and for how long
settings-lists = Where blocked names come from
settings-why = Explain why a site is open or blocked
settings-network = Name, time zone, name servers
settings-helplines = Whom your children can talk to
settings-tokens = Access for programs
settings-backup = Save, restore, hand out, erase
settings-system = Health, updates, network ports, log
settings-audit = Every change and who made it
settings-about = What the gate can and cannot see
adults-title = Adults
adults-add = Add an adult
adults-role = Role
adults-password = First password
adults-password-hint = Tell it to the person, who can change it after signing in.
adults-no-password = Cannot sign in
adults-totp = Signs in with a code
adults-passkeys =
    { $count ->
        [one] 1 passkey
       *[other] { $count } passkeys
    }
account-title = Password and sign-in
totp-title = Codes from an app
totp-off = Besides your password, you can be asked for a code that only your phone knows.
totp-begin = Set up
totp-scan = Scan this with an app for codes, then enter the code that it shows.
totp-secret = Or type it in:
totp-confirm = Turn on
totp-on = You are asked for a code when you sign in.
totp-turn-off = Turn off
qr = QR code. The same stands below in letters.
passkeys-title = Passkeys
passkeys-lead = Sign in with your fingerprint, face or a key instead of password and code.
passkeys-add = Add a passkey
passkeys-name = Name of the passkey
passkeys-need-script = Adding a passkey takes JavaScript and a browser that knows passkeys.
passkeys-elsewhere = Passkeys work at the address that browsers trust:
passkeys-need-certificate = Passkeys need a certificate that browsers trust. A guardian can give one in the settings.
passkeys-made-for = made for { $name }, where the box no longer is
passkeys-copied = It counts less than before, so there may be a copy of it. If you have not copied it, remove it.
sessions-title = Signed in
sessions-this = here
sessions-end = Sign out
sessions-end-others = Sign out everywhere else
tokens-title = Access for programs
tokens-lead = A program shows a token instead of a password. Give each only what it needs.
tokens-fresh = Your new token
tokens-fresh-detail = Copy it now. It is not shown again.
tokens-add = Make a token
tokens-name = What is it for?
tokens-scopes = What it may do
tokens-days = Valid for
tokens-forever = No end
tokens-until = Until { $until }
scope-read = See states, people and devices
scope-activity = See activity as far as privacy allows
scope-pause = Pause and give more time
scope-rules = Change rules and devices
scope-settings = Change everything else
network-title = Home and network
upstreams-title = Name servers
upstreams-lead = They find the addresses of sites for your home. Encrypted ones keep your provider from reading along.
upstreams-everyone = For everyone
upstreams-answers = Answers
upstreams-silent = Does not answer
upstreams-unasked = Nothing asked yet
upstreams-none = No server is known. It comes from the internet connection.
upstreams-plain = not encrypted
upstreams-where = Who installed Stairgate chooses them in its configuration file, under [resolver].
helplines-title = Helplines
helplines-lead = Your children see them on their own page. Their sites can be reached at any time, also at bedtime and while paused, and nobody can see that they were opened.
helplines-country = These are the ones for this country: { $country }.
helplines-own = Your family has written this list. The country that is set: { $country }.
helplines-country-link = Choose another country
helplines-add = Add a helpline
helplines-name = What is it called?
helplines-telephone = Telephone number (optional)
helplines-site = Site, such as example.org (optional)
helplines-hours = When is somebody there? (optional)
helplines-reset = Show the helplines of the country again
privacy-title = Privacy
privacy-lead = Children can see what is kept about them. Helplines are never kept.
privacy-entries =
    { $count ->
        [one] 1 entry
       *[other] { $number } entries
    }
privacy-delete = Delete
privacy-delete-all = Delete everything that is kept
retention-title = How long
retention-days = Days until minutes of use and requests are deleted
retention-names = Names of sites are kept for 1 day at most, and only until a restart. With 0 days they are not kept.
retention-copies = Some updates of Stairgate leave a copy of everything here for 30 days at most, so that they can be taken back. Whatever is deleted by hand is deleted there too.
retention-size = It takes { $size } now.
backup-title = Backup
backup-make = Make a backup
backup-last = Last one:
backup-never = There is no backup yet.
backup-passphrase = Passphrase of the file
backup-passphrase-hint = Without it nobody can read the file, you included. Write it down.
backup-make-button = Save backup
backup-restore = Restore
backup-restore-lead = Everything set here is replaced by what is in the file.
backup-file = File
backup-restore-button = Restore
backup-both = Make or restore a backup
backup-needs-https = Without encryption, browsers hold a backup back as insecure, and its passphrase could be read on the way.
go-encrypted = Continue encrypted
go-encrypted-hint = You sign in once more there. Without a certificate of your family's, the browser warns of the box's own; that is expected at home.
certificate-title = Certificate
certificate-lead = With a certificate for a name of yours, browsers open these pages encrypted and without a warning, and passkeys work.
certificate-own = No certificate was given. The box uses one that it made itself, which browsers warn of. Nothing has to be installed on any device.
certificate-in-force = Browsers trust the name { $name } until
certificate-problem = What was given cannot be used
certificate-configured = The configuration says where certificate and key are. When they are renewed, they are read again.
certificate-portal = So that devices learn by themselves why they are paused (RFC 8910), add these lines to dnsmasq:
certificate-ends = The certificate of { $name } ends
certificate-ends-next = Renew it, and give the new one here. After that, browsers warn and passkeys no longer work.
certificate-give = Give a certificate
certificate-needs-https = The private key must not be readable on the way, so it is given over an encrypted connection.
certificate-chain = Certificate with its chain (fullchain.pem)
certificate-key = Private key (privkey.pem)
certificate-hint = Both in PEM form. The key stays on this box and is in no backup.
certificate-give-button = Use it
certificate-remove = Use the box’s own again
settings-certificate = Encrypted pages without a warning
system-title = This box
system-version = Version { $version }, running for { $uptime }.
system-version-image = Version { $version } in slot { $slot }, running for { $uptime }.
system-on-trial = This version is being tried. It is kept if it works for a few minutes; if not, the box goes back to the one before by itself.
health-title = How it is doing
health-gate-native = The filter is at work at { $name }, at full speed.
health-gate-generic = The filter is at work at { $name }. The port’s driver cannot run it itself, which costs a little speed.
health-gate-missing = The filter is not at work at { $name }: { $detail }
health-gate-nowhere = The filter is at work nowhere. The log below says why.
health-resolver-answers = Names are looked up, and servers answer.
health-resolver-silent = No name server answers. Is the provider’s line working?
health-resolver-off = Names are looked up elsewhere; the filter judges them on their way.
health-clock-set = The clock is set.
health-clock-unset = The clock was never set, so bedtimes cannot be right. It is set as soon as the internet works.
memory-used = Memory: { $used } of { $total } in use
disk-used = Storage: { $used } of { $total } in use
update-title = Updates
update-by-system = This installation is updated by the package manager of its system, together with everything else.
update-last-none = This box has not been updated yet.
update-last-kept = Version { $version } was tried, works, and was kept.
update-last-went-back = Version { $version } was tried and did not work, so the box went back to the one before.
update-last-interrupted = Version { $version } was not tried, because the power went before. Begin the update again.
update-last-reason = In the system’s words:
update-lead = A new version is written beside the running one, and tried at the next start. If it does not work, the box goes back by itself. Your settings stay as they are.
update-from-address = Update from an address
update-from-file = Update from a file
update-address = Address of the update
update-address-hint = It begins with https:// and ends with .update. The signature is expected beside it.
update-file = The update (ends with .update)
update-signature = Its signature (ends with .minisig)
update-restart = Restart when it is written
update-restart-detail = The internet is then gone for about a minute.
update-older = Take an older version too
update-older-detail = Only to go back to an earlier version.
update-begin = Begin the update
update-phase-receiving = The file is being sent
update-phase-fetching = The update is being fetched
update-phase-checking = The signature is being checked
update-phase-writing = The update is being written
update-phase-comparing = What was written is being checked
update-percent = { $percent } %
update-cancel = Cancel
update-keep-power = Do not switch the box off now. Should it happen all the same, the version from before starts again.
update-written = Version { $version } is ready
update-written-detail = The next start tries it. If it does not work, the box goes back by itself.
update-restart-now = Restart and try it
update-detail = In the system’s words
update-failure-unreachable = The update could not be fetched
update-failure-unreachable-next = Check the address, and whether the internet works. Nothing was changed.
update-failure-broken-off = The file did not arrive whole
update-failure-broken-off-next = Stay on this page until it is sent, then try again. Nothing was changed.
update-failure-not-signed = The signature cannot be read
update-failure-not-signed-next = Choose the file that ends with .minisig and belongs to the update. Nothing was changed.
update-failure-wrong-signature = The signature does not match the update
update-failure-wrong-signature-next = The file is damaged, incomplete or not from your maker. Get it anew from where you know it is right. It will not be started.
update-failure-other-kind = This update is for another kind of box
update-failure-other-kind-next = Get the one for x86-64. Nothing was changed.
update-failure-older = This update is older than what runs
update-failure-older-next = If you want to go back, tick “Take an older version too”. Nothing was changed.
update-failure-too-large = This update is too large for the box
update-failure-too-large-next = Get the file that ends with .update, not the whole image. Nothing was changed.
update-failure-disk = The update could not be written or read
update-failure-disk-next = Try again. If it stays so, the disk may be failing: make a backup. The running version is as it was.
update-failure-not-tried = The update is written, but will not be tried
update-failure-not-tried-next = Try again, or use the box’s console. The running version is as it was.
update-failure-on-trial = The last update is still being tried
update-failure-on-trial-next = Wait three minutes until it is known whether it works, then try again. Nothing was changed.
update-failure-cancelled = The update was cancelled
update-failure-cancelled-next = Nothing was changed.
restart-title = Restart
restart-lead = The internet is gone for about a minute, for everyone.
restart-now = Restart now
restarting-title = The box is restarting
restarting-lead = The internet is gone for about a minute.
restarting-back = This page comes back by itself. If it does not within two minutes:
restarting-again = Try again
ports-title = Network ports
placement-router = The box is your home’s router: it gives your devices their addresses, and strangers stay out.
placement-bridge = The box stands unseen between the provider’s router and your home: the provider’s router gives the addresses.
port-name = Port { $number }
port-provider = to the provider
port-home = to your home
port-cable = cable is in
port-no-cable = no cable
port-speed = { $megabits } Mbit/s
port-answers = A provider answers here.
port-silent = No provider answers here at the moment. Is the cable in, and is the provider’s box on?
port-choose = Use port { $number } for the provider
port-choose-detail = Choose this only if the provider’s cable is in this port. It holds after a restart.
port-choose-button = Use it
port-changed = After the next start, port { $number } leads to the provider.
log-title = Log
log-lead = It holds no names of sites.
log-when = When
log-level = Kind
log-text = What
log-level-error = Error
log-level-warn = Warning
log-level-info = Note
about-title = About, and what it sees
about-lead = No filter sees everything. This one says what it does not see.
about-version = Stairgate { $version }
coverage-title = What the gate sees here
coverage-state-sees = Sees it
coverage-state-partly = Partly
coverage-state-blind = Does not see it
coverage-plain-dns = Questions for names
coverage-plain-dns-detail = Every name that a filtered device asks the home for.
coverage-tls = Secure sites
coverage-tls-detail = The name of the site at the start of a connection. What follows is encrypted and stays so.
coverage-quic = QUIC
coverage-quic-detail = A newer way to connect. Where it is blocked, browsers take the usual one.
coverage-ech = Hidden site names
coverage-ech-detail = Where names are kept readable, sites that hide theirs are recognised too.
coverage-encrypted-dns = Other name servers
coverage-encrypted-dns-detail = Known ones are blocked where the rules say so. Unknown ones can go unnoticed.
coverage-vpn = Tunnels and VPN
coverage-vpn-detail = Known services are blocked. Inside a tunnel that got through, nothing can be seen.
coverage-ipv6 = IPv6
coverage-ipv6-detail = Filtered just like IPv4.
coverage-mobile-data = Mobile data
coverage-mobile-data-detail = What a phone does outside your Wi-Fi never passes the gate.
coverage-content = Contents
coverage-content-detail = Messages, pictures and videos are never looked into. No certificate is installed.
coverage-second-router = A second router
coverage-second-router-detail = Devices behind another router look like a single one.
interfaces-title = Where it stands
interface-attached = filters ({ $mode })
interface-not-attached = does not filter: { $detail }

## Audit
audit-title = Changes
audit-lead = Every guardian sees this. Children see what concerns them.
audit-none = Nothing has been changed yet.
actor-token = Program “{ $name }”
actor-command-line = At the box
actor-agent = Stairgate itself
actor-erased = Someone who was removed
audit-set-up = Set up
audit-signed-in = Signed in
audit-sign-in-failed = Failed to sign in
audit-person-added = Person added
audit-person-changed = Person changed
audit-person-erased = Person erased
audit-person-exported = Data handed out
audit-paused = Paused
audit-resumed = Turned on again
audit-time-given = More time given
audit-week-changed = Week changed
audit-quota-changed = Time a day changed
audit-quota-used-up = Time used up
audit-categories-changed = Kinds of sites or apps changed
audit-modes-changed = Modes changed
audit-protection-changed = Protection changed
audit-privacy-changed = What is kept changed
audit-pin-changed = PIN changed
audit-name-allowed = Site allowed
audit-name-blocked = Site blocked
audit-name-removed = Rule for a site removed
audit-asked = Asked
audit-granted = Request granted
audit-turned-down = Request turned down
audit-device-adopted = Device given to somebody
audit-device-merged = Devices made one
audit-device-forgotten = Device forgotten
audit-list-added = List added
audit-list-removed = List removed
audit-upstreams-changed = Name servers changed
audit-helplines-changed = Helplines changed
audit-household-changed = Home changed
audit-access-changed = Way of signing in changed
audit-certificate-changed = Certificate changed
audit-session-ended = Session ended
audit-token-made = Token made
audit-token-revoked = Token revoked
audit-backed-up = Backup made
audit-restored = Backup restored
audit-history-deleted = What was kept deleted
audit-updated = New version
audit-restarted = Box restarted
audit-port-changed = Provider’s port changed

## A child's own page: plain words for a child of eight
me-title = My page
me-hello = Hello { $name }!
me-now = How it is now
me-no-rules = There are no rules for you. You can use the internet freely.
me-today = My day
day-graph = Your day from midnight to midnight. The list below says the same.
day-open = Internet on
day-closed = Internet off
day-now = now
me-ask = I want to ask something
me-ask-time = Can I have more time?
me-ask-time-what = More time for what?
me-ask-site = Can you open a site?
me-ask-say = I want to tell you something
me-ask-which = Which site or app?
me-ask-why = Why? (You can leave this out)
me-ask-note = What do you want to say?
me-ask-send = Send
me-pin = Your PIN
me-why = Why does something not work?
me-why-button = Tell me
me-answers = What I asked
me-help = Someone to talk to
me-help-lead = They listen to you when you are sad, scared or worried. Nobody at home can see that you look at their page.
me-blocked = What is closed for me
me-blocked-lead = Do you think something should be open? Just ask.
me-kept = What is written down about me
me-level-nothing = Nothing is written down about what you look at.
me-level-reasons = It is written down why something was closed, but not what it was.
me-level-blocked-names = Sites that were closed are written down. Your parents can see them. Sites that were open are not written down.
me-level-all-names = All sites that your devices ask for are written down. Your parents can see them.
me-usage-nothing = Your minutes are counted, and on which device, but not what you use. Your parents can see that.
me-usage-reasons = Your minutes are counted, and for which apps and kinds of sites. Your parents see how long, and only what has a limit.
me-usage-blocked-names = Your minutes are counted, and for which apps and kinds of sites. Your parents can see that.
me-usage-all-names = Your minutes are counted, and for which apps and kinds of sites. Your parents can see that.
me-kept-days =
    { $days ->
        [0] For now, nothing of it is kept.
        [one] After 1 day it is deleted.
       *[other] After { $days } days it is deleted.
    }
me-kept-show =
    { $count ->
        [one] Show me the 1 thing
       *[other] Show me all { $count } things
    }
me-use = My week
me-changes = Who changed my rules
paused-title = Time for a break
paused-title-night = Good night!
paused-title-quota = That was all for today
paused-detail = The internet is off on this device for now. It comes back by itself.
paused-link = See my rules or ask
paused-again = Is it on again?
paused-help = Helplines still work, at any time.

## Kinds of sites, as the built-in taxonomy has them
category-adult = Pornography
category-adult-detail = Sites made to show sex.
category-suggestive = Nudity and suggestive pictures
category-suggestive-detail = Lingerie, glamour and sites that have adult corners without being made for them.
category-violence = Cruelty and gore
category-violence-detail = Sites that show people or animals being hurt or killed for the thrill of it.
category-weapons = Weapons and dangerous materials
category-weapons-detail = Sites that sell weapons or explain how to make explosives and poisons.
category-hate = Hate and extremism
category-hate-detail = Sites that call for hatred or violence against people for what they are or believe.
category-drugs = Drugs
category-drugs-detail = Sites that sell drugs or praise taking them; advice on addiction stays reachable.
category-alcohol-tobacco = Alcohol, tobacco and vaping
category-alcohol-tobacco-detail = Shops and brands of things that may not be sold to children.
category-self-harm = Self-harm and eating disorders
category-self-harm-detail = Sites that encourage hurting or starving oneself; helplines stay reachable.
category-sects = Coercive groups
category-sects-detail = Groups that courts or public bodies have found to put pressure on their members.
category-misinformation = Invented news
category-misinformation-detail = Sites that publish made-up stories as news.
category-strangers = Random chat with strangers
category-strangers-detail = Sites that connect a child by video or text with whoever happens to be there.
category-dating = Dating
category-dating-detail = Sites and apps for meeting partners; their own terms ask for adults.
category-messaging = Messaging
category-messaging-detail = Writing, calling and group chats with people one knows, and with people who know their number.
category-forums = Forums
category-forums-detail = Open discussion boards where anyone of any age writes.
category-social = Social networks
category-social-detail = Profiles, followers, likes and feeds that never end; most ask for an age of 13.
category-video = Video and streaming
category-video-detail = Films, series, live streams and clips.
category-games = Games
category-games-detail = Online games, their shops and their chats.
category-ai-companions = Artificial companions
category-ai-companions-detail = Chat programs that play a friend or a partner and are made to keep one talking.
category-ai-assistants = Artificial intelligence assistants
category-ai-assistants-detail = Chat programs that answer questions and write texts; most ask for an age of 13, and they err.
category-spying = Spying on others
category-spying-detail = Programs that secretly watch somebody else's phone.
category-hacking = Attack tools
category-hacking-detail = Tools and services for breaking into or overloading computers, and game cheats that carry malware.
category-piracy = Pirated copies
category-piracy-detail = Sites that offer films, games and programs without the right to; many carry malware.
category-file-sharing = File hosting and downloads
category-file-sharing-detail = Sites where anyone stores files for anyone to download.
category-blogs = Blogs
category-blogs-detail = Personal sites of anyone about anything.
category-gambling = Gambling
category-gambling-detail = Betting, casinos, lotteries and trading of game items for money.
category-crypto = Cryptocurrency trading
category-crypto-detail = Exchanges and wallets; not for sale to children.
category-malware = Malware
category-malware-detail = Sites that infect devices or misuse them, such as for mining.
category-scams = Phishing and scams
category-scams-detail = Sites that pretend to be somebody else to take passwords or money.
category-ads = Advertising and tracking
category-ads-detail = Servers that show advertisements or follow people from site to site.
category-shopping = Shopping
category-shopping-detail = Online shops and marketplaces.
category-vpn = VPN services
category-vpn-detail = Tunnels that hide everything from the filter.
category-encrypted-dns = Encrypted name servers
category-encrypted-dns-detail = Servers that answer names past the home's own; without them the filter sees every name.
category-proxies = Proxies and anonymisers
category-proxies-detail = Sites that fetch other sites on one's behalf, and paid detours through other people's homes.
category-remote-control = Remote control
category-remote-control-detail = Programs that show and steer another computer; also how fraudsters get in.
category-translation = Page translators
category-translation-detail = Translators that show whole pages of other sites; useful for school, and a way around rules.
category-shorteners = Link shorteners
category-shorteners-detail = Short links that do not show where they lead.
category-helplines = Helplines
category-helplines-detail = Someone to talk to about violence, abuse, worry or crisis; always reachable and never recorded.
category-health = Health and sex education
category-health-detail = Answers about body, mind, sexuality and addiction from those who know.
category-emergency = Emergency services
category-emergency-detail = Police, rescue and warnings to the public.
category-school = School
category-school-detail = The platforms that schools teach on.
category-updates = System updates
category-updates-detail = What keeps devices safe and on time.
category-home = This home
category-home-detail = The home's own printers, screens and pages.
category-connection-checks = Connection checks
category-connection-checks-detail = How devices find out whether they are online; while all is closed, the home itself says that they are not.
category-kids = Made for young children
category-kids-detail = Sites made for young children.
category-learning = Learning and reference
category-learning-detail = Encyclopaedias, libraries, courses and learning games.
category-music = Music and radio
category-music-detail = Listening to music, radio and podcasts.
category-news = News
category-news-detail = Newspapers and broadcasters.
category-sport = Sport
category-sport-detail = Results, clubs and sporting news.
category-mail = E-mail
category-mail-detail = Reading mail in the browser.
