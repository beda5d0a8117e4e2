import { createEventSource } from "eventsource-client";
import { address } from "./address.js";

/** The package has no promise of its own: `complete` and the signal settle this one. */
export function watch({ signal, onEvent, ...request }) {
  return new Promise((resolve, reject) => {
    let state;
    const source = createEventSource({
      url: new URL(address(request), location),
      onMessage({ event: type, data: text }) {
        const data = JSON.parse(text);
        onEvent?.({ type, data });
        if (type === "state") state = data;
        if (type !== "complete") return;
        source.close();
        resolve(state);
      },
    });
    signal?.addEventListener("abort", () => {
      source.close();
      reject(signal.reason);
    });
  });
}
