## How times, dates and numbers are written. Hours a day are 12 or 24.
format-hours-a-day = 24
format-before-noon = Uhr
format-after-noon = Uhr
format-date = { $weekday } { $day }. { $month }
format-date-time = { $date }, { $time }
format-weekday-time = { $weekday }, { $time }
format-tomorrow = morgen, { $time }
format-yesterday = gestern, { $time }
format-just-now = gerade eben
format-minutes-ago =
    { $count ->
        [one] vor 1 Minute
       *[other] vor { $count } Minuten
    }
format-hours-ago =
    { $count ->
        [one] vor 1 Stunde
       *[other] vor { $count } Stunden
    }
format-minutes = { $minutes } Min.
format-hours = { $hours } Std.
format-hours-minutes = { $hours } Std. { $minutes } Min.
format-decimal = ,
format-thousands = .
days =
    { $count ->
        [one] 1 Tag
       *[other] { $count } Tage
    }
weekday-mon = Montag
weekday-tue = Dienstag
weekday-wed = Mittwoch
weekday-thu = Donnerstag
weekday-fri = Freitag
weekday-sat = Samstag
weekday-sun = Sonntag
weekday-mon-short = Mo
weekday-tue-short = Di
weekday-wed-short = Mi
weekday-thu-short = Do
weekday-fri-short = Fr
weekday-sat-short = Sa
weekday-sun-short = So
month-1 = Jan.
month-2 = Feb.
month-3 = März
month-4 = Apr.
month-5 = Mai
month-6 = Juni
month-7 = Juli
month-8 = Aug.
month-9 = Sept.
month-10 = Okt.
month-11 = Nov.
month-12 = Dez.

## The frame of every page
language-name = Deutsch
skip-to-content = Zum Inhalt springen
footer = Stairgate läuft bei euch zu Hause. Nichts über eure Familie verlässt das Haus.
nav-label = Bereiche
nav-home = Start
nav-activity = Aktivität
nav-devices = Geräte
nav-requests = Anfragen
nav-settings = Optionen
nav-account = Passwort und Anmeldung
nav-sign-out = Abmelden
nav-waiting =
    { $count ->
        [one] wartet
       *[other] warten
    }
choose = Bitte wählen
save = Speichern
change = Ändern
remove = Entfernen
show = Anzeigen
older = Ältere
added = Hinzugefügt
on = Ein
off = Aus
last-used = Zuletzt benutzt
never-used = Nie benutzt
as-table = Als Tabelle

## What has just been done
notice-saved = Gespeichert. Es gilt ab sofort.
notice-paused = Das Internet macht Pause.
notice-resumed = Das Internet ist wieder an.
notice-time-given = Es gibt mehr Zeit.
notice-person-added = Die Person ist jetzt dabei.
notice-person-erased = Die Person und alles, was über sie gespeichert war, ist gelöscht.
notice-device-adopted = Das Gerät gehört jetzt jemandem.
notice-device-merged = Die beiden Geräte sind jetzt eines.
notice-device-forgotten = Das Gerät ist wieder unbekannt.
notice-name-allowed = Die Seite ist jetzt offen.
notice-name-blocked = Die Seite ist jetzt gesperrt.
notice-name-removed = Für die Seite gilt keine eigene Regel mehr.
notice-asked = Deine Frage ist abgeschickt. Die Antwort siehst du hier.
notice-answered = Die Antwort ist abgeschickt.
notice-list-added = Die Liste ist hinzugefügt und wird gerade geholt.
notice-list-removed = Die Liste ist entfernt.
notice-lists-refreshing = Die Listen werden gerade geholt.
notice-password-changed = Das Passwort ist geändert. Alle anderen Sitzungen sind beendet.
notice-totp-on = Ab jetzt wird beim Anmelden ein Code verlangt.
notice-totp-off = Es wird kein Code mehr verlangt.
notice-passkey-added = Dieser Passkey kann sich jetzt anmelden.
notice-passkey-removed = Der Passkey kann sich nicht mehr anmelden.
notice-passkey-renamed = Der Passkey hat seinen neuen Namen.
notice-certificate-given = Browser vertrauen dieser Verbindung jetzt.
notice-certificate-removed = Das Gerät verwendet wieder sein eigenes Zertifikat.
notice-session-ended = Dort abgemeldet.
notice-token-revoked = Der Schlüssel gilt nicht mehr.
notice-restored = Die Sicherung ist eingespielt.
notice-history-deleted = Gelöscht.
notice-signed-out = Abgemeldet.
notice-updating = Das Einspielen hat begonnen. Der Filter arbeitet dabei weiter.
notice-update-cancelled = Das Einspielen wird abgebrochen.
notice-port-kept = Gemerkt. Es gilt nach einem Neustart.

## What failed, and what to do next
failure-form-expired = Diese Seite war zu lange offen
failure-form-expired-next = Es wurde nichts geändert. Bitte hier noch einmal versuchen.
failure-conflict = Jemand anderes hat das gleichzeitig geändert
failure-conflict-next = Die Änderung wurde nicht gespeichert. So steht es jetzt; bei Bedarf bitte noch einmal ändern.
failure-sign-in-needed = Bitte anmelden
failure-sign-in-needed-next = Diese Seite ist für die Erwachsenen der Familie.
failure-not-allowed = Das ist hier nicht erlaubt
failure-not-allowed-next = Bitte jemanden mit mehr Rechten in der Familie darum.
failure-not-found = Diese Seite gibt es nicht
failure-not-found-next = Vielleicht wurde sie entfernt. Am besten von der Startseite aus suchen.
failure-bad-request = Das war nicht zu verstehen
failure-bad-request-next = Bitte zurückgehen, die Eingaben prüfen und noch einmal versuchen.
failure-too-large = Das war zu viel auf einmal
failure-too-large-next = Bitte kürzen oder eine kleinere Datei wählen.
failure-wrong-host = Das ist nicht die Adresse des Filters
failure-wrong-host-next = Bitte die Adresse öffnen, die bei der Einrichtung angezeigt wurde.
failure-wrong-password = Name oder Passwort stimmt nicht
failure-wrong-password-next = Bitte beides prüfen. Wer das Passwort vergessen hat, kann am Gerät selbst ein neues setzen lassen.
failure-wrong-code = Der Code stimmt nicht oder ist zu alt
failure-wrong-code-next = Bitte den Code eingeben, der jetzt angezeigt wird.
failure-too-many-tries = Zu viele falsche Versuche
failure-too-many-tries-next = Ein paar Minuten warten, dann noch einmal versuchen.
failure-wrong-pin = Die PIN stimmt nicht
failure-wrong-pin-next = Versuch es noch einmal oder hol dir Hilfe.
failure-bad-pin = Das kann keine PIN sein
failure-bad-pin-next = Bitte 4 bis 12 Ziffern wählen.
failure-weak-password = Das Passwort ist zu kurz
failure-weak-password-next = Mindestens 10 Zeichen; gut sind drei oder vier Wörter, die nichts miteinander zu tun haben.
failure-passwords-differ = Die beiden Passwörter sind nicht gleich
failure-passwords-differ-next = Bitte das neue Passwort zweimal genau gleich eingeben.
failure-bad-name = Dieser Name geht nicht
failure-bad-name-next = Bitte einen anderen wählen, der nicht leer und nicht schon vergeben ist.
failure-bad-domain = Das ist kein Name einer Seite
failure-bad-domain-next = Bitte so schreiben wie example.org, oder die Adresse aus dem Browser einfügen.
failure-bad-time = Diese Zeit gibt es nicht
failure-bad-time-next = Bitte Zeiten wie 20:30 schreiben und mindestens einen Tag wählen.
failure-bad-zone = Diese Zeitzone ist unbekannt
failure-bad-zone-next = Bitte eine aus der Liste wählen, etwa Europe/Berlin.
failure-bad-address = Diese Adresse lässt sich nicht benutzen
failure-bad-address-next = Bitte auf Tippfehler prüfen und noch einmal versuchen.
failure-too-many = Mehr passt nicht hinein
failure-too-many-next = Bitte erst etwas entfernen, das nicht mehr gebraucht wird.
failure-asked-too-often = Du hast heute schon oft gefragt
failure-asked-too-often-next = Warte auf die Antworten oder sprich mit deinen Eltern.
failure-last-guardian = Die Hauptperson lässt sich nicht entfernen
failure-last-guardian-next = Bitte vorher jemand anderen zur Hauptperson machen.
failure-bad-backup = Diese Sicherung lässt sich nicht lesen
failure-bad-backup-next = Bitte Datei und Kennwort prüfen. Es wurde nichts geändert.
failure-bad-certificate = Dieses Zertifikat ist nicht verwendbar
failure-bad-certificate-next = Unten steht, warum. Was vorher galt, gilt weiter.
failure-passkey-refused = Der Passkey wurde nicht angenommen
failure-passkey-refused-next = Bitte noch einmal versuchen oder mit dem Passwort anmelden.
failure-update-busy = Gerade wird schon etwas eingespielt, oder eben erst
failure-update-busy-next = Bitte warten, bis es fertig ist, und dann noch einmal versuchen.
failure-storage = Das ließ sich nicht speichern
failure-storage-next = Vielleicht ist der Speicher voll. Das Protokoll in den Optionen sagt mehr.
failure-unavailable = Das geht gerade nicht
failure-unavailable-next = Bitte in einer Minute noch einmal versuchen. Wenn es so bleibt, sagt das Protokoll in den Optionen mehr.
error-home = Zur Startseite
error-me = Zu meiner Seite
error-sign-in = Anmelden

