// Signs in with a passkey, or adds one (WebAuthn Level 3, in its JSON form).
"use strict";

async function post(address, csrf, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (answer.ok) return said;
  // The page says in words what has failed.
  const page = new URL(location);
  page.searchParams.delete("done");
  page.searchParams.set("failed", said.failed);
  location.assign(page);
  throw new Error(said.failed);
}

async function run(button) {
  const { passkey, begin, finish, csrf, next } = button.dataset;
  const [name, password] = [button.dataset.name, button.dataset.password].map((id) => id && document.getElementById(id));
  if (![name, password].every((field) => !field || field.reportValidity())) return;
  const options = await post(begin, csrf, password ? { password: password.value } : {});
  const publicKey = passkey === "get"
    ? PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey)
    : PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey);
  const credential = await navigator.credentials[passkey]({ publicKey });
  const done = await post(finish, csrf, {
    credential: credential.toJSON(),
    ...(name ? { name: name.value } : { next }),
  });
  location.assign(done.next);
}

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  for (const part of document.querySelectorAll("[data-with-passkeys]")) part.hidden = false;
  for (const part of document.querySelectorAll("[data-without-passkeys]")) part.hidden = true;
  for (const button of document.querySelectorAll("button[data-passkey]")) {
    button.addEventListener("click", () => run(button).catch(() => {
      const problem = button.nextElementSibling?.matches("[role=alert]") ? button.nextElementSibling : document.createElement("p");
      problem.setAttribute("role", "alert");
      problem.textContent = button.dataset.failed;
      button.after(problem);
    }));
  }
}
