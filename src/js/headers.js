/** What a header's value may hold (RFC 9110, 5.5), in characters that byte strings hold. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** `Headers` from an object of strings or from another `Headers`; undefined for anything else. */
export function makeHeaders(value) {
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

/** What a function gives, or rejects with, however it does so. */
export async function ask(provide) {
  return provide();
}
