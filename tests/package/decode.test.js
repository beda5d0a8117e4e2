// The text of the WebAssembly module in the inlined entry.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { transform } from "esbuild";
import { encode } from "../../scripts/encode.js";
import { alphabet, decode } from "../../src/js/decode.js";

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

test("every byte comes back", () => {
  for (const bytes of [everyByte, new Uint8Array(), new Uint8Array(randomBytes(100_000))]) {
    assert.deepEqual(decode(encode(bytes)), bytes);
  }
});

test("there is one character for each byte, and none that changes on the way", () => {
  assert.equal(new Set(alphabet()).size, 256);
  const text = encode(everyByte);
  assert.equal(text.normalize("NFC"), text);
  assert.equal(new TextDecoder().decode(new TextEncoder().encode(text)), text);
  // No quote, no escape, no template, no control character, nothing that is invisible, nothing that HTML reads in a script.
  assert.doesNotMatch(text, /["'`\\$<]|\p{C}|\p{M}|[^\P{Z} ]/u);
});

test("it is the same string after a minifier that escapes what is not ASCII", async () => {
  const source = `globalThis.text = ${JSON.stringify(encode(everyByte))};`;
  for (const charset of ["ascii", "utf8"]) {
    const { code } = await transform(source, { minify: true, charset });
    const [, written] = code.match(/=(".*");/s);
    assert.deepEqual(decode(JSON.parse(written.replace(/\\x(..)/g, "\\u00$1"))), everyByte, charset);
  }
});
