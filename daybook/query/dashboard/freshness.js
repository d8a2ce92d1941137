/** The line at the top of the page, which shows the freshness of the least fresh report. */

import { count, time } from "./format.js";
import { gaps } from "./gaps.js";

const asOfByPanel = new Map();
const line = document.getElementById("freshness");

/** Sets a panel's `as_of`; without one, because its report failed, the panel no longer counts. */
export function update(panel, asOf) {
  if (asOf) asOfByPanel.set(panel, asOf);
  else asOfByPanel.delete(panel);
  render();
}

export function clear() {
  asOfByPanel.clear();
  render();
}

/** A sentence about one `as_of`. If its lag is unknown, `lagAtLeast` may be a lower bound. */
export function sentence(asOf, lagAtLeast = 0) {
  const newest = asOf.newest_event_at
    ? `Newest event counted ${time(asOf.newest_event_at)}` : "No member has reported an event yet";
  const messages = lag => `${count(lag)} ${lag === 1 ? "message" : "messages"}`;
  const unknown = lagAtLeast ? `lag unknown, at least ${messages(lagAtLeast)}` : "lag unknown";
  const lag = asOf.lag_messages === null ? unknown : `lag ${messages(asOf.lag_messages)}`;
  const reported = asOf.reported_at ? `, as of ${time(asOf.reported_at)}` : "";
  return `${newest}; ${lag}${reported}.`;
}

function render() {
  const all = [...asOfByPanel.values()];
  const isStale = all.some(asOf => asOf.is_stale);
  const isBehind = all.some(asOf => asOf.lag_messages > 0);
  const kind = isStale ? "stale" : isBehind ? "behind" : "";
  // Screen readers announce a change of the state, but not every event.
  line.setAttribute("aria-live", kind === line.className ? "off" : "polite");
  line.className = kind;
  const text = all.length
    ? [...(isStale ? ["Stale: the database is unavailable."] : []), least(all),
      ...gaps(asOfByPanel)].join(" ")
    : "No report has been loaded yet.";
  if (line.textContent !== text) line.textContent = text;
}

/** The oldest event and report, and the largest lag, which is unknown if any of them is. */
function least(all) {
  const known = name => all.map(asOf => asOf[name]).filter(value => value !== null);
  const earliest = name => known(name).reduce((one, other) =>
    one && Date.parse(one) < Date.parse(other) ? one : other, null);
  const lags = known("lag_messages");
  const largest = Math.max(0, ...lags);
  return sentence({
    newest_event_at: earliest("newest_event_at"),
    reported_at: earliest("reported_at"),
    lag_messages: lags.length === all.length ? largest : null,
  }, largest);
}
