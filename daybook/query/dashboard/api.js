/** Calls the API of this origin; failures are Problems with texts for people. */

const BASE = "/api/v1/analytics/";
const STORAGE_KEY = "daybook.key";
const INVALID = "The response cannot be read.";

/** A failed request. `status` is the HTTP status, or 0 if the service could not be reached. */
export class Problem extends Error {
  constructor(status, title, detail, retrySeconds = null) {
    super(detail);
    Object.assign(this, { status, title, detail, retrySeconds });
  }
}

/** The key or token of this tab, in storage that ends with the tab. */
export const key = {
  get: () => sessionStorage.getItem(STORAGE_KEY),
  set: text => sessionStorage.setItem(STORAGE_KEY, text),
  forget: () => sessionStorage.removeItem(STORAGE_KEY),
};

/**
 * The body of a report.
 * @param path segments below /api/v1/analytics, not yet encoded
 * @param parameters query parameters; empty ones are omitted
 * @throws Problem, and AbortError once `signal` is aborted
 */
export async function report(path, parameters, signal) {
  const response = await call(path, parameters, signal);
  const body = await json(response);
  if (body) return body;
  throw new Problem(response.status, `Status ${response.status}`, INVALID);
}

/** A successful response whose body is not read yet. Throws like `report`. */
export async function call(path, parameters, signal, headers = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value));
  const address = `${BASE}${path.map(encodeURIComponent).join("/")}?${query}`;
  const token = key.get();
  const sent = token ? { ...headers, Authorization: `Bearer ${token}` } : headers;
  let response;
  try {
    response = await fetch(address,
      { headers: sent, signal, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "The service cannot be reached", "Is it running, and are you online?");
  }
  if (response.ok) return response;
  const body = await json(response);
  throw new Problem(response.status, body?.title ?? `Status ${response.status}`,
    body?.detail ?? INVALID, response.headers.get("Retry-After"));
}

function json(response) {
  return response.json().catch(error => {
    if (error.name === "AbortError") throw error;
    return null;
  });
}

/** The organization in a token's (JWT's) claims, only to prefill the form; null for a key. */
export function organizationOf(token) {
  try {
    const claims = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const organization = JSON.parse(atob(claims)).organization_id;
    return typeof organization === "string" ? organization : null;
  } catch {
    return null; // a key, not a token
  }
}
