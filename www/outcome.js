import { duration } from "./duration.js";
import { byId, element, say } from "./elements.js";

/** @typedef {import("../src/js/index.js").CvmState} CvmState */

/** The fields of the error classes, in the order in which they help. Some are absent, some are no own properties. */
const ERROR_FIELDS = [
  "name",
  "message",
  "validationErrors",
  "state",
  "status",
  "detail",
  "attempts",
  "lastState",
  "cause",
];

/** How deep causes and nested values are written out as tables. */
const MAX_DEPTH = 4;

/** How the watch ended, or that it has not. */
export class Outcome {
  #section = byId("outcome");
  #class = byId("outcome-class");
  #message = byId("outcome-message");
  #duration = byId("outcome-duration");
  #status = byId("status");
  #fields = byId("outcome-fields");

  /**
   * A watch has begun.
   *
   * @param {string} what - what it waits for
   */
  pending(what) {
    this.#show("pending", "Pending", what);
    this.tick(0);
  }

  /**
   * @param {number} elapsed - milliseconds since the watch began
   */
  tick(elapsed) {
    say(this.#duration, `${Math.floor(elapsed / 1000)} s so far`);
  }

  /**
   * @param {string} text - what is going on, for a live region: no ticking numbers
   */
  status(text) {
    say(this.#status, text);
  }

  /**
   * The promise has resolved.
   *
   * @param {CvmState} state
   * @param {number} elapsed - milliseconds
   */
  resolved(state, elapsed) {
    this.#show("resolved", "Resolved", `The CVM is ${state?.status}.`, table("The state", Object.entries(state)));
    say(this.#duration, `after ${duration(elapsed)}`);
  }

  /**
   * The promise has rejected.
   *
   * @param {unknown} error
   * @param {number} elapsed - milliseconds
   */
  rejected(error, elapsed) {
    const name = error instanceof Error ? error.name : typeof error;
    const message = error instanceof Error ? error.message : String(error);
    // Its name and message stand above the table already.
    const fields = error instanceof Error ? errorFields(error).slice(2) : [];
    this.#show("rejected", name, message, table("The error", fields));
    say(this.#duration, `after ${duration(elapsed)}`);
  }

  /**
   * The page itself cannot work.
   *
   * @param {unknown} error
   */
  broken(error) {
    this.#show("none", "The package did not load", String(error));
    say(this.#duration, "");
  }

  #show(outcome, name, message, ...fields) {
    // The attribute last: tests that wait for it then find everything else in place.
    say(this.#status, "");
    say(this.#class, name);
    say(this.#message, message);
    this.#fields.replaceChildren(...fields);
    this.#section.dataset.outcome = outcome;
  }
}

/** @returns {HTMLElement} anything at all, written out */
function value(given, depth) {
  if (given instanceof Error && depth < MAX_DEPTH) return table("The error", errorFields(given), depth);
  if (Array.isArray(given) && given.length && given.every(isFieldError)) {
    return table(
      "The bad fields",
      given.map(({ field, message }) => [field, message]),
      depth,
    );
  }
  if (given !== null && typeof given === "object" && depth < MAX_DEPTH && !Array.isArray(given)) {
    // A DOMException is no plain object, and in some browsers no Error either; its fields are on the prototype.
    const entries = given instanceof DOMException ? errorFields(given) : Object.entries(given);
    if (entries.length) return table("The fields", entries, depth);
  }
  if (typeof given === "string" && given !== "") return element("span", {}, given);
  return element("code", {}, literal(given));
}

function table(caption, entries, depth = 0) {
  const rows = entries.map(([name, given]) =>
    element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value(given, depth + 1))),
  );
  return element("table", {}, element("caption", { class: "visually-hidden" }, caption), element("tbody", {}, ...rows));
}

function errorFields(error) {
  const others = Object.keys(error).filter((name) => !ERROR_FIELDS.includes(name) && name !== "stack");
  // The state that failed is the last one, too: it is shown once.
  const repeats = (name) => name === "lastState" && literal(error.state) === literal(error.lastState);
  const shown = [...ERROR_FIELDS, ...others].filter((name) => error[name] !== undefined && !repeats(name));
  return shown.map((name) => [name, error[name]]);
}

function isFieldError(given) {
  return typeof given?.field === "string" && typeof given?.message === "string";
}

function literal(given) {
  try {
    return JSON.stringify(given) ?? String(given);
  } catch {
    return String(given);
  }
}
