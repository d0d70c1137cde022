## How times, dates and numbers are written. Hours a day are 12 or 24.
format-hours-a-day = 24
format-before-noon = a. m.
format-after-noon = p. m.
format-date = { $weekday } { $day } { $month }
format-date-time = { $date }, { $time }
format-weekday-time = { $weekday }, { $time }
format-tomorrow = mañana, { $time }
format-yesterday = ayer, { $time }
format-just-now = ahora mismo
format-minutes-ago =
    { $count ->
        [one] hace 1 minuto
       *[other] hace { $count } minutos
    }
format-hours-ago =
    { $count ->
        [one] hace 1 hora
       *[other] hace { $count } horas
    }
format-minutes = { $minutes } min
format-hours = { $hours } h
format-hours-minutes = { $hours } h { $minutes } min
format-decimal = ,
format-thousands = .
days =
    { $count ->
        [one] 1 día
       *[other] { $count } días
    }
weekday-mon = lunes
weekday-tue = martes
weekday-wed = miércoles
weekday-thu = jueves
weekday-fri = viernes
weekday-sat = sábado
weekday-sun = domingo
weekday-mon-short = lun
weekday-tue-short = mar
weekday-wed-short = mié
weekday-thu-short = jue
weekday-fri-short = vie
weekday-sat-short = sáb
weekday-sun-short = dom
month-1 = ene
month-2 = feb
month-3 = mar
month-4 = abr
month-5 = may
month-6 = jun
month-7 = jul
month-8 = ago
month-9 = sept
month-10 = oct
month-11 = nov
month-12 = dic

## The frame of every page
language-name = Español
skip-to-content = Ir al contenido
footer = Stairgate funciona en vuestra casa. Nada sobre la familia sale de ella.
nav-label = Secciones
nav-home = Inicio
nav-activity = Actividad
nav-devices = Aparatos
nav-requests = Peticiones
nav-settings = Ajustes
nav-account = Contraseña y acceso
nav-sign-out = Cerrar sesión
nav-waiting =
    { $count ->
        [one] pendiente
       *[other] pendientes
    }
choose = Elige
save = Guardar
change = Cambiar
remove = Quitar
show = Mostrar
older = Más antiguo
added = Añadido
on = Activado
off = Desactivado
last-used = Último uso
never-used = Sin usar
as-table = Como tabla

## What has just been done
notice-saved = Guardado. Vale desde ahora.
notice-paused = Internet está en pausa.
notice-resumed = Internet vuelve a estar abierto.
notice-time-given = Se ha dado más tiempo.
notice-person-added = La persona se ha añadido.
notice-person-erased = La persona y todo lo guardado sobre ella se ha borrado.
notice-device-adopted = El aparato ya tiene dueño.
notice-device-merged = Los dos aparatos son ahora uno.
notice-device-forgotten = El aparato vuelve a ser desconocido.
notice-name-allowed = El sitio está abierto ahora.
notice-name-blocked = El sitio está bloqueado ahora.
notice-name-removed = El sitio ya no tiene regla propia.
notice-asked = Tu pregunta se ha enviado. Verás la respuesta aquí.
notice-answered = La respuesta se ha enviado.
notice-list-added = La lista se ha añadido y se está descargando.
notice-list-removed = La lista se ha quitado.
notice-lists-refreshing = Las listas se están descargando.
notice-password-changed = La contraseña ha cambiado. Las demás sesiones se han cerrado.
notice-totp-on = Desde ahora se pide un código al entrar.
notice-totp-off = Ya no se pide ningún código.
notice-passkey-added = Esta llave de acceso ya sirve para entrar.
notice-passkey-removed = La llave de acceso ya no sirve.
notice-passkey-renamed = La llave de acceso tiene su nuevo nombre.
notice-certificate-given = Los navegadores ya confían en esta conexión.
notice-certificate-removed = El aparato vuelve a usar su propio certificado.
notice-session-ended = Esa sesión se ha cerrado.
notice-token-revoked = La clave ya no vale.
notice-restored = La copia se ha restaurado.
notice-history-deleted = Borrado.
notice-signed-out = Sesión cerrada.
notice-updating = La actualización ha empezado. El filtro sigue funcionando.
notice-update-cancelled = La actualización se está cancelando.
notice-port-kept = Guardado. Vale después de reiniciar.

## What failed, and what to do next
failure-form-expired = Esta página ha estado abierta demasiado tiempo
failure-form-expired-next = No se ha cambiado nada. Basta con repetirlo aquí.
failure-conflict = Otra persona lo ha cambiado a la vez
failure-conflict-next = El cambio no se ha guardado. Así está ahora; si hace falta, cámbialo de nuevo.
failure-sign-in-needed = Hay que iniciar sesión
failure-sign-in-needed-next = Esta página es para los adultos de la familia.
failure-not-allowed = Esto no está permitido aquí
failure-not-allowed-next = Pídeselo a alguien de la familia que pueda hacerlo.
failure-not-found = Esta página no existe
failure-not-found-next = Quizá se haya quitado. Vuelve al inicio y busca desde allí.
failure-bad-request = No se ha entendido
failure-bad-request-next = Vuelve atrás, revisa lo escrito e inténtalo otra vez.
failure-too-large = Era demasiado de una vez
failure-too-large-next = Acórtalo o elige un archivo más pequeño.
failure-wrong-host = Esta no es la dirección del filtro
failure-wrong-host-next = Abre la dirección que se mostró en la instalación.
failure-wrong-password = El nombre o la contraseña no es correcto
failure-wrong-password-next = Revisa los dos. Si se ha olvidado, se puede poner una nueva en el propio aparato.
failure-wrong-code = El código es incorrecto o demasiado viejo
failure-wrong-code-next = Escribe el código que se muestra ahora.
failure-too-many-tries = Demasiados intentos fallidos
failure-too-many-tries-next = Espera unos minutos e inténtalo otra vez.
failure-wrong-pin = El PIN no es correcto
failure-wrong-pin-next = Inténtalo otra vez o pide ayuda a un mayor.
failure-bad-pin = Esto no puede ser un PIN
failure-bad-pin-next = Elige de 4 a 12 cifras.
failure-weak-password = La contraseña es demasiado corta
failure-weak-password-next = Al menos 10 caracteres; van bien tres o cuatro palabras sin relación entre sí.
failure-passwords-differ = Las dos contraseñas no son iguales
failure-passwords-differ-next = Escribe dos veces exactamente la misma contraseña.
failure-bad-name = Este nombre no sirve
failure-bad-name-next = Elige otro que no esté vacío ni ocupado.
failure-bad-domain = Esto no es el nombre de un sitio
failure-bad-domain-next = Escríbelo como example.org, o pega la dirección del navegador.
failure-bad-time = Esta hora no existe
failure-bad-time-next = Escribe las horas como 20:30 y elige al menos un día.
failure-bad-zone = Esta zona horaria no se conoce
failure-bad-zone-next = Elige una de la lista, como Europe/Madrid.
failure-bad-address = Esta dirección no se puede usar
failure-bad-address-next = Comprueba que no tenga errores e inténtalo otra vez.
failure-too-many = No caben más
failure-too-many-next = Quita primero algo que ya no haga falta.
failure-asked-too-often = Hoy ya has preguntado mucho
failure-asked-too-often-next = Espera las respuestas o habla con tus padres.
failure-last-guardian = El tutor principal no se puede quitar
failure-last-guardian-next = Haz antes tutor principal a otra persona.
failure-bad-backup = Esta copia no se puede leer
failure-bad-backup-next = Revisa el archivo y su frase secreta. No se ha cambiado nada.
failure-bad-certificate = Este certificado no sirve
failure-bad-certificate-next = Abajo se dice por qué. Lo que valía antes sigue valiendo.
failure-passkey-refused = La llave de acceso no se ha aceptado
failure-passkey-refused-next = Inténtalo otra vez o entra con la contraseña.
failure-update-busy = Hay una actualización en curso, o la ha habido hace un momento
failure-update-busy-next = Espera a que acabe y vuelve a intentarlo.
failure-storage = No se ha podido guardar
failure-storage-next = Quizá el disco esté lleno. El registro en los ajustes dice más.
failure-unavailable = Ahora mismo no funciona
failure-unavailable-next = Inténtalo en un minuto. Si sigue igual, el registro en los ajustes dice más.
error-home = Ir al inicio
error-me = Ir a mi página
error-sign-in = Iniciar sesión

