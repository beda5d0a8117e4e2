import { ask, settle, source } from "./sources.js";

/** Sends a request, and waits for the head of the answer (a source). To stop it is to abort it, its body included. */
export const send = (url, headers, withCookies, isFollowing, tell) =>
  source(tell, (tell) => {
    const controller = new AbortController();
    // Not the redirect mode "error", which workerd does not take, and which looks like a server that cannot be reached.
    const redirect = isFollowing ? "follow" : "manual";
    const init = { headers, redirect, cache: "no-store", signal: controller.signal };
    if (withCookies) init.credentials = "include";
    settle(async () => {
      const response = await fetch(url, init);
      // A page may have put anything in the place of `fetch`.
      if (response instanceof Response) return response;
      throw new TypeError("`fetch` gave no Response");
    }, tell);
    return () => controller.abort();
  });

/** Waits for the whole body (a source). */
export const readText = (response, tell) => ask(() => response.text(), tell);

/** The content type of the answer, as the server has written it. */
export const contentTypeOf = (response) => response.headers.get("Content-Type") ?? "";

/** The milliseconds that the server asks to wait: until a date, or a number of seconds (RFC 9110, 10.2.3); or NaN. */
export function retryAfterOf(response) {
  const value = response.headers.get("Retry-After")?.trim() ?? "";
  return /^\d+$/.test(value) ? value * 1000 : Date.parse(value) - Date.now();
}
