## How times, dates and numbers are written. Hours a day are 12 or 24.
format-hours-a-day = 24
format-before-noon = h
format-after-noon = h
format-date = { $weekday } { $day } { $month }
format-date-time = { $date }, { $time }
format-weekday-time = { $weekday }, { $time }
format-tomorrow = demain, { $time }
format-yesterday = hier, { $time }
format-just-now = à l’instant
format-minutes-ago =
    { $count ->
        [one] il y a { $count } minute
       *[other] il y a { $count } minutes
    }
format-hours-ago =
    { $count ->
        [one] il y a { $count } heure
       *[other] il y a { $count } heures
    }
format-minutes = { $minutes } min
format-hours = { $hours } h
format-hours-minutes = { $hours } h { $minutes } min
format-decimal = ,
format-thousands = {"\u202F"}
days =
    { $count ->
        [one] { $count } jour
       *[other] { $count } jours
    }
weekday-mon = lundi
weekday-tue = mardi
weekday-wed = mercredi
weekday-thu = jeudi
weekday-fri = vendredi
weekday-sat = samedi
weekday-sun = dimanche
weekday-mon-short = lun
weekday-tue-short = mar
weekday-wed-short = mer
weekday-thu-short = jeu
weekday-fri-short = ven
weekday-sat-short = sam
weekday-sun-short = dim
month-1 = janv.
month-2 = févr.
month-3 = mars
month-4 = avr.
month-5 = mai
month-6 = juin
month-7 = juil.
month-8 = août
month-9 = sept.
month-10 = oct.
month-11 = nov.
month-12 = déc.

## The frame of every page
language-name = Français
skip-to-content = Aller au contenu
footer = Stairgate fonctionne chez vous. Rien de ce qui concerne votre famille n’en sort.
nav-label = Rubriques
nav-home = Accueil
nav-activity = Activité
nav-devices = Appareils
nav-requests = Demandes
nav-settings = Réglages
nav-account = Mot de passe et connexion
nav-sign-out = Se déconnecter
nav-waiting =
    { $count ->
        [one] en attente
       *[other] en attente
    }
choose = À choisir
save = Enregistrer
change = Modifier
remove = Supprimer
show = Afficher
older = Plus ancien
added = Ajouté
on = Activé
off = Désactivé
last-used = Dernière utilisation
never-used = Jamais utilisé
as-table = En tableau

## What has just been done
notice-saved = C’est enregistré et déjà en vigueur.
notice-paused = Internet est en pause.
notice-resumed = Internet est de nouveau ouvert.
notice-time-given = Du temps a été ajouté.
notice-person-added = La personne a été ajoutée.
notice-person-erased = La personne et tout ce qui était conservé sur elle sont effacés.
notice-device-adopted = L’appareil appartient maintenant à quelqu’un.
notice-device-merged = Les deux appareils n’en font plus qu’un.
notice-device-forgotten = L’appareil est de nouveau inconnu.
notice-name-allowed = Le site est maintenant ouvert.
notice-name-blocked = Le site est maintenant bloqué.
notice-name-removed = Le site n’a plus de règle particulière.
notice-asked = Ta question est envoyée. Tu verras la réponse ici.
notice-answered = La réponse est envoyée.
notice-list-added = La liste est ajoutée et en cours de téléchargement.
notice-list-removed = La liste est supprimée.
notice-lists-refreshing = Les listes sont en cours de téléchargement.
notice-password-changed = Le mot de passe est changé. Toutes les autres sessions sont fermées.
notice-totp-on = Un code sera désormais demandé à la connexion.
notice-totp-off = Aucun code n’est plus demandé.
notice-passkey-added = Cette clé d’accès peut maintenant servir à se connecter.
notice-passkey-removed = La clé d’accès ne peut plus servir.
notice-passkey-renamed = La clé d’accès porte son nouveau nom.
notice-certificate-given = Les navigateurs font maintenant confiance à cette connexion.
notice-certificate-removed = Le boîtier utilise de nouveau son propre certificat.
notice-session-ended = Cette session est fermée.
notice-token-revoked = Le jeton n’est plus valable.
notice-restored = La sauvegarde est restaurée.
notice-history-deleted = C’est effacé.
notice-signed-out = La session est fermée.
notice-updating = La mise à jour a commencé. Le filtre continue de fonctionner.
notice-update-cancelled = La mise à jour est en cours d’annulation.
notice-port-kept = Enregistré. Cela vaut après un redémarrage.

## What failed, and what to do next
failure-form-expired = Cette page est restée ouverte trop longtemps
failure-form-expired-next = Rien n’a été modifié. Il suffit de recommencer ici.
failure-conflict = Quelqu’un d’autre l’a modifié en même temps
failure-conflict-next = La modification n’a pas été enregistrée. Voici l’état actuel ; recommencez si besoin.
failure-sign-in-needed = Connexion nécessaire
failure-sign-in-needed-next = Cette page est réservée aux adultes de la famille.
failure-not-allowed = Ce n’est pas autorisé ici
failure-not-allowed-next = Demandez-le à un parent de la famille qui en a le droit.
failure-not-found = Cette page n’existe pas
failure-not-found-next = Elle a peut-être été supprimée. Repartez de l’accueil.
failure-bad-request = La demande n’a pas été comprise
failure-bad-request-next = Revenez en arrière, vérifiez la saisie et réessayez.
failure-too-large = C’était trop à la fois
failure-too-large-next = Raccourcissez le texte ou choisissez un fichier plus petit.
failure-wrong-host = Ce n’est pas l’adresse du filtre
failure-wrong-host-next = Ouvrez l’adresse indiquée lors de l’installation.
failure-wrong-password = Nom ou mot de passe incorrect
failure-wrong-password-next = Vérifiez les deux. En cas d’oubli, on peut en définir un nouveau sur le boîtier même.
failure-wrong-code = Le code est faux ou trop ancien
failure-wrong-code-next = Saisissez le code affiché en ce moment.
failure-too-many-tries = Trop d’essais manqués
failure-too-many-tries-next = Attendez quelques minutes, puis réessayez.
failure-wrong-pin = Le code PIN est faux
failure-wrong-pin-next = Réessaie ou demande de l’aide à un adulte.
failure-bad-pin = Ce ne peut pas être un code PIN
failure-bad-pin-next = Choisissez de 4 à 12 chiffres.
failure-weak-password = Le mot de passe est trop court
failure-weak-password-next = Au moins 10 caractères ; trois ou quatre mots sans rapport entre eux conviennent bien.
failure-passwords-differ = Les deux mots de passe sont différents
failure-passwords-differ-next = Saisissez deux fois exactement le même mot de passe.
failure-bad-name = Ce nom ne convient pas
failure-bad-name-next = Choisissez-en un autre, ni vide ni déjà pris.
failure-bad-domain = Ce n’est pas un nom de site
failure-bad-domain-next = Écrivez-le comme example.org, ou collez l’adresse du navigateur.
failure-bad-time = Cette heure n’existe pas
failure-bad-time-next = Écrivez les heures comme 20:30 et choisissez au moins un jour.
failure-bad-zone = Ce fuseau horaire est inconnu
failure-bad-zone-next = Choisissez-en un dans la liste, par exemple Europe/Paris.
failure-bad-address = Cette adresse est inutilisable
failure-bad-address-next = Vérifiez-la et réessayez.
failure-too-many = Il n’y a plus de place
failure-too-many-next = Supprimez d’abord ce qui ne sert plus.
failure-asked-too-often = Tu as déjà beaucoup demandé aujourd’hui
failure-asked-too-often-next = Attends les réponses ou parle à tes parents.
failure-last-guardian = Le premier responsable ne peut pas être supprimé
failure-last-guardian-next = Donnez d’abord ce rôle à quelqu’un d’autre.
failure-bad-backup = Cette sauvegarde est illisible
failure-bad-backup-next = Vérifiez le fichier et sa phrase secrète. Rien n’a été modifié.
failure-bad-certificate = Ce certificat est inutilisable
failure-bad-certificate-next = La raison est indiquée ci-dessous. Ce qui était en vigueur le reste.
failure-passkey-refused = La clé d’accès n’a pas été acceptée
failure-passkey-refused-next = Réessayez ou connectez-vous avec le mot de passe.
failure-update-busy = Une mise à jour est en cours, ou vient de l’être
failure-update-busy-next = Attendez qu’elle soit finie, puis réessayez.
failure-storage = L’enregistrement a échoué
failure-storage-next = Le disque est peut-être plein. Le journal dans les réglages en dit plus.
failure-unavailable = Ce n’est pas possible pour l’instant
failure-unavailable-next = Réessayez dans une minute. Si cela dure, le journal dans les réglages en dit plus.
error-home = Vers l’accueil
error-me = Vers ma page
error-sign-in = Se connecter

