/** A panel: a section that loads a report and shows it, or explains why it cannot. */

import { Problem } from "./api.js";
import { h } from "./dom.js";
import * as freshness from "./freshness.js";

/**
 * Fills the body of the section `id` with the elements that `build` returns.
 * @param build () => {nodes, asOf}, asynchronous
 * @param signal nothing is shown once it is aborted
 * @param refused a sentence for 403 and 404, if the role may be the reason
 * @param retry () called by the retry button; by default it loads this panel again
 * @returns the Problem if it failed, else null
 */
export async function show(id, build, signal, refused = null,
  retry = () => show(id, build, signal, refused)) {
  const section = document.getElementById(id);
  const body = section.querySelector(".body");
  section.setAttribute("aria-busy", "true");
  if (!body.hasChildNodes()) body.replaceChildren(h("p", { class: "quiet" }, "Loading …"));
  try {
    const { nodes, asOf } = await build();
    if (signal.aborted) return null;
    body.replaceChildren(...(asOf?.is_stale ? [stale(asOf)] : []), ...nodes);
    freshness.update(id, asOf);
    return null;
  } catch (error) {
    if (signal.aborted) return null;
    const problem = asProblem(error);
    freshness.update(id, null);
    const isRole = refused && [403, 404].includes(problem.status);
    body.replaceChildren(isRole ? h("p", { class: "empty" }, refused) : render(problem, retry));
    return problem;
  } finally {
    if (!signal.aborted) section.setAttribute("aria-busy", "false");
  }
}

/** A problem as text, with a retry button unless the request itself is invalid. */
export function render(problem, retry) {
  const wait = problem.retrySeconds ? ` (try again in ${problem.retrySeconds} s)` : "";
  const button = h("button", { type: "button" }, "Try again");
  button.addEventListener("click", retry);
  const remedy = problem.status === 422 ? [] : [button];
  return h("div", { class: "problem", role: "alert" },
    h("p", {}, h("strong", {}, problem.title), ": ", problem.detail, wait), ...remedy);
}

/** Errors of the page itself are shown too, and logged to the console for developers. */
function asProblem(error) {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Problem(0, "This cannot be shown", "The response is not what the page expects.");
}

function stale(asOf) {
  return h("p", { class: "stale" },
    `The database is unavailable; these are the last known numbers. ${freshness.sentence(asOf)}`);
}
