/** So many bytes are worth handing over at once. */
const ENOUGH = 2 ** 14;

/** Reads a body. Small chunks are handed over together: every crossing into WebAssembly has its price. */
export class Reader {
  #reader;
  /** A read that has begun, but not ended. */
  #ahead;

  /** Throws, if somebody else is reading the body. */
  open(body) {
    this.#reader = body?.getReader();
  }

  /** The bytes that come next, with those that are there already; undefined at the end. */
  async read() {
    const { done, value } = (await (this.#ahead ?? this.#reader?.read())) ?? { done: true };
    this.#ahead = undefined;
    if (done) return undefined;
    // A page may have put anything in the place of a body.
    if (!(value instanceof Uint8Array)) throw new TypeError("the body gives something else than bytes");
    const chunks = [value];
    let size = value.byteLength;
    let result;
    const keep = (value) => {
      result = value;
    };
    while (size < ENOUGH) {
      result = undefined;
      this.#ahead = this.#reader.read();
      this.#ahead.then(keep, ignore);
      // What is there is read before this goes on.
      await undefined;
      if (!(result?.value instanceof Uint8Array)) break;
      this.#ahead = undefined;
      chunks.push(result.value);
      size += result.value.byteLength;
    }
    return chunks.length === 1 ? value : concatenate(chunks, size);
  }

  /** Lets go of the body, whatever is under way. */
  async cancel() {
    try {
      await this.#reader?.cancel();
    } catch {
      // It is gone anyhow.
    }
  }
}

/** A read that fails is for the next call to tell, if there is one. */
function ignore() {}

function concatenate(chunks, size) {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
