/** A panel: a section that reads a report and shows it, or says in words why it does not. */

import { Problem } from "./api.js";
import { h } from "./dom.js";
import * as freshness from "./freshness.js";

/**
 * Fills the body of the section `id` with what `build` makes of its report.
 * @param build () => {nodes, asOf}, asynchronous
 * @param signal once aborted, nothing of it is shown any more
 * @param refused a sentence for 403 and 404, where the role may be the reason
 * @param again () what is tried again; this panel alone if nothing else is said
 * @returns the Problem that it was, or null
 */
export async function show(id, build, signal, refused = null,
  again = () => show(id, build, signal, refused)) {
  const section = document.getElementById(id);
  const body = section.querySelector(".body");
  section.setAttribute("aria-busy", "true");
  if (!body.hasChildNodes()) body.replaceChildren(h("p", { class: "quiet" }, "Reading …"));
  try {
    const { nodes, asOf } = await build();
    if (signal.aborted) return null;
    body.replaceChildren(...(asOf?.is_stale ? [stale(asOf)] : []), ...nodes);
    freshness.note(id, asOf);
    return null;
  } catch (error) {
    if (signal.aborted) return null;
    const problem = asProblem(error);
    freshness.note(id, null);
    const isRole = refused && [403, 404].includes(problem.status);
    body.replaceChildren(isRole ? h("p", { class: "empty" }, refused) : told(problem, again));
    return problem;
  } finally {
    if (!signal.aborted) section.setAttribute("aria-busy", "false");
  }
}

/** A problem in words, with a button to try again unless what was asked is wrong itself. */
export function told(problem, again) {
  const wait = problem.retrySeconds ? ` Try again in ${problem.retrySeconds} s.` : "";
  const button = h("button", { type: "button" }, "Try again");
  button.addEventListener("click", again);
  const remedy = problem.status === 422 ? [] : [button];
  return h("div", { class: "problem", role: "alert" },
    h("p", {}, h("strong", {}, problem.title), ": ", problem.detail, wait), ...remedy);
}

/** A mistake of the page itself is told as well, and stands in the console for who mends it. */
function asProblem(error) {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Problem(0, "This cannot be shown", "The answer is not what the page expects.");
}

function stale(asOf) {
  return h("p", { class: "stale" },
    `The database is away; these are the last numbers known. ${freshness.sentence(asOf)}`);
}
