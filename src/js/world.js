/**
 * The globals of one instance of the WebAssembly module: wasm-bindgen's glue uses them instead of the platform's. They
 * record what is open, and catch what the module throws. Such an exception cannot be handled inside the module: a panic and
 * a trap run no destructor. So any exception ends the instance: all that is open is closed, and it is never entered again.
 *
 * @param onCrash - called once, with what the module has thrown.
 */
export function makeWorld(onCrash) {
  /** For each thing that is open, a function that closes it. */
  const open = new Set();
  let isOver = false;

  function enter(call) {
    if (isOver) return undefined;
    try {
      return call();
    } catch (error) {
      if (isOver) return undefined;
      isOver = true;
      for (const close of open) close();
      onCrash(error);
    }
  }

  /** Gives a function that closes something once: it is called at the end, or earlier. */
  function track(close) {
    const once = () => {
      if (open.delete(once)) close();
    };
    open.add(once);
    return once;
  }

  /** An event target's methods, with listeners that can be removed from outside. */
  function listen(target) {
    const removers = new Map();
    return {
      addEventListener(type, callback) {
        const listener = (event) => enter(() => callback(event));
        target.addEventListener(type, listener);
        const remove = track(() => target.removeEventListener?.(type, listener));
        removers.set(callback, remove);
      },
      removeEventListener(_, callback) {
        removers.get(callback)?.();
        removers.delete(callback);
      },
    };
  }

  function EventSource(url, init) {
    const source = new globalThis.EventSource(url, init);
    return {
      ...listen(source),
      close: track(() => source.close()),
      get readyState() {
        return source.readyState;
      },
    };
  }

  function AbortController() {
    const controller = new globalThis.AbortController();
    return { signal: controller.signal, abort: track(() => controller.abort()) };
  }

  const globals = {
    // Timers are looked up when they are set: a test may have replaced them. A timer's id is the function that clears it.
    setTimeout(callback, ms) {
      const id = globalThis.setTimeout(() => {
        clear();
        enter(callback);
      }, ms);
      const clear = track(() => globalThis.clearTimeout(id));
      return clear;
    },
    clearTimeout: (clear) => clear(),
    // Not the platform's, which Jest's fake timers replace.
    queueMicrotask: (callback) => void Promise.resolve().then(() => enter(callback)),
    EventSource,
    AbortController,
  };

  /** The page, whose events wake a watch; undefined where there is none. */
  const page = () => (globalThis.location && globalThis.addEventListener ? listen(globalThis) : undefined);

  return { globals, enter, listen, page };
}