## States and modes
mode-everyday = Quotidien
mode-paused = Pause
mode-used-up = Temps écoulé
mode-asleep = Coucher
mode-homework = Devoirs
mode-free = Temps libre
state-open = Internet est ouvert
state-open-mode = Internet est ouvert : { $mode }
state-closed = Internet est coupé : { $mode }
state-paused = Internet est en pause
state-used-up = Temps du jour écoulé
because-everyday = Règles de tous les jours
because-week = Programme de la semaine
because-exception = Temps en plus
because-pause = Pause décidée par un adulte
because-quota = Temps du jour écoulé
state-until-then = { $because }, jusqu’à : { $until }, puis { $then }
state-until = { $because }, jusqu’à : { $until }
state-until-resumed = { $because }, jusqu’à ce que quelqu’un rouvre
state-for-good = { $because }
pause-for-15 = 15 min
pause-for-30 = 30 min
pause-for-60 = 1 h
pause-for-morning = Jusqu’au matin
pause-for-open = Jusqu’à nouvel ordre
quick-pause = Pause
quick-pause-longer = Autre pause
quick-resume = Rouvrir
quick-more-time = Plus de temps
usage-of-quota = { $used } sur { $quota } utilisés, reste { $left }
usage-of-quota-what = { $what } : { $used } sur { $quota } utilisés, reste { $left }
usage-today = { $used } aujourd’hui

## Roles and ages
role-primary = Premier responsable
role-guardian = Responsable
role-guardian-detail = Décide de tout, pour les enfants et les adultes.
role-co-guardian = Coresponsable
role-co-guardian-detail = Décide de tout ce qui concerne les enfants, mais pas des autres adultes ni du boîtier.
role-carer = Garde
role-carer-detail = Peut mettre en pause et donner du temps : pour les grands-parents et les baby-sitters.
age-band = { $from } à { $to } ans

## Home
home-title = Accueil
home-people = Personnes
home-no-children = Personne n’est encore filtré. Ajoutez un enfant ci-dessous pour commencer.
home-unfiltered = Sans filtre
home-add-child = Ajouter un enfant
home-devices =
    { $count ->
        [one] { $count } appareil
       *[other] { $count } appareils
    }
home-connected = { $online } en ligne
home-requests =
    { $count ->
        [one] { $count } demande en attente
       *[other] { $count } demandes en attente
    }
home-new-devices =
    { $count ->
        [one] { $count } nouvel appareil
       *[other] { $count } nouveaux appareils
    }
home-more-devices =
    { $count ->
        [one] { $count } de plus
       *[other] { $count } de plus
    }
home-problems = À regarder de plus près
problem-clock = L’horloge n’a jamais été réglée, les heures de coucher sont donc fausses. Connectez le boîtier à Internet.
problem-clock-behind = L’horloge a été reculée de plus d’un jour. Les minutes d’usage seront de nouveau comptées quand elle sera restée ainsi pendant 20 heures. Si l’heure est fausse, connectez le boîtier à Internet.
problem-not-filtered = Rien n’est filtré sur { $interface } : { $detail }
problem-list = La liste { $list } n’a pas encore pu être téléchargée.
problem-list-since = La liste { $list } n’a pas pu être téléchargée depuis : { $since }. La dernière bonne copie reste en service.
problem-table-full = Il n’y a plus de place pour d’autres noms. Supprimez une liste inutile.
problem-no-upstream = Aucun serveur de noms ne répond sur Internet. Vérifiez la connexion.
problem-not-resolved = Certaines règles pour { $person } n’ont pas d’effet, car ce boîtier ne résout pas les noms. La personne qui a installé Stairgate peut changer cela dans le fichier de configuration, sous [resolver].
problem-no-servers = Les noms pour { $person } sont résolus par les serveurs de tout le monde, car le groupe { $set } n’existe pas. Sa place est dans le fichier de configuration, sous [resolver.upstream_sets].
problem-other = { $detail }

## Requests
requests-title = Demandes
requests-waiting = En attente de réponse
requests-none = Personne n’attend de réponse.
requests-answered = Avec réponse
ask-site = demande { $name }
ask-time = demande { $time } de plus
ask-time-of = demande { $time } de plus : { $what }
ask-note = a écrit
answer-site-yes = Autoriser
answer-site-today = Aujourd’hui seulement
answer-site-no = Non
answer-time-yes = D’accord
answer-time-no = Pas maintenant
answer-note-read = C’est lu
answer-with-words = Ajouter quelques mots
answer-note = Quelques mots avec la réponse
answer-granted = { $by } a dit oui.
answer-not-granted = { $by } a répondu.

## A person
person-name = Nom
person-your-name = Votre nom
person-age = Âge
person-age-hint = Aucune date de naissance n’est conservée. Les règles partent de ce qui convient à cet âge ; tout peut être modifié.
person-now = En ce moment
person-unfiltered = Les appareils de cette personne ne sont pas filtrés.
person-no-devices = Aucun appareil n’appartient encore à cette personne, les règles n’ont donc pas d’effet.
person-devices-link = Attribuer des appareils
tabs-label = Pages sur cette personne
tab-now = Aperçu
tab-week = Semaine
tab-sites = Sites
tab-services = Applis
tab-more = Plus
bedtime = Coucher
bedtime-school = Du dimanche au jeudi
bedtime-weekend = Vendredi et samedi
bedtime-on = Internet coupé la nuit
bedtime-from = De
bedtime-to = À
bedtime-save = Enregistrer le coucher
bedtime-hint = Les vidéos et les jeux en cours s’arrêtent aussi. Les lignes d’écoute restent toujours ouvertes.
recommended-title = Conseillé de { $age }
recommended-same = Tout est comme conseillé.
recommended-differs =
    { $count ->
        [one] { $count } point diffère de ce qui est conseillé. C’est votre choix.
       *[other] { $count } points diffèrent de ce qui est conseillé. C’est votre choix.
    }
recommended-blocked = { $what } : d’habitude bloqué, ici ouvert
recommended-open = { $what } : d’habitude ouvert, ici bloqué
recommended-on = { $what } : d’habitude activé, ici désactivé
recommended-off = { $what } : d’habitude désactivé, ici activé
recommended-youtube = YouTube : d’habitude « { $setting } »
recommended-level = D’habitude : { $level }
recommended-week = La semaine est la vôtre.
recommended-restore = Reprendre ce qui est conseillé
recommended-restore-detail = Toutes les règles et la semaine redeviennent comme conseillé. Les sites autorisés ou bloqués un par un restent.
details-title = Nom et âge

