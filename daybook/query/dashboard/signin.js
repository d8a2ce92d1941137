/** Signing in and out: stores a key or token for the tab, and switches between the forms. */

import { key, organizationOf } from "./api.js";
import * as choice from "./choice.js";
import * as freshness from "./freshness.js";

const form = document.getElementById("sign-in");
const message = document.getElementById("sign-in-message");
const signedIn = document.getElementById("signed-in");
const signOut = document.getElementById("sign-out");
const typed = document.getElementById("key");
const organization = document.getElementById("sign-in-organization");

/** Shows the sign-in form with a message, and removes everything shown before. */
export function ask(reason) {
  key.forget();
  freshness.clear();
  for (const body of signedIn.querySelectorAll(".body")) body.replaceChildren();
  signedIn.hidden = signOut.hidden = true;
  form.hidden = false;
  message.textContent = reason;
  organization.value = choice.chosen().organization;
  typed.focus();
}

/** Shows the reports, after signing in or if the service requires no key. */
export function showReports() {
  form.hidden = true;
  signedIn.hidden = false;
  signOut.hidden = !key.get();
}

/** Calls `onSignIn` once a key is stored, and `onSignOut` before it is removed. */
export function onChange(onSignIn, onSignOut) {
  typed.addEventListener("change", () => {
    const claimed = organizationOf(typed.value);
    if (claimed) organization.value = claimed;
  });
  form.addEventListener("submit", event => {
    event.preventDefault();
    const text = typed.value.trim();
    if (!/^[!-~]+$/.test(text)) {
      message.textContent = "This is not a key: it contains invalid characters.";
      return;
    }
    key.set(text);
    typed.value = "";
    choice.setOrganization(organization.value.trim());
    onSignIn();
  });
  signOut.addEventListener("click", () => {
    onSignOut();
    ask("You are signed out.");
  });
}
