/** The content of the live panel: visitors, conversions, last events, and today's totals. */

import { empty, fact, facts, h, named, table } from "./dom.js";
import { count, hour, money } from "./format.js";

const EVENTS_SHOWN = 10;
const VALUE = "value_cents.";

/** The elements for today's totals, from an event of the stream. */
export function today(row) {
  const values = Object.entries(row).filter(([name]) => name.startsWith(VALUE));
  return [
    h("h3", {}, "Today ", h("span", { class: "quiet" }, row.date)),
    facts(
      fact("Sessions", count(row.sessions)),
      fact("Page views", count(row.page_views)),
      fact("Conversions", count(row.conversions)),
      ...values.map(([name, cents]) => {
        const currency = name.slice(VALUE.length);
        return fact(`Value in ${currency}`, money(cents, currency));
      }),
    ),
  ];
}

/** The elements for /realtime, with `totals`, which `today` fills, beside its sums. */
export function realtime(body, totals) {
  const { active_visitors: active, conversions_last_5min: recent } = body;
  const source = body.source === "mongodb"
    ? [h("p", { class: "stale" },
      "Redis is unavailable: the numbers come from MongoDB, a little later.")] : [];
  const sums = h("div", { class: "beside" }, h("div", {},
    h("h3", {}, "At this moment"),
    facts(
      fact("Visitors now", count(active.total)),
      fact("Conversions in 5 minutes", count(recent.count)),
      fact("Their value", money(recent.value_cents, recent.currency)),
    )), totals);
  if (!active.total && !body.recent_events.length) {
    return [...source, sums, empty("Nobody is in this funnel at the moment.",
      "Open a page that includes daybook.js, and the visit appears here.")];
  }
  const steps = active.by_step.length ? [table("Visitors at each step", [
    { title: "Step", text: true, cell: row => named(row.step_name || row.step_id) },
    { title: "Visitors", cell: row => count(row.visitors) },
  ], active.by_step)] : [];
  return [...source, sums, h("div", { class: "beside" }, ...steps, table("Last events", [
    { title: "Time", text: true, cell: event => hour(event.timestamp) },
    { title: "Event", text: true, cell: event => named(event.event_type) },
    { title: "Step", text: true, cell: event => (event.step_id ? named(event.step_id) : "–") },
  ], body.recent_events.slice(0, EVENTS_SHOWN)))];
}
