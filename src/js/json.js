/** Parses JSON; undefined, which JSON has no way to say, where it is none. */
export function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is wrong with a text that is not JSON. */
export function whyNotJson(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error.message;
  }
}

/** A field of an object; undefined for what has none. */
export const get = (value, name) => value?.[name];

/** How many items an array has; undefined for anything else. */
export const lengthOf = (value) => (Array.isArray(value) ? value.length : undefined);

/** The value's status, if it is a string. */
export function statusOf(value) {
  const status = value?.status;
  return typeof status === "string" ? status : undefined;
}

/** The payload of an `error` event that is made here. */
export const errorPayload = (error) => ({ error });

/** The payload of a `timeout` event that is made here. */
export function timeoutPayload(error, elapsed, target) {
  return target === undefined ? { error, elapsed } : { error, elapsed, target };
}
