// Functions that Rust calls where web-sys has none. Rust names this file and errors.js, and wasm-pack runs copies of both, so
// they import nothing.

const LONGEST = 80;

/** A value as an error message shows it: short, and without what is inside an object. */
export function show(value) {
  if (typeof value === "string") return JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);
  if (typeof value === "function") return "a function";
  // A revoked proxy throws.
  if (isObject(value)) return tryTo(() => Array.isArray(value)) ? "an array" : "an object";
  return typeof value === "bigint" ? `${value}n` : String(value);
}

/** A function's result; undefined if it throws. Reading a value from outside may run a getter or a proxy. */
export function tryTo(read) {
  try {
    return read();
  } catch {
    return undefined;
  }
}

export const isObject = (value) => typeof value === "object" && value !== null;

/** A copy of a value that is an array, and can be read. */
export const listOf = (value) => tryTo(() => (Array.isArray(value) ? [...value] : undefined));

/** Whether a value has the methods of an abort signal; its class does not matter (see src/browser/value.rs). */
export const isSignal = (value) =>
  tryTo(() => typeof value.aborted === "boolean" && typeof value.addEventListener === "function") === true;

/** The first abort signal in a call's arguments. */
export const signalOf = (...given) => given.map((given) => given?.signal).find(isSignal);

/** The values that a header may have (RFC 9110, 5.5), in characters that byte strings can hold. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** A text that is not empty and can be sent as a header's value; undefined for anything else. */
export const readHeaderValue = (value) =>
  typeof value === "string" && value.trim() && SENDABLE.test(value) ? value : undefined;

/** `Headers` from an object of strings or from other `Headers`; undefined for what cannot be sent. */
export function readHeaders(value) {
  // Its error could quote a value, which may be secret.
  return tryTo(() => {
    if (!isObject(value) || !Object.values(value).every((value) => typeof value === "string")) return undefined;
    const headers = new Headers(value);
    return [...headers].every(([, value]) => SENDABLE.test(value)) ? headers : undefined;
  });
}

/** Calls `fetch`. One that ignores its signal may answer after the abort: then the body is cancelled here. */
export async function sendRequest(fetch, url, init) {
  const response = await fetch(url, init);
  if (init.signal.aborted) await response.body?.cancel();
  return response;
}

/** A reader of a body: of the standard's streams, or of whatever else gives chunks (a Node stream). Without a body it ends. */
export function readerOf(body) {
  if (typeof body?.getReader === "function") return body.getReader();
  const chunks = body ?? [];
  const iterator = chunks[Symbol.asyncIterator]?.() ?? chunks[Symbol.iterator]();
  return { read: () => iterator.next(), cancel: () => iterator.return?.() };
}

/** Calls the callback with the payload's fields and ours. What it throws, or rejects with, is reported as uncaught. */
export async function tell(onEvent, payload, fields) {
  try {
    const own = Array.isArray(payload) || typeof payload === "string" ? undefined : payload;
    const event = { ...own, ...fields, data: payload };
    // It tells of a next attempt, which only we know of.
    if (!("retryIn" in fields)) delete event.retryIn;
    await onEvent(event);
  } catch (error) {
    reportUncaught(error);
  }
}

function reportUncaught(error) {
  try {
    reportError(error);
  } catch {
    // There is no `reportError`, or the page's own one throws.
    setTimeout(() => {
      throw error;
    });
  }
}

/** A hint for the developer of the page. Without a console there is no place to write it to. */
export const warn = (hint) => tryTo(() => console.warn(hint));
