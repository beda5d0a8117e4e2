import { createParser } from "eventsource-parser";
import { address } from "./address.js";

/** As fast as the package can be used: a read loop by hand instead of its stream. */
export async function watch({ signal, onEvent, ...request }) {
  const { body } = await fetch(address(request), { signal });
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let state;
  let isComplete = false;
  const parser = createParser({
    onEvent({ event: type, data: text }) {
      const data = JSON.parse(text);
      onEvent?.({ type, data });
      if (type === "state") state = data;
      if (type === "complete") isComplete = true;
    },
  });
  while (!isComplete) {
    const { done, value } = await reader.read();
    if (done) throw new Error("the stream has ended without `complete`");
    parser.feed(decoder.decode(value, { stream: true }));
  }
  reader.cancel();
  return state;
}
