/** Audience segments: their members, who entered and left, and versions being evaluated. */

import { empty, h, named, table } from "./dom.js";
import { count, time } from "./format.js";

export const SHOWN = 10;

/** The elements for a page of segments, and each of them in detail. */
export function segments(body, found) {
  if (!found.length) {
    return [empty("No segment is defined.", "Define one with `daybook segments define`, and start "
      + "`daybook run segment`.")];
  }
  const sum = (segment, name) => segment.days.reduce((total, day) => total + day[name], 0);
  const lastDay = (segment, name) => segment.days.at(-1)?.[name] ?? null;
  const more = body.pagination.next_cursor ? [`The first ${count(SHOWN)} segments are shown. `] : [];
  return [
    table("Segments", [
      { title: "Segment", text: true, cell: segment => named(segment.name) },
      { title: "Members", cell: segment => count(segment.members) },
      { title: "Entered today", cell: segment => count(lastDay(segment, "entered")) },
      { title: "Left today", cell: segment => count(lastDay(segment, "left")) },
      { title: "Entered in 7 days", cell: segment => count(sum(segment, "entered")) },
      { title: "Left in 7 days", cell: segment => count(sum(segment, "left")) },
      { title: "State", text: true, cell: state },
    ], found),
    h("p", { class: "quiet" }, ...more, body.clock
      ? `Everybody is evaluated up to ${time(body.clock)}; today is the day of that moment.`
      : "Nobody is evaluated yet."),
  ];
}

function state({ status, version, progress }) {
  const shards = progress && status === "backfilling"
    ? `, ${count(progress.done)} of ${count(progress.total)} shards` : "";
  return `${status}${shards}, version ${version}`;
}
