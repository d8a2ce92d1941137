/** A funnel: how many come to each step, where they leave, and what the data say about it. */

import { bar, empty, fact, facts, h, named, table } from "./dom.js";
import { count, money, rate } from "./format.js";

/** What is shown of the overview and the drop-offs of one range. */
export function funnel(overview, dropoffs) {
  const { visitors, conversions, revenue, currency } = overview;
  const sums = facts(
    fact("Unique visitors", count(visitors.unique), ofEstimate(overview.uniques)),
    fact("Conversions", count(conversions.total)),
    fact("Conversion rate", rate(conversions.rate)),
    fact("Revenue", money(revenue.total_cents, currency), ` of ${overview.basis}`),
    fact("Attempts", count(dropoffs.overall.attempts)),
    fact("Lost on the way", rate(dropoffs.overall_drop_off_rate)),
  );
  if (!overview.steps.length) {
    return [sums, empty("This funnel has no steps.",
      "Publish its definition, or send step_entry events that name one.")];
  }
  return [sums, steps(overview, dropoffs), ...advice(dropoffs)];
}

/** The steps in order; a bar is the part of attempts that came so far. */
function steps(overview, dropoffs) {
  const places = new Map(dropoffs.drop_off_funnel.map(each => [each.step_id, each]));
  const rows = overview.steps.map(each => ({ ...each, ...place(each, places) }));
  const most = dropoffs.overall.attempts || Math.max(1, ...rows.map(each => each.visitors));
  const length = dropoffs.overall.attempts ? each => each.reached ?? 0 : each => each.visitors;
  return table(`Steps of ${overview.funnel_name || overview.funnel_id}`, [
    { title: "Step", text: true, cell: each => h("span", { class: "step" },
      named(each.step_name || each.step_id), bar(length(each) / most)) },
    { title: "Reached", cell: each => count(each.reached) },
    { title: "Lost so far", cell: each => rate(each.cumulative_drop_off_rate) },
    { title: "Entries", cell: each => count(each.entries) },
    { title: "Drop-offs", cell: each => count(each.drop_offs) },
    { title: "Drop-off rate", cell: each => rate(each.drop_off_rate) },
  ], rows);
}

/** A step that no definition ever had stands in no order: nobody reaches it, nor is lost before. */
function place(each, places) {
  if (each.step_type === "unknown" && !each.reached) {
    return { reached: null, cumulative_drop_off_rate: null };
  }
  const rateThere = places.get(each.step_id)?.cumulative_drop_off_rate;
  return { cumulative_drop_off_rate: rateThere ?? null };
}

/** Steps where somebody left, the gravest first, with reasons and suggestions. */
function advice(dropoffs) {
  const grave = dropoffs.steps_with_drop_off;
  if (!grave.length) return [h("p", { class: "quiet" }, "Nobody dropped off in this range.")];
  return [h("h3", {}, "Where visitors drop off, the gravest first"),
    h("ul", { class: "advice" }, ...grave.map(step))];
}

function step(each) {
  const reasons = each.common_exit_reasons.map(reason =>
    h("li", {}, named(reason.reason), `: ${count(reason.count)}`));
  const suggestions = each.suggestions.map(text => h("li", {}, text));
  return h("li", {},
    h("strong", {}, named(each.step_name || each.step_id)), " ",
    h("span", { class: `severity ${each.severity}` }, `severity ${each.severity}`),
    ` ${rate(each.drop_off_rate)} (95 %: ${rate(each.drop_off_rate_lower)} to `,
    `${rate(each.drop_off_rate_upper)})`,
    ...(reasons.length ? [h("p", {}, "Reasons given:"), h("ul", {}, ...reasons)] : []),
    ...(suggestions.length ? [h("p", {}, "Suggestions:"), h("ul", {}, ...suggestions)] : []));
}

function ofEstimate(uniques) {
  return uniques.method === "exact"
    ? " exact" : ` about ${count(uniques.lower)} to ${count(uniques.upper)}`;
}
