import { fetchEventSource } from "@microsoft/fetch-event-source";
import { address } from "./address.js";

/** The package ends its promise when it is aborted, so that is how it is told that it has done its work. */
export async function watch({ signal, onEvent, ...request }) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  signal?.addEventListener("abort", abort);
  let state;
  await fetchEventSource(address(request), {
    signal: controller.signal,
    openWhenHidden: true,
    onmessage({ event: type, data: text }) {
      const data = JSON.parse(text);
      onEvent?.({ type, data });
      if (type === "state") state = data;
      if (type === "complete") abort();
    },
    onerror(error) {
      throw error;
    },
  });
  signal?.removeEventListener("abort", abort);
  signal?.throwIfAborted();
  return state;
}