## States and modes
mode-everyday = Día a día
mode-paused = Pausa
mode-used-up = Tiempo agotado
mode-asleep = Hora de dormir
mode-homework = Deberes
mode-free = Tiempo libre
state-open = Internet está abierto
state-open-mode = Internet está abierto: { $mode }
state-closed = Internet está cerrado: { $mode }
state-paused = Internet está en pausa
state-used-up = Se acabó el tiempo de hoy
because-everyday = Reglas de cada día
because-week = Plan semanal
because-exception = Tiempo extra
because-pause = Pausa puesta por un adulto
because-quota = Se acabó el tiempo del día
state-until-then = { $because }, hasta: { $until }, luego { $then }
state-until = { $because }, hasta: { $until }
state-until-resumed = { $because }, hasta que alguien lo abra
state-for-good = { $because }
pause-for-15 = 15 min
pause-for-30 = 30 min
pause-for-60 = 1 h
pause-for-morning = Hasta la mañana
pause-for-open = Hasta nuevo aviso
quick-pause = Pausa
quick-pause-longer = Otra pausa
quick-resume = Volver a abrir
quick-more-time = Más tiempo
usage-of-quota = { $used } de { $quota } usados, quedan { $left }
usage-of-quota-what = { $what }: { $used } de { $quota } usados, quedan { $left }
usage-today = Hoy: { $used }

## Roles and ages
role-primary = Tutor principal
role-guardian = Tutor
role-guardian-detail = Decide todo, para niños y adultos.
role-co-guardian = Cotutor
role-co-guardian-detail = Decide todo sobre los niños, pero no sobre otros adultos ni el aparato.
role-carer = Cuidador
role-carer-detail = Puede pausar y dar más tiempo: para abuelos y canguros.
age-band = { $from } a { $to } años

## Home
home-title = Inicio
home-people = Personas
home-no-children = Todavía no se filtra a nadie. Añade abajo a un niño para empezar.
home-unfiltered = Sin filtro
home-add-child = Añadir un niño
home-devices =
    { $count ->
        [one] 1 aparato
       *[other] { $count } aparatos
    }
home-connected = { $online } conectados
home-requests =
    { $count ->
        [one] 1 petición pendiente
       *[other] { $count } peticiones pendientes
    }
home-new-devices =
    { $count ->
        [one] 1 aparato nuevo
       *[other] { $count } aparatos nuevos
    }
home-more-devices =
    { $count ->
        [one] 1 más
       *[other] { $count } más
    }
home-problems = Esto necesita atención
problem-clock = El reloj nunca se ha puesto en hora, así que las horas de dormir no son correctas. Conecta el aparato a internet.
problem-clock-behind = El reloj se ha atrasado más de un día. Los minutos de uso volverán a contarse cuando lleve 20 horas así. Si la hora no es correcta, conecta el aparato a internet.
problem-not-filtered = En { $interface } no se filtra nada: { $detail }
problem-list = La lista { $list } todavía no se ha podido descargar.
problem-list-since = La lista { $list } no se ha podido descargar desde: { $since }. Se sigue usando la última copia buena.
problem-table-full = No caben más nombres. Quita una lista que no haga falta.
problem-no-upstream = No responde ningún servidor de nombres de internet. Comprueba la conexión.
problem-not-resolved = Algunas reglas para { $person } no tienen efecto, porque este aparato no resuelve nombres. Quien instaló Stairgate puede cambiarlo en el archivo de configuración, en [resolver].
problem-no-servers = Los nombres para { $person } los resuelven los servidores de todos, porque el grupo { $set } no existe. Va en el archivo de configuración, en [resolver.upstream_sets].
problem-other = { $detail }

## Requests
requests-title = Peticiones
requests-waiting = Esperan respuesta
requests-none = Nadie espera respuesta.
requests-answered = Respondidas
ask-site = pide { $name }
ask-time = pide { $time } más
ask-time-of = pide { $time } más: { $what }
ask-note = ha escrito
answer-site-yes = Permitir
answer-site-today = Solo hoy
answer-site-no = No
answer-time-yes = De acuerdo
answer-time-no = Ahora no
answer-note-read = Leído
answer-with-words = Añadir unas palabras
answer-note = Unas palabras con la respuesta
answer-granted = { $by } ha dicho que sí.
answer-not-granted = { $by } ha respondido.

## A person
person-name = Nombre
person-your-name = Tu nombre
person-age = Edad
person-age-hint = No se guarda ninguna fecha de nacimiento. Las reglas empiezan por lo que conviene a esta edad; todo se puede cambiar.
person-now = Ahora
person-unfiltered = Los aparatos de esta persona no se filtran.
person-no-devices = Esta persona aún no tiene aparatos, así que ninguna regla tiene efecto.
person-devices-link = Repartir aparatos
tabs-label = Páginas de esta persona
tab-now = Resumen
tab-week = Semana
tab-sites = Sitios
tab-services = Apps
tab-more = Más
bedtime = Hora de dormir
bedtime-school = De domingo a jueves
bedtime-weekend = Viernes y sábado
bedtime-on = Sin internet por la noche
bedtime-from = De
bedtime-to = A
bedtime-save = Guardar hora de dormir
bedtime-hint = Los vídeos y juegos en marcha también terminan. Las líneas de ayuda siguen siempre abiertas.
recommended-title = Recomendado para { $age }
recommended-same = Todo está como se recomienda.
recommended-differs =
    { $count ->
        [one] Hay 1 cosa distinta de lo recomendado. La decisión es vuestra.
       *[other] Hay { $count } cosas distintas de lo recomendado. La decisión es vuestra.
    }
recommended-blocked = { $what }: normalmente bloqueado, aquí abierto
recommended-open = { $what }: normalmente abierto, aquí bloqueado
recommended-on = { $what }: normalmente activado, aquí desactivado
recommended-off = { $what }: normalmente desactivado, aquí activado
recommended-youtube = YouTube: normalmente «{ $setting }»
recommended-level = Normalmente: { $level }
recommended-week = La semana es vuestra.
recommended-restore = Usar lo recomendado
recommended-restore-detail = Todas las reglas y la semana pasan a ser las recomendadas. Los sitios permitidos o bloqueados uno a uno se quedan.
details-title = Nombre y edad

