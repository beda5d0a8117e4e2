import { address } from "./address.js";

/** What a page would write by hand with `fetch`: decode, split, parse. */
export async function watch({ signal, onEvent, ...request }) {
  const { body } = await fetch(address(request), { signal, headers: { accept: "text/event-stream" } });
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let state;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error("the stream has ended without `complete`");
    const frames = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = frames.pop();
    for (const frame of frames) {
      const { type, data } = parse(frame);
      onEvent?.({ type, data });
      if (type === "state") state = data;
      if (type !== "complete") continue;
      reader.cancel();
      return state;
    }
  }
}

function parse(frame) {
  let type = "message";
  let text = "";
  for (const line of frame.split("\n")) {
    if (line.startsWith("event: ")) type = line.slice(7);
    else if (line.startsWith("data: ")) text += line.slice(6);
  }
  return { type, data: JSON.parse(text) };
}
