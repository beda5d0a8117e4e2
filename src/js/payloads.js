import { NotJson, parse } from "./json.js";

export const sizeOf = (chunk) => chunk.byteLength;

/** Copies a chunk into WebAssembly's memory. */
export const copy = (chunk, to) => to.set(chunk);

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What is said by the texts that lie one after the other, each with a CR behind it. What is not UTF-8 becomes U+FFFD. */
export const payloadsOf = (bytes) => decoder.decode(bytes).split("\r").slice(0, -1).map(parse);

/** One of them; undefined for one that is not JSON. */
export function payloadAt(list, index) {
  const payload = list[index];
  return payload instanceof NotJson ? undefined : payload;
}

/** Why it is not, if it is not. */
export const whyNotJson = (list, index) => (list[index] instanceof NotJson ? list[index].reason : undefined);
