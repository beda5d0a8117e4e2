export const sizeOf = (chunk) => chunk.byteLength;

/** Copies a chunk into WebAssembly's memory. */
export const copy = (chunk, to) => to.set(chunk);

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The texts that lie one after the other, each with a CR behind it. What is not UTF-8 becomes U+FFFD. */
export const texts = (bytes) => decoder.decode(bytes).split("\r");