## Use
use-title = Uso de los últimos siete días
use-graph = Barras de uso de cada día, { $total } en total. Los números están en la tabla de abajo.
use-table = Tabla de uso
use-others = Otros
use-what = Qué
use-device = Aparato
use-time = Tiempo
use-data = Enviado
use-when = Cuándo
use-device-unknown = Aparato desconocido
use-both = Dos cosas a la vez cuentan para cada una, y una sola vez para el día.
use-hidden = Qué apps y sitios fueron queda entre el niño y la caja, según lo que has elegido guardar. Ves los minutos y lo que tiene límite.
use-day-title = Uso de hoy
use-day-graph = Una barra por cada media hora de hoy. Los minutos están en la tabla de abajo.
use-evidence = ¿Qué minutos se han contado hoy?
use-evidence-detail = Solo cuenta el uso real, no lo que los aparatos hacen por su cuenta. «Enviado» es lo que envió el aparato, una pequeña parte de lo que recibió.
tag-other = Otro

## Time a day
quota-title = Tiempo al día
quota-lead = Solo cuentan los minutos de uso real, y todos los aparatos los comparten.
quota-none = No hay límite.
quota-all = Todo junto
quota-a-day = { $time } al día, { $days }
quota-more = { $time } más hoy
quota-add = Poner un límite
quota-what = Qué
quota-minutes = Minutos al día
quota-hint = Cuando se agotan, se cierra hasta medianoche. En sus días, un límite sustituye a otro de lo mismo. Los sitios permitidos uno a uno siguen abiertos, salvo que se haya agotado todo.

## The week
week-title = La semana
week-lead = Cuenta lo último que se pinta. Lo que queda vacío es el día a día.
week-brush = Pintar con
week-help = Arrastra por la semana con el dedo o el ratón. Con el teclado: las flechas mueven, espacio pinta, mayúsculas con flechas sigue pintando.
week-save = Guardar la semana
week-undo = Deshacer
windows-title = Horas una a una
windows-lead = Donde se solapan, cuenta la que está más abajo.
windows-none = No hay horas puestas: toda la semana valen las reglas de cada día.
windows-add = Añadir una hora
windows-days = Días
windows-daily = Cada día
windows-from = De
windows-to = A
windows-mode = Qué vale

## Modes
modes-title = Modos
modes-lead = Qué significan dormir, deberes y otros ratos para esta persona.
modes-add = Añadir un modo
modes-name = Nombre
modes-effect = Qué hace
modes-what = Qué tipos de sitios
effect-closed = Internet cerrado
effect-also-block = Bloquea además algunos tipos de sitios
effect-only = Solo algunos tipos de sitios
effect-free = Reglas de cada día y nada más

## Sites and apps
names-title = Sitios uno a uno
names-lead = Lo que se diga aquí va por delante de todo lo demás del sitio.
names-name = Sitio
names-allowed = Permitido
names-denied = Bloqueado
names-until = hasta: { $until }
names-remove = Quitar la regla de { $name }
name-allow = Permitir
name-allow-label = Permitir { $name }
name-deny = Bloquear
name-deny-label = Bloquear { $name }
categories-title = Tipos de sitios
categories-lead = Marca lo que se bloquea. Está ordenado según de qué se trata.
categories-blocked = { $count } de { $all } bloqueados
category-is-blocked = bloqueado
category-is-open = abierto
category-usually-blocked = A esta edad normalmente bloqueado.
category-usually-open = A esta edad normalmente abierto.
only-title = Solo lo elegido
only-detail = Para los más pequeños: solo se llega a lo marcado aquí y a los sitios permitidos arriba.
only-on = Permitir solo lo marcado
only-permit = Se puede llegar a
services-title = Apps y servicios
services-lead = Lo que elijas para uno va por delante de lo que vale para su tipo.
service-category = Como su tipo
service-open = Abierto
service-blocked = Bloqueado
group-content = Lo que un niño ve
group-content-detail = Imágenes, textos y afirmaciones que pueden asustar o hacer daño.
group-contact = A quién conoce un niño
group-contact-detail = Lugares donde pueden acercarse desconocidos.
group-conduct = Lo que un niño hace
group-conduct-detail = Compartir, jugar, mirar y cómo se trata a los demás.
group-contract = Lo que se le vende a un niño
group-contract-detail = Dinero, publicidad, trampas.
group-bypass = Caminos que esquivan el filtro
group-bypass-detail = Con ellos, las demás reglas no valdrían.
group-protect = Siempre abierto
group-protect-detail = Se puede llegar en cualquier momento, diga lo que diga lo ajustado, y las líneas de ayuda nunca se registran.
group-everyday = Día a día
group-everyday-detail = Sin riesgo en sí, pero útil para ratos como los deberes.

## Protection and privacy of a person
protect-title = Protección
protect-safe-search = Búsqueda segura
protect-safe-search-detail = Los buscadores dejan fuera lo que no es para niños. Los que no pueden se bloquean.
protect-ech = Mantener legibles los nombres de sitios
protect-ech-detail = El filtro ve qué sitio se visita, pero nunca lo que se dice en él.
protect-quic = Bloquear QUIC
protect-quic-detail = Los navegadores toman entonces un camino en el que se lee el nombre. Nadie nota la diferencia.
protect-unclassified = Bloquear lo desconocido
protect-unclassified-detail = Lo que el filtro no reconoce queda cerrado. Algunas apps no funcionarán.
protect-resolved = Bloquear rodeos
protect-resolved-detail = Los aparatos solo van adonde los manda el servidor de nombres de casa. Acaba con muchos rodeos, y también con algunos juegos y llamadas.
protect-not-resolved = El aparato no resuelve nombres. Mientras sea así, la búsqueda segura, el modo restringido de YouTube, los nombres de sitios legibles y el bloqueo de rodeos no tienen efecto.
protect-upstreams = Servidores de nombres
protect-upstreams-usual = Los de siempre
youtube-title = YouTube
youtube-hint = El modo restringido es el de YouTube. También oculta los comentarios.
youtube-off = Todo
youtube-moderate = Moderado
youtube-strict = Estricto
privacy-person-title = Qué se guarda
pin-title = PIN para pedir
pin-off = Cualquiera que use un dispositivo de este niño puede pedir en su nombre. Con un PIN, solo puede el niño. Para mirar la página no hace falta.
pin-on = Este niño escribe un PIN para pedir. Si lo ha olvidado, pon uno nuevo aquí.
pin-new = PIN nuevo, de 4 a 12 cifras
pin-remove = No pedir más el PIN
privacy-person-lead =
    { $days ->
        [0] Los minutos de uso se guardan solo para hoy, y los nombres de sitios no se guardan. El niño ve todo lo que se guarda.
        [one] Los minutos de uso y las peticiones se borran después de 1 día; los nombres de sitios, después de 1 día como mucho. El niño ve todo lo que se guarda.
       *[other] Los minutos de uso y las peticiones se borran después de { $days } días; los nombres de sitios, después de 1 día como mucho. El niño ve todo lo que se guarda.
    }
