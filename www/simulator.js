import { byId, element, say } from "./elements.js";

/** Where each button posts to, below the CVM. */
const ACTIONS = {
  start: "start",
  stop: "stop",
  restart: "restart",
  fail: "fail",
  drop: "faults/drop",
  stall: "faults/stall",
  mute: "faults/mute",
  unavailable: "faults/unavailable",
  malformed: "faults/malformed",
  timeout: "faults/timeout",
};

/** The control face answers at once or not at all. */
const PATIENCE = 10_000;

/** The server behind the page: which API it offers, and, when it simulates one, how to make that misbehave. */
export class Simulator {
  #section = byId("misbehave");
  #status = byId("misbehave-status");
  #cvm = "";

  constructor() {
    this.#section.addEventListener("click", ({ target }) => {
      const button = target.closest("button[data-action]");
      if (button) this.#act(button.dataset.action, button.textContent);
    });
  }

  /** Asks the server what it is, and says so. */
  async introduce() {
    const badge = byId("mode");
    try {
      const info = await ask("/simulator/info");
      const simulated = info.mode === "simulated";
      badge.dataset.mode = simulated ? "simulated" : "upstream";
      say(badge, simulated ? "Simulated API" : "Upstream API");
      this.#section.hidden = !simulated;
      if (Array.isArray(info.cvms)) {
        byId("cvms").replaceChildren(...info.cvms.map((name) => element("option", { value: String(name) })));
      }
    } catch (error) {
      badge.dataset.mode = "unknown";
      say(badge, `Unknown API: ${reason(error)}`);
    }
  }

  /**
   * Whom the buttons act on.
   *
   * @param {string} cvm - an identifier
   */
  set cvm(cvm) {
    this.#cvm = cvm.trim();
    say(byId("misbehave-cvm"), this.#cvm || "no CVM: name one above");
  }

  async #act(action, label) {
    // Encoding does not protect these two: the browser would take them for steps up the path.
    if (["", ".", ".."].includes(this.#cvm)) {
      say(this.#status, `${label}: name a CVM first.`);
      return;
    }
    say(this.#status, `${label}…`);
    try {
      const path = `/simulator/cvms/${encodeURIComponent(this.#cvm)}/${ACTIONS[action]}`;
      const answer = await ask(path, { method: "POST" });
      say(this.#status, `${label}: done at ${new Date().toLocaleTimeString()}, ${effect(answer)}.`);
    } catch (error) {
      say(this.#status, `${label}: failed, ${reason(error)}`);
    }
  }
}

/** What a fault hit, or where the CVM now is. */
function effect({ streams, status }) {
  if (streams === undefined) return `the CVM is ${status}`;
  return { 0: "no stream is open", 1: "1 open stream" }[streams] ?? `${streams} open streams`;
}

/** @returns {Promise<any>} the JSON of the answer */
async function ask(path, options = {}) {
  const response = await fetch(path, { ...options, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (response.ok) return response.json();
  const { detail } = await response.json().catch(() => ({}));
  throw new Error(`the server answered ${response.status}${detail ? `, ${detail}` : ""}`);
}

function reason(error) {
  return error instanceof Error ? error.message : String(error);
}
