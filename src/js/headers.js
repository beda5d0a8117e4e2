/** What a header's value may hold (RFC 9110, 5.5), in characters that byte strings hold. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The value, if it is a string that can be sent as a header's; else undefined. */
export function headerValue(value) {
  return typeof value === "string" && value.trim() !== "" && SENDABLE.test(value) ? value : undefined;
}

/** `Headers` from an object of strings or from another `Headers`; undefined for anything else. */
export function headerFields(value) {
  try {
    if (typeof value !== "object" || !Object.values(value).every((value) => typeof value === "string"))
      return undefined;
    const headers = new Headers(value);
    return [...headers].every(([, value]) => SENDABLE.test(value)) ? headers : undefined;
  } catch {
    // What is wrong would be said with the value, which may be secret.
    return undefined;
  }
}

/** The headers of a request: what is undefined is left out. */
export function makeHeaders(accept, fields, version, apiKey) {
  const headers = new Headers(fields);
  const ours = { Accept: accept, "X-Phala-Version": version, "X-API-Key": apiKey };
  for (const [name, value] of Object.entries(ours)) if (value !== undefined) headers.set(name, value);
  return headers;
}
