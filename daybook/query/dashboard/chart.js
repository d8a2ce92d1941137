/** Charts of series over days, each with a table of the same numbers. */

import { h, table } from "./dom.js";
import { dayOf } from "./format.js";

const HEIGHT = 220;
const scheme = matchMedia("(prefers-color-scheme: dark)");

/**
 * A figure with a chart of several series and a table.
 * @param title the title of the figure
 * @param points rows with `timestamp`
 * @param lines {title, value(point), cell(point)}: a number or null for a gap, and the table's text
 * @param axis formats a value of the axis
 */
export function chart(title, points, lines, axis) {
  const container = h("div", { class: "chart", role: "img",
    "aria-label": `${title}, by day; the table below has the same numbers` });
  const columns = [{ title: "Day", text: true, cell: point => dayOf(point.timestamp) },
    ...lines.map(line => ({ title: line.title, cell: line.cell }))];
  draw(container, points, lines, axis);
  return h("figure", {}, h("figcaption", {}, title), container,
    h("details", {}, h("summary", {}, `${title}: as a table`), table(title, columns, points)));
}

/** Draws as soon as the container has a width, and again when its width or the colours change. */
function draw(container, points, lines, axis) {
  const days = points.map(point => Date.parse(`${dayOf(point.timestamp)}T00:00:00Z`) / 1_000);
  const data = [days, ...lines.map(line => points.map(line.value))];
  let plot = null;
  const redraw = () => {
    plot?.destroy();
    plot = container.isConnected && container.clientWidth
      ? new uPlot(options(container.clientWidth, lines, axis), data, container) : null;
  };
  const fit = observer => {
    if (!container.isConnected) {
      observer.disconnect();
      scheme.removeEventListener("change", redraw);
      plot?.destroy();
    } else if (plot) plot.setSize({ width: container.clientWidth, height: HEIGHT });
    else redraw();
  };
  // In the next frame, because drawing changes the observed size.
  new ResizeObserver((_, observer) => requestAnimationFrame(() => fit(observer)))
    .observe(container);
  scheme.addEventListener("change", redraw);
}

function options(width, lines, axis) {
  const colours = getComputedStyle(document.documentElement);
  const colour = name => colours.getPropertyValue(name).trim();
  const common = { stroke: colour("--text"), grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line"), width: 1 } };
  return {
    width,
    height: HEIGHT,
    // Days are calendar days: converted to the browser's time zone they would shift.
    tzDate: seconds => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
    scales: { y: { range: (_, least, most) => [Math.min(0, least ?? 0), (most || 1) * 1.05] } },
    axes: [{ ...common, values: days, space: 70 },
      { ...common, size: 70, values: (_, splits) => splits.map(axis) }],
    series: [{ label: "Day", value: (_, at) => (at === null ? "–" : iso(at)) },
      ...lines.map((line, at) => ({ label: line.title, stroke: colour(`--line-${at + 1}`),
        width: 2, points: { size: 6 }, value: (_, value) => (value === null ? "–" : axis(value)) }))],
  };
}

/** Labels of whole days; other splits, on an axis with few points, have none. */
function days(_, splits) {
  return splits.map(at => (at % 86_400 ? "" : iso(at).slice(5)));
}

const iso = seconds => new Date(seconds * 1_000).toISOString().slice(0, 10);
