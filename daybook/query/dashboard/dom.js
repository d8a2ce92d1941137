/** Elements out of text: nothing here or elsewhere parses a string as HTML. */

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; strings and numbers become text. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same of SVG. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** A name or id that somebody else chose: its direction of writing ends where it does. */
export function named(text) {
  return h("bdi", { class: "named" }, text);
}

/**
 * A table that can be scrolled by keyboard where it is too wide.
 * @param caption what it tells
 * @param columns {title, cell(row), text?}: `text` are columns that are no numbers
 */
export function table(caption, columns, rows) {
  const head = columns.map(each =>
    h("th", { scope: "col", class: each.text ? "text" : "number" }, each.title));
  const body = rows.map(row => h("tr", {}, ...columns.map((each, at) =>
    h(at ? "td" : "th", at ? { class: each.text ? "text" : "number" } : { scope: "row" },
      each.cell(row)))));
  return h("div", { class: "wide", role: "region", "aria-label": caption, tabindex: "0" },
    h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, ...head)),
      h("tbody", {}, ...body)));
}

/** A number with what it is, as a pair of a `dl`. */
export function fact(what, value, note) {
  return h("div", { class: "fact" }, h("dt", {}, what),
    h("dd", {}, value, note ? h("span", { class: "quiet" }, note) : ""));
}

export function facts(...pairs) {
  return h("dl", { class: "facts" }, ...pairs);
}

/** What stands where there is nothing to show: what is missing, and what to do. */
export function empty(missing, remedy) {
  return h("p", { class: "empty" }, h("strong", {}, missing), " ", remedy);
}

/** A bar beside its number, for eyes alone. `share` is cut to 0 to 1. */
export function bar(share) {
  const fill = h("span", { class: "fill" });
  fill.style.width = `${100 * Math.max(0, Math.min(1, share || 0))}%`;
  return h("span", { class: "bar", "aria-hidden": "true" }, fill);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.map(each => (each instanceof Node ? each : String(each ?? ""))));
  return element;
}
