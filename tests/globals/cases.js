// What a platform, a framework or a test environment may lack or replace, and the expected result. Each case is run in a
// process of its own: `change` is called before the package is imported, `expect` is one of `outcomes.js`.

import vm from "node:vm";
import { answer, complete, state } from "../e2e/simulator.js";
import { httpFetch } from "./http-fetch.js";
import { failsTheAttempt, gives, namesOrResolves, rejectsWith, rejectsWithTheVeryError, resolves } from "./outcomes.js";

/** A platform without some globals. */
const without =
  (...names) =>
  () => {
    for (const name of names) delete globalThis[name];
  };

/** The same, with a `fetch` that needs none of the platform's globals. */
const sparing =
  (...names) =>
  () => {
    without(...names)();
    globalThis.fetch = httpFetch;
  };

/** A platform whose `fetch` answers something else: `change` gets the real answer and gives another one. */
const answering = (change) => () => {
  const real = globalThis.fetch;
  globalThis.fetch = async (...args) => change(await real(...args));
};

const throwing = (error) => {
  throw error;
};

/** An error as Next's `fetch` throws it while a static page is rendered. */
const digest = (digest) => Object.assign(new Error("a page that is dynamic"), { digest });

/** An answer that has only what is needed, and is of no class. `chunk` changes each chunk of its body. */
const plain = ({ status, headers, body }, chunk = (value) => value) => ({
  status,
  headers: { get: (name) => headers.get(name) },
  body: {
    getReader() {
      const reader = body.getReader();
      return {
        read: async () => {
          const { done, value } = await reader.read();
          return done ? { done, value: undefined } : { done, value: chunk(value) };
        },
        cancel: (reason) => reader.cancel(reason),
      };
    },
  },
});

/** The same bytes, in the middle of a larger buffer. */
function within(View) {
  return (bytes) => {
    const padded = new Uint8Array(bytes.byteLength + 16);
    padded.set(bytes, 8);
    return new View(padded.buffer, 8, bytes.byteLength);
  };
}

const chunks = (chunk) => answering((answer) => plain(answer, chunk));

/** A signal that is none of the platform's, and what it takes to abort it. */
class Signal {
  aborted = false;
  reason = undefined;
  listeners = new Set();
  addEventListener(type, listener) {
    if (type === "abort") this.listeners.add(listener);
  }
  removeEventListener(type, listener) {
    if (type === "abort") this.listeners.delete(listener);
  }
  abort(reason) {
    this.aborted = true;
    this.reason = reason;
    for (const listener of [...this.listeners]) {
      // An EventTarget takes objects, too.
      if (typeof listener === "function") listener.call(this, { type: "abort", target: this });
      else listener.handleEvent({ type: "abort", target: this });
    }
  }
}

/** What a stream tells. */
export const usual = [state("starting"), state("running"), complete()];

/** One that fails before. */
const failing = { script: { streams: [["end"], usual] }, request: { maxRetries: 1, retryDelay: 20 } };

/** A stream with this content type, whose events are in order. */
const typed = (type) => ({
  script: { streams: [[{ respond: { status: 200, headers: { "content-type": type } } }, ...usual]] },
});

