import { ask, cvmPath } from "../control.js";
import { byId, element, say } from "../elements.js";
import { Card } from "./card.js";
import { CONDITIONS } from "./condition.js";
import { waitFor } from "./wait.js";

/** How many CVMs can be read once in a second, with something left of the page's ten for what was pressed. */
const ROUTINE_READS = 8;

/** All CVMs of the page: failed ones first, the others by name. */
export class Fleet {
  #list = byId("cvms");
  #options;
  /** By name. @type {Map<string, Card>} */
  #cards = new Map();
  #sorting = 0;

  /** @param {object} options - what each {@link Card} needs of the package */
  constructor(options) {
    this.#options = options;
  }

  get size() {
    return this.#cards.size;
  }

  /** @param {string} cvm */
  card(cvm) {
    return this.#cards.get(cvm);
  }

  /**
   * Shows these CVMs, and no others.
   *
   * @param {string[]} cvms - their names
   */
  show(cvms) {
    for (const card of this.#cards.values()) card.remove();
    const interval = Math.min(30, Math.max(5, cvms.length / ROUTINE_READS));
    const options = { ...this.#options, interval, onChange: () => this.#changed() };
    this.#cards = new Map(cvms.map((cvm) => [cvm, new Card(cvm, options)]));
    this.#list.replaceChildren(...Array.from(this.#cards.values(), (card) => card.element));
    byId("cvms-panel").hidden = cvms.length === 0;
    this.#list.querySelector("button")?.setAttribute("tabindex", "0");
    for (const card of this.#cards.values()) card.follow();
    this.#count();
  }

  /**
   * Does something to one CVM.
   *
   * @param {string} action
   * @param {Card} card
   */
  actOn(action, card) {
    return this.#act(action, [card], `${cvmPath(card.cvm)}/${action}`);
  }

  /**
   * Does something to all CVMs.
   *
   * @param {string} action
   */
  actOnAll(action) {
    return this.#act(action, [...this.#cards.values()], `fleet/${action}`);
  }

  /** Draws what changes with time. */
  tick() {
    for (const card of this.#cards.values()) card.tick();
  }

  /**
   * @returns {Promise<string[]>} how the waiting for it ended, for each CVM; empty if there is nothing to wait for
   */
  async #act(action, cards, path) {
    // A watch that is to see the CVM leave its status begins before that.
    const early = waitFor(action, this.#options.bootFailed)?.leaveFirst;
    const wait = () => cards.map((card) => card.wait(action));
    const waits = early ? wait() : [];
    try {
      await ask(path, { method: "POST" });
    } catch (error) {
      for (const card of cards) card.follow();
      throw error;
    }
    if (action === "fail") for (const card of cards) card.markFailing();
    else if (!early) waits.push(...wait());
    return Promise.all(waits);
  }

  /** Many may change at once: sorted and counted once. */
  #changed() {
    this.#sorting ||= setTimeout(() => {
      this.#sorting = 0;
      this.#sort();
      this.#count();
    });
  }

  #sort() {
    const cards = [...this.#cards.values()];
    const failed = cards.filter((card) => card.condition === "failed");
    const others = cards.filter((card) => card.condition !== "failed");
    let place = this.#list.firstElementChild;
    for (const { element } of [...failed, ...others]) {
      if (element === place) place = place.nextElementSibling;
      else move(this.#list, element, place);
    }
  }

  #count() {
    const counts = Object.keys(CONDITIONS).map((name) => [name, this.#countOf(name)]);
    const shown = counts.filter(([, count]) => count > 0);
    byId("counts").replaceChildren(
      ...shown.map(([name, count]) => element("li", { "data-condition": name }, `${count} ${CONDITIONS[name]}`)),
    );
    const share = byId("share");
    for (const [name, count] of counts) {
      const part = share.querySelector(`[data-condition="${name}"]`) ?? element("span", { "data-condition": name });
      part.style.flexGrow = String(count);
      share.append(part);
    }
    say(byId("cvms-title"), `${this.size} CVMs`);
  }

  #countOf(name) {
    let count = 0;
    for (const card of this.#cards.values()) if (card.condition === name) count += 1;
    return count;
  }
}

/** Moves an element within its parent; what has the focus keeps it. */
function move(parent, moved, before) {
  if (parent.moveBefore) return parent.moveBefore(moved, before);
  const focused = moved.contains(document.activeElement) ? document.activeElement : undefined;
  parent.insertBefore(moved, before);
  focused?.focus({ preventScroll: true });
}