level-nothing = No se guarda nada.
level-reasons = Solo se guarda por qué se bloqueó algo, no qué.
level-blocked-names = Se guardan los nombres de los sitios bloqueados.
level-all-names = Se guardan los nombres de todos los sitios.
data-title = Datos
data-lead = Todo lo guardado sobre esta persona se puede entregar en un archivo o borrar para siempre.
data-link = Entregar o borrar
data-export = Guardar en un archivo
data-erase = Borrar a esta persona
data-erase-detail = Se borrará a { $name }, todas las reglas y todo lo guardado. No se puede deshacer.
data-erase-confirm = Escribe el nombre para confirmar

## Devices
devices-title = Aparatos
devices-lead = Las reglas de una persona valen en todos sus aparatos.
devices-new =
    { $count ->
        [one] 1 aparato nuevo
       *[other] { $count } aparatos nuevos
    }
devices-none-new = Todos los aparatos tienen dueño.
device-nameless = Aparato desconocido
device-online = Conectado
device-offline = Ausente
device-last-seen = Visto
device-heard = Se llama { $name }
device-private = Usa una dirección privada que cambia. Desactívala en el aparato para vuestra red, para que sus reglas sigan valiendo.
device-label = Nombre del aparato
device-owner = ¿De quién es?
device-adopt = Guardar
device-likely = Probablemente es { $label } con otra dirección.
device-merge = Sí, es { $label }
device-forget = Volver a desconocido
device-forget-detail = Valdrán entonces las reglas de los aparatos desconocidos.
owner-shared = De todos
owner-shared-detail = De todos, como un televisor
owner-unmanaged = Sin reglas
owner-unmanaged-detail = Sin reglas, como una impresora

## Activity
activity-title = Actividad
activity-person = Persona
activity-everyone = Todos
activity-only-blocked = Solo lo bloqueado
activity-levels = Los nombres solo se ven hasta donde lo permite la privacidad de cada uno.
activity-day = Las últimas 24 horas
activity-latest = Lo último
activity-none = Nada que mostrar.
activity-name-not-kept = Nombre no guardado
verdict-allowed = Permitido
verdict-blocked = Bloqueado
verdict-failed = Fallido
verdicts-graph = { $allowed } permitidos, { $blocked } bloqueados, { $failed } fallidos
queries-title = Nombres preguntados
queries-graph = Barras de cada media hora, como mucho { $highest } en una. Los números están en la tabla de abajo.
latency-title = Tiempo de respuesta
latency-graph = La mitad de las respuestas no tardó más de lo que se ve, como mucho { $highest }.
reason-denied = Está en la lista propia de sitios bloqueados.
reason-category = Es de un tipo bloqueado: { $what }.
reason-service = Es parte de { $what }, que está bloqueado.
reason-not-allowed = No está entre los sitios elegidos.
reason-closed = A esta hora internet está cerrado.
reason-paused = Internet está en pausa.
reason-quota = Se acabó el tiempo de hoy.
reason-unclassified = El filtro no sabe qué es.
reason-bypass = Esquivaría el filtro.
reason-unreadable = El filtro no puede leer adónde va.
reason-safe-search = Apagaría la búsqueda segura.
reason-cloaked = Solo lleva a { $name }, que está bloqueado.
reason-rebinding = Se hace pasar por un aparato de casa.
reason-tampered = Alguien ha manipulado la conexión.
reason-no-answer = Ningún servidor de nombres tenía respuesta.

## Why
why-title = ¿Por qué?
why-link = ¿Por qué?
why-person = Para quién
why-ask = Explicar
why-closed = { $name } está bloqueado para { $person } ahora
why-open = { $name } está abierto para { $person } ahora
why-protected = Siempre se puede llegar, diga lo que diga lo ajustado.
why-stands-in = Se responde como { $name }, para que buscar sea seguro.
why-mode = Lo que vale ahora: { $mode }.
why-until = Próximo cambio: { $until }.
why-tags = Cuenta como:
why-sources =
    { $count ->
        [one] 1 línea de una lista trata de ello
       *[other] { $count } líneas de listas tratan de ello
    }
why-source = { $list }, línea { $line }:
why-exception = una excepción

## Lists
lists-title = Listas
lists-lead = { $names } nombres en uso, caben { $capacity }.
lists-test = Probar un nombre
lists-test-button = Probar
lists-subscribed =
    { $count ->
        [one] 1 lista
       *[other] { $count } listas
    }
lists-refresh = Descargar todas ahora
lists-add = Añadir una lista
lists-name = Nombre
lists-source = Dirección
lists-source-hint = Empieza por https://. Se reconocen archivos hosts, nombres sueltos, AdGuard, dnsmasq y RPZ.
lists-tag = Qué son sus nombres
lists-names =
    { $count ->
        [one] 1 nombre
       *[other] { $number } nombres
    }
lists-not-loaded = Aún no se usa
lists-skipped =
    { $count ->
        [one] 1 línea omitida
       *[other] { $number } líneas omitidas
    }
lists-checked = Comprobada
lists-fetched = Cambiada
lists-problem = No se ha podido descargar: { $detail }
lists-remove = Quitar la lista { $name }

## Sign-in
sign-in-title = Hola
sign-in-name = Tu nombre
sign-in-password = Contraseña
sign-in-button = Entrar
sign-in-passkey = Usar una llave de acceso
sign-in-forgotten = ¿Olvidada? Otro tutor, o alguien en el propio aparato, puede poner una nueva.
sign-in-child = Soy un niño o una niña: ver mi página
sign-in-code = Código de seis cifras
sign-in-code-lead = Abre tu app de códigos y escribe el de Stairgate.
sign-in-blocked = Demasiados intentos fallidos. De nuevo posible: { $until }.
password-title = Contraseña
password-current = Contraseña actual
password-new = Contraseña nueva
password-again = La misma otra vez
password-hint = Al menos 10 caracteres. Van bien tres o cuatro palabras sin relación entre sí.
password-change = Cambiar contraseña

## Set-up
setup-step = Paso { $step } de { $steps }
setup-next = Seguir
setup-code-title = Empecemos
setup-code-lead = Escribe el código que el aparato muestra en su consola.
setup-code = Código de un solo uso
setup-port-title = ¿Dónde está tu proveedor?
setup-port-question = ¿Está el cable de tu proveedor en el puerto { $number }?
setup-port-hint = ¿No lo sabes seguro? Déjalo así. Más tarde se cambia en «Este aparato».
setup-port-restart = Pon ahí el cable del proveedor y reinicia. Después empieza otra vez con el código que el aparato muestra en su consola; el reinicio tarda un minuto más o menos.
setup-port-later = Seguir sin reiniciar
setup-household-title = Vuestra casa
household-name = ¿Cómo se llama vuestra familia?
household-zone = Zona horaria
household-language = Idioma
household-country = País de las líneas de ayuda
household-country-none = Solo internacionales
setup-guardian-title = Sobre ti
setup-guardian-lead = Serás el tutor principal. Puedes añadir a otros después.
setup-children-title = Vuestros hijos
setup-children-lead = Cada niño recibe reglas que van con su edad.
setup-devices-title = ¿De quién es cada cosa?
setup-devices-lead = Estos aparatos están ahora en casa. También se puede hacer después.
setup-devices-none = Aún no se ha encontrado ninguno. Aparecerán en el inicio.
setup-devices-later = Decidir después
setup-devices-this = este
setup-review-title = Esto es lo que valdrá
setup-review-lead = Todo se puede cambiar en cualquier momento.
setup-review-no-children = Todavía no hay niños. Los aparatos desconocidos se tratan como los de un niño de 10 a 12 años.
setup-review-all = A los adultos no se les filtra. Las líneas de ayuda siempre están abiertas y nunca se registran.
setup-finish = Poner en marcha
setup-done-title = Listo
setup-done-lead = El filtro está en marcha. Contádselo a vuestros hijos: juntos funciona mejor.
setup-done-child = Los niños ven aquí sus propias reglas:
setup-done-home = Ir al inicio
review-night = Sin internet: { $when }
review-only = Solo están abiertos los sitios para niños pequeños y para aprender.
review-unclassified = Lo que el filtro no reconoce queda cerrado.
review-safe-search = Los buscadores dejan fuera lo que no es para niños.
review-youtube-moderate = YouTube solo muestra lo que deja pasar su propio filtro.
review-youtube-strict = YouTube solo muestra una parte pequeña y muy filtrada.
review-kept = Lo que veis:
review-blocked =
    { $count ->
        [one] 1 tipo de sitios está bloqueado
       *[other] { $count } tipos de sitios están bloqueados
    }