## States and modes
mode-everyday = Alltag
mode-paused = Pause
mode-used-up = Zeit aufgebraucht
mode-asleep = Schlafenszeit
mode-homework = Hausaufgaben
mode-free = Freizeit
state-open = Internet ist an
state-open-mode = Internet ist an: { $mode }
state-closed = Internet ist aus: { $mode }
state-paused = Internet macht Pause
state-used-up = Zeit für heute aufgebraucht
because-everyday = Alltagsregeln
because-week = Wochenplan
because-exception = Zusätzliche Zeit
because-pause = Pause durch Erwachsene
because-quota = Tageszeit aufgebraucht
state-until-then = { $because } bis { $until }, dann { $then }
state-until = { $because } bis { $until }
state-until-resumed = { $because }, bis jemand wieder einschaltet
state-for-good = { $because }
pause-for-15 = 15 Min.
pause-for-30 = 30 Min.
pause-for-60 = 1 Std.
pause-for-morning = Bis morgen früh
pause-for-open = Bis auf Weiteres
quick-pause = Pause
quick-pause-longer = Andere Pause
quick-resume = Wieder einschalten
quick-more-time = Mehr Zeit
usage-of-quota = { $used } von { $quota } genutzt, noch { $left }
usage-of-quota-what = { $what }: { $used } von { $quota } genutzt, noch { $left }
usage-today = Heute { $used } genutzt

## Roles and ages
role-primary = Hauptperson
role-guardian = Elternteil
role-guardian-detail = Entscheidet alles, für Kinder und Erwachsene.
role-co-guardian = Mit-Elternteil
role-co-guardian-detail = Entscheidet alles, was die Kinder betrifft, aber nicht über andere Erwachsene oder das Gerät.
role-carer = Betreuung
role-carer-detail = Kann Pause machen und mehr Zeit geben: für Großeltern und Babysitter.
age-band = { $from } bis { $to } Jahre

## Home
home-title = Start
home-people = Personen
home-no-children = Noch wird niemand gefiltert. Am besten unten ein Kind hinzufügen.
home-unfiltered = Ohne Filter
home-add-child = Kind hinzufügen
home-devices =
    { $count ->
        [one] 1 Gerät
       *[other] { $count } Geräte
    }
home-connected = { $online } verbunden
home-requests =
    { $count ->
        [one] 1 Anfrage wartet
       *[other] { $count } Anfragen warten
    }
home-new-devices =
    { $count ->
        [one] 1 neues Gerät
       *[other] { $count } neue Geräte
    }
home-more-devices =
    { $count ->
        [one] 1 weiteres
       *[other] { $count } weitere
    }
home-problems = Hier stimmt etwas nicht
problem-clock = Die Uhr wurde nie gestellt, darum stimmen Schlafenszeiten nicht. Bitte das Gerät mit dem Internet verbinden.
problem-clock-behind = Die Uhr wurde um mehr als einen Tag zurückgestellt. Nutzungsminuten werden wieder gezählt, wenn sie 20 Stunden lang so geblieben ist. Stimmt die Zeit nicht, bitte das Gerät mit dem Internet verbinden.
problem-not-filtered = An { $interface } wird nichts gefiltert: { $detail }
problem-list = Die Liste { $list } ließ sich noch nicht holen.
problem-list-since = Die Liste { $list } ließ sich nicht holen, zuletzt gelang es { $since }. Die letzte gute Fassung gilt weiter.
problem-table-full = Für mehr Namen ist kein Platz. Bitte eine Liste entfernen, die nicht gebraucht wird.
problem-no-upstream = Kein Namensserver im Internet antwortet. Bitte die Internetverbindung prüfen.
problem-not-resolved = Einige Regeln für { $person } wirken nicht, weil dieses Gerät keine Namen auflöst. Wer Stairgate eingerichtet hat, kann das in der Konfigurationsdatei unter [resolver] ändern.
problem-no-servers = Namen für { $person } lösen die Server auf, die alle verwenden, denn die Gruppe { $set } gibt es nicht. Sie gehört in die Konfigurationsdatei unter [resolver.upstream_sets].
problem-other = { $detail }

## Requests
requests-title = Anfragen
requests-waiting = Warten auf Antwort
requests-none = Niemand wartet auf eine Antwort.
requests-answered = Beantwortet
ask-site = möchte { $name } öffnen
ask-time = möchte { $time } mehr
ask-time-of = möchte { $time } mehr: { $what }
ask-note = hat geschrieben
answer-site-yes = Erlauben
answer-site-today = Nur heute
answer-site-no = Nein
answer-time-yes = Ja, gern
answer-time-no = Jetzt nicht
answer-note-read = Gelesen
answer-with-words = Ein paar Worte dazu
answer-note = Ein paar Worte zur Antwort
answer-granted = { $by } hat Ja gesagt.
answer-not-granted = { $by } hat geantwortet.

## A person
person-name = Name
person-your-name = Dein Name
person-age = Alter
person-age-hint = Es wird kein Geburtsdatum gespeichert. Die Regeln beginnen mit dem, was zu diesem Alter passt; alles lässt sich ändern.
person-now = Jetzt
person-unfiltered = Die Geräte dieser Person werden nicht gefiltert.
person-no-devices = Dieser Person gehört noch kein Gerät, darum wirkt noch keine Regel.
person-devices-link = Geräte zuordnen
tabs-label = Seiten zu dieser Person
tab-now = Überblick
tab-week = Woche
tab-sites = Seiten
tab-services = Apps
tab-more = Mehr
bedtime = Schlafenszeit
bedtime-school = Sonntag bis Donnerstag
bedtime-weekend = Freitag und Samstag
bedtime-on = Nachts Internet aus
bedtime-from = Von
bedtime-to = Bis
bedtime-save = Schlafenszeit speichern
bedtime-hint = Auch laufende Videos und Spiele enden dann. Hilfsangebote bleiben immer offen.
recommended-title = Empfohlen für { $age }
recommended-same = Alles ist wie empfohlen.
recommended-differs =
    { $count ->
        [one] Eine Sache ist anders als empfohlen. Das ist eure Entscheidung.
       *[other] { $count } Dinge sind anders als empfohlen. Das ist eure Entscheidung.
    }
recommended-blocked = { $what }: sonst gesperrt, hier offen
recommended-open = { $what }: sonst offen, hier gesperrt
recommended-on = { $what }: sonst ein, hier aus
recommended-off = { $what }: sonst aus, hier ein
recommended-youtube = YouTube: sonst „{ $setting }“
recommended-level = Sonst: { $level }
recommended-week = Die Woche ist eure eigene.
recommended-restore = Empfehlung übernehmen
recommended-restore-detail = Alle Regeln und die Woche werden wie empfohlen. Einzelne erlaubte oder gesperrte Seiten bleiben.
details-title = Name und Alter

