/** A funnel: how many reach each step, where they drop off, and why. */

import { bar, empty, fact, facts, h, named, table } from "./dom.js";
import { count, money, rate } from "./format.js";

/** The elements for a funnel's overview and drop-offs. */
export function funnel(overview, dropoffs) {
  const { visitors, conversions, revenue, currency } = overview;
  const sums = facts(
    fact("Unique visitors", count(visitors.unique), uniquesNote(overview.uniques)),
    ...[overview.unique_people].filter(people => people)
      .map(people => fact("People", count(people.count), uniquesNote(people))),
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

/** The table of steps in order; a bar is the share of attempts that reached the step. */
function steps(overview, dropoffs) {
  const dropOffs = new Map(dropoffs.drop_off_funnel.map(step => [step.step_id, step]));
  const rows = overview.steps.map(step => ({ ...step, ...reach(step, dropOffs) }));
  const most = dropoffs.overall.attempts || Math.max(1, ...rows.map(row => row.visitors));
  const length = dropoffs.overall.attempts ? row => row.reached ?? 0 : row => row.visitors;
  return table(`Steps of ${overview.funnel_name || overview.funnel_id}`, [
    { title: "Step", text: true, cell: row => h("span", { class: "step" },
      named(row.step_name || row.step_id), bar(length(row) / most)) },
    { title: "Reached", cell: row => count(row.reached) },
    { title: "Go on", cell: row => rate(row.pass_through_rate) },
    { title: "Lost so far", cell: row => rate(row.cumulative_drop_off_rate) },
    { title: "Entries", cell: row => count(row.entries) },
    { title: "Drop-offs", cell: row => count(row.drop_offs) },
    { title: "Drop-off rate", cell: row => rate(row.drop_off_rate) },
  ], rows);
}

/** A step that no definition ever had is not ordered, so it has no reach and no cumulative rate. */
function reach(step, dropOffs) {
  if (step.step_type === "unknown" && !step.reached) {
    return { reached: null, cumulative_drop_off_rate: null };
  }
  const cumulativeRate = dropOffs.get(step.step_id)?.cumulative_drop_off_rate;
  return { cumulative_drop_off_rate: cumulativeRate ?? null };
}

/** Steps with drop-offs, most severe first, with reasons and suggestions. */
function advice(dropoffs) {
  const lossy = dropoffs.steps_with_drop_off;
  if (!lossy.length) return [h("p", { class: "quiet" }, "Nobody was lost in this range.")];
  return [h("h3", {}, "Where visitors are lost, most severe first"),
    h("ul", { class: "advice" }, ...lossy.map(lossyStep))];
}

function lossyStep(step) {
  const reasons = step.common_exit_reasons.map(reason =>
    h("li", {}, named(reason.reason), `: ${count(reason.count)}`));
  const suggestions = step.suggestions.map(text => h("li", {}, text));
  return h("li", {},
    h("strong", {}, named(step.step_name || step.step_id)), " ",
    h("span", { class: `severity ${step.severity}` }, `severity ${step.severity}`),
    ` ${loss(step)}`,
    ...(step.closes ? [h("p", {}, `${count(step.closes)} closed the page`)] : []),
    ...(reasons.length ? [h("p", {}, "Reasons given:"), h("ul", {}, ...reasons)] : []),
    ...(suggestions.length ? [h("p", {}, "Suggestions:"), h("ul", {}, ...suggestions)] : []));
}

/** What the severity is of: attempts that do not go on, or entries that bounce. */
function loss(step) {
  const [share, lower, upper, what] = step.severity_by === "progression"
    ? [step.loss_rate, step.loss_rate_lower, step.loss_rate_upper, "do not go on"]
    : [step.drop_off_rate, step.drop_off_rate_lower, step.drop_off_rate_upper, "drop off"];
  return `${rate(share)} ${what} (95 %: ${rate(lower)} to ${rate(upper)})`;
}

function uniquesNote(uniques) {
  return uniques.method === "exact"
    ? " exact" : ` about ${count(uniques.lower)} to ${count(uniques.upper)}`;
}