review-talk = A esta edad, hablar vale más que bloquear. Acordad las reglas juntos.
review-change = ¿No os va bien { $night }? Se cambia en el inicio, en «Hora de dormir».

## Settings
settings-title = Ajustes
settings-account = Contraseña, códigos, llaves de acceso, sesiones abiertas
settings-adults = Quién puede decidir qué
settings-privacy = Qué se guarda, de quién y cuánto tiempo
settings-lists = De dónde salen los nombres bloqueados
settings-why = Explicar por qué un sitio está abierto o bloqueado
settings-network = Nombre, zona horaria, servidores de nombres
settings-helplines = Con quién pueden hablar tus hijos
settings-tokens = Acceso para programas
settings-backup = Copiar, restaurar, entregar, borrar
settings-system = Estado, actualizaciones, puertos de red, registro
settings-audit = Cada cambio y quién lo hizo
settings-about = Qué ve el filtro y qué no
adults-title = Adultos
adults-add = Añadir un adulto
adults-role = Papel
adults-password = Primera contraseña
adults-password-hint = Dísela a la persona, que podrá cambiarla al entrar.
adults-no-password = No puede entrar
adults-totp = Entra con código
adults-passkeys =
    { $count ->
        [one] 1 llave de acceso
       *[other] { $count } llaves de acceso
    }
account-title = Contraseña y acceso
totp-title = Códigos de una app
totp-off = Además de la contraseña se puede pedir un código que solo conoce tu teléfono.
totp-begin = Configurar
totp-scan = Escanéalo con una app de códigos y escribe el código que muestre.
totp-secret = O cópialo:
totp-confirm = Activar
totp-on = Al entrar se pide un código.
totp-turn-off = Desactivar
qr = Código QR. Lo mismo está escrito debajo en letras.
passkeys-title = Llaves de acceso
passkeys-lead = Entra con la huella, la cara o una llave en vez de contraseña y código.
passkeys-add = Añadir una llave de acceso
passkeys-name = Nombre de la llave de acceso
passkeys-need-script = Añadir una llave de acceso necesita JavaScript y un navegador que las conozca.
passkeys-elsewhere = Las llaves de acceso funcionan en la dirección en que confían los navegadores:
passkeys-need-certificate = Las llaves de acceso necesitan un certificado en que confíen los navegadores. Un tutor puede darlo en los ajustes.
passkeys-made-for = hecha para { $name }, donde el aparato ya no está
passkeys-copied = Su contador ha retrocedido, así que quizá haya una copia. Si no la has copiado, quítala.
sessions-title = Sesiones abiertas
sessions-this = aquí
sessions-end = Cerrar
sessions-end-others = Cerrar todas las demás
tokens-title = Acceso para programas
tokens-lead = Un programa muestra una clave en vez de una contraseña. Da a cada uno solo lo necesario.
tokens-fresh = Tu clave nueva
tokens-fresh-detail = Cópiala ahora. No se mostrará otra vez.
tokens-add = Crear una clave
tokens-name = ¿Para qué es?
tokens-scopes = Qué puede hacer
tokens-days = Vale
tokens-forever = Sin fin
tokens-until = Vale hasta: { $until }
scope-read = Ver el estado, las personas y los aparatos
scope-activity = Ver la actividad hasta donde lo permite la privacidad
scope-pause = Pausar y dar más tiempo
scope-rules = Cambiar reglas y aparatos
scope-settings = Cambiar todo lo demás
network-title = Casa y red
upstreams-title = Servidores de nombres
upstreams-lead = Encuentran las direcciones de los sitios. Con los cifrados, el proveedor no puede leer.
upstreams-everyone = Para todos
upstreams-answers = Responde
upstreams-silent = No responde
upstreams-unasked = Aún sin preguntar
upstreams-none = No se conoce ningún servidor. Lo indica la conexión a internet.
upstreams-plain = sin cifrar
upstreams-where = Quien instaló Stairgate los elige en el archivo de configuración, en [resolver].
helplines-title = Líneas de ayuda
helplines-lead = Tus hijos las ven en su propia página. Sus sitios se pueden abrir siempre, también a la hora de dormir y en pausa, y nadie puede ver que se han abierto.
helplines-country = Estas son las de este país: { $country }.
helplines-own = Tu familia ha escrito esta lista. País elegido: { $country }.
helplines-country-link = Elegir otro país
helplines-add = Añadir una línea de ayuda
helplines-name = ¿Cómo se llama?
helplines-telephone = Número de teléfono (opcional)
helplines-site = Sitio, por ejemplo example.org (opcional)
helplines-hours = ¿Cuándo hay alguien? (opcional)
helplines-reset = Mostrar otra vez las líneas del país
privacy-title = Privacidad
privacy-lead = Los niños ven lo que se guarda sobre ellos. Las líneas de ayuda nunca se guardan.
privacy-entries =
    { $count ->
        [one] 1 entrada
       *[other] { $number } entradas
    }