## Use
use-title = Utilisation des sept derniers jours
use-graph = Barres d’utilisation par jour, { $total } en tout. Les chiffres sont dans le tableau ci-dessous.
use-table = Tableau d’utilisation
use-others = Autres
use-what = Quoi
use-device = Appareil
use-time = Temps
use-data = Envoyé
use-when = Quand
use-device-unknown = Appareil inconnu
use-both = Deux choses à la fois comptent pour chacune, et une seule fois pour la journée.
use-hidden = Les applis et les sites restent l’affaire de l’enfant, selon ce que tu as choisi de conserver. Tu vois les minutes et ce qui a une limite.
use-day-title = Utilisation aujourd’hui
use-day-graph = Une barre par demi-heure d’aujourd’hui. Les minutes sont dans le tableau ci-dessous.
use-evidence = Quelles minutes ont été comptées aujourd’hui ?
use-evidence-detail = Seule l’utilisation réelle compte, pas ce que les appareils font d’eux-mêmes. « Envoyé » est ce que l’appareil a envoyé, une petite partie de ce qu’il a reçu.
tag-other = Autre

## Time a day
quota-title = Temps par jour
quota-lead = Seules les minutes d’utilisation réelle comptent, et tous les appareils se les partagent.
quota-none = Il n’y a pas de limite.
quota-all = Tout ensemble
quota-a-day = { $time } par jour, { $days }
quota-more = { $time } de plus aujourd’hui
quota-add = Fixer une limite
quota-what = Quoi
quota-minutes = Minutes par jour
quota-hint = Quand elles sont écoulées, c’est fermé jusqu’à minuit. Les jours choisis, une limite en remplace une autre pour la même chose. Les sites autorisés un par un restent ouverts, sauf si tout est écoulé.

## The week
week-title = La semaine
week-lead = Ce qui est peint en dernier compte. Ce qui reste vide relève du quotidien.
week-brush = Peindre avec
week-help = Glissez sur la semaine avec le doigt ou la souris. Au clavier : les flèches déplacent, Espace peint, Maj et flèches peignent à la suite.
week-save = Enregistrer la semaine
week-undo = Annuler
windows-title = Horaires un par un
windows-lead = Quand deux horaires se chevauchent, celui du bas compte.
windows-none = Aucun horaire : toute la semaine suit les règles de tous les jours.
windows-add = Ajouter un horaire
windows-days = Jours
windows-daily = Tous les jours
windows-from = De
windows-to = À
windows-mode = Ce qui vaut

## Modes
modes-title = Modes
modes-lead = Ce que coucher, devoirs et autres moments signifient pour cette personne.
modes-add = Ajouter un mode
modes-name = Nom
modes-effect = Effet
modes-what = Quels types de sites
effect-closed = Internet coupé
effect-also-block = Bloque en plus certains types de sites
effect-only = Seulement certains types de sites
effect-free = Règles de tous les jours, rien de plus

## Sites and apps
names-title = Sites un par un
names-lead = Ce qui est dit ici passe avant tout le reste pour le site.
names-name = Site
names-allowed = Autorisé
names-denied = Bloqué
names-until = jusqu’à : { $until }
names-remove = Supprimer la règle pour { $name }
name-allow = Autoriser
name-allow-label = Autoriser { $name }
name-deny = Bloquer
name-deny-label = Bloquer { $name }
categories-title = Types de sites
categories-lead = Cochez ce qui est bloqué. C’est rangé selon ce dont il s’agit.
categories-blocked = { $count } sur { $all } bloqués
category-is-blocked = bloqué
category-is-open = ouvert
category-usually-blocked = D’habitude bloqué à cet âge.
category-usually-open = D’habitude ouvert à cet âge.
only-title = Seulement ce qui est choisi
only-detail = Pour les plus petits : on n’atteint que ce qui est coché ici et les sites autorisés plus haut.
only-on = N’autoriser que ce qui est coché
only-permit = Accessible
services-title = Applis et services
services-lead = Ce que vous choisissez pour l’un passe avant ce qui vaut pour son type.
service-category = Comme son type
service-open = Ouvert
service-blocked = Bloqué
group-content = Ce qu’un enfant voit
group-content-detail = Images, textes et affirmations qui peuvent faire peur ou du mal.
group-contact = Qui un enfant rencontre
group-contact-detail = Lieux où des inconnus peuvent entrer en contact.
group-conduct = Ce qu’un enfant fait
group-conduct-detail = Partager, jouer, regarder, et comment on traite les autres.
group-contract = Ce qu’on vend à un enfant
group-contract-detail = Argent, publicité, pièges.
group-bypass = Chemins autour du filtre
group-bypass-detail = Avec eux, les autres règles ne tiendraient pas.
group-protect = Toujours ouvert
group-protect-detail = Accessibles à tout moment, quels que soient les réglages ; les lignes d’écoute ne sont jamais enregistrées.
group-everyday = Quotidien
group-everyday-detail = Sans risque en soi, mais utile pour des moments comme les devoirs.

## Protection and privacy of a person
protect-title = Protection
protect-safe-search = Recherche protégée
protect-safe-search-detail = Les moteurs écartent ce qui n’est pas pour les enfants. Ceux qui ne le peuvent pas sont bloqués.
protect-ech = Garder les noms de sites lisibles
protect-ech-detail = Le filtre voit alors quel site est visité, mais jamais ce qui s’y dit.
protect-quic = Bloquer QUIC
protect-quic-detail = Les navigateurs prennent alors un chemin où le nom est lisible. Personne ne voit la différence.
protect-unclassified = Bloquer l’inconnu
protect-unclassified-detail = Ce que le filtre ne reconnaît pas reste fermé. Certaines applis ne marcheront pas.
protect-resolved = Bloquer les détours
protect-resolved-detail = Les appareils ne vont que là où le serveur de noms de la maison les envoie. Cela met fin à bien des détours, mais aussi à certains jeux et appels.
protect-not-resolved = Ce boîtier ne résout pas les noms. Tant que c’est le cas, la recherche protégée, le mode restreint de YouTube, les noms de sites lisibles et le blocage des détours n’ont pas d’effet.
protect-upstreams = Serveurs de noms
protect-upstreams-usual = Ceux de tout le monde
youtube-title = YouTube
youtube-hint = Le mode restreint est celui de YouTube. Il masque aussi les commentaires.
youtube-off = Tout
youtube-moderate = Modéré
youtube-strict = Strict
privacy-person-title = Ce qui est conservé
pin-title = Code PIN pour demander
pin-off = Quiconque utilise un appareil de cet enfant peut demander en son nom. Avec un code PIN, seul l’enfant le peut. Pour regarder la page, il n’en faut pas.
pin-on = Cet enfant saisit un code PIN pour demander. S’il l’a oublié, choisissez-en un nouveau ici.
pin-new = Nouveau code PIN, de 4 à 12 chiffres
pin-remove = Ne plus demander de code PIN
privacy-person-lead =
    { $days ->
        [0] Les minutes d’utilisation ne sont conservées que pour aujourd’hui, les noms de sites pas du tout. L’enfant voit tout ce qui est conservé.
        [one] Les minutes d’utilisation et les demandes sont effacées après { $days } jour, les noms de sites après 1 jour au plus. L’enfant voit tout ce qui est conservé.
       *[other] Les minutes d’utilisation et les demandes sont effacées après { $days } jours, les noms de sites après 1 jour au plus. L’enfant voit tout ce qui est conservé.
    }
