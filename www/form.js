import { byId } from "./elements.js";

/** @typedef {import("../src/js/index.js").ClientConfig} ClientConfig */
/** @typedef {import("../src/js/index.js").WatchRequest} WatchRequest */
/** @typedef {import("../src/js/index.js").FieldError} FieldError */

/** What each way to name a CVM looks like. */
const IDENTIFIER_HINTS = {
  id: "any of the other forms",
  uuid: "a version 4 UUID, hyphens optional",
  app_id: "40 hexadecimal digits, with or without app_",
  instance_id: "the instance’s id",
  name: "5 to 63 letters, digits and hyphens; starts with a letter",
};

const NUMBERS = ["interval", "timeout", "maxRetries", "retryDelay"];
const FIELDS = ["identifier", "target", ...NUMBERS, "transport", "baseURL", "maxStreams", "useCookieAuth"];

/**
 * The request's form. It checks nothing itself: what was typed goes to the package, whose messages about bad fields
 * appear beside them.
 */
export class RequestForm {
  #form = byId("request");
  #kind = byId("identifier-kind");
  #identifier = byId("identifier");
  #watch = byId("watch");
  #abort = byId("abort");
  #more = byId("more");

  /**
   * @param {object} listeners
   * @param {() => void} listeners.onWatch
   * @param {() => void} listeners.onAbort
   * @param {() => void} listeners.onInput - at every change
   */
  constructor({ onWatch, onAbort, onInput }) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.watching) onWatch();
    });
    this.#form.addEventListener("keydown", (event) => {
      // A key held down would press Watch and Abort in turn, since the focus moves between the two.
      if (event.key === "Enter" && event.repeat) event.preventDefault();
    });
    this.#form.addEventListener("input", (event) => {
      this.#clearError(event.target === this.#kind ? "identifier" : event.target.id);
      onInput();
    });
    this.#kind.addEventListener("change", () => this.#hint());
    this.#abort.addEventListener("click", onAbort);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.watching && !event.defaultPrevented && !event.isComposing) onAbort();
    });
    this.#hint();
  }

  /** The identifier as it was typed. */
  get identifier() {
    return this.#identifier.value;
  }

  /** The target as it was typed. */
  get target() {
    return byId("target").value;
  }

  /** Lets the user begin: the package is there. */
  ready() {
    this.#watch.disabled = false;
  }

  /** Whether a watch is under way. */
  get watching() {
    return !this.#abort.hidden;
  }

  set watching(watching) {
    // Watch is only marked as disabled: if it were, it would lose the focus when it is pressed.
    this.#watch.setAttribute("aria-disabled", String(watching));
    if (!watching && document.activeElement === this.#abort) byId("outcome").focus({ preventScroll: true });
    this.#abort.hidden = !watching;
  }

  /**
   * What was typed. Text goes on as it is; an empty number is left out, so that the package's default holds;
   * and what is no number stays the string that it is.
   *
   * @param {(state: any) => boolean} bootFailed - for `failOn`
   * @returns {{ config: ClientConfig, request: WatchRequest }}
   */
  read(bootFailed) {
    const request = { [this.#kind.value]: this.#identifier.value, target: byId("target").value };
    for (const field of NUMBERS) Object.assign(request, typed(field));
    if (byId("failOn").checked) request.failOn = bootFailed;
    if (byId("until").checked) request.until = (state) => !state.in_progress;
    if (byId("leaveFirst").checked) request.leaveFirst = true;
    const config = {
      baseURL: byId("baseURL").value,
      useCookieAuth: byId("useCookieAuth").checked,
      transport: byId("transport").value,
      ...typed("maxStreams"),
    };
    return { config, request: /** @type {any} */ (request) };
  }

  /**
   * Shows each error beside its field, and moves the focus to the first of them.
   *
   * @param {readonly FieldError[]} errors
   */
  complain(errors) {
    const bad = new Map();
    for (const { field, message } of errors) {
      const place = field in IDENTIFIER_HINTS ? "identifier" : field;
      if (FIELDS.includes(place)) bad.set(place, [...(bad.get(place) ?? []), message]);
    }
    for (const [field, messages] of bad) {
      byId(field).setAttribute("aria-invalid", "true");
      const error = byId(`${field}-error`);
      error.textContent = messages.join("; ");
      error.hidden = false;
    }
    const first = FIELDS.find((field) => bad.has(field));
    if (!first) return;
    if ([...bad.keys()].some((field) => this.#more.contains(byId(field)))) this.#more.open = true;
    byId(first).focus();
  }

  /** Removes all errors. */
  clearErrors() {
    for (const field of FIELDS) this.#clearError(field);
  }

  #clearError(field) {
    byId(field).removeAttribute("aria-invalid");
    const error = byId(`${field}-error`);
    error.hidden = true;
    error.textContent = "";
  }

  #hint() {
    byId("identifier-hint").textContent = IDENTIFIER_HINTS[this.#kind.value];
  }
}

/** A number that was typed, as a field; none where nothing was. What is no number stays the string that it is. */
function typed(field) {
  const text = byId(field).value.trim();
  if (text === "") return {};
  return { [field]: Number.isNaN(Number(text)) ? text : Number(text) };
}