privacy-delete = Borrar
privacy-delete-all = Borrar todo lo guardado
retention-title = Cuánto tiempo
retention-days = Días hasta que se borran los minutos de uso y las peticiones
retention-names = Los nombres de sitios se guardan 1 día como mucho, y solo hasta el próximo reinicio. Con 0 días no se guardan.
retention-copies = Algunas actualizaciones de Stairgate dejan aquí una copia de todo durante 30 días como máximo, para poder deshacerlas. Lo que se borra a mano se borra también ahí.
retention-size = Ahora ocupa { $size }.
backup-title = Copia de seguridad
backup-make = Hacer una copia
backup-last = La última:
backup-never = Todavía no hay ninguna copia.
backup-passphrase = Frase secreta del archivo
backup-passphrase-hint = Sin ella nadie puede leer el archivo, tú tampoco. Apúntala.
backup-make-button = Guardar la copia
backup-restore = Restaurar
backup-restore-lead = Todo lo ajustado aquí se sustituye por lo del archivo.
backup-file = Archivo
backup-restore-button = Restaurar
backup-both = Hacer o restaurar una copia
backup-needs-https = Sin cifrado, los navegadores retienen una copia por insegura, y su frase secreta se podría leer por el camino.
go-encrypted = Seguir con cifrado
go-encrypted-hint = Allí hay que entrar otra vez. Sin un certificado de la familia, el navegador advierte del que tiene el aparato; en casa es lo normal.
certificate-title = Certificado
certificate-lead = Con un certificado para un nombre vuestro, los navegadores abren estas páginas cifradas y sin advertencia, y funcionan las llaves de acceso.
certificate-own = No se ha dado ninguno. El aparato usa uno propio, del que advierten los navegadores. No hay que instalar nada en ningún dispositivo.
certificate-in-force = Los navegadores confían en el nombre { $name } hasta
certificate-problem = Lo que se ha dado no sirve
certificate-configured = La configuración dice dónde están el certificado y su clave. Cuando se renuevan, se leen de nuevo.
certificate-portal = Para que los dispositivos sepan por sí mismos por qué están en pausa (RFC 8910), añade estas líneas a dnsmasq:
certificate-ends = El certificado de { $name } termina
certificate-ends-next = Renuévalo y da el nuevo aquí. Después, los navegadores advierten y las llaves de acceso dejan de funcionar.
certificate-give = Dar un certificado
certificate-needs-https = La clave privada no debe leerse por el camino, así que se da por una conexión cifrada.
certificate-chain = Certificado con su cadena (fullchain.pem)
certificate-key = Clave privada (privkey.pem)
certificate-hint = Ambos en formato PEM. La clave se queda en este aparato y no está en ninguna copia.
certificate-give-button = Usarlo
certificate-remove = Volver al propio del aparato
settings-certificate = Páginas cifradas sin advertencia
system-title = Este aparato
system-version = Versión { $version }, en marcha desde hace { $uptime }.
system-version-image = Versión { $version } en el espacio { $slot }, en marcha desde hace { $uptime }.
system-on-trial = Esta versión está a prueba. Si funciona durante unos minutos, se queda; si no, el aparato vuelve solo a la anterior.
health-title = Cómo está
health-gate-native = { $name }: el filtro trabaja a toda velocidad.
health-gate-generic = { $name }: el filtro trabaja. El controlador no puede ejecutarlo él mismo, lo que cuesta algo de velocidad.
health-gate-missing = { $name }: el filtro no trabaja: { $detail }
health-gate-nowhere = El filtro no trabaja en ninguna parte. El registro de abajo dice por qué.
health-resolver-answers = Los nombres se resuelven, y hay servidores que responden.
health-resolver-silent = Ningún servidor de nombres responde. ¿Funciona la línea del proveedor?
health-resolver-off = Los nombres se resuelven en otro sitio; el filtro los juzga por el camino.
health-clock-set = El reloj está en hora.
health-clock-unset = El reloj nunca se ha puesto en hora, así que las horas de dormir no pueden ser correctas. Se pone en cuanto funciona internet.
memory-used = Memoria: { $used } de { $total } en uso
disk-used = Almacenamiento: { $used } de { $total } en uso
update-title = Actualizaciones
update-by-system = Esta instalación la actualiza el gestor de paquetes de su sistema, junto con todo lo demás.
update-last-none = Este aparato todavía no se ha actualizado.
update-last-kept = La versión { $version } se ha probado, funciona y se ha quedado.
update-last-went-back = La versión { $version } se ha probado y no funcionaba, así que el aparato ha vuelto a la anterior.
update-last-interrupted = La versión { $version } no se ha probado, porque antes se fue la luz. Empieza otra vez la actualización.
update-last-reason = En palabras del sistema:
update-lead = Una versión nueva se escribe junto a la que está en marcha y se prueba en el próximo arranque. Si no funciona, el aparato vuelve atrás solo. Tus ajustes se conservan.
update-from-address = Actualizar desde una dirección
update-from-file = Actualizar desde un archivo
update-address = Dirección de la actualización
update-address-hint = Empieza por https:// y acaba en .update. La firma se espera junto a ella.
update-file = La actualización (acaba en .update)
update-signature = Su firma (acaba en .minisig)
update-restart = Reiniciar cuando esté escrita
update-restart-detail = Internet se corta entonces durante un minuto más o menos.
update-older = Aceptar también una versión más antigua
update-older-detail = Solo para volver a una versión anterior.
update-begin = Empezar la actualización
update-phase-receiving = El archivo se está enviando
update-phase-fetching = La actualización se está descargando
update-phase-checking = Se está comprobando la firma
update-phase-writing = La actualización se está escribiendo
update-phase-comparing = Se está comprobando lo escrito
update-percent = { $percent } %
update-cancel = Cancelar
update-keep-power = No apagues el aparato ahora. Si ocurre de todos modos, vuelve a arrancar la versión anterior.
update-written = La versión { $version } está lista
update-written-detail = El próximo arranque la prueba. Si no funciona, el aparato vuelve atrás solo.
update-restart-now = Reiniciar y probarla
update-detail = En palabras del sistema
update-failure-unreachable = No se ha podido descargar la actualización
update-failure-unreachable-next = Comprueba la dirección y si funciona internet. No se ha cambiado nada.
update-failure-broken-off = El archivo no ha llegado entero
update-failure-broken-off-next = Quédate en esta página hasta que se envíe y vuelve a intentarlo. No se ha cambiado nada.
update-failure-not-signed = La firma no se puede leer
update-failure-not-signed-next = Elige el archivo que acaba en .minisig y corresponde a la actualización. No se ha cambiado nada.
update-failure-wrong-signature = La firma no corresponde a la actualización
update-failure-wrong-signature-next = El archivo está dañado, incompleto o no es del fabricante. Consíguelo de nuevo donde sepas que es correcto. No se arrancará.
update-failure-other-kind = Esta actualización es para otro tipo de aparato
update-failure-other-kind-next = Consigue la de x86-64. No se ha cambiado nada.
update-failure-older = Esta actualización es más antigua que la versión en marcha
update-failure-older-next = Si quieres volver atrás, marca «Aceptar también una versión más antigua». No se ha cambiado nada.
update-failure-too-large = Esta actualización es demasiado grande para el aparato
update-failure-too-large-next = Consigue el archivo que acaba en .update, no la imagen entera. No se ha cambiado nada.
update-failure-disk = La actualización no se ha podido escribir o leer
update-failure-disk-next = Vuelve a intentarlo. Si sigue así, quizá falle el disco: haz una copia de seguridad. La versión en marcha está como estaba.
update-failure-not-tried = La actualización está escrita, pero no se probará
update-failure-not-tried-next = Vuelve a intentarlo, o usa la consola del aparato. La versión en marcha está como estaba.
update-failure-on-trial = La última actualización aún está a prueba
update-failure-on-trial-next = Espera tres minutos hasta que se sepa si funciona y vuelve a intentarlo. No se ha cambiado nada.
update-failure-cancelled = La actualización se ha cancelado
update-failure-cancelled-next = No se ha cambiado nada.
restart-title = Reiniciar
restart-lead = Internet se corta durante un minuto más o menos, para todos.
restart-now = Reiniciar ahora
restarting-title = El aparato se está reiniciando
restarting-lead = Internet se corta durante un minuto más o menos.
restarting-back = Esta página vuelve sola. Si no lo hace en dos minutos:
restarting-again = Volver a intentarlo
ports-title = Puertos de red
placement-router = El aparato es el router de tu casa: da sus direcciones a tus aparatos, y los extraños se quedan fuera.
placement-bridge = El aparato está, sin que se note, entre el router del proveedor y tu casa: el router del proveedor da las direcciones.
port-name = Puerto { $number }
port-provider = al proveedor
port-home = a tu casa
port-cable = cable conectado
port-no-cable = sin cable
port-speed = { $megabits } Mbit/s
port-answers = Aquí responde un proveedor.
port-silent = Ahora mismo no responde ningún proveedor aquí. ¿Está puesto el cable y encendido el aparato del proveedor?
port-choose = Usar el puerto { $number } para el proveedor
port-choose-detail = Elígelo solo si el cable del proveedor está en este puerto. Vale después de reiniciar.
port-choose-button = Usarlo
port-changed = Después del próximo arranque, el puerto { $number } lleva al proveedor.
log-title = Registro
log-lead = No contiene nombres de sitios.
log-when = Cuándo
log-level = Tipo
log-text = Qué
log-level-error = Error
log-level-warn = Aviso
log-level-info = Información
about-title = Acerca de, y qué ve
about-lead = Ningún filtro lo ve todo. Este dice lo que no ve.
about-version = Stairgate { $version }
coverage-title = Qué ve aquí el filtro
coverage-state-sees = Lo ve
coverage-state-partly = En parte
coverage-state-blind = No lo ve
coverage-plain-dns = Nombres preguntados
coverage-plain-dns-detail = Cada nombre que un aparato filtrado pregunta en casa.
coverage-tls = Sitios seguros
coverage-tls-detail = El nombre del sitio al empezar una conexión. Lo que sigue va cifrado y así se queda.
coverage-quic = QUIC
coverage-quic-detail = Una forma más nueva de conectar. Donde se bloquea, los navegadores usan la de siempre.
coverage-ech = Nombres ocultos
coverage-ech-detail = Donde los nombres se mantienen legibles, también se reconocen los sitios que ocultan el suyo.
coverage-encrypted-dns = Otros servidores de nombres
coverage-encrypted-dns-detail = Los conocidos se bloquean donde lo dicen las reglas. Los desconocidos pueden pasar inadvertidos.
coverage-vpn = Túneles y VPN
coverage-vpn-detail = Los servicios conocidos se bloquean. Dentro de un túnel que pasa no se ve nada.
coverage-ipv6 = IPv6
coverage-ipv6-detail = Se filtra igual que IPv4.
coverage-mobile-data = Datos móviles
coverage-mobile-data-detail = Lo que hace un teléfono fuera de vuestra wifi nunca pasa por aquí.
coverage-content = Contenidos
coverage-content-detail = Nunca se mira dentro de mensajes, fotos o vídeos. No se instala ningún certificado.
coverage-second-router = Un segundo router
coverage-second-router-detail = Los aparatos detrás de otro router parecen uno solo.
interfaces-title = Dónde está
interface-attached = filtra ({ $mode })
interface-not-attached = no filtra: { $detail }