level-nothing = Rien n’est conservé.
level-reasons = On conserve seulement pourquoi quelque chose a été bloqué, pas quoi.
level-blocked-names = Les noms des sites bloqués sont conservés.
level-all-names = Les noms de tous les sites sont conservés.
data-title = Données
data-lead = Tout ce qui est conservé sur cette personne peut être remis dans un fichier ou effacé pour de bon.
data-link = Remettre ou effacer
data-export = Enregistrer dans un fichier
data-erase = Effacer cette personne
data-erase-detail = { $name }, toutes les règles et tout ce qui est conservé seront effacés. C’est irréversible.
data-erase-confirm = Écrivez le nom pour confirmer

## Devices
devices-title = Appareils
devices-lead = Les règles d’une personne valent sur tous ses appareils.
devices-new =
    { $count ->
        [one] { $count } nouvel appareil
       *[other] { $count } nouveaux appareils
    }
devices-none-new = Chaque appareil appartient à quelqu’un.
device-nameless = Appareil inconnu
device-online = En ligne
device-offline = Absent
device-last-seen = Vu
device-heard = S’appelle { $name }
device-private = Utilise une adresse privée changeante. Désactivez-la sur l’appareil pour votre réseau, afin que ses règles tiennent.
device-label = Nom de l’appareil
device-owner = À qui est-il ?
device-adopt = Enregistrer
device-likely = C’est sans doute { $label } avec une nouvelle adresse.
device-merge = Oui, c’est { $label }
device-forget = Rendre de nouveau inconnu
device-forget-detail = Les règles des appareils inconnus s’appliquent alors.
owner-shared = Pour tous
owner-shared-detail = Pour tous, comme un téléviseur
owner-unmanaged = Sans règles
owner-unmanaged-detail = Sans règles, comme une imprimante

## Activity
activity-title = Activité
activity-person = Personne
activity-everyone = Tout le monde
activity-only-blocked = Seulement ce qui est bloqué
activity-levels = Les noms n’apparaissent que si la vie privée de chacun le permet.
activity-day = Les dernières 24 heures
activity-latest = Derniers événements
activity-none = Rien à montrer.
activity-name-not-kept = Nom non conservé
verdict-allowed = Autorisé
verdict-blocked = Bloqué
verdict-failed = Échoué
verdicts-graph = { $allowed } autorisés, { $blocked } bloqués, { $failed } échoués
queries-title = Noms demandés
queries-graph = Barres par demi-heure, au plus { $highest } dans l’une d’elles. Les chiffres sont dans le tableau ci-dessous.
latency-title = Temps de réponse
latency-graph = La moitié des réponses n’a pas pris plus longtemps que montré, au plus { $highest }.
reason-denied = Il est sur la liste des sites bloqués un par un.
reason-category = Il est d’un type bloqué : { $what }.
reason-service = Il fait partie de { $what }, qui est bloqué.
reason-not-allowed = Il ne fait pas partie des sites choisis.
reason-closed = Internet est coupé à cette heure.
reason-paused = Internet est en pause.
reason-quota = Le temps du jour est écoulé.
reason-unclassified = Le filtre ne sait pas ce que c’est.
reason-bypass = Cela contournerait le filtre.
reason-unreadable = Le filtre ne peut pas lire où cela mène.
reason-safe-search = Cela désactiverait la recherche protégée.
reason-cloaked = Cela ne fait que mener à { $name }, qui est bloqué.
reason-rebinding = Cela se fait passer pour un appareil de la maison.
reason-tampered = La connexion a été manipulée.
reason-no-answer = Aucun serveur de noms n’avait de réponse.

## Why
why-title = Pourquoi ?
why-link = Pourquoi ?
why-person = Pour qui
why-ask = Expliquer
why-closed = { $name } est bloqué pour { $person } en ce moment
why-open = { $name } est ouvert pour { $person } en ce moment
why-protected = Toujours accessible, quels que soient les réglages.
why-stands-in = La réponse est celle de { $name }, pour que la recherche soit sûre.
why-mode = Ce qui vaut maintenant : { $mode }.
why-until = Prochain changement : { $until }.
why-tags = Cela compte comme :
why-sources =
    { $count ->
        [one] { $count } ligne de liste en parle
       *[other] { $count } lignes de listes en parlent
    }
why-source = { $list }, ligne { $line } :
why-exception = une exception

## Lists
lists-title = Listes
lists-lead = { $names } noms en service, place pour { $capacity }.
lists-test = Essayer un nom
lists-test-button = Essayer
lists-subscribed =
    { $count ->
        [one] { $count } liste
       *[other] { $count } listes
    }
lists-refresh = Tout télécharger maintenant
lists-add = Ajouter une liste
lists-name = Nom
lists-source = Adresse
lists-source-hint = Commence par https://. Les fichiers hosts, noms simples, AdGuard, dnsmasq et RPZ sont reconnus.
lists-tag = Ce que sont ses noms
lists-names =
    { $count ->
        [one] { $number } nom
       *[other] { $number } noms
    }
lists-not-loaded = Pas encore en service
lists-skipped =
    { $count ->
        [one] { $number } ligne ignorée
       *[other] { $number } lignes ignorées
    }
lists-checked = Vérifiée
lists-fetched = Modifiée
lists-problem = Téléchargement impossible : { $detail }
lists-remove = Supprimer la liste { $name }

## Sign-in
sign-in-title = Bienvenue
sign-in-name = Votre nom
sign-in-password = Mot de passe
sign-in-button = Se connecter
sign-in-passkey = Utiliser une clé d’accès
sign-in-forgotten = Oublié ? Un autre responsable, ou quelqu’un devant le boîtier, peut en définir un nouveau.
sign-in-child = Je suis un enfant : voir ma page
sign-in-code = Code à six chiffres
sign-in-code-lead = Ouvrez votre appli de codes et saisissez celui de Stairgate.
sign-in-blocked = Trop d’essais manqués. De nouveau possible : { $until }.
password-title = Mot de passe
password-current = Mot de passe actuel
password-new = Nouveau mot de passe
password-again = Le même encore une fois
password-hint = Au moins 10 caractères. Trois ou quatre mots sans rapport entre eux conviennent bien.
password-change = Changer le mot de passe

## Set-up
setup-step = Étape { $step } sur { $steps }
setup-next = Continuer
setup-code-title = Commençons
setup-code-lead = Saisissez le code que le boîtier affiche sur sa console.
setup-code = Code à usage unique
setup-port-title = Où est votre fournisseur ?
setup-port-question = Le câble de votre fournisseur est-il dans le port { $number } ?
setup-port-hint = Un doute ? Laissez ainsi. Cela se change plus tard sous « Ce boîtier ».
setup-port-restart = Branchez-y le câble du fournisseur et redémarrez. Recommencez ensuite avec le code que le boîtier affiche sur sa console ; le redémarrage prend une minute environ.
setup-port-later = Continuer sans redémarrer
setup-household-title = Votre maison
household-name = Comment s’appelle votre famille ?
household-zone = Fuseau horaire
household-language = Langue
household-country = Pays des lignes d’écoute
household-country-none = Internationales seulement
setup-guardian-title = À votre sujet
setup-guardian-lead = Vous serez le premier responsable. Vous pourrez en ajouter d’autres.
setup-children-title = Vos enfants
setup-children-lead = Chaque enfant reçoit des règles qui conviennent à son âge.
setup-devices-title = À qui est quoi ?
setup-devices-lead = Ces appareils sont chez vous en ce moment. Cela peut aussi se faire plus tard.
setup-devices-none = Aucun appareil trouvé pour l’instant. Ils apparaîtront sur l’accueil.
setup-devices-later = Décider plus tard
setup-devices-this = celui-ci
setup-review-title = Voici ce qui vaudra
setup-review-lead = Tout peut être modifié à tout moment.
setup-review-no-children = Il n’y a pas encore d’enfant. Les appareils inconnus sont traités comme ceux d’un enfant de 10 à 12 ans.
setup-review-all = Les adultes ne sont pas filtrés. Les lignes d’écoute sont toujours accessibles et jamais enregistrées.
setup-finish = Mettre en marche
setup-done-title = C’est prêt
setup-done-lead = Le filtre fonctionne. Parlez-en à vos enfants : c’est ensemble que cela marche le mieux.
setup-done-child = Les enfants voient leurs propres règles ici :
setup-done-home = Vers l’accueil
review-night = Internet coupé : { $when }
review-only = Seuls les sites pour jeunes enfants et pour apprendre sont ouverts.
review-unclassified = Ce que le filtre ne reconnaît pas reste fermé.
review-safe-search = Les moteurs de recherche écartent ce qui n’est pas pour les enfants.
review-youtube-moderate = YouTube ne montre que ce que son propre filtre laisse passer.
review-youtube-strict = YouTube ne montre qu’une petite partie, strictement filtrée.
review-kept = Ce que vous voyez :
review-blocked =
    { $count ->
        [one] { $count } type de sites est bloqué
       *[other] { $count } types de sites sont bloqués
    }