## Use
use-title = Nutzung der letzten sieben Tage
use-graph = Balken der Nutzung für jeden Tag, zusammen { $total }. Die Zahlen stehen in der Tabelle darunter.
use-table = Tabelle der Nutzung
use-others = Anderes
use-what = Was
use-device = Gerät
use-time = Zeit
use-data = Gesendet
use-when = Wann
use-device-unknown = Unbekanntes Gerät
use-both = Zwei Dinge zugleich zählen für jedes davon, und für den Tag einmal.
use-hidden = Welche Apps und Seiten es waren, bleibt beim Kind, so wie eingestellt ist, was aufgehoben wird. Du siehst die Minuten und was begrenzt ist.
use-day-title = Nutzung heute
use-day-graph = Ein Balken für jede halbe Stunde von heute. Die Minuten stehen in der Tabelle darunter.
use-evidence = Welche Minuten wurden heute gezählt?
use-evidence-detail = Gezählt wird nur, was wirklich genutzt wird, nicht, was Geräte von allein tun. „Gesendet“ ist, was das Gerät gesendet hat, ein kleiner Teil dessen, was es empfangen hat.
tag-other = Anderes

## Time a day
quota-title = Zeit am Tag
quota-lead = Nur Minuten echter Nutzung zählen, und alle Geräte teilen sie sich.
quota-none = Es gibt keine Grenze.
quota-all = Alles zusammen
quota-a-day = { $time } am Tag, { $days }
quota-more = Heute { $time } mehr
quota-add = Grenze setzen
quota-what = Was
quota-minutes = Minuten am Tag
quota-hint = Sind sie aufgebraucht, ist es bis Mitternacht zu. An ihren Tagen tritt eine Grenze an die Stelle einer anderen für dasselbe. Seiten, die du einzeln erlaubt hast, bleiben offen, außer wenn alles aufgebraucht ist.

## The week
week-title = Die Woche
week-lead = Es gilt, was zuletzt gemalt wurde. Wo nichts gemalt ist, ist Alltag.
week-brush = Malen mit
week-help = Mit Finger oder Maus über die Woche ziehen. Mit der Tastatur: Pfeile gehen, Leertaste malt, Umschalt und Pfeile malen weiter.
week-save = Woche speichern
week-undo = Zurücknehmen
windows-title = Zeiten einzeln
windows-lead = Wo sich Zeiten überschneiden, gilt die weiter unten.
windows-none = Es sind keine Zeiten festgelegt: Die ganze Woche ist Alltag.
windows-add = Zeit hinzufügen
windows-days = Tage
windows-daily = Täglich
windows-from = Von
windows-to = Bis
windows-mode = Was gilt

## Modes
modes-title = Modi
modes-lead = Was Schlafenszeit, Hausaufgaben und andere Zeiten für diese Person bedeuten.
modes-add = Modus hinzufügen
modes-name = Name
modes-effect = Wirkung
modes-what = Welche Arten von Seiten
effect-closed = Internet aus
effect-also-block = Sperrt zusätzlich einige Arten von Seiten
effect-only = Nur einige Arten von Seiten
effect-free = Alltagsregeln und sonst nichts

## Sites and apps
names-title = Einzelne Seiten
names-lead = Was hier steht, geht bei einer Seite allem anderen vor.
names-name = Seite
names-allowed = Erlaubt
names-denied = Gesperrt
names-until = bis { $until }
names-remove = Regel für { $name } entfernen
name-allow = Erlauben
name-allow-label = { $name } erlauben
name-deny = Sperren
name-deny-label = { $name } sperren
categories-title = Arten von Seiten
categories-lead = Ein Haken heißt gesperrt. Geordnet danach, worum es geht.
categories-blocked = { $count } von { $all } gesperrt
category-is-blocked = gesperrt
category-is-open = offen
category-usually-blocked = In diesem Alter sonst gesperrt.
category-usually-open = In diesem Alter sonst offen.
only-title = Nur Ausgewähltes
only-detail = Für die Jüngsten: Erreichbar ist nur, was hier angehakt ist, und die oben erlaubten Seiten.
only-on = Nur Angehaktes erlauben
only-permit = Erreichbar
services-title = Apps und Dienste
services-lead = Was hier gewählt wird, geht dem vor, was für die Art gilt.
service-category = Wie die Art
service-open = Offen
service-blocked = Gesperrt
group-content = Was ein Kind sieht
group-content-detail = Bilder, Texte und Behauptungen, die Angst machen oder schaden.
group-contact = Wem ein Kind begegnet
group-contact-detail = Orte, an denen Fremde Kontakt aufnehmen können.
group-conduct = Was ein Kind tut
group-conduct-detail = Teilen, spielen, schauen und wie man miteinander umgeht.
group-contract = Was einem Kind verkauft wird
group-contract-detail = Geld, Werbung, Fallen.
group-bypass = Wege am Filter vorbei
group-bypass-detail = Mit ihnen würden andere Regeln nicht gelten.
group-protect = Immer offen
group-protect-detail = Sie sind jederzeit erreichbar, egal was eingestellt ist, und Hilfsangebote werden nie aufgezeichnet.
group-everyday = Alltag
group-everyday-detail = An sich kein Risiko, aber nützlich für Zeiten wie Hausaufgaben.

## Protection and privacy of a person
protect-title = Schutz
protect-safe-search = Sichere Suche
protect-safe-search-detail = Suchmaschinen lassen weg, was nicht für Kinder ist. Die das nicht können, sind gesperrt.
protect-ech = Namen von Seiten lesbar halten
protect-ech-detail = Der Filter sieht dann, welche Seite besucht wird, aber nie, was dort geschieht.
protect-quic = QUIC sperren
protect-quic-detail = Browser nehmen dann einen Weg, auf dem der Name lesbar ist. Zu merken ist davon nichts.
protect-unclassified = Unbekanntes sperren
protect-unclassified-detail = Was der Filter nicht erkennt, bleibt zu. Manche Apps gehen dann nicht.
protect-resolved = Umwege sperren
protect-resolved-detail = Geräte dürfen nur dorthin, wohin der Namensserver zu Hause sie geschickt hat. Das beendet viele Umwege, aber auch manche Spiele und Anrufe.
protect-not-resolved = Dieses Gerät löst keine Namen auf. Bis es das tut, wirken sichere Suche, YouTubes eingeschränkter Modus, lesbare Seitennamen und gesperrte Umwege nicht.
protect-upstreams = Namensserver
protect-upstreams-usual = Die üblichen
youtube-title = YouTube
youtube-hint = Der eingeschränkte Modus ist YouTubes eigener. Er blendet auch Kommentare aus.
youtube-off = Alles
youtube-moderate = Mittel
youtube-strict = Streng
privacy-person-title = Was gespeichert wird
pin-title = PIN zum Fragen
pin-off = Wer an einem Gerät dieses Kindes sitzt, kann in seinem Namen fragen. Mit einer PIN kann das nur das Kind. Zum Anschauen der Seite braucht es keine.
pin-on = Dieses Kind gibt zum Fragen eine PIN ein. Ist sie vergessen, lässt sich hier eine neue setzen.
pin-new = Neue PIN, 4 bis 12 Ziffern
pin-remove = Keine PIN mehr verlangen
privacy-person-lead =
    { $days ->
        [0] Nutzungsminuten werden nur für heute gespeichert, Namen von Seiten gar nicht. Das Kind sieht alles, was gespeichert ist.
        [one] Nutzungsminuten und Anfragen werden nach 1 Tag gelöscht, Namen von Seiten nach höchstens 1 Tag. Das Kind sieht alles, was gespeichert ist.
       *[other] Nutzungsminuten und Anfragen werden nach { $days } Tagen gelöscht, Namen von Seiten nach höchstens 1 Tag. Das Kind sieht alles, was gespeichert ist.
    }
