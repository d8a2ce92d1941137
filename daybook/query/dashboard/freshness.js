/** How fresh what is on the page is: the line at its top tells the least fresh of its reports. */

import { count, time } from "./format.js";
import { gaps } from "./gaps.js";

const known = new Map();
const line = document.getElementById("freshness");

/** Takes a report's `as_of`; without one (it failed) the report counts no more. */
export function note(name, asOf) {
  if (asOf) known.set(name, asOf);
  else known.delete(name);
  tell();
}

export function forget() {
  known.clear();
  tell();
}

/** A sentence of one `as_of`; where the lag is not known it may be known how much it is at least. */
export function sentence(asOf, lagAtLeast = 0) {
  const newest = asOf.newest_event_at
    ? `Newest event counted ${time(asOf.newest_event_at)}` : "No member has reported an event yet";
  const known = lag => `${count(lag)} ${lag === 1 ? "message" : "messages"}`;
  const unknown = lagAtLeast ? `lag unknown, at least ${known(lagAtLeast)}` : "lag unknown";
  const lag = asOf.lag_messages === null ? unknown : `lag ${known(asOf.lag_messages)}`;
  const said = asOf.reported_at ? `, as of ${time(asOf.reported_at)}` : "";
  return `${newest}; ${lag}${said}.`;
}

function tell() {
  const all = [...known.values()];
  const isStale = all.some(each => each.is_stale);
  const isBehind = all.some(each => each.lag_messages > 0);
  const kind = isStale ? "stale" : isBehind ? "behind" : "";
  // Who has it read aloud hears when that turns, and not of every event.
  line.setAttribute("aria-live", kind === line.className ? "off" : "polite");
  line.className = kind;
  const told = all.length
    ? [...(isStale ? ["Stale: the database is away."] : []), least(all), ...gaps(known)].join(" ")
    : "No report has been read yet.";
  if (line.textContent !== told) line.textContent = told;
}

/** The oldest event and report, and the greatest lag unless one of the reports knows not its own. */
function least(all) {
  const known = name => all.map(each => each[name]).filter(each => each !== null);
  const earliest = name => known(name).reduce((one, other) =>
    one && Date.parse(one) < Date.parse(other) ? one : other, null);
  const lags = known("lag_messages");
  const greatest = Math.max(0, ...lags);
  return sentence({
    newest_event_at: earliest("newest_event_at"),
    reported_at: earliest("reported_at"),
    lag_messages: lags.length === all.length ? greatest : null,
  }, greatest);
}