review-talk = À cet âge, parler compte plus que bloquer. Convenez des règles ensemble.
review-change = { $night } ne vous convient pas ? Cela se change sur l’accueil, sous « Coucher ».

## Settings
settings-title = Réglages
settings-account = Mot de passe, codes, clés d’accès, sessions ouvertes
settings-adults = Qui peut décider de quoi
settings-privacy = Ce qui est conservé, sur qui et combien de temps
settings-lists = D’où viennent les noms bloqués
settings-why = Expliquer pourquoi un site est ouvert ou bloqué
settings-network = Nom, fuseau horaire, serveurs de noms
settings-helplines = À qui vos enfants peuvent parler
settings-tokens = Accès pour les programmes
settings-backup = Sauvegarder, restaurer, remettre, effacer
settings-system = État, mises à jour, ports réseau, journal
settings-audit = Chaque modification et son auteur
settings-about = Ce que le filtre voit et ne voit pas
adults-title = Adultes
adults-add = Ajouter un adulte
adults-role = Rôle
adults-password = Premier mot de passe
adults-password-hint = Donnez-le à la personne, qui pourra le changer une fois connectée.
adults-no-password = Ne peut pas se connecter
adults-totp = Se connecte avec un code
adults-passkeys =
    { $count ->
        [one] { $count } clé d’accès
       *[other] { $count } clés d’accès
    }
account-title = Mot de passe et connexion
totp-title = Codes d’une appli
totp-off = En plus du mot de passe, un code que seul votre téléphone connaît peut être demandé.
totp-begin = Configurer
totp-scan = Scannez ceci avec une appli de codes, puis saisissez le code affiché.
totp-secret = Ou recopiez :
totp-confirm = Activer
totp-on = Un code est demandé à la connexion.
totp-turn-off = Désactiver
qr = Code QR. La même chose est écrite en lettres ci-dessous.
passkeys-title = Clés d’accès
passkeys-lead = Connectez-vous avec l’empreinte, le visage ou une clé plutôt qu’avec mot de passe et code.
passkeys-add = Ajouter une clé d’accès
passkeys-name = Nom de la clé d’accès
passkeys-need-script = Ajouter une clé d’accès demande JavaScript et un navigateur qui les connaît.
passkeys-elsewhere = Les clés d’accès fonctionnent à l’adresse reconnue par les navigateurs :
passkeys-need-certificate = Les clés d’accès exigent un certificat reconnu par les navigateurs. Un responsable peut en donner un dans les réglages.
passkeys-made-for = faite pour { $name }, où le boîtier n’est plus
passkeys-copied = Son compteur a reculé : il en existe peut-être une copie. Si vous ne l’avez pas copiée, retirez-la.
sessions-title = Sessions ouvertes
sessions-this = ici
sessions-end = Fermer
sessions-end-others = Fermer toutes les autres
tokens-title = Accès pour les programmes
tokens-lead = Un programme présente un jeton au lieu d’un mot de passe. Donnez à chacun le strict nécessaire.
tokens-fresh = Votre nouveau jeton
tokens-fresh-detail = Copiez-le maintenant. Il ne sera plus affiché.
tokens-add = Créer un jeton
tokens-name = À quoi sert-il ?
tokens-scopes = Ce qu’il peut faire
tokens-days = Valable
tokens-forever = Sans fin
tokens-until = Valable jusqu’à : { $until }
scope-read = Voir l’état, les personnes et les appareils
scope-activity = Voir l’activité dans la mesure où la vie privée le permet
scope-pause = Mettre en pause et donner du temps
scope-rules = Modifier les règles et les appareils
scope-settings = Modifier tout le reste
network-title = Maison et réseau
upstreams-title = Serveurs de noms
upstreams-lead = Ils trouvent les adresses des sites pour votre maison. Chiffrés, ils empêchent le fournisseur de lire.
upstreams-everyone = Pour tous
upstreams-answers = Répond
upstreams-silent = Ne répond pas
upstreams-unasked = Pas encore interrogé
upstreams-none = Aucun serveur n’est connu. La connexion internet l’indique.
upstreams-plain = non chiffré
upstreams-where = La personne qui a installé Stairgate les choisit dans le fichier de configuration, sous [resolver].
helplines-title = Lignes d’écoute
helplines-lead = Vos enfants les voient sur leur propre page. Leurs sites sont toujours accessibles, même à l’heure du coucher et en pause, et personne ne peut voir qu’ils ont été ouverts.
helplines-country = Voici celles de ce pays : { $country }.
helplines-own = Votre famille a écrit cette liste. Pays choisi : { $country }.
helplines-country-link = Choisir un autre pays
helplines-add = Ajouter une ligne d’écoute
helplines-name = Comment s’appelle-t-elle ?
helplines-telephone = Numéro de téléphone (facultatif)
helplines-site = Site, par exemple example.org (facultatif)
helplines-hours = Quand y a-t-il quelqu’un ? (facultatif)
helplines-reset = Montrer de nouveau les lignes du pays
privacy-title = Vie privée
privacy-lead = Les enfants voient ce qui est conservé sur eux. Les lignes d’écoute ne le sont jamais.
privacy-entries =
    { $count ->
        [one] { $number } entrée
       *[other] { $number } entrées
    }
