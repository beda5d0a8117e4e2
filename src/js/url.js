import { show } from "./show.js";

/**
 * An absolute address without a slash at its end, from an absolute one or one relative to the page (or the worker's
 * script); without a page only an absolute one will do. Undefined for what no client may have.
 */
export function resolveBase(value) {
  if (typeof value !== "string" || value === "") return undefined;
  try {
    const { document, location } = globalThis;
    const url = new URL(value, document?.baseURI ?? location?.href);
    const isBare = !(url.username || url.password || url.search || url.hash);
    return isBare && /^https?:$/.test(url.protocol) ? url.origin + url.pathname.replace(/\/+$/, "") : undefined;
  } catch {
    return undefined;
  }
}

/** A base URL as a message may show it: nothing of it where a password, a token or a key may stand. */
export function showBase(value) {
  if (typeof value !== "string") return show(value);
  return show(value.includes("@") ? "…" : value.replace(/([?#]).*/s, "$1"));
}