export const cases = {
  // A case without any change shows that the harness itself is right.
  "nothing is changed": { expect: resolves },

  // What is needed. Whatever is missing, importing does not throw.
  "no fetch": { change: without("fetch"), expect: rejectsWith("WatchError", /\bfetch\b/) },
  "no Headers": { change: without("Headers"), expect: rejectsWith("WatchError", /\bHeaders\b/) },
  "no AbortController": {
    change: without("AbortController"),
    expect: rejectsWith("WatchError", /\bAbortController\b/),
  },
  "no TextDecoder": { change: without("TextDecoder"), expect: rejectsWith("WatchError", /\bTextDecoder\b/) },
  "no WebAssembly": { change: without("WebAssembly"), expect: rejectsWith("WatchError", /\bWebAssembly\b/) },
  "no TextEncoder": { change: without("TextEncoder"), expect: namesOrResolves("TextEncoder") },
  "no URL": { change: without("URL"), expect: namesOrResolves("URL") },
  "no setTimeout": { change: without("setTimeout"), expect: namesOrResolves("setTimeout") },
  "fetch is undefined": {
    change: () => {
      globalThis.fetch = undefined;
    },
    expect: rejectsWith("WatchError", /\bfetch\b/),
  },
  "fetch is no function": {
    change: () => {
      globalThis.fetch = {};
    },
    expect: rejectsWith("WatchError", /\bfetch\b/),
  },
  "neither fetch nor TextDecoder": {
    change: without("fetch", "TextDecoder"),
    expect: rejectsWith("WatchError", /\b(fetch|TextDecoder)\b/),
  },

  // What is not needed.
  "no EventSource": { change: sparing("EventSource"), expect: resolves },
  "no EventSource, though it is wanted": {
    change: sparing("EventSource"),
    config: { transport: "eventsource" },
    expect: { watch: rejectsWith("ValidationError", /EventSource/).watch },
  },
  "no Response, Request, ReadableStream": {
    change: sparing("Response", "Request", "ReadableStream"),
    expect: resolves,
  },
  "no AbortSignal": { change: sparing("AbortSignal"), expect: resolves },
  "no MessageEvent, Event, EventTarget": { change: sparing("MessageEvent", "Event", "EventTarget"), expect: resolves },
  "no DecompressionStream": { change: sparing("DecompressionStream"), expect: resolves },
  "no DOMException": { change: sparing("DOMException"), expect: resolves },
  "no performance": { change: sparing("performance"), expect: resolves },
  "no atob, btoa": { change: sparing("atob", "btoa"), expect: resolves },
  "no structuredClone": { change: sparing("structuredClone"), expect: resolves },
  "no queueMicrotask": { change: sparing("queueMicrotask"), expect: resolves },
  "no FinalizationRegistry, WeakRef": { change: sparing("FinalizationRegistry", "WeakRef"), expect: resolves },
  "no code from strings": { flags: ["--disallow-code-generation-from-strings"], expect: resolves },

  // `fetch`, as a client's configuration has it.
  "fetch in the configuration, and no global one": {
    change: ({ real }) => {
      delete globalThis.fetch;
      return { config: { fetch: (url, init) => real(url, init) } };
    },
    expect: resolves,
  },
  "fetch in the configuration goes before the global one": {
    change: ({ real }) => {
      globalThis.fetch = () => throwing(digest("the global one was called"));
      return { config: { fetch: (url, init) => real(url, init) } };
    },
    expect: resolves,
  },
  "fetch in the configuration is no function": {
    config: { fetch: "fetch" },
    expect: rejectsWith("ValidationError", /\bfetch\b/),
  },
  "fetch in the configuration, and EventSource is there": {
    change: ({ real }) => {
      globalThis.EventSource = class {
        constructor() {
          throwing(digest("it was opened"));
        }
      };
      return { config: { fetch: (url, init) => real(url, init) } };
    },
    expect: resolves,
  },
  "a fetch that is replaced after the client was made": {
    change: () => {
      globalThis.fetch = () => throwing(digest("the old one was called"));
    },
    later: ({ real }) => {
      globalThis.fetch = real;
    },
    expect: resolves,
  },

  // What `fetch` gives.
  "a fetch on another client of HTTP": { change: sparing(), expect: resolves },
  "an answer of no class": { change: answering((answer) => plain(answer)), expect: resolves },
  "an answer without a promise": {
    change: () => {
      const real = globalThis.fetch;
      globalThis.fetch = (url, init) => {
        const answer = real(url, init);
        const reader = answer.then(({ body }) => body.getReader());
        return {
          status: 200,
          headers: new Headers({ "content-type": new URL(url).search ? "text/event-stream" : "application/json" }),
          body: {
            getReader: () => ({
              read: async () => (await reader).read(),
              cancel: async (reason) => (await reader).cancel(reason),
            }),
          },
        };
      };
    },
    expect: resolves,
  },
  "an answer of a thenable": {
    change: () => {
      const real = globalThis.fetch;
      // biome-ignore lint/suspicious/noThenProperty: a promise of another library is such an object
      globalThis.fetch = (...args) => ({ then: (...callbacks) => real(...args).then(...callbacks) });
    },
    expect: resolves,
  },
  "an answer that is undefined": { change: answering(() => undefined), expect: failsTheAttempt },
  "an answer that is an empty object": { change: answering(() => ({})), expect: failsTheAttempt },
  "an answer without a body": {
    change: answering(({ status, headers }) => ({ status, headers, body: null })),
    expect: failsTheAttempt,
  },
  "an answer whose status cannot be read": {
    change: answering(({ headers, body }) => ({
      headers,
      body,
      get status() {
        return throwing(new Error("a getter that throws"));
      },
    })),
    expect: failsTheAttempt,
  },
  "an answer whose headers cannot be read": {
    change: answering((answer) => ({ ...plain(answer), headers: { get: () => throwing(new Error("no header")) } })),
    // The content type is not an event stream's then, but the read tells the state all the same.
    expect: { watch: resolves.watch },
  },
  "an answer whose body cannot be read": {
    change: answering(({ status, headers }) => ({
      status,
      headers,
      get body() {
        return throwing(new Error("a getter that throws"));
      },
    })),
    expect: failsTheAttempt,
  },
  "an answer whose body is read already": {
    change: answering((answer) => {
      answer.body.getReader();
      return answer;
    }),
    expect: failsTheAttempt,
  },

  // What the body gives.
  "chunks of another realm": {
    change: chunks((bytes) => vm.runInNewContext("(bytes) => new Uint8Array(bytes)")(Array.from(bytes))),
    expect: resolves,
  },
  "chunks that are views on a part of a buffer": { change: chunks(within(Uint8Array)), expect: resolves },
  "chunks that are DataViews": { change: chunks(within(DataView)), expect: resolves },
  "chunks that are Int8Arrays": { change: chunks(within(Int8Array)), expect: resolves },
  "chunks that are Buffers": { change: chunks((bytes) => Buffer.from(bytes)), expect: resolves },
  "chunks that are texts": { change: chunks((bytes) => new TextDecoder().decode(bytes)), expect: failsTheAttempt },
  "chunks that are undefined": { change: chunks(() => undefined), expect: failsTheAttempt },
  "a Uint8Array that a test environment has replaced": {
    change: () => {
      globalThis.Uint8Array = vm.runInNewContext("Uint8Array");
    },
    expect: resolves,
  },

  // What `fetch` throws.
  "an error with a string digest": {
    change: ({ thrown }) => {
      globalThis.fetch = async () => throwing(Object.assign(thrown, { digest: "DYNAMIC_SERVER_USAGE" }));
    },
    request: { maxRetries: Number.POSITIVE_INFINITY },
    expect: rejectsWithTheVeryError,
  },
  "an error with a string digest, thrown at once": {
    change: ({ thrown }) => {
      globalThis.fetch = () => throwing(Object.assign(thrown, { digest: "NEXT_REDIRECT;/" }));
    },
    request: { maxRetries: Number.POSITIVE_INFINITY },
    expect: rejectsWithTheVeryError,
  },
  "an error with a string digest, by a fetch in the configuration": {
    change: ({ thrown }) => ({ config: { fetch: () => throwing(Object.assign(thrown, { digest: "" })) } }),
    request: { maxRetries: Number.POSITIVE_INFINITY },
    expect: rejectsWithTheVeryError,
  },
  "an object with a string digest, which is no Error": {
    change: ({ thrown }) => {
      globalThis.fetch = async () => throwing(thrown);
    },
    thrown: { digest: "BAILOUT_TO_CLIENT_SIDE_RENDERING" },
    request: { maxRetries: Number.POSITIVE_INFINITY },
    expect: rejectsWithTheVeryError,
  },
  "an error with a digest that is no string": {
    change: () => {
      globalThis.fetch = async () => throwing(digest(7));
    },
    expect: failsTheAttempt,
  },
  "an error whose digest cannot be read": {
    change: () => {
      const error = Object.defineProperty(new Error("cut"), "digest", { get: () => throwing(new Error("a getter")) });
      globalThis.fetch = async () => throwing(error);
    },
    expect: failsTheAttempt,
  },
  "an error that is thrown at once": {
    change: () => {
      globalThis.fetch = () => throwing(new Error("not now"));
    },
    expect: failsTheAttempt,
  },
  "an error that is undefined": {
    change: () => {
      globalThis.fetch = () => Promise.reject(undefined);
    },
    expect: failsTheAttempt,
  },

  // Signals.
  "a signal of no class": { request: { signal: new Signal() }, expect: resolves, after: noListeners },
  "a signal of no class that aborts": {
    request: { signal: new Signal() },
    onEvent: ({ request }) => request.signal.abort("enough"),
    expect: { watch: gives({ name: "WatchAbortedError", cause: "enough" }) },
    after: noListeners,
  },
  "a signal of no class that has aborted before": {
    request: { signal: Object.assign(new Signal(), { aborted: true, reason: "before" }) },
    expect: {
      watch: gives({ name: "WatchAbortedError", cause: "before", attempts: 0 }),
      read: gives({ name: "WatchAbortedError", cause: "before" }),
      requests: 0,
    },
  },
  "an AbortSignal that a test environment has replaced": {
    change: () => {
      const { signal } = new AbortController();
      globalThis.AbortSignal = class AbortSignal extends EventTarget {};
      return { request: { signal } };
    },
    expect: resolves,
  },
  "a signal whose aborted is no boolean": {
    request: { signal: Object.assign(new Signal(), { aborted: undefined }) },
    expect: rejectsWith("ValidationError", /\bsignal\b/),
  },
  "a signal that cannot be listened to": {
    request: { signal: { aborted: false } },
    expect: rejectsWith("ValidationError", /\bsignal\b/),
  },
  "a signal that cannot be asked": {
    request: {
      signal: {
        get aborted() {
          return throwing(new Error("a getter that throws"));
        },
      },
    },
    expect: rejectsWith("ValidationError", /\bsignal\b/),
  },

  // Exceptions of the callback: Node 20 has no `reportError`.
  "a callback that throws": { onEvent: ({ thrown }) => throwing(thrown), expect: { ...resolves, uncaught: true } },
  "an async callback that rejects": {
    onEvent: async ({ thrown }) => throwing(thrown),
    expect: { ...resolves, uncaught: true },
  },
  "a callback that throws, and there is reportError": {
    change: reportingTo("reported"),
    onEvent: ({ thrown }) => throwing(thrown),
    expect: { ...resolves, reported: true },
  },
  "an async callback that rejects, and there is reportError": {
    change: reportingTo("reported"),
    onEvent: async ({ thrown }) => throwing(thrown),
    expect: { ...resolves, reported: true },
  },
  "a callback whose promise never settles": { onEvent: () => new Promise(() => {}), expect: resolves },

  // Timers and clocks.
  "a Date that stands still": {
    change: () => {
      const now = Date.now();
      globalThis.Date = class extends Date {
        static now = () => now;
      };
    },
    ...failing,
    expect: resolves,
  },
  "a Date that jumps back": {
    change: () => {
      const began = Date.now();
      let asked = 0;
      Date.now = () => began - 1000 * asked++;
    },
    ...failing,
    expect: resolves,
  },
  "a setTimeout that is replaced after the import": {
    later: () => {
      const real = globalThis.setTimeout;
      globalThis.setTimeout = (callback, ms, ...args) => real(callback, ms > 60_000 ? 20 : ms, ...args);
    },
    ...failing,
    // Beyond the time that a case may take: only the replaced timer ends it soon.
    request: { maxRetries: 1, retryDelay: 120_000 },
    expect: resolves,
  },

  // The Fetch standard's "extract a MIME type": the last valid one counts.
  "the content type, twice": { ...typed("text/event-stream, text/event-stream"), expect: resolves },
  "the content type after another one": { ...typed("text/html, text/event-stream"), expect: resolves },
  "the content type before one that is none": { ...typed("text/event-stream, nonsense"), expect: resolves },
  "the content type before */*": { ...typed("text/event-stream, */*"), expect: resolves },
  "the content type in capitals, with a parameter": { ...typed("Text/Event-Stream;charset=UTF-8"), expect: resolves },
  "the content type with a comma in a parameter": { ...typed('text/event-stream;x="a,text/html"'), expect: resolves },
  "the content type before another one": {
    script: { ...typed("text/event-stream, text/html").script, reads: [answer(503, "not now")] },
    expect: { watch: failsTheAttempt.watch },
  },
};

function reportingTo(list) {
  return (world) => {
    globalThis.reportError = (error) => world[list].push(error);
  };
}

function noListeners({ request }) {
  const { size } = request.signal.listeners;
  if (size > 0) throw new Error(`${size} listeners are left on the signal`);
}
