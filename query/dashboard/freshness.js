/** How fresh what is on the page is: the line at its top tells the least fresh of its reports. */

import { count, time } from "./format.js";

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

/** A sentence of one `as_of`. */
export function sentence(asOf) {
  const newest = asOf.newest_event_at
    ? `Newest event counted ${time(asOf.newest_event_at)}` : "No member has reported an event yet";
  const lag = asOf.lag_messages === null
    ? "lag unknown" : `lag ${count(asOf.lag_messages)} messages`;
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
    ? (isStale ? "Stale: the database is away. " : "") + sentence(least(all)) + partly(all)
    : "No report has been read yet.";
  if (line.textContent !== told) line.textContent = told;
}

/** The oldest event and report, and the greatest lag, of the reports that know theirs. */
function least(all) {
  const known = name => all.map(each => each[name]).filter(each => each !== null);
  const earliest = name => known(name).reduce((one, other) =>
    one && Date.parse(one) < Date.parse(other) ? one : other, null);
  const lags = known("lag_messages");
  return {
    newest_event_at: earliest("newest_event_at"),
    reported_at: earliest("reported_at"),
    lag_messages: lags.length ? Math.max(...lags) : null,
  };
}

/** Says so when some of the reports know nothing of their freshness, and others do. */
function partly(all) {
  const silent = all.filter(each => each.reported_at === null).length;
  return silent && silent < all.length ? " Of some panels no member has reported." : "";
}