level-nothing = Es wird nichts gespeichert.
level-reasons = Nur warum etwas gesperrt war, wird gespeichert, nicht was.
level-blocked-names = Namen von Seiten, die gesperrt waren, werden gespeichert.
level-all-names = Namen aller Seiten werden gespeichert.
data-title = Daten
data-lead = Alles, was über diese Person gespeichert ist, lässt sich als Datei herausgeben oder endgültig löschen.
data-link = Herausgeben oder löschen
data-export = Als Datei sichern
data-erase = Diese Person löschen
data-erase-detail = { $name }, alle Regeln und alles Gespeicherte werden gelöscht. Das lässt sich nicht rückgängig machen.
data-erase-confirm = Zur Bestätigung den Namen schreiben

## Devices
devices-title = Geräte
devices-lead = Die Regeln einer Person gelten auf allen ihren Geräten.
devices-new =
    { $count ->
        [one] 1 neues Gerät
       *[other] { $count } neue Geräte
    }
devices-none-new = Jedes Gerät gehört jemandem.
device-nameless = Unbekanntes Gerät
device-online = Verbunden
device-offline = Nicht da
device-last-seen = Gesehen
device-heard = Nennt sich { $name }
device-private = Benutzt eine wechselnde, private Adresse. Bitte am Gerät für euer WLAN abschalten, damit die Regeln weiter gelten.
device-label = Name des Geräts
device-owner = Wem gehört es?
device-adopt = Speichern
device-likely = Das ist wahrscheinlich { $label } mit neuer Adresse.
device-merge = Ja, das ist { $label }
device-forget = Wieder unbekannt machen
device-forget-detail = Dann gelten die Regeln für unbekannte Geräte.
owner-shared = Für alle
owner-shared-detail = Für alle, etwa ein Fernseher
owner-unmanaged = Ohne Regeln
owner-unmanaged-detail = Ohne Regeln, etwa ein Drucker

## Activity
activity-title = Aktivität
activity-person = Person
activity-everyone = Alle
activity-only-blocked = Nur Gesperrtes
activity-levels = Namen erscheinen nur, soweit es die Privatsphäre jeder Person erlaubt.
activity-day = Die letzten 24 Stunden
activity-latest = Zuletzt
activity-none = Nichts zu zeigen.
activity-name-not-kept = Name nicht gespeichert
verdict-allowed = Erlaubt
verdict-blocked = Gesperrt
verdict-failed = Fehlgeschlagen
verdicts-graph = { $allowed } erlaubt, { $blocked } gesperrt, { $failed } fehlgeschlagen
queries-title = Fragen nach Namen
queries-graph = Balken für jede halbe Stunde, höchstens { $highest } in einer. Die Zahlen stehen in der Tabelle darunter.
latency-title = Antwortzeit
latency-graph = Die Hälfte der Antworten brauchte höchstens so lange wie gezeigt, höchstens { $highest }.
reason-denied = Sie steht auf der eigenen Sperrliste.
reason-category = Sie gehört zu einer gesperrten Art: { $what }.
reason-service = Sie gehört zu { $what }, und das ist gesperrt.
reason-not-allowed = Sie gehört nicht zu den ausgewählten Seiten.
reason-closed = Um diese Zeit ist das Internet aus.
reason-paused = Das Internet macht Pause.
reason-quota = Die Zeit für heute ist aufgebraucht.
reason-unclassified = Der Filter weiß nicht, was es ist.
reason-bypass = Es würde am Filter vorbeiführen.
reason-unreadable = Der Filter kann nicht lesen, wohin es geht.
reason-safe-search = Es würde die sichere Suche abschalten.
reason-cloaked = Es führt nur weiter zu { $name }, und das ist gesperrt.
reason-rebinding = Es gibt sich als Gerät bei euch zu Hause aus.
reason-tampered = An der Verbindung wurde manipuliert.
reason-no-answer = Kein Namensserver wusste eine Antwort.

## Why
why-title = Warum?
why-link = Warum?
why-person = Für wen
why-ask = Erklären
why-closed = { $name } ist für { $person } gerade gesperrt
why-open = { $name } ist für { $person } gerade offen
why-protected = Das ist immer erreichbar, egal was eingestellt ist.
why-stands-in = Es wird als { $name } beantwortet, damit die Suche sicher ist.
why-mode = Was gerade gilt: { $mode }.
why-until = Es ändert sich: { $until }.
why-tags = Es zählt als:
why-sources =
    { $count ->
        [one] 1 Zeile einer Liste betrifft es
       *[other] { $count } Zeilen von Listen betreffen es
    }
why-source = { $list }, Zeile { $line }:
why-exception = eine Ausnahme

## Lists
lists-title = Listen
lists-lead = { $names } Namen in Gebrauch, Platz für { $capacity }.
lists-test = Einen Namen prüfen
lists-test-button = Prüfen
lists-subscribed =
    { $count ->
        [one] 1 Liste
       *[other] { $count } Listen
    }
lists-refresh = Alle jetzt holen
lists-add = Liste hinzufügen
lists-name = Name
lists-source = Adresse
lists-source-hint = Beginnt mit https://. Hosts-Dateien, einfache Namen, AdGuard, dnsmasq und RPZ werden erkannt.
lists-tag = Was die Namen sind
lists-names =
    { $count ->
        [one] 1 Name
       *[other] { $number } Namen
    }
lists-not-loaded = Noch nicht in Gebrauch
lists-skipped =
    { $count ->
        [one] 1 Zeile übergangen
       *[other] { $number } Zeilen übergangen
    }
lists-checked = Geprüft
lists-fetched = Geändert
lists-problem = Ließ sich nicht holen: { $detail }
lists-remove = Liste { $name } entfernen

## Sign-in
sign-in-title = Willkommen
sign-in-name = Dein Name
sign-in-password = Passwort
sign-in-button = Anmelden
sign-in-passkey = Passkey benutzen
sign-in-forgotten = Vergessen? Ein anderer Elternteil oder jemand am Gerät selbst kann ein neues setzen.
sign-in-child = Ich bin ein Kind: zu meiner Seite
sign-in-code = Sechsstelliger Code
sign-in-code-lead = Bitte die App für Codes öffnen und den für Stairgate eingeben.
sign-in-blocked = Zu viele falsche Versuche. Wieder möglich: { $until }.
password-title = Passwort
password-current = Bisheriges Passwort
password-new = Neues Passwort
password-again = Noch einmal dasselbe
password-hint = Mindestens 10 Zeichen. Gut sind drei oder vier Wörter, die nichts miteinander zu tun haben.
password-change = Passwort ändern

## Set-up
setup-step = Schritt { $step } von { $steps }
setup-next = Weiter
setup-code-title = Los geht’s
setup-code-lead = Bitte den Code eingeben, den das Gerät auf seiner Konsole zeigt.
setup-code = Einmal-Code
setup-port-title = Wo ist euer Anbieter?
setup-port-question = Steckt das Kabel eures Anbieters in Anschluss { $number }?
setup-port-hint = Nicht sicher? Dann lasst es so. Später lässt es sich unter „Dieses Gerät“ ändern.
setup-port-restart = Steckt das Kabel des Anbieters dort ein und startet neu. Danach beginnt ihr noch einmal mit dem Code, den das Gerät auf seiner Konsole zeigt; der Neustart dauert etwa eine Minute.
setup-port-later = Ohne Neustart weiter
setup-household-title = Euer Zuhause
household-name = Wie heißt eure Familie?
household-zone = Zeitzone
household-language = Sprache
household-country = Land der Hilfsangebote
household-country-none = Nur internationale
setup-guardian-title = Über dich
setup-guardian-lead = Du wirst die Hauptperson. Andere kannst du später hinzufügen.
setup-children-title = Eure Kinder
setup-children-lead = Jedes Kind bekommt Regeln, die zu seinem Alter passen.
setup-devices-title = Wem gehört was?
setup-devices-lead = Diese Geräte sind gerade bei euch zu Hause. Das geht auch später noch.
setup-devices-none = Noch wurde kein Gerät gefunden. Sie erscheinen auf der Startseite.
setup-devices-later = Später entscheiden
setup-devices-this = dieses hier
setup-review-title = Das wird gelten
setup-review-lead = Alles davon lässt sich jederzeit ändern.
setup-review-no-children = Noch gibt es keine Kinder. Unbekannte Geräte werden behandelt wie die eines Kindes von 10 bis 12 Jahren.
setup-review-all = Erwachsene werden nicht gefiltert. Hilfsangebote sind immer erreichbar und werden nie aufgezeichnet.
setup-finish = Einschalten
setup-done-title = Fertig
setup-done-lead = Der Filter ist an. Erzählt euren Kindern davon: Gemeinsam geht es am besten.
setup-done-child = Hier sehen Kinder ihre eigenen Regeln:
setup-done-home = Zur Startseite
review-night = Internet aus: { $when }
review-only = Offen sind nur Seiten für kleine Kinder und zum Lernen.
review-unclassified = Was der Filter nicht erkennt, bleibt zu.
review-safe-search = Suchmaschinen lassen weg, was nicht für Kinder ist.
review-youtube-moderate = YouTube zeigt nur, was sein eigener Filter durchlässt.
review-youtube-strict = YouTube zeigt nur einen kleinen, streng gefilterten Teil.
review-kept = Was ihr seht:
review-blocked =
    { $count ->
        [one] 1 Art von Seiten ist gesperrt
       *[other] { $count } Arten von Seiten sind gesperrt
    }
