/** What is shown: organization, range, funnel. It stands in the address, so a view can be shared. */

import { h } from "./dom.js";
import { day } from "./format.js";

const DAYS = 28;
const NAMES = ["organization", "from", "to", "funnel"];
const form = document.getElementById("choice");
const field = name => document.getElementById(name);

/** Fills the form from the address; the last 28 days where it names none. */
export function restore() {
  const said = new URLSearchParams(location.hash.slice(1));
  field("organization").value = said.get("organization") || "default";
  field("from").value = said.get("from") || day(DAYS - 1);
  field("to").value = said.get("to") || day();
  if (!field("from").value || !field("to").value) range(DAYS); // what is no day leaves it empty
  offer([], said.get("funnel"));
}

/** What is chosen, by name. */
export function chosen() {
  return Object.fromEntries(NAMES.map(name => [name, field(name).value.trim()]));
}

export function setOrganization(name) {
  field("organization").value = name;
}

/** Writes the choice into the address, without a page to go back to for each change. */
export function remember() {
  const said = new URLSearchParams(Object.entries(chosen()).filter(([, value]) => value));
  history.replaceState(null, "", `#${said}`);
}

/** Offers funnels, as the organization's dashboard names them; keeps the one chosen, else the first. */
export function offer(funnels, wanted = field("funnel").value) {
  const known = funnels.map(each => [each.funnel_id, each.name || each.funnel_id]);
  if (wanted && !known.some(([id]) => id === wanted)) known.push([wanted, wanted]);
  field("funnel").replaceChildren(...known.map(([value, name]) => h("option", { value }, name)));
  field("funnel").value = wanted || known[0]?.[0] || "";
  field("funnel").disabled = !known.length;
}

/** Offers funnels that were just heard of as well. True if one is chosen now, and none was. */
export function learn(ids) {
  const before = field("funnel").value;
  const known = new Set([...field("funnel").options].map(each => each.value));
  field("funnel").append(...ids.filter(id => !known.has(id)).map(value =>
    h("option", { value }, value)));
  field("funnel").disabled = !field("funnel").options.length;
  return !before && field("funnel").value !== "";
}

/** Calls back when something else shall be shown. */
export function onChange(changed) {
  form.addEventListener("submit", event => {
    event.preventDefault();
    changed();
  });
  field("funnel").addEventListener("change", changed);
  for (const button of form.querySelectorAll("[data-days]")) {
    button.addEventListener("click", () => {
      range(Number(button.dataset.days));
      changed();
    });
  }
  // Another organization has other funnels; its first is chosen once they are known.
  field("organization").addEventListener("change", () => offer([], ""));
}

function range(days) {
  field("from").value = day(days - 1);
  field("to").value = day();
}
