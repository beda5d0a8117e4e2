import { Client } from "./client.js";
import { DELAY, isDelay } from "./delay.js";
import { ValidationError } from "./errors.js";
import { tellEvent } from "./events.js";
import { isObject, mustBe, show } from "./show.js";
import { isSignal } from "./signal.js";
import { onAbort, sleep } from "./sources.js";
import { messageOf } from "./thrown.js";

/**
 * One call of the API's, as WebAssembly sees it: what was asked for, and the world to find out in. What JavaScript alone
 * can tell is checked here (the client, the signal, the functions), the request's own fields are in WebAssembly.
 */
export class Call {
  #errors = [];
  #client;
  #request;
  #signal;
  #onEvent;
  /** What `retryDelay` has thrown. */
  #thrown;

  /** The arguments are plain copies, so no getter can throw. `signal` and `onEvent` may stand in both: the options win. */
  constructor(config, request, options) {
    const refuse = (field, message) => this.refuse(field, message);
    const readObject = (field, value) => {
      if (isObject(value)) return value;
      refuse(field, mustBe("an object", value));
      return {};
    };
    this.#client = new Client(config, refuse);
    const given = options === undefined ? {} : readObject("options", options);
    this.#request = readObject("request", request);
    for (const { signal, onEvent } of [this.#request, given]) {
      this.#signal = readSignal(signal, refuse) ?? this.#signal;
      this.#onEvent = readFunction(onEvent, refuse) ?? this.#onEvent;
    }
    // Its fields are not looked at then.
    if (!isObject(request)) throw this.refused(0);
  }

  /** What stands in a field of the request. */
  get(field) {
    return this.#request[field];
  }

  /** The same, as an error message shows it. */
  show(field) {
    return show(this.get(field));
  }

  /** A bad argument, in words that follow the field's name. */
  refuse(field, message) {
    this.#errors.push({ field, message });
  }

  /** What the promise rejects with, if an argument was bad. */
  refused(attempts, lastState) {
    return this.#errors.length > 0 ? new ValidationError(this.#errors, attempts, lastState, this.#thrown) : undefined;
  }

  get isAborted() {
    return this.#signal?.aborted === true;
  }

  /** Why the signal has aborted: the very value that its controller was given. */
  get reason() {
    return this.#signal.reason;
  }

  // Sources: each begins, and gives the function that stops it.

  onAbort(tell) {
    return onAbort(this.#signal, tell);
  }

  sleep(ms, tell) {
    return sleep(ms, tell);
  }

  open(path, tell) {
    return this.#client.open(path, tell);
  }

  read(path, tell) {
    return this.#client.read(path, tell);
  }

  // The caller's functions. Once the signal has aborted they are not called any more, though a chunk may hold many events.

  onEvent(kind, data, attempt, retryIn) {
    if (this.#onEvent && !this.isAborted) tellEvent(this.#onEvent, kind, data, attempt, retryIn);
  }

  /** The milliseconds that `retryDelay` gives, or what is wrong with what it gives. */
  retryDelay(attempt, error) {
    if (this.isAborted) return 0;
    try {
      const { retryDelay } = this.#request;
      const given = retryDelay(attempt, error);
      return isDelay(given) ? given : `must give ${DELAY}, but has given ${show(given)}`;
    } catch (cause) {
      this.#thrown = { cause };
      return `must give a number of milliseconds, but has thrown: ${messageOf(cause)}`;
    }
  }
}

function readSignal(value, refuse) {
  // `null` is what `fetch` takes for no signal, too.
  if (value === undefined || value === null) return undefined;
  if (!isSignal(value)) refuse("signal", mustBe("an AbortSignal", value));
  return value;
}

function readFunction(value, refuse) {
  if (value !== undefined && typeof value !== "function") refuse("onEvent", mustBe("a function", value));
  return value;
}
