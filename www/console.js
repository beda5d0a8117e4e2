import { duration, pause } from "./duration.js";
import { EventLog } from "./event-log.js";
import { RequestForm } from "./form.js";
import { greet, showSnippets } from "./greeting.js";
import { Outcome } from "./outcome.js";
import { Simulator } from "./simulator.js";
import { Timeline } from "./timeline.js";

/** @typedef {import("../src/js/index.js").WatchEvent} WatchEvent */

/** How long events are gathered before they are drawn, in milliseconds: too short to mind, long enough for a burst. */
const DRAW_EVERY = 100;

/** How often what depends on the clock is drawn, in milliseconds. */
const TICK_EVERY = 250;

const TITLE = document.title;

const log = new EventLog();
const outcome = new Outcome();
const simulator = new Simulator();
const timeline = new Timeline();
const form = new RequestForm({
  onWatch: watch,
  onAbort: () => controller?.abort(new DOMException("aborted on the console page", "AbortError")),
  onIdentifier: (identifier) => {
    if (!form.watching) simulator.cvm = identifier;
  },
});

/** @type {typeof import("../src/js/index.js")} */
let cvmWatch;
/** The present watch's; none while there is no watch. @type {AbortController | undefined} */
let controller;

simulator.cvm = form.identifier;
simulator.introduce();
showSnippets();
try {
  // Not a static import: a package that is not there should be said, not leave a dead page.
  cvmWatch = await import("/pkg/index.js");
  const { createClient, watchCvmState } = cvmWatch;
  const { MaxRetriesExceededError, RequestError, ValidationError, WatchAbortedError, WatchError } = cvmWatch;
  Object.assign(window, { client: createClient({ baseURL: "/api/v1" }), createClient, watchCvmState });
  Object.assign(window, { MaxRetriesExceededError, RequestError, ValidationError, WatchAbortedError, WatchError });
  greet();
  form.ready();
} catch (error) {
  outcome.broken(error);
}

/** Watches what the form asks for, from the first attempt to the outcome. */
async function watch() {
  const { config, request } = form.read();
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  const cvm = form.identifier;

  controller = new AbortController();
  form.clearErrors();
  form.watching = true;
  form.status("Connecting…");
  simulator.cvm = cvm;
  timeline.reset(1);
  log.clear();
  outcome.pending(`Waiting for ${cvm || "a CVM"} to be ${request.target || "in a state"}.`);
  document.title = `connecting · ${TITLE}`;

  const drawing = new Drawing(began);
  const ticking = setInterval(() => {
    timeline.tick();
    outcome.tick(elapsed());
  }, TICK_EVERY);

  let took;
  let settle;
  try {
    const client = cvmWatch.createClient(config);
    const state = await client.watchCvmState(request, {
      signal: controller.signal,
      onEvent: (event) => drawing.add(event),
    });
    took = elapsed();
    settle = () => {
      timeline.settle();
      outcome.resolved(state, took);
      document.title = `${state.status} · ${TITLE}`;
    };
  } catch (thrown) {
    // It is a WatchError; but a page that shows errors should also survive one that is not.
    const error = /** @type {any} */ (thrown);
    took = elapsed();
    settle = () => {
      timeline.settle(error?.attempts);
      if (error instanceof cvmWatch.ValidationError) form.complain(error.validationErrors);
      outcome.rejected(error, took);
      document.title = `${error?.name} · ${TITLE}`;
    };
  }

  clearInterval(ticking);
  drawing.finish();
  controller = undefined;
  form.watching = false;
  form.status(`Ended after ${duration(took)}.`);
  simulator.cvm = form.identifier;
  settle();
}

/**
 * Draws a watch's events, several at a time when they come fast. A timer rather than an animation frame:
 * those stand still while the page is in the background.
 */
class Drawing {
  #began;
  /** @type {{ event: WatchEvent, at: number }[]} */
  #waiting = [];
  #timer = 0;

  /** @param {number} began - on the clock of `performance.now()` */
  constructor(began) {
    this.#began = began;
  }

  /** @param {WatchEvent} event */
  add(event) {
    const now = performance.now();
    this.#waiting.push({ event, at: now - this.#began });
    timeline.note(event, now);
    if (!this.#timer) this.#timer = setTimeout(() => this.finish(), DRAW_EVERY);
  }

  /** Draws all that is waiting now. */
  finish() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const last = this.#waiting.at(-1)?.event;
    if (!last) return;
    log.append(this.#waiting);
    this.#waiting = [];
    timeline.render();
    form.status(summary(last));
    if (last.status) document.title = `${last.status} · ${TITLE}`;
  }
}

/**
 * An event in one sentence, for those who listen rather than look.
 *
 * @param {WatchEvent} event
 */
function summary(event) {
  const next = event.retryIn === undefined ? "" : `; next attempt in ${pause(event.retryIn)}`;
  return `Attempt ${event.attempt}: ${news(event).filter(Boolean).join(", ")}${next}.`;
}

/** @param {WatchEvent} event */
function news(event) {
  switch (event.type) {
    case "state":
      return [event.status, event.boot_error || event.shutdown_progress || event.boot_progress];
    case "complete":
      return ["complete", event.status];
    case "timeout":
      return ["timed out"];
    case "error":
      return [event.error, event.message];
  }
}