## Audit
audit-title = Cambios
audit-lead = Todos los tutores ven esto. Los niños ven lo que les toca.
audit-none = Todavía no se ha cambiado nada.
actor-token = Programa «{ $name }»
actor-command-line = En el propio aparato
actor-agent = El propio Stairgate
actor-erased = Alguien que fue eliminado
audit-set-up = Instalado
audit-signed-in = Entrada
audit-sign-in-failed = Entrada fallida
audit-person-added = Persona añadida
audit-person-changed = Persona cambiada
audit-person-erased = Persona borrada
audit-person-exported = Datos entregados
audit-paused = Pausado
audit-resumed = Abierto de nuevo
audit-time-given = Más tiempo dado
audit-week-changed = Semana cambiada
audit-quota-changed = Tiempo al día cambiado
audit-quota-used-up = Tiempo agotado
audit-categories-changed = Tipos de sitios o apps cambiados
audit-modes-changed = Modos cambiados
audit-protection-changed = Protección cambiada
audit-privacy-changed = Cambiado lo que se guarda
audit-pin-changed = PIN cambiado
audit-name-allowed = Sitio permitido
audit-name-blocked = Sitio bloqueado
audit-name-removed = Regla de un sitio quitada
audit-asked = Petición
audit-granted = Petición concedida
audit-turned-down = Petición rechazada
audit-device-adopted = Aparato asignado
audit-device-merged = Aparatos unidos
audit-device-forgotten = Aparato olvidado
audit-list-added = Lista añadida
audit-list-removed = Lista quitada
audit-upstreams-changed = Servidores de nombres cambiados
audit-helplines-changed = Líneas de ayuda cambiadas
audit-household-changed = Casa cambiada
audit-access-changed = Forma de entrar cambiada
audit-certificate-changed = Certificado cambiado
audit-session-ended = Sesión cerrada
audit-token-made = Clave creada
audit-token-revoked = Clave anulada
audit-backed-up = Copia hecha
audit-restored = Copia restaurada
audit-history-deleted = Lo guardado, borrado
audit-updated = Versión nueva
audit-restarted = Aparato reiniciado
audit-port-changed = Puerto del proveedor cambiado

## A child's own page: plain words for a child of eight
me-title = Mi página
me-hello = ¡Hola, { $name }!
me-now = Cómo está ahora
me-no-rules = Para ti no hay reglas. Puedes usar internet libremente.
me-today = Mi día
day-graph = Tu día de medianoche a medianoche. La lista de abajo dice lo mismo.
day-open = Internet abierto
day-closed = Internet cerrado
day-now = ahora
me-ask = Quiero preguntar algo
me-ask-time = ¿Puedo tener más tiempo?
me-ask-time-what = ¿Más tiempo para qué?
me-ask-site = ¿Podéis abrir un sitio?
me-ask-say = Quiero deciros algo
me-ask-which = ¿Qué sitio o app?
me-ask-why = ¿Por qué? (Puedes dejarlo en blanco)
me-ask-note = ¿Qué quieres decir?
me-ask-send = Enviar
me-pin = Tu PIN
me-why = ¿Por qué no funciona algo?
me-why-button = Dímelo
me-answers = Lo que he preguntado
me-help = Alguien con quien hablar
me-help-lead = Te escuchan cuando tienes pena, miedo o preocupaciones. Nadie en casa puede ver que miras su página.
me-blocked = Lo que está cerrado para mí
me-blocked-lead = ¿Crees que algo debería estar abierto? Pregunta.
me-kept = Lo que se apunta sobre mí
me-level-nothing = No se apunta nada de lo que miras.
me-level-reasons = Se apunta por qué algo estaba cerrado, pero no qué era.
me-level-blocked-names = Se apuntan los sitios que estaban cerrados. Tus padres pueden verlos. Los que estaban abiertos no se apuntan.
me-level-all-names = Se apuntan todos los sitios que piden tus aparatos. Tus padres pueden verlos.
me-usage-nothing = Tus minutos se cuentan, y en qué aparato, pero no lo que usas. Tus padres pueden verlo.
me-usage-reasons = Tus minutos se cuentan, y para qué apps y tipos de sitios. Tus padres ven cuánto tiempo, y solo lo que tiene límite.
me-usage-blocked-names = Tus minutos se cuentan, y para qué apps y tipos de sitios. Tus padres pueden verlo.
me-usage-all-names = Tus minutos se cuentan, y para qué apps y tipos de sitios. Tus padres pueden verlo.
me-kept-days =
    { $days ->
        [0] Por ahora no se guarda nada de ello.
        [one] Después de 1 día se borra.
       *[other] Después de { $days } días se borra.
    }
