/** The chosen organization, range and funnel; they are in the address, so a view can be shared. */

import { h } from "./dom.js";
import { day } from "./format.js";

const DAYS = 28;
const NAMES = ["organization", "from", "to", "funnel"];
const form = document.getElementById("choice");
const field = name => document.getElementById(name);

/** Fills the form from the address; the default range is the last 28 days. */
export function readAddress() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  field("organization").value = parameters.get("organization") || "default";
  field("from").value = parameters.get("from") || day(DAYS - 1);
  field("to").value = parameters.get("to") || day();
  // An invalid date leaves the field empty.
  if (!field("from").value || !field("to").value) setRange(DAYS);
  offer([], parameters.get("funnel"));
}

/** The choice, by field name. */
export function chosen() {
  return Object.fromEntries(NAMES.map(name => [name, field(name).value.trim()]));
}

export function setOrganization(name) {
  field("organization").value = name;
}

/** Writes the choice into the address, without a history entry for each change. */
export function writeAddress() {
  const parameters = new URLSearchParams(Object.entries(chosen()).filter(([, value]) => value));
  history.replaceState(null, "", `#${parameters}`);
}

/**
 * Lists the organization's funnels in the form; keeps the chosen one, or chooses the first.
 * @param others funnels without traffic in the range, of which none is chosen by itself
 */
export function offer(funnels, wanted = field("funnel").value, others = []) {
  const known = new Map([...funnels, ...others].map(funnel =>
    [funnel.funnel_id, funnel.name || funnel.funnel_id]));
  if (wanted && !known.has(wanted)) known.set(wanted, wanted);
  field("funnel").replaceChildren(...[...known].map(([value, name]) =>
    h("option", { value }, name)));
  field("funnel").value = wanted || funnels[0]?.funnel_id || "";
  field("funnel").disabled = !known.size;
}

/** Adds funnels that were just seen. True if one is chosen now and none was before. */
export function addFunnels(ids) {
  const before = field("funnel").value;
  const known = new Set([...field("funnel").options].map(option => option.value));
  field("funnel").append(...ids.filter(id => !known.has(id)).map(value =>
    h("option", { value }, value)));
  field("funnel").disabled = !field("funnel").options.length;
  return !before && field("funnel").value !== "";
}

/** Calls `changed` when the user changes the choice. */
export function onChange(changed) {
  form.addEventListener("submit", event => {
    event.preventDefault();
    changed();
  });
  field("funnel").addEventListener("change", changed);
  for (const button of form.querySelectorAll("[data-days]")) {
    button.addEventListener("click", () => {
      setRange(Number(button.dataset.days));
      changed();
    });
  }
  // Another organization has other funnels; its first one is chosen once they are loaded.
  field("organization").addEventListener("change", () => offer([], ""));
}

function setRange(days) {
  field("from").value = day(days - 1);
  field("to").value = day();
}
