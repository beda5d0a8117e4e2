/**
 * The character that encodes each byte. The low bytes, which are most of a WebAssembly module, have printable ASCII, but
 * nothing that ends a string or means something to HTML. The others come from U+00A1 on, two bytes of UTF-8 each. Unicode's
 * normalisation (NFC) changes none of them, and a minifier that escapes them writes the same string.
 */
export const alphabet = () =>
  Array.from({ length: 0x149 }, (_, code) => String.fromCharCode(code)).filter(
    (character) => /[ -~¡-ň]/.test(character) && !/["$'<\\`\xad]/.test(character),
  );

/** Reads the bytes that `scripts/encode.js` has written as text. */
export function decode(text) {
  const byteOf = new Uint8Array(0x149);
  for (const [byte, character] of alphabet().entries()) byteOf[character.charCodeAt(0)] = byte;
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = byteOf[text.charCodeAt(index)];
  return bytes;
}