me-kept-show =
    { $count ->
        [one] Enséñame lo apuntado
       *[other] Enséñame las { $count } cosas apuntadas
    }
me-use = Mi semana
me-changes = Quién ha cambiado mis reglas
paused-title = Hora de una pausa
paused-title-night = ¡Buenas noches!
paused-title-quota = Eso fue todo por hoy
paused-detail = Internet está cerrado ahora en este aparato. Vuelve solo.
paused-link = Ver mis reglas o preguntar
paused-again = ¿Ya está abierto?
paused-help = Las líneas de ayuda funcionan igualmente, a cualquier hora.

## Kinds of sites, as the built-in taxonomy has them
category-adult = Pornografía
category-adult-detail = Sitios hechos para mostrar sexo.
category-suggestive = Desnudos e imágenes insinuantes
category-suggestive-detail = Lencería, glamour y sitios con rincones para adultos sin estar hechos para eso.
category-violence = Crueldad
category-violence-detail = Sitios que muestran cómo se hiere o mata a personas o animales por morbo.
category-weapons = Armas y materiales peligrosos
category-weapons-detail = Sitios que venden armas o explican cómo hacer explosivos y venenos.
category-hate = Odio y extremismo
category-hate-detail = Sitios que llaman al odio o la violencia contra personas por lo que son o creen.
category-drugs = Drogas
category-drugs-detail = Sitios que venden drogas o las alaban; la ayuda contra la adicción sigue abierta.
category-alcohol-tobacco = Alcohol, tabaco y vapeo
category-alcohol-tobacco-detail = Tiendas y marcas de cosas que no se pueden vender a niños.
category-self-harm = Autolesiones y trastornos alimentarios
category-self-harm-detail = Sitios que animan a hacerse daño o a pasar hambre; las líneas de ayuda siguen abiertas.
category-sects = Grupos coercitivos
category-sects-detail = Grupos de los que tribunales u organismos han visto que presionan a sus miembros.
category-misinformation = Noticias inventadas
category-misinformation-detail = Sitios que publican historias inventadas como noticias.
category-strangers = Chats al azar con desconocidos
category-strangers-detail = Sitios que ponen a un niño en contacto, por vídeo o texto, con quien haya.
category-dating = Citas
category-dating-detail = Sitios y apps para buscar pareja; sus propias normas son para adultos.
category-messaging = Mensajería
category-messaging-detail = Mensajes, llamadas y grupos con conocidos y con quien tenga su número.
category-forums = Foros
category-forums-detail = Debates abiertos donde escribe gente de cualquier edad.
category-social = Redes sociales
category-social-detail = Perfiles, seguidores, me gusta y publicaciones sin fin; la mayoría pide 13 años.
category-video = Vídeo y streaming
category-video-detail = Películas, series, directos y clips.
category-games = Juegos
category-games-detail = Juegos en línea, sus tiendas y sus chats.
category-ai-companions = Compañeros artificiales
category-ai-companions-detail = Programas que hacen de amigo o pareja y están hechos para que no se deje de hablar.
category-ai-assistants = Asistentes de inteligencia artificial
category-ai-assistants-detail = Programas que responden y escriben textos; la mayoría pide 13 años, y se equivocan.
category-spying = Espiar a otros
category-spying-detail = Programas que vigilan en secreto el teléfono de otra persona.
category-hacking = Herramientas de ataque
category-hacking-detail = Herramientas y servicios para entrar en ordenadores o saturarlos, y trampas de juegos con virus.
category-piracy = Copias piratas
category-piracy-detail = Sitios que ofrecen películas, juegos y programas sin derecho; muchos llevan virus.
category-file-sharing = Archivos y descargas
category-file-sharing-detail = Sitios donde cualquiera deja archivos que cualquiera descarga.
category-blogs = Blogs
category-blogs-detail = Sitios personales de cualquiera sobre cualquier cosa.
category-gambling = Apuestas
category-gambling-detail = Apuestas, casinos, loterías y venta de objetos de juegos por dinero.
category-crypto = Compra de criptomonedas
category-crypto-detail = Bolsas y monederos; no son para niños.
category-malware = Programas dañinos
category-malware-detail = Sitios que infectan aparatos o abusan de ellos, por ejemplo para minar.
category-scams = Phishing y estafas
category-scams-detail = Sitios que se hacen pasar por otros para llevarse contraseñas o dinero.
category-ads = Publicidad y rastreo
category-ads-detail = Servidores que muestran anuncios o siguen a la gente de sitio en sitio.
category-shopping = Compras
category-shopping-detail = Tiendas y mercados en línea.
category-vpn = Servicios VPN
category-vpn-detail = Túneles que ocultan todo al filtro.
category-encrypted-dns = Servidores de nombres cifrados
category-encrypted-dns-detail = Servidores que responden en lugar del de casa; sin ellos, el filtro ve cada nombre.
category-proxies = Proxys y anonimizadores
category-proxies-detail = Sitios que traen otros sitios por uno, y rodeos de pago por casas ajenas.
category-remote-control = Control remoto
category-remote-control-detail = Programas que muestran y manejan otro ordenador; también así entran los estafadores.
category-translation = Traductores de páginas
category-translation-detail = Traductores que muestran páginas enteras de otros sitios; útiles para la escuela y un modo de esquivar reglas.
category-shorteners = Acortadores de enlaces
category-shorteners-detail = Enlaces cortos que no muestran adónde llevan.
category-helplines = Líneas de ayuda
category-helplines-detail = Alguien con quien hablar de violencia, abuso, preocupaciones o crisis; siempre abierto y nunca registrado.
category-health = Salud y educación sexual
category-health-detail = Respuestas sobre cuerpo, mente, sexualidad y adicciones de quienes saben.
category-emergency = Emergencias
category-emergency-detail = Policía, rescate y avisos a la población.
category-school = Escuela
category-school-detail = Las plataformas en las que enseñan las escuelas.
category-updates = Actualizaciones del sistema
category-updates-detail = Lo que mantiene los aparatos seguros y en hora.
category-home = Esta casa
category-home-detail = Las impresoras, pantallas y páginas de casa.
category-connection-checks = Comprobaciones de conexión
category-connection-checks-detail = Cómo saben los aparatos si tienen conexión; mientras todo está cerrado, es la propia casa la que les dice que no.
category-kids = Para niños pequeños
category-kids-detail = Sitios hechos para niños pequeños.
category-learning = Aprender y consultar
category-learning-detail = Enciclopedias, bibliotecas, cursos y juegos para aprender.
category-music = Música y radio
category-music-detail = Escuchar música, radio y pódcasts.
category-news = Noticias
category-news-detail = Periódicos y emisoras.
category-sport = Deporte
category-sport-detail = Resultados, clubes y noticias deportivas.
category-mail = Correo electrónico
category-mail-detail = Leer el correo en el navegador.
