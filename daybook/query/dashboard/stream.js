/** Reads server-sent events with fetch, because EventSource cannot send a key. */

import { call } from "./api.js";

const RETRY_MS = 2_000;
const RETRY_MS_MAX = 30_000;
const SILENT_MS = 40_000; // a stream has a heartbeat every 15 s

/**
 * Reads a channel until `signal` is aborted, and reconnects whenever the stream breaks.
 * @param onEvent (name, data) called with each event
 * @param onDisconnect () called when the stream breaks, or cannot be opened
 */
export async function listen(channel, parameters, onEvent, onDisconnect, signal) {
  let lastId = null;
  let wait = RETRY_MS;
  const dispatch = ({ id, event, data }) => {
    lastId = id ?? lastId;
    wait = RETRY_MS;
    // In a task of its own, so that an error of the page does not break the stream.
    setTimeout(() => onEvent(event, JSON.parse(data)));
  };
  while (!signal.aborted) {
    await connect(channel, parameters, lastId, dispatch, signal);
    if (signal.aborted) return;
    setTimeout(onDisconnect);
    await pause(wait * (1 + Math.random() / 2), signal);
    wait = Math.min(2 * wait, RETRY_MS_MAX);
  }
}

/** One connection, until it breaks for whatever reason. */
async function connect(channel, parameters, lastId, dispatch, signal) {
  const connection = new AbortController();
  const end = () => connection.abort();
  signal.addEventListener("abort", end);
  let silent = setTimeout(end, SILENT_MS);
  const keepAlive = () => {
    clearTimeout(silent);
    silent = setTimeout(end, SILENT_MS);
  };
  try {
    const headers = lastId === null ? {} : { "Last-Event-ID": lastId };
    const response = await call(["stream"], { ...parameters, channel }, connection.signal, headers);
    await read(response.body.getReader(), dispatch, keepAlive);
  } catch {
    /* `onDisconnect` reports it. */
  } finally {
    end();
    clearTimeout(silent);
    signal.removeEventListener("abort", end);
  }
}

async function read(reader, dispatch, keepAlive) {
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    keepAlive();
    const parts = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = parts.pop();
    for (const fields of parts.map(fieldsOf)) if (fields.data) dispatch(fields);
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
