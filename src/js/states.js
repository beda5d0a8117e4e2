import { isObject, signalOf, tryTo } from "./values.js";

/**
 * Every state of a CVM, as an async iterable: each `for await` over it is a loop of its own. Not an async generator, whose
 * `return()` waits for the `next()` that is pending: here it settles that at once, as an abort does.
 *
 * @param request - gives the request.
 * @param next - gives the next memory of a loop, whose `lastState` is the next state; undefined is the first memory.
 */
export const statesOf = (request, next) => ({ [Symbol.asyncIterator]: () => iterate(request, next) });

function iterate(request, next) {
  const signal = signalOf(tryTo(request));
  let memory;
  let isOver = false;
  /** Ends the step that is pending. */
  let end = () => {};
  let turn = Promise.resolve();
  const done = { done: true, value: undefined };

  async function step() {
    if (isOver) return done;
    // Where there is no AbortController, the call rejects and says so.
    const controller = tryTo(() => new AbortController());
    const abort = () => controller?.abort(signal.reason);
    end = () => controller?.abort();
    try {
      if (signal?.aborted) abort();
      signal?.addEventListener("abort", abort);
      memory = await next(withSignal(request(), controller?.signal), memory);
      return isOver ? done : { done: false, value: memory.lastState };
    } catch (error) {
      if (isOver) return done;
      isOver = true;
      throw error;
    } finally {
      tryTo(() => signal?.removeEventListener("abort", abort));
    }
  }

  /** One step at a time. Nothing else may await this promise: else V8 does not name the caller's line in a stack. */
  async function stepAfter(before, leave) {
    try {
      await before;
      return await step();
    } finally {
      leave();
    }
  }

  const iterator = {
    next() {
      const before = turn;
      let leave;
      turn = new Promise((resolve) => {
        leave = resolve;
      });
      return stepAfter(before, leave);
    },
    async return(value) {
      isOver = true;
      end();
      return { done: true, value: await value };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  if (Symbol.asyncDispose) iterator[Symbol.asyncDispose] = async () => void (await iterator.return());
  return iterator;
}

/** A bad signal is kept, so that it is reported. */
const withSignal = (request, signal) =>
  isObject(request) && (request.signal ?? undefined) === signalOf(request) ? { ...request, signal } : request;