review-talk = In diesem Alter hilft Reden mehr als Sperren. Am besten vereinbart ihr die Regeln gemeinsam.
review-change = Passt { $night } nicht? Auf der Startseite unter „Schlafenszeit“ lässt es sich ändern.

## Settings
settings-title = Optionen
settings-account = Passwort, Codes, Passkeys, offene Sitzungen
settings-adults = Wer was entscheiden darf
settings-privacy = Was über wen gespeichert wird und wie lange
settings-lists = Woher gesperrte Namen kommen
settings-why = Erklären, warum eine Seite offen oder gesperrt ist
settings-network = Name, Zeitzone, Namensserver
settings-helplines = Mit wem eure Kinder reden können
settings-tokens = Zugang für Programme
settings-backup = Sichern, einspielen, herausgeben, löschen
settings-system = Zustand, neue Versionen, Anschlüsse, Protokoll
settings-audit = Jede Änderung und wer sie gemacht hat
settings-about = Was der Filter sieht und was nicht
adults-title = Erwachsene
adults-add = Erwachsene hinzufügen
adults-role = Rolle
adults-password = Erstes Passwort
adults-password-hint = Sag es der Person; nach dem Anmelden kann sie es ändern.
adults-no-password = Kann sich nicht anmelden
adults-totp = Meldet sich mit Code an
adults-passkeys =
    { $count ->
        [one] 1 Passkey
       *[other] { $count } Passkeys
    }
account-title = Passwort und Anmeldung
totp-title = Codes aus einer App
totp-off = Zusätzlich zum Passwort kann ein Code verlangt werden, den nur dein Handy kennt.
totp-begin = Einrichten
totp-scan = Bitte mit einer App für Codes scannen und dann den Code eingeben, den sie zeigt.
totp-secret = Oder abtippen:
totp-confirm = Einschalten
totp-on = Beim Anmelden wird ein Code verlangt.
totp-turn-off = Ausschalten
qr = QR-Code. Dasselbe steht darunter in Buchstaben.
passkeys-title = Passkeys
passkeys-lead = Mit Fingerabdruck, Gesicht oder Schlüssel anmelden statt mit Passwort und Code.
passkeys-add = Passkey hinzufügen
passkeys-name = Name des Passkeys
passkeys-need-script = Einen Passkey hinzuzufügen braucht JavaScript und einen Browser, der Passkeys kennt.
passkeys-elsewhere = Passkeys gehen unter der Adresse, der Browser vertrauen:
passkeys-need-certificate = Passkeys brauchen ein Zertifikat, dem Browser vertrauen. Ein Elternteil kann es in den Einstellungen angeben.
passkeys-made-for = gemacht für { $name }, wo das Gerät nicht mehr ist
passkeys-copied = Sein Zähler ging zurück, es gibt also vielleicht eine Kopie. Wenn du ihn nicht kopiert hast: bitte entfernen.
sessions-title = Angemeldet
sessions-this = hier
sessions-end = Abmelden
sessions-end-others = Überall sonst abmelden
tokens-title = Zugang für Programme
tokens-lead = Ein Programm zeigt einen Schlüssel statt eines Passworts. Gib jedem nur, was es braucht.
tokens-fresh = Dein neuer Schlüssel
tokens-fresh-detail = Jetzt kopieren. Er wird nicht noch einmal gezeigt.
tokens-add = Schlüssel machen
tokens-name = Wofür ist er?
tokens-scopes = Was er darf
tokens-days = Gültig
tokens-forever = Ohne Ende
tokens-until = Gültig bis: { $until }
scope-read = Zustände, Personen und Geräte sehen
scope-activity = Aktivität sehen, soweit die Privatsphäre es erlaubt
scope-pause = Pause machen und mehr Zeit geben
scope-rules = Regeln und Geräte ändern
scope-settings = Alles andere ändern
network-title = Zuhause und Netz
upstreams-title = Namensserver
upstreams-lead = Sie finden für euer Zuhause die Adressen von Seiten. Bei verschlüsselten kann der Anbieter nicht mitlesen.
upstreams-everyone = Für alle
upstreams-answers = Antwortet
upstreams-silent = Antwortet nicht
upstreams-unasked = Noch nichts gefragt
upstreams-none = Es ist kein Server bekannt. Ihn nennt der Internetanschluss.
upstreams-plain = nicht verschlüsselt
upstreams-where = Wer Stairgate eingerichtet hat, wählt sie in der Konfigurationsdatei unter [resolver].
helplines-title = Hilfsangebote
helplines-lead = Eure Kinder sehen sie auf ihrer eigenen Seite. Die Seiten sind immer erreichbar, auch zur Schlafenszeit und in einer Pause, und niemand kann sehen, dass sie geöffnet wurden.
helplines-country = Das sind die für dieses Land: { $country }.
helplines-own = Eure Familie hat diese Liste geschrieben. Eingestelltes Land: { $country }.
helplines-country-link = Ein anderes Land wählen
helplines-add = Hilfsangebot hinzufügen
helplines-name = Wie heißt es?
helplines-telephone = Telefonnummer (wenn es eine gibt)
helplines-site = Seite, etwa example.org (wenn es eine gibt)
helplines-hours = Wann ist jemand da? (wenn ihr es wisst)
helplines-reset = Wieder die Hilfsangebote des Landes zeigen
privacy-title = Privatsphäre
privacy-lead = Kinder sehen, was über sie gespeichert ist. Hilfsangebote werden nie gespeichert.
privacy-entries =
    { $count ->
        [one] 1 Eintrag
       *[other] { $number } Einträge
    }
