import { ask, cvmPath, reason } from "./control.js";
import { byId, say } from "./elements.js";

/** What acts on the event streams. The others act on the CVM. */
const FAULTS = ["drop", "stall", "mute", "unavailable", "malformed", "timeout"];

/** What the simulated API can be told to do with one CVM. */
export class Simulator {
  #section = byId("misbehave");
  #status = byId("misbehave-status");
  #cvm = "";

  constructor() {
    this.#section.addEventListener("click", ({ target }) => {
      const button = target.closest("button[data-action]");
      if (button) this.act(button.dataset.action, button.textContent);
    });
  }

  /** Shows the buttons: there is a simulated API. */
  show() {
    this.#section.hidden = false;
  }

  /** Whether there is a simulated API. */
  get isThere() {
    return !this.#section.hidden;
  }

  /**
   * Which CVM the buttons act on.
   *
   * @param {string} cvm - an identifier
   */
  set cvm(cvm) {
    this.#cvm = cvm.trim();
    say(byId("misbehave-cvm"), this.#cvm || "no CVM");
  }

  /**
   * Does what a button says, and tells what came of it.
   *
   * @param {string} action
   * @param {string} label - the button's
   */
  async act(action, label) {
    const tell = (text) => say(this.#status, `${label}: ${text}`);
    // Encoding does not protect these two: the browser would take them for steps up the path.
    if (["", ".", ".."].includes(this.#cvm)) return tell("name a CVM first.");
    tell("asking…");
    try {
      const isFault = FAULTS.includes(action);
      const answer = await ask(`${cvmPath(this.#cvm)}/${isFault ? `faults/${action}` : action}`, { method: "POST" });
      const told = isFault ? hit(action, answer.streams) : become(this.#cvm, action, answer);
      tell(`${told} (${new Date().toLocaleTimeString()})`);
    } catch (error) {
      tell(`${reason(error)}.`);
    }
  }
}

/** How many streams a fault has hit. */
function hit(action, streams) {
  const next = action === "unavailable" ? ", and the next stream and the next read are refused" : "";
  if (streams) return `${streams === 1 ? "one stream" : `${streams} streams`} hit${next}.`;
  return next ? `no stream is open${next}.` : "no stream is open, so nothing happened.";
}

/** Where an action has brought the CVM. */
function become(cvm, action, { status, boot_error }) {
  if (action === "fail") return boot_error ? "the boot has failed." : "the next boot will fail.";
  return `${cvm} is ${status}.`;
}