privacy-delete = Effacer
privacy-delete-all = Effacer tout ce qui est conservé
retention-title = Combien de temps
retention-days = Jours avant effacement des minutes d’utilisation et des demandes
retention-names = Les noms de sites sont conservés 1 jour au plus, et seulement jusqu’au prochain redémarrage. Avec 0 jour, ils ne sont pas conservés.
retention-copies = Certaines mises à jour de Stairgate laissent ici une copie de tout pendant 30 jours au plus, pour pouvoir les annuler. Ce qui est supprimé à la main l’est là aussi.
retention-size = Cela occupe { $size }.
backup-title = Sauvegarde
backup-make = Faire une sauvegarde
backup-last = Dernière :
backup-never = Il n’y a pas encore de sauvegarde.
backup-passphrase = Phrase secrète du fichier
backup-passphrase-hint = Sans elle, personne ne peut lire le fichier, vous non plus. Notez-la.
backup-make-button = Enregistrer la sauvegarde
backup-restore = Restaurer
backup-restore-lead = Tous les réglages d’ici sont remplacés par ceux du fichier.
backup-file = Fichier
backup-restore-button = Restaurer
backup-both = Faire ou restaurer une sauvegarde
backup-needs-https = Sans chiffrement, les navigateurs retiennent une sauvegarde comme non sécurisée, et sa phrase secrète serait lisible en route.
go-encrypted = Continuer avec chiffrement
go-encrypted-hint = Il faut s’y connecter à nouveau. Sans certificat de la famille, le navigateur met en garde contre celui du boîtier ; c’est normal à la maison.
certificate-title = Certificat
certificate-lead = Avec un certificat pour un nom à vous, les navigateurs ouvrent ces pages chiffrées et sans avertissement, et les clés d’accès fonctionnent.
certificate-own = Aucun certificat n’a été donné. Le boîtier utilise le sien, contre lequel les navigateurs mettent en garde. Rien n’est à installer sur aucun appareil.
certificate-in-force = Les navigateurs font confiance au nom { $name } jusqu’à
certificate-problem = Ce qui a été donné est inutilisable
certificate-configured = La configuration dit où sont le certificat et sa clé. Renouvelés, ils sont relus.
certificate-portal = Pour que les appareils apprennent d’eux-mêmes pourquoi ils sont en pause (RFC 8910), ajoutez ces lignes à dnsmasq :
certificate-ends = Le certificat de { $name } se termine
certificate-ends-next = Renouvelez-le et donnez le nouveau ici. Ensuite, les navigateurs avertissent et les clés d’accès ne fonctionnent plus.
certificate-give = Donner un certificat
certificate-needs-https = La clé privée ne doit pas être lisible en route : on la donne par une connexion chiffrée.
certificate-chain = Certificat avec sa chaîne (fullchain.pem)
certificate-key = Clé privée (privkey.pem)
certificate-hint = Les deux au format PEM. La clé reste sur ce boîtier et n’est dans aucune sauvegarde.
certificate-give-button = L’utiliser
certificate-remove = Revenir à celui du boîtier
settings-certificate = Pages chiffrées sans avertissement
system-title = Ce boîtier
system-version = Version { $version }, en marche depuis { $uptime }.
system-version-image = Version { $version } à l’emplacement { $slot }, en marche depuis { $uptime }.
system-on-trial = Cette version est à l’essai. Si elle fonctionne pendant quelques minutes, elle est gardée ; sinon, le boîtier revient de lui-même à la précédente.
health-title = Comment il va
health-gate-native = { $name } : le filtre travaille à pleine vitesse.
health-gate-generic = { $name } : le filtre travaille. Le pilote ne peut pas l’exécuter lui-même, ce qui coûte un peu de vitesse.
health-gate-missing = { $name } : le filtre ne travaille pas : { $detail }
health-gate-nowhere = Le filtre ne travaille nulle part. Le journal ci-dessous dit pourquoi.
health-resolver-answers = Les noms sont résolus, et des serveurs répondent.
health-resolver-silent = Aucun serveur de noms ne répond. La ligne du fournisseur fonctionne-t-elle ?
health-resolver-off = Les noms sont résolus ailleurs ; le filtre les juge en chemin.
health-clock-set = L’horloge est à l’heure.
health-clock-unset = L’horloge n’a jamais été réglée : les heures du coucher ne peuvent pas être justes. Elle se règle dès qu’internet fonctionne.
memory-used = Mémoire : { $used } sur { $total } utilisés
disk-used = Stockage : { $used } sur { $total } utilisés
update-title = Mises à jour
update-by-system = Cette installation est mise à jour par le gestionnaire de paquets de son système, avec tout le reste.
update-last-none = Ce boîtier n’a encore jamais été mis à jour.
update-last-kept = La version { $version } a été essayée, fonctionne et a été gardée.
update-last-went-back = La version { $version } a été essayée et ne fonctionnait pas : le boîtier est revenu à la précédente.
update-last-interrupted = La version { $version } n’a pas été essayée, car le courant a été coupé avant. Recommencez la mise à jour.
update-last-reason = Dans les mots du système :
update-lead = Une nouvelle version est écrite à côté de celle qui tourne, et essayée au prochain démarrage. Si elle ne fonctionne pas, le boîtier revient de lui-même en arrière. Vos réglages restent.
update-from-address = Mettre à jour depuis une adresse
update-from-file = Mettre à jour depuis un fichier
update-address = Adresse de la mise à jour
update-address-hint = Elle commence par https:// et finit par .update. La signature est attendue à côté.
update-file = La mise à jour (finit par .update)
update-signature = Sa signature (finit par .minisig)
update-restart = Redémarrer une fois écrite
update-restart-detail = Internet est alors coupé pendant une minute environ.
update-older = Accepter aussi une version plus ancienne
update-older-detail = Seulement pour revenir à une version antérieure.
update-begin = Commencer la mise à jour
update-phase-receiving = Le fichier est en cours d’envoi
update-phase-fetching = La mise à jour est en cours de téléchargement
update-phase-checking = La signature est en cours de vérification
update-phase-writing = La mise à jour est en cours d’écriture
update-phase-comparing = Ce qui a été écrit est en cours de vérification
update-percent = { $percent } %
update-cancel = Annuler
update-keep-power = N’éteignez pas le boîtier maintenant. Si cela arrive quand même, la version précédente redémarre.
update-written = La version { $version } est prête
update-written-detail = Le prochain démarrage l’essaie. Si elle ne fonctionne pas, le boîtier revient de lui-même en arrière.
update-restart-now = Redémarrer et l’essayer
update-detail = Dans les mots du système
update-failure-unreachable = La mise à jour n’a pas pu être téléchargée
update-failure-unreachable-next = Vérifiez l’adresse, et si internet fonctionne. Rien n’a été modifié.
update-failure-broken-off = Le fichier n’est pas arrivé en entier
update-failure-broken-off-next = Restez sur cette page jusqu’à la fin de l’envoi, puis réessayez. Rien n’a été modifié.
update-failure-not-signed = La signature est illisible
update-failure-not-signed-next = Choisissez le fichier qui finit par .minisig et qui va avec la mise à jour. Rien n’a été modifié.
update-failure-wrong-signature = La signature ne correspond pas à la mise à jour
update-failure-wrong-signature-next = Le fichier est abîmé, incomplet ou ne vient pas du fabricant. Reprenez-le là où vous le savez bon. Il ne sera pas démarré.
update-failure-other-kind = Cette mise à jour est pour un autre type de boîtier
update-failure-other-kind-next = Prenez celle pour x86-64. Rien n’a été modifié.
update-failure-older = Cette mise à jour est plus ancienne que la version actuelle
update-failure-older-next = Pour revenir en arrière, cochez « Accepter aussi une version plus ancienne ». Rien n’a été modifié.
update-failure-too-large = Cette mise à jour est trop grande pour le boîtier
update-failure-too-large-next = Prenez le fichier qui finit par .update, pas l’image entière. Rien n’a été modifié.
update-failure-disk = La mise à jour n’a pas pu être écrite ou lue
update-failure-disk-next = Réessayez. Si cela persiste, le disque est peut-être en fin de vie : faites une sauvegarde. La version actuelle est intacte.
update-failure-not-tried = La mise à jour est écrite, mais ne sera pas essayée
update-failure-not-tried-next = Réessayez, ou passez par la console du boîtier. La version actuelle est intacte.
update-failure-on-trial = La dernière mise à jour est encore à l’essai
update-failure-on-trial-next = Attendez trois minutes, le temps de savoir si elle fonctionne, puis réessayez. Rien n’a été changé.
update-failure-cancelled = La mise à jour a été annulée
update-failure-cancelled-next = Rien n’a été modifié.
restart-title = Redémarrer
restart-lead = Internet est coupé pendant une minute environ, pour tout le monde.
restart-now = Redémarrer maintenant
restarting-title = Le boîtier redémarre
restarting-lead = Internet est coupé pendant une minute environ.
restarting-back = Cette page revient d’elle-même. Sinon, après deux minutes :
restarting-again = Réessayer
ports-title = Ports réseau
placement-router = Le boîtier est le routeur de la maison : il donne leurs adresses à vos appareils et laisse les inconnus dehors.
placement-bridge = Le boîtier se tient, invisible, entre la box du fournisseur et la maison : c’est la box qui donne les adresses.
port-name = Port { $number }
port-provider = vers le fournisseur
port-home = vers la maison
port-cable = câble branché
port-no-cable = pas de câble
port-speed = { $megabits } Mbit/s
port-answers = Un fournisseur répond ici.
port-silent = Aucun fournisseur ne répond ici en ce moment. Le câble est-il branché, et la box du fournisseur allumée ?
port-choose = Prendre le port { $number } pour le fournisseur
port-choose-detail = À choisir seulement si le câble du fournisseur est dans ce port. Cela vaut après un redémarrage.
port-choose-button = Le prendre
port-changed = Après le prochain démarrage, le port { $number } mène au fournisseur.
log-title = Journal
log-lead = Il ne contient aucun nom de site.
log-when = Quand
log-level = Type
log-text = Quoi
log-level-error = Erreur
log-level-warn = Avertissement
log-level-info = Information
about-title = À propos, et ce qu’il voit
about-lead = Aucun filtre ne voit tout. Celui-ci dit ce qu’il ne voit pas.
about-version = Stairgate { $version }
coverage-title = Ce que le filtre voit ici
coverage-state-sees = Le voit
coverage-state-partly = En partie
coverage-state-blind = Ne le voit pas
coverage-plain-dns = Noms demandés
coverage-plain-dns-detail = Chaque nom qu’un appareil filtré demande à la maison.
coverage-tls = Sites sécurisés
coverage-tls-detail = Le nom du site au début d’une connexion. La suite est chiffrée et le reste.
coverage-quic = QUIC
coverage-quic-detail = Une façon plus récente de se connecter. Là où elle est bloquée, les navigateurs prennent l’habituelle.
coverage-ech = Noms de sites cachés
coverage-ech-detail = Là où les noms restent lisibles, les sites qui cachent le leur sont reconnus aussi.
coverage-encrypted-dns = Autres serveurs de noms
coverage-encrypted-dns-detail = Les connus sont bloqués là où les règles le disent. Les inconnus peuvent passer inaperçus.
coverage-vpn = Tunnels et VPN
coverage-vpn-detail = Les services connus sont bloqués. Dans un tunnel qui passe, on ne voit rien.
coverage-ipv6 = IPv6
coverage-ipv6-detail = Filtré comme IPv4.
coverage-mobile-data = Données mobiles
coverage-mobile-data-detail = Ce qu’un téléphone fait hors de votre Wi-Fi ne passe jamais par ici.
coverage-content = Contenus
coverage-content-detail = Messages, images et vidéos ne sont jamais examinés. Aucun certificat n’est installé.
coverage-second-router = Un second routeur
coverage-second-router-detail = Les appareils derrière un autre routeur ont l’air d’un seul.
interfaces-title = Où il se tient
interface-attached = filtre ({ $mode })
interface-not-attached = ne filtre pas : { $detail }

