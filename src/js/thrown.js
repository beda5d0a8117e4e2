// What JavaScript throws: anything.

/** The message of something thrown; with the system's code of its cause, which says more than Node's "fetch failed". */
export function messageOf(thrown) {
  const message = text(() => thrown.message) ?? text(() => thrown) ?? "an unknown error";
  const code = text(() => thrown.cause.code);
  return code === undefined ? message : `${message} (${code})`;
}

/** The name of something thrown. */
export function nameOf(thrown) {
  return text(() => thrown.name) ?? "no error, but something else";
}

/** The string that is got, if it is one: what was thrown may throw itself when it is looked at. */
function text(get) {
  try {
    const value = get();
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
