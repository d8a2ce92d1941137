/** Signing in and out: a key or a token in the tab's own storage, and which form is seen. */

import { key, organizationOf } from "./api.js";
import * as choice from "./choice.js";
import * as freshness from "./freshness.js";

const form = document.getElementById("sign-in");
const said = document.getElementById("sign-in-said");
const signedIn = document.getElementById("signed-in");
const out = document.getElementById("sign-out");
const typed = document.getElementById("key");
const organization = document.getElementById("sign-in-organization");

/** Asks for a key, with the reason why; what was shown before is seen no more. */
export function ask(reason) {
  key.forget();
  freshness.forget();
  for (const body of signedIn.querySelectorAll(".body")) body.replaceChildren();
  signedIn.hidden = out.hidden = true;
  form.hidden = false;
  said.textContent = reason;
  organization.value = choice.chosen().organization;
  typed.focus();
}

/** Somebody was let in: by a key, or without one where the service asks for none. */
export function letIn() {
  form.hidden = true;
  signedIn.hidden = false;
  out.hidden = !key.get();
}

/** `entered` is called with a key in storage, `left` once it is gone. */
export function onChange(entered, left) {
  typed.addEventListener("change", () => {
    const found = organizationOf(typed.value);
    if (found) organization.value = found;
  });
  form.addEventListener("submit", event => {
    event.preventDefault();
    const text = typed.value.trim();
    if (!/^[!-~]+$/.test(text)) {
      said.textContent = "That is no key: it has characters that none has.";
      return;
    }
    key.set(text);
    typed.value = "";
    choice.setOrganization(organization.value.trim());
    entered();
  });
  out.addEventListener("click", () => {
    left();
    ask("You are signed out.");
  });
}
