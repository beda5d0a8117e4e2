import { byId, say } from "./elements.js";

/** @typedef {import("../src/js/index.js").CvmState} CvmState */

/** What leads to a target, where a button can do it. */
const WAYS = {
  running: { action: "start", label: "Start it", words: "starts it" },
  stopped: { action: "stop", label: "Stop it", words: "stops it" },
};

/** One sentence on what to do next, and a button that does it. */
export class Advice {
  #box = byId("advice");
  #text = byId("advice-text");
  #button = byId("advice-action");
  #press = () => {};

  constructor() {
    this.#button.addEventListener("click", () => this.#press());
  }

  /**
   * @param {"offer" | "warning"} tone
   * @param {string} text
   * @param {string} [label] - of the button; none without it
   * @param {() => void} [press]
   */
  give(tone, text, label = "", press = () => {}) {
    this.#box.dataset.tone = tone;
    this.#press = press;
    say(this.#text, text);
    say(this.#button, label);
    this.#button.hidden = label === "";
    this.#box.hidden = false;
  }

  clear() {
    // The focus must not be lost with the button.
    if (document.activeElement === this.#button) byId("outcome").focus({ preventScroll: true });
    this.#box.hidden = true;
    say(this.#text, "");
  }
}

/**
 * Why a watch cannot reach its target, if so: the CVM is settled, and its status is another one.
 *
 * @param {string} cvm
 * @param {string} target
 * @param {CvmState | undefined} state - the last one
 * @returns {{ text: string, label?: string, action?: string } | undefined}
 */
export function whyInVain(cvm, target, state) {
  if (state?.in_progress !== false || state.status === target) return undefined;
  const { action, label, words } = WAYS[target] ?? { words: "changes that" };
  const now = state.boot_error ? "Its boot has failed" : `${cvm} is ${state.status}`;
  return { text: `${now}, and nothing is under way: it will not be ${target} until somebody ${words}.`, label, action };
}
