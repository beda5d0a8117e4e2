import { Boot } from "../boot.js";
import { reason } from "../control.js";
import { remaining } from "../duration.js";
import { element, say } from "../elements.js";
import { condition } from "./condition.js";
import { DEADLINE, waitFor } from "./wait.js";

/** @typedef {import("../../src/js/index.js").CvmState} CvmState */

const ACTIONS = { start: "Start", stop: "Stop", restart: "Restart", fail: "Fail" };

/** What a button would change nothing in. */
const IDLE = { start: ["running"], stop: ["stopped"], restart: ["stopped"], fail: [] };

/**
 * One CVM: its state as it changes, and what one can do to it.
 *
 * One loop at a time tells the state: the watch while there is one, and `cvmStates` otherwise.
 */
export class Card {
  /** @type {CvmState | undefined} */
  state;
  condition = condition(undefined);
  #cvm;
  #options;
  #boot;
  /** Ends the present loop. */
  #controller = new AbortController();
  #since = Date.now();
  #waiting = "";
  #trouble = "";
  #willFail = false;

  #status = element("span", { class: "pill" }, "…");
  #step = element("span", { class: "step" });
  #time = element("span", { class: "time" });
  #bar = element("div", { class: "bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" });
  /** @type {Record<string, HTMLElement>} */
  #buttons = {};

  /**
   * @param {string} cvm - its name
   * @param {object} options
   * @param {any} options.client
   * @param {number} options.interval - seconds from one read to the next
   * @param {(state: CvmState) => number | undefined} options.bootProgress
   * @param {(state: CvmState) => boolean} options.bootFailed
   * @param {(card: Card) => void} options.onChange - the condition is another one
   */
  constructor(cvm, options) {
    this.#cvm = cvm;
    this.#options = options;
    this.#boot = new Boot(options.bootProgress);
    this.element = this.#build();
    this.#render();
  }

  get cvm() {
    return this.#cvm;
  }

  /** Shows the CVM's states until something else is asked for. */
  async follow() {
    const signal = this.#begin("");
    const { client, interval } = this.#options;
    try {
      for await (const state of client.cvmStates({ id: this.#cvm, interval, signal })) this.#show(state);
    } catch (error) {
      if (!signal.aborted) this.#complain(error);
    }
  }

  /**
   * Waits for what a button has asked for, and goes on showing states after that.
   *
   * @param {string} action
   * @returns {Promise<"reached" | "failed" | "late" | "replaced">} how it ended; replaced by what another button asks for
   */
  async wait(action) {
    const { client, interval, bootFailed } = this.#options;
    const request = waitFor(action, bootFailed);
    const signal = this.#begin(request.target);
    const deadline = AbortSignal.timeout(DEADLINE);
    let end = "reached";
    try {
      await client.watchCvmState({
        id: this.#cvm,
        ...request,
        interval,
        signal: AbortSignal.any([signal, deadline]),
        onEvent: (event) => event.type === "state" && this.#show(event.data),
      });
    } catch {
      end = deadline.aborted ? "late" : "failed";
    }
    if (signal.aborted) return "replaced";
    this.follow();
    return end;
  }

  /** The next boot will fail, or the one under way has. */
  markFailing() {
    this.#willFail = this.condition !== "moving";
    this.#render();
  }

  /** Draws only what changes with time. */
  tick() {
    say(this.#time, this.state ? remaining(Date.now() - this.#since) : "");
  }

  remove() {
    this.#controller.abort();
    this.element.remove();
  }

  /** Ends the present loop, and gives the next one's signal. */
  #begin(waiting) {
    this.#controller.abort();
    this.#controller = new AbortController();
    this.#waiting = waiting;
    this.#render();
    return this.#controller.signal;
  }

  /** @param {CvmState} state */
  #show(state) {
    if (state.status !== this.state?.status) this.#since = Date.now();
    if (state.status === "starting") this.#willFail = false;
    this.#trouble = "";
    this.state = state;
    this.#boot.see(state);
    this.#render();
    const now = condition(state);
    if (now === this.condition) return;
    this.condition = now;
    this.#options.onChange(this);
  }

  #complain(error) {
    this.#trouble = reason(error);
    this.#render();
  }

  #build() {
    const name = element("h3", {}, this.#cvm);
    for (const [action, label] of Object.entries(ACTIONS)) {
      const attributes = {
        type: "button",
        "data-action": action,
        "aria-label": `${label} ${this.#cvm}`,
        tabindex: "-1",
      };
      this.#buttons[action] = element("button", attributes, label);
    }
    this.#bar.setAttribute("aria-label", `Boot of ${this.#cvm}`);
    this.#bar.append(element("span", {}));
    return element(
      "li",
      { class: "cvm", "data-cvm": this.#cvm },
      element("div", { class: "head" }, name, this.#status),
      this.#bar,
      element("p", { class: "line" }, this.#step, this.#time),
      element("div", { class: "acts" }, ...Object.values(this.#buttons)),
    );
  }

  #render() {
    const now = condition(this.state);
    const percent = String(Math.round(this.#boot.progress * 100));
    const step = this.#words();
    this.element.dataset.condition = now;
    // A boot that has failed leaves the status as it was, such as "starting".
    say(this.#status, this.state?.boot_error ? "boot failed" : (this.state?.status ?? "…"));
    say(this.#step, step);
    this.#step.title = step;
    this.#bar.style.setProperty("--progress", `${percent}%`);
    this.#bar.setAttribute("aria-valuenow", percent);
    this.#bar.setAttribute("aria-valuetext", step || this.state?.status || "not known yet");
    for (const [action, idle] of Object.entries(IDLE)) {
      this.#buttons[action].setAttribute("aria-disabled", String(idle.includes(now)));
    }
    this.tick();
  }

  /** What there is to say besides the status. */
  #words() {
    if (this.#trouble) return this.#trouble;
    const { boot_error, shutdown_progress, boot_progress } = this.state ?? {};
    if (boot_error || shutdown_progress) return boot_error || shutdown_progress;
    if (this.#willFail) return "the next boot will fail";
    if (boot_progress) return boot_progress;
    return this.#waiting ? `waiting for ${this.#waiting}` : "";
  }
}