## Audit
audit-title = Modifications
audit-lead = Tous les responsables voient ceci. Les enfants voient ce qui les concerne.
audit-none = Rien n’a encore été modifié.
actor-token = Programme « { $name } »
actor-command-line = Sur le boîtier
actor-agent = Stairgate lui-même
actor-erased = Une personne qui a été effacée
audit-set-up = Installation
audit-signed-in = Connexion
audit-sign-in-failed = Connexion manquée
audit-person-added = Personne ajoutée
audit-person-changed = Personne modifiée
audit-person-erased = Personne effacée
audit-person-exported = Données remises
audit-paused = Mise en pause
audit-resumed = Rouvert
audit-time-given = Temps ajouté
audit-week-changed = Semaine modifiée
audit-quota-changed = Temps par jour modifié
audit-quota-used-up = Temps écoulé
audit-categories-changed = Types de sites ou applis modifiés
audit-modes-changed = Modes modifiés
audit-protection-changed = Protection modifiée
audit-privacy-changed = Ce qui est conservé modifié
audit-pin-changed = Code PIN modifié
audit-name-allowed = Site autorisé
audit-name-blocked = Site bloqué
audit-name-removed = Règle d’un site supprimée
audit-asked = Demande
audit-granted = Demande acceptée
audit-turned-down = Demande refusée
audit-device-adopted = Appareil attribué
audit-device-merged = Appareils réunis
audit-device-forgotten = Appareil oublié
audit-list-added = Liste ajoutée
audit-list-removed = Liste supprimée
audit-upstreams-changed = Serveurs de noms modifiés
audit-helplines-changed = Lignes d’écoute modifiées
audit-household-changed = Maison modifiée
audit-access-changed = Façon de se connecter modifiée
audit-certificate-changed = Certificat modifié
audit-session-ended = Session fermée
audit-token-made = Jeton créé
audit-token-revoked = Jeton révoqué
audit-backed-up = Sauvegarde faite
audit-restored = Sauvegarde restaurée
audit-history-deleted = Ce qui était conservé effacé
audit-updated = Nouvelle version
audit-restarted = Boîtier redémarré
audit-port-changed = Port du fournisseur modifié

## A child's own page: plain words for a child of eight
me-title = Ma page
me-hello = Bonjour { $name } !
me-now = Comment c’est maintenant
me-no-rules = Il n’y a pas de règles pour toi. Tu peux utiliser Internet librement.
me-today = Ma journée
day-graph = Ta journée de minuit à minuit. La liste dessous dit la même chose.
day-open = Internet ouvert
day-closed = Internet coupé
day-now = maintenant
me-ask = Je veux demander quelque chose
me-ask-time = Je peux avoir plus de temps ?
me-ask-time-what = Plus de temps pour quoi ?
me-ask-site = Vous pouvez ouvrir un site ?
me-ask-say = Je veux vous dire quelque chose
me-ask-which = Quel site ou quelle appli ?
me-ask-why = Pourquoi ? (Tu n’es pas obligé de répondre)
me-ask-note = Qu’est-ce que tu veux dire ?
me-ask-send = Envoyer
me-pin = Ton code PIN
me-why = Pourquoi ça ne marche pas ?
me-why-button = Dis-moi
me-answers = Ce que j’ai demandé
me-help = Quelqu’un à qui parler
me-help-lead = Ils t’écoutent quand tu es triste, que tu as peur ou des soucis. Personne à la maison ne peut voir que tu regardes leur page.
me-blocked = Ce qui est fermé pour moi
me-blocked-lead = Tu penses que quelque chose devrait être ouvert ? Demande.
me-kept = Ce qui est noté sur moi
me-level-nothing = Rien n’est noté sur ce que tu regardes.
me-level-reasons = On note pourquoi quelque chose était fermé, mais pas ce que c’était.
me-level-blocked-names = Les sites fermés sont notés. Tes parents peuvent les voir. Les sites ouverts ne sont pas notés.
me-level-all-names = Tous les sites que tes appareils demandent sont notés. Tes parents peuvent les voir.
me-usage-nothing = Tes minutes sont comptées, et sur quel appareil, mais pas ce que tu utilises. Tes parents peuvent le voir.
me-usage-reasons = Tes minutes sont comptées, et pour quelles applis et quels types de sites. Tes parents voient combien de temps, et seulement ce qui a une limite.
me-usage-blocked-names = Tes minutes sont comptées, et pour quelles applis et quels types de sites. Tes parents peuvent le voir.
me-usage-all-names = Tes minutes sont comptées, et pour quelles applis et quels types de sites. Tes parents peuvent le voir.
me-kept-days =
    { $days ->
        [0] Pour le moment, rien n’en est gardé.
        [one] Après { $days } jour, c’est effacé.
       *[other] Après { $days } jours, c’est effacé.
    }
