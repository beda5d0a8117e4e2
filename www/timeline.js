import { isAnotherBoot } from "./boot.js";
import { remaining } from "./duration.js";
import { byId, element, say } from "./elements.js";

/** @typedef {import("../src/js/index.js").WatchEvent} WatchEvent */

/** How many steps that the package does not know may be shown at once. */
const MAX_UNKNOWN = 12;

/** Where the CVM is: the steps of its boot, its status and uptime, and which attempt tells us so. */
export class Timeline {
  #list = byId("timeline");
  #known;
  #steps;
  /** Those that were told in this boot. */
  #seen = new Set();
  #step = "";
  #error = "";
  #state = {};
  #attempt = 0;
  #retryAt = 0;
  #settled = true;

  /** @param {readonly string[]} steps - of a boot, as they usually come */
  constructor(steps) {
    this.#known = steps;
    this.#steps = [...steps];
    this.render();
  }

  /** Forgets the last watch: another one begins. */
  reset() {
    this.#forgetBoot();
    this.#error = "";
    this.#state = {};
    this.#attempt = 1;
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
    if (isAnotherBoot(this.#state, event.data)) this.#forgetBoot();
    this.#state = event.data;
    this.#error = text(event.data.boot_error);
    const step = text(event.data.boot_progress);
    if (step) this.#reach(step);
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
    fact("cvm-status", text(this.#state.status));
    fact("cvm-uptime", text(this.#state.uptime));
    byId("facts").hidden = this.#attempt === 0;
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
    fact("attempt", this.#attempt ? String(this.#attempt) : "");
    fact("countdown", this.#retryAt ? `in ${remaining(left)}` : "");
  }

  #forgetBoot() {
    this.#steps = [...this.#known];
    this.#seen.clear();
    this.#step = "";
  }

  #reach(step) {
    if (!this.#steps.includes(step)) {
      // It belongs where it was seen: after the step that came before it.
      this.#steps.splice(this.#steps.indexOf(this.#step) + 1, 0, step);
      const unknown = this.#steps.filter((name) => !this.#known.includes(name) && name !== step);
      if (unknown.length >= MAX_UNKNOWN) this.#steps.splice(this.#steps.indexOf(unknown[0]), 1);
    }
    this.#seen.add(step);
    // Steps may come in another order than usual: within a boot, it never goes back.
    if (this.#steps.indexOf(step) > this.#steps.indexOf(this.#step)) this.#step = step;
  }

  #renderSteps() {
    const present = this.#steps.indexOf(this.#step);
    const items = this.#steps.flatMap((step, index) => {
      if (index > present) return [[step, "pending", ""]];
      if (index === present && this.#error) return [[step, "failed", "failed"]];
      // Nothing is counted down once the watch has ended.
      if (index === present && step !== "done") return [[step, "current", this.#settled ? "last seen" : "now"]];
      // No boot takes all steps: one that was passed without a word is left out.
      return this.#seen.has(step) ? [[step, "reached", "reached"]] : [];
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

/** A fact that is not known is hidden. */
function fact(id, value) {
  const place = byId(id);
  place.parentElement.hidden = !value;
  say(place, value);
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