privacy-delete = Löschen
privacy-delete-all = Alles Gespeicherte löschen
retention-title = Wie lange
retention-days = Tage bis zum Löschen von Nutzungsminuten und Anfragen
retention-names = Namen von Seiten werden höchstens 1 Tag gespeichert, und nur bis zum nächsten Neustart. Bei 0 Tagen werden sie nicht gespeichert.
retention-copies = Manche Updates von Stairgate lassen für höchstens 30 Tage eine Kopie von allem hier, damit man sie zurücknehmen kann. Was von Hand gelöscht wird, wird auch dort gelöscht.
retention-size = Es belegt jetzt { $size }.
backup-title = Sicherung
backup-make = Sicherung machen
backup-last = Letzte:
backup-never = Es gibt noch keine Sicherung.
backup-passphrase = Kennwort der Datei
backup-passphrase-hint = Ohne dieses Kennwort kann niemand die Datei lesen, auch du nicht. Bitte aufschreiben.
backup-make-button = Sicherung speichern
backup-restore = Einspielen
backup-restore-lead = Alles, was hier eingestellt ist, wird durch den Inhalt der Datei ersetzt.
backup-file = Datei
backup-restore-button = Einspielen
backup-both = Sicherung machen oder einspielen
backup-needs-https = Unverschlüsselt halten Browser eine Sicherung als unsicher zurück, und ihr Kennwort wäre unterwegs lesbar.
go-encrypted = Verschlüsselt weiter
go-encrypted-hint = Dort ist eine neue Anmeldung nötig. Ohne ein Zertifikat der Familie warnt der Browser vor dem des Geräts; das ist zu Hause so zu erwarten.
certificate-title = Zertifikat
certificate-lead = Mit einem Zertifikat für einen eigenen Namen öffnen Browser diese Seiten verschlüsselt und ohne Warnung, und Passkeys gehen.
certificate-own = Es ist keines angegeben. Das Gerät verwendet ein selbst gemachtes, vor dem Browser warnen. Auf keinem Gerät muss etwas installiert werden.
certificate-in-force = Browser vertrauen dem Namen { $name } bis
certificate-problem = Was angegeben wurde, ist nicht verwendbar
certificate-configured = Die Konfiguration sagt, wo Zertifikat und Schlüssel liegen. Werden sie erneuert, werden sie neu gelesen.
certificate-portal = Damit Geräte von selbst erfahren, warum sie pausiert sind (RFC 8910), diese Zeilen bei dnsmasq eintragen:
certificate-ends = Das Zertifikat von { $name } endet
certificate-ends-next = Bitte erneuern und das neue hier angeben. Danach warnen Browser, und Passkeys gehen nicht mehr.
certificate-give = Zertifikat angeben
certificate-needs-https = Der private Schlüssel darf unterwegs nicht lesbar sein, deshalb geht das nur verschlüsselt.
certificate-chain = Zertifikat mit seiner Kette (fullchain.pem)
certificate-key = Privater Schlüssel (privkey.pem)
certificate-hint = Beide im PEM-Format. Der Schlüssel bleibt auf diesem Gerät und ist in keiner Sicherung.
certificate-give-button = Verwenden
certificate-remove = Wieder das eigene des Geräts verwenden
settings-certificate = Verschlüsselte Seiten ohne Warnung
system-title = Dieses Gerät
system-version = Version { $version }, läuft seit { $uptime }.
system-version-image = Version { $version } auf Platz { $slot }, läuft seit { $uptime }.
system-on-trial = Diese Version wird gerade erprobt. Arbeitet sie einige Minuten lang gut, bleibt sie; sonst kehrt das Gerät von selbst zur vorigen zurück.
health-title = Wie es ihm geht
health-gate-native = An { $name } arbeitet der Filter mit voller Geschwindigkeit.
health-gate-generic = An { $name } arbeitet der Filter. Der Treiber kann ihn dort nicht selbst ausführen, das kostet etwas Geschwindigkeit.
health-gate-missing = An { $name } arbeitet der Filter nicht: { $detail }
health-gate-nowhere = Der Filter arbeitet nirgends. Warum, sagt das Protokoll unten.
health-resolver-answers = Namen werden aufgelöst, und Server antworten.
health-resolver-silent = Kein Namensserver antwortet. Geht die Leitung des Anbieters?
health-resolver-off = Namen werden anderswo aufgelöst; der Filter urteilt auf ihrem Weg.
health-clock-set = Die Uhr ist gestellt.
health-clock-unset = Die Uhr wurde nie gestellt, also können Schlafenszeiten nicht stimmen. Sie stellt sich, sobald das Internet geht.
memory-used = Arbeitsspeicher: { $used } von { $total } belegt
disk-used = Speicherplatz: { $used } von { $total } belegt
update-title = Neue Versionen
update-by-system = Diese Installation wird von der Paketverwaltung ihres Systems aktualisiert, zusammen mit allem anderen.
update-last-none = Dieses Gerät wurde noch nie aktualisiert.
update-last-kept = Version { $version } wurde erprobt, arbeitet gut und ist geblieben.
update-last-went-back = Version { $version } wurde erprobt und ging nicht, darum ist das Gerät zur vorigen zurückgekehrt.
update-last-interrupted = Version { $version } wurde nicht erprobt, weil vorher der Strom weg war. Bitte noch einmal einspielen.
update-last-reason = In den Worten des Systems:
update-lead = Eine neue Version wird neben die laufende geschrieben und beim nächsten Start erprobt. Geht sie nicht, kehrt das Gerät von selbst zurück. Eure Einstellungen bleiben.
update-from-address = Von einer Adresse einspielen
update-from-file = Aus einer Datei einspielen
update-address = Adresse der neuen Version
update-address-hint = Sie beginnt mit https:// und endet mit .update. Die Signatur wird daneben erwartet.
update-file = Die neue Version (endet mit .update)
update-signature = Ihre Signatur (endet mit .minisig)
update-restart = Neu starten, wenn sie geschrieben ist
update-restart-detail = Das Internet ist dann etwa eine Minute weg.
update-older = Auch eine ältere Version annehmen
update-older-detail = Nur, um zu einer früheren Version zurückzukehren.
update-begin = Einspielen
update-phase-receiving = Die Datei wird gesendet
update-phase-fetching = Die neue Version wird geholt
update-phase-checking = Die Signatur wird geprüft
update-phase-writing = Die neue Version wird geschrieben
update-phase-comparing = Das Geschriebene wird geprüft
update-percent = { $percent } %
update-cancel = Abbrechen
update-keep-power = Das Gerät jetzt bitte nicht ausschalten. Passiert es doch, startet die vorige Version wieder.
update-written = Version { $version } ist bereit
update-written-detail = Der nächste Start erprobt sie. Geht sie nicht, kehrt das Gerät von selbst zurück.
update-restart-now = Neu starten und erproben
update-detail = In den Worten des Systems
update-failure-unreachable = Die neue Version ließ sich nicht holen
update-failure-unreachable-next = Bitte die Adresse prüfen und ob das Internet geht. Es wurde nichts geändert.
update-failure-broken-off = Die Datei kam nicht vollständig an
update-failure-broken-off-next = Bitte auf dieser Seite bleiben, bis sie gesendet ist, und es noch einmal versuchen. Es wurde nichts geändert.
update-failure-not-signed = Die Signatur ist nicht lesbar
update-failure-not-signed-next = Bitte die Datei wählen, die mit .minisig endet und dazugehört. Es wurde nichts geändert.
update-failure-wrong-signature = Die Signatur passt nicht zur neuen Version
update-failure-wrong-signature-next = Die Datei ist beschädigt, unvollständig oder nicht vom Hersteller. Bitte neu von dort holen, wo sie sicher richtig ist. Sie wird nicht gestartet.
update-failure-other-kind = Diese Version ist für ein anderes Gerät
update-failure-other-kind-next = Bitte die für x86-64 holen. Es wurde nichts geändert.
update-failure-older = Diese Version ist älter als die laufende
update-failure-older-next = Wer zurück will, setzt den Haken bei „Auch eine ältere Version annehmen“. Es wurde nichts geändert.
update-failure-too-large = Diese Version ist zu groß für das Gerät
update-failure-too-large-next = Bitte die Datei holen, die mit .update endet, nicht das ganze Abbild. Es wurde nichts geändert.
update-failure-disk = Die neue Version ließ sich nicht schreiben oder lesen
update-failure-disk-next = Bitte noch einmal versuchen. Bleibt es so, ist vielleicht der Datenträger defekt: sichert eure Daten. Die laufende Version ist unverändert.
update-failure-not-tried = Die neue Version ist geschrieben, wird aber nicht erprobt
update-failure-not-tried-next = Bitte noch einmal versuchen oder an der Konsole des Geräts. Die laufende Version ist unverändert.
update-failure-on-trial = Was zuletzt eingespielt wurde, wird noch erprobt
update-failure-on-trial-next = Bitte drei Minuten warten, bis feststeht, ob es läuft, und dann noch einmal versuchen. Es wurde nichts geändert.
update-failure-cancelled = Das Einspielen wurde abgebrochen
update-failure-cancelled-next = Es wurde nichts geändert.
restart-title = Neu starten
restart-lead = Das Internet ist etwa eine Minute weg, für alle.
restart-now = Jetzt neu starten
restarting-title = Das Gerät startet neu
restarting-lead = Das Internet ist etwa eine Minute weg.
restarting-back = Diese Seite kommt von selbst wieder. Wenn nicht innerhalb von zwei Minuten:
restarting-again = Noch einmal versuchen
ports-title = Netzwerkanschlüsse
placement-router = Das Gerät ist der Router eures Zuhauses: Es gibt euren Geräten ihre Adressen, und Fremde bleiben draußen.
placement-bridge = Das Gerät steht unsichtbar zwischen dem Router des Anbieters und eurem Zuhause: Der Router des Anbieters gibt die Adressen.
port-name = Anschluss { $number }
port-provider = zum Anbieter
port-home = ins Zuhause
port-cable = Kabel steckt
port-no-cable = kein Kabel
port-speed = { $megabits } Mbit/s
port-answers = Hier antwortet ein Anbieter.
port-silent = Hier antwortet gerade kein Anbieter. Steckt das Kabel, und ist das Gerät des Anbieters an?
port-choose = Anschluss { $number } für den Anbieter nehmen
port-choose-detail = Nur wählen, wenn das Kabel des Anbieters in diesem Anschluss steckt. Es gilt nach einem Neustart.
port-choose-button = Nehmen
port-changed = Nach dem nächsten Start führt Anschluss { $number } zum Anbieter.
log-title = Protokoll
log-lead = Es enthält keine Namen von Seiten.
log-when = Wann
log-level = Art
log-text = Was
log-level-error = Fehler
log-level-warn = Warnung
log-level-info = Hinweis
about-title = Über Stairgate, und was es sieht
about-lead = Kein Filter sieht alles. Dieser sagt, was er nicht sieht.
about-version = Stairgate { $version }
coverage-title = Was der Filter hier sieht
coverage-state-sees = Sieht er
coverage-state-partly = Teilweise
coverage-state-blind = Sieht er nicht
coverage-plain-dns = Fragen nach Namen
coverage-plain-dns-detail = Jeder Name, nach dem ein gefiltertes Gerät zu Hause fragt.
coverage-tls = Sichere Seiten
coverage-tls-detail = Den Namen der Seite am Anfang einer Verbindung. Was folgt, ist verschlüsselt und bleibt es.
coverage-quic = QUIC
coverage-quic-detail = Eine neuere Art der Verbindung. Wo sie gesperrt ist, nehmen Browser die übliche.
coverage-ech = Versteckte Namen
coverage-ech-detail = Wo Namen lesbar gehalten werden, erkennt der Filter auch Seiten, die ihren verstecken.
coverage-encrypted-dns = Andere Namensserver
coverage-encrypted-dns-detail = Bekannte sind gesperrt, wo die Regeln es sagen. Unbekannte können unbemerkt bleiben.
coverage-vpn = Tunnel und VPN
coverage-vpn-detail = Bekannte Dienste sind gesperrt. In einem Tunnel, der durchkam, ist nichts zu sehen.
coverage-ipv6 = IPv6
coverage-ipv6-detail = Wird genauso gefiltert wie IPv4.
coverage-mobile-data = Mobile Daten
coverage-mobile-data-detail = Was ein Handy außerhalb eures WLANs tut, kommt nie hier vorbei.
coverage-content = Inhalte
coverage-content-detail = In Nachrichten, Bilder und Videos wird nie hineingesehen. Es wird kein Zertifikat eingebaut.
coverage-second-router = Ein zweiter Router
coverage-second-router-detail = Geräte hinter einem anderen Router sehen aus wie ein einziges.
interfaces-title = Wo er steht
interface-attached = filtert ({ $mode })
interface-not-attached = filtert nicht: { $detail }

