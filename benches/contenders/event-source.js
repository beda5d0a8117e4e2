import { address } from "./address.js";

/** What a page would write by hand with the browser's EventSource. It is the limit: nothing less does the work. */
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
