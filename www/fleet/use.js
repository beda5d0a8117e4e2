import { ask } from "../control.js";
import { byId } from "../elements.js";
import { Chart } from "./chart.js";

/** Charts of what the simulator counts: the event streams that are open, and the reads of the last second. */
export class Use {
  #streams = new Chart("Event streams in use", 4);
  #reads = new Chart("Reads in the last second", 10);
  #asking = false;

  constructor() {
    byId("charts").append(this.#streams.element, this.#reads.element);
  }

  /** Looks once, unless the page is hidden or the last look has no answer yet. */
  async look() {
    if (document.hidden || this.#asking) return;
    this.#asking = true;
    try {
      const { streams, reads } = await ask("counters");
      this.#streams.add(streams.open);
      this.#reads.add(reads.inLastSecond);
    } catch {
      // The badge and the cards tell of a server that is gone; the charts have nothing to show.
    } finally {
      this.#asking = false;
    }
  }
}
