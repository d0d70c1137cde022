// Makes pages live. Everything here is a convenience: every page works without it.
"use strict";

// A fragment takes the place of an element, unless somebody is just using it: then it waits until they leave it.
const waiting = new Map();

function put(id, html) {
  const old = document.getElementById(id);
  if (!old) return;
  const active = document.activeElement;
  if (old.contains(active) && active.matches("input, textarea, select")) {
    if (!waiting.has(id)) old.addEventListener("focusout", () => setTimeout(() => {
      const latest = waiting.get(id);
      waiting.delete(id);
      if (latest !== undefined) put(id, latest);
    }), { once: true });
    waiting.set(id, html);
    return;
  }
  const open = [...old.querySelectorAll("details[open]")].map((details) => details.dataset.key);
  const path = active && old.contains(active) ? [...old.querySelectorAll("a, button, summary")].indexOf(active) : -1;
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const fresh = holder.content.firstElementChild;
  if (!fresh) return;
  for (const details of fresh.querySelectorAll("details[data-key]")) details.open = open.includes(details.dataset.key);
  old.replaceWith(fresh);
  if (path >= 0) [...fresh.querySelectorAll("a, button, summary")][path]?.focus({ preventScroll: true });
}

// The newest entries of a list; older ones make room.
const ENTRIES_MAX = 200;

function prepend(id, html) {
  const list = document.getElementById(id);
  if (!list) return;
  list.insertAdjacentHTML("afterbegin", html);
  while (list.children.length > ENTRIES_MAX) list.lastElementChild.remove();
}

let stream = null;

function listen() {
  const address = document.body.dataset.events;
  if (!address || document.hidden) return;
  if (stream) return;
  stream = new EventSource(address);
  const fragment = (handle) => (event) => {
    const end = event.data.indexOf("\n");
    handle(event.data.slice(0, end), event.data.slice(end + 1));
  };
  stream.addEventListener("replace", fragment(put));
  stream.addEventListener("prepend", fragment(prepend));
}

// A page in the background costs the router a connection for nothing.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return listen();
  stream?.close();
  stream = null;
});
listen();

for (const field of document.querySelectorAll("input[data-zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
}

// A second tap on a button that has just been tapped would do the same twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 4000);
});

// While the box restarts, its own page is asked for until it has been gone and is there again.
const back = document.querySelector("a[data-until-back]");
if (back) {
  const began = Date.now();
  let gone = false;
  setInterval(() => fetch(back.href, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(2500) }).then(
    () => { if (gone || Date.now() - began > 120000) location.assign(back.href); },
    () => { gone = true; },
  ), 3000);
}

// A link to a part of a page opens what it is in.
const target = location.hash && document.getElementById(location.hash.slice(1));
if (target) target.closest("details")?.setAttribute("open", "");