## Audit
audit-title = Änderungen
audit-lead = Alle Eltern sehen das. Kinder sehen, was sie betrifft.
audit-none = Noch wurde nichts geändert.
actor-token = Programm „{ $name }“
actor-command-line = Am Gerät selbst
actor-agent = Stairgate selbst
actor-erased = Jemand, der gelöscht wurde
audit-set-up = Eingerichtet
audit-signed-in = Angemeldet
audit-sign-in-failed = Anmeldung fehlgeschlagen
audit-person-added = Person hinzugefügt
audit-person-changed = Person geändert
audit-person-erased = Person gelöscht
audit-person-exported = Daten herausgegeben
audit-paused = Pause gemacht
audit-resumed = Wieder eingeschaltet
audit-time-given = Mehr Zeit gegeben
audit-week-changed = Woche geändert
audit-quota-changed = Zeit am Tag geändert
audit-quota-used-up = Zeit aufgebraucht
audit-categories-changed = Arten von Seiten oder Apps geändert
audit-modes-changed = Modi geändert
audit-protection-changed = Schutz geändert
audit-privacy-changed = Geändert, was gespeichert wird
audit-pin-changed = PIN geändert
audit-name-allowed = Seite erlaubt
audit-name-blocked = Seite gesperrt
audit-name-removed = Regel für eine Seite entfernt
audit-asked = Gefragt
audit-granted = Anfrage erlaubt
audit-turned-down = Anfrage abgelehnt
audit-device-adopted = Gerät zugeordnet
audit-device-merged = Geräte zusammengelegt
audit-device-forgotten = Gerät vergessen
audit-list-added = Liste hinzugefügt
audit-list-removed = Liste entfernt
audit-upstreams-changed = Namensserver geändert
audit-helplines-changed = Hilfsangebote geändert
audit-household-changed = Zuhause geändert
audit-access-changed = Anmeldung geändert
audit-certificate-changed = Zertifikat geändert
audit-session-ended = Sitzung beendet
audit-token-made = Schlüssel gemacht
audit-token-revoked = Schlüssel entfernt
audit-backed-up = Sicherung gemacht
audit-restored = Sicherung eingespielt
audit-history-deleted = Gespeichertes gelöscht
audit-updated = Neue Version
audit-restarted = Gerät neu gestartet
audit-port-changed = Anschluss des Anbieters geändert

## A child's own page: plain words for a child of eight
me-title = Meine Seite
me-hello = Hallo { $name }!
me-now = Wie es gerade ist
me-no-rules = Für dich gibt es keine Regeln. Du kannst das Internet frei benutzen.
me-today = Mein Tag
day-graph = Dein Tag von Mitternacht bis Mitternacht. Die Liste darunter sagt dasselbe.
day-open = Internet an
day-closed = Internet aus
day-now = jetzt
me-ask = Ich möchte etwas fragen
me-ask-time = Darf ich mehr Zeit haben?
me-ask-time-what = Mehr Zeit wofür?
me-ask-site = Könnt ihr eine Seite öffnen?
me-ask-say = Ich möchte euch etwas sagen
me-ask-which = Welche Seite oder App?
me-ask-why = Warum? (Das kannst du weglassen)
me-ask-note = Was möchtest du sagen?
me-ask-send = Abschicken
me-pin = Deine PIN
me-why = Warum geht etwas nicht?
me-why-button = Sag es mir
me-answers = Was ich gefragt habe
me-help = Jemand zum Reden
me-help-lead = Sie hören dir zu, wenn du traurig bist, Angst hast oder dir Sorgen machst. Niemand zu Hause kann sehen, dass du ihre Seite anschaust.
me-blocked = Was für mich zu ist
me-blocked-lead = Findest du, dass etwas offen sein sollte? Frag einfach.
me-kept = Was über mich aufgeschrieben wird
me-level-nothing = Es wird nichts darüber aufgeschrieben, was du anschaust.
me-level-reasons = Es wird aufgeschrieben, warum etwas zu war, aber nicht, was es war.
me-level-blocked-names = Seiten, die zu waren, werden aufgeschrieben. Deine Eltern können sie sehen. Seiten, die offen waren, werden nicht aufgeschrieben.
me-level-all-names = Alle Seiten, nach denen deine Geräte fragen, werden aufgeschrieben. Deine Eltern können sie sehen.
me-usage-nothing = Deine Minuten werden gezählt, und auf welchem Gerät, aber nicht, was du benutzt. Deine Eltern können das sehen.
me-usage-reasons = Deine Minuten werden gezählt, und für welche Apps und Arten von Seiten. Deine Eltern sehen, wie lange, und nur das, wofür es eine Grenze gibt.
me-usage-blocked-names = Deine Minuten werden gezählt, und für welche Apps und Arten von Seiten. Deine Eltern können das sehen.
me-usage-all-names = Deine Minuten werden gezählt, und für welche Apps und Arten von Seiten. Deine Eltern können das sehen.
me-kept-days =
    { $days ->
        [0] Zurzeit wird nichts davon behalten.
        [one] Nach 1 Tag wird es gelöscht.
       *[other] Nach { $days } Tagen wird es gelöscht.
    }
