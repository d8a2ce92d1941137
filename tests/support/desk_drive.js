/* Opens the dashboard in a frame, runs a test's script beside it, and posts what came of it. */

const PATIENCE_MS = 30_000;
const SHADES = 15;

const until = check => new Promise((resolve, reject) => {
  const end = Date.now() + PATIENCE_MS;
  const look = () => {
    if (check()) resolve();
    else if (Date.now() > end) reject(new Error(`never: ${check}`));
    else setTimeout(look, 20);
  };
  look();
});

async function drive({ key, width, choice }, does) {
  if (key) sessionStorage.setItem("daybook.key", key);
  const frame = document.createElement("iframe");
  frame.width = width;
  frame.height = 900;
  frame.src = "/#" + new URLSearchParams(choice);
  document.body.append(frame);
  await new Promise(resolve => frame.addEventListener("load", resolve, { once: true }));
  const window = frame.contentWindow;
  const post = told => parent.postMessage(told, "*");
  try {
    await settled(window.document);
    const value = await does(window.document, window);
    const asked = window.performance.getEntriesByType("resource").map(one => new URL(one.name).origin);
    post({ value: value ?? null, errors: window.seen, origins: [...new Set(asked)] });
  } catch (error) {
    post({ failed: `${error} ${error.stack}`, errors: window.seen });
  }
}

/* Every report is read, or somebody is asked for a key. */
const settled = page => until(() => !page.getElementById("sign-in").hidden
  || page.getElementById("reports").getAttribute("aria-busy") === "false");

const text = (page, selector) => page.querySelector(selector)?.textContent;

const rows = (page, selector) => [...page.querySelectorAll(`${selector} tbody tr`)].map(row =>
  [...row.cells].map(cell => cell.textContent));

const facts = (page, selector) => Object.fromEntries(
  [...page.querySelectorAll(`${selector} .fact`)].map(one =>
    [one.querySelector("dt").textContent, one.querySelector("dd").firstChild.textContent]));

/* A picture of what the frame shows: its elements and styles, drawn again. The colours that there
   are, and for each pixel the number of its own; both in base64. */
async function picture(page, width, height) {
  // In this document: that of the page allows no image out of data.
  const copy = document.importNode(page.documentElement, true);
  const originals = page.querySelectorAll("canvas");
  copy.querySelectorAll("canvas").forEach((canvas, at) => {
    const image = document.createElement("img");
    image.src = originals[at].toDataURL();
    image.setAttribute("style", canvas.getAttribute("style") || "");
    canvas.replaceWith(image);
  });
  for (const field of copy.querySelectorAll("input")) {
    field.setAttribute("value", page.getElementById(field.id).value);
  }
  for (const option of copy.querySelectorAll("option")) {
    if (option.value === page.getElementById("funnel").value) option.setAttribute("selected", "");
  }
  const sheets = [...page.querySelectorAll("link[rel=stylesheet]")];
  const styles = await Promise.all(sheets.map(async one => (await fetch(one.href)).text()));
  copy.querySelectorAll("script, noscript, link").forEach(one => one.remove());
  const style = document.createElement("style");
  style.textContent = styles.join("\n");
  copy.querySelector("head").append(style);
  const markup = new XMLSerializer().serializeToString(copy);
  const image = new Image();
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">`
    + `<foreignObject width="100%" height="100%">${markup}</foreignObject></svg>`);
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, width, height);
  const known = new Map();
  let numbers = "";
  for (let at = 0; at < pixels.data.length; at += 4) {
    const colour = String.fromCharCode(...[0, 1, 2].map(each => shade(pixels.data[at + each])));
    if (!known.has(colour)) known.set(colour, String.fromCharCode(known.size));
    numbers += known.get(colour);
  }
  return { palette: btoa([...known.keys()].join("")), pixels: btoa(numbers) };
}

/* Fewer of them than there are: edges of letters have some hundred. White stays white. */
const shade = value => 255 - SHADES * Math.round((255 - value) / SHADES);
