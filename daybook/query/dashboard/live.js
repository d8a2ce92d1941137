/** The live panel: today's totals from the event stream, and current visitors of a funnel. */

import { report } from "./api.js";
import { h } from "./dom.js";
import { realtime, today } from "./now.js";
import { show } from "./panel.js";
import { listen } from "./stream.js";

const POLL_MS = 5_000; // responses are cached this long, so earlier requests would be pointless
const IDLE_POLL_MS = 30_000;
const state = document.getElementById("live-state");

/** Clears the state line while no organization is followed. */
export function clear() {
  state.textContent = "";
}

/**
 * Follows an organization, and one of its funnels unless `funnel` is empty.
 * @param onFunnels (ids) called with the organization's funnels that have events today
 * @param signal ends it when aborted
 */
export function follow(organization, funnel, onFunnels, signal) {
  const sums = h("div");
  let stream = null;
  let timer = null;
  let isConnected = false;
  let isLoading = false;
  let problem = null;
  let loadedAt = 0;
  let changedAt = 0;

  const load = async () => {
    if (isLoading) return;
    isLoading = true;
    loadedAt = Date.now();
    problem = await show("live", async () => {
      const body = await report(["funnels", funnel, "realtime"],
        { organization_id: organization }, signal);
      return { nodes: realtime(body, sums), asOf: body.as_of };
    }, signal);
    isLoading = false;
    plan();
  };

  /** Shows the state and schedules the next request: later if no change is waiting to be shown. */
  const plan = () => {
    clearTimeout(timer);
    if (signal.aborted || document.hidden) return;
    state.textContent = stateText(funnel, isConnected, problem);
    const isIdle = isConnected && !problem && loadedAt > changedAt + POLL_MS;
    const wait = Math.max(isIdle ? IDLE_POLL_MS : POLL_MS, 1_000 * (problem?.retrySeconds ?? 0));
    if (funnel) timer = setTimeout(load, Math.max(0, loadedAt + wait - Date.now()));
  };

  const onEvent = (name, data) => {
    if (stream.signal.aborted) return;
    isConnected = name !== "away";
    if (name === "totals") {
      const totals = data.totals.find(row => row.funnel_id === funnel);
      if (totals) {
        sums.replaceChildren(...today(totals));
        changedAt = Date.now();
      }
      onFunnels(data.totals.map(row => row.funnel_id).filter(Boolean));
    }
    plan();
  };
  const onDisconnect = () => {
    isConnected = false;
    plan();
  };

  const onVisibility = () => {
    stream?.abort();
    clearTimeout(timer);
    if (signal.aborted) return document.removeEventListener("visibilitychange", onVisibility);
    if (document.hidden) {
      state.textContent = "Paused while the page is hidden.";
      return null;
    }
    stream = new AbortController();
    listen(`analytics:dashboard:${organization}`, {}, onEvent, onDisconnect, stream.signal);
    return funnel ? load() : plan();
  };
  document.addEventListener("visibilitychange", onVisibility);
  signal.addEventListener("abort", onVisibility);
  return onVisibility();
}

function stateText(funnel, isConnected, problem) {
  if (problem) return "Retrying in a moment.";
  if (!funnel) return isConnected ? "Waiting for the first event." : "";
  return isConnected ? "Live. Visitors are those of the last 30 minutes."
    : "Updated every 5 seconds. Visitors are those of the last 30 minutes.";
}