me-kept-show =
    { $count ->
        [one] Zeig mir den 1 Eintrag
       *[other] Zeig mir alle { $count } Einträge
    }
me-use = Meine Woche
me-changes = Wer meine Regeln geändert hat
paused-title = Zeit für eine Pause
paused-title-night = Gute Nacht!
paused-title-quota = Das war’s für heute
paused-detail = Auf diesem Gerät ist das Internet gerade aus. Es kommt von allein zurück.
paused-link = Meine Regeln sehen oder fragen
paused-again = Ist es wieder an?
paused-help = Hilfsangebote gehen trotzdem, zu jeder Zeit.

## Kinds of sites, as the built-in taxonomy has them
category-adult = Pornografie
category-adult-detail = Seiten, die Sex zeigen sollen.
category-suggestive = Nacktheit und anzügliche Bilder
category-suggestive-detail = Wäsche, Glamour und Seiten mit Ecken für Erwachsene, ohne dafür gemacht zu sein.
category-violence = Grausamkeit
category-violence-detail = Seiten, die zum Nervenkitzel zeigen, wie Menschen oder Tiere verletzt oder getötet werden.
category-weapons = Waffen und Gefahrstoffe
category-weapons-detail = Seiten, die Waffen verkaufen oder erklären, wie man Sprengstoff und Gift macht.
category-hate = Hass und Extremismus
category-hate-detail = Seiten, die zu Hass oder Gewalt gegen Menschen aufrufen, weil sie sind, was sie sind, oder glauben, was sie glauben.
category-drugs = Drogen
category-drugs-detail = Seiten, die Drogen verkaufen oder anpreisen; Suchtberatung bleibt erreichbar.
category-alcohol-tobacco = Alkohol, Tabak und Vapes
category-alcohol-tobacco-detail = Läden und Marken für Dinge, die nicht an Kinder verkauft werden dürfen.
category-self-harm = Selbstverletzung und Essstörungen
category-self-harm-detail = Seiten, die dazu ermuntern, sich zu verletzen oder zu hungern; Hilfsangebote bleiben erreichbar.
category-sects = Vereinnahmende Gruppen
category-sects-detail = Gruppen, von denen Gerichte oder Behörden festgestellt haben, dass sie ihre Mitglieder unter Druck setzen.
category-misinformation = Erfundene Nachrichten
category-misinformation-detail = Seiten, die Ausgedachtes als Nachricht ausgeben.
category-strangers = Zufallschats mit Fremden
category-strangers-detail = Seiten, die ein Kind per Video oder Text mit irgendwem verbinden, der gerade da ist.
category-dating = Partnersuche
category-dating-detail = Seiten und Apps zum Kennenlernen; sie sind nach ihren eigenen Regeln für Erwachsene.
category-messaging = Nachrichten
category-messaging-detail = Schreiben, Anrufe und Gruppenchats mit Bekannten und mit allen, die ihre Nummer haben.
category-forums = Foren
category-forums-detail = Offene Diskussionen, in denen Leute jeden Alters schreiben.
category-social = Soziale Netzwerke
category-social-detail = Profile, Follower, Likes und Feeds ohne Ende; die meisten sind ab 13.
category-video = Video und Streaming
category-video-detail = Filme, Serien, Livestreams und Clips.
category-games = Spiele
category-games-detail = Online-Spiele, ihre Läden und ihre Chats.
category-ai-companions = Künstliche Freunde
category-ai-companions-detail = Chatprogramme, die Freund oder Partnerin spielen und wollen, dass man immer weiterredet.
category-ai-assistants = KI-Assistenten
category-ai-assistants-detail = Chatprogramme, die Fragen beantworten und Texte schreiben; die meisten sind ab 13, und sie irren sich.
category-spying = Andere ausspähen
category-spying-detail = Programme, die heimlich das Handy von jemand anderem überwachen.
category-hacking = Angriffswerkzeuge
category-hacking-detail = Werkzeuge und Dienste, um in Computer einzubrechen oder sie zu überlasten, und Spiel-Cheats mit Schadsoftware.
category-piracy = Raubkopien
category-piracy-detail = Seiten, die Filme, Spiele und Programme anbieten, ohne es zu dürfen; oft mit Schadsoftware.
category-file-sharing = Dateiablagen und Downloads
category-file-sharing-detail = Seiten, auf denen alle Dateien ablegen, die alle herunterladen können.
category-blogs = Blogs
category-blogs-detail = Persönliche Seiten von irgendwem über irgendwas.
category-gambling = Glücksspiel
category-gambling-detail = Wetten, Casinos, Lotterien und Handel mit Spielgegenständen für Geld.
category-crypto = Handel mit Kryptowährungen
category-crypto-detail = Börsen und Wallets; nichts für Kinder.
category-malware = Schadsoftware
category-malware-detail = Seiten, die Geräte anstecken oder missbrauchen, etwa zum Schürfen.
category-scams = Phishing und Betrug
category-scams-detail = Seiten, die sich als andere ausgeben, um an Passwörter oder Geld zu kommen.
category-ads = Werbung und Verfolgung
category-ads-detail = Server, die Werbung zeigen oder Menschen von Seite zu Seite verfolgen.
category-shopping = Einkaufen
category-shopping-detail = Online-Läden und Marktplätze.
category-vpn = VPN-Dienste
category-vpn-detail = Tunnel, die alles vor dem Filter verbergen.
category-encrypted-dns = Verschlüsselte Namensserver
category-encrypted-dns-detail = Server, die am eigenen Namensserver vorbei antworten; ohne sie sieht der Filter jeden Namen.
category-proxies = Proxys und Anonymisierer
category-proxies-detail = Seiten, die andere Seiten für einen holen, und bezahlte Umwege über fremde Haushalte.
category-remote-control = Fernsteuerung
category-remote-control-detail = Programme, die einen anderen Computer zeigen und steuern; auch Betrüger kommen so herein.
category-translation = Übersetzer für Seiten
category-translation-detail = Übersetzer, die ganze Seiten anderer zeigen; nützlich für die Schule und ein Weg um Regeln herum.
category-shorteners = Kurzlinks
category-shorteners-detail = Kurze Links, denen man nicht ansieht, wohin sie führen.
category-helplines = Hilfsangebote
category-helplines-detail = Jemand zum Reden über Gewalt, Missbrauch, Sorgen oder Krisen; immer erreichbar und nie aufgezeichnet.
category-health = Gesundheit und Aufklärung
category-health-detail = Antworten zu Körper, Seele, Sexualität und Sucht von denen, die sich auskennen.
category-emergency = Notdienste
category-emergency-detail = Polizei, Rettung und Warnungen an alle.
category-school = Schule
category-school-detail = Die Plattformen, auf denen Schulen unterrichten.
category-updates = Systemaktualisierungen
category-updates-detail = Was Geräte sicher und pünktlich hält.
category-home = Dieses Zuhause
category-home-detail = Die eigenen Drucker, Bildschirme und Seiten.
category-connection-checks = Verbindungstests
category-connection-checks-detail = Wie Geräte herausfinden, ob sie online sind; solange alles geschlossen ist, sagt ihnen das Zuhause selbst, dass sie es nicht sind.
category-kids = Für kleine Kinder
category-kids-detail = Seiten für kleine Kinder.
category-learning = Lernen und Nachschlagen
category-learning-detail = Lexika, Bibliotheken, Kurse und Lernspiele.
category-music = Musik und Radio
category-music-detail = Musik, Radio und Podcasts hören.
category-news = Nachrichten aus aller Welt
category-news-detail = Zeitungen und Sender.
category-sport = Sport
category-sport-detail = Ergebnisse, Vereine und Sportnachrichten.
category-mail = E-Mail
category-mail-detail = Mails im Browser lesen.
