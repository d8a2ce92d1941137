/** Series over days: a uPlot canvas for the eye, and the same numbers as a table. */

import { h, table } from "./dom.js";
import { dayOf } from "./format.js";

const HEIGHT = 220;
const scheme = matchMedia("(prefers-color-scheme: dark)");

/**
 * A figure of series over the points of a report.
 * @param title what it shows
 * @param points rows with `timestamp`
 * @param lines {title, value(point) in the axis' unit, told(point)}; null is a gap
 * @param axis how a value of the axis is written
 */
export function chart(title, points, lines, axis) {
  const place = h("div", { class: "chart", role: "img",
    "aria-label": `${title}, by day; the table below has the same numbers` });
  const columns = [{ title: "Day", text: true, cell: each => dayOf(each.timestamp) },
    ...lines.map(line => ({ title: line.title, cell: line.told }))];
  draw(place, points, lines, axis);
  return h("figure", {}, h("figcaption", {}, title), place,
    h("details", {}, h("summary", {}, `${title}: as a table`), table(title, columns, points)));
}

/** Draws once there is a width, again when it or the colours change, and no more once removed. */
function draw(place, points, lines, axis) {
  const days = points.map(each => Date.parse(`${dayOf(each.timestamp)}T00:00:00Z`) / 1_000);
  const data = [days, ...lines.map(line => points.map(line.value))];
  let plot = null;
  const again = () => {
    plot?.destroy();
    plot = place.isConnected && place.clientWidth
      ? new uPlot(options(place.clientWidth, lines, axis), data, place) : null;
  };
  const fit = observer => {
    if (!place.isConnected) {
      observer.disconnect();
      scheme.removeEventListener("change", again);
      plot?.destroy();
    } else if (plot) plot.setSize({ width: place.clientWidth, height: HEIGHT });
    else again();
  };
  // In the next frame: drawing changes the size that is being told.
  new ResizeObserver((_, observer) => requestAnimationFrame(() => fit(observer))).observe(place);
  scheme.addEventListener("change", again);
}

function options(width, lines, axis) {
  const colours = getComputedStyle(document.documentElement);
  const colour = name => colours.getPropertyValue(name).trim();
  const common = { stroke: colour("--text"), grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line"), width: 1 } };
  return {
    width,
    height: HEIGHT,
    // Days are told by their names: in the reader's own zone they would move.
    tzDate: seconds => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
    scales: { y: { range: (_, least, most) => [Math.min(0, least ?? 0), (most || 1) * 1.05] } },
    axes: [{ ...common, values: days, space: 70 },
      { ...common, size: 70, values: (_, splits) => splits.map(axis) }],
    series: [{ label: "Day", value: (_, at) => (at === null ? "–" : iso(at)) },
      ...lines.map((line, at) => ({ label: line.title, stroke: colour(`--line-${at + 1}`),
        width: 2, points: { size: 6 }, value: (_, value) => (value === null ? "–" : axis(value)) }))],
  };
}

/** Names of whole days; between them an axis of few points has none. */
function days(_, splits) {
  return splits.map(at => (at % 86_400 ? "" : iso(at).slice(5)));
}

const iso = seconds => new Date(seconds * 1_000).toISOString().slice(0, 10);
