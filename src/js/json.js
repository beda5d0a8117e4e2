/** What a text is that is not JSON. */
export class NotJson {
  constructor(reason) {
    this.reason = reason;
  }
}

/** What a text says. */
export function parse(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    return new NotJson(error.message);
  }
}

/** The number that a value is; NaN for anything else. */
export const numberOf = (value) => (typeof value === "number" ? value : Number.NaN);

/** The value's status, if it is a string. */
export function statusOf(value) {
  const status = value?.status;
  return typeof status === "string" ? status : undefined;
}

const wordsIn = (item) =>
  [item, item?.message, item?.error, item?.msg].find((text) => typeof text === "string" && text !== "");

/** What a payload says in words: a string, an object with a `message` or an `error`, or a list of items with a `msg` each. */
export const wordsOf = (payload) =>
  Array.isArray(payload) ? payload.map(wordsIn).filter(Boolean).join("; ") || undefined : wordsIn(payload);

/** The payload of an `error` or `timeout` event that is made here. */
export function makePayload(error, elapsed, target) {
  const payload = { error };
  if (elapsed !== undefined) payload.elapsed = elapsed;
  if (target !== undefined) payload.target = target;
  return payload;
}
