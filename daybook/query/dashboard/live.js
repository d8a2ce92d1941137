/** Follows a funnel while somebody can see it: totals as they happen, and who is there now. */

import { report } from "./api.js";
import { h } from "./dom.js";
import { realtime, today } from "./now.js";
import { show } from "./panel.js";
import { listen } from "./stream.js";

const EVERY_MS = 5_000; // an answer is remembered for so long: asked sooner it would be the same
const QUIET_MS = 30_000;
const state = document.getElementById("live-state");

/** Nothing is followed: no line tells how. */
export function rest() {
  state.textContent = "";
}

/**
 * Follows an organization from now on, and one funnel of it if `funnel` names one.
 * @param heardOf (ids) of the organization's funnels of which there is something today
 * @param signal once aborted, it ends
 */
export function follow(organization, funnel, heardOf, signal) {
  const sums = h("div");
  let watching = null;
  let timer = null;
  let isHeard = false;
  let isAsking = false;
  let problem = null;
  let askedAt = 0;
  let changedAt = 0;

  const ask = async () => {
    if (isAsking) return;
    isAsking = true;
    askedAt = Date.now();
    problem = await show("live", async () => {
      const body = await report(["funnels", funnel, "realtime"],
        { organization_id: organization }, signal);
      return { nodes: realtime(body, sums), asOf: body.as_of };
    }, signal);
    isAsking = false;
    plan();
  };

  /** Tells how it goes on: what was asked once all that changed is in it can wait. */
  const plan = () => {
    clearTimeout(timer);
    if (signal.aborted || document.hidden) return;
    state.textContent = told(funnel, isHeard, problem);
    const isQuiet = isHeard && !problem && askedAt > changedAt + EVERY_MS;
    const wait = Math.max(isQuiet ? QUIET_MS : EVERY_MS, 1_000 * (problem?.retrySeconds ?? 0));
    if (funnel) timer = setTimeout(ask, Math.max(0, askedAt + wait - Date.now()));
  };

  const heard = (name, data) => {
    if (watching.signal.aborted) return;
    isHeard = name !== "away";
    if (name === "totals") {
      const own = data.totals.find(each => each.funnel_id === funnel);
      if (own) {
        sums.replaceChildren(...today(own));
        changedAt = Date.now();
      }
      heardOf(data.totals.map(each => each.funnel_id).filter(Boolean));
    }
    plan();
  };
  const cut = () => {
    isHeard = false;
    plan();
  };

  const seen = () => {
    watching?.abort();
    clearTimeout(timer);
    if (signal.aborted) return document.removeEventListener("visibilitychange", seen);
    if (document.hidden) {
      state.textContent = "Paused while the page is hidden.";
      return null;
    }
    watching = new AbortController();
    listen(`analytics:dashboard:${organization}`, {}, heard, cut, watching.signal);
    return funnel ? ask() : plan();
  };
  document.addEventListener("visibilitychange", seen);
  signal.addEventListener("abort", seen);
  return seen();
}

function told(funnel, isHeard, problem) {
  if (problem) return "Asked again in a moment.";
  if (!funnel) return isHeard ? "Waiting for a first event." : "";
  return isHeard ? "As it happens. Visitors are those of the last 30 minutes."
    : "Asked every 5 seconds. Visitors are those of the last 30 minutes.";
}
