// A WebAssembly module as text, which `src/js/decode.js` reads.

import { alphabet } from "../src/js/decode.js";

/** Writes each byte as one character: compressed, that takes less than base64, where a byte is spread over two characters. */
export function encode(bytes) {
  const characters = alphabet();
  return Array.from(bytes, (byte) => characters[byte]).join("");
}
