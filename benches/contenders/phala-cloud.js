import { createClient, watchCvmState } from "@phala/cloud";

/** The published SDK. To it, `maxRetries` is the number of attempts. */
export function watch({ baseURL, id, target, signal, onEvent }) {
  const client = createClient({ baseURL });
  return watchCvmState(client, { id, target, maxRetries: 1 }, { signal, onEvent });
}
