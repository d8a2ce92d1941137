/** Server-sent events of the API, read by fetch: the browser's own EventSource can show no key. */

import { call } from "./api.js";

const AGAIN_MS = 2_000;
const AGAIN_MS_MAX = 30_000;
const SILENT_MS = 40_000; // a stream shows every 15 s that it lives

/**
 * Reads a channel until `signal` is aborted; begins again whenever it was cut.
 * @param heard (name, data) of each event
 * @param cut () once there is no stream, also at a first try that failed
 */
export async function listen(channel, parameters, heard, cut, signal) {
  let lastId = null;
  let wait = AGAIN_MS;
  const told = ({ id, event, data }) => {
    lastId = id ?? lastId;
    wait = AGAIN_MS;
    // In a turn of its own: a mistake of the page cuts no stream, and stands in the console.
    setTimeout(() => heard(event, JSON.parse(data)));
  };
  while (!signal.aborted) {
    await connect(channel, parameters, lastId, told, signal);
    if (signal.aborted) return;
    setTimeout(cut);
    await pause(wait * (1 + Math.random() / 2), signal);
    wait = Math.min(2 * wait, AGAIN_MS_MAX);
  }
}

/** One stream, until it is cut: whatever cut it, the next is tried in a while. */
async function connect(channel, parameters, lastId, told, signal) {
  const own = new AbortController();
  const end = () => own.abort();
  signal.addEventListener("abort", end);
  let silent = setTimeout(end, SILENT_MS);
  const lives = () => {
    clearTimeout(silent);
    silent = setTimeout(end, SILENT_MS);
  };
  try {
    const headers = lastId === null ? {} : { "Last-Event-ID": lastId };
    const reply = await call(["stream"], { ...parameters, channel }, own.signal, headers);
    await read(reply.body.getReader(), told, lives);
  } catch {
    /* Away, refused, silent or not to be read: `cut` says so. */
  } finally {
    end();
    clearTimeout(silent);
    signal.removeEventListener("abort", end);
  }
}

async function read(reader, told, lives) {
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    lives();
    const parts = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = parts.pop();
    for (const fields of parts.map(fieldsOf)) if (fields.data) told(fields);
  }
}

function fieldsOf(part) {
  return Object.fromEntries(part.split("\n").map(line => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)];
  }));
}

function pause(ms, signal) {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
