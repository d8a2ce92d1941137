/** What happens in a funnel now, asked every five seconds while somebody can see it. */

import { report } from "./api.js";
import { empty, fact, facts, h, named, table } from "./dom.js";
import { count, hour, money } from "./format.js";
import { show } from "./panel.js";

const EVERY_MS = 5_000;
const EVENTS_SHOWN = 10;
const state = document.getElementById("live-state");

/** Follows one funnel from now on, until `signal` is aborted. */
export function follow(organization, funnel, signal) {
  let timer = null;
  let isAsking = false;
  const ask = async () => {
    clearTimeout(timer);
    if (isAsking) return;
    isAsking = true;
    const problem = await show("live", () => now(organization, funnel, signal), signal);
    isAsking = false;
    if (signal.aborted || document.hidden) return;
    state.textContent = problem ? "Asked again in a moment."
      : "Visitors of the last 30 minutes; asked every 5 seconds.";
    timer = setTimeout(ask, Math.max(EVERY_MS, 1_000 * (problem?.retrySeconds ?? 0)));
  };
  const seen = () => {
    if (!document.hidden) return ask();
    clearTimeout(timer);
    state.textContent = "Paused while the page is hidden.";
  };
  document.addEventListener("visibilitychange", seen);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
  });
  return seen();
}

async function now(organization, funnel, signal) {
  const body = await report(["funnels", funnel, "realtime"], { organization_id: organization },
    signal);
  return { nodes: realtime(body), asOf: body.as_of };
}

/** What is shown of /realtime. */
function realtime(body) {
  const { active_visitors: active, conversions_last_5min: done } = body;
  const source = body.source === "mongodb"
    ? [h("p", { class: "stale" }, "Redis is away: told from sessions, a little later.")] : [];
  const sums = facts(
    fact("Visitors now", count(active.total)),
    fact("Conversions in 5 minutes", count(done.count)),
    fact("Their value", money(done.value_cents, done.currency)),
  );
  if (!active.total && !body.recent_events.length) {
    return [...source, sums, empty("Nobody is in this funnel at the moment.",
      "Open a page that carries daybook.js, and it shows here.")];
  }
  return [...source, sums, h("div", { class: "beside" }, table("Visitors at each step", [
    { title: "Step", text: true, cell: each => named(each.step_name || each.step_id) },
    { title: "Visitors", cell: each => count(each.visitors) },
  ], active.by_step), table("Last events", [
    { title: "Time", text: true, cell: each => hour(each.timestamp) },
    { title: "Event", text: true, cell: each => named(each.event_type) },
    { title: "Step", text: true, cell: each => (each.step_id ? named(each.step_id) : "–") },
  ], body.recent_events.slice(0, EVENTS_SHOWN)))];
}
