import { copy } from "./clipboard.js";
import { duration, pause } from "./duration.js";
import { byId, element, say } from "./elements.js";

/** @typedef {import("../src/js/index.js").WatchEvent} WatchEvent */

/** How many entries the page holds: a long watch has so many events that the browser would become slow. */
const MAX_ENTRIES = 500;

/** How much of one value an entry's line shows. All of it is in the raw event. */
const MAX_VALUE = 240;

/** The fields worth a place in an entry's line, in order, with their names there. The first stand for themselves. */
const FIELDS = [
  ["status", ""],
  ["error", ""],
  ["message", ""],
  ["boot_progress", "boot"],
  ["boot_error", "boot error"],
  ["shutdown_progress", "shutdown"],
  ["uptime", "up"],
  ["exited_at", "exited"],
  ["elapsed", "elapsed"],
];

/** The events as they come: the newest below, the view following it until the user scrolls away. */
export class EventLog {
  #list = byId("log");
  #view = byId("log-view");
  #copy = byId("copy-log");
  #clear = byId("clear-log");
  #note = byId("log-note");
  /** @type {WeakMap<Element, WatchEvent>} */
  #events = new WeakMap();
  #seen = 0;
  #following = true;
  #top = 0;

  constructor() {
    this.#view.addEventListener("scroll", () => {
      const { scrollTop } = this.#view;
      // Only a move upwards is the user's: the view may also lose the end by becoming smaller.
      if (this.#atEnd()) this.#following = true;
      else if (scrollTop < this.#top) this.#following = false;
      this.#top = scrollTop;
    });
    new ResizeObserver(() => this.#follow()).observe(this.#view);
    // "toggle" does not bubble, but it can be caught on its way down.
    this.#list.addEventListener("toggle", (event) => this.#toggled(event.target), true);
    this.#clear.addEventListener("click", () => {
      this.clear();
      byId("outcome").focus({ preventScroll: true });
    });
    this.#copy.addEventListener("click", () => this.#copyAll());
  }

  /** Empties the log and follows the newest entry again. */
  clear() {
    this.#list.replaceChildren();
    this.#seen = 0;
    this.#following = true;
    this.#summarise();
  }

  /**
   * Adds events below the last one. Of a burst only those that stay are drawn.
   *
   * @param {{ event: WatchEvent, at: number }[]} entries - `at` in milliseconds since the watch began
   */
  append(entries) {
    if (!entries.length) return;
    this.#seen += entries.length;
    this.#list.append(...entries.slice(-MAX_ENTRIES).map((entry) => this.#entry(entry)));
    while (this.#list.childElementCount > MAX_ENTRIES) this.#list.firstElementChild.remove();
    this.#summarise();
    this.#follow();
  }

  #follow() {
    if (!this.#following) return;
    this.#view.scrollTop = this.#view.scrollHeight;
    this.#top = this.#view.scrollTop;
  }

  #entry({ event, at }) {
    const fields = element("span", { class: "fields" });
    for (const [field, label] of FIELDS) {
      // An event also carries the last known status and step: here, only what it says itself.
      const value = event.data?.[field];
      if (value === undefined || value === null || value === "") continue;
      fields.append(pair(label, field === "elapsed" && typeof value === "number" ? `${value} s` : value));
    }
    if (event.retryIn !== undefined) fields.append(pair("retry in", pause(event.retryIn)));
    const made = element(
      "li",
      { "data-type": String(event.type), "data-attempt": String(event.attempt) },
      element(
        "details",
        {},
        element(
          "summary",
          {},
          element("span", { class: "time" }, `+${duration(at)}`),
          element("span", { class: "attempt", title: `Attempt ${event.attempt}` }, `#${event.attempt}`),
          element("span", { class: "type" }, String(event.type)),
          fields,
        ),
      ),
    );
    this.#events.set(made, event);
    return made;
  }

  /** The raw event is written out when it is asked for: most never are. Once opened, it must not change. */
  #toggled(details) {
    if (details.open && !details.querySelector("pre")) {
      const event = this.#events.get(details.closest("li"));
      details.append(element("pre", {}, json(event, 2)));
    }
    this.#following = this.#atEnd();
  }

  #atEnd() {
    return this.#view.scrollHeight - this.#view.scrollTop - this.#view.clientHeight < 24;
  }

  #summarise() {
    const shown = this.#list.childElementCount;
    byId("log-count").textContent = this.#seen.toLocaleString("en");
    byId("events").hidden = shown === 0;
    say(this.#note, this.#seen > shown ? `Only the newest ${MAX_ENTRIES} are kept; older ones are left out.` : "");
  }

  async #copyAll() {
    const lines = [...this.#list.children].map((entry) => json(this.#events.get(entry)));
    const worked = await copy(`${lines.join("\n")}\n`);
    say(this.#note, worked ? `Copied ${lines.length} events, a line of JSON each.` : "The browser refused to copy.");
  }
}

function pair(label, value) {
  const whole = typeof value === "string" ? value : json(value);
  const short = whole.length > MAX_VALUE ? `${whole.slice(0, MAX_VALUE)}…` : whole;
  const made = element("span", { class: "pair-of" });
  if (label) made.append(element("span", { class: "key" }, label), " ");
  made.append(element("span", { class: "value" }, short));
  return made;
}

function json(value, indent) {
  try {
    return JSON.stringify(value, null, indent) ?? String(value);
  } catch (error) {
    return String(error);
  }
}
