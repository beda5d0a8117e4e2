import { createClient } from "../../pkg/index.js";

/** Ours, over the transport that is asked for. */
export function watch({ baseURL, transport, ...request }) {
  // As many streams as the others open, which know no limit.
  return createClient({ baseURL, transport, maxStreams: Number.POSITIVE_INFINITY }).watchCvmState({
    maxRetries: 0,
    ...request,
  });
}
