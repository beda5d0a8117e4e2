import { Advice, whyInVain } from "./advice.js";
import { pause } from "./duration.js";
import { byId } from "./elements.js";
import { EventLog } from "./event-log.js";
import { RequestForm } from "./form.js";
import { greet, showSnippets } from "./greeting.js";
import { showMode } from "./mode.js";
import { Outcome } from "./outcome.js";
import { Simulator } from "./simulator.js";
import { Timeline } from "./timeline.js";

/** @typedef {import("../src/js/index.js").WatchEvent} WatchEvent */

/** How long events are gathered before they are drawn, in milliseconds: too short to mind, long enough for a burst. */
const DRAW_EVERY = 100;

/** How often what depends on the clock is drawn, in milliseconds. */
const TICK_EVERY = 250;

const TITLE = document.title;

const advice = new Advice();
const log = new EventLog();
const outcome = new Outcome();
const simulator = new Simulator();
const form = new RequestForm({
  onWatch: () => watch(),
  onAbort: () => controller?.abort(new DOMException("aborted on the console page", "AbortError")),
  onInput: () => {
    if (!form.watching) simulator.cvm = form.identifier;
  },
});

/** @type {typeof import("../src/js/index.js")} */
let cvmWatch;
/** @type {Timeline} */
let timeline;
/** The present watch's; none while there is no watch. @type {AbortController | undefined} */
let controller;

simulator.cvm = form.identifier;
showSnippets();
try {
  // Not a static import: if the package is missing, the page should say so instead of not working.
  cvmWatch = await import("/pkg/index.js");
  timeline = new Timeline(cvmWatch.BOOT_STEPS);
  Object.assign(window, cvmWatch, { client: cvmWatch.createClient({ baseURL: "/api/v1" }) });
  greet(Object.keys(cvmWatch));
  form.ready();
} catch (error) {
  outcome.broken(error);
}
const { simulated, cvms } = await showMode();
if (simulated) simulator.show();
byId("cvms").replaceChildren(...cvms.map((name) => new Option(name, name)));

/**
 * Watches what the form asks for, from the first attempt to the outcome.
 *
 * @param {object} [more] - fields of the request that the form does not have
 */
async function watch(more) {
  const { config, request } = form.read(cvmWatch.bootFailed);
  const began = performance.now();
  const elapsed = () => performance.now() - began;
  const cvm = form.identifier;

  controller = new AbortController();
  form.clearErrors();
  advice.clear();
  timeline.reset();
  log.clear();
  outcome.pending(`Waiting for ${cvm || "a CVM"} to be ${request.target || "in a state"}.`);
  outcome.status("Connecting…");
  form.watching = true;
  simulator.cvm = cvm;
  document.title = `connecting · ${TITLE}`;
  showResultsFirst();

  const drawing = new Drawing(began, cvm, request.target);
  const ticking = setInterval(() => {
    timeline.tick();
    outcome.tick(elapsed());
  }, TICK_EVERY);

  let took;
  let settle;
  try {
    const client = cvmWatch.createClient(config);
    const state = await client.watchCvmState(
      { ...request, ...more },
      {
        signal: controller.signal,
        onEvent: (event) => drawing.add(event),
      },
    );
    took = elapsed();
    settle = () => {
      timeline.settle();
      outcome.resolved(state, took);
      if (state.status === "running") offerReboot(cvm, drawing.statuses);
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
      if (error instanceof cvmWatch.CvmFailedError) offerStart(cvm);
      document.title = `${error?.name} · ${TITLE}`;
    };
  }

  clearInterval(ticking);
  drawing.finish();
  controller = undefined;
  form.watching = false;
  advice.clear();
  simulator.cvm = form.identifier;
  settle();
}

/** On a narrow screen the form moves away: the results are at the top then. */
function showResultsFirst() {
  byId("console").dataset.watched = "";
  if (matchMedia("(width < 64rem)").matches) scrollTo({ top: 0 });
}

/** The CVM runs: to see a boot, it has to boot again. */
function offerReboot(cvm, statuses) {
  if (!simulator.isThere) return;
  const text =
    statuses.size > 1 ? "To see it once more:" : `${cvm} was running already, so there was nothing to wait for.`;
  advice.give("offer", text, "Boot again", () => {
    // The watch begins first, so that it sees the CVM leave the status that it waits for.
    watch({ leaveFirst: true });
    simulator.act("restart", "Restart");
  });
}

/** The boot has failed: somebody has to start the CVM. */
function offerStart(cvm) {
  if (!simulator.isThere) return;
  advice.give("offer", `${cvm} will not boot again by itself.`, "Boot again", async () => {
    await simulator.act("start", "Start");
    watch();
  });
}

/**
 * Draws a watch's events, several at a time when they come fast. A timer rather than an animation frame:
 * those stand still while the page is in the background.
 */
class Drawing {
  /** Which ones were told. @type {Set<string>} */
  statuses = new Set();
  #began;
  #cvm;
  #target;
  /** @type {any} */
  #state;
  /** @type {{ event: WatchEvent, at: number }[]} */
  #waiting = [];
  #timer = 0;

  /**
   * @param {number} began - on the clock of `performance.now()`
   * @param {string} cvm - an identifier
   * @param {string} target
   */
  constructor(began, cvm, target) {
    this.#began = began;
    this.#cvm = cvm;
    this.#target = target;
  }

  /** @param {WatchEvent} event */
  add(event) {
    const now = performance.now();
    this.#waiting.push({ event, at: now - this.#began });
    timeline.note(event, now);
    if (event.type === "state") {
      this.#state = event.data;
      this.statuses.add(event.data.status);
    }
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
    outcome.status(summary(last));
    this.#advise();
    if (last.status) document.title = `${last.status} · ${TITLE}`;
  }

  /** Says so if the watch cannot reach its target now, and what to do about it. */
  #advise() {
    const vain = whyInVain(this.#cvm, this.#target, this.#state);
    if (!vain) return advice.clear();
    const { text, label, action } = vain;
    if (action && simulator.isThere) advice.give("warning", text, label, () => simulator.act(action, label));
    else advice.give("warning", text);
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
