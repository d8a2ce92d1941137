/** The organization's dashboard: totals of the range, and sessions and revenue by day. */

import { chart } from "./chart.js";
import { empty, fact, facts } from "./dom.js";
import { count, money, rate, unit } from "./format.js";

/** The elements for an organization's dashboard report. */
export function summary(body) {
  const { totals, currency, over_time: points } = body;
  if (!totals.sessions && !totals.orders && !totals.tickets_sold && !totals.views) {
    return [empty("Nothing was counted in this range.", "Choose a longer range, or send a first "
      + "event to the collector: POST /api/v1/analytics/track, with a tracking key.")];
  }
  const amount = name => ({ title: NAMES[name], cell: point => money(point[name], currency),
    value: point => point[name] / unit(currency) });
  const number = name => ({ title: NAMES[name], cell: point => count(point[name]),
    value: point => point[name] });
  return [
    facts(
      fact("Sessions", count(totals.sessions)),
      fact("Bounced", rate(totals.sessions ? totals.bounced_sessions / totals.sessions : null)),
      fact("Conversions", count(totals.conversions)),
      fact("Orders", count(totals.orders)),
      fact("Net revenue", money(totals.net_revenue_cents, currency)),
      fact("Refunded", money(totals.refunded_cents, currency)),
      fact("Tickets sold", count(totals.tickets_sold)),
    ),
    chart("Sessions and conversions", points, [number("sessions"), number("conversions")], count),
    ...(totals.orders || totals.gross_revenue_cents ? [chart(`Revenue of funnels (${currency})`,
      points, [amount("gross_revenue_cents"), amount("net_revenue_cents")], count)] : []),
  ];
}

const NAMES = {
  sessions: "Sessions",
  conversions: "Conversions",
  gross_revenue_cents: "Gross",
  net_revenue_cents: "Net",
};
