import { createClient } from "../../pkg/index.js";

/** Ours, over the transport that is asked for. */
export function watch({ baseURL, transport, ...request }) {
  return createClient({ baseURL, transport }).watchCvmState({ maxRetries: 0, ...request });
}
