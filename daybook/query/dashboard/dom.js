/** Creates elements; nothing in the dashboard parses a string as HTML. */

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; strings and numbers become text. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** A name or id from outside; `bdi` isolates its writing direction. */
export function named(text) {
  return h("bdi", { class: "named" }, text);
}

/**
 * A table that can be scrolled by keyboard if it is too wide.
 * @param caption the table's caption
 * @param columns {title, cell(row), text?}: `text` is true for columns that are not numbers
 */
export function table(caption, columns, rows) {
  const head = columns.map(column =>
    h("th", { scope: "col", class: column.text ? "text" : "number" }, column.title));
  const body = rows.map(row => h("tr", {}, ...columns.map((column, at) =>
    h(at ? "td" : "th", at ? { class: column.text ? "text" : "number" } : { scope: "row" },
      column.cell(row)))));
  return h("div", { class: "wide", role: "region", "aria-label": caption, tabindex: "0" },
    h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, ...head)),
      h("tbody", {}, ...body)));
}

/** A labelled number, as a pair of a `dl`. */
export function fact(label, value, note) {
  return h("div", { class: "fact" }, h("dt", {}, label),
    h("dd", {}, value, note ? h("span", { class: "quiet" }, note) : ""));
}

export function facts(...pairs) {
  return h("dl", { class: "facts" }, ...pairs);
}

/** Shown instead of empty content: what is missing, and what to do about it. */
export function empty(missing, remedy) {
  return h("p", { class: "empty" }, h("strong", {}, missing), " ", remedy);
}

/** A bar beside its number, hidden from screen readers. `share` is clamped to 0 to 1. */
export function bar(share) {
  const inner = h("span", { class: "fill" });
  inner.style.width = `${100 * Math.max(0, Math.min(1, share || 0))}%`;
  return h("span", { class: "bar", "aria-hidden": "true" }, inner);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.map(child => (child instanceof Node ? child : String(child ?? ""))));
  return element;
}
