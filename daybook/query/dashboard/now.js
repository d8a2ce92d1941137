/** What happens in a funnel now: visitors, conversions, the last events, and today's totals. */

import { empty, fact, facts, h, named, table } from "./dom.js";
import { count, hour, money } from "./format.js";

const EVENTS_SHOWN = 10;
const VALUE = "value_cents.";

/** What is shown of a day's totals, as the stream tells them. */
export function today(row) {
  const worth = Object.entries(row).filter(([name]) => name.startsWith(VALUE));
  return [
    h("h3", {}, "Today ", h("span", { class: "quiet" }, row.date)),
    facts(
      fact("Sessions", count(row.sessions)),
      fact("Page views", count(row.page_views)),
      fact("Conversions", count(row.conversions)),
      ...worth.map(([name, cents]) => {
        const currency = name.slice(VALUE.length);
        return fact(`Value in ${currency}`, money(cents, currency));
      }),
    ),
  ];
}

/** What is shown of /realtime; beside its sums stands what `today` made. */
export function realtime(body, totals) {
  const { active_visitors: active, conversions_last_5min: done } = body;
  const source = body.source === "mongodb"
    ? [h("p", { class: "stale" }, "Redis is away: told from sessions, a little later.")] : [];
  const sums = h("div", { class: "beside" }, h("div", {},
    h("h3", {}, "At this moment"),
    facts(
      fact("Visitors now", count(active.total)),
      fact("Conversions in 5 minutes", count(done.count)),
      fact("Their value", money(done.value_cents, done.currency)),
    )), totals);
  if (!active.total && !body.recent_events.length) {
    return [...source, sums, empty("Nobody is in this funnel at the moment.",
      "Open a page that carries daybook.js, and it shows here.")];
  }
  const steps = active.by_step.length ? [table("Visitors at each step", [
    { title: "Step", text: true, cell: each => named(each.step_name || each.step_id) },
    { title: "Visitors", cell: each => count(each.visitors) },
  ], active.by_step)] : [];
  return [...source, sums, h("div", { class: "beside" }, ...steps, table("Last events", [
    { title: "Time", text: true, cell: each => hour(each.timestamp) },
    { title: "Event", text: true, cell: each => named(each.event_type) },
    { title: "Step", text: true, cell: each => (each.step_id ? named(each.step_id) : "–") },
  ], body.recent_events.slice(0, EVENTS_SHOWN)))];
}
