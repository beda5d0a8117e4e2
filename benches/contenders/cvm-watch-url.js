import { createClient } from "../../pkg/url.js";

/** Ours, with the WebAssembly module in a file of its own. */
export function watch({ baseURL, transport, ...request }) {
  return createClient({ baseURL, transport }).watchCvmState({ maxRetries: 0, ...request });
}
