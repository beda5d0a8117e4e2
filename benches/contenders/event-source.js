import { address } from "./address.js";

/** What a page would write by hand with the browser's EventSource. No code can do less, so it is the limit. */
export function watch({ signal, onEvent, ...request }) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(address(request));
    let state;
    const hear = (type, then) =>
      source.addEventListener(type, ({ data }) => {
        const payload = JSON.parse(data);
        onEvent?.({ type, data: payload });
        then(payload);
      });
    hear("state", (payload) => {
      state = payload;
    });
    hear("complete", () => {
      source.close();
      resolve(state);
    });
    signal?.addEventListener("abort", () => {
      source.close();
      reject(signal.reason);
    });
  });
}