me-kept-show =
    { $count ->
        [one] Montre-moi ce qui est noté
       *[other] Montre-moi les { $count } choses notées
    }
me-use = Ma semaine
me-changes = Qui a changé mes règles
paused-title = C’est l’heure d’une pause
paused-title-night = Bonne nuit !
paused-title-quota = C’est tout pour aujourd’hui
paused-detail = Internet est coupé sur cet appareil pour le moment. Il revient tout seul.
paused-link = Voir mes règles ou demander
paused-again = Est-ce rouvert ?
paused-help = Les lignes d’écoute marchent quand même, à toute heure.

## Kinds of sites, as the built-in taxonomy has them
category-adult = Pornographie
category-adult-detail = Sites faits pour montrer du sexe.
category-suggestive = Nudité et images suggestives
category-suggestive-detail = Lingerie, glamour et sites qui ont des recoins pour adultes sans être faits pour cela.
category-violence = Cruauté et horreur
category-violence-detail = Sites qui montrent des gens ou des animaux blessés ou tués pour le frisson.
category-weapons = Armes et produits dangereux
category-weapons-detail = Sites qui vendent des armes ou expliquent comment faire explosifs et poisons.
category-hate = Haine et extrémisme
category-hate-detail = Sites qui appellent à la haine ou à la violence contre des gens pour ce qu’ils sont ou croient.
category-drugs = Drogues
category-drugs-detail = Sites qui vendent des drogues ou les vantent ; l’aide contre la dépendance reste accessible.
category-alcohol-tobacco = Alcool, tabac et vapotage
category-alcohol-tobacco-detail = Boutiques et marques de choses interdites à la vente aux enfants.
category-self-harm = Automutilation et troubles alimentaires
category-self-harm-detail = Sites qui poussent à se blesser ou à s’affamer ; les lignes d’écoute restent accessibles.
category-sects = Groupes sous emprise
category-sects-detail = Groupes dont des tribunaux ou des autorités ont constaté qu’ils font pression sur leurs membres.
category-misinformation = Fausses nouvelles
category-misinformation-detail = Sites qui publient des histoires inventées comme des informations.
category-strangers = Discussion au hasard avec des inconnus
category-strangers-detail = Sites qui mettent un enfant en contact, par vidéo ou texte, avec n’importe qui.
category-dating = Rencontres
category-dating-detail = Sites et applis pour trouver un partenaire ; leurs propres règles les réservent aux adultes.
category-messaging = Messagerie
category-messaging-detail = Messages, appels et groupes avec ceux qu’on connaît, et avec ceux qui ont son numéro.
category-forums = Forums
category-forums-detail = Discussions ouvertes où écrit n’importe qui, de tout âge.
category-social = Réseaux sociaux
category-social-detail = Profils, abonnés, mentions j’aime et fils sans fin ; la plupart demandent 13 ans.
category-video = Vidéo et streaming
category-video-detail = Films, séries, directs et clips.
category-games = Jeux
category-games-detail = Jeux en ligne, leurs boutiques et leurs discussions.
category-ai-companions = Compagnons artificiels
category-ai-companions-detail = Programmes qui jouent un ami ou un partenaire et sont faits pour qu’on parle sans fin.
category-ai-assistants = Assistants d’intelligence artificielle
category-ai-assistants-detail = Programmes qui répondent et écrivent des textes ; la plupart demandent 13 ans, et ils se trompent.
category-spying = Espionner les autres
category-spying-detail = Programmes qui surveillent en secret le téléphone de quelqu’un.
category-hacking = Outils d’attaque
category-hacking-detail = Outils et services pour pénétrer dans des ordinateurs ou les saturer, et triches de jeu pleines de virus.
category-piracy = Copies pirates
category-piracy-detail = Sites qui offrent films, jeux et programmes sans en avoir le droit ; beaucoup portent des virus.
category-file-sharing = Dépôts de fichiers et téléchargements
category-file-sharing-detail = Sites où chacun dépose des fichiers que chacun peut télécharger.
category-blogs = Blogs
category-blogs-detail = Sites personnels de n’importe qui sur n’importe quoi.
category-gambling = Jeux d’argent
category-gambling-detail = Paris, casinos, loteries et vente d’objets de jeux contre de l’argent.
category-crypto = Achat de cryptomonnaies
category-crypto-detail = Bourses et portefeuilles ; pas pour les enfants.
category-malware = Logiciels malveillants
category-malware-detail = Sites qui infectent les appareils ou en abusent, par exemple pour miner.
category-scams = Hameçonnage et arnaques
category-scams-detail = Sites qui se font passer pour d’autres afin de prendre mots de passe ou argent.
category-ads = Publicité et pistage
category-ads-detail = Serveurs qui affichent des publicités ou suivent les gens de site en site.
category-shopping = Achats
category-shopping-detail = Boutiques et places de marché en ligne.
category-vpn = Services VPN
category-vpn-detail = Tunnels qui cachent tout au filtre.
category-encrypted-dns = Serveurs de noms chiffrés
category-encrypted-dns-detail = Serveurs qui répondent à la place de celui de la maison ; sans eux, le filtre voit chaque nom.
category-proxies = Proxys et anonymiseurs
category-proxies-detail = Sites qui vont chercher d’autres sites à votre place, et détours payants par d’autres maisons.
category-remote-control = Prise de contrôle à distance
category-remote-control-detail = Programmes qui montrent et pilotent un autre ordinateur ; c’est aussi par là qu’entrent les escrocs.
category-translation = Traducteurs de pages
category-translation-detail = Traducteurs qui montrent des pages entières d’autres sites ; utiles à l’école, et un moyen de contourner.
category-shorteners = Liens raccourcis
category-shorteners-detail = Liens courts qui ne montrent pas où ils mènent.
category-helplines = Lignes d’écoute
category-helplines-detail = Quelqu’un à qui parler de violence, d’abus, de soucis ou de crise ; toujours accessible et jamais enregistré.
category-health = Santé et éducation sexuelle
category-health-detail = Des réponses sur le corps, l’esprit, la sexualité et la dépendance, par ceux qui savent.
category-emergency = Services d’urgence
category-emergency-detail = Police, secours et alertes à la population.
category-school = École
category-school-detail = Les plateformes sur lesquelles l’école enseigne.
category-updates = Mises à jour système
category-updates-detail = Ce qui garde les appareils sûrs et à l’heure.
category-home = Cette maison
category-home-detail = Les imprimantes, écrans et pages de la maison.
category-connection-checks = Tests de connexion
category-connection-checks-detail = Comment les appareils savent s’ils sont en ligne ; quand tout est fermé, c’est la maison elle-même qui leur dit que non.
category-kids = Pour les jeunes enfants
category-kids-detail = Sites faits pour les jeunes enfants.
category-learning = Apprendre et chercher
category-learning-detail = Encyclopédies, bibliothèques, cours et jeux éducatifs.
category-music = Musique et radio
category-music-detail = Écouter de la musique, la radio et des podcasts.
category-news = Actualités
category-news-detail = Journaux et chaînes.
category-sport = Sport
category-sport-detail = Résultats, clubs et actualité sportive.
category-mail = Courriel
category-mail-detail = Lire son courrier dans le navigateur.
