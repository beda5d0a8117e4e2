import { remaining } from "./duration.js";
import { byId, element, say } from "./elements.js";

/** @typedef {import("../src/js/index.js").WatchEvent} WatchEvent */

/** The steps of a boot as dstack names them, in order. */
const STEPS = [
  "booting",
  "requesting app keys",
  "mounting data disk",
  "setting up docker",
  "starting containers",
  "done",
];

/** How many steps that are not in the list above may be shown at once. */
const MAX_UNKNOWN = 12;

/** Where the CVM is: the steps of its boot, its status and uptime, and which attempt tells us so. */
export class Timeline {
  #list = byId("timeline");
  #steps = [...STEPS];
  #step = "";
  #error = "";
  #state = {};
  #attempt = 0;
  #retryAt = 0;
  #settled = true;

  constructor() {
    this.render();
  }

  /**
   * Forgets the last watch.
   *
   * @param {number} attempt - 1 when a watch begins
   */
  reset(attempt) {
    this.#steps = [...STEPS];
    this.#step = "";
    this.#error = "";
    this.#state = {};
    this.#attempt = attempt;
    this.#retryAt = 0;
    this.#settled = false;
    this.render();
  }

  /**
   * Takes an event in; {@link render} shows it. The two are apart so that a burst of events is drawn once.
   *
   * @param {WatchEvent} event
   * @param {number} at - when it came, on the clock of `performance.now()`
   */
  note(event, at) {
    this.#attempt = event.attempt;
    this.#retryAt = event.retryIn === undefined ? 0 : at + event.retryIn;
    if (event.type !== "state") return;
    this.#state = event.data;
    this.#error = text(event.data.boot_error);
    const step = text(event.data.boot_progress);
    if (step) this.#reach(step);
    // Of a boot that is over nothing is left, unless it failed: then the step where it did.
    else if (this.#state.status === "stopped" && !this.#error) this.#step = "";
  }

  /**
   * Ends the countdown: nothing follows. An attempt that was to come has not.
   *
   * @param {number} [attempts] - how many there were, where that is known
   */
  settle(attempts) {
    this.#retryAt = 0;
    this.#settled = true;
    if (attempts !== undefined) this.#attempt = attempts;
    this.render();
  }

  /** Draws what is known. */
  render() {
    this.#renderSteps();
    say(byId("cvm-status"), text(this.#state.status) || "–");
    say(byId("cvm-uptime"), text(this.#state.uptime) || "–");
    remark("boot-error", "Boot error", this.#error);
    remark("shutdown", "Shutting down", text(this.#state.shutdown_progress));
    this.tick();
  }

  /** Draws only what changes with time: the countdown, and the attempt that begins at its end. */
  tick() {
    const left = this.#retryAt - performance.now();
    if (this.#retryAt && left <= 0) {
      this.#retryAt = 0;
      this.#attempt += 1;
    }
    say(byId("attempt"), this.#attempt ? String(this.#attempt) : "–");
    say(byId("countdown"), this.#retryAt ? `in ${remaining(left)}` : "–");
  }

  #reach(step) {
    if (!this.#steps.includes(step)) {
      // It belongs where it was seen: after the step that came before it.
      this.#steps.splice(this.#steps.indexOf(this.#step) + 1, 0, step);
      const unknown = this.#steps.filter((name) => !STEPS.includes(name) && name !== step);
      if (unknown.length >= MAX_UNKNOWN) this.#steps.splice(this.#steps.indexOf(unknown[0]), 1);
    }
    this.#step = step;
  }

  #renderSteps() {
    const present = this.#steps.indexOf(this.#step);
    const failed = this.#error ? Math.max(present, 0) : -1;
    const items = this.#steps.map((step, index) => {
      if (index === failed) return [step, "failed", "failed"];
      if (index < present || (index === present && step === "done")) return [step, "reached", "reached"];
      // Nobody looks any more once the watch has ended.
      return index === present ? [step, "current", this.#settled ? "last seen" : "now"] : [step, "pending", "pending"];
    });
    // Redrawn only when something has changed: a pulse would start anew, and a reader lose the place.
    const drawn = JSON.stringify(items);
    if (this.#list.dataset.drawn === drawn) return;
    this.#list.dataset.drawn = drawn;
    this.#list.replaceChildren(...items.map((parts) => item(...parts)));
  }
}

function item(step, state, word) {
  const made = element(
    "li",
    { "data-step": step, "data-state": state },
    element("span", { class: "mark", "aria-hidden": "true" }),
    element("span", { class: "step" }, step),
    element("span", { class: "word" }, word),
  );
  if (state === "current") made.setAttribute("aria-current", "step");
  return made;
}

function remark(id, label, value) {
  const place = byId(id);
  place.hidden = !value;
  say(place, value ? `${label}: ${value}` : "");
}

/** A server may send anything; only what is text is shown as such. */
function text(value) {
  return typeof value === "string" ? value : "";
}
