// Signs in with a passkey, or adds one (WebAuthn Level 3, in its JSON form).
"use strict";

async function post(address, csrf, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

async function run(button) {
  const { passkey, begin, finish, csrf, next } = button.dataset;
  const options = await post(begin, csrf, { next });
  const publicKey = passkey === "get"
    ? PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey ?? options)
    : PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey ?? options);
  const credential = await navigator.credentials[passkey]({ publicKey });
  const done = await post(finish, csrf, { credential: credential.toJSON(), next });
  location.assign(done.next);
}

for (const button of document.querySelectorAll("button[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) continue;
  button.hidden = false;
  button.addEventListener("click", () => run(button).catch(() => {
    const problem = button.nextElementSibling?.matches("[role=alert]") ? button.nextElementSibling : document.createElement("p");
    problem.setAttribute("role", "alert");
    problem.textContent = button.dataset.failed;
    button.after(problem);
  }));
}
